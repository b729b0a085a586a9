"""What tests in Python hold: a server, its tenants, and the orders, faults and journal of each."""
