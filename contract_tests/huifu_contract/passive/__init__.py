"""Passive mode: grades a client that makes its own calls, by its traffic and by the outcomes that it reports."""
