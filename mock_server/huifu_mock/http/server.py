"""The HTTP server: reads a call, passes it to the gateway or the control API, sends the reply."""

import asyncio
import errno
import ipaddress
import json
import logging
import secrets
import socket
import struct
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from aiohttp import HttpVersion11, web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestPayloadError
from aiohttp.web_request import BaseRequest

from huifu_mock.faults import NO_FAULTS
from huifu_mock.gateway.gateway import PATHS, Exchange
from huifu_mock.gateway.mock import Mock, Refused
from huifu_mock.http import page
from huifu_mock.http.control import router
from huifu_mock.http.control.route import ControlResponse
from huifu_mock.http.signer_threads import Signers
from huifu_mock.request import Endpoint, ReceivedBytes
from huifu_mock.schemas import Problem
from huifu_mock.state.journal import Entry

LINGER_0: Final = struct.pack("ii", 1, 0)
"""SO_LINGER on, with no time: closing sends a reset."""


class HttpConnection:
    """See `huifu_mock.faults.wire.ClientConnection`. What is sent becomes the journal entry's response."""

    def __init__(self, request: BaseRequest, entry: Entry, headers: Mapping[str, str], status: int = 200) -> None:
        self._request, self._entry, self._headers, self._status = request, entry, headers, status
        self._response: web.StreamResponse | None = None
        self._gone = False

    async def head(self, length: int, status: int | None = None, headers: Mapping[str, str] | None = None) -> None:
        """See `ClientConnection`."""
        self._entry.response = b""
        response = web.StreamResponse(status=status or self._status, headers={**self._headers, **(headers or {})})
        response.content_length = length
        self._response = response
        await response.prepare(self._request)

    async def write(self, part: bytes, shown: bytes | None = None) -> None:
        """See `ClientConnection`."""
        self._entry.response = (self._entry.response or b"") + (part if shown is None else shown)
        if self._response is not None:
            await self._response.write(part)

    async def wait(self, seconds: float) -> None:
        """See `ClientConnection`."""
        await asyncio.sleep(seconds)  # noqa: TID251 - how slow a wire is counts in real time, whatever the clock says

    async def hang(self) -> None:
        """See `ClientConnection`."""
        await asyncio.get_running_loop().create_future()

    def close(self) -> None:
        """See `ClientConnection`."""
        if (transport := self._request.transport) is not None:
            transport.close()
        self._gone = True

    def reset(self) -> None:
        """See `ClientConnection`."""
        if (transport := self._request.transport) is not None:
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_0)
            transport.abort()
        self._gone = True

    async def end(self) -> web.StreamResponse:
        """What the server needs to know in the end; never returns where the client has been hung up on."""
        if self._gone or self._response is None:
            await self.hang()  # until the lost connection cancels this call
        assert self._response is not None
        return self._response


MAX_BODY: Final = 10 * 1024 * 1024
JSON: Final = "application/json;charset=UTF-8"

log = logging.getLogger("huifu_mock.server")


