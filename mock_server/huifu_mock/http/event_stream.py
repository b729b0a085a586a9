"""Live events for many readers: each change is written once however many read, and a slow reader is dropped.

What changes within a moment is collected and written as one batch, of each thing its latest state. The last batches
are remembered, so that a reader who was cut off goes on where it was. A reader that falls further behind than that is
told so and dropped; nobody ever waits for it. Batches are made only while somebody reads, and a little longer.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from aiohttp.web_request import BaseRequest
from aiohttp.web_response import StreamResponse

from huifu_mock.gateway.mock import Refused
from huifu_mock.gateway.tenant import Tenant
from huifu_mock.http.control import events
from huifu_mock.http.control.route import Subscription
from huifu_mock.state.work import Unkept

PAUSE: Final = 0.1
"""Real seconds between two batches; the first change after a quiet time waits less."""
FLOOD: Final = 1.0
"""The same after a batch with more changes than are told one by one, which nobody can read as they come."""
PROMPT: Final = 0.02
MOST: Final = 50
"""So many changes of one kind are told one by one in a batch: the latest. Of those before, only how many."""
REMEMBERED: Final = 4 * 1024 * 1024
"""Bytes of batches that are kept for readers who lag behind or come back."""
LINGER: Final = 20.0
"""Real seconds for which batches are still made when the last reader has gone, since it may only have been cut off."""
PING: Final = 15.0
"""Real seconds between two signs of life."""
PATIENCE: Final = 30.0
"""Real seconds in which a reader must take at least one batch."""

HEADERS: Final = {
    "Server": "huifu-mock",
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
    "X-Content-Type-Options": "nosniff",
}

Key = tuple[str, Any]
_KEYS: Final[dict[str, Callable[[Any], Any]]] = {
    "call": lambda entry: entry.number,
    "order": lambda order: order.key,
    "delivery": lambda delivery: delivery.number,
    "fault": lambda fault: fault if isinstance(fault, str) else fault.id,
    "webhook": lambda webhook: webhook if isinstance(webhook, str) else webhook.id,
}
"""What names a thing among those of its kind; there is one clock and one tenant."""
_CLEARS: Final = {"calls": "call", "orders": "order", "deliveries": "delivery", "faults": "fault",
                  "webhooks": "webhook"}  # fmt: skip


UNTOLD: Final = ("close", "met", "forgotten")
"""What readers learn from the order and from the call, and that an old order is not kept any more."""


class Behind(Exception):
    """What a reader wants next is no longer remembered."""


class Broadcast:
    """The events of one tenant, for all its readers."""

    def __init__(self, tenant: Tenant, loop: asyncio.AbstractEventLoop, ended: Callable[[], None]) -> None:
        self.readers = 0
        self.last = 0
        """The number of the latest batch."""
        self.over = ""
        """Why there will be no more; empty while there may."""
        self._tenant, self._loop, self._ended = tenant, loop, ended
        self._name: Final = secrets.token_hex(4)
        self._batches: deque[bytes] = deque()
        self._size = 0
        self._changes: dict[Key, Any] = {}
        self._planned: asyncio.TimerHandle | None = None
        self._next_at = 0.0
        self._news: Final = asyncio.Event()
        self._ping: asyncio.TimerHandle = loop.call_later(PING, self._sign_of_life)
        self._linger: asyncio.TimerHandle | None = None
        tenant.feed.listen(self._take)

    # --- for readers

    def enter(self, last_event_id: str) -> tuple[int, bool]:
        """A new reader: the number of the batch that it goes on after, and whether that is where it was."""
        self.readers += 1
        if self._linger is not None:
            self._linger.cancel()
        name, _, digits = last_event_id.rpartition("-")
        first = self.last - len(self._batches) + 1
        if name == self._name and digits.isdecimal() and len(digits) < 16 and first - 1 <= int(digits) <= self.last:
            return int(digits), True
        return self.last, False

    def leave(self) -> None:
        """A reader is gone; with the last one, soon everything is."""
        self.readers -= 1
        if not self.readers and not self.over:
            self._linger = self._loop.call_later(LINGER, self.end, "nobody reads")

    async def after(self, number: int) -> bytes:
        """What comes after that batch; waits for it. Raises `Behind`. Empty once it is over."""
        while number == self.last and not self.over:
            await self._news.wait()
        missing = self.last - number
        if missing > len(self._batches):
            raise Behind
        return b"".join(self._batches[index] for index in range(-missing, 0))

    # --- for the tenant

    def _take(self, kind: str, changed: Any) -> None:
        if kind == "gone":
            self.end("the tenant was dropped")
            return
        if kind in UNTOLD:
            return
        if kind == "cleared":
            self._clear(changed)
        elif kind == "clock":
            self._changes["clock", None] = self._changes.get(("clock", None), 0.0) + changed
        else:
            key = kind, _KEYS[kind](changed) if kind in _KEYS else None
            self._changes[key] = changed
        if self._planned is None:
            due = max(self._next_at, self._loop.time() + PROMPT)
            self._planned = self._loop.call_at(due, self._write)

    def _clear(self, what: str) -> None:
        """What was there before is gone, so nothing more is told of it."""
        kind = _CLEARS[what]
        for key in [key for key in self._changes if key[0] == kind]:
            del self._changes[key]
        self._changes.pop(("cleared", what), None)
        self._changes["cleared", what] = None

    def _write(self) -> None:
        """One batch of what changed since the last one."""
        self._planned = None
        changes, self._changes = self._changes, {}
        over = {}
        for kind in ("call", "order", "delivery"):
            of_kind = [key for key in changes if key[0] == kind]
            if len(of_kind) > MOST:
                over[kind] = of_kind[:-MOST]
        self._next_at = self._loop.time() + (FLOOD if over else PAUSE)
        parts, skipped = [], {key for keys in over.values() for key in keys}
        for key, changed in changes.items():
            if key[0] == "cleared":
                parts.append(events.event("cleared", {"what": [key[1]]}))
            elif key not in skipped:
                parts.append(events.of_change(self._tenant, key[0], changed))
        for kind, keys in over.items():
            parts.append(events.event("skipped", _skipped(kind, keys)))
        self._add(self.identified(b"".join(parts), self.last + 1))

    def identified(self, batch: bytes, number: int) -> bytes:
        """A batch with its id in the last event, so that who got a part of it gets the whole again."""
        return batch[:-1] + f"id: {self._name}-{number}\n\n".encode()

    def _add(self, batch: bytes) -> None:
        self._batches.append(batch)
        self._size += len(batch)
        while self._size > REMEMBERED and len(self._batches) > 1:
            self._size -= len(self._batches.popleft())
        self.last += 1
        self._wake()

    def _wake(self) -> None:
        self._news.set()
        self._news.clear()

    def _sign_of_life(self) -> None:
        self._ping = self._loop.call_later(PING, self._sign_of_life)
        self._add(b": ping\n\n")

    def end(self, reason: str) -> None:
        """Tell the readers that there will be no more."""
        if self.over:
            return
        self.over = reason
        self._tenant.feed.leave(self._take)
        for timer in (self._planned, self._ping, self._linger):
            if timer is not None:
                timer.cancel()
        self._wake()
        self._ended()


def _skipped(kind: str, keys: list[Key]) -> dict[str, Any]:
    told: dict[str, Any] = {"kind": kind, "count": len(keys)}
    if kind == "call":
        told |= {"first": f"call-{keys[0][1]}", "last": f"call-{keys[-1][1]}"}
    return told


class EventStreams:
    """The broadcasts of one server."""

    def __init__(self) -> None:
        self.readers = 0
        """How many read now, of all tenants."""
        self._broadcasts: dict[Tenant, Broadcast] = {}

    def _forget(self, tenant: Tenant) -> None:
        del self._broadcasts[tenant]

    def stop(self) -> None:
        """Let every reader go."""
        for broadcast in list(self._broadcasts.values()):
            broadcast.end("the server stops")

    async def serve(self, request: BaseRequest, asked: Subscription) -> StreamResponse:
        """Send events until the reader goes, is too slow, or there are no more."""
        response = StreamResponse(headers=HEADERS)
        with suppress(ConnectionError):  # the reader went, perhaps before it got the first event
            await response.prepare(request)
            if request.method != "HEAD":
                await self._follow(request, asked, response)
        return response

    async def beginning(self, asked: Subscription) -> bytes:
        """What a stream begins with; who asks soon goes on after it. Raises `Refused`, `Unkept`."""
        broadcast = self._of(asked.tenant)
        number, _ = broadcast.enter("")
        try:
            return broadcast.identified(events.ready(asked.tenant, resumed=False) + await _unseen(asked, ""), number)
        finally:
            broadcast.leave()

    def _of(self, tenant: Tenant) -> Broadcast:
        if tenant not in self._broadcasts:
            loop = asyncio.get_running_loop()
            self._broadcasts[tenant] = Broadcast(tenant, loop, lambda: self._forget(tenant))
        return self._broadcasts[tenant]

    async def _follow(self, request: BaseRequest, asked: Subscription, response: StreamResponse) -> None:
        broadcast = self._of(asked.tenant)
        last_event_id = request.headers.get("Last-Event-ID", request.rel_url.query.get("last_event_id", ""))
        number, resumed = broadcast.enter(last_event_id)
        self.readers += 1
        try:
            begin = events.ready(asked.tenant, resumed=resumed)
            if not resumed:
                begin = broadcast.identified(begin + await _unseen(asked, last_event_id), number)
            await _send(response, begin)
            while batch := await broadcast.after(number):
                number = broadcast.last
                await _send(response, batch)
            await _send(response, events.event("gone", {"reason": broadcast.over}))
        except Behind:
            reason = "this reader was too slow: connect again with Last-Event-ID, or load the lists anew"
            await _send(response, events.event("dropped", {"reason": reason}))
        except (Refused, Unkept) as error:
            await _send(response, events.event("dropped", {"reason": f"{error}; connect again"}))
        except TimeoutError:
            if request.transport is not None:
                request.transport.abort()
        finally:
            self.readers -= 1
            broadcast.leave()


async def _unseen(asked: Subscription, last_event_id: str) -> bytes:
    """What a reader is told who does not go on where it was. Raises `Refused`, `Unkept`."""
    told = b""
    if last_event_id:
        told = events.event("gap", {"reason": "what happened since then is no longer known: load the lists anew"})
    return told if asked.lists is None else told + await asked.lists()


async def _send(response: StreamResponse, batch: bytes) -> None:
    """Raises `TimeoutError` where the reader takes nothing for too long."""
    async with asyncio.timeout(PATIENCE):
        await response.write(batch)
