"""Units of work of a tenant, and what they changed: rows that are to be written together or not at all."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final

from huifu_mock.gateway.tenant import Tenant
from huifu_mock.push.delivery import Delivery
from huifu_mock.state.clock import wall_clock
from huifu_mock.state.feed import Kind
from huifu_mock.store import document, records

Key = str | int


@dataclass(slots=True)
class Changes:
    """What one or several units of work changed."""

    gone: set[str] = field(default_factory=set)
    """Tenants that are dropped."""
    made: set[str] = field(default_factory=set)
    """Tenants that are new; `tenants` has all columns of each."""
    tenants: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Columns of tenants that changed."""
    cleared: dict[tuple[str, str], None] = field(default_factory=dict)
    """Of which kind, and of which tenant, all that was written before is gone."""
    rows: dict[str, dict[str, dict[Key, str]]] = field(default_factory=dict)
    """By kind, tenant and key."""
    forgotten: dict[str, dict[str, dict[Key, None]]] = field(default_factory=dict)
    """By kind and tenant: the keys of what is gone."""
    first: dict[tuple[str, str], int] = field(default_factory=dict)
    """By kind and tenant: what has a smaller number is gone."""
    facts: dict[str, str] = field(default_factory=dict)
    of: dict[Tenant, None] = field(default_factory=dict)
    """Whose changes these are."""

    def __bool__(self) -> bool:
        return bool(self.tenants or self.gone)

    def clear(self, kind: str, sys_id: str) -> None:
        """All of a kind is gone that was there up to now."""
        self.cleared[kind, sys_id] = None
        self.rows.get(kind, {}).pop(sys_id, None)
        self.forgotten.get(kind, {}).pop(sys_id, None)
        self.first.pop((kind, sys_id), None)

    def drop(self, sys_id: str) -> None:
        """A tenant is gone, and with it what changed of it."""
        self.gone.add(sys_id)
        self.tenants.pop(sys_id, None)
        self.made.discard(sys_id)
        for rows in self.rows.values():
            rows.pop(sys_id, None)
        for forgotten in self.forgotten.values():
            forgotten.pop(sys_id, None)
        self.cleared = {key: None for key in self.cleared if key[1] != sys_id}
        self.first = {key: number for key, number in self.first.items() if key[1] != sys_id}

    def add(self, later: "Changes") -> None:
        """Those of a later unit of work, or of a new tenant."""
        for kind, sys_id in later.cleared:
            self.clear(kind, sys_id)
        for sys_id, columns in later.tenants.items():
            self.tenants.setdefault(sys_id, {}).update(columns)
        for kind, of_kind in later.rows.items():
            kept = self.rows.setdefault(kind, {})
            for sys_id, rows in of_kind.items():
                kept.setdefault(sys_id, {}).update(rows)
                for key in rows:
                    self.forgotten.get(kind, {}).get(sys_id, {}).pop(key, None)
        for kind, of_forgotten in later.forgotten.items():
            for sys_id, keys in of_forgotten.items():
                self.forgotten.setdefault(kind, {}).setdefault(sys_id, {}).update(keys)
                for key in keys:
                    self.rows.get(kind, {}).get(sys_id, {}).pop(key, None)
        self.first.update(later.first)
        self.made.update(later.made)
        self.of.update(later.of)


dumps: Final[Callable[[Any], str]] = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
"""JSON in ASCII: every engine takes that, whatever a client has sent."""


_KIND: Final[dict[str, str]] = {
    "order": "orders",
    "close": "closes",
    "call": "calls",
    "delivery": "deliveries",
    "met": "met",
}
"""The kind of row for each kind of change that has rows of its own."""
_KEY: Final[dict[str, Callable[[Any], Key]]] = {
    "orders": lambda order: dumps(order.key),
    "closes": lambda attempt: dumps(attempt.key),
    "calls": lambda entry: entry.number,
    "deliveries": lambda delivery: delivery.number,
    "met": dumps,
}
_RECORD: Final[dict[str, Callable[[Any], Any]]] = {
    "orders": records.order,
    "closes": records.attempt,
    "calls": records.call,
    "deliveries": records.delivery,
    "met": list,
}
_CLEARED: Final[dict[str, tuple[str, ...]]] = {
    "orders": ("orders", "closes"),
    "calls": ("calls",),
    "deliveries": ("deliveries",),
    "faults": ("met",),
    "webhooks": (),
}


