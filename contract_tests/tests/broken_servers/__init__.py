"""Servers with one planted bug each: the fake gateway, with a seam of it replaced while the server runs."""
