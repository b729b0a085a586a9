"""The prepared faults of one tenant: which calls each applies to, and how often it was applied."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from huifu_mock.codes import Answer
from huifu_mock.faults.catalogue import AT, KINDS, SECONDS, answer, with_reason
from huifu_mock.faults.kind import BadFault, Kind
from huifu_mock.request import Call
from huifu_mock.state.feed import Feed


@dataclass(slots=True)
class Fault:
    """One prepared fault. It stays listed when it is used up, so that a test can see that it was applied."""

    id: str
    match: dict[str, Any]
    do: dict[str, Any]
    """What it does, with every setting filled in."""
    layer: str
    kind: Kind[Any] | None = None
    """The row of the tables; `None` for an answer and a race."""
    times: int = 1
    probability: float = 1.0
    seed: int = 0
    used: int = 0
    without_effect: int = 0
    """How often it was applied and found nothing left to change, as a payment does that comes after the close."""
    seen: int = 0
    """How many calls matched, whether the fault was applied or not."""
    dice: Random = field(default_factory=Random)
    feed: Feed = field(default_factory=Feed)

    def __post_init__(self) -> None:
        self.dice.seed(self.seed)

    @property
    def left(self) -> int:
        return self.times - self.used

    @property
    def name(self) -> str:
        """What it does in one word, as the journal has it."""
        if "race" in self.do:
            return f"{self.do['race']}@{self.do['at']}"
        return str(self.do.get("fault") or self.do["answer"])

    @property
    def answer(self) -> Answer:
        """The answer to give, for a fault that is one."""
        return answer(self.do["answer"], self.do.get("resp_desc"), self.do.get("trans_stat"))

    @property
    def after(self) -> bool:
        """Whether the call is carried out first, for those that can be told."""
        return bool(self.do.get("when", "before") == "after")

    @property
    def stops(self) -> bool:
        """Whether the call is not carried out and not answered."""
        return self.kind is not None and self.kind.stops and not self.after

    def act(self, *, effect: bool = True) -> None:
        """It is applied once more; `effect` tells whether anything came of it."""
        self.used += 1
        self.without_effect += not effect
        self.feed.tell("fault", self)

    def fits(self, call: Call) -> bool:
        """Whether the fault waits for this call. Each question counts as a matching call for `nth`."""
        if not all(_MATCH[name](call, value) for name, value in self.match.items()):
            return False
        if self.kind is not None and not self.kind.fits(call):
            return False
        self.seen += 1
        if "nth" in self.match and self.seen != self.match["nth"]:
            return False
        return self.probability >= 1 or self.dice.random() < self.probability


_Match = Callable[[Call, Any], bool]
_MATCH: dict[str, _Match] = {
    "endpoint": lambda call, value: call.endpoint.is_called(value),
    "req_seq_id": lambda call, value: call.value("req_seq_id") == value,
    "org_req_seq_id": lambda call, value: call.value("org_req_seq_id") == value,
    "huifu_id": lambda call, value: call.value("huifu_id") == value,
    "session": lambda call, value: call.sent.session == value,
    "nth": lambda _call, _value: True,
}
WHAT: Final = ("fault", "answer", "race")
"""What can be done to a call."""
OUTSIDE: Final = ("endpoint", "session", "nth")
"""What can be told of a call whose body nobody has read."""

REMEMBERED: Final = 100_000
"""How many closes with magic orders are told apart from their retries."""


class ActiveFaults:
    """The faults that act on one call: at most one of each layer, the first that was prepared."""

    __slots__ = ("_by_layer", "later", "names")

    def __init__(self, by_layer: dict[str, Fault] | None = None) -> None:
        self._by_layer = by_layer or {}
        self.names: list[str] = []
        """The faults applied, in that order; the journal entry holds this very list."""
        self.later: Callable[[], object] | None = None
        """What happens once the reply is sent."""

    def on(self, layer: str) -> Fault | None:
        """The fault of a layer: pace, wire, signed, answer, or a race's point."""
        return self._by_layer.get(layer)

    def applied(self, fault: Fault, *, effect: bool = True) -> None:
        """The fault has done its work; `effect` tells whether anything came of it."""
        fault.act(effect=effect)
        self.names.append(fault.name if effect else f"{fault.name}:no-effect")

    def replied(self) -> None:
        """The reply is sent."""
        if self.later is not None:
            self.later()

    def join(self, fault: Fault) -> None:
        """Another fault for this call; one that was prepared comes first."""
        self._by_layer.setdefault(fault.layer, fault)


NO_FAULTS: Final = ActiveFaults()
"""No fault at all, which is what nearly every call has."""


