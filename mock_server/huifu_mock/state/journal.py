"""The journal: what a tenant received, decided and answered; bounded and searchable.

An entry keeps raw bytes and references to immutable values; everything else is worked out when somebody reads it.
"""

import heapq
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import count, islice, takewhile
from operator import attrgetter
from typing import Final

from huifu_mock._frozen import frozen
from huifu_mock.codes import Reason
from huifu_mock.request import KEPT, Call, Endpoint, ReceivedBytes, read
from huifu_mock.rules import Case, Rule
from huifu_mock.signing import Reply
from huifu_mock.state.feed import Feed
from huifu_mock.state.history import Act
from huifu_mock.state.orders import Order
from huifu_mock.state.waiting import Waiters

CAPACITY: Final = 10_000
"""The most entries of one tenant."""
TENANT_BYTES: Final = 32 * 1024 * 1024
SERVER_BYTES: Final = 256 * 1024 * 1024
OVERHEAD: Final = 1024
"""What an entry takes beside the bytes that came and went; about."""
WELL: Final = frozenset({"00000000", "00000100"})
"""The codes of answers that are no refusals."""


@dataclass(frozen=True, slots=True)
class Nearest:
    """The order that a call probably meant, and how it differs: an id of `explain.lookup.HOW`."""

    order: Order
    how: str


@frozen
class Facts:
    """Why a call was answered as it was: what the rules saw, kept for the explanation."""

    rule: Rule
    case: Case
    order: Order | None
    now: datetime
    nearest: Nearest | None = None
    """For a call whose order was not found."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found out about a signature. No mistakes: it is right."""

    mistakes: tuple[str, ...]
    """Ids of `explain.MISTAKES`."""
    signed_text: str | None = None
    """What was really signed; `None` where it cannot be known."""
    notes: tuple[str, ...] = ()
    """Ids of remarks about what has no id."""
    algorithm: str = ""
    """The hash in the signature; empty if the signature could not be opened."""
    whose: str = ""
    """Whose key made it: `own`, `huifu`, `other`, `foreign`; empty if nobody's that is known."""
    earlier: str = ""
    """The id of the earlier call that this is the signature of."""


@dataclass(slots=True)
class Entry:
    """One received call."""

    number: int
    at: datetime
    endpoint: Endpoint
    sent: ReceivedBytes
    """Of a long body the beginning; see `ReceivedBytes.whole`."""
    signature_ok: bool | None = None
    """`None` where there was no `data` to verify."""
    reason: Reason | None = None
    """`None` for an endpoint whose answers are not reasons of a close, and for a call that was not answered."""
    resp_code: str = ""
    reply: Reply | None = None
    facts: Facts | None = None
    """`None` for a call that was not refused."""
    req_seq_id: str = ""
    org_req_seq_id: str = ""
    response: bytes | None = None
    """What was sent back, where it is not the signed reply."""
    finding: Finding | None = None
    """What is wrong with the signature; `None` where it is right, or where there is nothing to look into."""
    faults: Sequence[str] = ()
    """Which prepared faults were applied to the call, in that order."""
    status: int | None = None
    """The HTTP status; `None` where nothing was answered."""
    duration: float | None = None
    """Seconds from the request's arrival to its answer; `None` until then, and for a call without a socket."""
    replay: bool = False
    """Whether the answer is the kept one of an earlier call."""
    hint: str = ""
    """One ASCII line that says what was wrong; empty when nothing was."""
    unmatched: str = ""
    """Why the call reached no endpoint: an id of `http.unmatched.KINDS`; empty for one that did."""
    method: str = "POST"
    target: str = ""
    """The path that was asked for, where that is no endpoint's."""
    before: tuple[Act, ...] = ()
    """What was done to the tenant since the call before, apart from its clock."""
    held: int = 0
    """How many bytes the journal counts for it."""
    order: int = 0
    """Its place among the entries of all tenants."""

    @property
    def id(self) -> str:
        return f"call-{self.number}"

    @property
    def path(self) -> str:
        """The path that was asked for, without the session."""
        return self.target or self.endpoint.path

    @property
    def went_well(self) -> bool:
        """Whether the call was carried out and its answer says so."""
        if self.facts is not None or self.resp_code not in WELL:
            return False
        return not self.faults or not any(name[:1].isdigit() for name in self.faults)

    def sent_back(self) -> bytes | None:
        """The body that was answered; signs it again if the caller was gone before it was signed."""
        if self.response is not None or self.reply is None:
            return self.response
        return self.reply.signed()

    def add_response(self, part: bytes) -> None:
        """Keep a part of what was sent back; of a long answer the beginning."""
        before = self.response or b""
        if len(before) < KEPT:
            self.response = (before + part)[:KEPT]

    def size(self) -> int:
        """How many bytes it takes; about."""
        size = OVERHEAD + len(self.sent.body) + len(self.sent.headers) + len(self.hint)
        if self.response is not None:
            size += len(self.response)
        if self.finding is not None and self.finding.signed_text is not None:
            size += len(self.finding.signed_text)
        for act in self.before:
            size += act.size
        return size

    def copy(self) -> "Entry":
        """The same for another journal. What it refers to never changes."""
        made = Entry(*_values(self))
        made.faults = [*self.faults]
        return made


