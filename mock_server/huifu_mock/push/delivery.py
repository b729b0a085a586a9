"""Deliveries: each push to each receiver, with its tries; kept, searched and waited for."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Literal

from huifu_mock.push.dispatcher import QueuedMessage
from huifu_mock.push.message import Message
from huifu_mock.state.clock import Timer
from huifu_mock.state.feed import Feed
from huifu_mock.state.waiting import Waiters

Status = Literal["pending", "delivered", "failed", "refused", "dropped"]
CAPACITY: Final = 10_000


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try. `status` and `answer` are `None` where there was no answer; `diagnosis` is empty if it succeeded."""

    at: datetime
    status: int | None
    answer: str | None
    diagnosis: str
    diagnosis_zh: str = ""
    """The same in Chinese; empty too for a try that an earlier release kept."""


@dataclass(slots=True)
class Delivery:
    """One push to one receiver."""

    number: int
    message: Message
    created_at: datetime
    status: Status = "pending"
    attempts: list[Attempt] = field(default_factory=list)
    next_at: datetime | None = None
    """When it is tried again; `None` while it is being sent and when it is not tried again."""
    began_at: datetime | None = None
    """The time of the first try."""
    overtaken: bool = False
    """It waits for the next push to its receiver, and goes after it."""
    timer: Timer | None = None
    queued: QueuedMessage | None = None
    """The try that is queued or under way."""
    elsewhere: int = 0
    """The number of another gateway that sends it now; 0 where none does."""

    @property
    def id(self) -> str:
        return f"delivery-{self.number}"

    def cancel_next_try(self) -> None:
        """No next try, unless one is planned anew."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        self.next_at = None


Wanted = Callable[[Delivery], bool]


class Deliveries:
    """The last `capacity` deliveries of one tenant."""

    def __init__(self, capacity: int = CAPACITY, feed: Feed | None = None) -> None:
        self._feed: Final = feed or Feed()
        self._kept: OrderedDict[str, Delivery] = OrderedDict()
        self._capacity = capacity
        self.numbers = 0
        self._waiters: Waiters[Delivery] = Waiters()
        self.dropped = 0
        """How many were pushed out by newer ones."""

    def add(self, message: Message, now: datetime) -> Delivery:
        """Keep a new one; the oldest makes room."""
        self.numbers += 1
        made = Delivery(self.numbers, message, now)
        self._kept[made.id] = made
        if len(self._kept) > self._capacity:
            self._kept.popitem(last=False)
            self.dropped += 1
        self._feed.tell("delivery", made)
        return made

    def keep(self, delivery: Delivery) -> None:
        """Take in one that has its number already."""
        self._kept[delivery.id] = delivery
        if len(self._kept) > self._capacity:
            self._kept.popitem(last=False)

    def share(self, other: "Deliveries") -> None:
        """Hold copies of what another one holds; none of them is under way."""
        for one in other:
            self.keep(replace(one, attempts=[*one.attempts], timer=None, queued=None, elsewhere=0))

    def changed(self, delivery: Delivery) -> None:
        """Wake who waited for it, and tell who watches."""
        self._waiters.notify(delivery)
        self._feed.tell("delivery", delivery)

    @property
    def oldest(self) -> Delivery | None:
        return next(iter(self._kept.values()), None)

    def get(self, id_: str) -> Delivery | None:
        return self._kept.get(id_)

    def find(self, wanted: Wanted) -> list[Delivery]:
        """Those that match, oldest first."""
        return [delivery for delivery in self._kept.values() if wanted(delivery)]

    def __iter__(self) -> Iterator[Delivery]:
        return iter(list(self._kept.values()))

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def waiting(self) -> int:
        """How many wait for one to come."""
        return len(self._waiters)

    async def wait(self, wanted: Wanted, seconds: float) -> None:
        """Return when one matches, or when `seconds` of real time are over."""
        if not self.find(wanted):
            await self._waiters.wait(wanted, seconds)

    def clear(self) -> None:
        """Forget them all; who waits goes on waiting."""
        self._kept.clear()
        self.dropped = 0
        self._feed.tell("cleared", "deliveries")
