"""Faults that a test prepares: which call they wait for, and what they do to it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from huifu_mock.codes import Answer, Wording, reasons_of
from huifu_mock.wire import Call


class BadFault(ValueError):
    """A fault that cannot be prepared; `field` names the part that is wrong."""

    def __init__(self, field_name: str, problem: str, expected: str) -> None:
        super().__init__(f"{field_name}: {problem}; {expected}")
        self.field, self.problem, self.expected = field_name, problem, expected


def answer(text: str, resp_desc: str | None = None, trans_stat: str | None = None) -> Answer:
    """The answer that `code` or `code.REASON` names; any code of up to 8 characters. Raises `BadFault`."""
    code, dot, name = text.partition(".")
    found = reasons_of(code)
    if dot:
        chosen = next((reason for reason in found if reason.name == name), None)
        if chosen is None:
            known = ", ".join(f"{code}.{reason.name}" for reason in found) or "the code alone, it is not listed"
            raise BadFault("do.answer", f'there is no answer "{text}"', f"use {known}")
    else:
        chosen = found[0] if found else None
    wording = chosen.wording if chosen else Wording(code, "业务执行失败", "F")
    return Answer(
        chosen,
        Wording(
            wording.resp_code,
            wording.resp_desc if resp_desc is None else resp_desc,
            wording.trans_stat if trans_stat is None else trans_stat,
        ),
    )


@dataclass(slots=True)
class Fault:
    """One prepared fault. It stays listed when it is used up, so that a test can see that it acted."""

    id: str
    match: dict[str, Any]
    do: dict[str, Any]
    times: int = 1
    probability: float = 1.0
    seed: int = 0
    used: int = 0
    seen: int = 0
    """How many calls matched, whether the fault acted or not."""
    dice: Random = field(default_factory=Random)

    def __post_init__(self) -> None:
        self.dice.seed(self.seed)

    @property
    def left(self) -> int:
        return self.times - self.used

    @property
    def answer(self) -> Answer:
        """The answer to give, for a fault that is one."""
        return answer(self.do["answer"], self.do.get("resp_desc"), self.do.get("trans_stat"))

    @property
    def after(self) -> bool:
        """Whether the call is really carried out before its answer is replaced."""
        return bool(self.do.get("when", "before") == "after")

    def use(self) -> None:
        self.used += 1

    def fits(self, call: Call) -> bool:
        """Whether the fault waits for this call. Each question counts as a matching call for `nth`."""
        if not self.left or not all(_MATCH[name](call, value) for name, value in self.match.items()):
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


class Faults:
    """The faults that one tenant's test prepared, in the order they were prepared."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._numbers = 0

    def add(self, body: dict[str, Any]) -> Fault:
        """Prepare a fault from a valid `fault-create` body. Raises `BadFault`."""
        self._numbers += 1
        made = Fault(
            f"fault-{self._numbers}",
            match=body.get("match", {}),
            do=body["do"],
            times=body.get("times", 1),
            probability=body.get("probability", 1.0),
            seed=body.get("seed", 0),
        )
        if "answer" not in made.do:
            raise BadFault("do", "names no answer", 'for example {"answer":"98888888"}')
        _ = made.answer  # raises BadFault where it names none
        self._faults.append(made)
        return made

    def scripted(self, call: Call) -> Fault | None:
        """The first queued answer that waits for this call."""
        return next((fault for fault in self._faults if fault.left and fault.fits(call)), None)

    def get(self, id_: str) -> Fault | None:
        return next((fault for fault in self._faults if fault.id == id_), None)

    def remove(self, id_: str) -> None:
        self._faults = [fault for fault in self._faults if fault.id != id_]

    def clear(self) -> None:
        self._faults.clear()

    def __iter__(self) -> Iterator[Fault]:
        return iter(list(self._faults))
