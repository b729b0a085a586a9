"""One tenant's time: the only place that reads the wall clock.

Every age, business day, timer and retry comes from here. Times are aware datetimes in Beijing time, exact to
the microsecond, so that "exactly 60 seconds" means it.
"""

import asyncio
import heapq
import logging
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from typing import Final, Literal, get_args

from huifu_mock.state.feed import Feed
from huifu_mock.state.work import Unkept, Work, in_memory

BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")  # no summer time since 1991
Mode = Literal["frozen", "running", "auto"]
MODES: tuple[str, ...] = get_args(Mode)
LAST = datetime(9999, 12, 30, tzinfo=BEIJING)
REMEMBERED = 100
"""So many moves of a clock are told to who comes later."""

AGAIN = 1.0
"""Real seconds until what fell due and could not be kept is tried again."""

log = logging.getLogger("huifu_mock.clock")


class MovedBack(ValueError):
    """Somebody asked the clock to move back, or past the end of the calendar."""


@dataclass(order=True, slots=True)
class Timer:
    """Something that falls due at a time of the clock; timers of one moment fire in the order they were set."""

    when: datetime
    number: int
    action: Callable[[], None] | None = field(compare=False)
    idle: bool = field(compare=False, default=False)
    """An `auto` clock does not jump for it; it fires when something else takes the clock past it."""

    def cancel(self) -> None:
        """Make the timer do nothing. Cancelling twice, or after it fired, is fine."""
        self.action = None


