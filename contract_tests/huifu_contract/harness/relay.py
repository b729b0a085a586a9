"""A gateway that goes away: one connection reaches it, and then nobody listens any more."""

from __future__ import annotations

import contextlib
import selectors
import socket
from collections.abc import Iterator
from threading import Thread
from urllib.parse import urlsplit

PIECE = 65536


@contextlib.contextmanager
def leaving(gateway: str, connections: int = 1) -> Iterator[str]:
    """An address from which so many connections are passed on to `gateway`, one after the other.

    Whoever connects after the gateway or the client has ended the last of them is refused.
    """
    over, end = socket.socketpair()
    with over, socket.create_server(("127.0.0.1", 0)) as listener:
        host, port = listener.getsockname()
        passing = Thread(target=_pass_on, args=(listener, gateway, over, connections), daemon=True, name="relay")
        passing.start()
        try:
            yield f"http://{host}:{port}"
        finally:
            end.close()
            passing.join()


def _pass_on(listener: socket.socket, gateway: str, over: socket.socket, connections: int) -> None:
    for left in reversed(range(connections)):
        if _first(listener, over) is over:
            return
        _pass_one_on(listener, gateway, over, last=left == 0)


def _pass_one_on(listener: socket.socket, gateway: str, over: socket.socket, *, last: bool) -> None:
    client, _ = listener.accept()
    with client:
        if _first(client, over) is not over:
            to = urlsplit(gateway)
            with socket.create_connection((to.hostname, to.port)) as server:
                while (source := _first(client, server, over)) is not over:
                    if not _moved(source, server if source is client else client):
                        break
        if last:
            listener.close()  # before the client hears that its connection has ended


def _first(*sockets: socket.socket) -> socket.socket:
    """The first on which something has come, or which has ended; it waits for that."""
    with selectors.DefaultSelector() as waiting:
        for one in sockets:
            waiting.register(one, selectors.EVENT_READ, one)
        found: socket.socket = waiting.select()[0][0].data
        return found


def _moved(source: socket.socket, target: socket.socket) -> bool:
    """False at the end of the connection."""
    try:
        piece = source.recv(PIECE)
        target.sendall(piece)
    except OSError:
        return False
    return bool(piece)
