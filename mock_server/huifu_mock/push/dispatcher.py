"""Sends deliveries: to each receiver one at a time, to all of them side by side, never inside a request."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from huifu_mock.push.http import Client, Targets
from huifu_mock.push.message import Message, ReceiverResponse

CONCURRENT: Final = 16
WAITING: Final = 10_000
TIMEOUT: Final = 5.0
"""Real seconds; documented for a notify, assumed for a webhook."""

log = logging.getLogger("huifu_mock.push")


@dataclass(slots=True)
class Errand:
    """A message on its way. Forgetting it before it is sent keeps it from being sent."""

    message: Message
    done: Callable[[ReceiverResponse], None]
    forgotten: bool = False


class Dispatcher:
    """What one server sends. Receivers wait only for themselves: each has its own queue, served in turn (assumed).

    Until it is started, errands wait; a gateway without a server has nobody to run them.
    """

    def __init__(self, targets: Targets | None = None, *, concurrent: int = CONCURRENT, limit: int = WAITING,
                 timeout: float = TIMEOUT) -> None:  # fmt: skip
        self.targets: Final = targets or Targets()
        self.concurrent, self.limit, self.timeout = concurrent, limit, timeout
        self.waiting = 0
        self._lines: dict[str, deque[Errand]] = {}
        self._ready: dict[str, None] = {}
        """The lines that have errands and nobody at the door, in the order of their turns."""
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._client: Client | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def under_way(self) -> int:
        """How many pushes are being sent now."""
        return len(self._busy)

    def state(self) -> dict[str, int]:
        """What the control API shows."""
        return {
            "waiting": self.waiting,
            "under_way": self.under_way,
            "concurrent": self.concurrent,
            "limit": self.limit,
        }

    def submit(self, line: str, errand: Errand) -> None:
        """Queue an errand behind the others of its `line`. Its `done` is called later, in the event loop."""
        if self.waiting >= self.limit:
            self._answer(errand, ReceiverResponse(trouble="queue", detail=f"{self.limit} pushes are waiting already"))
            return
        self._lines.setdefault(line, deque()).append(errand)
        self.waiting += 1
        self._queue(line)

    def start(self) -> None:
        """Begin to send, in the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._loop.call_soon(self._pump)

    async def stop(self) -> None:
        """Stop sending; what was not acknowledged waits for the next start."""
        self._loop = None
        tasks = list(self._busy.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.close()
            self._client = None

    def _queue(self, line: str) -> None:
        if line in self._lines and line not in self._busy:
            self._ready[line] = None
            if self._loop is not None:
                self._loop.call_soon(self._pump)

    def _pump(self) -> None:
        while self._loop is not None and self._ready and len(self._busy) < self.concurrent:
            line = next(iter(self._ready))
            del self._ready[line]
            errand = self._take(line)
            if errand is not None:
                self._busy[line] = self._loop.create_task(self._run(line, errand))

    def _take(self, line: str) -> Errand | None:
        """The next errand of a line that is still wanted."""
        errands = self._lines[line]
        found = None
        while errands and found is None:
            errand = errands.popleft()
            self.waiting -= 1
            found = None if errand.forgotten else errand
        if not errands:
            del self._lines[line]
        return found

    async def _run(self, line: str, errand: Errand) -> None:
        try:
            answered = await self._post(errand.message)
        except asyncio.CancelledError:
            self._lines.setdefault(line, deque()).appendleft(errand)
            self.waiting += 1
            raise
        finally:
            del self._busy[line]
            self._queue(line)
        if not errand.forgotten:
            errand.done(answered)
        self._pump()

    async def _post(self, message: Message) -> ReceiverResponse:
        if self._client is None:
            self._client = Client(self.targets, self.timeout, self.concurrent)
        try:
            return await self._client.post(message)
        except Exception as error:
            log.exception("a push failed inside")
            return ReceiverResponse(trouble="http", detail=repr(error)[:200])

    def _answer(self, errand: Errand, answered: ReceiverResponse) -> None:
        if self._loop is not None:
            self._loop.call_soon(errand.done, answered)
        else:
            errand.done(answered)
