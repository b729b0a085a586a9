"""One client's connection: how many there may be, how long a request's head may take, and what is no HTTP."""

import asyncio
import re
from collections.abc import Callable
from typing import Any, Final

from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestHandler, RequestPayloadError
from aiohttp.web_request import BaseRequest
from aiohttp.web_response import Response, StreamResponse
from aiohttp.web_server import Server

from huifu_mock.http.answers import last_answer
from huifu_mock.http.bodies import too_long
from huifu_mock.http.known_heads import Head, KnownHeads
from huifu_mock.http.unmatched import Unmatched
from huifu_mock.request import ReceivedBytes
from huifu_mock.schemas import Problem

TLS_HELLO: Final = b"\x16\x03"
SHOWN: Final = 8 * 1024
"""So many of the first bytes are kept of what is no HTTP."""
LAST_MOMENT: Final = 0.2
"""Real seconds that an answer may take once the server stops."""
LAST_WORDS: Final = 1.0
"""Real seconds in which a refused client may read why."""

Answer = Callable[[Unmatched], Response]
AnswerKnown = Callable[["Connection", Head, bytes], bool]
"""Answers a request whose head is known; `False` if aiohttp has to."""


OF_AIOHTTP: Final = (
    "_close", "_force_close", "_handler_waiter", "_keepalive_timeout", "_messages", "_next_keepalive_close_time",
    "_paused", "_request_in_progress", "_waiter",
)  # fmt: skip
"""What has to be known of a connection of aiohttp to answer beside it. A version that lacks one answers everything."""


def can_answer_beside(connections: type) -> bool:
    """Whether these connections tell everything that is needed to answer a request without aiohttp."""
    return all(hasattr(connections, name) for name in OF_AIOHTTP)


