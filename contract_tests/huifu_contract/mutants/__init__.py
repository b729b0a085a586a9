"""Clients that are right, and clients that are wrong in exactly one way. They prove the referee."""
