"""The coverage of the specification: what stands for each of its sentences."""
