"""An answer that comes when the client has given up is none: what the client does then is not held against it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count, cycle
from types import SimpleNamespace
from typing import Any

import pytest

from huifu_contract.catalogue.record import Basis, Example, Level, Record
from huifu_contract.catalogue.registry import catalogue
from huifu_contract.drivers.in_process import LocalDriver, describes
from huifu_contract.failures import Hung
from huifu_contract.grading import case, lateness
from huifu_contract.grading.case import Grader, blank_result
from huifu_contract.grading.failure_budget import FailureBudget
from huifu_contract.grading.lateness import COUNTED, MOST
from huifu_contract.grading.options import Options
from huifu_contract.grading.profiles import Profile
from huifu_contract.grading.results import MACHINE, CaseResult, Verdict
from huifu_contract.grading.runner import Runner
from huifu_contract.harness.evidence import Evidence, SentRequest
from huifu_contract.harness.harness import Harness
from huifu_contract.harness.laws import Broken, CaseBroken
from huifu_contract.harness.patience import ATTEMPTS, Patience
from huifu_contract.harness.prepared_answers import ALWAYS, PreparedAnswer, fault
from huifu_contract.mutants import mutants
from huifu_contract.outcome import Outcome
from huifu_contract.reference import Client, Config
from huifu_contract.reference import app as reference
from huifu_mock import Server

PROFILE = Profile("fixed", examples=0, steps=0)
ATTEMPT_S = 0.2
WAITS_S = 1.0
"""What the client of the planted cases waits for an answer."""
HELD_BACK = fault("hang", when="after")

# -- a case that is planted, and a clock that the examples move


@dataclass(slots=True)
class Planted:
    """What each run of the example breaks and how long it takes; what each honest call takes."""

    breaks: Iterator[Sequence[Broken]]
    example_s: float
    honest_s: Iterator[float]
    now: float = 0.0
    runs: int = 0
    _honest: bool = True

    def close(self, _config: Any, _base_url: str, _params: Any) -> str:
        self.now += next(self.honest_s) if self._honest else self.example_s
        return "unknown"

    def run(self, harness: Harness, _: Example) -> None:
        self.runs, self._honest = self.runs + 1, False
        try:
            harness.judge(harness.close(), also=next(self.breaks))
        finally:
            self._honest = True


FAILS, PASSES = [Broken("C", "planted")], list[Broken]()


@pytest.fixture
def grade(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., tuple[CaseResult, int]]]:
    """The result of a planted case, and how often its example was run."""
    with Server(port=0, orders=[]) as server:

        def graded(
            breaks: Iterator[Sequence[Broken]],
            example_s: float = WAITS_S,
            honest_s: Sequence[float] = (0.0,),
            **options: Any,
        ) -> tuple[CaseResult, int]:
            planted = Planted(breaks, example_s, cycle(honest_s))
            clock = SimpleNamespace(monotonic=lambda: planted.now)
            monkeypatch.setattr(case, "time", clock)
            monkeypatch.setattr("huifu_contract.harness.harness.time", clock)
            harness = Harness(LocalDriver(planted.close), server.tenant(key_bits=1024))
            harness.driver.start(harness.config)
            harness.patience.measured = WAITS_S
            record = Record(
                "request/example", Level.MUST, Basis.SPEC, "S", frozenset({"wire"}), "q", "s", planted.run
            )  # fmt: skip
            result = Grader(PROFILE, **{"reruns": 1, **options}).grade(record, harness)
            return result, planted.runs

        yield graded


def then(*first: Sequence[Broken], always: Sequence[Broken] = PASSES) -> Iterator[Sequence[Broken]]:
    yield from first
    while True:
        yield always


def test_a_failure_of_an_example_that_had_every_answer_in_time_stands(grade: Any) -> None:
    result, _ = grade(then(FAILS), example_s=lateness.SURE * WAITS_S - 0.01)
    assert result.verdict is Verdict.FLAKY


def test_an_example_whose_answers_may_have_been_late_is_drawn_again_and_passes(grade: Any) -> None:
    for fails in (1, COUNTED - 1):
        result, runs = grade(then(*[FAILS] * fails))
        assert (result.verdict, runs) == (Verdict.PASS, fails + 1)


def test_a_failure_that_comes_each_time_while_honest_calls_take_the_same_time_is_the_clients(grade: Any) -> None:
    budget = FailureBudget()
    result, runs = grade(then(always=FAILS), failures=budget)
    assert (result.verdict, runs) == (Verdict.FAIL, COUNTED + 1), "the last is the one run again"
    result, runs = grade(then(always=FAILS), failures=budget)
    assert (result.verdict, runs) == (Verdict.FAIL, 2), "it was confirmed, so it is believed at once"


def test_a_failure_beside_honest_calls_that_are_held_up_is_not_judged(grade: Any) -> None:
    result, runs = grade(then(always=FAILS), honest_s=(0.0, 0.0, lateness.SURE * WAITS_S))
    assert (result.verdict, result.trouble, runs) == (Verdict.BLOCKED, MACHINE, 1 + MOST)
    assert result.root == "not judged: this machine is too busy for a client that waits 1000 ms for an answer"


def test_a_failure_beside_honest_calls_of_a_slow_client_is_judged(grade: Any) -> None:
    result, _ = grade(then(always=FAILS), honest_s=(5.0, 5.0 + lateness.SURE * WAITS_S - 0.01))
    assert result.verdict is Verdict.FAIL


@pytest.mark.parametrize("law", ["L1", "L3", "L5", "L4"])
def test_what_no_late_answer_explains_stands(law: str, grade: Any) -> None:
    result, _ = grade(then([*FAILS, Broken(law, "planted")]))
    assert result.verdict is Verdict.FLAKY


def test_attempts_that_came_too_soon_or_after_an_answer_may_have_been_late(grade: Any) -> None:
    result, _ = grade(then([Broken("L4", "planted", timed=True)]))
    assert result.verdict is Verdict.PASS


def test_a_client_may_wait_for_an_eighth_of_its_time_or_for_less() -> None:
    with Server(port=0, orders=[]) as server:
        harness = client_of(server, right)
        assert Patience(measures=False).seconds(harness) == harness.hello.timeout_s / ATTEMPTS
        measured = Patience()
        hello = harness.hello
        harness.driver.hello = replace(hello, timeout_s=1000.0)
        assert 0 < measured.seconds(harness) < 1000 / ATTEMPTS, "a busy gateway sees less of it"
        assert harness.last is None


@pytest.mark.parametrize(
    ("answer_s", "faults", "script", "longest"),
    [
        (9.0, (), (), 9.0),
        (9.0, ("hang",), (HELD_BACK,), 0.0),  # by the case itself
        (9.0, ("hang",), (), 9.0),
        (None, (), (), 4.0),  # not yet, when the client had ended its call
    ],
)
def test_the_answer_that_took_longest_is_one_that_the_case_did_not_hold_back(
    answer_s: float | None, faults: tuple[str, ...], script: Sequence[PreparedAnswer], longest: float
) -> None:
    with Server(port=0, orders=[]) as server:
        harness = client_of(server, right)
        requests = SentRequest(answer_s=0.0), SentRequest(answer_s=answer_s, faults=faults)
        harness.called(Evidence(Outcome("unknown"), sent=requests, seconds=4.0), script)
        assert harness.answer_s == longest


# -- a client that gives no answer before its deadline

HANG = Hung("gave no answer to close before its deadline")
Hanging = Callable[..., tuple[CaseResult, int]]


@pytest.fixture
def hang(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hanging]:
    """The result of a case that ends so, one example after the other, and how often its example was run.

    `order_s`: how long the gateway takes for what the kit asks of it.
    """
    with Server(port=0, orders=[]) as server:
        harness = client_of(server, right)

        def graded(*ends: Exception | None, order_s: float = 0.0, **options: Any) -> tuple[CaseResult, int]:
            left, moments = list(ends), count()
            monkeypatch.setattr(lateness, "time", SimpleNamespace(monotonic=lambda: next(moments) * order_s))

            def run(harness: Harness, _: Example) -> None:
                harness.judged += 1
                end = left.pop(0) if len(left) > 1 else left[0]
                if end is not None:
                    raise end

            record = Record("request/example", Level.MUST, Basis.SPEC, "S", frozenset({"wire"}), "q", "s", run)
            made: list[str] = []
            return Grader(PROFILE, **{"reruns": 1, "ran": made.append, **options}).grade(record, harness), len(made)

        yield graded


def test_a_hang_that_does_not_come_again_is_held_against_nobody(hang: Hanging) -> None:
    assert hang(HANG, None)[0].verdict is Verdict.PASS
    assert hang(HANG, HANG, None)[0].verdict is Verdict.PASS


def test_a_client_that_hangs_each_time_has_failed_and_is_waited_for_no_longer(hang: Hanging) -> None:
    budget, ends = FailureBudget(), [HANG] * COUNTED
    first, _ = hang(*ends, None, failures=budget)
    assert (first.verdict, first.trouble, first.signature) == (Verdict.FAIL, "client", f"the client {HANG}")
    assert first.detail == "waited for 3.92 s, and it says that a call takes at most 1.6 s"
    assert hang(HANG, None, failures=budget)[0].verdict is Verdict.FAIL, "it was confirmed, so it is believed at once"


def test_a_client_that_hangs_now_and_then_is_flaky(hang: Hanging) -> None:
    budget = FailureBudget()
    verdicts = [hang(HANG, None, failures=budget)[0].verdict for _ in range(COUNTED)]
    assert verdicts == [*[Verdict.PASS] * (COUNTED - 1), Verdict.FLAKY]


def test_a_hang_while_the_gateway_is_slow_for_the_kit_itself_is_not_judged(hang: Hanging) -> None:
    result, _ = hang(HANG, order_s=lateness.SURE * ATTEMPT_S)
    assert (result.verdict, result.trouble) == (Verdict.BLOCKED, MACHINE)
    assert result.root == "not judged: this machine is too busy for a client that says it takes 1.6 s"
    assert hang(HANG, order_s=lateness.SURE * ATTEMPT_S - 0.01)[0].verdict is Verdict.FAIL


def test_where_nothing_is_run_again_a_hang_is_the_clients(hang: Hanging) -> None:
    assert hang(HANG, None, reruns=0)[0].verdict is Verdict.FAIL


def test_what_another_run_than_the_one_that_hung_fails_of_is_told(hang: Hanging) -> None:
    broken = CaseBroken([Broken("L3", "planted")], Evidence(Outcome("closed")))
    assert hang(HANG, broken)[0].signature == "L3: planted"


def test_hangs_side_by_side_are_one() -> None:
    budget = FailureBudget()
    assert [budget.hung(1000.0), budget.hung(1000.0), budget.hung(0.0), budget.hung(0.0)] == [1, 1, 2, 3]


# -- real clients, and a gateway that is too late


def news() -> Any:
    """The reference as an application, with webhooks."""
    app = reference.App()
    app.timeout_s, app.attempt_s = ATTEMPTS * ATTEMPT_S, ATTEMPT_S
    return reference.described(app)


@describes(claims=["query", "retry"], timeout_s=ATTEMPTS * ATTEMPT_S)
def right(config: Mapping[str, str], base_url: str, params: Mapping[str, str]) -> Outcome:
    client = Client(base_url, Config.of(config), timeout_s=ATTEMPTS * ATTEMPT_S, attempt_s=ATTEMPT_S)
    return client.close(**params)


@dataclass(slots=True)
class LateHarness(Harness):
    """The gateway holds back an answer in so many calls of the client, that to its first close, until it hangs up."""

    late: int = 1
    held: PreparedAnswer = field(default_factory=lambda: HELD_BACK)
    calls: list[str] = field(default_factory=list)

    def prepare(self, token: str, script: Sequence[PreparedAnswer]) -> None:
        if self.late > 0:
            self.late -= 1
            self.calls.append(token)
            script = [self.held, *script]
        Harness.prepare(self, token, script)

    def evidence(self, token: str, order: Any, script: Sequence[PreparedAnswer], after: int = 0) -> Any:
        """The case does not know of it, and an answer that is missing is nobody's mistake here."""
        return Harness.evidence(self, token, order, script or [self.held], after)


