"""Draws the examples of one case with hypothesis, and makes a failing one small."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given

from huifu_contract.catalogue.record import Example, Record
from huifu_contract.grading.profiles import Profile, case_seed, seeded, settings
from huifu_contract.harness.laws import CaseBroken

SHRINK_RUNS = 60
SHRINK_S = 5.0


@dataclass(slots=True)
class Search:
    """What was found while hypothesis drew: the runs, the failing examples, and what stopped it."""

    runs: int = 0
    broken: dict[str, CaseBroken] = field(default_factory=dict)
    best: Example | None = None
    stopped: Exception | None = None
    _since: float = 0.0
    _after: int = 0

    def step(self, run: Callable[[Example], None], example: Example) -> None:
        """Runs one example unless there is reason not to.

        Raises CaseBroken for one that breaks the same law.
        """
        name = json.dumps(example, sort_keys=True)
        if name in self.broken:
            self.best = example
            raise self.broken[name]
        if self.stopped is not None or self._enough():
            return
        self.runs += 1
        try:
            run(example)
        except CaseBroken as broken:
            first = next(iter(self.broken.values()), broken)
            if str(first) != str(broken):
                return  # another mistake than the one being made small
            self.broken[name] = broken
            self.best = example
            self._since = self._since or time.monotonic()
            raise
        except Exception as stop:  # trouble is no example to make small; the grader sorts it
            self.stopped = stop

    def _enough(self) -> bool:
        if not self.broken:
            return False
        self._after += 1
        return self._after > SHRINK_RUNS or time.monotonic() - self._since > SHRINK_S


def search(record: Record, run: Callable[[Example], None], profile: Profile, examples: int, seed: int) -> Search:
    """Draws up to `examples`; the smallest failing one is in `best`."""
    found = Search()
    if record.draw is None or examples <= 0:
        return found

    def test(example: dict[str, Any]) -> None:
        found.step(run, example)

    drawn = given(example=record.draw())(test)
    ready = settings(profile, examples)(seeded(case_seed(seed, record.id, record.rev), drawn))
    try:
        ready()
    except CaseBroken:
        return found
    return found
