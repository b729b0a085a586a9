"""A store in a PostgreSQL database."""

from typing import Any, Final

import psycopg
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from huifu_mock.state.work import Unkept
from huifu_mock.store.database import Database

CONNECTING: Final = 3
"""Real seconds that a connection may take."""
SERVING: Final = 0x48554946
"""The advisory lock of whoever serves the database."""

UNREACHABLE: Final = "it cannot be reached"
_SAID: Final = {
    "25006": "it is read-only",
    "42501": "the user may not do that",
    "53100": "the disk is full",
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


class Served(psycopg.OperationalError):
    """Another gateway has the database."""


class PostgreSql(Database):
    """One database, which is this process's alone as long as it is open."""

    errors = (DBAPIError, psycopg.Error)

    def __init__(self, url: URL) -> None:
        """Raises `BadStore`."""
        super().__init__(url.render_as_string(hide_password=True), _engine(url))

    def said(self, error: Exception) -> str:
        """Why it failed, in words and as PostgreSQL says itself."""
        own = getattr(error, "orig", error)
        text = " ".join(str(own).split())
        code = getattr(own, "sqlstate", None)
        if code is None and isinstance(own, psycopg.OperationalError):
            words = next((words for part, words in _REFUSED.items() if part in text), UNREACHABLE)
        else:
            words = next((words for start, words in _SAID.items() if (code or "").startswith(start)), "")
        return f"{words} ({text})" if words else text

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


def _engine(url: URL) -> Engine:
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_size=1,
        max_overflow=0,
        connect_args={"connect_timeout": CONNECTING, "application_name": "huifu-mock"},
    )

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _: Any) -> None:
        with connection.cursor() as cursor:
            (free,) = cursor.execute(f"SELECT pg_try_advisory_lock({SERVING})").fetchone()
        connection.commit()
        if not free:
            raise Served("another huifu-mock serves it")

    return engine
