"""The HTTP server: reads a call, passes it to the gateway or the control API, sends the reply."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from aiohttp import HttpVersion11
from aiohttp.web_request import BaseRequest
from aiohttp.web_response import Response, StreamResponse

from huifu_mock import explain
from huifu_mock._language import Language
from huifu_mock.explain.budget import Budget
from huifu_mock.faults import NO_FAULTS
from huifu_mock.gateway.gateway import PATHS, PATIENCE, Exchange, undone
from huifu_mock.gateway.mock import Mock
from huifu_mock.gateway.tenant import Tenant
from huifu_mock.http import faulty
from huifu_mock.http.address import CannotListen, base_url, cannot_listen, is_loopback
from huifu_mock.http.answers import as_bytes, headers_of, language_of, problem
from huifu_mock.http.bodies import AT_ONCE, MAX_BODY, Bodies, LeftEarly, Unread
from huifu_mock.http.connection import AnswerKnown, Connection, Listener, begun, learn, peer_of
from huifu_mock.http.known_heads import Head
from huifu_mock.http.signer_threads import Signers
from huifu_mock.http.unmatched import Unmatched, keep, no_such_path
from huifu_mock.http.worker import Worker
from huifu_mock.request import Endpoint, ReceivedBytes, prepare, read
from huifu_mock.schemas import Problem
from huifu_mock.state.journal import Entry
from huifu_mock.state.work import Unkept

if TYPE_CHECKING:
    from huifu_mock.http.control_api import ControlApi

APART: Final = 16 * 1024
"""A longer body is read in a thread; real ones have less than 1 KB."""
IN_THE_LOOP: Final = 0.02
"""So many seconds a wrong signature is looked into before everybody else has a turn."""
LOAD_AFTER: Final = 1.0
"""So many seconds after the start what no close needs is imported, in a thread: the first answer goes first."""

_HTTP_LOG: Final = logging.getLogger("huifu_mock.server.http")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one server takes on."""

    connections: int = 1000
    """How many connections may be open."""
    patience: float = 30.0
    """Real seconds that the head of a request may take, and its body."""


log = logging.getLogger("huifu_mock.server")


