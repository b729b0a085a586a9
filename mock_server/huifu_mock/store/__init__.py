"""Tenants as records: what a capsule holds, and what a database keeps."""
