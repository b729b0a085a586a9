"""Clients that are right, and clients with exactly one fault: they test the cases."""
