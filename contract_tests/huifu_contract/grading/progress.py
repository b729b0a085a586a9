"""How far a run is, and when it will end: counted by examples, since cases differ a thousandfold in what they take."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import RLock

LEAST = 0.01
"""So much of the work must be done before it is told when the rest is."""


@dataclass
class Progress:
    """Counts; whoever wants to show something overrides `show`, which is called by one worker at a time."""

    clock: Callable[[], float] = time.monotonic
    cases: int | None = None
    """None until it is known what is to be run."""
    finished: int = 0
    case: str = ""
    """The one that was begun last."""
    _began: float = field(init=False)
    _planned: float = 0.0
    _work: dict[str, int] = field(default_factory=dict)
    _done: dict[str, int] = field(default_factory=dict)
    _lock: RLock = field(default_factory=RLock)

    def __post_init__(self) -> None:
        self._began = self.clock()

    def planned(self, cases: int, work: Mapping[str, int]) -> None:
        """Of so many cases those in `work` are still to be run, each with so many examples."""
        with self._lock:
            self.cases, self.finished = cases, cases - len(work)
            self._work, self._planned = dict(work), self.clock()
            self.show()

    def began(self, case: str) -> None:
        with self._lock:
            self.case = case
            self.show()

    def ran(self, case: str) -> None:
        """Another example of that case begins."""
        with self._lock:
            self._done[case] = min(self._done.get(case, 0) + 1, self._work.get(case, 0))
            self.show()

    def ended(self, case: str) -> None:
        with self._lock:
            self._done[case] = self._work.get(case, 0)
            self.finished += 1
            self.show()

    @property
    def elapsed_s(self) -> float:
        return self.clock() - self._began

    @property
    def left_s(self) -> float | None:
        """About how long the rest takes; None while too little is done to say."""
        work, done = sum(self._work.values()), sum(self._done.values())
        if not work or done < LEAST * work:
            return None
        return (self.clock() - self._planned) * (work - done) / done

    def show(self) -> None:
        """Nothing is shown."""
