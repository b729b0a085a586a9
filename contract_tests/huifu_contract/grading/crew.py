"""The workers of a run: threads with a process of the client each, and more of them while the machine has time.

A slow answer costs the machine nothing, nor does a pause, so a client that waits is graded by many at once. A client
that computes is not: more processes of it would only make each of them slower, and some too slow. Nor is one that takes
longer to start than it would save.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

from huifu_contract.failures import Trouble
from huifu_contract.harness.harness import Harness

LOOK_S = 0.3
"""How often the crew is looked at."""
WAITING_S = 0.2
"""A call that has taken so long is one that waits."""
MOSTLY = 0.75
AT_ONCE = 4
"""So many are added at a time where nearly all wait."""
PAYS = 5
"""So many times as long as it takes to start more of them must be left for them to do."""
STAT = Path("/proc/stat")


@dataclass(slots=True)
class Idle:
    """How much of the processors was idle since the last look; nothing where the system does not tell."""

    _before: tuple[int, int] = (0, 0)

    def share(self) -> float:
        now = _ticks()
        idle, all_ = (new - old for new, old in zip(now, self._before, strict=True))
        self._before = now
        return idle / all_ if all_ > 0 else 0.0


def _ticks() -> tuple[int, int]:
    try:
        told = [int(number) for number in STAT.read_text().split("\n", 1)[0].split()[1:9]]
    except (OSError, ValueError):
        return 0, 0
    return sum(told[3:5]), sum(told)  # idle and waiting for a disk


@dataclass(slots=True)
class Crew:
    """`work` takes a harness until nothing is left to do; `more` starts so many; up to `most` in all."""

    work: Callable[[Harness], None]
    more: Callable[[int], Sequence[Harness]]
    most: int
    idle: Idle = field(default_factory=Idle)
    look_s: float = LOOK_S

    def run(self, harnesses: Sequence[Harness], left: Callable[[], int]) -> None:
        """Returns when all is done; `left` tells how many cases nobody has begun."""
        if len(harnesses) == 1 and self.most <= 1:
            self.work(harnesses[0])
            return
        threads = [self._start(harness) for harness in harnesses]
        crew = list(harnesses)  # the caller's list grows with what `more` starts
        began, at_first, start_s = time.monotonic(), left(), 0.0
        self.idle.share()
        while any(thread.is_alive() for thread in threads):
            next(thread for thread in reversed(threads) if thread.is_alive() or thread is threads[0]).join(self.look_s)
            now, rest = time.monotonic(), left()
            done = max(1, at_first - rest)
            if rest * (now - began) / done < PAYS * start_s:
                continue
            room = min(self._wanted(crew), self.most - len(crew), rest)
            if room > 0:
                try:
                    added = self.more(room)
                except Trouble:  # there may be no more of this client; those that work go on
                    self.most = 0
                    continue
                start_s = time.monotonic() - now
                crew += added
                threads += [self._start(harness) for harness in added]

    def _wanted(self, crew: Sequence[Harness]) -> int:
        """How many more the machine has time for."""
        idle = self.idle.share()
        if idle >= 0.5 and self._waits(crew):
            return AT_ONCE
        return 2 if idle >= 0.3 else int(idle >= 0.2)

    def _start(self, harness: Harness) -> Thread:
        thread = Thread(target=self.work, args=(harness,), daemon=True, name="huifu-contract-worker")
        thread.start()
        return thread

    def _waits(self, crew: Sequence[Harness]) -> bool:
        now = time.monotonic()
        waiting = [harness for harness in crew if now - (harness.calling_since or now) >= WAITING_S]
        return len(waiting) >= MOSTLY * len(crew)
