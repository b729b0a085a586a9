"""The one clock: modes, timers in order, no way back, exact to the microsecond."""

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huifu_mock.state.clock import BEIJING, LAST, Clock, MovedBack, parse

NOON = datetime(2026, 2, 28, 12, tzinfo=BEIJING)
MICROSECOND = timedelta(microseconds=1)


@pytest.fixture
def clock() -> Clock:
    return Clock(NOON, "frozen")


def seconds_since(clock: Clock) -> float:
    return (clock.now() - NOON).total_seconds()


def test_a_frozen_clock_stands_still_until_it_is_moved(clock: Clock) -> None:
    assert clock.now() == clock.now() == NOON
    clock.advance(61.5)
    assert clock.now() == NOON + timedelta(seconds=61.5)
    clock.set(NOON + timedelta(days=1))
    assert clock.now() == NOON + timedelta(days=1)


def test_a_running_clock_never_goes_back() -> None:
    clock = Clock(NOON)
    times = [clock.now() for _ in range(1000)]
    assert times == sorted(times)
    assert times[0] >= NOON


def test_an_advance_is_told_as_what_was_asked_for_also_while_the_clock_runs() -> None:
    clock = Clock(NOON)
    for seconds in (1, 61, 3600):
        clock.advance(seconds)
    assert [seconds for _, seconds in clock.leaps] == [1, 61, 3600]


def test_freezing_and_running_again_loses_no_time_and_gains_none() -> None:
    clock = Clock(NOON)
    clock.advance(10)
    clock.set(mode="frozen")
    held = clock.now()
    assert clock.now() == held
    clock.set(mode="running")
    assert held <= clock.now() < held + timedelta(hours=1)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 2, 28, 15, 59, 59, 999999, tzinfo=UTC), "20260228"),
        (datetime(2026, 2, 28, 16, tzinfo=UTC), "20260301"),
        (datetime(2028, 2, 28, 16, tzinfo=UTC), "20280229"),
    ],
)
def test_a_business_day_begins_at_midnight_in_shanghai(moment: datetime, day: str) -> None:
    assert Clock(parse(moment.isoformat()), "frozen").today() == day


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-02-28T12:00:00", NOON),
        ("2026-02-28T12:00", NOON),
        ("2026-02-28T12:00:00.5", NOON + timedelta(seconds=0.5)),
        ("2026-02-28T04:00:00Z", NOON),
        ("2026-02-28T04:00:00+00:00", NOON),
        ("2026-02-27T23:00:00-05:00", NOON),
    ],
)
def test_a_time_without_an_offset_is_beijing_time(text: str, moment: datetime) -> None:
    assert parse(text) == moment
    assert parse(text).tzinfo is BEIJING


def test_moving_back_is_refused_and_changes_nothing(clock: Clock) -> None:
    with pytest.raises(MovedBack, match="cannot move back"):
        clock.set(NOON - MICROSECOND, "running")
    with pytest.raises(MovedBack):
        clock.advance(-0.000001)
    assert (clock.now(), clock.mode) == (NOON, "frozen")


@pytest.mark.parametrize("seconds", [float("inf"), float("nan"), 1e12, 1e300])
def test_leaving_the_calendar_is_refused(seconds: float, clock: Clock) -> None:
    with pytest.raises(MovedBack, match="calendar"):
        clock.advance(seconds)
    assert clock.now() == NOON


def test_timers_fire_in_order_of_time_then_of_setting_each_at_its_own_time(clock: Clock) -> None:
    fired: list[tuple[str, float]] = []

    def note(name: str) -> None:
        fired.append((name, seconds_since(clock)))

    for name, after in (("c", 3), ("a", 1), ("b1", 2), ("b2", 2), ("late", 3.000001)):
        clock.after(after, partial(note, name))
    clock.advance(3)
    assert fired == [("a", 1), ("b1", 2), ("b2", 2), ("c", 3)]
    assert seconds_since(clock) == 3
    clock.advance(0.000001)
    assert fired[-1] == ("late", 3.000001)


def test_a_timer_set_by_a_timer_fires_in_the_same_move_if_it_is_due(clock: Clock) -> None:
    fired: list[float] = []

    def again() -> None:
        fired.append(seconds_since(clock))
        clock.after(10, again)

    clock.after(10, again)
    clock.advance(35)
    assert fired == [10, 20, 30]


def test_a_timer_for_the_past_fires_at_once_but_not_inside_the_call(clock: Clock) -> None:
    fired: list[float] = []
    clock.at(NOON - timedelta(days=1), lambda: fired.append(seconds_since(clock)))
    assert fired == []
    clock.tick()
    assert fired == [0]


def test_a_cancelled_timer_does_nothing_and_may_be_cancelled_again(clock: Clock) -> None:
    fired: list[int] = []
    timer = clock.after(1, lambda: fired.append(1))
    timer.cancel()
    timer.cancel()
    clock.advance(2)
    assert fired == []


