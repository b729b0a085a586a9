"""One POST with one deadline for all of it: connecting, sending, and a reply that drips in byte by byte."""

from __future__ import annotations

import contextlib
import http.client
import socket
from threading import Timer
from urllib.parse import urlsplit

JSON = "application/json;charset=UTF-8"
MOST = 1024 * 1024


class NoReply(Exception):
    """No whole reply came: what became of the request is not known."""


def post(
    url: str, body: bytes, timeout_s: float, *, content_type: str = JSON, whole_time: bool = True
) -> tuple[int, bytes]:
    """Status and body; raises NoReply. Each call has its own connection, so a stale one can never be used."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=timeout_s)
    watchdog = None
    try:
        connection.connect()
        if whole_time:
            watchdog = Timer(timeout_s, _hang_up, [connection.sock])
            watchdog.daemon = True
            watchdog.start()
        headers = {"Content-Type": content_type, "Connection": "close"}
        connection.request("POST", parts.path, body, headers)
        response = connection.getresponse()
        received = response.read(MOST + 1)
        whole = response.length in (None, 0)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NoReply(f"{type(error).__name__}: {error}") from error
    finally:
        if watchdog is not None:
            watchdog.cancel()
        connection.close()
    if not whole or len(received) > MOST:
        raise NoReply("the reply was cut off or is far too long")
    return response.status, received


def _hang_up(line: socket.socket) -> None:
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