def parse(text: str) -> datetime:
    """A time from ISO 8601; without an offset it is Beijing time. Raises `ValueError`."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=BEIJING) if moment.tzinfo is None else moment.astimezone(BEIJING)


def wall_clock() -> datetime:
    """What time it is outside every tenant."""
    return datetime.now(BEIJING)


def day(moment: date) -> str:
    """yyyyMMdd. `strftime` writes years before 1000 with fewer digits, and takes four times as long."""
    return date.isoformat(moment).replace("-", "")


def time_of_day(moment: datetime) -> str:
    """A time for people, to the millisecond, whose day is known: `10:00:00.000`."""
    return f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03}"


def compact(moment: datetime) -> str:
    """yyyyMMddHHmmss."""
    return f"{day(moment)}{moment.hour:02d}{moment.minute:02d}{moment.second:02d}"


class Clock:
    """Time that a test can hold, move and let run.

    `running` follows the wall clock; `frozen` stands still; `auto` stands still too, and jumps to the next timer
    as soon as nothing holds it (no call is being answered and no push is under way).
    """

    def __init__(
        self, now: datetime | None = None, mode: Mode = "running", work: Work = in_memory, feed: Feed | None = None
    ) -> None:
        self.mode: Mode = mode
        self._base = now or datetime.now(BEIJING)
        self._mono = time.monotonic_ns()
        self._work = work
        self._pinned: datetime | None = None
        self._instant: datetime | None = None
        self._timers: list[Timer] = []
        self._numbers = 0
        self._holders = 0
        self.loop: asyncio.AbstractEventLoop | None = None
        self._wake: asyncio.TimerHandle | None = None
        self._feed = feed or Feed()
        self.leaps: Final[deque[tuple[datetime, float]]] = deque(maxlen=REMEMBERED)
        """Where the latest moves ended, and how many seconds each skipped."""

    def now(self) -> datetime:
        """The time it is for this tenant."""
        if self._pinned is not None:
            return self._pinned
        if self._instant is not None:
            return self._instant
        if self.mode != "running":
            return self._base
        return self._base + timedelta(microseconds=(time.monotonic_ns() - self._mono) // 1000)

    def today(self) -> str:
        """The business day, yyyyMMdd, in Asia/Shanghai."""
        return day(self.now())

    def set(self, now: datetime | None = None, mode: Mode | None = None) -> None:
        """Move to a time, or change how time passes, or both; timers on the way fire in order.

        Raises `MovedBack` when `now` lies before the present.
        """
        start = self.now()
        self._move(start, start if now is None else now, mode)

    def _move(self, start: datetime, target: datetime, mode: Mode | None) -> None:
        if target < start:
            raise MovedBack(f"the clock is at {start.isoformat()} and cannot move back to {target.isoformat()}")
        if target > LAST:
            raise MovedBack(f"the calendar of this clock ends at {LAST.isoformat()}")
        self._fire_until(target)
        self._base, self._mono = target, time.monotonic_ns()
        self.mode = mode or self.mode
        if self._instant is not None:
            self._instant = target
        self._plan()
        seconds = (target - start).total_seconds()
        if seconds:
            self.leaps.append((target, seconds))
        self._feed.tell("clock", seconds)

    def begin(self, now: datetime, mode: Mode | None = None) -> None:
        """Begin at any time, also an earlier one, without timers: for a tenant to which nothing has happened yet."""
        self._timers.clear()
        self.leaps.clear()
        self._base, self._mono = min(now, LAST), time.monotonic_ns()
        self.mode = mode or self.mode
        if self._instant is not None:
            self._instant = self._base
        self._plan()
        self._feed.tell("clock", 0.0)

    def follow(self, now: datetime, mode: Mode) -> None:
        """Stand where it was written down; then `ran_on` goes on from there."""
        self._base, self._mono, self.mode = now, time.monotonic_ns(), mode

    def ran_on(self, passed: timedelta) -> None:
        """A running clock ran on for so long. What fell due meanwhile comes with the next tick, each at its time."""
        if self.mode == "running":
            self._base = min(self._base + max(passed, timedelta()), LAST)
        self._plan()

    def moved(self, seconds: float) -> None:
        """Tell who watches that it was moved by so much elsewhere."""
        if seconds:
            self.leaps.append((self.now(), seconds))
        self._feed.tell("clock", seconds)

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass at once. Raises `MovedBack` for less than nothing or past the calendar's end."""
        start = self.now()  # read once: what is told is what was asked for
        try:
            target = start + timedelta(seconds=seconds)
        except (OverflowError, ValueError) as error:
            raise MovedBack(f"{seconds} seconds leads out of the calendar") from error
        self._move(start, target, None)

    def at(self, when: datetime, action: Callable[[], None], *, idle: bool = False) -> Timer:
        """Have `action` run when the clock reaches `when`; at once, but not inside this call, if it has.

        The end of the calendar is never reached: what repeats itself for ever would never come to an end there.
        """
        self._numbers += 1
        timer = Timer(max(when, self.now()), self._numbers, action, idle)
        if when < LAST:
            heapq.heappush(self._timers, timer)
            self._plan()
        return timer

    def after(self, seconds: float, action: Callable[[], None]) -> Timer:
        """Have `action` run `seconds` from now."""
        return self.at(min(self.now() + timedelta(seconds=min(seconds, 1e9)), LAST), action)

    def tick(self) -> None:
        """Run what has fallen due. The gateway calls this before each call, so a late wake-up changes nothing."""
        if self._pinned is None and self._timers and self._timers[0].when <= (now := self.now()):
            self._fire_until(now)
            self._plan()

    def stand_still(self) -> datetime:
        """Run what has fallen due, and stand at one moment until `go_on`: a call is answered in one moment."""
        self.tick()
        self._instant = self.now()
        return self._instant

    def go_on(self) -> None:
        """Time passes again."""
        self._instant = None

    @contextmanager
    def hold(self) -> Iterator[None]:
        """While held, an `auto` clock does not jump."""
        self._holders += 1
        try:
            yield
        finally:
            self._holders -= 1
            if self.mode == "auto":
                self._plan()

    def bind(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let timers fire by themselves on this event loop."""
        self.loop = loop
        self._plan()

    def clear(self) -> None:
        """Forget all timers."""
        self._timers.clear()
        self._plan()

    def close(self) -> None:
        """Forget all timers and the event loop."""
        self.clear()
        self.loop = None

    def _fire_until(self, target: datetime) -> None:
        if self._pinned is not None:  # a timer's action moved the clock: the outer loop goes on from there
            raise MovedBack("a timer's action cannot move the clock")
        try:
            while self._timers and self._timers[0].when <= target:
                timer = heapq.heappop(self._timers)
                self._pinned = max(timer.when, self._pinned or timer.when)
                if (action := timer.action) is not None:
                    _run(action)
        finally:
            self._pinned = None

    def _plan(self) -> None:
        """Wake up in time for the next timer; with none, never."""
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None
        while self._timers and self._timers[0].action is None:
            heapq.heappop(self._timers)
        if self.loop is None or not self._timers or self._pinned is not None or self.loop.is_closed():
            return
        wait = (self._timers[0].when - self.now()).total_seconds()
        if self.mode == "running" or wait <= 0:
            self._wake = self.loop.call_later(min(max(wait, 0), 86_400), self._woken)
        elif self.mode == "auto" and not self._holders and self._awaited() is not None:
            self._wake = self.loop.call_later(0, self._jump)

    def _awaited(self) -> Timer | None:
        """The next timer that an `auto` clock jumps for."""
        waiting = (timer for timer in self._timers if not timer.idle and timer.action is not None)
        return min(waiting, default=None)

    def _woken(self) -> None:
        self._by_itself(self.tick)

    def _jump(self) -> None:
        self._by_itself(self._to_the_next)

    def _to_the_next(self) -> None:
        if self.mode == "auto" and not self._holders and (timer := self._awaited()) is not None:
            self.set(max(timer.when, self.now()))

    def _by_itself(self, action: Callable[[], None]) -> None:
        """Time passes without anybody's call. What could not be kept is tried again."""
        try:
            with self._work():
                action()
        except Unkept as unkept:
            log.warning("what fell due could not be kept: %s", unkept)
            if self.loop is not None:
                self._wake = self.loop.call_later(AGAIN, self._plan)
            return
        self._plan()


def _run(action: Callable[[], None]) -> None:
    """One timer's failure must not keep the others from firing."""
    try:
        action()
    except Exception:
        log.exception("a timer failed")
