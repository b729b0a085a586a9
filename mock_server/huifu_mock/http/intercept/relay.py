"""Letting calls to other hosts through: raw bytes of a tunnel, and plain HTTP requests; by a proxy where one is set."""

import asyncio
import base64
from contextlib import suppress
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

import aiohttp
from aiohttp.web_request import BaseRequest
from aiohttp.web_response import Response
from yarl import URL

from huifu_mock.http.address import CannotIntercept
from huifu_mock.http.intercept.opening import Opening, Target, granted

CHUNK: Final = 64 * 1024
PATIENCE: Final = 30.0
"""Real seconds to reach another host."""
LOCAL: Final = ("localhost", "127.0.0.1", "::1")
HOP: Final = {
    "connection", "content-length", "host", "keep-alive", "proxy-authenticate", "proxy-authorization",
    "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
}  # fmt: skip
"""Headers that are for one hop only."""


class Unreachable(Exception):
    """The other host, or the proxy before it, does not answer."""


class BadProxy(CannotIntercept, ValueError):
    """A proxy's address that cannot be used; the message says what would be right."""


class Relay:
    """The way to other hosts. `proxy` is the URL of a proxy that was set before, such as http://10.0.0.1:3128."""

    def __init__(self, proxy: str | None = None) -> None:
        self._proxy = _parsed(proxy) if proxy else None

    async def tunnel(self, opening: Opening, target: Target) -> None:
        """Connect the client with its target, until one of them ends. Raises `Unreachable` before the first byte."""
        try:
            async with asyncio.timeout(PATIENCE):
                away = await self._connected(target)
        except (OSError, ValueError, EOFError) as error:
            raise Unreachable(f"{target} cannot be reached: {_words(error)}") from error
        near = None
        try:
            await opening.send(granted(target))
            near = await asyncio.open_connection(sock=opening.sock)
            pumps = [asyncio.create_task(_pump(near[0], away[1])), asyncio.create_task(_pump(away[0], near[1]))]
            try:
                await asyncio.wait(pumps)
            finally:
                for pump in pumps:
                    pump.cancel()
        finally:
            for end in filter(None, (near, away)):
                end[1].close()
                with suppress(OSError):
                    await end[1].wait_closed()

    async def _connected(self, target: Target) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._proxy is None or target.host in LOCAL:
            return await asyncio.open_connection(target.host, target.port)
        reader, writer = await asyncio.open_connection(self._proxy.hostname, self._proxy.port or 80)
        try:
            writer.write(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{self._credentials()}\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
        except BaseException:
            writer.close()
            raise
        if head.split(b" ")[1:2] != [b"200"]:
            writer.close()
            raise OSError(f"the proxy {self._proxy.hostname} answers {head.splitlines()[0].decode('latin-1')}")
        return reader, writer

    def _credentials(self) -> str:
        if self._proxy is None or self._proxy.username is None:
            return ""
        pair = f"{unquote(self._proxy.username)}:{unquote(self._proxy.password or '')}"
        return f"Proxy-Authorization: Basic {base64.b64encode(pair.encode()).decode()}\r\n"

    async def forward(self, request: BaseRequest, body: bytes) -> Response:
        """Send a plain HTTP request on. Raises `Unreachable`."""
        headers = [(name, value) for name, value in request.headers.items() if name.lower() not in HOP]
        url = URL(request.raw_path)  # as it was written: https:// too, which some clients send to a proxy so
        proxy = self._proxy.geturl() if self._proxy and url.host not in LOCAL else None
        try:
            async with (
                aiohttp.ClientSession(
                    auto_decompress=False,
                    skip_auto_headers=("User-Agent", "Accept-Encoding", "Content-Type", "Accept"),
                    timeout=aiohttp.ClientTimeout(connect=PATIENCE),
                ) as session,
                session.request(
                    request.method, url, headers=headers, data=body or None, proxy=proxy, allow_redirects=False
                ) as answer,
            ):
                kept = [(name, value) for name, value in answer.headers.items() if name.lower() not in HOP]
                return Response(status=answer.status, body=await answer.read(), headers=kept)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Unreachable(f"{url} cannot be reached: {_words(error)}") from error


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Bytes from one end to the other; the end of one direction is passed on, the other may go on."""
    try:
        while part := await source.read(CHUNK):
            sink.write(part)
            await sink.drain()
        if sink.can_write_eof():
            sink.write_eof()
    except OSError:
        sink.transport.abort()


def _parsed(proxy: str) -> SplitResult:
    parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    if parts.scheme != "http" or not parts.hostname:
        said = f"the proxy {parts.scheme}://{parts.hostname or ''} of the environment cannot be used for other hosts"
        raise BadProxy(f"{said}: only a plain HTTP proxy can, such as http://10.0.0.1:3128")
    return parts
