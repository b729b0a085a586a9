"""What is left of a run, and what came of what was done: workers take parts from here and bring their results."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue

from huifu_contract.grading.parts import Assembly, Part
from huifu_contract.grading.progress import Progress
from huifu_contract.grading.results import CaseResult


@dataclass(slots=True)
class Work:
    """The parts in `queue` and, of those that only the first worker may have, in `firsts`.

    `finish` is given each case whose parts are all done.
    """

    finish: Callable[[CaseResult], None]
    progress: Progress
    stopped: bool = False
    """Whether nobody shall begin anything more."""
    _queue: SimpleQueue[Part] = field(default_factory=SimpleQueue)
    _firsts: SimpleQueue[Part] = field(default_factory=SimpleQueue)
    _assembly: Assembly = field(default_factory=Assembly)

    def put(self, parts: Iterable[Part], for_the_first: Callable[[Part], bool]) -> None:
        """Adds parts, in the order in which they are begun."""
        for part in parts:
            (self._firsts if for_the_first(part) else self._queue).put(part)

    def take(self, *, first: bool = False) -> Part | None:
        """The next part for a worker, or for the first of them; None if nothing is left."""
        while not self.stopped:
            try:
                part = (self._firsts if first and not self._firsts.empty() else self._queue).get_nowait()
            except Empty:
                return None
            if not self._assembly.settled(part):
                return part
            self.bring(part, None)
        return None

    def bring(self, part: Part, result: CaseResult | None) -> None:
        """What came of a part; None if it could not be judged."""
        whole = self._assembly.add(part, result)
        if whole is not None:
            self.finish(whole)

    def left(self) -> int:
        """About how many parts nobody has begun."""
        return self._queue.qsize()
