"""What tests written in Python hold: a server, its tenants, and everything that hangs on a tenant."""
