"""A store in one SQLite file."""

import os
import sqlite3
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from huifu_mock.gateway.store import BadStore
from huifu_mock.state.work import Unkept
from huifu_mock.store.database import Database

PATIENCE: Final = 1.0
"""Real seconds for which another process may hold the file when it is opened; a stopping one lets go by then."""

_IN_USE: Final = (
    "another process has it open: one huifu-mock serves a file, so give each its own; workers of pytest-xdist get one "
    "each by the fixture worker_id in its name ({})"
)
_SAID: Final = (
    ("database or disk is full", "the disk is full ({})"),
    ("readonly database", "it is read-only ({})"),
    ("database is locked", _IN_USE),
    ("unable to open", "it cannot be opened ({})"),
    ("file is not a database", "it is no SQLite database ({})"),
    ("disk I/O error", "reading or writing failed ({})"),
)
"""What the engine's messages mean, and where each stands itself."""


class SqliteFile(Database):
    """One file, which is this process's alone as long as it is open."""

    errors = (DBAPIError, sqlite3.Error)

    def __init__(self, path: Path) -> None:
        """Raises `BadStore`."""
        name = f"sqlite:{path}"
        if not path.parent.is_dir():
            raise BadStore(f"{name} cannot be opened: there is no folder {path.parent}; make it first")
        if path.is_dir():
            raise BadStore(f"{name} cannot be opened: it is a folder; name a file in it, such as {path}/mock.db")
        for needed in (path, path.parent):  # SQLite writes beside the file too
            if needed.exists() and not _writable(needed):
                raise BadStore(f"{name} cannot be opened: {needed} is read-only for this user; make it writable")
        try:
            if not path.exists():
                path.touch(0o600)  # it will hold private keys; what SQLite writes beside it gets the same mode
        except OSError as error:
            raise BadStore(f"{name} cannot be opened: {error.strerror}") from error
        super().__init__(name, _engine(path))

    def said(self, error: Exception) -> str:
        """Why it failed, in words and as SQLite says itself."""
        own = str(getattr(error, "orig", error))
        return next((words.replace("{}", own) for part, words in _SAID if part in own), own)

    def check(self) -> list[str]:
        """What SQLite finds wrong with the file."""
        with self.connected() as connection:
            found = connection.exec_driver_sql("PRAGMA integrity_check").scalars()
            return [f"the file: {one}" for one in found if one != "ok"]

    def vacuum(self) -> tuple[int, int]:
        """Make the file as small as it can be."""
        connection = self.engine.raw_connection()
        try:
            cursor = connection.cursor()
            before = _size(cursor)
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return before, _size(cursor)
        except sqlite3.Error as error:
            raise Unkept(f"{self.name}: {self.said(error)}") from error
        finally:
            connection.close()


def _writable(path: Path) -> bool:
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


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
