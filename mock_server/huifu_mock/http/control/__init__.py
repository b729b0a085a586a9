"""The control API under `/_mock`: how tests make tenants, seed orders, move time and read what happened."""
