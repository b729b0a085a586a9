"""Tenants, and their orders, closes, calls and deliveries."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_PLACE = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_MANY = (
    ("orders", sa.Text),
    ("closes", sa.Text),
    ("calls", sa.BigInteger),
    ("deliveries", sa.BigInteger),
    ("met", sa.Text),
)


def upgrade() -> None:
    """Make the tables."""
    op.create_table("facts", sa.Column("name", sa.Text, primary_key=True), sa.Column("value", sa.Text, nullable=False))
    op.create_table(
        "tenants",
        sa.Column("sys_id", sa.Text, primary_key=True),
        sa.Column("settled", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("keys", sa.Text, nullable=False),
    )
    for name, key in _MANY:
        op.create_table(
            name,
            sa.Column("place", _PLACE, primary_key=True, autoincrement=True),
            sa.Column("tenant", sa.Text, sa.ForeignKey("tenants.sys_id", ondelete="CASCADE"), nullable=False),
            sa.Column("key", key, nullable=False),
            sa.Column("body", sa.Text, nullable=False),
            sa.UniqueConstraint("tenant", "key"),
        )
