"""A connection of the HTTP server, looked at for what only its bytes tell: HTTP/2, and why a client's TLS failed."""

import asyncio
import ssl
from typing import Protocol

from huifu_mock.http.intercept import diagnosis


class Observer(Protocol):
    """Who is told; see `Interceptor`."""

    def wants_http2(self) -> None: ...

    def ended(self, error: Exception | None, *, silent: ssl.SSLObject | None = None) -> None: ...


class Watched(asyncio.Protocol):
    """Passes everything on to the HTTP server's own protocol."""

    def __init__(self, inner: asyncio.Protocol, observer: Observer) -> None:
        self._inner, self._observer = inner, observer
        self._begun = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        first, self._begun = not self._begun, True
        if first and data.startswith(diagnosis.PREFACE):
            self._observer.wants_http2()
            assert isinstance(self._transport, asyncio.WriteTransport)
            self._transport.write(diagnosis.GO_AWAY)
            self._transport.close()
            return
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        silent = None if self._begun or exc is not None else self._transport.get_extra_info("ssl_object")
        self._observer.ended(exc, silent=silent)
        self._inner.connection_lost(exc)

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()
