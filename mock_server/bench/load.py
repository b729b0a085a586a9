"""A load generator that costs little: raw asyncio protocols that send ready-made requests and count the answers."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Load:
    """What one load measured. Latencies in seconds, sorted."""

    seconds: float
    latencies: list[float]
    finished: list[float]
    """When each answer came, in seconds from the start, in order."""

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        """The latency that `share` of the answers stay below."""
        return self.latencies[min(int(len(self.latencies) * share), len(self.latencies) - 1)]


class _Connection(asyncio.Protocol):
    """One client. A server that closes after an answer is connected to again, within the latency of the next."""

    def __init__(self, requests: Sequence[bytes], todo: list[int], done: asyncio.Future[None], load: "_Run") -> None:
        self._requests, self._todo, self._done, self._run = requests, todo, done, load
        self._buffer = b""
        self._sent = 0.0
        self._closes = False
        self._again: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        marker = self._buffer.lower().find(b"content-length:", 0, head)
        if marker < 0:
            raise AssertionError(f"the load reads answers that tell their length alone: {self._buffer[:head]!r}")
        length = int(self._buffer[marker + 15 : self._buffer.index(b"\r\n", marker)])
        if len(self._buffer) < head + 4 + length:
            return
        self._run.check(self._buffer[head + 4 :])
        now = time.perf_counter()
        self._run.latencies.append(now - self._sent)
        self._run.finished.append(now)
        self._closes = b"connection: close" in self._buffer[:head].lower()
        self._buffer = b""
        if self._closes and self._todo:
            self._sent = now
            self._again = asyncio.ensure_future(self._reconnect())
        else:
            self._next()

    async def _reconnect(self) -> None:
        peer = self._transport.get_extra_info("peername")
        self._transport.close()
        await asyncio.get_running_loop().create_connection(lambda: self, *peer)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done.done() and not self._closes:
            self._done.set_exception(exc or ConnectionError("the server hung up"))

    def _next(self) -> None:
        if not self._todo:
            if not self._done.done():
                self._done.set_result(None)
            self._transport.close()
            return
        if not self._closes:
            self._sent = time.perf_counter()
        self._closes = False
        self._transport.write(self._requests[self._todo.pop()])


class _Run:
    def __init__(self, wanted: bytes) -> None:
        self.latencies: list[float] = []
        self.finished: list[float] = []
        self._wanted = wanted

    def check(self, body: bytes) -> None:
        if self._wanted not in body:
            raise AssertionError(f"the load got an answer that it does not measure: {body[:300]!r}")


def http_request(base_url: str, path: str, body: bytes) -> bytes:
    """The bytes of one keep-alive POST."""
    head = f"POST {path} HTTP/1.1\r\nHost: {urlsplit(base_url).netloc}\r\nContent-Type: application/json\r\n"
    return head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body


async def _load(base_url: str, requests: Sequence[bytes], todos: Sequence[list[int]], wanted: bytes) -> Load:
    """One connection for each of `todos`, which says what it sends, the last first; several may share one."""
    loop = asyncio.get_running_loop()
    run = _Run(wanted)
    parts = urlsplit(base_url)
    ends: list[asyncio.Future[None]] = [loop.create_future() for _ in todos]
    start = time.perf_counter()
    for todo, end in zip(todos, ends, strict=True):
        await loop.create_connection(
            lambda todo=todo, end=end: _Connection(requests, todo, end, run),  # type: ignore[misc] # mypy cannot infer the defaults
            parts.hostname or "",
            parts.port or 80,
        )
    await asyncio.gather(*ends)
    seconds = time.perf_counter() - start
    return Load(seconds, sorted(run.latencies), [moment - start for moment in run.finished])


def load(base_url: str, requests: Sequence[bytes], connections: int, wanted: bytes) -> Load:
    """Send every request once over so many connections; each answer must contain `wanted`."""
    todo = list(range(len(requests) - 1, -1, -1))
    return asyncio.run(_load(base_url, requests, connections * [todo], wanted))


def load_each(base_url: str, clients: Sequence[Sequence[bytes]], wanted: bytes) -> Load:
    """Send the requests of each client over its own connection, all at once; each answer must contain `wanted`."""
    requests, todos = list[bytes](), list[list[int]]()
    for of_client in clients:
        todos.append(list(range(len(requests) + len(of_client) - 1, len(requests) - 1, -1)))
        requests += of_client
    return asyncio.run(_load(base_url, requests, todos, wanted))
