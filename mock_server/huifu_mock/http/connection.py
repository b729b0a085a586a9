"""One client's connection: how many there may be, how long a request's head may take, and what is no HTTP."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestPayloadError
from aiohttp.web_request import BaseRequest

from huifu_mock.http.unmatched import Unmatched
from huifu_mock.request import ReceivedBytes
from huifu_mock.schemas import Problem

TLS_HELLO: Final = b"\x16\x03"
SHOWN: Final = 1024
"""So many of the first bytes are kept of what is no HTTP."""
LAST_WORDS: Final = 1.0
"""Real seconds in which a refused client may read why."""

Answer = Callable[[Unmatched], web.Response]


class Listener(web.Server):
    """Makes a `Connection` for each client; at most `most` at once, and none may take `patience` seconds for a head."""

    def __init__(self, handler: Any, *, most: int, patience: float, answer: Answer, **settings: Any) -> None:
        super().__init__(handler, **settings)
        self.most: Final = most
        self.patience: Final = patience
        self.answer: Final = answer
        self.refused = 0
        """How many connections were turned away."""
        self._sweeper: asyncio.TimerHandle | None = None

    @property
    def open(self) -> int:
        """How many connections are open."""
        return len(self._connections)

    def __call__(self) -> "Connection":
        return Connection(self, loop=self._loop, **self._kwargs)

    def start(self) -> None:
        """Begin to look for connections that take too long."""
        self._sweeper = self._loop.call_later(self.patience / 8, self._sweep)

    def stop(self) -> None:
        """Look no more."""
        if self._sweeper is not None:
            self._sweeper.cancel()

    def _sweep(self) -> None:
        late = self._loop.time() - self.patience
        for connection in self.connections:
            if isinstance(connection, Connection) and connection.waits_since(late):
                connection.refuse(_slow(self.patience))
        self.start()


class Connection(web.RequestHandler):
    """A connection. Between two requests `_since` is the time at which the next one's head began to arrive."""

    def __init__(self, listener: Listener, **settings: Any) -> None:
        super().__init__(listener, **settings)
        self._listener: Final = listener
        self._last = b""
        self._since: float | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._since = self._loop.time()
        if self._listener.open >= self._listener.most:
            self._listener.refused += 1
            self.transport = transport  # type: ignore[assignment]  # what a socket gives can be written to
            self.refuse(_too_many(self._listener.most))
            return
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        before = self._request_count
        self._last = data[:SHOWN]
        super().data_received(data)
        if self._request_count != before:
            self._since = None
            if self._current_request is not None:
                self._broken(self._current_request)
        elif self._since is None and self._current_request is None:
            self._since = self._loop.time()

    def _broken(self, request: BaseRequest) -> None:
        """Tell whoever reads a body that it breaks off, if what came is no HTTP: aiohttp tells the next request."""
        error = getattr(self._messages[-1][0], "exc", None) if self._messages else None
        if error is not None:
            request.content.set_exception(RequestPayloadError(str(error)))

    def waits_since(self, moment: float) -> bool:
        """Whether the head of a request has been on its way since before that time of the loop."""
        return self._since is not None and self._since < moment

    def refuse(self, call: Unmatched) -> None:
        """Say why, and hang up once the client could read it."""
        transport = self.transport
        assert isinstance(transport, asyncio.Transport)
        transport.write(as_bytes(self._listener.answer(call)))
        if transport.can_write_eof():
            transport.write_eof()
        self._since = None
        self.close()
        self._loop.call_later(LAST_WORDS, transport.close)

    def handle_error(
        self, request: BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """What is no HTTP is kept and told; our own failures are aiohttp's to handle."""
        if not isinstance(exc, HttpProcessingError):
            return super().handle_error(request, status, exc, message)
        sent = ReceivedBytes(self._last, peer_port=peer_port(self.transport))
        answer = self._listener.answer(_no_http(sent, " ".join(str(exc).split())))
        answer.force_close()
        return answer


def as_bytes(answer: web.Response) -> bytes:
    """The last answer of a connection, as it goes over the wire."""
    assert isinstance(answer.body, bytes)
    headers = {**answer.headers, "Content-Length": len(answer.body), "Connection": "close"}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {answer.status} {answer.reason}\r\n{lines}\r\n".encode("latin-1") + answer.body


def peer_port(transport: asyncio.BaseTransport | None) -> int | None:
    """The port at the other end of a connection; `None` where it has none."""
    name = transport.get_extra_info("peername") if transport is not None else None
    return name[1] if isinstance(name, tuple) else None


def _no_http(sent: ReceivedBytes, error: str) -> Unmatched:
    if sent.body.startswith(TLS_HELLO):
        problem = Problem("the connection", "begins with a TLS hello", "this port speaks http, not https")
        return Unmatched("tls", 400, problem, sent)
    return Unmatched("http", 400, Problem("the request", f"is not HTTP: {error}", "send an HTTP/1.1 request"), sent)


def _slow(patience: float) -> Unmatched:
    said = f"did not arrive within {patience:g} s"
    return Unmatched("slow", 408, Problem("the head of the request", said, "send it in one go"))


def _too_many(most: int) -> Unmatched:
    said = f"{most} are open, and no more are taken"
    return Unmatched("connections", 503, Problem("the connection", said, "close some, or serve with --max-connections"))
