"""How far a run is, on stderr: a bar on a terminal, elsewhere a line now and then for who asks for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from rich.console import Console
from rich.progress import Progress as Bars
from rich.progress import TaskID, TextColumn

from huifu_contract.grading.progress import Progress
from huifu_contract.reports import terminal
from huifu_contract.reports.words import say
from huifu_mock._language import language
from huifu_mock.state.clock import Clock

EVERY_S = 30.0
"""So long passes between two lines."""


@contextmanager
def shown(spec: str, *, verbose: bool) -> Iterator[Progress]:
    """What a run is to report to."""
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield Lines(lambda line: console.print(line, markup=False, soft_wrap=True)) if verbose else Progress()
        return
    with terminal.progress(console, TextColumn("{task.fields[ends]}")) as bar:
        yield Bar(bar, bar.add_task(spec, total=None, ends=""))


def ends(left_s: float, now: datetime) -> str:
    """The clock time of the end, with the day where that is another one."""
    end = now + timedelta(seconds=left_s)
    day = "" if end.date() == now.date() else f"{say(language(), 'days').split()[end.weekday()]} "
    return say(language(), "ends", at=f"{day}{end:%H:%M}")


def duration(seconds: float) -> str:
    """12:04, or 1:12:04 from an hour on."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"


def here() -> datetime:
    return Clock().now().astimezone()


class Bar(Progress):
    """How many cases of how many, the time since the start, and when the end is."""

    def __init__(self, bar: Bars, task: TaskID) -> None:
        super().__init__()
        self._bar, self._task = bar, task

    def show(self) -> None:
        told = "" if self.left_s is None else ends(self.left_s, here())
        self._bar.update(self._task, description=self.case, total=self.cases, completed=self.finished, ends=told)


class Lines(Progress):
    """The same as a line, when something happens and half a minute has passed since the last."""

    def __init__(
        self,
        tell: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = here,
    ) -> None:
        super().__init__(clock)
        self._tell, self._now = tell, now
        self._next = clock()

    def show(self) -> None:
        if self.cases is None or self.clock() < self._next:
            return
        self._next = self.clock() + EVERY_S
        spoken = language()
        told = [say(spoken, "so far", finished=self.finished, cases=self.cases, duration=duration(self.elapsed_s))]
        if self.left_s is not None:
            told.append(ends(self.left_s, self._now()))
        self._tell(f"huifu-contract: {say(spoken, 'comma').join(told)}")
