"""A push before it is sent, and what its receiver answered."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from huifu_mock.state.orders import Key

Bilingual = tuple[str, str]
"""English and Chinese."""
Trouble = Literal[
    "", "refused", "queue", "url", "timeout", "unknown-host", "unreachable", "disconnected", "tls", "http"
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class ReceiverResponse:
    """The outcome of one try. With `trouble` there was no HTTP answer, and `detail` says more."""

    status: int | None = None
    content_type: str = ""
    location: str = ""
    body: bytes = b""
    """The beginning of it."""
    trouble: Trouble = ""
    detail: str = ""
    detail_zh: str = ""
    """The same in Chinese, where it is a sentence of this gateway's; empty where another program said it."""
    evidence: Bilingual | None = None
    """What the body tells of the signature that the receiver computed."""

    @property
    def text(self) -> str | None:
        """The beginning of the body as text; `None` if there was no answer."""
        return None if self.status is None else self.body.decode(errors="replace")


@dataclass(frozen=True, slots=True)
class Channel:
    """One of the two ways in which Huifu pushes."""

    content_type: str
    judge: "Callable[[Message, ReceiverResponse], Bilingual | None]"
    """Why an answer is no acknowledgement; `None` if it is one."""
    next_try: Callable[[datetime, int, datetime], datetime | None]
    """When to try again: the time of the first try, how many there were, the time of the last; `None` for no more."""


@dataclass(frozen=True, slots=True)
class Message:
    """One push to one receiver. `url` is what is called, signature included; `receiver` is what was registered."""

    channel: Channel
    event: str
    order: Key
    receiver: str
    url: str
    body: Callable[[], bytes]
    """The same bytes whenever it is asked: signing a notify is left to the time when it is sent."""
    expected: str = ""
    """The body that acknowledges, where the channel wants one."""
    headers: tuple[tuple[str, str], ...] = field(default=())
