"""Reading the bodies of requests: how long they may be, how slow, and how many long ones at once."""

import asyncio
from typing import Final

from aiohttp import HttpVersion11
from aiohttp.web_protocol import RequestPayloadError
from aiohttp.web_request import BaseRequest

from huifu_mock.request import KEPT
from huifu_mock.schemas import Problem

MAX_BODY: Final = 10 * 1024 * 1024
LONG: Final = KEPT
"""Of longer bodies only so many are held at once."""
AT_ONCE: Final = 8
"""Others wait."""


class Unread(Exception):
    """A body that could not be read: why, and what came of it."""

    def __init__(self, kind: str, status: int | None, problem: Problem, body: bytes = b"", length: int = 0) -> None:
        super().__init__(str(problem))
        self.kind, self.status, self.problem, self.body, self.length = kind, status, problem, body, length


class Place:
    """One request's place among the long bodies, taken when its body turns out to be long."""

    def __init__(self, places: asyncio.Semaphore) -> None:
        self._places = places
        self._taken = False

    async def take(self) -> None:
        """Wait for a place; taking it again changes nothing."""
        if not self._taken:
            await self._places.acquire()
            self._taken = True

    def leave(self) -> None:
        """Let the next one in."""
        if self._taken:
            self._places.release()
            self._taken = False


class Bodies:
    """Reads the bodies of one server."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._places = asyncio.Semaphore(AT_ONCE)

    @property
    def held(self) -> int:
        """How many long bodies are held now."""
        return AT_ONCE - self._places._value

    def place(self) -> Place:
        """For one request; whoever asks for it leaves it in the end."""
        return Place(self._places)

    async def read(self, request: BaseRequest, place: Place) -> bytes:
        """The whole body. Raises `Unread`: 413 over 10 MiB, 400 where its chunks cannot be read, 408 if it is slow."""
        length = request.content_length
        if (length or 0) > MAX_BODY:
            raise Unread("size", 413, _TOO_LARGE, length=length or 0)
        parts = bytearray()
        try:
            if length is not None and request.content.total_bytes >= length:  # it is here already, as most are
                return await request.content.read()
            async with asyncio.timeout(self._patience):
                await self._collect(request, place, parts)
        except TimeoutError:
            said = f"did not arrive within {self._patience:g} s: {len(parts)} of {_of(length)} bytes came"
            wanted = "send as many bytes as Content-Length says, in one go"
            raise Unread("slow", 408, Problem("the body", said, wanted), bytes(parts[:KEPT]), length or 0) from None
        except RequestPayloadError as error:
            if length is not None:  # aiohttp could not read what follows as a request
                raise Unread("length", 400, too_long(length), bytes(parts[:KEPT])) from error
            said = f"cannot be read: {' '.join(str(error).split())}"
            wanted = "send it with Content-Length, or in well-formed chunks"
            raise Unread("body", 400, Problem("the body", said, wanted), bytes(parts[:KEPT])) from error
        except asyncio.CancelledError:
            said = f"broke off: {len(parts)} of {_of(length)} bytes came, then the client hung up"
            wanted = "send as many bytes as Content-Length says"
            raise LeftEarly("gone", None, Problem("the body", said, wanted), bytes(parts[:KEPT]), length or 0) from None
        return bytes(parts)

    async def _collect(self, request: BaseRequest, place: Place, parts: bytearray) -> None:
        if (request.content_length or 0) > LONG:
            await place.take()
        if request.headers.get("Expect", "").lower() == "100-continue" and request.version >= HttpVersion11:
            # the low-level server leaves this to us; .NET holds back the body until it is told to go on
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.writer.output_size = 0
        while part := await request.content.readany():
            parts += part
            if len(parts) > LONG:
                await place.take()
            if len(parts) > MAX_BODY:
                raise Unread("size", 413, _TOO_LARGE, bytes(parts[:KEPT]), len(parts))


class LeftEarly(Unread):
    """The client hung up before its body was whole: its Content-Length may be wrong."""


def too_long(length: int) -> Problem:
    """What to tell a client that goes on after a body of the length that it gave, but not with a request."""
    return Problem(
        "the body", f"is longer than its Content-Length of {length}", "count its bytes in UTF-8, not its characters"
    )


def _of(length: int | None) -> str:
    return "an unknown number of" if length is None else str(length)


_TOO_LARGE: Final = Problem("the body", "is larger than 10 MiB", "Huifu's limit is 10 MB; a close has about 600 bytes")
