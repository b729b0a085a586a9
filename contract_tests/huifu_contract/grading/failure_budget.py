"""How much time failures may cost one run: what repeats is recognised, and not looked into again and again.

A client that goes wrong everywhere is graded about as fast as a right one. All workers of a run share one budget.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

EACH_S = 5.0
"""For making examples small and running them again, for each signature of a failure."""
PATIENCE = 2
"""So many unanswered calls of each worker are waited for in any case."""


@dataclass(slots=True)
class FailureBudget:
    """`trouble_s`: how long the calls that end in one and the same trouble (a hang, a crash) may take together."""

    each_s: float = EACH_S
    trouble_s: float = float("inf")
    _first: dict[str, str] = field(default_factory=dict)
    _spent: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    _lost: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    _troubled: dict[str, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))
    _again: set[str] = field(default_factory=set)
    _hangs: int = 0
    _hung_until: float = 0.0
    _lock: Lock = field(default_factory=Lock)

    def first(self, signature: str, case: str) -> str:
        """The case that showed this failure first; this one, if nobody has."""
        with self._lock:
            return self._first.setdefault(signature, case)

    def left(self, signature: str) -> float:
        """Seconds; never less than 0."""
        return max(0.0, self.each_s - self._spent.get(signature, 0.0))

    def untouched(self, signature: str) -> bool:
        return not self._spent.get(signature)

    def spend(self, signature: str, seconds: float) -> None:
        with self._lock:
            self._spent[signature] += seconds

    def came_again(self, signature: str) -> None:
        """A failure of that signature came a second time in a row."""
        with self._lock:
            self._again.add(signature)

    def comes_again(self, signature: str) -> bool:
        return signature in self._again

    def hung(self, seconds: float) -> int:
        """How often the client has hung; now for so long. Hangs side by side count once: one busy moment makes many."""
        with self._lock:
            now = time.monotonic()
            if now - seconds >= self._hung_until:
                self._hangs, self._hung_until = self._hangs + 1, now
            return self._hangs

    def lose(self, trouble: str, case: str, seconds: float) -> None:
        """A call of that case ended in trouble after so long."""
        with self._lock:
            self._lost[trouble] += seconds
            self._troubled[trouble][case] = None

    def exhausted(self) -> str:
        """Why nothing more is asked of the client, or nothing."""
        with self._lock:
            for trouble, seconds in self._lost.items():
                if seconds >= self.trouble_s:
                    cases = list(self._troubled[trouble])
                    return f"the same as in {cases[0]}: {trouble}, in {len(cases)} cases so far; the rest is not run"
        return ""

    def document(self) -> dict[str, Any]:
        """What was seen and spent so far, as JSON."""
        with self._lock:
            return {
                "first": dict(self._first),
                "spent": dict(self._spent),
                "lost": dict(self._lost),
                "troubled": {trouble: list(cases) for trouble, cases in self._troubled.items()},
                "again": sorted(self._again),
            }

    def restore(self, document: Mapping[str, Any]) -> None:
        """Goes on from what `document` told."""
        if document:
            self._first.update(document["first"])
            self._spent.update(document["spent"])
            self._lost.update(document["lost"])
            self._troubled.update({trouble: dict.fromkeys(cases) for trouble, cases in document["troubled"].items()})
            self._again.update(document["again"])


def trouble_seconds(usual_s: float, deadline_s: float, workers: int) -> float:
    """What troubled calls may take: as long as a right client's whole run, and at least a few deadlines."""
    return max(usual_s, PATIENCE * deadline_s) * workers