class Faults:
    """The faults that one tenant's test prepared, in the order they were prepared."""

    def __init__(self, feed: Feed | None = None) -> None:
        self._feed: Final = feed or Feed()
        self._faults: dict[str, Fault] = {}
        self._waiting: list[Fault] = []
        self.numbers = 0
        self.closes_met: dict[tuple[str, ...], None] = {}

    def __bool__(self) -> bool:
        """Whether any fault may still act."""
        return bool(self._waiting)

    def add(self, body: dict[str, Any]) -> Fault:
        """Prepare a fault from a valid `fault-create` body. Raises `BadFault`."""
        return self.add_many([body])[0]

    def add_many(self, bodies: Sequence[dict[str, Any]]) -> list[Fault]:
        """Prepare a fault from each body, in that order. Raises `BadFault` for the first bad one, and adds none."""
        made: list[Fault] = []
        for body in bodies:
            try:
                made.append(self._made(body, self.numbers + len(made) + 1))
            except BadFault as error:
                error.index = len(made)
                raise
        self.numbers += len(made)
        for fault in made:
            self._faults[fault.id] = fault
            self._waiting.append(fault)
            self._feed.tell("fault", fault)
        return made

    def _made(self, body: dict[str, Any], number: int) -> Fault:
        match = body.get("match", {})
        do, layer, kind = understood(body["do"])
        if kind is not None and kind.unread and (inside := [name for name in match if name not in OUTSIDE]):
            raise BadFault(
                f"match.{inside[0]}",
                f"stands in the body, which {kind.id} does not read",
                f"it can be told by {', '.join(OUTSIDE)}",
            )
        return Fault(
            f"fault-{number}",
            match=match,
            do=do,
            layer=layer,
            kind=kind,
            times=body.get("times", 1),
            probability=body.get("probability", 1.0),
            seed=body.get("seed", 0),
            feed=self._feed,
        )

    def restore(self, made: Fault) -> None:
        """Take in a fault that has its id already."""
        self._take_in(self.resumed(made))

    def resumed(self, made: Fault) -> Fault:
        """A fault whose dice go on where they were."""
        rolled = min(1, made.seen // made.match["nth"]) if "nth" in made.match else made.seen
        for _ in range(rolled if made.probability < 1 else 0):
            made.dice.random()
        made.feed = self._feed
        return made

    def follow(self, made: list[Fault]) -> None:
        """The faults as another gateway has left them; one that acts on a call right now stays the same object."""
        before, self._faults, self._waiting = self._faults, {}, []
        for fault in made:
            if (kept := before.get(fault.id)) is not None and kept.seen == fault.seen:
                kept.used, kept.without_effect = fault.used, fault.without_effect
                fault = kept
            self._take_in(fault)
            self._feed.tell("fault", fault)
        for id_ in before.keys() - self._faults.keys():
            self._feed.tell("fault", id_)

    def _take_in(self, made: Fault) -> None:
        self._faults[made.id] = made
        if made.left > 0:
            self._waiting.append(made)

    def active_faults(self, call: Call) -> ActiveFaults:
        """Who acts on this call. Every fault is asked, so each counts its own matching calls."""
        self._waiting = [fault for fault in self._waiting if fault.left > 0]
        found: dict[str, Fault] = {}
        for fault in self._waiting:
            if fault.layer != "push" and fault.fits(call):
                found.setdefault(fault.layer, fault)
        return ActiveFaults(found) if found else NO_FAULTS

    def met(self, key: tuple[str, ...]) -> bool:
        """Whether a close of that number came before with a magic order; from now on it has."""
        if key in self.closes_met:
            return True
        if len(self.closes_met) >= REMEMBERED:
            del self.closes_met[next(iter(self.closes_met))]
        self.closes_met[key] = None
        self._feed.tell("met", key)
        return False

    def get(self, id_: str) -> Fault | None:
        return self._faults.get(id_)

    def remove(self, id_: str) -> None:
        self._faults.pop(id_, None)
        self._waiting = [fault for fault in self._waiting if fault.id != id_]
        self._feed.tell("fault", id_)

    def clear(self) -> None:
        self._faults.clear()
        self._waiting.clear()
        self.closes_met.clear()
        self._feed.tell("cleared", "faults")

    def __iter__(self) -> Iterator[Fault]:
        return iter(list(self._faults.values()))


def understood(do: dict[str, Any]) -> tuple[dict[str, Any], str, Kind[Any] | None]:
    """What a `do` asks for: with all settings, its layer, and its row of the tables. Raises `BadFault`."""
    try:
        json.dumps(do, ensure_ascii=False, allow_nan=False).encode()
    except ValueError as error:
        raise BadFault(
            "do", f"cannot be written as JSON: {error}", "NaN, infinities and half characters cannot"
        ) from error
    check_settings(do)
    if "answer" in do:
        answer(do["answer"])  # raises BadFault where there is no such answer
        return {"when": "before", **do, "answer": with_reason(do["answer"])}, "answer", None
    if "race" in do:
        filled = {"race": do["race"], "at": do.get("at", AT)}
        if do["race"] == "advance":
            filled["seconds"] = do.get("seconds", SECONDS)
        return filled, filled["at"], None
    kind = KINDS[do["fault"]]
    given = {name: value for name, value in do.items() if name != "fault"}
    _json_text(given.get("text"))
    return {"fault": kind.id, **kind.filled(given)}, kind.layer, kind


def check_settings(do: Any) -> None:
    """Raises `BadFault` for a setting that the fault, answer or race of a `do` does not have."""
    what, takes = _settings_of(do)
    if takes is None:
        return
    for name in do:
        if name not in (*WHAT, *takes):
            wanted = f"it takes {', '.join(takes)}" if takes else "it has no settings"
            raise BadFault(f"do.{name}", f"is not a setting of {what}", wanted)


def _settings_of(do: Any) -> tuple[str, tuple[str, ...] | None]:
    """What is to be done, and its settings; `None` where that cannot be told."""
    if not isinstance(do, dict):
        return "", None
    if "answer" in do:
        return "answer", ("when", "resp_desc", "trans_stat")
    if "race" in do:
        return "race", ("at", "seconds") if do["race"] == "advance" else ("at",)
    kind = KINDS.get(do["fault"]) if isinstance(do.get("fault"), str) else None
    return ("", None) if kind is None else (kind.id, tuple(setting.name for setting in kind.settings))


def _json_text(text: str | None) -> None:
    try:
        json.loads("null" if text is None else text)
    except ValueError as error:
        raise BadFault("do.text", f"is not JSON: {error}", 'write a JSON value as text, for instance "1.10"') from None
