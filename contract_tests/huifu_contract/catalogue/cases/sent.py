"""What is given to a close, and what was sent beside it: each difference in words, with both values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from threading import Event
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from huifu_contract.harness.differences import Difference, change
from huifu_contract.harness.evidence import Evidence, SentRequest
from huifu_contract.harness.harness import Harness
from huifu_contract.harness.laws import ONE_ORDER, Blocked, Broken, Skipped
from huifu_contract.harness.signed import ORDERS_NUMBERS

NOTHING: Mapping[str, str] = {}
OTHER_MERCHANT = "6666000999999999"
LOOK_S = 0.01


def full(harness: Harness, **changes: str | None) -> dict[str, str]:
    """Complete parameters of an order that does not exist, in the order in which a signature sorts them."""
    return dict(sorted(harness.unknown_order(**changes).items()))


def drawn(**parts: SearchStrategy[Any]) -> SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(parts)


def given(changes: Mapping[str, str | None]) -> dict[str, str]:
    """The members that are there."""
    return {name: value for name, value in changes.items() if value is not None}


def became(harness: Harness, name: str, given: str, got: Any, before: Mapping[str, str] = NOTHING) -> str:
    """What stands in the place of a value: one of the call, the configuration or the call before, or itself changed."""
    if got is None:  # which the configuration has of most members, too
        return change(given, got)
    others = harness.last.params if harness.last else {}
    found = [f"the {other} of the call" for other, value in others.items() if other != name and value == got]
    if got == harness.config.get(name):
        found.insert(0, f"the {name} of the configuration")
    if got == before.get(name):
        found.insert(0, f"the {name} of an earlier call")
    return f"{found[0]} stands in its place" if found else change(given, got)


def read(harness: Harness, one: SentRequest) -> Mapping[str, Any]:
    """The members of data; without them nothing was changed: the whole body cannot be read."""
    if one.data is None:
        try:
            why = "is no JSON, or not whole" if one.body.decode() else "is empty"
        except UnicodeDecodeError:
            why = "is not UTF-8"
        harness.check_wire([Broken.explained("L3", f"the body {why}", one)])
    return one.data or {}


def unchanged(
    harness: Harness,
    one: SentRequest,
    given: Mapping[str, str],
    *,
    before: Mapping[str, str] = NOTHING,
    which: str = "",
) -> None:
    """Each of these members was sent as it was given.

    `before` is what an earlier call was given; `which` names a request that must be about the order of another one.
    """
    data = read(harness, one)
    for name, value in given.items():
        if data.get(name) != value:
            changed = f"{name} was changed: {became(harness, name, value, data.get(name), before)}"
            message, stable = (f"{which}: {changed}", which) if which else (changed, "was changed")
            differs = (Difference.of(name, value, data.get(name)),)
            harness.check_wire([Broken("L3", message, differs=differs, stable=stable)])
    harness.check_wire([])


def order_of(params: Mapping[str, str]) -> dict[str, str]:
    """The members that name the order of a call."""
    return {name: params[name] for name in ONE_ORDER if name in params}


def names_its_order(
    harness: Harness, one: SentRequest, params: Mapping[str, str], *, before: Mapping[str, str], which: str
) -> None:
    """It names the order of its call as that was named, and by no other number; `before` and `which` as above."""
    order = order_of(params)
    unchanged(harness, one, order, before=before, which=which)
    for name in ORDERS_NUMBERS:
        if name not in order and name in (one.data or {}):
            harness.check_wire([Broken("L3", f"a {one.op} carries {name}, which was not given")])


def until(reached: Callable[[], object], call: Future[Evidence]) -> None:
    """Waits until that is so while the client is called, or until the call has ended."""
    while not (call.done() or reached()):
        Event().wait(LOOK_S)


def asked(e: Evidence) -> Evidence:
    """The call itself, if a closequery was sent after its close."""
    if e.queries:
        return e
    if e.sent and e.sent[0].op == "closequery":
        raise Skipped("the client asks closequery before it closes, so the answer prepared for a later one went there")
    nothing = "no closequery followed a P" if e.sent else "nothing was sent"
    raise Blocked(f"{nothing}: the client claims {e.claim}")
