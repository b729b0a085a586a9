"""Several gateways over one database: which transaction changed what."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Count the transactions of each tenant, and write down what each changed."""
    op.add_column("tenants", sa.Column("seq", sa.BigInteger, nullable=False, server_default="0"))
    op.create_table(
        "changes",
        sa.Column("tenant", sa.Text, sa.ForeignKey("tenants.sys_id", ondelete="CASCADE"), primary_key=True),
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("body", sa.Text, nullable=False),
    )