def _is_ours(record: logging.LogRecord) -> bool:
    """Whether a record is about an error of ours; a client that does not speak HTTP gets one line instead."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, HttpProcessingError):
        log.info("a client sent what is no HTTP: %s", " ".join(str(error).split()))
        return False
    return True


_HTTP_LOG: Final = logging.getLogger("huifu_mock.server.http")
_HTTP_LOG.addFilter(_is_ours)


class CannotListen(OSError):
    """The address cannot be listened on; the message says why and what would be right."""


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only be this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class HttpServer:
    """One `Mock` behind one listening socket, in the running event loop."""

    def __init__(self, mock: Mock, host: str, port: int, control_token: str | None) -> None:
        if not is_loopback(host) and not control_token:
            raise CannotListen(
                f"{host} can be reached from other machines, so the control API needs a token there: "
                "give --control-token, or listen on 127.0.0.1"
            )
        self.mock: Final = mock
        self.host, self.port = host, port
        self.base_url = ""
        self.arriving: Callable[[Endpoint, ReceivedBytes], Coroutine[Any, Any, None]] | None = None
        """Awaited before a call is answered: what must be prepared for it can be prepared there."""
        self._token = control_token
        self._signers: Signers | None = None
        self._runner: web.ServerRunner | None = None
        self._connections: Callable[[], int] = lambda: 0

    async def start(self) -> None:
        """Listen. Raises `CannotListen`."""
        self._signers = Signers(asyncio.get_running_loop())
        server = web.Server(
            self._handle,
            request_factory=_request,
            handler_cancellation=True,
            access_log=None,
            logger=_HTTP_LOG,
            auto_decompress=False,  # no client compresses; what does gets a signed answer that says so
        )
        self._connections = lambda: len(server.connections)
        self._runner = runner = web.ServerRunner(server, shutdown_timeout=0.2)
        try:
            await runner.setup()
            await web.TCPSite(runner, self.host, self.port, backlog=1024).start()
        except OSError as error:
            await self.stop()
            raise CannotListen(_why(self.host, self.port, error)) from error
        self.port = runner.addresses[0][1]
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)
        self.base_url = f"http://{f'[{host}]' if ':' in host and host[0] != '[' else host}:{self.port}"
        loop = asyncio.get_running_loop()
        self.mock.dispatcher.start()
        for tenant in self.mock.gateway:
            tenant.clock.bind(loop)

    async def stop(self) -> None:
        """Stop listening, end what is under way, and let go of every timer."""
        if self._runner is not None:
            await self._runner.cleanup()
        await self.mock.dispatcher.stop()
        for tenant in self.mock.gateway:
            tenant.clock.close()
        if self._signers is not None:
            self._signers.stop()

    async def _handle(self, request: BaseRequest) -> web.StreamResponse:
        path = request.rel_url.raw_path
        endpoint, session = PATHS.get(path), ""
        if endpoint is None and path.startswith("/s/"):
            session, _, rest = path[3:].partition("/")
            endpoint = PATHS.get("/" + rest)
        if endpoint is not None:
            return await self._huifu(request, endpoint, session)
        if (file := page.file_for(path, request.headers.get("Accept", ""))) is not None:
            return self._page(request, path, file)
        if path == "/_mock" or path.startswith("/_mock/"):
            return await self._control(request, path)
        known = ", ".join(PATHS)
        return _problem(404, Problem("the path", f"there is nothing at {path}", f"Huifu's paths here: {known}"))

    async def _huifu(self, request: BaseRequest, endpoint: Endpoint, session: str) -> web.StreamResponse:
        if request.method != "POST":
            refused = _problem(405, Problem("the method", f"is {request.method}", "Huifu's endpoints take POST"))
            refused.headers["Allow"] = "POST"
            return refused
        try:
            body = await _read(request)
        except Refused as refused:
            return _sent(router.problem(refused))
        sent = ReceivedBytes(body, _raw(request), session)
        if self.arriving is not None:
            await self.arriving(endpoint, sent)
        exchange = self.mock.gateway.receive(endpoint, sent)
        headers = {"Content-Type": JSON, "Server": "huifu-mock", "Huifu-Mock-Call": exchange.entry.id}
        if exchange.hint:
            headers["Huifu-Mock-Hint"] = exchange.hint
        if exchange.active_faults is not NO_FAULTS:
            return await _faulty(request, exchange, headers)
        reply = exchange.reply
        if reply is not None and reply.ready is None and self._signers is not None and self._connections() > 1:
            await self._signers.sign(reply)
        return web.Response(body=exchange.payload(), status=exchange.status, headers=headers)

    def _page(self, request: BaseRequest, path: str, file: Path) -> web.Response:
        """A file of the console. It holds no secret, so no token is asked for: the page itself asks for it."""
        if (refused := self._stranger(request)) is not None:
            return refused
        if request.method not in ("GET", "HEAD"):
            refused = _problem(405, Problem("the method", f"is {request.method}", "pages and their files take GET"))
            refused.headers["Allow"] = "GET, HEAD"
            return refused
        if (found := page.answer(request, file)) is not None:
            return found
        return _problem(404, Problem("the path", f"there is nothing at {path}", "the console is at /_mock/"))

    async def _control(self, request: BaseRequest, path: str) -> web.Response:
        refused = self._guard(request)
        if refused is not None:
            return refused
        query = dict(request.rel_url.query)
        try:
            body = await _read(request) if request.can_read_body else router.MISSING
        except Refused as unread:
            return _sent(router.problem(unread))
        return _sent(await router.dispatch(self.mock, self.base_url, request.method, path, query=query, body=body))

    def _guard(self, request: BaseRequest) -> web.Response | None:
        """What the control API answers whom it does not serve."""
        refused = self._stranger(request)
        return refused if refused is not None else self._unsigned(request)

    def _stranger(self, request: BaseRequest) -> web.Response | None:
        """Keep out web pages that reach this port through somebody's browser (DNS rebinding)."""
        origin = request.headers.get("Origin")
        if origin is not None and not self._is_ours(_host(origin) or origin):
            wanted = "the control API is not for web pages of other sites"
            return _problem(403, Problem("Origin", f"is {origin}", wanted))
        host = _host(f"//{request.headers.get('Host', '')}")
        if not self._token and not self._is_ours(host):
            wanted = f"call it as 127.0.0.1 or localhost, as in {self.base_url}"
            return _problem(403, Problem("Host", f'is "{host}"', wanted))
        return None

    def _unsigned(self, request: BaseRequest) -> web.Response | None:
        """Where a control token is set, keep out who does not send it."""
        sent = request.headers.get("Authorization", "")
        if not self._token or secrets.compare_digest(
            sent.encode(errors="surrogateescape"), f"Bearer {self._token}".encode()
        ):
            return None
        wanted = "send Authorization: Bearer and the value of --control-token"
        refused = _problem(401, Problem("Authorization", "the control token is missing or wrong", wanted))
        refused.headers["WWW-Authenticate"] = 'Bearer realm="huifu-mock"'
        return refused

    def _is_ours(self, host: str) -> bool:
        return is_loopback(host) or host == self.host