def client_of(server: Server, target: Any, made: Callable[..., Harness] = Harness, **more: Any) -> Harness:
    harness = made(LocalDriver(target), server.tenant(key_bits=1024), **more)
    harness.driver.start(harness.config)
    return harness


@contextmanager
def with_a_late_gateway(target: Any, late: int) -> Iterator[LateHarness]:
    with Server(port=0, orders=[]) as server:
        harness = client_of(server, target, LateHarness, late=late)
        assert isinstance(harness, LateHarness)
        yield harness


JUDGED_BY_AN_ANSWER = (
    "time/one-minute-backs-off", "transport/sent-once", "repeat/same-parameters", "concurrency/conflict-retried",
    "control/reports-honest-failure", "response/p-then-query", "security/signature-over-received-bytes",
)  # fmt: skip
"""Cases of different groups that a right client would fail whose answer was late."""


@pytest.mark.parametrize("name", JUDGED_BY_AN_ANSWER)
def test_a_right_client_whose_answer_was_late_is_accused_of_nothing(name: str) -> None:
    with with_a_late_gateway(right, late=1) as harness:
        result = Grader(PROFILE, reruns=1).grade(catalogue()[name], harness)
        assert (result.verdict, result.signature, result.root) == (Verdict.PASS, "", "")
        assert len(harness.calls) == 1