def test_a_timer_that_fails_keeps_no_other_from_firing(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    fired: list[int] = []
    clock.after(1, lambda: 1 // 0)  # type: ignore[arg-type,return-value] # it never returns
    clock.after(1, lambda: fired.append(1))
    clock.advance(1)
    assert fired == [1]
    assert "ZeroDivisionError" in caplog.text


def test_a_timer_cannot_move_the_clock(clock: Clock) -> None:
    refused: list[str] = []

    def move() -> None:
        try:
            clock.advance(1)
        except MovedBack as error:
            refused.append(str(error))

    clock.after(1, move)
    clock.advance(5)
    assert len(refused) == 1
    assert seconds_since(clock) == 5


def test_what_repeats_itself_for_ever_ends_with_the_calendar(clock: Clock) -> None:
    fired = 0

    def yearly() -> None:
        nonlocal fired
        fired += 1
        clock.after(366 * 86_400, yearly)

    yearly()
    clock.set(LAST)
    assert fired > 7000
    assert clock.now() == LAST


def test_a_cleared_clock_has_forgotten_its_timers(clock: Clock) -> None:
    fired: list[int] = []
    clock.after(1, lambda: fired.append(1))
    clock.clear()
    clock.advance(5)
    assert fired == []


async def test_a_running_clock_fires_by_itself_on_its_loop() -> None:
    clock = Clock()
    clock.bind(asyncio.get_running_loop())
    fired = asyncio.Event()
    order: list[str] = []
    clock.after(0.02, lambda: (order.append("second"), fired.set()))  # type: ignore[func-returns-value] # both run
    clock.after(0.01, lambda: order.append("first"))
    await asyncio.wait_for(fired.wait(), 30)
    assert order == ["first", "second"]
    clock.close()


async def test_an_auto_clock_jumps_to_its_next_timer_when_nothing_holds_it() -> None:
    clock = Clock(NOON, "auto")
    clock.bind(asyncio.get_running_loop())
    fired = asyncio.Event()
    with clock.hold():
        clock.after(3600, fired.set)
        for _ in range(3):
            await asyncio.sleep(0)  # noqa: TID251 # lets the loop turn; no time passes
        assert not fired.is_set()
        assert clock.now() == NOON
    await asyncio.wait_for(fired.wait(), 30)
    assert clock.now() == NOON + timedelta(hours=1)
    clock.close()


async def test_an_auto_clock_does_not_jump_for_what_nobody_waits_for() -> None:
    clock = Clock(NOON, "auto")
    clock.bind(asyncio.get_running_loop())
    seen: list[str] = []
    fired = asyncio.Event()
    clock.at(NOON + timedelta(hours=2), lambda: seen.append("idle"), idle=True)
    clock.after(3600, fired.set)
    await asyncio.wait_for(fired.wait(), 30)
    for _ in range(3):
        await asyncio.sleep(0)  # noqa: TID251 # lets the loop turn; no time passes
    assert seen == []
    assert clock.now() == NOON + timedelta(hours=1)
    clock.advance(3600)
    assert seen == ["idle"]
    clock.close()


async def test_what_is_due_at_once_fires_by_itself_on_a_frozen_clock(clock: Clock) -> None:
    clock.bind(asyncio.get_running_loop())
    fired = asyncio.Event()
    clock.after(0, fired.set)
    assert not fired.is_set()
    await asyncio.wait_for(fired.wait(), 30)
    assert clock.now() == NOON
    clock.close()


async def test_a_closed_clock_leaves_nothing_in_its_loop() -> None:
    clock = Clock(NOON)
    clock.bind(asyncio.get_running_loop())
    clock.after(0.001, lambda: pytest.fail("it was closed"))
    clock.close()
    clock.close()
    await asyncio.sleep(0)  # noqa: TID251 # lets the loop turn; no time passes


steps = st.lists(
    st.tuples(st.sampled_from(["after", "advance", "cancel"]), st.integers(0, 10**9)), min_size=1, max_size=30
)


@given(steps)
def test_every_timer_fires_once_at_its_time_in_order_and_the_clock_never_goes_back(
    steps: list[tuple[str, int]],
) -> None:
    clock = Clock(NOON, "frozen")
    fired: list[tuple[timedelta, int]] = []
    expected: list[tuple[timedelta, int]] = []
    timers = {}
    for i, (step, microseconds) in enumerate(steps):
        before = clock.now()
        match step:
            case "after":
                due = before - NOON + timedelta(microseconds=microseconds)
                timers[i] = clock.after(microseconds / 1e6, lambda i=i: fired.append((clock.now() - NOON, i)))  # type: ignore[misc] # bound now
                expected.append((due, i))
            case "advance":
                clock.advance(microseconds / 1e6)
            case "cancel" if timers:
                cancelled = [*timers][microseconds % len(timers)]
                if cancelled not in [number for _, number in fired]:
                    timers.pop(cancelled).cancel()
                    expected = [one for one in expected if one[1] != cancelled]
        assert clock.now() >= before
    now = clock.now() - NOON
    clock.tick()
    assert fired == sorted(one for one in expected if one[0] <= now)
