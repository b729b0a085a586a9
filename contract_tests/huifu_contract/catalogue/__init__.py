"""The cases of the contract: their records, their registry, one file for each group."""
