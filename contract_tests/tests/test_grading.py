"""Verdicts: what becomes of a case, and every guard against a false green or a false red."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings as global_settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from huifu_contract.catalogue.record import HIGHEST, Basis, Example, Level, Record
from huifu_contract.catalogue.registry import catalogue, select
from huifu_contract.drivers.in_process import LocalDriver
from huifu_contract.failures import AdapterTrouble, ClientTrouble, Hung, SetupTrouble
from huifu_contract.grading import replay
from huifu_contract.grading.case import Grader
from huifu_contract.grading.exchanges import redact
from huifu_contract.grading.failure_budget import FailureBudget, trouble_seconds
from huifu_contract.grading.known_failures import KnownFailure
from huifu_contract.grading.options import Options
from huifu_contract.grading.profiles import LEAST, PROFILES, Budget, Profile, case_seed, parse
from huifu_contract.grading.results import OK, CaseResult, Exit, Verdict, exit_code
from huifu_contract.grading.runner import Runner
from huifu_contract.harness.harness import Harness
from huifu_contract.harness.laws import Blocked, Broken
from huifu_contract.harness.prepared_answers import answer
from huifu_contract.outcome import Outcome
from huifu_mock import Server

PROFILE = Profile("test", 30, 5)


def unknown(config: object, base_url: str, params: object) -> str:
    return "unknown"


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with Server(port=0, orders=[]) as server:
        made = Harness(LocalDriver(unknown), server.tenant())
        made.driver.start(made.config)
        yield made


def record(run: Any, **more: Any) -> Record:
    members: dict[str, Any] = {
        "id": "request/example",
        "level": Level.MUST,
        "basis": Basis.SPEC,
        "kind": "P" if "draw" in more else "S",
        "grades": frozenset({"wire"}),
        "quote": "q",
        "says": "s",
        "run": run,
    }
    return Record(**{**members, **more})


def broken_if(harness: Harness, condition: bool) -> None:
    e = harness.last or harness.close(params={})
    harness.judge(e, also=[Broken("C", "planted")] if condition else [])


def grade(harness: Harness, made: Record, **options: Any) -> CaseResult:
    return Grader(**{"profile": PROFILE, "reruns": 2, **options}).grade(made, harness)


def test_a_level_is_capped_by_its_basis() -> None:
    assert HIGHEST[Basis.ASSUME] is Level.MAY
    with pytest.raises(ValueError, match="at most MAY"):
        record(lambda b, x: None, basis=Basis.ASSUME)


@pytest.mark.parametrize(
    "more", [{"quote": " "}, {"says": ""}, {"id": "No"}, {"needs": frozenset({"speed"})}, {"kind": "P"}]
)
def test_a_record_without_a_sentence_or_with_an_unknown_word_cannot_be_made(more: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"request/example|No"):
        record(lambda b, x: None, **more)


def test_the_catalogue_has_102_cases_and_98_are_graded() -> None:
    records = catalogue()
    assert len(records) == 102
    assert sum(not one.recorder for one in records.values()) == 98
    assert [one.id for one in records.values() if one.recorder] == [
        "request/date-in-china-time",
        "request/sign-disputed-characters",
        "response/pretty-or-unsorted-body",
        "transport/gzip-if-asked",
    ]


def test_every_case_argues_its_level_and_a_should_in_words_of_its_own() -> None:
    for one in catalogue().values():
        assert len(one.argument.split()) >= 4, one.id
        assert one.because or one.level is not Level.SHOULD, f"{one.id}: why is it no MUST and no MAY?"


def test_an_unknown_case_is_a_mistake_and_not_an_empty_selection() -> None:
    with pytest.raises(SetupTrouble, match="no case is called"):
        select(["request/no-such"])


def test_a_property_is_made_small_and_written_as_a_replay(harness: Harness, tmp_path: Path) -> None:
    made = record(
        lambda b, x: broken_if(b, x["n"] >= 10),
        fixed=(),
        draw=lambda: st.fixed_dictionaries({"n": st.integers(0, 9999)}),
    )
    result = grade(harness, made, folder=tmp_path, profile=Profile("t", 100, 1))
    assert (result.verdict, result.signature) == (Verdict.FAIL, "C: planted")
    stored = replay.read(Path(result.replay))
    assert stored.example == {"n": 10}
    again = grade(harness, made, only=stored.example)
    assert (again.verdict, again.examples) == (Verdict.FAIL, 1)


def test_stored_examples_run_first_and_a_stale_one_is_told(harness: Harness, tmp_path: Path) -> None:
    made = record(lambda b, x: broken_if(b, x.get("bad", False)))
    stored = replay.Replay(made.id, made.rev, {"bad": True}, "C: planted", "1", "6")
    stored.write(tmp_path)
    assert grade(harness, made, folder=tmp_path).verdict is Verdict.FAIL
    result = grade(harness, replace(made, rev=2), folder=tmp_path)
    assert result.verdict is Verdict.KIT_ERROR
    assert "stale replay" in result.signature


def test_a_replay_that_tells_the_same_is_not_written_again(tmp_path: Path) -> None:
    stored = replay.Replay("request/x", 1, {"n": 1}, "C: planted", "1", "6", ("one",))
    place = stored.write(tmp_path)
    replace(stored, sequence=("two",)).write(tmp_path)
    assert replay.read(place) == stored
    replace(stored, signature="C: other").write(tmp_path)
    assert replay.read(place).signature == "C: other"


def test_the_same_example_with_different_verdicts_is_flaky_and_its_rate_is_told(harness: Harness) -> None:
    runs = count()
    result = grade(harness, record(lambda b, x: broken_if(b, next(runs) % 50 == 0)), reruns=5)
    assert result.verdict is Verdict.FLAKY
    assert (result.failed_reruns, result.reruns) == (2, 100), "the run that failed first says nothing about the rate"
    assert "2 of 100 further runs of the same example failed: about 1 in 50" in result.detail


def test_a_failure_that_never_comes_back_is_rarer_than_a_third_of_the_runs_can_show(harness: Harness) -> None:
    runs = count()
    result = grade(harness, record(lambda b, x: broken_if(b, next(runs) == 0)), reruns=5)
    assert (result.verdict, result.failed_reruns) == (Verdict.FLAKY, 0)
    assert "fewer than 1 in 33" in result.detail


def test_a_crash_or_a_block_that_does_not_come_back_is_flaky_too(harness: Harness) -> None:
    for error in (ClientTrouble("exited with status 1"), Blocked("the honest twin was not accepted")):
        runs = count()

        def run(b: Harness, _x: Example, runs: Iterator[int] = runs, error: Exception = error) -> None:
            if next(runs) == 0:
                raise error
            broken_if(b, False)

        result = grade(harness, record(run), reruns=5)
        assert (result.verdict, result.reruns, result.failed_reruns) == (Verdict.FLAKY, 100, 0)
        assert str(error) in result.signature


def test_failures_of_one_signature_share_the_time_for_making_small_and_running_again(harness: Harness) -> None:
    budget = FailureBudget(each_s=0.0)
    budget.spend("C: planted", 1.0)

    def drawn() -> SearchStrategy[dict[str, int]]:
        return st.fixed_dictionaries({"n": st.integers(0, 9999)})

    made = record(lambda b, x: broken_if(b, x["n"] >= 10), fixed=(), draw=drawn)
    result = grade(harness, made, failures=budget, profile=Profile("t", 100, 1), reruns=5)
    assert (result.verdict, result.reruns) == (Verdict.FAIL, 0)
    whole = grade(harness, made, profile=Profile("t", 100, 1), reruns=5)
    assert whole.examples > result.examples


def test_what_failed_in_a_control_is_the_same_elsewhere_and_not_run_again(harness: Harness) -> None:
    budget = FailureBudget()
    control = record(lambda b, x: broken_if(b, True), id="control/example", control=True)
    assert grade(harness, control, failures=budget).root == ""
    result = grade(harness, record(lambda b, x: broken_if(b, True)), failures=budget)
    assert (result.verdict, result.root, result.reruns) == (Verdict.FAIL, "the same as in control/example", 0)


def test_a_client_that_hangs_again_and_again_is_given_up_and_one_that_hangs_now_and_then_is_not() -> None:
    budget = FailureBudget(trouble_s=trouble_seconds(15.0, deadline_s=20.0, workers=4))
    hung = "the client gave no answer to close before its deadline"
    for number in range(7):
        budget.lose(hung, f"response/{number}", 20.0)
    assert budget.exhausted() == ""
    budget.lose("the client exited with status 1", "response/8", 20.0)
    assert budget.exhausted() == "", "another trouble is counted for itself"
    budget.lose(hung, "response/9", 20.0)
    assert budget.exhausted().startswith("the same as in response/0: the client gave no answer")


def test_trouble_is_sorted_by_whose_it_is(harness: Harness) -> None:
    def raises(error: Exception) -> Any:
        def run(_b: Harness, _x: Example) -> None:
            raise error

        return run

    hung = grade(harness, record(raises(Hung("gave no answer"))))
    assert (hung.verdict, hung.trouble) == (Verdict.FAIL, "client")
    assert grade(harness, record(raises(AdapterTrouble("garbage")))).verdict is Verdict.ADAPTER_ERROR
    assert grade(harness, record(raises(ValueError("ours")))).verdict is Verdict.KIT_ERROR


def test_of_a_call_that_hangs_no_earlier_one_is_shown(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(harness: Harness, _: Example) -> None:
        harness.judge(harness.close())
        monkeypatch.setattr(harness.driver, "close", hangs)
        harness.close()

    def hangs(*_call: Any) -> Outcome:
        raise Hung("gave no answer")

    result = grade(harness, record(run), reruns=0)
    assert (result.verdict, result.claim, result.traffic) == (Verdict.FAIL, "", ())


def test_a_hang_stops_a_property_instead_of_being_made_small(harness: Harness) -> None:
    calls = []

    def run(_b: Harness, x: Example) -> None:
        calls.append(x)
        raise Hung("gave no answer")

    made = record(run, fixed=(), draw=lambda: st.fixed_dictionaries({}))
    assert grade(harness, made, reruns=0).verdict is Verdict.FAIL
    assert len(calls) == 1


def test_a_script_that_never_acts_blocks_the_case(harness: Harness) -> None:
    result = grade(harness, record(lambda b, x: b.judge(b.close(None, answer("98888888")))))
    assert result.verdict is Verdict.BLOCKED
    assert "nothing was sent" in result.root


def test_a_client_that_refuses_the_honest_twin_is_blocked_not_passed(harness: Harness) -> None:
    result = grade(harness, catalogue()["security/sign-missing"])
    assert result.verdict is Verdict.BLOCKED
    assert "honest twin" in result.root


def test_a_should_is_only_noted_under_level_must_and_a_recorder_never_fails(harness: Harness) -> None:
    should = record(lambda b, x: broken_if(b, True), level=Level.SHOULD)
    assert grade(harness, should).verdict is Verdict.FAIL
    assert grade(harness, should, level="must").verdict is Verdict.NOTE
    may = record(lambda b, x: broken_if(b, True), level=Level.MAY, basis=Basis.ASSUME)
    assert grade(harness, may).verdict is Verdict.NOTE


def known(**more: Any) -> tuple[KnownFailure, ...]:
    return (KnownFailure(**{"case": "request/example", "reason": "r", **more}),)


def test_known_failures_must_still_fail_and_in_the_same_way(harness: Harness) -> None:
    failing, passing = (record(lambda b, x, bad=bad: broken_if(b, bad)) for bad in (True, False))
    assert grade(harness, failing, known=known()).verdict is Verdict.KNOWN
    assert grade(harness, failing, known=known(match="planted")).verdict is Verdict.KNOWN
    assert grade(harness, failing, known=known(match="another")).verdict is Verdict.FAIL
    assert grade(harness, passing, known=known()).verdict is Verdict.FIXED
    assert Verdict.FIXED not in OK


def test_of_a_known_property_only_the_witnesses_run(harness: Harness, tmp_path: Path) -> None:
    ran: list[int] = []

    def run(b: Harness, x: Example) -> None:
        ran.append(x["n"])
        broken_if(b, True)

    made = record(run, fixed=({"n": 1},), draw=lambda: st.fixed_dictionaries({"n": st.integers()}))
    replay.Replay(made.id, made.rev, {"n": 77}, "C: planted", "1", "6").write(tmp_path)
    assert grade(harness, made, known=known(), folder=tmp_path, reruns=0).verdict is Verdict.KNOWN
    assert ran == [77]


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        ([], Exit.NOTHING),
        ([Verdict.SKIP], Exit.NOTHING),
        ([Verdict.PASS, Verdict.NOTE, Verdict.SKIP, Verdict.KNOWN], Exit.OK),
        *[
            ([Verdict.PASS, bad], Exit.NOT_OK)
            for bad in (Verdict.FAIL, Verdict.BLOCKED, Verdict.FIXED, Verdict.FLAKY, Verdict.NOT_RUN)
        ],
        ([Verdict.FAIL, Verdict.KIT_ERROR], Exit.INTERNAL),
        ([Verdict.PASS, Verdict.ADAPTER_ERROR], Exit.INTERNAL),
    ],
)
def test_exit_codes(verdicts: list[Verdict], code: Exit) -> None:
    assert exit_code(verdicts) is code


def test_a_seed_is_a_cases_own_and_profiles_are_never_loaded_globally() -> None:
    assert case_seed(0, "a/b", 1) != case_seed(0, "a/c", 1) != case_seed(0, "a/b", 2)
    assert case_seed(0, "request/endpoint", 1) == case_seed(0, "request/endpoint", 1)
    assert {name: one.examples for name, one in PROFILES.items()} == {"quick": 12, "ci": 100, "deep": 2000}
    assert global_settings.default is not None
    assert global_settings.default.max_examples == global_settings.get_profile("default").max_examples


def test_the_same_seed_draws_the_same_examples(harness: Harness) -> None:
    streams = []
    for _ in range(2):
        drawn: list[int] = []

        def run(b: Harness, x: Example, into: list[int] = drawn) -> None:
            into.append(x["n"])
            broken_if(b, False)

        grade(harness, record(run, fixed=(), draw=lambda: st.fixed_dictionaries({"n": st.integers()})), seed=7)
        streams.append(drawn)
    assert streams[0] == streams[1]
    assert len(set(streams[0])) > 10


def test_a_budget_gives_examples_by_the_price_of_a_call() -> None:
    now = [0.0]
    budget = Budget(PROFILES["ci"], 10.0, lambda: now[0])
    assert budget.examples(0.01, 20) == 50
    assert budget.examples(0.0001, 20) == 100
    assert budget.examples(0.1, 20) == 0
    assert LEAST == 10
    now[0] = 10.0
    assert budget.over
    assert Budget(PROFILES["ci"]).examples(0.01, 20) == 100
    assert Budget(PROFILES["ci"]).examples(1.0, 20, workers=16) == 96, "a slow client gets fewer without a budget"
    assert Budget(PROFILES["ci"]).examples(9.0, 20) == LEAST
    assert Budget(PROFILES["deep"]).examples(9.0, 20) == 2000, "whoever wants it deep waits"
    for wrong in ("", "-1s", "soon", "0s"):
        with pytest.raises(SetupTrouble):
            parse(wrong)
    assert parse("2m") == 120


def test_what_the_budget_does_not_reach_is_not_run_and_not_ok() -> None:
    run = Runner(lambda: LocalDriver(_reference), Options(profile=PROFILE, budget_s=1e-9)).run()
    skipped = "security/retry-examined"  # needs a client that tries again
    assert {case.verdict for case in run.cases if case.group == "security" and case.id != skipped} == {Verdict.NOT_RUN}
    assert run.exit is Exit.NOT_OK


def _reference(config: dict[str, str], base_url: str, params: dict[str, str]) -> Outcome:
    from huifu_contract.reference import Client, Config

    return Client(base_url, Config.of(config), timeout_s=2.0, attempt_s=0.5).close(**params)


def test_replay_under_workers_runs_the_example_alone_and_the_controls_whole() -> None:
    options = Options(profile=PROFILE, only=("request/values-unchanged", {"req_seq_id": "a", "org_req_seq_id": "b"}))
    run = Runner(lambda: LocalDriver(_reference), options).run()
    assert {case.id: case.examples for case in run.cases} == {
        "control/accepts-honest-success": 1,
        "control/reports-honest-failure": 1,
        "control/second-call": 1,
        "request/values-unchanged": 1,
    }


def test_keys_and_signatures_leave_only_as_digests() -> None:
    key = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ" * 4
    assert key not in redact(f"key={key} end")
    assert redact("secret s3", ["s3"]) == redact("secret s3", ["s3"]) != "secret s3"
    assert (
        redact("an order number 20240425105638838efkflqyi00ond6") == "an order number 20240425105638838efkflqyi00ond6"
    )
