"""A store in a PostgreSQL database, which any number of gateways may serve at once."""

import json
import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import psycopg
from sqlalchemy import (
    Connection,
    Engine,
    and_,
    any_,
    bindparam,
    create_engine,
    delete,
    event,
    func,
    insert,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from huifu_mock.state.clock import wall_clock
from huifu_mock.state.work import Unkept, Unknown
from huifu_mock.store.database import PROBE, Database, whole
from huifu_mock.store.records import Record
from huifu_mock.store.tables import CHANGES, FACTS, MANY, TENANTS
from huifu_mock.store.units import Changes, dumps

CONNECTING: Final = 3
"""Real seconds that a connection may take while the gateway serves, which waits for it."""
OPENING: Final = 15
"""The same for the first one, on a machine that may be busy starting."""
SESSION: Final = {"lock_timeout": "30s", "idle_in_transaction_session_timeout": "15s"}
"""How long a gateway waits for another, and how long one that hangs may hold up the others."""
CHANNEL: Final = "huifu_mock"
"""What gateways tell each other by: the number of the gateway that changed something, and the tenant."""
GATEWAYS: Final = 0x48554946
"""The class of advisory locks that gateways hold for as long as they live, each its number."""
ALIVE: Final = (
    f"SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND classid = {GATEWAYS} AND objsubid = 2"
)
SETTING_UP: Final = 0x48554947
"""The advisory lock of who makes the tables, or the first tenant."""
REMEMBERED: Final = 500
"""Who is behind by more transactions than that reads the whole tenant."""
NEW: Final = -1
"""What a gateway has seen of a tenant that it does not know, or has to read anew."""

UNREACHABLE: Final = "it cannot be reached"
_SAID: Final = {
    "25006": "it is read-only",
    "42501": "the user may not do that",
    "53100": "the disk is full",
    "55P03": "another huifu-mock holds it up",
    "57P": "it is being shut down or started",
}
"""What a code of PostgreSQL means, or a class of them."""
_REFUSED: Final = {
    "authentication failed": "the user or its password is not accepted",
    "no password": "it asks for a password",
    "does not exist": "make it first, with createdb or createuser",
    "remaining connection slots": "it has no connection left: allow more (max_connections)",
    "too many": "it has no connection left: allow more (max_connections)",
    "starting up": "it is being started",
    "shutting down": "it is being shut down",
}
"""What it says to a connection that it refuses, for which there is no code."""


@dataclass(slots=True)
class News:
    """What other gateways did to a tenant."""

    record: Record
    """The whole of it; else what is settled if that changed, its state, and by kind the things that changed."""
    keys: Record | None
    complete: bool = False
    forgotten: dict[str, set[str]] = field(default_factory=dict)
    alive: frozenset[int] = frozenset()
    """The gateways that live, where it is complete."""


Locked = dict[str, tuple[int, News | None] | None]


class PostgreSql(Database):
    """One database, over one connection of this gateway."""

    errors = (SQLAlchemyError, psycopg.Error)  # also what SQLAlchemy itself says of a connection that broke off

    def __init__(self, url: URL) -> None:
        """Raises `BadStore`."""
        self.gateway: Final = secrets.randbelow(2**31 - 1) + 1
        """A number that no other gateway has."""
        self.url: Final = url.set(drivername="postgresql")
        self.ahead = timedelta()
        """By how much the database's clock is ahead of this machine's."""
        self._patience = OPENING
        super().__init__(url.render_as_string(hide_password=True), self._engine(url))
        self._patience = CONNECTING

    def _engine(self, url: URL) -> Engine:
        engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            pool_size=1,
            max_overflow=0,
            connect_args={"application_name": "huifu-mock"},
        )

        @event.listens_for(engine, "do_connect")
        def _patiently(_dialect: Any, _record: Any, _args: Any, parameters: dict[str, Any]) -> None:
            parameters["connect_timeout"] = self._patience

        @event.listens_for(engine, "connect")
        def _connect(connection: Any, _: Any) -> None:
            with connection.cursor() as cursor:
                for name, value in SESSION.items():
                    cursor.execute(f"SET {name} = '{value}'")
                cursor.execute(f"SELECT pg_advisory_lock({GATEWAYS}, {self.gateway})")
            connection.commit()

        return engine

    def bring_up_to_date(self, connection: Connection) -> None:
        """One gateway does it, and the others wait."""
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({SETTING_UP})")
        super().bring_up_to_date(connection)

    def said(self, error: Exception) -> str:
        """Why it failed, in words and as PostgreSQL says itself."""
        own = getattr(error, "orig", error)
        told = " ".join(str(own).split())
        code = getattr(own, "sqlstate", None)
        if code is None and isinstance(own, psycopg.OperationalError):
            words = next((words for part, words in _REFUSED.items() if part in told), UNREACHABLE)
        else:
            words = next((words for start, words in _SAID.items() if (code or "").startswith(start)), "")
        return f"{words} ({told})" if words else told

    def check(self) -> list[str]:
        """PostgreSQL looks after its files itself."""
        return []

    def vacuum(self) -> tuple[int, int]:
        """Give the room of what was deleted back to the disk."""
        try:
            with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                size = "SELECT pg_database_size(current_database())"
                before: int = connection.exec_driver_sql(size).scalar_one()
                connection.exec_driver_sql("VACUUM (FULL)")
                return before, connection.exec_driver_sql(size).scalar_one()
        except self.errors as error:
            raise Unkept(f"{self.name}: {self.said(error)}") from error

    def unkept(self, error: Exception) -> Unkept:
        """The failure as everybody is told of it."""
        return error if isinstance(error, Unkept) else Unkept(f"{self.name}: {self.said(error)}")

    def now(self) -> datetime:
        """What time it is for every gateway."""
        return wall_clock() + self.ahead

    def try_out(self, connection: Connection) -> None:
        """Write something, as a close does, and take it back."""
        name = f"probe {self.gateway}"
        connection.execute(insert(FACTS), {"name": name, "value": PROBE})
        connection.execute(delete(FACTS).where(FACTS.c.name == name))

    # --- the first gateway

    def first(self) -> bool:
        """Whether nobody has begun yet; if so, others wait until `begun`. Raises `Unkept`."""
        with self._kept() as connection:
            self._synchronize(connection)
            connection.exec_driver_sql(f"SELECT pg_advisory_lock({SETTING_UP})")
            found = connection.scalar(select(FACTS.c.value).where(FACTS.c.name == "begun"))
        if found is not None:
            self.begun()
        return found is None

    def begun(self) -> None:
        """Let the others begin. Raises `Unkept`."""
        with self._kept() as connection:
            connection.exec_driver_sql(f"SELECT pg_advisory_unlock({SETTING_UP})")

    # --- one transaction, step by step

    def begin(self) -> Connection:
        """The connection, for a transaction that ends with `commit` or `roll_back`."""
        return self.engine.connect()

    def lock(
        self, connection: Connection, seen: Mapping[str, int], known: Mapping[str, int] | None, *, wait: bool = True
    ) -> Locked:
        """Lock tenants against other gateways: the `seq` of each, and what is new to who has `seen` so much.

        With `known`, which is what a gateway has seen of all tenants, also those that it is behind with. `None` says
        that there is no such tenant. Without `wait`, nothing is said of those that are locked, or are not there.
        """
        wanted = dict(seen)
        if known is not None:
            listed = {row.sys_id: row.seq for row in connection.execute(select(TENANTS.c.sys_id, TENANTS.c.seq))}
            wanted |= dict.fromkeys(listed, NEW) | dict(known)
            wanted = {sys_id: at for sys_id, at in wanted.items() if sys_id in seen or listed.get(sys_id) != at}
        if not wanted:
            return {}
        rows = select(TENANTS.c.sys_id, TENANTS.c.seq).where(TENANTS.c.sys_id.in_(sorted(wanted)))
        rows = rows.order_by(TENANTS.c.sys_id).with_for_update(skip_locked=not wait)
        found: Locked = dict.fromkeys(wanted) if wait else {}
        for sys_id, seq in connection.execute(rows).all():
            behind = seq != wanted[sys_id]
            found[sys_id] = seq, self._news(connection, sys_id, wanted[sys_id], seq) if behind else None
        return found

    def _news(self, connection: Connection, sys_id: str, seen: int, seq: int) -> News:
        if seen != NEW:
            since = select(CHANGES.c.body, func.clock_timestamp()).where(CHANGES.c.tenant == sys_id)
            before = wall_clock()
            told = connection.execute(since.where(CHANGES.c.seq > seen).order_by(CHANGES.c.seq)).all()
            changes = [json.loads(body) for body, _ in told]
            if len(changes) == seq - seen and not any(change.get("all") for change in changes):
                self._set_by(told[0][1], before)
                return _changed(connection, sys_id, changes)
        self._synchronize(connection)
        found = whole(connection, sys_id)
        assert found is not None  # it is locked
        alive = connection.exec_driver_sql(ALIVE).scalars()
        return News(found[0], found[1], complete=True, alive=frozenset(alive))

    def _synchronize(self, connection: Connection) -> None:
        before = wall_clock()
        self._set_by(connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one(), before)

    def _set_by(self, told: datetime, before: datetime) -> None:
        """The database told its time just now, and was asked for it at the time `before` of this machine."""
        self.ahead = told - before - (wall_clock() - before) / 2

    def claim(self, connection: Connection, sys_id: str, columns: dict[str, Any]) -> bool:
        """Write the row of a new tenant; `False` if its `sys_id` is taken."""
        statement = postgresql.insert(TENANTS).on_conflict_do_nothing().returning(TENANTS.c.sys_id)
        return connection.execute(statement, {"sys_id": sys_id, **columns}).first() is not None

    def put(self, connection: Connection, changes: Changes, seen: Mapping[str, int]) -> None:
        """The statements of changes to locked tenants, and what tells other gateways of them."""
        bodies = {sys_id: _told(changes, sys_id) for sys_id in changes.tenants}
        for sys_id, columns in changes.tenants.items():
            columns["seq"] = seen[sys_id] + 1
        told = [(CHANNEL, f"{self.gateway} {sys_id}") for sys_id in (*bodies, *changes.gone)]
        driver: Any = connection.connection.driver_connection
        with driver.pipeline():  # all is sent at once, and waited for once
            self._put(connection, changes, bodies, seen)
            for one in told:
                driver.execute("SELECT pg_notify(%s, %s)", one)

    def _put(self, connection: Connection, changes: Changes, bodies: dict[str, str], seen: Mapping[str, int]) -> None:
        self.execute(connection, changes)
        if bodies:
            rows = [{"tenant": sys_id, "seq": seen[sys_id] + 1, "body": body} for sys_id, body in bodies.items()]
            connection.execute(insert(CHANGES), rows)
        for sys_id in bodies:
            if seen[sys_id] % 100 == 0:
                old = (CHANGES.c.tenant == sys_id, CHANGES.c.seq <= seen[sys_id] - REMEMBERED)
                connection.execute(delete(CHANGES).where(*old))

    def commit(self, connection: Connection) -> None:
        """Raises `Unknown` where it failed: the answer may be all that was lost."""
        try:
            connection.commit()
        except self.errors as error:
            connection.invalidate()  # nothing more is said in a transaction of which nobody knows whether it is over
            raise Unknown(f"{self.name}: {self.said(error)}") from error
        finally:
            self.roll_back(connection)

    def roll_back(self, connection: Connection) -> None:
        """Let go of the connection, and of every lock."""
        with suppress(*self.errors):
            connection.close()


