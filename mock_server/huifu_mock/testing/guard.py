"""Keeps a test run away from Huifu's real hosts: looking one up, or connecting to one, raises at once.

It watches Python's own sockets, which every pure Python client uses. A C library that resolves names by itself
(pycurl, uvloop, aiodns) and a child process are out of its reach.
"""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest

HOSTS: Final = ("huifu.com", "testpnr.com", "cloudpnr.com")
"""Huifu's domains: production, and where integrations are tested together with Huifu."""
LOOKUPS: Final = ("getaddrinfo", "gethostbyname", "gethostbyname_ex")
CONNECTS: Final = ("connect", "connect_ex", "sendto")


class RealGatewayBlocked(pytest.fail.Exception):  # type: ignore[name-defined,misc]  # pytest offers its class so
    """A test was about to reach Huifu. It fails, whatever the code under test catches: this is no `Exception`."""


def is_real(host: object) -> bool:
    """Whether a host name belongs to Huifu."""
    if isinstance(host, bytes | bytearray):
        host = bytes(host).decode("ascii", "replace")
    if not isinstance(host, str):
        return False
    name = host.lower().rstrip(".")
    return any(name == domain or name.endswith("." + domain) for domain in HOSTS)


class Guard:
    """Watches from `install()` to `remove()`."""

    def __init__(self) -> None:
        self._open = 0
        self._undo: list[Callable[[], None]] = []

    def install(self) -> None:
        """Begin to watch. A proxy would look the names up itself, so it is told to leave Huifu's alone."""
        for name in LOOKUPS:
            self._replace(socket, name, self._lookup)
        for name in CONNECTS:
            self._replace(socket.socket, name, self._connect)
        if any(name.lower().endswith("_proxy") for name in os.environ):
            from huifu_mock.api.environment import direct

            for name, value in direct(",".join(f".{domain}" for domain in HOSTS)).items():
                self._set(name, value)

    def remove(self) -> None:
        """Leave everything as it was."""
        while self._undo:
            self._undo.pop()()

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Let everything through for a while."""
        self._open += 1
        try:
            yield
        finally:
            self._open -= 1

    def _check(self, host: object) -> None:
        if self._open or not is_real(host):
            return
        name = host if isinstance(host, str) else str(host)
        raise RealGatewayBlocked(
            f"this test was about to reach {name}, Huifu's real gateway; it was stopped before anything was sent. "
            "Point the code at the fixture: huifu.base_url, huifu.configure_dg_sdk() or huifu.env(). "
            "A test that means it is marked @pytest.mark.huifu_real_gateway."
        )

    def _lookup(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def looked_up(*args: Any, **kwargs: Any) -> Any:
            self._check(args[0] if args else kwargs.get("host"))
            return original(*args, **kwargs)

        return looked_up

    def _connect(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def connected(sock: socket.socket, *args: Any) -> Any:
            address = args[-1] if args else None  # sendto(data, flags, address) has it last too
            self._check(address[0] if isinstance(address, tuple) and address else None)
            return original(sock, *args)

        return connected

    def _replace(self, owner: Any, name: str, wrapped: Callable[..., Any]) -> None:
        own, original = name in vars(owner), getattr(owner, name)
        setattr(owner, name, wrapped(original))
        self._undo.append(lambda: setattr(owner, name, original) if own else delattr(owner, name))

    def _set(self, name: str, value: str) -> None:
        before = os.environ.get(name)
        os.environ[name] = value

        def put_back() -> None:
            os.environ.pop(name, None)
            if before is not None:
                os.environ[name] = before

        self._undo.append(put_back)
