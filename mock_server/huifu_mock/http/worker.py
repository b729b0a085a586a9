"""A thread for work that would hold up the event loop, such as looking into a long body."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")


class Worker:
    """One thread: what it does at once shares the interpreter with the event loop, so two would only slow that down."""

    def __init__(self) -> None:
        self._thread: ThreadPoolExecutor | None = None
        self.waiting = 0
        """How many pieces of work wait or are under way."""

    async def run(self, work: Callable[[], Result]) -> Result:
        """Do it there. Who is cancelled meanwhile leaves the queue; what has begun goes on to its end."""
        self.waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._begun(), work)
        finally:
            self.waiting -= 1

    def begin(self, work: Callable[[], object]) -> None:
        """Do it there; nobody waits for it."""
        self._begun().submit(work)

    def _begun(self) -> ThreadPoolExecutor:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="huifu-mock worker")
        return self._thread

    def stop(self) -> None:
        """Begin nothing more."""
        if self._thread is not None:
            self._thread.shutdown(wait=False, cancel_futures=True)
            self._thread = None
