"""Webhooks as they are sent: a POST to where the application listens, and what comes back."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event
from typing import Final
from urllib.parse import urlencode, urlsplit

from huifu_contract.harness.harness import Harness
from huifu_contract.reference.wire import webhook_sign

ACK_S: Final = 5.0
PAUSE_S: Final = 0.02
"""Between the two parts of a body."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the application answered to a webhook."""

    status: int = 0
    """0 where no answer came."""
    seconds: float = 0.0
    text: str = ""
    """Its headers and its body."""

    @property
    def acknowledged(self) -> bool:
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Line:
    """A connection to where the application listens; opened again where the application closed it."""

    path: str
    connection: http.client.HTTPConnection

    def post(
        self, raw: bytes, beside: Mapping[str, str], *, in_parts: bool = False, content_type: str = "application/json"
    ) -> Answer:
        """`beside` stands in the address. The body is sent whole, or `in_parts`: the second half a moment later."""
        target = self.path + urlencode(beside)
        headers = {"Content-Type": content_type, "Content-Length": str(len(raw))}
        began = time.monotonic()
        try:
            self.connection.request("POST", target, None if in_parts else raw, headers)
            for half in (raw[: len(raw) // 2], raw[len(raw) // 2 :]) if in_parts else ():
                self.connection.send(half)
                Event().wait(PAUSE_S)
            response = self.connection.getresponse()
            text = f"{response.headers}{response.read().decode('utf-8', 'replace')}"
        except (OSError, http.client.HTTPException):
            self.connection.close()
            return Answer(seconds=time.monotonic() - began)
        return Answer(response.status, time.monotonic() - began, text)


@contextmanager
def line(harness: Harness) -> Iterator[Line]:
    parts = urlsplit(harness.hello.webhook_url or "")
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=ACK_S + 1)
    try:
        yield Line(f"{parts.path or '/'}?{parts.query}{'&' if parts.query else ''}", connection)
    finally:
        connection.close()


def push(harness: Harness, raw: bytes, signature: str | None, **beside: str) -> Answer:
    """One webhook. `beside` the signature stands in the address too."""
    with line(harness) as one:
        return one.post(raw, {**({} if signature is None else {"sign": signature}), **beside})


def genuine(harness: Harness, raw: bytes, **beside: str) -> Answer:
    return push(harness, raw, right(harness, raw), **beside)


def right(harness: Harness, raw: bytes) -> str:
    """The signature of a genuine webhook with that body."""
    return webhook_sign(raw, harness.tenant.webhook_key)
