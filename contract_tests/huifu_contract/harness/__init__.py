"""What one run of a client is judged with: the harness, its evidence, the laws, the prepared answers."""
