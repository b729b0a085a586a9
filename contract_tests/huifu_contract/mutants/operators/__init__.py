"""Mutants that are made, not written: an operator, what it is done to, and the place where it is done."""
