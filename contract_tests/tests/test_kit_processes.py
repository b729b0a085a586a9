"""Several processes of the kit share one run: the same is found, and nothing is lost when one of them ends."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from hypothesis.internal.conjecture import providers

from huifu_contract.catalogue.registry import select
from huifu_contract.cli.parser import tell
from huifu_contract.drivers.kinds import apart, driver
from huifu_contract.grading import kit_process
from huifu_contract.grading.crew import Idle
from huifu_contract.grading.generate import portable
from huifu_contract.grading.kit_process import Key, KitProcess, Service, Setup, shares
from huifu_contract.grading.options import Options
from huifu_contract.grading.parts import Part
from huifu_contract.grading.profiles import Profile
from huifu_contract.grading.results import Exit, RunResult
from huifu_contract.grading.runner import Runner
from huifu_contract.grading.work import Work

SHARED = Options(
    profile=Profile("small", 20, 1),
    key_bits=1024,
    cases=("request/by-*", "request/values-are-strings", "request/length-limits", "response/stat-*", "response/p-*"),
    workers=4,
    processes=2,
)
HOST = f"cmd:{sys.executable} -P -m huifu_contract.drivers.host"
RIGHT = f"{HOST} huifu_contract.reference.app:make_client"
SHOP = """
import os
from pathlib import Path
from huifu_contract.mutants import replies
from huifu_contract.mutants.registry import CLIENTS
from huifu_contract.reference.app import App

class make_client(App):
    client = CLIENTS["{client}"]

    def start(self, config):
        kit = str(os.getppid())
        {start}
        super().start(config)
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A team's, with a module of the same name as one that the kit needs."""
    (tmp_path / "queue.py").write_text("raise SystemExit('not the one of the standard library')")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def shop(folder: Path, client: str = "reference", start: str = "pass") -> str:
    """A client whose kit process is `kit`; the first one's number is in the file `first`."""
    (folder / "shop.py").write_text(SHOP.format(client=client, start=start))
    (folder / "first").write_text(str(os.getpid()))
    return f"{HOST} shop:make_client"


def runner(spec: str, options: Options = SHARED) -> Runner:
    return Runner(lambda: driver(spec), options, spec)


def compared(run: RunResult) -> list[tuple[object, ...]]:
    return [(case.id, case.verdict, case.signature, case.inputs, case.drawn, case.digest) for case in run.cases]


