"""Threads that sign replies while the event loop goes on.

Cheaper than an executor: a reply is handed over by a queue, and one wake-up of the loop fetches all that is done.
"""

import asyncio
import threading
from collections import deque
from contextlib import suppress
from queue import SimpleQueue
from typing import Final

from huifu_mock.reply import Reply

Job = tuple[Reply, asyncio.Future[None]]


class Signers:
    """`count` threads of one event loop; they start with the first reply."""

    def __init__(self, loop: asyncio.AbstractEventLoop, count: int) -> None:
        self._loop = loop
        self._count: Final = count
        self._threads: list[threading.Thread] = []
        self._todo: SimpleQueue[Job | None] = SimpleQueue()
        self._done: deque[Job] = deque()
        self._woken = False

    async def sign(self, reply: Reply) -> None:
        """Return when the reply is signed."""
        if not self._threads:
            self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(self._count)]
            for thread in self._threads:
                thread.start()
        future = self._loop.create_future()
        self._todo.put((reply, future))
        await future

    def stop(self) -> None:
        """Let the threads end once they have done what is queued."""
        for _ in self._threads:
            self._todo.put(None)
        self._threads = []

    def _work(self) -> None:
        while (job := self._todo.get()) is not None:
            with suppress(Exception):  # whoever asked signs again, and meets the error
                job[0].signed()
            self._done.append(job)
            if not self._woken:
                self._woken = True
                try:
                    self._loop.call_soon_threadsafe(self._deliver)
                except RuntimeError:  # the loop was closed while this was signed: nobody waits any more
                    return

    def _deliver(self) -> None:
        self._woken = False  # before the work: what is done from here on wakes the loop again
        while self._done:
            future = self._done.popleft()[1]
            if not future.done():
                future.set_result(None)
