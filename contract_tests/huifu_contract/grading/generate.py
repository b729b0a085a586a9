"""Draws the examples of one case with hypothesis, and makes a failing one small."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given

from huifu_contract.catalogue.record import Example, Record
from huifu_contract.grading.failure_budget import FailureBudget
from huifu_contract.grading.profiles import Profile, case_seed, seeded, settings
from huifu_contract.harness.laws import CaseBroken

SHRINK_RUNS = 60


def written(example: Example) -> str:
    """The same text for the same example, whatever the order of its members."""
    return json.dumps(example, sort_keys=True)


def portable() -> bool:
    """Draws the same inputs from a seed on every machine; False where this hypothesis has no such switch.

    Hypothesis mixes constants of the modules that lie in a checkout into what it draws. Which these are depends on
    where the kit and the team's code lie, so this process, which runs nobody's tests, does without them.
    """
    from hypothesis.internal.conjecture import providers

    names = vars(providers)
    if not {"_get_local_constants", "Constants"} <= names.keys():
        return False
    none = names["Constants"]()
    names["_get_local_constants"] = lambda: none
    return True


@dataclass(slots=True)
class Search:
    """What was found while hypothesis drew: the runs, the failing examples, and what stopped it.

    `budget` says how long a failure of this signature may still be made small.
    """

    budget: FailureBudget
    most: int
    runs: int = 0
    broken: dict[str, CaseBroken] = field(default_factory=dict)
    best: Example | None = None
    stopped: Exception | None = None
    tried: dict[str, None] = field(default_factory=dict)
    """The distinct examples that were drawn before anything failed."""
    last: Example | None = None
    """The one that was run last."""
    _after: int = 0

    def step(self, run: Callable[[Example], None], example: Example) -> None:
        """Runs one example unless there is reason not to.

        Raises CaseBroken for one that breaks the same law.
        """
        name = written(example)
        if name in self.broken:
            self.best = example
            raise self.broken[name]
        if self.stopped is not None or self._enough() or (self.runs >= self.most and not self.broken):
            return
        self.runs += 1
        self.last = example
        if not self.broken:
            self.tried[name] = None
        began, smaller = time.monotonic(), bool(self.broken)
        try:
            run(example)
        except CaseBroken as broken:
            first = next(iter(self.broken.values()), broken)
            if str(first) != str(broken):
                return  # another mistake than the one being made small
            self.broken[name] = broken
            self.best = example
            raise
        except Exception as stop:  # trouble is no example to make small; the grader sorts it
            self.stopped = stop
        finally:
            if smaller:
                self.budget.spend(self.signature, time.monotonic() - began)

    @property
    def signature(self) -> str:
        """Of the failure that is being made small."""
        return str(next(iter(self.broken.values())))

    def _enough(self) -> bool:
        """Whether nothing more is run: what is left of the budget must be enough for another run."""
        if not self.broken:
            return False
        self._after += 1
        least = min(broken.evidence.seconds for broken in self.broken.values())
        return self._after > SHRINK_RUNS or self.budget.left(self.signature) <= least


def search(
    record: Record, run: Callable[[Example], None], profile: Profile, examples: int, *, seed: int, budget: FailureBudget
) -> Search:
    """Runs the first `examples` that the seed gives; the smallest failing one is in `best`.

    As many as the profile says are drawn in any case, so that fewer are always the first of the same ones.
    """
    found = Search(budget, examples)
    if record.draw is None or examples <= 0:
        return found

    def test(example: dict[str, Any]) -> None:
        found.step(run, example)

    drawn = given(example=record.draw())(test)
    ready = settings(profile, max(examples, profile.examples))(seeded(case_seed(seed, record.id, record.rev), drawn))
    try:
        ready()
    except CaseBroken:
        return found
    return found
