"""The listener for clients that call Huifu's real hosts: one port for an HTTP proxy, SOCKS5, and TLS by SNI.

Calls to Huifu's hosts go into the same handler as any other; other hosts are refused, or let through where that is
wanted. Nothing here decides an answer. What could not be served is logged once and kept in the journal.
"""

import asyncio
import errno
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from weakref import WeakKeyDictionary

from aiohttp.web_request import BaseRequest
from aiohttp.web_response import Response, StreamResponse

from huifu_mock.hosts import DOMAINS, is_huifu
from huifu_mock.http.address import CannotListen, cannot_listen, host_of, is_loopback
from huifu_mock.http.answers import last_answer
from huifu_mock.http.connection import Listener
from huifu_mock.http.intercept import diagnosis
from huifu_mock.http.intercept.authority import Authority, BadAuthority
from huifu_mock.http.intercept.opening import (
    FORBIDDEN,
    TLS,
    UNREACHABLE,
    NotUnderstood,
    Opening,
    Target,
    granted,
    socks_reply,
    target_of,
)
from huifu_mock.http.intercept.relay import Relay, Unreachable
from huifu_mock.http.intercept.watched import Watched
from huifu_mock.http.server import HttpServer
from huifu_mock.http.unmatched import Unmatched
from huifu_mock.request import ReceivedBytes
from huifu_mock.schemas import Problem

STAND_IN: Final = "192.0.2.1"
"""What a hosts file for Java names as Huifu's address: TEST-NET-1, of which no packet is ever routed (RFC 5737)."""
PATIENCE: Final = 10.0
"""Real seconds for an opening and for a TLS handshake."""
MOST_REMARKS: Final = 1000

log = logging.getLogger("huifu_mock.intercept")


@dataclass(frozen=True, slots=True)
class InterceptOptions:
    """Where to listen, and what to do with other hosts."""

    host: str = "127.0.0.1"
    port: int | None = 0
    """For proxies and TLS; 0 picks a free one, `None` opens none."""
    tls_port: int | None = None
    """A port for direct TLS alone, such as 443."""
    ca_dir: Path | None = None
    """Where the CA is kept; `None` makes a new one for this run."""
    ca_cert: Path | None = None
    """Where the CA's certificate is written for clients; not its key."""
    tunnel: bool = False
    """Whether other hosts are let through."""
    proxy: str | None = None
    """The proxy by which other hosts are let through."""
    patience: float = PATIENCE


