"""The cases, one file per group.

Each is a record: the sentence it stands on, when it passes, and what is run.
"""
