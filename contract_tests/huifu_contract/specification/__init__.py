"""The coverage of the specification: what covers each of its sentences."""
