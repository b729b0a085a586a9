"""The control plane under `/_mock`: how tests make tenants, seed orders, move time and read what happened."""
