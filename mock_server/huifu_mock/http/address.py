"""Where a server listens: which addresses are this machine's, and why one cannot be had."""

import errno
import ipaddress
import socket
from typing import Final
from urllib.parse import urlsplit

ANY_ADDRESS: Final = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}
"""A --host for all addresses, and how this machine calls it; others are told the address that they called."""


class CannotListen(OSError):
    """The address cannot be listened on; the message says why and what would be right."""


class CannotIntercept(Exception):
    """Calls of Huifu's real hosts cannot be intercepted; the message says why and what would be right."""


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only be this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def host_of(url: str) -> str:
    """The host that a URL names; empty if it names none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def url_problem(url: str) -> str:
    """Why a URL names nobody who could be called; empty if it names somebody."""
    try:
        parts = urlsplit(url)
        return "" if parts.hostname and parts.port != 0 else "names no host"
    except ValueError as error:
        return f"is not a URL: {error}"


def base_url(host: str, port: int) -> str:
    """The address to call a server by that listens there."""
    named = ANY_ADDRESS.get(host, host)
    return f"http://{f'[{named}]' if ':' in named and named[0] != '[' else named}:{port}"


def cannot_listen(host: str, port: int, error: OSError) -> CannotListen:
    """What to tell whoever asked for an address that cannot be had."""
    if error.errno == errno.EADDRINUSE:
        wanted = "stop what listens there, or choose another with --port (0 picks a free one)"
        return CannotListen(f"port {port} of {host} is taken; {wanted}")
    if error.errno == errno.EACCES:
        return CannotListen(f"port {port} needs privileges; choose one above 1023")
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return CannotListen(f"{host} is no address of this machine; 127.0.0.1 is the usual one")
    return CannotListen(f"cannot listen on {host}:{port}: {error.strerror or error}")
