"""Looking after a store that nobody serves: checked, counted, packed, saved and filled."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import func, select

from huifu_mock._version import VERSION
from huifu_mock.gateway.mock import Mock
from huifu_mock.gateway.store import BadStore
from huifu_mock.store import capsule
from huifu_mock.store.database import Database
from huifu_mock.store.records import Record
from huifu_mock.store.tables import MANY, TENANTS
from huifu_mock.store.units import Changes, whole


def check(database: Database) -> list[str]:
    """What is wrong with a store; nothing if all is well."""
    found = database.check()
    mock = _nobody()
    for made in saved(database, keys=True):
        sys_id = made["tenant"]["sys_id"]
        try:
            capsule.load(mock, made)
        except ValueError as error:
            found.append(f"tenant {sys_id}: {error}")
        found += [f"tenant {sys_id}: {wrong}" for wrong in _contradictions(made["tenant"])]
    return found


def _contradictions(tenant: Record) -> Iterator[str]:
    """What can never be, whatever was called in whatever order."""
    orders = {(one["huifu_id"], one["req_date"], one["req_seq_id"]): one for one in tenant["orders"]}
    won: Counter[tuple[str, ...]] = Counter()
    for close in tenant["closes"]:
        key = tuple(close["order"])
        won[key] += close["stat"] == "S"
        if key not in orders:
            yield f"the close {close['req_seq_id']} is of the order {key[2]}, which is not there"
    for key, order in orders.items():
        if order["trans_stat"] == "S" and order["close_stat"] == "S":
            yield f"the order {key[2]} is both paid and closed"
        if won[key] != (order["close_stat"] == "S"):
            yield f"the order {key[2]} has close_stat {order['close_stat'] or 'empty'}, and {won[key]} closes succeeded"


def stats(database: Database) -> list[dict[str, Any]]:
    """Every tenant with its name, how many of each kind it has, and their bytes."""
    with database.connected() as connection:
        tenants = connection.execute(select(TENANTS.c.sys_id, TENANTS.c.settled).order_by(TENANTS.c.sys_id))
        told: dict[str, dict[str, Any]] = {
            sys_id: {"sys_id": sys_id, "name": json.loads(settled)["settings"].get("name", ""), "bytes": 0}
            for sys_id, settled in tenants
        }
        for kind, table in MANY.items():
            for one in told.values():
                one[kind] = 0
            counted = select(table.c.tenant, func.count(), func.sum(func.length(table.c.body)))
            for sys_id, count, size in connection.execute(counted.group_by(table.c.tenant)):
                told[sys_id][kind] = count
                told[sys_id]["bytes"] += size
    return list(told.values())


def saved(database: Database, *, keys: bool, only: str | None = None) -> Iterator[dict[str, Any]]:
    """A capsule of each tenant, or of one. Raises `BadStore` where that is not there."""
    known = database.tenants()
    if only is not None and only not in known:
        raise BadStore(f"{database.name} has no tenant {only}; there are {', '.join(known) or 'none'}")
    for sys_id in known if only is None else [only]:
        if (found := database.read(sys_id)) is not None:
            record, private = found
            del record["wall"]
            for one in record["deliveries"]:
                one.pop("gateway", None)
            made = {"capsule": capsule.FORMAT, "version": VERSION, "tenant": record}
            yield {**made, "keys": private} if keys else made


def fill(database: Database, capsules: Iterable[Any]) -> list[str]:
    """Write the tenants of capsules: all of them, or none. Gives their `sys_id`.

    Raises `Refused` for what is no capsule, `BadStore` for a tenant that is there already, `Unkept`.
    """
    mock, known, changes = _nobody(), database.tenants(), Changes()
    for one in capsules:
        tenant = capsule.load(mock, one)
        if tenant.sys_id in known:
            raise BadStore(f"{database.name} has a tenant {tenant.sys_id} already; nothing was imported")
        mock.take_in(tenant)
        changes.add(whole(tenant))
    if changes and database.fact("begun") is None:
        changes.facts["begun"] = VERSION
    if changes:
        database.write(changes)
    return sorted(changes.made)


def _nobody() -> Mock:
    """A gateway in memory without tenants."""
    mock = Mock([])
    mock.drop(mock.gateway.default)
    return mock