def _told(changes: Changes, sys_id: str) -> str:
    """What changed of a tenant, for other gateways."""
    if any(key[1] == sys_id for key in changes.cleared):
        return dumps({"all": True})
    rows = {kind: [*of_kind[sys_id]] for kind, of_kind in changes.rows.items() if of_kind.get(sys_id)}
    gone = {kind: [*of_kind[sys_id]] for kind, of_kind in changes.forgotten.items() if of_kind.get(sys_id)}
    columns = [name for name in ("settled", "keys") if name in changes.tenants[sys_id]]
    return dumps({"rows": rows, "gone": gone, "columns": columns})


def _changed(connection: Connection, sys_id: str, changes: Iterable[Any]) -> News:
    keys: dict[str, dict[str | int, None]] = {}
    gone: dict[str, set[str]] = {}
    columns = {"state"}
    for change in changes:
        columns.update(change["columns"])
        for kind, of_kind in change["rows"].items():
            keys.setdefault(kind, {}).update(dict.fromkeys(of_kind))
            gone.get(kind, set()).difference_update(of_kind)
        for kind, of_kind in change["gone"].items():
            gone.setdefault(kind, set()).update(of_kind)
    parts = [_part(name, literal_column("0"), TENANTS.c[name], TENANTS.c.sys_id == sys_id) for name in sorted(columns)]
    for kind, of_kind in keys.items():
        table = MANY[kind]
        among = table.c.key == any_(bindparam(None, list(of_kind), postgresql.ARRAY(table.c.key.type)))
        parts.append(_part(kind, table.c.place, table.c.body, and_(table.c.tenant == sys_id, among)))
    found: dict[str, list[str]] = {kind: [] for kind in (*columns, *keys)}
    for kind, _, body in sorted(connection.execute(union_all(*parts)).all()):
        found[kind].append(body)
    told = {name: json.loads(found[name][0]) for name in columns}
    record: Record = {**told.get("settled", {}), **told["state"]}
    record |= {kind: json.loads(f"[{','.join(found[kind])}]") for kind in keys}
    return News(record, told.get("keys"), forgotten=gone)


def _part(kind: str, place: Any, body: Any, where: Any) -> Any:
    """One of several statements that are sent as one: another gateway waits for the lock meanwhile."""
    return select(literal_column(f"'{kind}'"), place, body).where(where)
