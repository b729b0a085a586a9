"""From what `--store` says to a store."""

import importlib.util
from pathlib import Path

from huifu_mock import _install
from huifu_mock.gateway.store import BadStore, InMemory, Store

WANTED = 'use "memory:" (the default), or "sqlite:PATH" for a file that survives, such as sqlite:mock.db'


def opened(url: str) -> Store:
    """The store of a URL. Raises `BadStore`."""
    kind, _, rest = url.partition(":")
    if url == "memory:":
        return InMemory()
    if kind != "sqlite":
        raise BadStore(f"the store {url} is not known; {WANTED}")
    if not rest or rest == ":memory:":
        raise BadStore(f"the store {url} names no file; {WANTED}")
    if any(importlib.util.find_spec(name) is None for name in ("sqlalchemy", "alembic")):
        raise BadStore(f"the store {url} needs the packages sqlalchemy and alembic: {_install.command('store')}")
    from huifu_mock.store.database import Database
    from huifu_mock.store.persistent import Persistent

    return Persistent(Database(Path(rest).expanduser()))
