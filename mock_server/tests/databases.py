"""Gateways over stores, for tests: begun, ended as by `kill -9`, and what their tables hold."""

from typing import Any, Final

from desk import Desk

from huifu_mock.gateway.mock import Mock
from huifu_mock.store.opening import database_of, opened

BEGUN: Final[list[Desk]] = []
"""Those whose gateway may still have its store open."""


def begun(store: str, **options: Any) -> Desk:
    """A desk whose gateway keeps its tenants there."""
    BEGUN.append(desk := Desk(Mock([], store=opened(store), **options)))
    return desk


def killed(desk: Desk) -> None:
    """What `kill -9` leaves of a gateway: what was committed, and its locks gone with the process."""
    desk.mock.store.database.close()  # type: ignore[attr-defined] # it has one


def rows(store: str, query: str) -> list[Any]:
    """What the tables hold."""
    database = database_of(store)
    with database.connected() as connection:
        found = [tuple(row) for row in connection.exec_driver_sql(query)]
    database.close()
    return found
