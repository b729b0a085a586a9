"""Requests written byte by byte onto a socket, as clients do that no Python library imitates."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPResponse
from threading import Event
from urllib.parse import urlsplit

import huifu_mock

CLOSE = "/v2/trade/payment/scanpay/close"


@dataclass(frozen=True)
class Received:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes


def connected(base_url: str) -> socket.socket:
    """An open connection to a server."""
    parts = urlsplit(base_url)
    return socket.create_connection((parts.hostname, parts.port), timeout=30)


@contextmanager
def loop_held(server: huifu_mock.Server) -> Iterator[None]:
    """Holds the event loop of a server in a thread: for the server, all that comes meanwhile comes at one moment."""
    held, let_go = Event(), Event()

    def hold() -> None:
        held.set()
        let_go.wait(60)

    server._runner.loop.call_soon_threadsafe(hold)  # type: ignore[union-attr]  # it runs
    assert held.wait(60)
    try:
        yield
    finally:
        let_go.set()


def received(connection: socket.socket, method: str = "POST") -> Received:
    """The next whole response."""
    response = HTTPResponse(connection, method=method)
    try:
        response.begin()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Received(response.status, headers, response.read())
    finally:
        response.close()


def head(base_url: str, headers: list[tuple[str, str]], target: str = CLOSE, method: str = "POST") -> bytes:
    """A request line and headers, with a `Host`."""
    lines = [f"{method} {target} HTTP/1.1", f"Host: {urlsplit(base_url).netloc}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def post(base_url: str, body: bytes, headers: list[tuple[str, str]] | None = None, target: str = CLOSE) -> Received:
    """One request on a connection of its own, with exactly these headers and a `Host`."""
    given = [("Content-Length", str(len(body)))] if headers is None else headers
    with connected(base_url) as connection:
        connection.sendall(head(base_url, given, target) + body)
        return received(connection)
