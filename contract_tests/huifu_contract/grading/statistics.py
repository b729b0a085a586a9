"""How much a run proves: the distinct inputs that each law judged, and the chance that it missed a fault.

A property that passed n inputs drawn at random misses a fault that strikes one input in k with the chance
(1 - 1/k)^n. The fixed examples are no sample, so they count as inputs and not towards the chance.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


class Case(Protocol):
    """What is looked at of the result of a case."""

    @property
    def verdict(self) -> str: ...
    @property
    def judged(self) -> tuple[str, ...]: ...
    @property
    def inputs(self) -> int: ...
    @property
    def drawn(self) -> int: ...
    @property
    def reruns(self) -> int: ...
    @property
    def failed_reruns(self) -> int: ...


ONE_IN = (20, 100, 1000)
"""The rates of faults that a run is asked about."""
TRIED = ("pass", "note", "known", "fail", "flaky", "fixed")
"""The verdicts of cases that were really exercised."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What one law judged in a run."""

    law: str
    cases: int
    inputs: int
    drawn: int

    def missed(self, one_in: int) -> float:
        """The chance that a fault which strikes so rarely was not met."""
        return float((1 - 1 / one_in) ** self.drawn)


def by_law(cases: Iterable[Case]) -> list[Tried]:
    """In the order of the laws; those that judged nothing are left out."""
    ran = [case for case in cases if case.verdict in TRIED]
    laws = sorted({law for case in ran for law in case.judged}, key=lambda law: (law == "C", law))
    return [
        Tried(law, len(mine), sum(case.inputs for case in mine), sum(case.drawn for case in mine))
        for law in laws
        if (mine := [case for case in ran if law in case.judged])
    ]


def document(cases: Sequence[Case]) -> dict[str, Any]:
    """For the result file: a law's inputs, and the chance of a miss by the rate of the fault (`1/100`)."""
    return {
        tried.law: {
            "cases": tried.cases,
            "inputs": tried.inputs,
            "drawn": tried.drawn,
            "missed": {f"1/{one_in}": float(f"{tried.missed(one_in):.3g}") for one_in in ONE_IN},
        }
        for tried in by_law(cases)
    }


def percent(chance: float) -> str:
    """Two digits where they mean something."""
    if chance < 0.0001:
        return "<0.01 %"
    return f"{100 * chance:.0f} %" if chance >= 0.1 else f"{100 * chance:.2g} %"


def pooled(cases: Iterable[Case]) -> tuple[int, int]:
    """Of all examples that were flaky: how many of their further runs failed, and how many there were."""
    flaky = [case for case in cases if case.verdict == "flaky"]
    return sum(case.failed_reruns for case in flaky), sum(case.reruns for case in flaky)
