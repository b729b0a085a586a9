"""Intercepting inside this process: Python's own sockets reach the listener in place of Huifu, and TLS trusts it.

A look-up of Huifu's hosts answers an address that stands for the listener, and connecting to it reaches the listener.
Caught is whatever uses the modules `socket` and `ssl`: requests, urllib3, httpx, aiohttp, asyncio, urllib, dg-sdk. A C
library with a resolver of its own (pycurl, uvloop, aiodns) is out of its reach.
"""

import os
import socket
import ssl
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any, Final

from huifu_mock.client.environment import Configured, direct
from huifu_mock.hosts import DOMAINS, is_huifu
from huifu_mock.http.intercept.listener import STAND_IN


def intercept_here(about: Mapping[str, Any]) -> Configured:
    """Begin; `restore()` ends it. `about` is `interception` of /_mock/about."""
    undo = ExitStack()
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(about["host"], about["host"])
    there = (host, int(about["port"]))
    trust = _Trust(str(about["ca_pem"]))
    for owner, name, made in (
        (socket, "getaddrinfo", _looked_up),
        (socket, "gethostbyname", _named(lambda _: STAND_IN)),
        (socket, "gethostbyname_ex", _named(lambda name: (name, [], [STAND_IN]))),
        (socket.socket, "connect", _connected(there)),
        (socket.socket, "connect_ex", _connected(there)),
        (ssl.SSLContext, "wrap_socket", trust.wrapped(_SOCKET_NAME)),
        (ssl.SSLContext, "wrap_bio", trust.wrapped(_BIO_NAME)),
    ):
        _replace(undo, owner, name, made)
    for name, value in direct(",".join(f".{domain}" for domain in DOMAINS)).items():
        _set(undo, name, value)  # a proxy would look the names up by itself
    return Configured(undo.close)


_SOCKET_NAME: Final = 4
_BIO_NAME: Final = 3
"""Where `server_hostname` stands among the arguments, the context not counted, if it is not given by name."""


def _text(host: object) -> str:
    return bytes(host).decode("ascii", "replace") if isinstance(host, bytes | bytearray) else str(host)


def _looked_up(original: Any) -> Any:
    def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        return original(STAND_IN if is_huifu(_text(host)) else host, *args, **kwargs)

    return getaddrinfo


def _named(answer: Callable[[str], Any]) -> Callable[[Any], Any]:
    def replacing(original: Any) -> Any:
        return lambda name: answer(_text(name)) if is_huifu(_text(name)) else original(name)

    return replacing


def _connected(there: tuple[str, int]) -> Callable[[Any], Any]:
    def replacing(original: Any) -> Any:
        def connect(sock: socket.socket, address: Any) -> Any:
            host = _text(address[0]) if isinstance(address, tuple) and address else ""
            return original(sock, there if is_huifu(host) or host == STAND_IN else address)

        return connect

    return replacing


class _Trust:
    """Wraps connections for Huifu's hosts by a context that trusts our CA; the code's own contexts stay as they are."""

    def __init__(self, ca_pem: str) -> None:
        self._ca_pem = ca_pem

    def wrapped(self, position: int) -> Callable[[Any], Any]:
        def replacing(original: Any) -> Any:
            def wrap(context: ssl.SSLContext, *args: Any, **kwargs: Any) -> Any:
                named = kwargs.get("server_hostname") or (args[position] if len(args) > position else None)
                client = context.protocol is not ssl.PROTOCOL_TLS_SERVER
                return original(self._twin(context) if client and is_huifu(_text(named)) else context, *args, **kwargs)

            return wrap

        return replacing

    def _twin(self, context: ssl.SSLContext) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        made.load_verify_locations(cadata=self._ca_pem)
        made.check_hostname = context.check_hostname
        made.verify_mode = context.verify_mode
        return made


def _replace(undo: ExitStack, owner: Any, name: str, made: Callable[[Any], Any]) -> None:
    own, before = name in vars(owner), getattr(owner, name)
    setattr(owner, name, made(before))
    undo.callback(lambda: setattr(owner, name, before) if own else delattr(owner, name))


def _set(undo: ExitStack, name: str, value: str) -> None:
    before = os.environ.get(name)
    os.environ[name] = value
    undo.callback(lambda: os.environ.pop(name, None) if before is None else os.environ.__setitem__(name, before))
