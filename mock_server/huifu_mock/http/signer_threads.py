"""Threads that sign replies while the event loop goes on.

Cheaper than an executor: a reply is handed over by a queue, and one wake-up of the loop fetches all that is done.
Measured on 2 cores with 16 connections, closes a second: two threads 1,700; one, with the loop signing too while
some wait, 1,820. It signs one each time it comes round: with one for each request that it had read, epoll's order let
some clients wait for two rounds, and p99 was 1.4 times as long.
"""

import asyncio
import os
import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from queue import Empty, SimpleQueue
from typing import Final

from huifu_mock.signing import Reply

COUNT: Final = max(1, min(4, (os.cpu_count() or 2) - 1))
"""One core is the event loop's."""
ENOUGH: Final = 2
"""While more replies wait for a thread, the event loop signs as well: the oldest, so that none is overtaken."""

Job = tuple[Reply, Callable[[], None]]
"""A reply, and what is called in the event loop when it is signed."""


class Signers:
    """The threads of one event loop; they start with the first reply."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._threads: list[threading.Thread] = []
        self._todo: SimpleQueue[Job | None] = SimpleQueue()
        self._done: deque[Job] = deque()
        self._woken = False
        self._loop_will_sign = False

    def sign(self, reply: Reply) -> asyncio.Future[None]:
        """Done when the reply is signed."""
        future = self._loop.create_future()
        self.sign_then(reply, partial(_release, future))
        return future

    def sign_then(self, reply: Reply, done: Callable[[], None]) -> None:
        """Have the reply signed, and `done` called after that."""
        if not self._threads:
            self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(COUNT)]
            for thread in self._threads:
                thread.start()
        self._todo.put((reply, done))
        self._plan()

    def _plan(self) -> None:
        """One reply each time the loop comes round: so who came meanwhile is read, and is next in the queue."""
        if self._todo.qsize() > ENOUGH and not self._loop_will_sign:
            self._loop_will_sign = True
            self._loop.call_soon(self._sign_oldest)

    def _sign_oldest(self) -> None:
        self._loop_will_sign = False
        if self._todo.qsize() <= ENOUGH:
            return
        try:
            job = self._todo.get_nowait()
        except Empty:  # a thread was faster
            return
        if job is None:  # it ends a thread
            self._todo.put(None)
            return
        _sign(job)
        job[1]()
        self._plan()

    def stop(self) -> None:
        """Let the threads end once they have done what is queued."""
        for _ in self._threads:
            self._todo.put(None)
        self._threads = []

    def _work(self) -> None:
        while (job := self._todo.get()) is not None:
            _sign(job)
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
            self._done.popleft()[1]()


def _sign(job: Job) -> None:
    try:
        job[0].sign()
    except Exception:
        return  # whoever asked signs again, and meets the error


def _release(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
