"""A client that goes wrong everywhere is graded in about as many calls, and as much waiting, as a right one."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest

from huifu_contract.catalogue.registry import catalogue
from huifu_contract.drivers.in_process import LocalDriver, describes
from huifu_contract.failures import ClientTrouble, Gone, KitTrouble, SetupTrouble
from huifu_contract.grading.crew import Crew, Idle
from huifu_contract.grading.options import Options
from huifu_contract.grading.plan import longest_first, seconds
from huifu_contract.grading.profiles import Profile
from huifu_contract.grading.results import RunResult, Verdict
from huifu_contract.grading.runner import Runner
from huifu_contract.harness.harness import Harness
from huifu_contract.outcome import Outcome
from huifu_contract.reference import Client, Config

PROFILE = Profile("small", 20, 1)
Close = Callable[[Any, str, Any], Any]


def graded(close: Close, **options: Any) -> tuple[RunResult, int]:
    """The result, and how many calls it took."""
    calls: list[str] = []

    @describes(name="client", version="1", claims=["query", "retry", "generates-seq"], timeout_s=1.0)
    def counted(config: Any, base_url: str, params: Any) -> Any:
        calls.append(base_url)
        return close(config, base_url, params)

    chosen = {"profile": PROFILE, "key_bits": 1024, "cases": ("request/*", "response/stat-*"), **options}
    return Runner(lambda: LocalDriver(counted), Options(**chosen)).run(), len(calls)


def right(config: Any, base_url: str, params: Any) -> Outcome:
    return Client(base_url, Config.of(config), timeout_s=0.9, attempt_s=0.3).close(**params)


def raises(_config: Any, _base_url: str, _params: Any) -> Outcome:
    raise KeyError("sign")


def unsure(config: Any, base_url: str, params: Any) -> str:
    right(config, base_url, params)
    return "unknown"


def test_a_client_that_fails_from_the_first_case_on_takes_no_more_calls_than_a_right_one() -> None:
    _, usual = graded(right)
    for wrong in (raises, unsure):
        run, calls = graded(wrong)
        assert calls <= usual
        assert not [case.id for case in run.cases if case.verdict is Verdict.PASS]


def test_what_repeats_the_failure_of_a_control_says_so() -> None:
    run, _ = graded(raises)
    roots = {case.root for case in run.cases if case.verdict is Verdict.FAIL and not case.id.startswith("control/")}
    assert roots == {"the same as in control/accepts-honest-success"}


def test_a_client_that_waits_its_whole_time_in_every_call_is_given_up_when_a_right_one_would_be_done() -> None:
    """The time that a right client takes is over at once here: no further case begins."""
    run, calls = graded(unsure, profile=Profile("none", 20, 1, seconds=1e-9))
    assert calls <= 3 * (1 + 5), "three controls, of which a quick failure is run again"
    found = [case for case in run.cases if case.group == "request" and case.verdict is not Verdict.SKIP]
    assert {case.verdict for case in found} == {Verdict.BLOCKED}
    assert {case.root for case in found} == {next(case.root for case in run.cases if case.group == "response")}


def test_a_trouble_that_comes_in_every_case_is_met_a_few_times_and_not_in_all_of_them() -> None:
    class Breaks(LocalDriver):
        calls = 0

        def close(self, *args: Any, **more: Any) -> Outcome:
            Breaks.calls += 1
            if Breaks.calls > 5:
                raise ClientTrouble("exited with status 1 while close was open")
            return super().close(*args, **more)

    options = Options(profile=Profile("none", 20, 1, seconds=0.0), key_bits=1024, reruns=0)
    run = Runner(lambda: Breaks(describes(timeout_s=1e-9)(right)), options).run()
    failed = [case.id for case in run.cases if case.verdict is Verdict.FAIL]
    blocked = {case.root for case in run.cases if case.verdict is Verdict.BLOCKED}
    assert run.exit.value == 1
    assert failed
    assert any(root.startswith(f"the same as in {failed[0]}") for root in blocked) or len(failed) > 1


@pytest.mark.parametrize(
    ("examples", "seconds", "count"), [(20, 0.01, 200), (5, 0.01, 50), (0, 0.01, 20), (20, 0.5, 60), (20, 2.0, 20)]
)
def test_a_slow_client_makes_fewer_calls_in_a_row(examples: int, seconds: float, count: int) -> None:
    catalogue()  # first: it imports the modules of cases in the order of the catalogue
    from huifu_contract.catalogue.cases import generated

    harness = SimpleNamespace(examples=examples, call_s=[seconds] * 3)
    assert generated.calls(harness) == count  # type: ignore[arg-type]  # it looks at nothing else


# -- in which order ----------------------------------------------------------------------------------------------------


def test_the_longest_cases_begin_first_and_those_of_the_same_length_in_the_order_of_the_catalogue() -> None:
    ordered = longest_first(catalogue().values(), drawn=20)
    times = [seconds(record, 20) for record in ordered]
    assert times == sorted(times, reverse=True)
    places = {record.id: place for place, record in enumerate(catalogue().values())}
    for one, other in pairwise(ordered):
        assert seconds(one, 20) > seconds(other, 20) or places[one.id] < places[other.id]


def test_a_case_that_takes_long_for_an_example_begins_before_one_of_many_quick_examples() -> None:
    names = [record.id for record in longest_first(catalogue().values(), drawn=20)]
    assert names.index("transport/late-reply") < names.index("request/values-unchanged")


LATE = "transport/gives-up"


def test_a_case_that_asks_for_a_short_time_is_run_again_by_itself_where_it_was_late_beside_others() -> None:
    """Whoever is late beside others only is right; whoever is late by himself too is not."""
    late: list[str] = []

    @describes(name="client", version="1", timeout_s=1e-9)
    def held_up(config: Any, base_url: str, params: Any) -> Any:
        late.append(base_url)
        return right(config, base_url, params)

    chosen = Options(profile=PROFILE, key_bits=1024, cases=(LATE, "response/stat-p-pending"), reruns=0)
    run = Runner(lambda: LocalDriver(held_up), chosen).run()
    [found] = [case for case in run.cases if case.id == LATE]
    assert found.verdict is Verdict.FAIL
    crowd = len(late)
    late.clear()
    Runner(lambda: LocalDriver(held_up), replace(chosen, cases=(LATE,))).run()
    assert crowd == len(late) + 2, "the other case, and one more try"


def test_only_a_case_that_measures_time_may_ask_for_a_short_one() -> None:
    with pytest.raises(ValueError, match="measures time"):
        replace(catalogue()["transport/lost-after-close"], latest=True)


# -- more workers where the machine has time ---------------------------------------------------------------------------


@dataclass(slots=True)
class FakeHarness:
    calling_since: float | None = None


@dataclass(slots=True)
class FakeIdle(Idle):
    """A machine that is as idle as told."""

    told: float = 1.0

    def share(self) -> float:
        return self.told


@dataclass(slots=True)
class Hall:
    """Workers that all wait until `enough` of them are there, or until the crew has been looked at often enough."""

    enough: int
    waits_for_s: float | None
    started: list[Harness] = field(default_factory=list)
    there: list[Harness] = field(default_factory=list)
    done: Event = field(default_factory=Event)
    looks: int = 0

    def work(self, harness: Harness) -> None:
        harness.calling_since = None if self.waits_for_s is None else time.monotonic() - self.waits_for_s
        self.there.append(harness)
        if len(self.there) >= self.enough:
            self.done.set()
        self.done.wait(20)

    def left(self) -> int:
        self.looks += 1
        if self.looks > 8:
            self.done.set()
        return 100

    def more(self, count: int) -> Sequence[Harness]:
        """As a run does it: all that were ever started are in one list, which the crew was given."""
        made: list[Harness] = [FakeHarness() for _ in range(count)]  # type: ignore[misc]  # a crew looks at nothing else
        self.started += made
        return made


@pytest.mark.parametrize(
    ("idle", "waits_for_s", "most", "workers"),
    [
        (1.0, 5.0, 16, 16),  # it waits and the machine is idle
        (0.1, 5.0, 16, 4),  # it computes: more of it would only be slower
        (1.0, None, 16, 16),  # it answers soon, and there is time for more
        (0.4, 5.0, 16, 16),  # likewise
        (1.0, None, 5, 5),  # as many as were asked for
        (1.0, 5.0, 6, 6),  # as many as were asked for
    ],
)
def test_there_are_more_workers_only_where_the_machine_has_time_and_many_where_the_client_waits(
    idle: float, waits_for_s: float | None, most: int, workers: int
) -> None:
    hall = Hall(enough=16, waits_for_s=waits_for_s)
    hall.more(4)
    Crew(hall.work, hall.more, most, FakeIdle(told=idle), look_s=0.02).run(hall.started, hall.left)
    assert len(hall.there) == workers


def test_a_client_of_which_there_may_be_no_more_is_graded_by_those_that_are_there() -> None:
    hall = Hall(enough=5, waits_for_s=5.0)

    def none(_count: int) -> Sequence[Harness]:
        raise SetupTrouble("the port is taken")

    Crew(hall.work, none, 16, FakeIdle(), look_s=0.02).run(list(hall.more(4)), hall.left)
    assert len(hall.there) == 4


def test_how_idle_the_machine_is_can_be_read_or_is_taken_for_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    from pathlib import Path

    from huifu_contract.grading import crew

    idle = Idle()
    idle.share()
    assert 0.0 <= idle.share() <= 1.0
    monkeypatch.setattr(crew, "STAT", Path("/nowhere/stat"))
    assert Idle().share() == 0.0


class Ending(LocalDriver):
    """A right client that ends for good at the first reply that it cannot trust: a wrong claim, or not a word."""

    def __init__(self, wrong: bool) -> None:
        super().__init__(describes(name="ends", version="1", timeout_s=1.0)(right))
        self.wrong, self.ended = wrong, False

    def close(self, *call: Any) -> Outcome:
        if self.ended:
            raise Gone("nothing listens any more")
        said = super().close(*call)
        self.ended = said.verdict == "unknown"
        if self.ended and not self.wrong:
            raise ClientTrouble("broke off while close was open")
        return Outcome("closed") if self.ended else said


@pytest.mark.parametrize("wrong", [True, False])
def test_a_client_that_ends_for_good_in_a_case_has_failed_it_and_the_rest_is_not_run(wrong: bool) -> None:
    cases = ("security/sign-missing", "security/sign-wrong-key")
    options = Options(profile=Profile("fixed", 0, 0), key_bits=1024, cases=cases, workers=1)
    found = {case.id: case for case in Runner(lambda: Ending(wrong), options).run().cases}
    failed, left = found[cases[0]], found[cases[1]]
    assert (failed.verdict, failed.reruns) == (Verdict.FAIL, 0)
    assert ("no genuine reply" if wrong else "broke off") in failed.signature
    assert (left.verdict, left.root) == (Verdict.NOT_RUN, "nothing listens any more")


def test_a_mistake_of_the_kit_while_a_failure_is_run_again_is_no_failure_of_the_client() -> None:
    class Mistaken(Ending):
        def close(self, *call: Any) -> Outcome:
            if self.ended:
                raise KitTrouble("the gateway lost a call")
            return super().close(*call)

    options = Options(profile=Profile("fixed", 0, 0), key_bits=1024, cases=("security/sign-missing",), workers=1)
    found = Runner(lambda: Mistaken(wrong=True), options).run()
    (case,) = (case for case in found.cases if case.id == "security/sign-missing")
    assert (case.verdict, case.signature) == (Verdict.KIT_ERROR, "the gateway lost a call")