class Unit:
    """The units of work of one tenant, one after the other; one within another is part of it."""

    def __init__(
        self, tenant: Tenant, begin: Callable[["Unit"], None], end: Callable[["Unit"], None],
        undo: Callable[["Unit"], None], late: Callable[["Unit"], None],
    ) -> None:  # fmt: skip
        self.tenant: Final = tenant
        self.gateway = 0
        """The number of this gateway, where several serve the tenant."""
        self.now = wall_clock
        """What time it is for all who serve the tenant."""
        self._begin, self._end, self._undo, self._late = begin, end, undo, late
        self.stale = False
        """Whether the tenant is to be read again before anything is done with it."""
        self._depth = 0
        self._first = {"calls": 0, "deliveries": 0}
        self.forget()

    def forget(self) -> None:
        """Nothing has changed."""
        self._changed: dict[str, dict[Key, Any]] = {}
        self._forgotten: dict[str, dict[Key, None]] = {}
        self._cleared: dict[str, None] = {}
        self._columns: set[str] = set()

    def __enter__(self) -> None:
        if not self._depth:
            self._begin(self)
        self._depth += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._depth -= 1
        if self._depth:
            return
        if error is not None:
            self._undo(self)
        else:
            self._end(self)

    @property
    def open(self) -> bool:
        """Whether one has begun and is not over."""
        return self._depth > 0

    def __bool__(self) -> bool:
        """Whether anything has changed."""
        return bool(self._changed or self._forgotten or self._cleared or self._columns)

    def take(self, kind: Kind, changed: Any) -> None:
        """Listens to the tenant."""
        if (rows := _KIND.get(kind)) is not None:
            self._changed.setdefault(rows, {})[key := _KEY[rows](changed)] = changed
            self._forgotten.get(rows, {}).pop(key, None)
        elif kind == "forgotten":
            self._forgotten.setdefault(changed[0], {})[dumps(changed[1])] = None
            self._changed.get(changed[0], {}).pop(dumps(changed[1]), None)
        elif kind == "cleared":
            for cleared in _CLEARED[changed]:
                self._changed.pop(cleared, None)
                self._forgotten.pop(cleared, None)
                self._cleared[cleared] = None
            self._columns.add("settled")
        elif kind == "tenant":
            self._columns.update(("settled", "keys"))
        elif kind in ("fault", "webhook"):
            self._columns.add("settled")
        elif kind == "clock":
            self._columns.add("state")
        if not self._depth:
            self._late(self)

    def changes(self) -> Changes:
        """What has changed since it was asked last, as it is now."""
        tenant = self.tenant
        sys_id = tenant.sys_id
        if tenant.faults:
            self._columns.add("settled")  # each that waits counts the calls that it saw
        made = Changes(of={tenant: None}, tenants={sys_id: self._tenant()})
        made.forgotten = {kind: {sys_id: keys} for kind, keys in self._forgotten.items()}
        made.cleared = {(kind, sys_id): None for kind in self._cleared}
        for kind, things in self._changed.items():
            record = self._sent if kind == "deliveries" and self.gateway else _RECORD[kind]
            made.rows[kind] = {sys_id: {key: dumps(record(thing)) for key, thing in things.items()}}
        for kind, oldest in (("calls", tenant.journal.oldest), ("deliveries", tenant.pushes.deliveries.oldest)):
            if oldest is not None and oldest.number != self._first[kind]:
                self._first[kind] = made.first[kind, sys_id] = oldest.number
        self.forget()
        return made

    def _sent(self, delivery: Delivery) -> records.Record:
        """A delivery, with who sends it now."""
        by = self.gateway if delivery.queued is not None else delivery.elsewhere
        return {**records.delivery(delivery), **({"gateway": by} if by else {})}

    def _tenant(self) -> dict[str, Any]:
        state = {**document.state(self.tenant), "wall": self.now().isoformat()}
        columns = {"state": dumps(state)}
        if "settled" in self._columns:
            columns["settled"] = dumps(document.settled(self.tenant))
        if "keys" in self._columns:
            columns["keys"] = dumps(document.keys(self.tenant))
        return columns


def whole(tenant: Tenant) -> Changes:
    """All of a tenant, as a new one is written."""
    unit = Unit(tenant, *(4 * (lambda _: None,)))
    things: dict[Kind, Iterable[Any]] = {
        "order": tenant.orders.orders(),
        "close": tenant.orders.attempts(),
        "call": tenant.journal,
        "delivery": tenant.pushes.deliveries,
        "met": tenant.faults.closes_met,
    }
    for kind, of_kind in things.items():
        for thing in of_kind:
            unit.take(kind, thing)
    unit.take("tenant", tenant)
    made = unit.changes()
    made.made.add(tenant.sys_id)
    return made
