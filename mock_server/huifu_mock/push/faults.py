"""The six faults of pushes: what each does to a delivery, and which deliveries a prepared one applies to."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from huifu_mock.faults import Fault
from huifu_mock.request import CLOSE
from huifu_mock.state.orders import CloseAttempt, Order

LATE: Final = 60.0
"""How many seconds a push is late if nothing else is said, and when a reordered one goes if none follows."""


@dataclass(frozen=True, slots=True)
class PushFaults:
    """What is done to one push; the defaults are an honest one."""

    copies: int = 1
    late: float = 0.0
    behind: bool = False
    """It goes after the next push to that receiver."""
    dropped: bool = False
    sign_bad: bool = False
    key_old: bool = False


_Do = dict[str, Any]
EFFECTS: Final[dict[str, Callable[[_Do], dict[str, Any]]]] = {
    "push-duplicate": lambda do: {"copies": do.get("copies", 2)},
    "push-reorder": lambda _: {"behind": True},
    "push-delay": lambda do: {"late": float(do.get("seconds", LATE))},
    "push-drop": lambda _: {"dropped": True},
    "push-sign-bad": lambda _: {"sign_bad": True},
    "push-key-old": lambda _: {"key_old": True},
}


def combined(dos: Iterable[_Do]) -> PushFaults:
    """All that is asked for at once."""
    asked = PushFaults()
    for do in dos:
        asked = replace(asked, **EFFECTS[do["fault"]](do))
    return asked


@dataclass(frozen=True, slots=True)
class Subject:
    """What a push is about."""

    event: str
    order: Order
    attempt: CloseAttempt | None = None

    @property
    def req_seq_id(self) -> str:
        """The number of the call that led to it: of the close, or of the order."""
        return self.attempt.req_seq_id if self.attempt else self.order.req_seq_id

    def is_called(self, name: str) -> bool:
        """An event by its name, or the pushes that a close leads to by the name of that endpoint."""
        return name == self.event or (self.event.endswith("close") and CLOSE.is_called(name))


def taken(faults: Iterable[Fault], subject: Subject) -> list[_Do]:
    """What the prepared faults do to a push; those that act are used by it."""
    found = []
    for fault in faults:
        if fault.layer == "push" and fault.left > 0 and _fits(fault, subject):
            fault.act()
            found.append(fault.do)
    return found


_Match = Callable[[Subject, Any], bool]
_MATCH: Final[dict[str, _Match]] = {
    "endpoint": lambda subject, value: subject.is_called(value),
    "req_seq_id": lambda subject, value: subject.req_seq_id == value,
    "org_req_seq_id": lambda subject, value: subject.order.req_seq_id == value,
    "huifu_id": lambda subject, value: subject.order.huifu_id == value,
    "session": lambda _subject, _value: False,  # a push may come long after the call, so it belongs to no session
    "nth": lambda _subject, _value: True,
}


def _fits(fault: Fault, subject: Subject) -> bool:
    if not all(_MATCH[name](subject, value) for name, value in fault.match.items()):
        return False
    fault.seen += 1
    if "nth" in fault.match and fault.seen != fault.match["nth"]:
        return False
    return fault.probability >= 1 or fault.dice.random() < fault.probability
