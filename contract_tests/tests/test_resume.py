"""`--resume`: a run that was broken off goes on, and its report is that of a run that never was; and how far it is."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from threading import Barrier, Event
from threading import enumerate as enumerate_threads
from typing import Any

import pytest
from rich.console import Console
from rich.progress import TextColumn

from huifu_contract.catalogue.registry import catalogue
from huifu_contract.cli.main import main
from huifu_contract.drivers.in_process import LocalDriver
from huifu_contract.failures import SetupTrouble
from huifu_contract.grading import results
from huifu_contract.grading.case import blank_result
from huifu_contract.grading.checkpoint import Checkpoint, SoFar
from huifu_contract.grading.crew import Idle
from huifu_contract.grading.failure_budget import FailureBudget
from huifu_contract.grading.options import Options
from huifu_contract.grading.profiles import Profile
from huifu_contract.grading.progress import Progress
from huifu_contract.grading.results import CaseResult, Exit, RunResult, Verdict
from huifu_contract.grading.runner import Runner
from huifu_contract.outcome import Outcome
from huifu_contract.reference import Client, Config
from huifu_contract.reports import terminal
from huifu_contract.reports.progress import EVERY_S, Bar, Lines, duration, ends

KEPT = Path("kept.jsonl")
CALLS, KILL_AT = Path("calls"), Path("kill-at")
SHOP = """import os
import signal
from pathlib import Path

from huifu_contract.mutants import replies
from huifu_contract.mutants.registry import CLIENTS
from huifu_contract.reference.app import App


class make_client(App):
    client = CLIENTS["code-decides"]

    def close(self, *args):
        with open("calls", "a") as calls:
            calls.write("x")
        if Path("kill-at").exists() and Path("calls").stat().st_size == int(Path("kill-at").read_text()):
            os.kill(os.getppid(), signal.SIGKILL)
        return super().close(*args)