def test_a_right_application_is_not_accused_for_a_close_whose_answer_it_never_had() -> None:
    """Of which it only knows what a webhook told of an earlier one."""
    name = "webhook/duplicate-and-reordered"
    only = {"stats": ["F"], "close": "last"}
    with with_a_late_gateway(news, late=1) as harness:
        harness.late, harness.held = 10_000, fault("hang", endpoint=None, times=ALWAYS, when="after")
        unanswered = Grader(PROFILE, reruns=1, only=only).grade(catalogue()[name], harness)
        harness.late = 1
        once = Grader(PROFILE, reruns=1, only=only).grade(catalogue()[name], harness)
        harness.driver.stop()
    assert (unanswered.verdict, once.verdict) == (Verdict.BLOCKED, Verdict.PASS)


@pytest.mark.parametrize("how", [{"reruns": 1}, {"reruns": 0, "passive": True}], ids=["driven", "passive"])
def test_a_right_client_whose_answers_are_always_late_is_not_judged(how: dict[str, Any]) -> None:
    with with_a_late_gateway(right, late=10_000) as harness:
        result = Grader(PROFILE, **how).grade(catalogue()["time/one-minute-backs-off"], harness)
    assert result.verdict is Verdict.BLOCKED
    assert result.root.startswith("not judged: an answer came after ")


