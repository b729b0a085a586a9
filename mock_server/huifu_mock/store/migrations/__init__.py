"""How the tables of a store came about, step by step; run by Alembic when a store is opened."""
