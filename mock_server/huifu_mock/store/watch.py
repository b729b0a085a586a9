"""What a gateway hears of the others: which tenants they changed, and which of them live."""

import threading
from collections.abc import Callable
from typing import Final

import psycopg

from huifu_mock.store.postgresql import ALIVE, CHANNEL, CONNECTING, PostgreSql

BEAT: Final = 1.0
"""Real seconds between two looks at who lives, and between two attempts to connect."""


class Watch:
    """A thread with a connection that does nothing but listen."""

    def __init__(
        self,
        database: PostgreSql,
        missed: Callable[[], None],
        changed: Callable[[int, str], None],
        alive: Callable[[frozenset[int]], None],
    ) -> None:
        """`missed`: much may have happened unheard. Each is called in the thread."""
        self._url: Final = database.url.render_as_string(hide_password=False)
        self._missed, self._changed, self._alive = missed, changed, alive
        self._over: Final = threading.Event()
        self._thread: Final = threading.Thread(target=self._run, name="huifu-mock-watch", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Hear nothing more."""
        self._over.set()

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                self._listen()
            except psycopg.Error:
                self._over.wait(BEAT)

    def _listen(self) -> None:
        with psycopg.connect(self._url, autocommit=True, connect_timeout=CONNECTING) as connection:
            connection.execute(f"LISTEN {CHANNEL}")
            self._missed()
            while not self._over.is_set():
                found = connection.execute(ALIVE).fetchall()
                self._alive(frozenset(number for (number,) in found))
                for told in connection.notifies(timeout=BEAT):
                    gateway, _, sys_id = told.payload.partition(" ")
                    self._changed(int(gateway), sys_id)
                    if self._over.is_set():
                        return
