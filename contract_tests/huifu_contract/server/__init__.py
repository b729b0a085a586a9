"""The same suite towards a server: 26 cases for the fake gateway, a team's own stub or the vendor's sandbox.

`huifu-contract server` asks with the reference client's own parts, probes for what a case needs instead of assuming
it, and writes down how each question was answered, so that two servers can be compared field by field.
"""
