"""The journal: what a tenant received, decided and answered; bounded and searchable.

An entry keeps raw bytes and references to immutable values; everything else is worked out when somebody reads it.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from huifu_mock.codes import Reason
from huifu_mock.request import Call, Endpoint, ReceivedBytes, read
from huifu_mock.rules import Case, Rule
from huifu_mock.signing import Reply
from huifu_mock.state.orders import Order
from huifu_mock.state.waiting import Waiters

CAPACITY: Final = 10_000
WELL: Final = frozenset({"00000000", "00000100"})
"""The codes of answers that are no refusals."""


@dataclass(frozen=True, slots=True)
class Nearest:
    """The order that a call probably meant, and how it differs: an id of `explain.lookup.HOW`."""

    order: Order
    how: str


@dataclass(frozen=True, slots=True)
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
    signature_ok: bool | None
    """`None` where there was no `data` to verify."""
    reason: Reason | None
    """`None` for an endpoint whose answers are not reasons of a close, and for a call that was not answered."""
    resp_code: str
    reply: Reply | None
    facts: Facts | None
    """`None` for a call that was not refused."""
    req_seq_id: str
    org_req_seq_id: str
    response: bytes | None = None
    """What was sent back, where it is not the signed reply."""
    finding: Finding | None = None
    """What is wrong with the signature; `None` where it is right, or where there is nothing to look into."""
    faults: Sequence[str] = ()
    """Which prepared faults were applied to the call, in that order."""

    @property
    def id(self) -> str:
        return f"call-{self.number}"

    @property
    def went_well(self) -> bool:
        """Whether the call was carried out and its answer says so."""
        return self.facts is None and self.resp_code in WELL and not any(name[:1].isdigit() for name in self.faults)

    def sent_back(self) -> bytes | None:
        """The body that was answered; signs it again if the caller was gone before it was signed."""
        if self.response is not None or self.reply is None:
            return self.response
        return self.reply.signed()


Wanted = Callable[[Entry], bool]


class Journal:
    """The last `capacity` calls of one tenant."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._entries: deque[Entry] = deque(maxlen=capacity)
        self._received = 0
        self._waiters: Waiters[Entry] = Waiters()
        self.dropped = 0
        """How many calls were pushed out by newer ones since the journal was last cleared."""

    def next_number(self) -> int:
        """The number of the entry to come; numbers are never used twice."""
        self._received += 1
        return self._received

    def add(self, entry: Entry) -> None:
        """Keep an entry, drop the oldest if there is no room, and wake who waited for it."""
        if len(self._entries) == self._entries.maxlen:
            self.dropped += 1
        self._entries.append(entry)
        self._waiters.notify(entry)

    def __iter__(self) -> Iterator[Entry]:
        return iter(list(self._entries))

    def __len__(self) -> int:
        return len(self._entries)

    def latest(self) -> Iterator[Entry]:
        """All entries, the newest first; nothing may be added meanwhile."""
        return reversed(self._entries)

    def find(self, wanted: Wanted) -> list[Entry]:
        """The entries that match, oldest first."""
        return [entry for entry in self._entries if wanted(entry)]

    def get(self, id_: str) -> Entry | None:
        """The entry of that id, if it is still kept."""
        return next((entry for entry in self._entries if entry.id == id_), None)

    async def wait(self, wanted: Wanted, seconds: float) -> None:
        """Return when an entry matches, or when `seconds` of real time are over."""
        if not self.find(wanted):
            await self._waiters.wait(wanted, seconds)

    def clear(self) -> None:
        """Forget all entries and what was dropped."""
        self._entries.clear()
        self.dropped = 0


def read_again(entry: Entry) -> Call:
    """The call of an entry, parsed anew from the bytes that were received."""
    return read(entry.endpoint, entry.sent)
