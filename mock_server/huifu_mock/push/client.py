"""One HTTP call to a receiver: guarded, without redirects, cookies or proxies, and with a word for every failure."""

import asyncio
import socket
from typing import TYPE_CHECKING, Any, Final

from huifu_mock.push.answer import Answered, Trouble
from huifu_mock.push.message import Message
from huifu_mock.push.target import Refused, Targets

if TYPE_CHECKING:
    import aiohttp

KEPT: Final = 512
"""How many bytes of a receiver's answer are read."""


class Client:
    """Calls receivers from one event loop. `timeout` is real seconds for one whole call."""

    def __init__(self, targets: Targets, timeout: float, concurrent: int) -> None:
        import aiohttp
        from aiohttp.abc import AbstractResolver

        guard = _Guard(targets)

        class Resolver(AbstractResolver):
            """Resolves a name once, and gives only addresses that were checked."""

            async def resolve(self, host: str, port: int = 0, family: Any = socket.AF_INET) -> Any:  # noqa: ARG002 - aiohttp names it
                return await guard.resolve(host, port)

            async def close(self) -> None:
                """There is nothing to close."""

        self._guard = guard
        self._timeout = timeout
        # a test receiver makes its own certificate, and Huifu checks no host name (for webhooks assumed)
        connector = aiohttp.TCPConnector(
            ssl=False, resolver=Resolver(), use_dns_cache=False, force_close=True, limit=concurrent
        )
        self._session: aiohttp.ClientSession = aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=timeout),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=("Accept-Encoding",),
        )

    async def post(self, message: Message) -> Answered:
        """Send it once; whatever happens is an `Answered`."""
        import aiohttp
        from yarl import URL

        try:
            url = URL(message.url, encoded=True)
            if not url.host:
                raise ValueError("it names no host")
            self._guard.check_literal(url.host, url.port or 80)
            headers = {
                "Content-Type": message.channel.content_type, "User-Agent": "huifu-mock", **dict(message.headers)
            }  # fmt: skip
            async with self._session.post(url, data=message.body(), headers=headers, allow_redirects=False) as response:
                return Answered(
                    response.status,
                    response.content_type,
                    response.headers.get("Location", ""),
                    await _beginning(response.content),
                )
        except Refused as error:
            return Answered(trouble="refused", detail=str(error))
        except TimeoutError:
            return Answered(trouble="timeout", detail=f"{self._timeout:g}")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Answered(trouble=_trouble(error), detail=_said(error))

    async def close(self) -> None:
        await self._session.close()


class _Guard:
    """Looks up names and lets only allowed addresses through."""

    def __init__(self, targets: Targets) -> None:
        self._targets = targets

    def check_literal(self, host: str, port: int) -> None:
        """Refuse an address that stands in the URL itself; names are checked when they are resolved."""
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        except OSError:
            return
        self._targets.check(host, port, [str(address[0]) for *_, address in found])

    async def resolve(self, host: str, port: int) -> list[dict[str, Any]]:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        families = {str(address[0]): family for family, _, _, _, address in found}
        return [
            {
                "hostname": host,
                "host": address,
                "port": port,
                "family": families[address],
                "proto": 0,
                "flags": socket.AI_NUMERICHOST,
            }
            for address in self._targets.check(host, port, families)
        ]


async def _beginning(content: "aiohttp.StreamReader") -> bytes:
    kept = b""
    while len(kept) < KEPT and (more := await content.read(KEPT - len(kept))):
        kept += more
    return kept


def _trouble(error: Exception) -> Trouble:
    import aiohttp

    kinds: tuple[tuple[type[Exception], Trouble], ...] = (
        (aiohttp.InvalidURL, "url"),
        (aiohttp.ClientConnectorDNSError, "unknown-host"),
        (aiohttp.ClientSSLError, "tls"),
        (aiohttp.ClientConnectorError, "unreachable"),
        (aiohttp.ServerDisconnectedError, "disconnected"),
        (aiohttp.ClientOSError, "disconnected"),
        (aiohttp.ClientPayloadError, "disconnected"),
        (aiohttp.ClientError, "http"),
        (OSError, "unreachable"),
        (ValueError, "url"),
    )
    return next(trouble for kind, trouble in kinds if isinstance(error, kind))


def _said(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200] or type(error).__name__
