"""The tables of a store, the same for every engine. What is in them is JSON: see `records` and `document`."""

from typing import Final

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, MetaData, Table, Text, UniqueConstraint

REVISION: Final = "0002"
"""The migration that these tables come from; what a database says of itself."""

METADATA: Final = MetaData()

FACTS: Final = Table(
    "facts",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
"""What is to be known of the store itself."""

TENANTS: Final = Table(
    "tenants",
    METADATA,
    Column("sys_id", Text, primary_key=True),
    Column("settled", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("keys", Text, nullable=False),
    Column("seq", BigInteger, nullable=False, server_default="0"),
)
"""`seq` counts the transactions that changed a tenant, where several gateways serve it."""

CHANGES: Final = Table(
    "changes",
    METADATA,
    Column("tenant", Text, ForeignKey("tenants.sys_id", ondelete="CASCADE"), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("body", Text, nullable=False),
)
"""What the last of these transactions changed, by its keys: so other gateways read that and no more."""


def _of_a_tenant(name: str, key: type[Text] | type[BigInteger]) -> Table:
    """Things that a tenant has many of; `place` is the order in which they came."""
    return Table(
        name,
        METADATA,
        Column("place", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
        Column("tenant", Text, ForeignKey("tenants.sys_id", ondelete="CASCADE"), nullable=False),
        Column("key", key, nullable=False),
        Column("body", Text, nullable=False),
        UniqueConstraint("tenant", "key"),
    )


MANY: Final = {
    "orders": _of_a_tenant("orders", Text),
    "closes": _of_a_tenant("closes", Text),
    "calls": _of_a_tenant("calls", BigInteger),
    "deliveries": _of_a_tenant("deliveries", BigInteger),
    "met": _of_a_tenant("met", Text),
}
"""By kind; `met` are the closes with magic orders, which are told apart from their repeats."""
