"""Time as the suite sees it, so that a test can put another in its place, and the pace of requests."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event, Lock
from typing import Protocol

from huifu_mock.clock import Clock


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
