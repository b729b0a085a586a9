"""Passive mode: the kit is called and calls nobody. It sees the wire, and a claim only where one is told."""