class Listener(Server):
    """Makes a `Connection` for each client; at most `most` at once, and none may take `patience` seconds for a head."""

    def __init__(
        self,
        handler: Any,
        *,
        most: int,
        patience: float,
        answer: Answer,
        answer_known: AnswerKnown | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(handler, **settings)
        self.most: Final = most
        self.patience: Final = patience
        self.answer: Final = answer
        self.answer_known: Final = answer_known if can_answer_beside(RequestHandler) else None
        self.heads: Final = KnownHeads()
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

    async def stop(self) -> None:
        """Look no more, and close every connection; what is being answered has a moment for that."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        await asyncio.sleep(0)  # noqa: TID251 - what has come by now begins to be answered; no time passes
        self.pre_shutdown()
        await self.shutdown(LAST_MOMENT)

    def _sweep(self) -> None:
        late = self._loop.time() - self.patience
        for connection in self.connections:
            if isinstance(connection, Connection) and connection.waits_since(late):
                connection.refuse(_slow(self.patience))
        self.start()


class Connection(RequestHandler):
    """A connection. Between two requests `_since` is the time at which the next one's head began to arrive.

    A request whose head came before is answered without aiohttp, which sees none of its bytes.
    """

    def __init__(self, listener: Listener, **settings: Any) -> None:
        super().__init__(listener, **settings)
        self._listener: Final = listener
        self._last = b""
        self._since: float | None = None
        self._between = True
        """Whether aiohttp's parser has seen whole requests only, so that the next byte begins a head."""
        self._whole = b""
        """What came last, if it came between two requests: one request, if its client sends one at a time."""
        self._early: bytes | None = None
        """While a known request is being answered, what came meanwhile."""
        self.peer: tuple[str, int] | None = None
        self.begun: Any = None
        """An exchange that began without aiohttp, for aiohttp's handler to go on with."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._since = self._loop.time()
        if self._listener.open >= self._listener.most:
            self._listener.refused += 1
            self.transport = transport  # type: ignore[assignment]  # what a socket gives can be written to
            self.refuse(_too_many(self._listener.most))
            return
        self.peer = peer_of(transport)
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self._early is not None:
            self._early += data
            assert isinstance(self.transport, asyncio.Transport)
            self.transport.pause_reading()
            return
        if self._rests() and (known := self._listener.heads.find(data)) is not None:
            assert self._listener.answer_known is not None
            self._since = None
            self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout
            if self._listener.answer_known(self, *known):
                return
        before = self._request_count
        if data:  # aiohttp calls this without any, to go on with what it has
            self._last = data[:SHOWN]
            self._whole, self._between = data if self._between else b"", False
        super().data_received(data)
        if self._request_count != before:
            self._since = None
            if self._current_request is not None:
                self._broken(self._current_request)
        elif self._since is None and self._current_request is None:
            self._since = self._loop.time()

    def _rests(self) -> bool:
        """Whether aiohttp waits for a request, has none of its bytes yet, and everything it wrote could be sent."""
        waiter = self._waiter
        return (
            self._between
            and self._listener.answer_known is not None
            and waiter is not None
            and not waiter.done()
            and not (self._messages or self._paused or self._close or self._force_close)
        )

    def learn(self, request: BaseRequest, head: Head) -> None:
        """aiohttp has read this request. If it is all that came, the next one with its head needs no aiohttp."""
        if self._whole and self._listener.answer_known is not None:
            self._between = self._listener.heads.learn(self._whole, request, head)
        self._whole = b""

    def wait(self) -> None:
        """The answer to a known request takes a while: what else comes has to wait, and so has a stop."""
        self._early = b""
        self._request_in_progress = True

    def send(self, answer: bytes) -> None:
        """The answer to a known request, if the client is still there; then what came meanwhile has its turn."""
        early, self._early = self._early, None
        transport = self.transport
        if isinstance(transport, asyncio.Transport):
            transport.write(answer)
        if early is None:
            return
        self._request_in_progress = False
        if self._handler_waiter is not None:
            self._handler_waiter.set_result(None)
        if early and isinstance(transport, asyncio.Transport):
            transport.resume_reading()
            self.data_received(early)

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
        transport.write(last_answer(self._listener.answer(call)))
        if transport.can_write_eof():
            transport.write_eof()
        self._since = None
        self.close()
        self._loop.call_later(LAST_WORDS, transport.close)

    def handle_error(
        self, request: BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> StreamResponse:
        """What is no HTTP is kept and told; our own failures are aiohttp's to handle."""
        if not isinstance(exc, HttpProcessingError):
            return super().handle_error(request, status, exc, message)
        sent = ReceivedBytes(self._last, peer=peer_of(self.transport))
        answer = self._listener.answer(_no_http(sent, " ".join(str(exc).split())))
        answer.force_close()
        return answer


def begun(request: BaseRequest) -> Any:
    """The exchange that began before aiohttp saw the request, if there is one; it is given once."""
    connection = request.protocol
    if not isinstance(connection, Connection):
        return None
    exchange, connection.begun = connection.begun, None
    return exchange


def learn(request: BaseRequest, head: Head) -> None:
    """Remember what aiohttp made of a request's head."""
    if isinstance(request.protocol, Connection):
        request.protocol.learn(request, head)


def peer_of(transport: asyncio.BaseTransport | None) -> tuple[str, int] | None:
    """The address and port at the other end of a connection; `None` where it has none."""
    name = transport.get_extra_info("peername") if transport is not None else None
    return (name[0], name[1]) if isinstance(name, tuple) else None


_HEAD: Final = re.compile(
    rb"(?P<method>[A-Z]+) (?:/s/(?P<session>[\w~.-]+))?(?P<path>/[^ \r\n]*) HTTP/1\.[01]\r\n"
    rb"(?P<lines>(?:[^\r\n]+\r\n)*?(?i:content-length): *(?P<length>\d{1,8})\r\n(?:[^\r\n]+\r\n)*)\r\n"
)
"""The head of a request with a body whose length is given, and is one that a body may have."""


def _no_http(sent: ReceivedBytes, error: str) -> Unmatched:
    if sent.body.startswith(TLS_HELLO):
        problem = Problem("the connection", "begins with a TLS hello", "this port speaks http, not https")
        return Unmatched("tls", 400, problem, sent)
    if (found := _HEAD.match(sent.body)) and len(body := sent.body[found.end() :]) > (length := int(found["length"])):
        session, path = (found["session"] or b"").decode("ascii"), found["path"].decode("latin-1")
        told = ReceivedBytes(body, found["lines"], session, sent.peer)
        return Unmatched("length", 400, too_long(length), told, found["method"].decode("ascii"), path)
    return Unmatched("http", 400, Problem("the request", f"is not HTTP: {error}", "send an HTTP/1.1 request"), sent)


def _slow(patience: float) -> Unmatched:
    said = f"did not arrive within {patience:g} s"
    return Unmatched("slow", 408, Problem("the head of the request", said, "send it in one go"))


def _too_many(most: int) -> Unmatched:
    said = f"{most} are open, and no more are taken"
    return Unmatched("connections", 503, Problem("the connection", said, "close some, or serve with --max-connections"))
