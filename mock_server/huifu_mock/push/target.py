"""Where pushes may go: this machine, and what was allowed by name, address or network."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class BadTarget(ValueError):
    """What was given to `--push-allow` is no host, address or network."""


class Refused(Exception):
    """A push must not go there."""


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
            raise Refused(
                f"{where} is not this machine; allow it with --push-allow {_bracketed(host)}:{port} "
                "(in Python push_allow=[…])"
            )
        return found

    def _may(self, host: str, port: int, address: Address) -> bool:
        return address.is_loopback or any(one.fits(host, port, address) for one in self._allowed)


def _address(text: str) -> Address:
    address = ipaddress.ip_address(text.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped if isinstance(mapped, ipaddress.IPv4Address) else address


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
