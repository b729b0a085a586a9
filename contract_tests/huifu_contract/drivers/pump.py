"""Pump.

A thread that empties one pipe until its end or until told to stop, so that a child never blocks on us.
"""

from __future__ import annotations

import contextlib
import os
import select
from collections.abc import Callable
from threading import Thread


class Pump:
    """Calls `sink` with each piece read from `fd`, and `ended` once, when nothing more can come."""

    def __init__(self, fd: int, sink: Callable[[bytes], None], ended: Callable[[], None]) -> None:
        self.fd = fd
        self.sink = sink
        self.ended = ended
        self._stopped = False
        self._wake_r, self._wake_w = os.pipe()
        self._thread = Thread(target=self._run, daemon=True, name="huifu-contract-pump")
        self._thread.start()

    def _run(self) -> None:
        poll = select.poll()
        poll.register(self.fd, select.POLLIN)
        poll.register(self._wake_r, select.POLLIN)
        try:
            while True:
                ready = dict(poll.poll())
                if self.fd in ready:
                    piece = os.read(self.fd, 65536)
                    if not piece:
                        return
                    self.sink(piece)
                elif self._wake_r in ready:
                    return
        except OSError:
            return  # the pipe is gone, which is an end too
        finally:
            self.ended()

    def wait(self, seconds: float) -> bool:
        """Whether the pipe ended by itself in that time (a grandchild may hold it open for ever)."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def stop(self) -> None:
        """Twice is fine: a number closed twice could be somebody else's file by then."""
        if self._stopped:
            return
        self._stopped = True
        with contextlib.suppress(OSError):
            os.write(self._wake_w, b"x")
        self._thread.join(1)
        for fd in (self._wake_r, self._wake_w):
            with contextlib.suppress(OSError):
                os.close(fd)
