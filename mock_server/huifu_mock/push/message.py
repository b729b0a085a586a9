"""A push before it is sent: which channel it takes, where it goes, what it says."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from huifu_mock.orders import Key
from huifu_mock.push.answer import Answered


@dataclass(frozen=True, slots=True)
class Channel:
    """One of the two ways in which Huifu pushes."""

    content_type: str
    judge: "Callable[[Message, Answered], str]"
    """Why an answer is no acknowledgement; empty if it is one."""
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
