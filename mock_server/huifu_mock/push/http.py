"""The HTTP client of pushes, and the addresses that it may call: this machine, and what was allowed."""

import asyncio
import ipaddress
import os
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from huifu_mock.push.message import Message, ReceiverResponse, Trouble

if TYPE_CHECKING:
    import aiohttp


Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class BadTarget(ValueError):
    """What was given to `--push-allow` is no host, address or network."""


class Refused(Exception):
    """A push must not go there."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.zh: Final = zh


@dataclass(frozen=True, slots=True)
class Allowed:
    """One `--push-allow`: a host name or a network, and a port or any."""

    host: str = ""
    network: Network | None = None
    port: int | None = None

    def fits(self, host: str, port: int, address: Address) -> bool:
        """Whether a call of `host`, which was resolved to `address`, is allowed by it."""
        if self.port is not None and self.port != port:
            return False
        return address in self.network if self.network is not None else host == self.host


def parse(text: str) -> Allowed:
    """An `Allowed` from HOST[:PORT], an address with or without a port, or a network. Raises `BadTarget`."""
    bare = text.strip().lower()
    try:
        return Allowed(network=ipaddress.ip_network(bare.strip("[]"), strict=False))
    except ValueError:
        host, colon, digits = bare.rpartition(":") if ":" in bare else (bare, "", "")
    if "/" in bare or not host or (colon and not (digits.isdecimal() and 0 < int(digits) < 65536)):
        raise BadTarget(f'"{text}" cannot be allowed; use a host, HOST:PORT, an address, or a network as 10.0.0.0/8')
    port = int(digits) if colon else None
    try:
        return Allowed(network=ipaddress.ip_network(host.strip("[]")), port=port)
    except ValueError:
        return Allowed(host=host.rstrip("."), port=port)


class Targets:
    """The addresses that pushes may go to. Loopback always may."""

    def __init__(self, allow: Iterable[str] = ()) -> None:
        self._allowed: Final = [parse(text) for text in allow]

    def check(self, host: str, port: int, addresses: Iterable[str]) -> list[str]:
        """Of the addresses that a host was resolved to, those that may be called. Raises `Refused` if none may."""
        addresses = list(addresses)
        found = [text for text in addresses if self._may(host.lower().rstrip("."), port, _address(text))]
        if not found:
            shown = ", ".join(dict.fromkeys(addresses))
            where = shown if host in addresses else f"{host} ({shown})"
            allow = f"--push-allow {_bracketed(host)}:{port}"
            raise Refused(
                f"{where} is not this machine; allow it with {allow} (in Python push_allow=[…])",
                f"{where} 不是本机；可用 {allow} 允许（Python 中为 push_allow=[…]）",
            )
        return found

    def needed(self, host: str, port: int) -> str:
        """The `--push-allow` that a host needs, if it is not this machine; empty where one given may cover it."""
        if any(one.network is not None or one.host == host for one in self._allowed):
            return ""
        return f"--push-allow {_bracketed(host)}:{port}"

    def _may(self, host: str, port: int, address: Address) -> bool:
        return address.is_loopback or any(one.fits(host, port, address) for one in self._allowed)


def _address(text: str) -> Address:
    address = ipaddress.ip_address(text.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped if isinstance(mapped, ipaddress.IPv4Address) else address


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


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

    async def post(self, message: Message) -> ReceiverResponse:
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
                return ReceiverResponse(
                    response.status,
                    response.content_type,
                    response.headers.get("Location", ""),
                    await _beginning(response.content),
                )
        except Refused as error:
            return ReceiverResponse(trouble="refused", detail=str(error), detail_zh=error.zh)
        except TimeoutError:
            return ReceiverResponse(trouble="timeout", detail=f"{self._timeout:g}")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            trouble, said = _trouble(error), _said(error)
            if trouble == "unknown-host" and (allow := self._guard.needed(message.url)):
                return ReceiverResponse(
                    trouble=trouble,
                    detail=f"{said}; unless it is this machine, serve needs {allow} too",
                    detail_zh=f"{said}；若不是本机，serve 还须带 {allow}",
                )
            return ReceiverResponse(trouble=trouble, detail=said)

    async def close(self) -> None:
        await self._session.close()


class _Guard:
    """Looks up names and lets only allowed addresses through."""

    def __init__(self, targets: Targets) -> None:
        self._targets = targets

    def needed(self, url: str) -> str:
        """The `--push-allow` that the host of a URL may need; empty if there is one already."""
        parts = urlsplit(url)
        return self._targets.needed(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))

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
    cause = getattr(error, "os_error", None)  # what aiohttp writes around it names the host once more
    if isinstance(cause, ConnectionError) and cause.errno:
        return os.strerror(cause.errno)
    if isinstance(cause, socket.gaierror):
        return cause.strerror or str(cause)
    return (str(error).splitlines() or [type(error).__name__])[0][:200] or type(error).__name__