def processes(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """Those that runs start from now on."""
    started: list[subprocess.Popen[bytes]] = []

    class Noted(subprocess.Popen[bytes]):
        def __init__(self, *args: Any, **more: Any) -> None:
            super().__init__(*args, **more)
            started.append(self)

    monkeypatch.setattr(kit_process, "Popen", Noted)
    return started


@dataclass
class Others:
    """What other processes do. The first one begins nothing before `at`, if it is named, has happened so often."""

    monkeypatch: pytest.MonkeyPatch
    taken: list[Key] = field(default_factory=list)
    begun: Event = field(default_factory=Event)

    def wait_for(self, at: str, times: int = 1, then: Callable[[], object] = lambda: None) -> None:
        count, usual, take = itertools.count(1), getattr(Service, at), Work.take

        def seen(service: Service, *args: Any) -> Any:
            if next(count) == times:
                then()
                self.begun.set()
            return usual(service, *args)

        def taken(work: Work, *, first: bool | None = None) -> Part | None:
            if first is not None:  # by a worker of the first process
                self.begun.wait(60)
            return take(work, first=bool(first))

        self.monkeypatch.setattr(Service, at, seen)
        self.monkeypatch.setattr(Work, "take", taken)


@pytest.fixture
def others(monkeypatch: pytest.MonkeyPatch) -> Others:
    made, usual = Others(monkeypatch), Service.take

    def take(service: Service) -> Key | None:
        part = usual(service)
        made.taken.extend([part] if part else [])
        return part

    monkeypatch.setattr(Service, "take", take)
    monkeypatch.setattr(kit_process, "MANY", 1)
    return made


@pytest.mark.parametrize("client", ["reference", "code-decides"])
def test_two_processes_find_what_one_finds(
    folder: Path, others: Others, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(providers, "_get_local_constants", vars(providers)["_get_local_constants"])  # put back later
    assert portable()
    spec = shop(folder, client)
    alone = runner(spec, replace(SHARED, processes=1)).run()
    assert others.taken == []
    both = runner(spec)
    others.wait_for("bring", 3)
    shared = both.run()
    assert compared(shared) == compared(alone)
    assert len(others.taken) >= 3
    assert both.lost == ()
    assert (shared.exit is Exit.OK) == (client == "reference")


def test_what_a_killed_process_had_taken_is_run_by_the_first(others: Others, monkeypatch: pytest.MonkeyPatch) -> None:
    started = processes(monkeypatch)
    others.wait_for("take", 4, lambda: started[0].kill())
    made = runner(RIGHT)
    run = made.run()
    assert made.lost == (f"another process of the kit was killed by {signal.SIGKILL.name}; this one did what it left",)
    assert run.exit is Exit.OK
    assert {case.id for case in run.cases} >= {record.id for record in select(SHARED.cases)}
    assert len(others.taken) == 4


def test_a_client_that_another_process_cannot_start_is_graded_by_the_first(folder: Path, others: Others) -> None:
    made = runner(shop(folder, start='if kit != Path("first").read_text(): raise SystemExit(1)'))
    run = made.run()
    assert run.exit is Exit.OK
    assert others.taken == []
    reason = "could go no further: the client could not be started: it exited with status 1 while hello was open"
    assert made.lost == (f"another process of the kit {reason}; this one did what it left",)


NOTES_ITSELF = "Path(kit).mkdir(exist_ok=True); Path(kit, str(os.getpid())).touch()"


def test_ctrl_c_ends_the_other_process_and_its_clients(
    folder: Path, others: Others, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = processes(monkeypatch)
    others.wait_for("bring")

    def look(_idle: Idle) -> float:
        others.begun.wait(60)
        raise KeyboardInterrupt

    monkeypatch.setattr(Idle, "share", look)
    run = runner(shop(folder, start=NOTES_ITSELF)).run()
    assert run.exit is Exit.INTERRUPTED
    assert [process.poll() for process in started] == [0]
    clients = [int(file.name) for file in Path(str(started[0].pid)).iterdir()]
    assert len(clients) >= 2
    while any(alive(pid) for pid in clients):
        pass  # each ends with its stdin; the time limit of a test is the bound


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_workers_are_shared_out_and_few_cases_need_no_other_process() -> None:
    def shared(**chosen: Any) -> list[tuple[int, int]]:
        return shares(replace(Options(workers=4, most_workers=16, processes=2), **chosen))

    assert shared() == [(2, 8), (2, 8)]
    assert shared(workers=5, most_workers=5) == [(3, 3), (2, 2)]
    assert shared(processes=8) == [(2, 8), (2, 8)]
    assert shared(processes=8, workers=9, most_workers=9) == [(3, 3), (2, 2), (2, 2), (2, 2)]
    assert shared(processes=1) == shared(cases=("request/date-format",)) == [(4, 16)]
    assert shared(workers=3, most_workers=3) == [(3, 3)]
    assert shared(only=("request/date-format", {})) == [(4, 16)]


def test_only_a_client_with_a_process_for_each_worker_is_shared() -> None:
    assert apart("py:shop.pay:make_client")
    assert apart("cmd:php adapter.php")
    assert not apart("http://127.0.0.1:8080/_contract")


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("was killed by SIGKILL", "套件的另一个进程被 SIGKILL 杀死；剩下的由本进程完成"),
        (
            "could go no further: the client could not be started: it exited with status 1 while hello was open",
            "套件的另一个进程无法继续：客户端无法启动：在处理 hello 时退出，状态码 1；剩下的由本进程完成",
        ),
    ],
)
def test_why_another_process_took_no_more_part_is_said_in_chinese_on_a_chinese_terminal(
    why: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    tell(f"another process of the kit {why}; this one did what it left")
    assert capsys.readouterr().err == f"huifu-contract: {said}\n"


def test_a_process_that_gets_nothing_to_do_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    started = processes(monkeypatch)
    made = KitProcess(Setup(RIGHT, SHARED, 2, 2))
    made.stop()
    assert started[0].poll() in (0, -signal.SIGTERM)
    made.stop()  # a second time is fine