_values: Final = attrgetter(*(one.name for one in fields(Entry)))

_FOLLOWED: Final = tuple(one.name for one in fields(Entry) if one.name not in ("number", "held", "order"))
"""What another gateway may have found out about a call since."""

Wanted = Callable[[Entry], bool]


class Room:
    """The bytes that the journals of one server may take together. The oldest entry of all makes room."""

    def __init__(self, limit: int = SERVER_BYTES, entries: int = CAPACITY, tenant_limit: int = TENANT_BYTES) -> None:
        """`entries` and `tenant_limit` are what each journal may hold that is made for this room."""
        self.limit: Final = limit
        self.entries, self.tenant_limit = entries, tenant_limit
        self.held = 0
        self._numbers = count(1)
        self._oldest: list[tuple[int, int, Journal]] = []
        """For each journal that holds something, an entry that is its oldest or was: (order, tie-break, journal)."""

    def take(self, journal: "Journal", entry: Entry) -> None:
        """Count a journal's new entry, and drop the oldest ones that there is no room for."""
        entry.order = next(self._numbers)
        self.held += entry.held
        if not journal.listed:
            journal.listed = True
            heapq.heappush(self._oldest, (entry.order, id(journal), journal))
        while self.held > self.limit and self._oldest:
            self._drop_one()

    def _drop_one(self) -> None:
        order, tie, journal = heapq.heappop(self._oldest)
        oldest = journal.oldest
        if oldest is not None and oldest.order == order:
            journal.drop_oldest()
            oldest = journal.oldest
        if oldest is None:
            journal.listed = False
        else:
            heapq.heappush(self._oldest, (oldest.order, tie, journal))


