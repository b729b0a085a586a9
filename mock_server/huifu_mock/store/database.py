"""A database that holds a store: brought up to date, read and written. Nothing here knows what a close is."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator
from concurrent.futures import Executor, Future, wait
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, ClassVar, Final

from sqlalchemy import (
    BindParameter,
    Connection,
    Engine,
    bindparam,
    delete,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from huifu_mock._version import VERSION
from huifu_mock.gateway.store import BadStore
from huifu_mock.state.work import Unkept
from huifu_mock.store.records import Record
from huifu_mock.store.tables import FACTS, MANY, REVISION, TENANTS
from huifu_mock.store.units import Changes

PROBE: Final = "x" * 16384
"""What is written to see whether there is room: more than a close takes."""
AT_ONCE: Final = 1000
"""So many rows are taken from text to objects together: the texts of all are never in memory at once."""


class Database(ABC):
    """The tables of a store in one engine, over one connection."""

    errors: ClassVar[tuple[type[Exception], ...]]
    """What its failures are."""

    def __init__(self, name: str, engine: Engine) -> None:
        """Opens it. Raises `BadStore`."""
        self.name: Final = name
        self.engine: Final = engine
        self._committing: Future[None] | None = None
        self._upsert: Final = _UPSERT[engine.dialect.name]
        try:
            with self.connected() as connection:
                self.bring_up_to_date(connection)
        except self.errors as error:
            self.close()
            raise BadStore(f"{self.name} cannot be opened: {self.said(error)}") from error
        except BadStore:
            self.close()
            raise

    @abstractmethod
    def said(self, error: Exception) -> str:
        """Why it failed, in words and as it says itself."""

    @abstractmethod
    def check(self) -> list[str]:
        """What is wrong with what holds the tables; nothing if all is well."""

    @abstractmethod
    def vacuum(self) -> tuple[int, int]:
        """Give back the room of what was deleted: its bytes before and after. Raises `Unkept`."""

    def bring_up_to_date(self, connection: Connection) -> None:
        """Make the tables, or change older ones. Raises `BadStore` for what this version cannot read."""
        _bring_up_to_date(connection, self.name)

    def close(self) -> None:
        """Let go of it."""
        self.engine.dispose()

    @contextmanager
    def connected(self) -> Iterator[Connection]:
        """The one connection, for one transaction; after what is being committed."""
        if self._committing is not None:
            wait([self._committing])
        with self.engine.begin() as connection:
            yield connection

    @contextmanager
    def _kept(self) -> Iterator[Connection]:
        try:
            with self.connected() as connection:
                yield connection
        except self.errors as error:
            raise Unkept(f"{self.name}: {self.said(error)}") from error

    def write(self, changes: Changes) -> None:
        """Commit all of them, or nothing. Raises `Unkept`."""
        with self._kept() as connection:
            self.execute(connection, changes)

    def write_beside(self, thread: Executor, changes: Changes) -> Future[None]:
        """The same, with the wait for the disk in a thread; what comes back fails with `Unkept`. Raises `Unkept`."""
        transaction = ExitStack()
        with transaction:
            self.execute(transaction.enter_context(self._kept()), changes)
            self._committing = thread.submit(transaction.pop_all().close)
        return self._committing

    def fact(self, name: str) -> str | None:
        """What is known of the store itself. Raises `Unkept`."""
        with self._kept() as connection:
            found: str | None = connection.scalar(select(FACTS.c.value).where(FACTS.c.name == name))
        return found

    def tenants(self) -> list[str]:
        """The `sys_id` of each tenant. Raises `Unkept`."""
        with self._kept() as connection:
            return list(connection.scalars(select(TENANTS.c.sys_id).order_by(TENANTS.c.sys_id)))

    def read(self, sys_id: str) -> tuple[Record, Record] | None:
        """The record of a tenant, as `document.whole` gives it, and its keys. Raises `Unkept`."""
        with self._kept() as connection:
            return whole(connection, sys_id)

    def probe(self) -> None:
        """See whether something could be committed. Raises `Unkept`."""
        with self._kept() as connection:
            connection.execute(insert(FACTS), {"name": "probe", "value": PROBE})
            connection.execute(delete(FACTS).where(FACTS.c.name == "probe"))

    def execute(self, connection: Connection, changes: Changes) -> None:
        """The statements of changes, all in the transaction of that connection."""
        if changes.gone:
            connection.execute(_DROP, [{"_id": sys_id} for sys_id in changes.gone])
        if changes.made:
            new = [{"sys_id": sys_id, **changes.tenants[sys_id]} for sys_id in changes.made]
            connection.execute(insert(TENANTS), new)
        for name, value in changes.facts.items():
            connection.execute(insert(FACTS), {"name": name, "value": value})
        for kind, sys_id in changes.cleared:
            connection.execute(_CLEAR[kind], {"_id": sys_id})
        for sys_id, columns in changes.tenants.items():
            if sys_id not in changes.made:
                connection.execute(_CHANGE, {"_id": sys_id, **columns})
        for kind, of_kind in changes.rows.items():
            rows = [
                {"tenant": sys_id, "key": key, "body": body}
                for sys_id, bodies in of_kind.items()
                for key, body in bodies.items()
            ]
            if rows:
                connection.execute(self._upsert[kind], rows)
        for kind, forgotten in changes.forgotten.items():
            gone = [{"_id": sys_id, "_key": key} for sys_id, keys in forgotten.items() for key in keys]
            if gone:
                connection.execute(_FORGET[kind], gone)
        for (kind, sys_id), number in changes.first.items():
            connection.execute(_TRIM[kind], {"_id": sys_id, "_first": number})


def whole(connection: Connection, sys_id: str) -> tuple[Record, Record] | None:
    """All of a tenant, and its keys; `None` where there is none."""
    row = connection.execute(select(TENANTS).where(TENANTS.c.sys_id == sys_id)).first()
    if row is None:
        return None
    record: Record = {**json.loads(row.settled), **json.loads(row.state)}
    for kind, table in MANY.items():
        bodies = connection.scalars(select(table.c.body).where(table.c.tenant == sys_id).order_by(table.c.place))
        record[kind] = [one for some in bodies.partitions(AT_ONCE) for one in json.loads(f"[{','.join(some)}]")]
    record["closes_met"] = record.pop("met")
    return record, json.loads(row.keys)


_ID: Final[BindParameter[str]] = bindparam("_id")
_DROP: Final = delete(TENANTS).where(TENANTS.c.sys_id == _ID)
_CHANGE: Final = update(TENANTS).where(TENANTS.c.sys_id == _ID)
_CLEAR: Final = {kind: delete(table).where(table.c.tenant == _ID) for kind, table in MANY.items()}
_TRIM: Final = {
    kind: delete(table).where(table.c.tenant == _ID, table.c.key < bindparam("_first")) for kind, table in MANY.items()
}
_FORGET: Final = {
    kind: delete(table).where(table.c.tenant == _ID, table.c.key == bindparam("_key")) for kind, table in MANY.items()
}


def _upserts(dialect: Any) -> dict[str, Any]:
    made = {}
    for kind, table in MANY.items():
        statement = dialect.insert(table).inline()  # nobody asks for the place that a row got
        set_ = {"body": statement.excluded.body}
        made[kind] = statement.on_conflict_do_update(index_elements=["tenant", "key"], set_=set_)
    return made


_UPSERT: Final = {"sqlite": _upserts(sqlite), "postgresql": _upserts(postgresql)}


def _bring_up_to_date(connection: Connection, name: str) -> None:
    tables = inspect(connection).get_table_names()
    if "alembic_version" in tables:
        revision = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    elif tables:
        raise BadStore(f"{name} holds something else (tables {', '.join(tables[:3])}); name another one")
    else:
        revision = None
    if revision == REVISION:
        return
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    known = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    if revision is not None and revision not in known:
        by = connection.scalar(select(FACTS.c.value).where(FACTS.c.name == "version"))
        raise BadStore(
            f"{name} was written by huifu-mock {by} in a form ({revision}) that this version, {VERSION}, "
            f"does not know; use huifu-mock {by} or newer, or name another one"
        )
    command.upgrade(config, "head")
    connection.execute(delete(FACTS).where(FACTS.c.name == "version"))
    connection.execute(insert(FACTS), {"name": "version", "value": VERSION})
