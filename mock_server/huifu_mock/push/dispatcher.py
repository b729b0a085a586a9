"""Sends deliveries: to each receiver one at a time, to all of them side by side, never inside a request."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final

from huifu_mock.push import evidence
from huifu_mock.push.http import Client, Targets
from huifu_mock.push.message import Bilingual, Message, ReceiverResponse
from huifu_mock.state.work import Unkept

CONCURRENT: Final = 16
WAITING: Final = 10_000
TIMEOUT: Final = 5.0
"""Real seconds; documented for a notify, assumed for a webhook."""

log = logging.getLogger("huifu_mock.push")


@dataclass(slots=True)
class QueuedMessage:
    """A message that waits for its turn or is being sent. One that is cancelled before that is not sent."""

    message: Message
    done: Callable[[ReceiverResponse], None]
    cancelled: bool = False
    look_into: Callable[[ReceiverResponse], Bilingual | None] | None = None
    """Finds out in a thread what an answer tells of the signature that the receiver computed."""


class Dispatcher:
    """Sends the pushes of one server. Each receiver has a queue, served one message at a time (assumed).

    Until it is started, messages wait: a gateway without a server sends nothing.
    """

    def __init__(self, targets: Targets | None = None, *, concurrent: int = CONCURRENT, limit: int = WAITING,
                 timeout: float = TIMEOUT) -> None:  # fmt: skip
        self.targets: Final = targets or Targets()
        self.concurrent, self.limit, self.timeout = concurrent, limit, timeout
        self.kept: Callable[[], Awaitable[None]] | None = None
        """Awaited before a message leaves: what caused it is kept then. `None` where nothing needs to be waited for."""
        self.waiting = 0
        self._queues: dict[str, deque[QueuedMessage]] = {}
        self._ready: dict[str, None] = {}
        """Queues with messages of which none is being sent, in the order in which they are served."""
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

    def submit(self, receiver: str, queued: QueuedMessage) -> None:
        """Queue a message for a receiver. Its `done` is called later, in the event loop."""
        if self.waiting >= self.limit:
            said, zh = f"{self.limit} pushes are waiting already", f"已有 {self.limit} 条推送在等待"
            self._answer(queued, ReceiverResponse(trouble="queue", detail=said, detail_zh=zh))
            return
        self._queues.setdefault(receiver, deque()).append(queued)
        self.waiting += 1
        self._queue(receiver)

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

    def _queue(self, receiver: str) -> None:
        if receiver in self._queues and receiver not in self._busy:
            self._ready[receiver] = None
            if self._loop is not None:
                self._loop.call_soon(self._pump)

    def _pump(self) -> None:
        while self._loop is not None and self._ready and len(self._busy) < self.concurrent:
            receiver = next(iter(self._ready))
            del self._ready[receiver]
            queued = self._take(receiver)
            if queued is not None:
                self._busy[receiver] = self._loop.create_task(self._send(receiver, queued))

    def _take(self, receiver: str) -> QueuedMessage | None:
        """The next message of a receiver that was not cancelled."""
        messages = self._queues[receiver]
        found = None
        while messages and found is None:
            queued = messages.popleft()
            self.waiting -= 1
            found = None if queued.cancelled else queued
        if not messages:
            del self._queues[receiver]
        return found

    async def _send(self, receiver: str, queued: QueuedMessage) -> None:
        try:
            await self._once_kept()
            answered = None if queued.cancelled else await self._looked_into(queued)
        except asyncio.CancelledError:
            self._queues.setdefault(receiver, deque()).appendleft(queued)
            self.waiting += 1
            raise
        finally:
            del self._busy[receiver]
            self._queue(receiver)
        if answered is not None and not queued.cancelled:
            queued.done(answered)
        self._pump()

    async def _once_kept(self) -> None:
        """What could not be kept was undone, and its messages are cancelled."""
        if self.kept is not None:
            with contextlib.suppress(Unkept):
                await self.kept()

    async def _looked_into(self, queued: QueuedMessage) -> ReceiverResponse:
        answered = await self._post(queued.message)
        if queued.look_into is None or not evidence.digests(answered):
            return answered
        told = await asyncio.get_running_loop().run_in_executor(None, queued.look_into, answered)
        return replace(answered, evidence=told)

    async def _post(self, message: Message) -> ReceiverResponse:
        if self._client is None:
            self._client = Client(self.targets, self.timeout, self.concurrent)
        try:
            return await self._client.post(message)
        except Exception as error:
            log.exception("a push failed inside")
            return ReceiverResponse(trouble="http", detail=repr(error)[:200])

    def _answer(self, queued: QueuedMessage, answered: ReceiverResponse) -> None:
        if self._loop is not None:
            self._loop.call_soon(queued.done, answered)
        else:
            queued.done(answered)
