"""The client that asks a server: signed requests at a limited pace, on real or test time."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event, Lock
from typing import Any, Protocol

from huifu_contract.reference import Client, Config, wire
from huifu_contract.reference.client import PATH
from huifu_contract.reference.wire import Envelope, NoReply, NotReadable, read
from huifu_contract.server.answers import Said, said
from huifu_mock.state.clock import Clock


class Time(Protocol):
    """What the suite needs of time. Only `wait` takes any."""

    def now(self) -> datetime:
        """The present, aware, in Beijing time."""

    def monotonic(self) -> float:
        """Seconds; only differences mean anything."""

    def wait(self, seconds: float) -> None:
        """Let so many seconds pass."""


class RealTime:
    """The time of this machine."""

    def now(self) -> datetime:
        return Clock().now()

    def monotonic(self) -> float:
        return time.monotonic()

    def wait(self, seconds: float) -> None:
        Event().wait(seconds)


@dataclass(slots=True)
class Pace:
    """At most `rate` requests a second, evenly spread; None for no limit."""

    rate: float | None
    time: Time
    _next: float = 0.0
    _lock: Lock = field(default_factory=Lock)

    def turn(self) -> None:
        """Returns when the next request may be sent."""
        if self.rate is None:
            return
        with self._lock:
            left = self._next - self.time.monotonic()
            if left > 0:
                self.time.wait(left)
            self._next = self.time.monotonic() + 1 / self.rate


Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. `unreadable` says why there is no envelope; a reply that never came has the status 0."""

    sent: Data
    status: int = 0
    body: bytes = b""
    envelope: Envelope | None = None
    unreadable: str = ""
    signed: bool = False
    """The signature verifies over the text received, or over its canonical form."""
    canonical: bool = False
    """The text received is the canonical form."""

    @property
    def data(self) -> Data:
        return {} if self.envelope is None else self.envelope.data

    @property
    def said(self) -> Said:
        return said(self.data)

    @property
    def business(self) -> bool:
        """A business answer, and no page of a gateway in between."""
        return self.status == 200 and self.envelope is not None

    def __str__(self) -> str:
        if self.envelope is None:
            return self.unreadable if not self.status else f"HTTP {self.status}, {self.unreadable}"
        return str(self.said) if self.status == 200 else f"HTTP {self.status} {self.said}"


@dataclass(frozen=True, slots=True)
class Asker:
    """One server, one merchant. Every request goes through `send`, and takes its turn there."""

    base_url: str
    config: Config
    pace: Pace
    timeout_s: float = 15.0
    client: Client = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "client", Client(self.base_url, self.config, timeout_s=self.timeout_s))

    def body(self, data: Any, *, change: Data | None = None, drop: Sequence[str] = ()) -> bytes:
        """A signed request; `change` and `drop` are members of the envelope."""
        envelope = {
            "sys_id": self.config.sys_id,
            "product_id": self.config.product_id,
            "sign": self.sign(data),
            "data": data,
            **(change or {}),
        }
        kept = {name: value for name, value in envelope.items() if name not in drop}
        return json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode("utf-8")

    def sign(self, data: Any) -> str:
        return wire.sign(wire.private(self.config.merchant_private_key), self.client.canon(data))

    def close(self, data: Data, **how: Any) -> Reply:
        return self.send("close", data, self.body(data, **how))

    def query(self, data: Data) -> Reply:
        return self.send("closequery", data, self.body(data))

    def at_once(self, requests: Sequence[Data]) -> list[Reply]:
        """Several closes, signed before, sent together."""
        bodies = [self.body(data) for data in requests]
        with ThreadPoolExecutor(len(requests)) as pool:
            return list(pool.map(lambda pair: self.send("close", *pair), zip(requests, bodies, strict=True)))

    def send(self, op: str, data: Any, body: bytes) -> Reply:
        """Never raises for what the server does."""
        sent = data if isinstance(data, Mapping) else {}
        self.pace.turn()
        try:
            status, received = self.client.post(self.base_url + PATH + op, body, self.timeout_s)
        except NoReply as error:
            return Reply(sent, unreadable=f"no reply ({error})")
        try:
            envelope = read(received)
        except NotReadable as error:
            return Reply(sent, status, received, unreadable=f"not readable: {error}")
        return Reply(
            sent,
            status,
            received,
            envelope,
            signed=self.client.check_sign(envelope),
            canonical=self._canonical(envelope),
        )

    def _canonical(self, envelope: Envelope) -> bool:
        try:
            return envelope.raw.encode("utf-8") == self.client.canon(envelope.data)
        except UnicodeEncodeError:
            return False
