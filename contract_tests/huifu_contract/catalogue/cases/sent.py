"""What was sent, beside what was given: each difference in words, with both values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from huifu_contract.harness.differences import Difference, change
from huifu_contract.harness.evidence import Evidence, SentRequest
from huifu_contract.harness.harness import Harness
from huifu_contract.harness.laws import Blocked, Broken, Skipped


def given(changes: Mapping[str, str | None]) -> dict[str, str]:
    """The members that are there."""
    return {name: value for name, value in changes.items() if value is not None}


def became(harness: Harness, name: str, given: str, got: Any) -> str:
    """What stands in the place of a value: another one of the call or the configuration, or the value changed."""
    others = harness.last.params if harness.last else {}
    found = [f"the {other} of the call" for other, value in others.items() if other != name and value == got]
    if got == harness.config.get(name):
        found.insert(0, f"the {name} of the configuration")
    return f"{found[0]} stands in its place" if found else change(given, got)


def read(harness: Harness, one: SentRequest) -> Mapping[str, Any]:
    """The members of data; without them nothing was changed: the whole body cannot be read."""
    if one.data is None:
        try:
            why = "is no JSON, or not whole" if one.body.decode() else "is empty"
        except UnicodeDecodeError:
            why = "is not UTF-8"
        harness.check_wire([Broken("L3", f"the body {why}", one.explanation)])
    return one.data or {}


def unchanged(harness: Harness, one: SentRequest, given: Mapping[str, str]) -> None:
    """Each of these members was sent as it was given."""
    data = read(harness, one)
    for name, value in given.items():
        if data.get(name) != value:
            message = f"{name} was changed: {became(harness, name, value, data.get(name))}"
            differs = (Difference.of(name, value, data.get(name)),)
            harness.check_wire([Broken("L3", message, differs=differs, stable="was changed")])
    harness.check_wire([])


def asked(e: Evidence) -> Evidence:
    """The call itself, if a closequery was sent after its close."""
    if e.queries:
        return e
    if e.sent and e.sent[0].op == "closequery":
        raise Skipped("the client asks closequery before it closes, so the answer prepared for a later one went there")
    raise Blocked(f"no closequery followed a P: the client claims {e.claim}")