class HttpServer:
    """One `Mock` behind one listening socket, in the running event loop."""

    def __init__(
        self, mock: Mock, host: str, port: int, control_token: str | None, limits: Limits | None = None, *,
        reuse_port: bool = False,
    ) -> None:  # fmt: skip
        """With `reuse_port` other processes may listen on the same port, and each gets some of the clients."""
        if not is_loopback(host) and not control_token:
            raise CannotListen(
                f"{host} can be reached from other machines, so the control API needs a token there: "
                "give --control-token, or listen on 127.0.0.1"
            )
        self.mock: Final = mock
        self.host, self.port, self._reuse_port = host, port, reuse_port or None
        self.base_url = ""
        self.limits: Final = limits or Limits()
        self.arriving: Callable[[Endpoint, ReceivedBytes], Coroutine[Any, Any, None]] | None = None
        """Awaited before a call is answered: what must be prepared for it can be prepared there."""
        self.on_stop: list[Callable[[], Awaitable[None]]] = []
        """Awaited before it stops listening: what listens beside it stops first."""
        self.watchers: Final[list[Callable[[Tenant, Entry], None]]] = []
        """Each is called with every call once it is answered; it must be quick."""
        self._token = control_token
        self._worker: Final = Worker()
        self._bodies: Final = Bodies(self.limits.patience)
        self._signers: Signers | None = None
        self._control_api: ControlApi | None = None
        self._listening: asyncio.Server | None = None
        self._loading: asyncio.TimerHandle | None = None
        self._listeners: list[Listener] = []
        mock.bounds["connections"] = lambda: (self.limits.connections, sum(one.open for one in self._listeners))
        mock.bounds["long_bodies"] = lambda: (AT_ONCE, self._bodies.held)

    async def start(self) -> None:
        """Listen. Raises `CannotListen`."""
        self._signers = Signers(asyncio.get_running_loop())
        loop = asyncio.get_running_loop()
        listener = self.listener(self.handle, answer_known=self.answer_known)
        self.mock.store.start()
        try:
            self._listening = listening = await loop.create_server(
                listener, self.host, self.port, backlog=1024, reuse_port=self._reuse_port
            )
        except OSError as error:
            await self.stop()
            raise cannot_listen(self.host, self.port, error) from error
        self.port = listening.sockets[0].getsockname()[1]
        self.base_url = base_url(self.host, self.port)
        self.mock.dispatcher.start()
        for tenant in self.mock.gateway:
            tenant.clock.bind(loop)
        self._loading = loop.call_later(LOAD_AFTER, self._worker.begin, _load_the_rest)

    async def stop(self) -> None:
        """Stop listening, end what is under way, and let go of every timer."""
        if self._control_api is not None:
            self._control_api.streams.stop()
        if self._loading is not None:
            self._loading.cancel()
        while self.on_stop:
            await self.on_stop.pop()()
        if self._listening is not None:
            self._listening.close()
        for listener in self._listeners:
            await listener.stop()
        await self.mock.dispatcher.stop()
        for tenant in self.mock.gateway:
            tenant.clock.close()
        self.mock.store.stop()
        self._worker.stop()
        if self._signers is not None:
            self._signers.stop()

    def listener(
        self,
        handler: Callable[[BaseRequest], Awaitable[StreamResponse]],
        answer_known: AnswerKnown | None = None,
    ) -> Listener:
        """What makes an HTTP connection for each client; its calls go to `handler`, known ones to `answer_known`."""
        made = Listener(
            handler,
            answer_known=answer_known,
            most=self.limits.connections,
            patience=self.limits.patience,
            answer=self.turn_away,
            request_factory=_request,
            handler_cancellation=True,
            access_log=None,
            logger=_HTTP_LOG,
            auto_decompress=False,  # no client compresses; what does gets a signed answer that says so
        )
        made.start()
        self._listeners.append(made)
        return made

    async def handle(self, request: BaseRequest) -> StreamResponse:
        """Answer a request: one of Huifu's endpoints, the control API, or nothing that is here."""
        path = request.rel_url.raw_path
        endpoint, session = PATHS.get(path), ""
        if endpoint is None and path.startswith("/s/"):
            session, _, rest = path[3:].partition("/")
            endpoint = PATHS.get("/" + rest)
        if endpoint is not None:
            return await self._huifu(request, endpoint, session)
        if path in ("/", "/_mock") or path.startswith("/_mock/"):
            answer = await self.control_api().handle(request, path)
            if answer is not None:
                return answer
        return await self._no_endpoint(request, Unread("path", 404, no_such_path(path)), path, session)

    def control_api(self) -> "ControlApi":
        """The control API over HTTP, loaded if it was not yet."""
        if self._control_api is None:
            from huifu_mock.http.control_api import ControlApi

            self._control_api = ControlApi(self, self._token, self._bodies, self._worker, self._not_read)
        return self._control_api

    async def _huifu(self, request: BaseRequest, endpoint: Endpoint, session: str) -> StreamResponse:
        if request.method != "POST":
            wrong = Problem("the method", f"is {request.method}", "Huifu's endpoints take POST")
            refused = await self._no_endpoint(request, Unread("method", 405, wrong), endpoint.path, session)
            refused.headers["Allow"] = "POST"
            return refused
        began = time.perf_counter()
        try:
            exchange = begun(request) or await self._received(request, endpoint, session)
        except Unread as unread:
            answer = self._not_read(request, unread, endpoint.path, session)
            if isinstance(unread, LeftEarly):
                raise asyncio.CancelledError from None
            return answer
        try:
            if (left_to_do := exchange.left_to_do) is not None:
                exchange.left_to_do = None  # it knows the exchange: both would stay until the collector comes
                await self._look_into(left_to_do)
            spoilt = exchange.active_faults is not NO_FAULTS  # which the journal tells before anything is waited for
            signed = None if spoilt else self._begin_to_sign(exchange)  # while it is being kept
            if (kept := self.mock.store.kept) is not None:
                try:
                    await kept()
                except Unkept as unkept:
                    exchange = undone(exchange, unkept)
            if signed is not None:
                await signed
            return await self._send(request, exchange)
        finally:
            exchange.entry.duration = time.perf_counter() - began
            self._tell(exchange.tenant, exchange.entry)

    async def _received(self, request: BaseRequest, endpoint: Endpoint, session: str) -> Exchange:
        """Read the body, and have the gateway answer it. Raises `Unread`."""
        place = self._bodies.place()
        try:
            body = await self._bodies.read(request, place)
            peer, old = peer_of(request.transport), request.version < HttpVersion11
            sent = ReceivedBytes(body, _raw(request), session, peer, http_1_0=old)
            if self.arriving is not None:
                await self.arriving(endpoint, sent)
            call = await self._worker.run(partial(prepare, endpoint, sent)) if len(body) > APART else None
            if (ready := self.mock.store.ready) is not None:
                call = call or read(endpoint, sent)
                await ready(call.sys_id)
            elif call is None:
                learn(request, Head(endpoint, session, sent.headers, len(body)))
            return self.mock.gateway.receive(endpoint, sent, call, IN_THE_LOOP)
        finally:
            place.leave()

    def answer_known(self, connection: Connection, head: Head, body: bytes) -> bool:
        """Answer a request whose head came before; `False` if `_huifu` has to, or to go on with what began here."""
        if self.arriving is not None or self.mock.store.kept is not None:
            return False  # others are waited for
        began = time.perf_counter()
        sent = ReceivedBytes(body, head.lines, head.session, connection.peer)
        call = read(head.endpoint, sent)
        if self.mock.gateway.may_have_faults(call):
            return False
        exchange = self.mock.gateway.receive(head.endpoint, sent, call, IN_THE_LOOP)
        reply = exchange.reply
        if exchange.left_to_do is not None or reply is None:
            connection.begun = exchange
            return False
        if not reply.is_signed and self._signers is not None and self._is_busy():
            connection.wait()
            self._signers.sign_then(reply, partial(self._answer, connection, exchange, began))
        else:
            self._answer(connection, exchange, began)
        return True

    def _answer(self, connection: Connection, exchange: Exchange, began: float) -> None:
        connection.send(as_bytes(exchange.payload(), headers_of(exchange)))
        exchange.entry.duration = time.perf_counter() - began
        self._tell(exchange.tenant, exchange.entry)

    async def _look_into(self, left_to_do: Callable[[Budget], Callable[[], None]]) -> None:
        """Find out more about a wrong signature, off the event loop and not for ever."""
        budget = Budget(PATIENCE)
        try:
            async with asyncio.timeout(PATIENCE):
                (await self._worker.run(partial(left_to_do, budget)))()
        except TimeoutError:
            return  # the answer says that not everything was tried
        finally:
            budget.stop()

    def _begin_to_sign(self, exchange: Exchange) -> Awaitable[None] | None:
        """Have the reply signed in a thread, where others would wait for the event loop."""
        reply, signers = exchange.reply, self._signers
        if reply is None or reply.is_signed or signers is None:
            return None
        return signers.sign(reply) if self._is_busy() else None

    async def _send(self, request: BaseRequest, exchange: Exchange) -> StreamResponse:
        headers = headers_of(exchange)
        if exchange.active_faults is not NO_FAULTS:
            try:
                return await faulty.send(request, exchange, headers, self._begin_to_sign)
            finally:
                exchange.tenant.journal.grown(exchange.entry)
        return Response(body=exchange.payload(), status=exchange.status, headers=headers)

    def _is_busy(self) -> bool:
        """Whether other clients are connected, who would wait while the event loop signs."""
        readers = self._control_api.streams.readers if self._control_api is not None else 0
        return sum(listener.open for listener in self._listeners) - readers > 1

    def _tell(self, tenant: Tenant, entry: Entry) -> None:
        tenant.journal.changed(entry)
        for watcher in self.watchers:
            watcher(tenant, entry)

    # --- what reaches no endpoint ------------------------------------------------------------------------------

    async def _no_endpoint(self, request: BaseRequest, why: Unread, path: str, session: str) -> Response:
        """Refuse a call, and keep it with its body, which may say whose it is."""
        try:
            why.body = await self._body(request)
        except Unread as broken:
            why.body, why.length = broken.body, broken.length
        return self._not_read(request, why, path, session)

    async def _body(self, request: BaseRequest) -> bytes:
        place = self._bodies.place()
        try:
            return await self._bodies.read(request, place) if request.can_read_body else b""
        finally:
            place.leave()

    def _not_read(self, request: BaseRequest, unread: Unread, path: str = "", session: str = "") -> Response:
        whole = (unread.length, "") if unread.length > len(unread.body) else None
        sent = ReceivedBytes(unread.body, _raw(request), session, peer_of(request.transport), whole)
        path = path or request.rel_url.raw_path
        call = Unmatched(unread.kind, unread.status, unread.problem, sent, request.method, path)
        return self.turn_away(call, language_of(request))

    def turn_away(self, call: Unmatched, language: Language = "en") -> Response:
        """The answer to a call that reached no endpoint, which is kept."""
        refused = problem(call.status or 400, call.problem, language)
        body = refused.body
        assert isinstance(body, bytes)
        try:
            tenant, entry = keep(self.mock.gateway, call, body if call.status is not None else None)
        except Unkept as unkept:
            log.error("a call that reached no endpoint could not be kept: %s", unkept)
            return refused
        refused.headers["Huifu-Mock-Call"] = entry.id
        refused.headers["Huifu-Mock-Hint"] = entry.hint
        self._tell(tenant, entry)
        return refused


def _load_the_rest() -> None:
    explain.load()
    import_module("huifu_mock.http.control_api")


def _request(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> BaseRequest:
    loop = asyncio.get_running_loop()
    return BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=MAX_BODY)


def _raw(request: BaseRequest) -> bytes:
    return b"\r\n".join(name + b": " + value for name, value in request.raw_headers)
