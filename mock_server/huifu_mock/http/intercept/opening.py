"""The opening of a connection: an HTTP proxy's CONNECT, SOCKS5, TLS or plain HTTP, told apart by the first byte.

Bytes are looked at first and taken only once they are understood, so that TLS and HTTP get theirs untouched.
"""

import asyncio
import ipaddress
import re
import socket
from dataclasses import dataclass
from typing import Final, Literal

from huifu_mock.schemas import Problem

MOST_HEAD: Final = 16 * 1024
SHOWN: Final = 1024
"""So many of the first bytes are kept of what is not understood."""
TLS: Final = 0x16
SOCKS4: Final = 0x04
SOCKS5: Final = 0x05
NO_AUTHENTICATION, NO_METHOD = 0x00, 0xFF
GRANTED, FORBIDDEN, UNREACHABLE, NOT_A_COMMAND, NOT_AN_ADDRESS = 0x00, 0x02, 0x04, 0x07, 0x08
CONNECT: Final = 0x01
IPV4, NAME, IPV6 = 0x01, 0x03, 0x04
TARGET: Final = re.compile(rb"CONNECT (?:\[([0-9A-Fa-f:.]+)\]|([^\s:\[\]]+)):([0-9]{1,5}) HTTP/1\.[01]\r\n")

Route = Literal["CONNECT", "SOCKS5"]


class NotUnderstood(Exception):
    """The opening is none of ours. `status` is that of an answer in HTTP, where the client expects one; `reply` is
    another answer; `first` are the first bytes that came.
    """

    def __init__(self, problem: Problem, *, status: int | None = None, reply: bytes = b"", first: bytes = b"") -> None:
        super().__init__(str(problem))
        self.problem, self.status, self.reply, self.first = problem, status, reply, first


@dataclass(frozen=True, slots=True)
class Target:
    """Where a client of a proxy wants to go."""

    host: str
    port: int
    route: Route

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Opening:
    """A connection of which nothing was read yet."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock: Final = sock
        self.expects_http = False
        """Whether an answer in HTTP would be understood."""

    async def peek(self, count: int = 1) -> bytes:
        """What has come, at most `count` bytes, without taking it; empty if the client has closed."""
        while True:
            try:
                return self.sock.recv(count, socket.MSG_PEEK)
            except BlockingIOError:
                await self._readable()

    async def take(self, count: int) -> bytes:
        """Exactly `count` bytes. Raises `NotUnderstood` if the client closes before."""
        taken = b""
        while len(taken) < count:
            part = await asyncio.get_running_loop().sock_recv(self.sock, count - len(taken))
            if not part:
                raise NotUnderstood(
                    Problem("the opening", "breaks off: the client hung up", "send it whole"), first=taken
                )
            taken += part
        return taken

    async def take_head(self) -> bytes:
        """Everything up to and with the first empty line. Raises `NotUnderstood`."""
        taken = b""
        while len(taken) < MOST_HEAD:
            seen = await self.peek(4096)
            end = (taken + seen).find(b"\r\n\r\n")
            taken += await self.take(max(len(seen), 1) if end < 0 else end + 4 - len(taken))
            if end >= 0:
                return taken
        problem = Problem("CONNECT", "has a head of more than 16 KiB", "send fewer headers")
        raise NotUnderstood(problem, status=431, first=taken[:SHOWN])

    async def send(self, reply: bytes) -> None:
        """Answer."""
        await asyncio.get_running_loop().sock_sendall(self.sock, reply)

    async def _readable(self) -> None:
        loop, number = asyncio.get_running_loop(), self.sock.fileno()
        ready = loop.create_future()
        loop.add_reader(number, _done, ready)
        try:
            await ready
        finally:
            loop.remove_reader(number)


async def target_of(opening: Opening, first: int) -> Target | None:
    """Where the client of a proxy wants to go; `None` for TLS and plain HTTP, which are left as they are.

    Raises `NotUnderstood`.
    """
    if first == SOCKS5:
        return await _socks5(opening)
    if first == ord("C"):  # no method of HTTP but CONNECT begins so
        opening.expects_http = True
        return await _connect(opening)
    if first == SOCKS4:
        problem = Problem("SOCKS4", "is not spoken here", "use SOCKS5, or the port as an HTTP proxy")
        raise NotUnderstood(problem, reply=b"\x00\x5b" + bytes(6))
    if first != TLS and not chr(first).isalpha():
        problem = Problem("the connection", f"begins with 0x{first:02x}", "speak HTTP, SOCKS5 or TLS")
        raise NotUnderstood(problem, first=await opening.peek(SHOWN))
    return None


async def _connect(opening: Opening) -> Target:
    head = await opening.take_head()
    found = TARGET.match(head)
    if found is None or int(found[3]) > 65535:
        line = head.partition(b"\r\n")[0][:80].decode("latin-1")
        wanted = "ask a proxy with a line such as: CONNECT api.huifu.com:443 HTTP/1.1"
        raise NotUnderstood(Problem("the first line", f"is {line!r}", wanted), status=400, first=head[:SHOWN])
    return Target((found[1] or found[2]).decode("latin-1"), int(found[3]), "CONNECT")


async def _socks5(opening: Opening) -> Target:
    methods = await opening.take((await opening.take(2))[1])
    if NO_AUTHENTICATION not in methods:
        raise _socks("asks for a user name or another authentication", "leave them out", NO_METHOD)
    await opening.send(bytes((SOCKS5, NO_AUTHENTICATION)))
    _, command, _, kind = await opening.take(4)
    if kind == NAME:
        host = (await opening.take((await opening.take(1))[0])).decode("latin-1")
    elif kind in (IPV4, IPV6):
        host = str(ipaddress.ip_address(await opening.take(4 if kind == IPV4 else 16)))
    else:
        raise _socks(f"gives an address of kind {kind}", "give a name, IPv4 or IPv6", NOT_AN_ADDRESS)
    port = int.from_bytes(await opening.take(2))
    if command != CONNECT:
        raise _socks(f"gives command {command}", "only CONNECT (1) is served", NOT_A_COMMAND)
    return Target(host, port, "SOCKS5")


def _socks(said: str, wanted: str, code: int) -> NotUnderstood:
    reply = bytes((SOCKS5, NO_METHOD)) if code == NO_METHOD else socks_reply(code)
    return NotUnderstood(Problem("SOCKS5", said, wanted), reply=reply)


def socks_reply(code: int) -> bytes:
    """The answer to a SOCKS5 request."""
    return bytes((SOCKS5, code, 0, IPV4)) + bytes(6)


def granted(target: Target) -> bytes:
    """The answer to a client that may go on."""
    return socks_reply(GRANTED) if target.route == "SOCKS5" else b"HTTP/1.1 200 Connection established\r\n\r\n"


def _done(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)