class Journal:
    """The last calls of one tenant: at most `capacity` of them and `limit` bytes, which are its room's if left out."""

    def __init__(
        self,
        capacity: int | None = None,
        limit: int | None = None,
        room: Room | None = None,
        feed: Feed | None = None,
    ) -> None:
        self._room: Final = room or Room()
        self.capacity: Final = capacity or self._room.entries
        self.limit: Final = limit or self._room.tenant_limit
        self.held = 0
        self.listed = False
        """Whether `room` knows of it."""
        self._feed: Final = feed or Feed()
        self._entries: deque[Entry] = deque()
        self.received = self.since = 0
        """The last number given, and that before the tenant was made or reset."""
        self._waiters: Waiters[Entry] = Waiters()
        self.dropped = 0
        """How many calls were pushed out by newer ones since the journal was last cleared."""

    @property
    def untouched(self) -> bool:
        """Whether nothing was received since the tenant was made or reset."""
        return self.received == self.since

    def begin_anew(self) -> None:
        """Forget everything, as for a fresh tenant; numbers go on."""
        self.clear()
        self.since = self.received

    def next_number(self) -> int:
        """The number of the entry to come; numbers are never used twice."""
        self.received += 1
        return self.received

    def add(self, entry: Entry) -> None:
        """Keep an entry, drop the oldest ones if there is no room, and wake who waited for it."""
        entry.held = entry.size()
        if self._entries and self._entries[-1].sent.headers == entry.sent.headers:
            entry.sent.headers = self._entries[-1].sent.headers  # a client sends the same ones: they are kept once
        self._entries.append(entry)
        self.held += entry.held
        while len(self._entries) > self.capacity or (self.held > self.limit and len(self._entries) > 1):
            self.drop_oldest()
        self._room.take(self, entry)
        self._feed.tell("call", entry)
        self._waiters.notify(entry)

    def share(self, other: "Journal") -> None:
        """Hold copies of what another one holds; nobody waited for them."""
        for entry in [*other._entries]:
            made = entry.copy()
            self._entries.append(made)
            self.held += made.held
            self._room.take(self, made)

    def follow(self, entry: Entry) -> None:
        """A call that another gateway received, as it is there."""
        if not self._entries or entry.number > self._entries[-1].number:
            self.add(entry)
            return
        kept = next((one for one in reversed(self._entries) if one.number <= entry.number), entry)
        if kept.number == entry.number and kept is not entry:
            for name in _FOLLOWED:
                setattr(kept, name, getattr(entry, name))
            self.grown(kept)
            self._feed.tell("call", kept)
            self._waiters.notify(kept)

    @property
    def oldest(self) -> Entry | None:
        return self._entries[0] if self._entries else None

    def drop_oldest(self) -> None:
        """Push the oldest entry out."""
        self._give_back(self._entries.popleft())
        self.dropped += 1

    def __iter__(self) -> Iterator[Entry]:
        return iter(list(self._entries))

    def __len__(self) -> int:
        return len(self._entries)

    def latest(self) -> Iterator[Entry]:
        """All entries, the newest first."""
        return reversed(list(self._entries))

    def after(self, number: int) -> list[Entry]:
        """The entries that came after that number, oldest first."""
        newer = list(takewhile(lambda entry: entry.number > number, reversed(self._entries)))
        newer.reverse()
        return newer

    def find(self, wanted: Wanted, limit: int | None = None) -> list[Entry]:
        """The entries that match, oldest first, at most `limit`."""
        return list(islice(filter(wanted, self._entries), limit))

    def get(self, id_: str) -> Entry | None:
        """The entry of that id, if it is still kept."""
        number = number_of(id_)
        return next((entry for entry in self._entries if entry.number == number), None)

    def grown(self, entry: Entry) -> None:
        """Count an entry anew that was completed after it was added."""
        if entry.held:
            more = entry.size() - entry.held
            entry.held += more
            self.held += more
            self._room.held += more

    @property
    def waiting(self) -> int:
        """How many wait for one to come."""
        return len(self._waiters)

    async def wait(self, wanted: Wanted, seconds: float, after: int = 0) -> None:
        """Return when an entry matches, or when `seconds` of real time are over; those up to number `after` do not."""
        newer = takewhile(lambda entry: entry.number > after, self.latest())
        if not any(map(wanted, newer)):
            await self._waiters.wait(wanted, seconds)

    def changed(self, entry: Entry) -> None:
        """Something became known of an entry after it was added, if it is still kept."""
        if entry.held:
            self._feed.tell("call", entry)

    def clear(self) -> None:
        """Forget all entries and what was dropped."""
        for entry in self._entries:
            self._give_back(entry)
        self._entries.clear()
        self.dropped = 0
        self._feed.tell("cleared", "calls")

    def _give_back(self, entry: Entry) -> None:
        self.held -= entry.held
        self._room.held -= entry.held
        entry.held = 0


def number_of(id_: str) -> int | None:
    """The number in an entry's id; `None` if it is none."""
    digits = id_.removeprefix("call-")
    return int(digits) if digits != id_ and digits.isascii() and digits.isdigit() and len(digits) < 16 else None


def read_again(entry: Entry) -> Call:
    """The call of an entry, parsed anew from the bytes that were received; nothing is known of a body that was cut."""
    if entry.sent.whole is not None or entry.unmatched:
        return Call(entry.endpoint, entry.sent)
    return read(entry.endpoint, entry.sent)
