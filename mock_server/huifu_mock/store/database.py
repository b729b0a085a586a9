"""A database that holds a store: opened, brought up to date, read and written. Nothing here knows what a close is."""

import json
import sqlite3
from collections.abc import Iterator
from concurrent.futures import Executor, Future, wait
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import (
    BindParameter,
    Connection,
    Engine,
    bindparam,
    create_engine,
    delete,
    event,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from huifu_mock._version import VERSION
from huifu_mock.gateway.store import BadStore
from huifu_mock.state.work import Unkept
from huifu_mock.store.records import Record
from huifu_mock.store.tables import FACTS, MANY, REVISION, TENANTS
from huifu_mock.store.units import Changes

PATIENCE: Final = 1.0
"""Real seconds for which another process may hold the file when it is opened; a stopping one lets go by then."""
PROBE: Final = "x" * 16384
"""What is written to see whether there is room: more than a close takes."""


_SAID: Final = (
    ("database or disk is full", "the disk is full"),
    ("readonly database", "it is read-only"),
    ("database is locked", "another process has it open: one huifu-mock serves a file"),
    ("unable to open", "it cannot be opened"),
    ("file is not a database", "it is no SQLite database"),
    ("disk I/O error", "reading or writing failed"),
)
"""What an engine's message means."""


def said(error: Exception) -> str:
    """Why a database failed, in words and as it says itself."""
    own = str(getattr(error, "orig", error))
    return next((f"{words} ({own})" for part, words in _SAID if part in own), own)


class Database:
    """One SQLite file, which is this process's alone as long as it is open."""

    def __init__(self, path: Path) -> None:
        """Raises `BadStore`."""
        self.name: Final = f"sqlite:{path}"
        if not path.parent.is_dir():
            raise BadStore(f"{self.name} cannot be opened: there is no folder {path.parent}; make it first")
        if path.is_dir():
            raise BadStore(f"{self.name} cannot be opened: it is a folder; name a file in it, such as {path}/mock.db")
        self._committing: Future[None] | None = None
        self.engine: Final = _engine(path)
        try:
            with self.connected() as connection:
                _bring_up_to_date(connection, self.name)
        except (DBAPIError, sqlite3.Error) as error:
            self.close()
            raise BadStore(f"{self.name} cannot be opened: {said(error)}") from error
        except BadStore:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the file."""
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
        except (DBAPIError, sqlite3.Error) as error:
            raise Unkept(f"{self.name}: {said(error)}") from error

    def write(self, changes: Changes) -> None:
        """Commit all of them, or nothing. Raises `Unkept`."""
        with self._kept() as connection:
            _execute(connection, changes)

    def write_beside(self, thread: Executor, changes: Changes) -> Future[None]:
        """The same, with the wait for the disk in a thread; what comes back fails with `Unkept`. Raises `Unkept`."""
        transaction = ExitStack()
        with transaction:
            _execute(transaction.enter_context(self._kept()), changes)
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
            row = connection.execute(select(TENANTS).where(TENANTS.c.sys_id == sys_id)).first()
            if row is None:
                return None
            record: Record = {**json.loads(row.settled), **json.loads(row.state)}
            for kind, table in MANY.items():
                bodies = connection.scalars(
                    select(table.c.body).where(table.c.tenant == sys_id).order_by(table.c.place)
                )
                record[kind] = json.loads(f"[{','.join(bodies)}]")
        record["closes_met"] = record.pop("met")
        return record, json.loads(row.keys)

    def vacuum(self) -> tuple[int, int]:
        """Give back the room of what was deleted: the bytes of the file before and after. Raises `Unkept`."""
        connection = self.engine.raw_connection()
        try:
            cursor = connection.cursor()
            before = _size(cursor)
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return before, _size(cursor)
        except sqlite3.Error as error:
            raise Unkept(f"{self.name}: {said(error)}") from error
        finally:
            connection.close()

    def probe(self) -> None:
        """See whether something could be committed. Raises `Unkept`."""
        with self._kept() as connection:
            connection.execute(insert(FACTS), {"name": "probe", "value": PROBE})
            connection.execute(delete(FACTS).where(FACTS.c.name == "probe"))


def _execute(connection: Connection, changes: Changes) -> None:
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
            connection.execute(_UPSERT[kind], rows)
    for kind, forgotten in changes.forgotten.items():
        gone = [{"_id": sys_id, "_key": key} for sys_id, keys in forgotten.items() for key in keys]
        if gone:
            connection.execute(_FORGET[kind], gone)
    for (kind, sys_id), number in changes.first.items():
        connection.execute(_TRIM[kind], {"_id": sys_id, "_first": number})


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
_UPSERT: Final = {
    kind: sqlite.insert(table).on_conflict_do_update(
        index_elements=["tenant", "key"], set_={"body": sqlite.insert(table).excluded.body}
    )
    for kind, table in MANY.items()
}


def _size(cursor: Any) -> int:
    (pages,), (size,) = (cursor.execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "page_size"))
    return int(pages) * int(size)


def _engine(path: Path) -> Engine:
    engine = create_engine(
        f"sqlite:///{path.absolute()}",
        poolclass=StaticPool,
        connect_args={"check_same_thread": False, "timeout": PATIENCE, "isolation_level": None},
    )

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _: Any) -> None:
        for pragma in ("locking_mode=EXCLUSIVE", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}").fetchall()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _bring_up_to_date(connection: Connection, name: str) -> None:
    """Make the tables, or change older ones. Raises `BadStore` for what this version cannot read."""
    tables = inspect(connection).get_table_names()
    if "alembic_version" in tables:
        revision = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    elif tables:
        raise BadStore(f"{name} holds something else (tables {', '.join(tables[:3])}); name another file")
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
            f"does not know; use huifu-mock {by} or newer, or name another file"
        )
    command.upgrade(config, "head")
    connection.execute(delete(FACTS).where(FACTS.c.name == "version"))
    connection.execute(insert(FACTS), {"name": "version", "value": VERSION})