class Interceptor:
    """Listens beside an `HttpServer` that runs, in its event loop, and passes it what is meant for Huifu.

    Raises `BadAuthority` and `BadProxy`.
    """

    def __init__(self, server: HttpServer, options: InterceptOptions) -> None:
        self._server, self._options = server, options
        self.authority: Final = Authority.kept(options.ca_dir) if options.ca_dir else Authority.new()
        self.port, self.tls_port = options.port, options.tls_port
        self._relay = Relay(options.proxy)
        self._http: Listener | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._listening: list[socket.socket] = []
        self._remarks: set[str] = set()
        self._misnamed: WeakKeyDictionary[ssl.SSLObject, str] = WeakKeyDictionary()
        """TLS connections for a host that is not Huifu's."""
        self._local = is_loopback(options.host)

    async def start(self) -> None:
        """Listen. Raises `CannotListen` and `BadAuthority`."""
        if self._options.tunnel and not self._local:
            raise CannotListen(
                f"--intercept-others tunnel on {self._options.host} would be an open proxy for everybody who reaches "
                "it; listen on 127.0.0.1, or leave other hosts refused"
            )
        self._http = self._server.listener(self._handle)
        self.authority.context("").sni_callback = self._named
        try:
            if self.port is not None:
                self.port = self._listen(self.port, "--intercept", self._opened)
            if self.tls_port is not None:
                self.tls_port = self._listen(self.tls_port, "--tls-port", self._tls_only)
            if self._options.ca_cert is not None:
                self.authority.publish(self._options.ca_cert)
        except (CannotListen, BadAuthority):
            await self.stop()
            raise
        self._server.on_stop.append(self.stop)
        self._server.mock.interception = {
            "host": self._options.host,
            "port": self.port,
            "tls_port": self.tls_port,
            "others": "tunnel" if self._options.tunnel else "refuse",
            "ca_pem": self.authority.pem,
        }

    async def stop(self) -> None:
        """Stop listening, and end what is under way; twice is fine."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        while self._listening:
            self._listening.pop().close()
        if self._http is not None:
            await self._http.stop()
        self._server.mock.interception = None

    # --- accepting

    def _listen(self, port: int, option: str, opened: "Opened") -> int:
        host = self._options.host
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            listening = socket.create_server((host, port), family=family, backlog=1024)
        except OSError as error:
            raise why_not(host, port, option, error) from error
        listening.setblocking(False)
        self._listening.append(listening)
        self._run(self._accept(listening, opened))
        return int(listening.getsockname()[1])

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accept(self, listening: socket.socket, opened: "Opened") -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                sock, _ = await loop.sock_accept(listening)
            except OSError as error:  # no file descriptor is free, most often
                self._remark(f"a connection cannot be accepted: {error.strerror or error}")
                await asyncio.sleep(1)  # noqa: TID251 - the operating system's files come free in real time
                continue
            if len(self._tasks) > self._server.limits.connections:
                self._remark(f"{self._server.limits.connections} connections are being opened, and no more are taken")
                sock.close()
                continue
            self._run(self._serve(sock, opened))

    async def _serve(self, sock: socket.socket, opened: "Opened") -> None:
        """One connection from its first byte until it is handed over or closed."""
        sock.setblocking(False)
        opening, handed_over = Opening(sock), False
        try:
            handed_over = await opened(opening)
        except NotUnderstood as error:
            answer = self._kept("opening", error.status, error.problem, error.first)
            await self._last_word(opening, error.reply or (last_answer(answer) if error.status else b""))
        except TimeoutError:
            await self._last_word(opening, self._too_slow(408 if opening.expects_http else None))
        except ConnectionAbortedError:  # so asyncio calls a TLS handshake that takes too long
            self._too_slow(None)
        except OSError as error:
            self.ended(error)
        finally:
            if not handed_over:
                sock.close()

    def _too_slow(self, status: int | None) -> bytes:
        said = f"did not go on within {self._options.patience:g} s"
        answer = self._kept("slow", status, Problem("the opening", said, "send it in one go"))
        return last_answer(answer) if status is not None else b""

    async def _last_word(self, opening: Opening, reply: bytes) -> None:
        if not reply:
            return
        try:
            async with asyncio.timeout(self._options.patience):
                await opening.send(reply)
                opening.sock.shutdown(socket.SHUT_WR)
                while await asyncio.get_running_loop().sock_recv(opening.sock, 4096):
                    pass  # what it still sends: closing over unread bytes would reset, and lose the answer
        except (OSError, TimeoutError):
            return

    # --- one connection

    async def _opened(self, opening: Opening) -> bool:
        async with asyncio.timeout(self._options.patience):
            if not (first := await opening.peek()):
                return False
            target = await target_of(opening, first[0])
        if target is None:
            return await self._hand_over(opening, first[0])
        if not is_huifu(target.host) and target.host != STAND_IN:
            await self._other(opening, target)
            return False
        async with asyncio.timeout(self._options.patience):
            await opening.send(granted(target))
            if not (first := await opening.peek()):
                return False
        if first[0] != TLS and not first.isalpha():
            problem = Problem("the connection", f"begins with 0x{first.hex()} after {target.route} {target}", _TALK)
            raise NotUnderstood(problem, first=first)
        return await self._hand_over(opening, first[0])

    async def _tls_only(self, opening: Opening) -> bool:
        async with asyncio.timeout(self._options.patience):
            first = await opening.peek(64)
        if first and first[0] != TLS:
            wanted = f"call it as https://, or call {self._server.base_url} for plain HTTP"
            problem = Problem("the connection", f"is no TLS, and port {self.tls_port} speaks TLS alone", wanted)
            raise NotUnderstood(problem, status=400, first=first)
        return bool(first) and await self._hand_over(opening, TLS)

    async def _hand_over(self, opening: Opening, first: int) -> bool:
        """Give the connection, with everything that it has sent so far, to TLS and HTTP."""
        http, context = self._http, self.authority.context("") if first == TLS else None
        assert http is not None
        await asyncio.get_running_loop().connect_accepted_socket(
            lambda: Watched(http(), self),
            opening.sock,
            ssl=context,
            ssl_handshake_timeout=self._options.patience if context else None,
        )
        return True

    async def _other(self, opening: Opening, target: Target) -> None:
        if self._passes(target.host):
            try:
                await self._relay.tunnel(opening, target)
            except Unreachable as error:
                problem = Problem("the other host", str(error), "see whether it answers without huifu-mock")
                await self._answer(
                    opening, target, self._kept("elsewhere", 502, problem, path=str(target)), UNREACHABLE
                )
            return
        await self._answer(opening, target, self._refused(str(target), target.route), FORBIDDEN)

    async def _answer(self, opening: Opening, target: Target, answer: Response, code: int) -> None:
        await self._last_word(opening, socks_reply(code) if target.route == "SOCKS5" else last_answer(answer))

    def _passes(self, host: str) -> bool:
        return self._local and (self._options.tunnel or is_loopback(host))

    def _named(self, connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        """Choose the certificate for the name that a client gives in its first TLS message (SNI)."""
        named = (name or "").lower().rstrip(".")
        if named and not is_huifu(named):  # it gets Huifu's certificate, and a clear answer if that is fine for it
            self._refused(named, "TLS")
            self._misnamed[connection] = named
            return
        connection.context = self.authority.context(named)

    def ended(self, error: Exception | None, *, silent: ssl.SSLObject | None = None) -> None:
        """A connection ended, by an error or, `silent`, by the client before it had sent a request over TLS."""
        said = diagnosis.explained(error) if error is not None else None
        if silent is not None and silent not in self._misnamed:
            said = diagnosis.SILENT
        if said is not None:
            self._kept("certificate", None, said)

    def wants_http2(self) -> None:
        """A client spoke HTTP/2 without having negotiated it."""
        self._kept("opening", None, diagnosis.HTTP2, diagnosis.PREFACE)

    # --- one request

    async def _handle(self, request: BaseRequest) -> StreamResponse:
        """A request that came by TLS, through a tunnel, or as a proxy's, which names the host in its first line."""
        absolute = not request.raw_path.startswith("/")
        host = host_of(request.raw_path if absolute else f"//{request.headers.get('Host', '')}")
        tls = request.transport.get_extra_info("ssl_object") if request.transport is not None else None
        if tls is not None and (named := self._misnamed.get(tls)) is not None:
            return self._refused(named, request.method)
        if is_huifu(host) or (tls is not None and not absolute):
            return await self._server.handle(request)
        if not absolute:
            wanted = f"use it as the proxy of clients that call {DOMAINS[0]}; the gateway is at {self._server.base_url}"
            problem = Problem("this port", f"is no gateway to be called as {host!r}", wanted)
            return self._kept("elsewhere", 421, problem, method=request.method, path=request.raw_path)
        if self._passes(host):
            try:
                return await self._relay.forward(request, await request.read())
            except Unreachable as error:
                problem = Problem("the other host", str(error), "see whether it answers without huifu-mock")
                return self._kept("elsewhere", 502, problem, method=request.method, path=request.raw_path)
        return self._refused(host, request.method, request.raw_path)

    # --- what is kept and logged

    def _refused(self, host: str, route: str, path: str = "") -> Response:
        """The answer to a call of a host that is not Huifu's."""
        wanted = (
            f"only hosts of {', '.join(DOMAINS)} are served; let a host of your own through with NO_PROXY=HOST in the "
            "environment, or all of them with --intercept-others tunnel"
        )
        problem = Problem(f"the host ({route})", f"{host!r} is not Huifu's", wanted)
        return self._kept("elsewhere", 403, problem, method=route, path=path or host)

    def _kept(
        self, kind: str, status: int | None, problem: Problem, first: bytes = b"", *, method: str = "", path: str = ""
    ) -> Response:
        """Keep a call that was not served in the journal, log it, and answer it."""
        self._remark(str(problem))
        return self._server.turn_away(Unmatched(kind, status, problem, ReceivedBytes(first), method, path))

    def _remark(self, said: str) -> None:
        """Log a warning, each only once, so that ten thousand of one kind are one line."""
        if said not in self._remarks and len(self._remarks) < MOST_REMARKS:
            self._remarks.add(said)
            log.warning("%s", said)


Opened = Callable[[Opening], Awaitable[bool]]
_TALK: Final = "speak TLS or HTTP there"


def why_not(host: str, port: int, option: str, error: OSError) -> CannotListen:
    """Why a port cannot be listened on, and what would be right."""
    if error.errno == errno.EADDRINUSE:
        wanted = f"stop what listens there, or choose another with {option}"
        return CannotListen(f"port {port} of {host} is taken; {wanted}")
    if error.errno == errno.EACCES:
        return CannotListen(
            f"port {port} needs privileges that this process does not have; there are two ways out: let ordinary "
            f"processes listen there (as root: sysctl net.ipv4.ip_unprivileged_port_start={port}; containers mostly "
            "allow it already), or leave --tls-port out and reach --intercept by the proxy variables, which needs none"
        )
    return cannot_listen(host, port, error)
