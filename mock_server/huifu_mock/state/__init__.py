"""What a tenant keeps: clock, orders, journal."""
