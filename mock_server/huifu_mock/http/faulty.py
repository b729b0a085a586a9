"""Answers that prepared faults spoil on the wire: slow, cut off, reset, another status."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from aiohttp.web_request import BaseRequest
from aiohttp.web_response import StreamResponse

from huifu_mock.faults.wire import ClientConnection, phrase
from huifu_mock.gateway.gateway import Exchange
from huifu_mock.state.journal import Entry

LINGER_0: Final = struct.pack("ii", 1, 0)
"""SO_LINGER on, with no time: closing sends a reset."""


class HttpConnection:
    """See `huifu_mock.faults.wire.ClientConnection`. What is sent becomes the journal entry's response."""

    def __init__(self, request: BaseRequest, entry: Entry, headers: Mapping[str, str], status: int = 200) -> None:
        self._request, self._entry, self._headers, self._status = request, entry, headers, status
        self._response: StreamResponse | None = None
        self._gone = False

    async def interim(self, status: int) -> None:
        """See `ClientConnection`."""
        writer = self._request.writer
        await writer.write(f"HTTP/1.1 {status} {phrase(status)}\r\n\r\n".encode())
        writer.output_size = 0  # that was no part of the reply

    async def head(
        self,
        length: int | None,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        named: Callable[[str], str] = str,
    ) -> None:
        """See `ClientConnection`."""
        headers = {**self._headers, **(headers or {})}
        if length is not None:
            headers["Content-Length"] = str(length)
        response = StreamResponse(
            status=status or self._status, headers={named(name): value for name, value in headers.items()}
        )
        if length is None:
            response.enable_chunked_encoding()
        await response.prepare(self._request)
        self._response = response
        self._entry.response, self._entry.status = b"", response.status

    async def write(self, part: bytes, shown: bytes | None = None) -> None:
        """See `ClientConnection`."""
        self._entry.add_response(part if shown is None else shown)
        if self._response is not None:
            await self._response.write(part)

    def lost(self) -> None:
        """The client has hung up: nothing can be sent any more."""
        self._gone = True

    async def wait(self, seconds: float) -> None:
        """See `ClientConnection`."""
        await asyncio.sleep(seconds)  # noqa: TID251 - how slow a wire is counts in real time, whatever the clock says

    async def hang(self) -> None:
        """See `ClientConnection`."""
        await asyncio.get_running_loop().create_future()

    def close(self) -> None:
        """See `ClientConnection`."""
        if (transport := self._request.transport) is not None:
            transport.close()
        self._gone = True

    def reset(self) -> None:
        """See `ClientConnection`."""
        if (transport := self._request.transport) is not None:
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_0)
            transport.abort()
        self._gone = True

    async def end(self) -> StreamResponse:
        """What the server needs to know in the end; never returns where the client has been hung up on."""
        if self._gone or self._response is None:
            await self.hang()  # until the lost connection cancels this call
        assert self._response is not None
        return self._response


Sign = Callable[[Exchange], Awaitable[None] | None]
"""Has the reply signed in a thread; gives nothing back where nobody would wait for the event loop."""


async def send(request: BaseRequest, exchange: Exchange, headers: dict[str, str], sign: Sign) -> StreamResponse:
    """Send an answer in the way that the prepared faults want."""
    connection = HttpConnection(request, exchange.entry, headers, exchange.status)
    try:
        await spoil(connection, exchange, sign)
    except ConnectionResetError:
        connection.lost()
    return await connection.end()


async def spoil(connection: ClientConnection, exchange: Exchange, sign: Sign | None = None) -> None:
    """Send it on a connection; the journal keeps what was really sent."""
    active_faults, entry = exchange.active_faults, exchange.entry
    entry.reply = entry.response = entry.status = None
    faults = [fault for layer in ("pace", "wire") if (fault := active_faults.on(layer)) is not None]
    with exchange.tenant.work():
        for fault in faults:
            active_faults.applied(fault)  # before anything is waited for, so that no other call takes it too
    if sign is not None and (signed := sign(exchange)) is not None:
        await signed
    body = exchange.payload()
    for fault in faults:
        if fault.kind is not None:
            await fault.kind.act(connection, body, fault.do)
    if active_faults.on("wire") is None:
        await connection.head(len(body))
        await connection.write(body)
    exchange.replied()