def test_a_case_that_is_not_judged_beside_others_is_run_again_when_they_are_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    late, other, whole, seen = "response/code-table", "response/stat-f-beats-code", Grader.grade, list[str]()

    def grade(self: Grader, record: Record, *more: Any) -> CaseResult:
        seen.append(record.id)
        if record.id == late and seen.count(late) == 1:
            return replace(blank_result(record, Verdict.BLOCKED, "beside others"), trouble=MACHINE)
        return whole(self, record, *more)

    monkeypatch.setattr(Grader, "grade", grade)
    chosen = Options(profile=PROFILE, key_bits=1024, cases=(late, other))
    run = Runner(lambda: LocalDriver(right), chosen).run()
    assert {one.id: one.verdict for one in run.cases if one.group == "response"} == dict.fromkeys(
        (late, other), Verdict.PASS
    )
    assert seen[-1] == late


@pytest.mark.parametrize("late", [0, 1])
def test_a_client_that_goes_on_after_the_answer_is_caught_all_the_same(late: int) -> None:
    name = "time/one-minute-backs-off"
    with with_a_late_gateway(lambda: mutants.described("hammering"), late=late) as harness:
        result = Grader(PROFILE, reruns=1).grade(catalogue()[name], harness)
    assert result.verdict is Verdict.FAIL
    assert "the close was repeated before the order was a minute old" in result.signature
