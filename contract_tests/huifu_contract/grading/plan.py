"""What cases are run with, and in which order: the longest begin first, so that none goes on when all others are done.

What most of them take is waiting: a client pauses before it tries again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from huifu_contract.catalogue.record import Record
from huifu_contract.grading.case import Grader
from huifu_contract.grading.profiles import Budget


@dataclass(frozen=True, slots=True)
class Plan:
    """What every case after the controls is run with. `root` is set if a control is red."""

    grader: Grader
    root: str
    budget: Budget
    share: int
    dead: bool = False
    """The control is red in a way that leaves nothing to look at."""
    crowd: bool = False
    """Whether other cases run at the same time."""


GROUPS = {"transport": 0.25, "query": 0.2, "security": 0.15, "response": 0.1}
"""About how many seconds a right client takes for one example, by the group of the case."""
OTHERS = 0.03


def seconds(record: Record, drawn: int) -> float:
    """About how long a right client takes for a case of which so many examples are drawn."""
    return each(record) * (len(record.fixed) + (drawn if record.draw else 0))


def each(record: Record) -> float:
    """About how long a right client takes for one example."""
    return record.seconds or GROUPS.get(record.group, OTHERS)


def longest_first(records: Iterable[Record], drawn: int) -> list[Record]:
    """Of two that take the same time the one that comes first in the catalogue."""
    return sorted(records, key=lambda record: -seconds(record, drawn))
