"""From what `--store` says to a store."""

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Final

from huifu_mock import _install
from huifu_mock.gateway.store import BadStore, InMemory, Store

if TYPE_CHECKING:
    from huifu_mock.store.database import Database

WANTED: Final = (
    'use "memory:" (the default), "sqlite:PATH" for a file that survives, such as sqlite:mock.db, '
    'or "postgresql://USER:PASSWORD@HOST/DATABASE"'
)
_NEEDED: Final = {"sqlite": ("sqlalchemy", "alembic"), "postgresql": ("sqlalchemy", "alembic", "psycopg")}
_EXTRA: Final = {"sqlite": "store", "postgresql": "postgresql"}


def opened(url: str) -> Store:
    """The store of a URL. Raises `BadStore`."""
    if url == "memory:":
        return InMemory()
    database = database_of(url)
    if url.startswith("sqlite:"):
        from huifu_mock.store.persistent import Persistent

        return Persistent(database)
    from huifu_mock.store.postgresql import PostgreSql
    from huifu_mock.store.shared import Shared

    assert isinstance(database, PostgreSql)
    return Shared(database)


def database_of(url: str) -> "Database":
    """The database of a URL that names one. Raises `BadStore`."""
    kind, _, rest = url.partition(":")
    if kind not in _NEEDED:
        raise BadStore(f"the store {url} is not known; {WANTED}")
    missing = [name for name in _NEEDED[kind] if importlib.util.find_spec(name) is None]
    if missing:
        needed = " and ".join(filter(None, (", ".join(missing[:-1]), missing[-1])))
        shown = url if kind == "sqlite" else f"{kind}:…"  # a password may be in it
        raise BadStore(f"the store {shown} needs {needed}: {_install.command(_EXTRA[kind])}")
    if kind == "sqlite":
        if not rest or rest == ":memory:":
            raise BadStore(f"the store {url} names no file; {WANTED}")
        from huifu_mock.store.sqlite import SqliteFile

        return SqliteFile(Path(rest).expanduser())
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    from huifu_mock.store.postgresql import PostgreSql

    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise BadStore(f"the store {kind}:… cannot be read: {error}; {WANTED}") from error
    if not parsed.database:
        raise BadStore(f"the store {parsed.render_as_string()} names no database; {WANTED}")
    return PostgreSql(parsed)
