"""Huifu's endpoints: one file each, a function from a tenant and a call to what is answered."""