"""
GIVEN = ("client", "--client", "py:shop:make_client", "--case", "request/by-*", "--case", "request/values-are-strings",
         "--case", "response/stat-*", "-n", "1", "--grade", "wire", "--grade", "decision")  # fmt: skip
RUN = {"kit": "1.0.0", "client": "py:shop:make_client", "profile": "deep", "seed": 7}
ONE, TWO = "request/endpoint", "request/envelope"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "shop.py").write_text(SHOP, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *sys.path]))
    return tmp_path


def graded(*options: str) -> tuple[int, RunResult, int]:
    """The exit code, the report, and how many calls it took."""
    before = CALLS.stat().st_size if CALLS.exists() else 0
    ended = main([*GIVEN, *options, "--report", "r.json"])
    return ended, results.read(Path("r.json")), CALLS.stat().st_size - before


def compared(run: RunResult) -> list[CaseResult]:
    """What must not differ between two runs with one seed: all but times, and what there was time for."""
    other = {"seconds": 0.0, "traffic": (), "reruns": 0, "failed_reruns": 0}
    return [replace(case, **other, replay=Path(case.replay).name) for case in run.cases]


def lines() -> list[dict[str, Any]]:
    return [json.loads(line) for line in KEPT.read_text("utf-8").splitlines()]


# -- a run that is broken off


def test_a_run_killed_in_the_middle_goes_on_and_its_report_is_that_of_an_unbroken_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ended, unbroken, whole = graded("--seed", "7", "--replays", "one")
    KILL_AT.write_text(str(whole + whole * 2 // 3))
    command = [sys.executable, "-m", "huifu_contract", *GIVEN, "--seed", "7", "--replays", "two", "--resume", str(KEPT)]
    assert subprocess.run(command, check=False, capture_output=True).returncode < 0
    KILL_AT.unlink()
    capsys.readouterr()
    kept = lines()
    again, resumed, rest = graded("--replays", "two", "--resume", str(KEPT), "-v")
    assert rest < whole, "what was finished is not run again"
    done = sum("case" in line for line in kept)
    assert f"huifu-contract: {done} of {len(unbroken.cases)} cases, 0:" in capsys.readouterr().err
    assert (again, resumed.seed, resumed.interrupted) == (ended, 7, False)
    assert compared(resumed) == compared(unbroken)
    assert {Verdict.PASS, Verdict.FAIL} <= {case.verdict for case in resumed.cases}
    assert resumed.client == unbroken.client
    assert resumed.started == kept[0]["started"]
    assert resumed.seconds > kept[-1]["seconds"]
    assert graded("--resume", str(KEPT))[1:] == (replace(resumed, seconds=pytest.approx(resumed.seconds, abs=60)), 0)


def right(config: Any, base_url: str, params: Any) -> Outcome:
    return Client(base_url, Config.of(config), timeout_s=9, attempt_s=3).close(**params)


class CtrlC(Progress):
    """Ctrl-C is pressed in a case."""

    def ran(self, case: str) -> None:
        if case == "request/by-org-req-seq-id":
            raise KeyboardInterrupt


def test_what_ctrl_c_leaves_undone_is_run_when_the_run_goes_on() -> None:
    options = Options(profile=Profile("small", 20, 1), key_bits=1024, cases=("request/by-*", "request/sign-verifies"))

    def run(progress: Progress) -> RunResult:
        return Runner(lambda: LocalDriver(right), options, "x", progress, checkpoint=Checkpoint(KEPT)).run()

    stopped = run(CtrlC())
    assert stopped.exit is Exit.INTERRUPTED
    undone = {case.id for case in stopped.cases if case.verdict is Verdict.NOT_RUN}
    assert "request/by-org-req-seq-id" in undone
    assert not undone & {line["case"]["id"] for line in lines() if "case" in line}
    resumed = run(Progress())
    assert (resumed.exit, resumed.counts) == (Exit.OK, {"pass": len(resumed.cases)})
    assert {line["case"]["id"] for line in lines() if "case" in line} == {case.id for case in resumed.cases}


class Begun(Progress):
    def __init__(self) -> None:
        super().__init__()
        self.begun: list[str] = []

    def began(self, case: str) -> None:
        self.begun.append(case)


def test_after_ctrl_c_no_worker_begins_another_case(monkeypatch: pytest.MonkeyPatch) -> None:
    progress, both_busy, release = Begun(), Barrier(3), Event()

    def held(config: Any, base_url: str, params: Any) -> Outcome:
        if progress.cases is not None and not release.is_set():  # the controls are done
            both_busy.wait(60)
            release.wait(60)
        return right(config, base_url, params)

    def look(_idle: Idle) -> float:
        """What the main thread does while the workers work."""
        both_busy.wait(60)
        raise KeyboardInterrupt

    monkeypatch.setattr(Idle, "share", look)
    options = Options(profile=Profile("small", 20, 1), key_bits=1024, cases=("request/*",), workers=2)
    run = Runner(lambda: LocalDriver(held), options, "x", progress).run()
    workers = [thread for thread in enumerate_threads() if thread.name == "huifu-contract-worker"]
    begun = len(progress.begun)
    release.set()
    for worker in workers:
        worker.join()
    assert (run.exit, len(workers)) == (Exit.INTERRUPTED, 2)
    assert len(progress.begun) == begun


# -- the file


def finished(case: str, **more: Any) -> CaseResult:
    return blank_result(replace(catalogue()[case], **more), Verdict.PASS)


def kept(*cases: CaseResult, examples: int | None = 20) -> None:
    made = opened()
    if examples is not None:
        made.plan(examples)
    for case in cases:
        made.keep(case, SoFar(12.5, 1, 3.5, FailureBudget().document()))
    made.close()


def opened(**run: Any) -> Checkpoint:
    made = Checkpoint(KEPT)
    made.open({**RUN, **run}, "2026-01-01T00:00:00+08:00")
    return made


def taken(**run: Any) -> Checkpoint:
    """What a later start takes over."""
    made = opened(**run)
    made.close()
    return made


def test_what_is_kept_is_taken_over_with_what_the_run_had_used_up() -> None:
    kept(finished(ONE), finished(TWO))
    again = taken()
    assert again.finished == {ONE: finished(ONE), TWO: finished(TWO)}
    assert (again.examples, again.so_far) == (20, SoFar(12.5, 1, 3.5, FailureBudget().document()))


@pytest.mark.parametrize(
    ("here", "says"),
    [
        ({"seed": 8}, "seed 7 there, 8 here"),
        ({"profile": "ci"}, 'profile "deep" there, "ci" here'),
        ({"kit": "1.1.0"}, 'kit "1.0.0" there, "1.1.0" here'),
        ({"client": "cmd:x", "seed": 1}, 'client "py:shop:make_client" there, "cmd:x" here; seed 7 there, 1 here'),
    ],
)
def test_the_file_of_another_run_is_refused_and_says_what_differs(here: dict[str, Any], says: str) -> None:
    kept(finished(ONE))
    before = KEPT.read_bytes()
    with pytest.raises(SetupTrouble, match="is of another run") as refused:
        opened(**here)
    assert says in str(refused.value)
    assert KEPT.read_bytes() == before


@pytest.mark.parametrize("text", ["notes", "{}\n", '{"format": 1}\n', '{"checkpoint": 2}\n', "[]\n"])
def test_a_file_of_another_kind_is_refused_and_stays_as_it_is(text: str) -> None:
    KEPT.write_text(text)
    with pytest.raises(SetupTrouble, match=r"is no (line of a )?file of --resume"):
        opened()
    assert KEPT.read_text() == text


@pytest.mark.parametrize("left", [1, 20, 400])
def test_what_a_kill_left_of_a_line_is_dropped(left: int) -> None:
    kept(finished(ONE), finished(TWO))
    data = KEPT.read_bytes()
    last = data.rindex(b"\n", 0, -1) + 1
    KEPT.write_bytes(data[: last + left])
    again = taken()
    assert list(again.finished) == [ONE]
    assert KEPT.read_bytes() == data[:last]


@pytest.mark.parametrize("left", [0, 1, 30])
def test_a_file_that_was_broken_off_in_its_heading_begins_anew(left: int) -> None:
    kept(finished(ONE))
    KEPT.write_bytes(KEPT.read_bytes()[:left])
    again = taken()
    assert (again.finished, again.examples) == ({}, None)
    assert [next(iter(line)) for line in lines()] == ["checkpoint"]


def test_a_run_that_was_broken_off_in_its_controls_begins_anew() -> None:
    kept(finished("control/second-call"), examples=None)
    again = taken()
    assert (again.finished, again.so_far) == ({}, SoFar())


def test_a_case_of_another_revision_is_not_taken_over() -> None:
    kept(finished(ONE, rev=99))
    with pytest.raises(SetupTrouble, match=f"{ONE} was run at revision 99, now it is at"):
        opened()


def test_two_runs_do_not_write_one_file() -> None:
    first = opened()
    with pytest.raises(SetupTrouble, match="is being written by a run that still goes on"):
        opened()
    first.close()
    opened().close()


def test_a_disk_that_is_full_ends_the_file_and_not_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    made = opened()

    def full(_file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    made.plan(20)
    made.keep(finished(ONE), SoFar())
    made.close()
    assert made.lost == "kept.jsonl: No space left on device; what was finished after that is not kept in it"


def test_the_budget_of_failures_goes_on_where_it_was() -> None:
    budget = FailureBudget(trouble_s=10)
    budget.first("L1: wrong", ONE)
    budget.spend("L1: wrong", 4)
    budget.lose("crashed", ONE, 6)
    budget.came_again("L1: wrong")
    again = FailureBudget(trouble_s=10)
    again.restore(json.loads(json.dumps(budget.document())))
    assert again.document() == budget.document()
    assert (again.first("L1: wrong", TWO), again.left("L1: wrong"), again.comes_again("L1: wrong")) == (ONE, 1, True)
    again.lose("crashed", TWO, 5)
    assert f"the same as in {ONE}: crashed, in 2 cases so far" in again.exhausted()


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--client", "cmd:x"], "give one --client"),
        (["--budget", "9s"], "--budget ends sooner"),
        (["--replay", "x.json"], "--replay ends sooner"),
        (["--keep"], "give --keep URL with --resume"),
        (["--resume", "."], "Is a directory"),
    ],
)
def test_what_does_not_go_with_resume_is_refused(
    more: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*GIVEN, "--resume", str(KEPT), *more]) == Exit.USAGE
    assert says in capsys.readouterr().err


# -- how far it is


class Ticks:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


NOON = datetime(2026, 11, 27, 12, 0)


def half_done(progress: Progress, clock: Ticks) -> None:
    """Of ten cases two are done before, one of the rest has run half of its examples after 100 s."""
    progress.planned(10, {ONE: 200, TWO: 200, **{f"request/{n}": 0 for n in range(6)}})
    clock.now = 100.0
    progress.began(ONE)
    for _ in range(100):
        progress.ran(ONE)


def test_the_end_is_reckoned_from_the_examples_that_are_left() -> None:
    clock = Ticks()
    progress = Progress(clock)
    assert progress.left_s is None
    half_done(progress, clock)
    assert (progress.cases, progress.finished, progress.left_s) == (10, 2, 300)
    progress.ended(ONE)
    assert (progress.finished, progress.left_s) == (3, 100)
    progress.ended(TWO)
    assert progress.left_s == 0


def test_more_runs_than_were_planned_do_not_bring_the_end_forward() -> None:
    clock = Ticks()
    progress = Progress(clock)
    half_done(progress, clock)
    for _ in range(1000):
        progress.ran(ONE)
    assert progress.left_s == 100


def test_a_pipe_gets_a_line_every_half_minute_at_most() -> None:
    told: list[str] = []
    clock = Ticks()
    progress = Lines(told.append, clock, lambda: NOON)
    half_done(progress, clock)
    assert told == [
        "huifu-contract: 2 of 10 cases, 0:00 so far",
        "huifu-contract: 2 of 10 cases, 1:40 so far",
    ]
    clock.now += EVERY_S
    progress.ended(ONE)
    assert told[2:] == ["huifu-contract: 3 of 10 cases, 2:10 so far, ends about 12:02"]
    progress.ended(TWO)
    assert len(told) == 3


def test_a_chinese_terminal_is_told_in_chinese_how_far_a_run_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    told: list[str] = []
    clock = Ticks()
    progress = Lines(told.append, clock, lambda: NOON)
    half_done(progress, clock)
    clock.now += EVERY_S
    progress.ended(ONE)
    assert told[-1] == "huifu-contract: 10 个用例已完成 3 个，已用时 2:10，预计 12:02 结束"
    assert ends(43_200, NOON) == "预计 周六 00:00 结束"


def test_a_terminal_shows_cases_time_and_end_beside_a_bar() -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=120, color_system=None)
    with terminal.progress(console, TextColumn("{task.fields[ends]}")) as bar:
        progress = Bar(bar, bar.add_task("x", total=None, ends=""))
        progress.planned(10, {ONE: 1, TWO: 1})
        progress.began(TWO)
        progress.ended(ONE)
        bar.refresh()
    assert f"{TWO} " in out.getvalue()
    assert "9/10" in out.getvalue()
    assert "ends about " in out.getvalue()


@pytest.mark.parametrize(
    ("left", "says"), [(65, "ends about 12:01"), (43_199, "ends about 23:59"), (43_200, "ends about Sat 00:00")]
)
def test_the_end_is_a_time_of_the_clock_and_names_another_day(left: float, says: str) -> None:
    assert ends(left, NOON) == says


def test_a_duration_has_hours_only_where_there_are_any() -> None:
    assert [duration(s) for s in (0, 59.9, 724, 4324)] == ["0:00", "0:59", "12:04", "1:12:04"]
