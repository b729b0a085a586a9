"""One call's connection as the wire faults handle it, with aiohttp underneath."""

import asyncio
import socket
import struct
from collections.abc import Mapping
from typing import Final

from aiohttp import web
from aiohttp.web_request import BaseRequest

from huifu_mock.journal import Entry

LINGER_0: Final = struct.pack("ii", 1, 0)
"""SO_LINGER on, with no time: closing sends a reset."""


class HttpLine:
    """See `huifu_mock.faults.wire_faults.Line`. What is sent becomes the journal entry's response."""

    def __init__(self, request: BaseRequest, entry: Entry, headers: Mapping[str, str], status: int = 200) -> None:
        self._request, self._entry, self._headers, self._status = request, entry, headers, status
        self._response: web.StreamResponse | None = None
        self._gone = False

    async def head(self, length: int, status: int | None = None, headers: Mapping[str, str] | None = None) -> None:
        """See `Line`."""
        self._entry.response = b""
        response = web.StreamResponse(status=status or self._status, headers={**self._headers, **(headers or {})})
        response.content_length = length
        self._response = response
        await response.prepare(self._request)

    async def write(self, part: bytes, shown: bytes | None = None) -> None:
        """See `Line`."""
        self._entry.response = (self._entry.response or b"") + (part if shown is None else shown)
        if self._response is not None:
            await self._response.write(part)

    async def wait(self, seconds: float) -> None:
        """See `Line`."""
        await asyncio.sleep(seconds)  # noqa: TID251 - how slow a wire is counts in real time, whatever the clock says

    async def hang(self) -> None:
        """See `Line`."""
        await asyncio.get_running_loop().create_future()

    def close(self) -> None:
        """See `Line`."""
        if (transport := self._request.transport) is not None:
            transport.close()
        self._gone = True

    def reset(self) -> None:
        """See `Line`."""
        if (transport := self._request.transport) is not None:
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_0)
            transport.abort()
        self._gone = True

    async def end(self) -> web.StreamResponse:
        """What the server needs to know in the end; never returns where the client has been hung up on."""
        if self._gone or self._response is None:
            await self.hang()  # until the lost connection cancels this call
        assert self._response is not None
        return self._response