def _request(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> BaseRequest:
    loop = asyncio.get_running_loop()
    return BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=MAX_BODY + 1)


async def _read(request: BaseRequest) -> bytes:
    """The whole body. Raises `Refused`: 413 over 10 MiB, 400 where its chunks cannot be read."""
    if (request.content_length or 0) > MAX_BODY:
        raise Refused(413, _TOO_LARGE)
    if request.headers.get("Expect", "").lower() == "100-continue" and request.version >= HttpVersion11:
        # the low-level server leaves this to us; .NET holds back the body until it is told to go on
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0
    try:
        body = await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        raise Refused(413, _TOO_LARGE) from error
    except RequestPayloadError as error:
        said = f"cannot be read: {' '.join(str(error).split())}"
        wanted = "send it with Content-Length, or in well-formed chunks"
        raise Refused(400, Problem("the body", said, wanted)) from error
    if len(body) > MAX_BODY:
        raise Refused(413, _TOO_LARGE)
    return body


_TOO_LARGE: Final = Problem("the body", "is larger than 10 MiB", "Huifu's limit is 10 MB; a close has about 600 bytes")


def _host(url: str) -> str:
    """The host that a URL names; empty if it names none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


async def _faulty(request: BaseRequest, exchange: Exchange, headers: dict[str, str]) -> web.StreamResponse:
    """Send an answer in the way that the prepared faults want; the journal keeps what was really sent."""
    active_faults, entry, body = exchange.active_faults, exchange.entry, exchange.payload()
    entry.reply = entry.response = None
    connection = HttpConnection(request, entry, headers, exchange.status)
    faults = [fault for layer in ("pace", "wire") if (fault := active_faults.on(layer)) is not None]
    for fault in faults:
        active_faults.applied(fault)  # before anything is waited for, so that no other call takes it too
    for fault in faults:
        if fault.kind is not None:
            await fault.kind.act(connection, body, fault.do)
    if active_faults.on("wire") is None:
        await connection.head(len(body))
        await connection.write(body)
    active_faults.replied()
    return await connection.end()


def _raw(request: BaseRequest) -> bytes:
    return b"\r\n".join(name + b": " + value for name, value in request.raw_headers)


def _problem(status: int, problem: Problem) -> web.Response:
    return _sent(router.problem(Refused(status, problem)))


def _sent(response: ControlResponse) -> web.Response:
    headers = {"Server": "huifu-mock", "Content-Type": JSON, **response.headers}
    if response.body is None:
        del headers["Content-Type"]
        return web.Response(status=response.status, headers=headers)
    # what was sent may be quoted, and a path or header may hold bytes that are no characters
    body = json.dumps(response.body, ensure_ascii=False).encode(errors="replace")
    return web.Response(body=body, status=response.status, headers=headers)


def _why(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} of {host} is taken; stop what listens there, "
            "or choose another with --port (0 picks a free one)"
        )
    if error.errno == errno.EACCES:
        return f"port {port} needs privileges; choose one above 1023"
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine; 127.0.0.1 is the usual one"
    return f"cannot listen on {host}:{port}: {error.strerror or error}"
