"""What `huifu-contract selftest` finds: right clients must pass, each mutant must fail exactly its named cases.

They are graded where their interpreter is on the machine; the compiled ones are in the tests alone.
"""

from __future__ import annotations

import logging
import shutil
import sys
import time
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from huifu_contract.catalogue.registry import catalogue
from huifu_contract.drivers.driver import Driver
from huifu_contract.drivers.in_process import LocalDriver
from huifu_contract.drivers.subprocess import RemoteDriver
from huifu_contract.failures import SetupTrouble, Trouble
from huifu_contract.grading.options import Options
from huifu_contract.grading.profiles import Profile
from huifu_contract.grading.results import CaseResult, Exit, RunResult, Verdict
from huifu_contract.grading.runner import Runner
from huifu_contract.mutants import do_nothing, mutants
from huifu_contract.mutants.kill import Death, kill_all
from huifu_contract.mutants.operators import equivalent, table
from huifu_mock import Server

CLIENTS = Path(__file__).parents[2] / "tests" / "clients"
SCRIPTS = {"node": "node/close_adapter.mjs", "php": "php/close_adapter.php"}


def argv(name: str) -> list[str]:
    """How to run it; the interpreter has the reference's name."""
    return [name, str(CLIENTS / SCRIPTS[name])]


def here() -> tuple[str, ...]:
    """Those that can run: an installed wheel has none, and an interpreter may be missing."""
    return tuple(name for name, file in SCRIPTS.items() if (CLIENTS / file).exists() and shutil.which(name))


PROFILE = Profile("selftest", examples=0, steps=0, seconds=600.0)
"""The fixed examples alone: each mistake is among them. Drawing is proved by the references in `ci`. Many are graded at
once, so no client is given up for the time it takes."""
KEY_BITS = 1024
"""Signing is most of the work; whose key it is matters here, not how long."""
HERE = Path(__file__).parent
PROCESSES = 2
SHARES = 8
"""Parts of the made mutants: whoever is done with one takes the next."""
SUCCESS = "control/accepts-honest-success"
REFERENCES = ("reference", "stdlib", *here())


class MutantDriver(LocalDriver):
    """A client in this process that can be doubled, since each application of the mutants keeps its state to itself."""

    def __init__(self, make: Callable[[], Any]) -> None:
        super().__init__(make)
        self._make = make

    def twin(self, env: Mapping[str, str] | None = None) -> MutantDriver:  # noqa: ARG002  # one process has one zone
        return MutantDriver(self._make)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a client must be graded as. `red`: a control fails, so that all else is blocked."""

    fails: frozenset[str]
    blocked: frozenset[str] = frozenset()

    @property
    def red(self) -> bool:
        return any(name.startswith("control/") for name in self.fails)


@dataclass(frozen=True, slots=True)
class Wrong:
    """A way in which a grade is not as it must be; `why` is what the kit says of the case, if it says something."""

    what: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    name: str
    wrong: tuple[Wrong, ...]
    """In what way it differs from what was wanted; empty if it does not."""
    fails: frozenset[str]
    seconds: float


@dataclass(frozen=True, slots=True)
class Made:
    """What became of the mutants made by operators."""

    kinds: tuple[tuple[str, int, int, int], ...]
    """Of each kind its name, how many operators there are, how many of their mutants were killed, and of how many."""
    wrong: tuple[Wrong, ...]
    mutants: int


@dataclass(frozen=True, slots=True)
class Found:
    seen: tuple[Seen, ...]
    made: Made | None
    """None where single clients were chosen."""
    seconds: float

    @property
    def bad(self) -> int:
        """Clients that are not graded as they must be, and wrongs of the made mutants."""
        return sum(bool(one.wrong) for one in self.seen) + (0 if self.made is None else len(self.made.wrong))


@cache
def wanted() -> dict[str, Wanted]:
    loaded = tomllib.loads((HERE / "mutants.toml").read_text(encoding="utf-8"))
    return {
        name: Wanted(frozenset(entry["fails"]), frozenset(entry.get("blocked", ()))) for name, entry in loaded.items()
    }


def names() -> list[str]:
    """References first, then the mutants, then the do-nothing clients."""
    return [*REFERENCES, *wanted(), *do_nothing.DO_NOTHING, do_nothing.CRASHES_AT_START]


def driver(name: str) -> Driver:
    if name in SCRIPTS:
        return RemoteDriver(argv(name))
    if name == "stdlib":
        return RemoteDriver([sys.executable, str(HERE / "stdlib_client.py")])
    if name in do_nothing.DO_NOTHING or name == do_nothing.CRASHES_AT_START:
        return RemoteDriver([sys.executable, "-m", "huifu_contract.mutants.do_nothing", name])
    return MutantDriver(lambda: mutants.described(name))


def grade(name: str, server: Server, *, timing: bool, everything: bool = True, workers: int = 1) -> RunResult:
    """The cases that measure time, or all the others; of a mutant those alone that it must fail, if not everything."""
    cases = _cases(name, timing=timing, everything=everything)
    right = name in REFERENCES  # has a second chance where a busy machine held it up
    options = Options(profile=PROFILE, reruns=int(right), cases=cases, key_bits=KEY_BITS, workers=workers)
    return Runner(lambda: driver(name), options, name, server=server).run()


def _cases(name: str, *, timing: bool, everything: bool) -> tuple[str, ...]:
    whole = everything or name not in wanted()
    chosen = set(catalogue()) if whole else wanted()[name].fails | (set() if timing else {SUCCESS})
    return tuple(record.id for record in catalogue().values() if record.alone is timing and record.id in chosen)


def compare(
    name: str, found: Sequence[CaseResult], exits: Sequence[Exit], seconds: float, *, everything: bool = True
) -> Seen:
    """Says how a client differs from what is wanted; that it fails nothing else only if everything was run."""
    fails = frozenset(case.id for case in found if case.verdict is Verdict.FAIL)
    if name in REFERENCES:
        wrong = _reference(found, exits)
    elif name in do_nothing.DO_NOTHING:
        wrong = _do_nothing(found, exits)
    else:
        wrong = _mutant(found, fails, wanted()[name], everything=everything)
    return Seen(name, wrong, fails, seconds)


def _cannot_start(name: str, server: Server) -> tuple[Wrong, ...]:
    try:
        grade(name, server, timing=False)
    except SetupTrouble:
        return ()
    except Trouble as trouble:
        return (Wrong(f"a client that cannot start ended as {trouble.kind}"),)
    return (Wrong("a client that cannot start was graded"),)


def _reference(found: Sequence[CaseResult], exits: Sequence[Exit]) -> tuple[Wrong, ...]:
    wrong = [_ended(case) for case in found if not _fine(case)]
    return (*wrong, *(Wrong(f"exit code {int(code)}") for code in exits if code is not Exit.OK))


def _ended(case: CaseResult) -> Wrong:
    return Wrong(f"{case.id} ends as {case.verdict}", case.signature or case.root)


def _fine(case: CaseResult) -> bool:
    return case.verdict in (Verdict.PASS, Verdict.NOTE, Verdict.SKIP)


def _do_nothing(found: Sequence[CaseResult], exits: Sequence[Exit]) -> tuple[Wrong, ...]:
    red = any(case.verdict is not Verdict.PASS for case in found if case.group == "control")
    earned = [case.id for case in found if case.verdict is Verdict.PASS and not (red and case.group == "control")]
    wrong = [Wrong(f"{name} passes") for name in earned]
    return (*wrong, *((Wrong("exit code 0"),) if Exit.OK in exits else ()))


def _mutant(found: Sequence[CaseResult], fails: frozenset[str], want: Wanted, *, everything: bool) -> tuple[Wrong, ...]:
    wrong = [Wrong(f"{name} does not fail") for name in sorted(want.fails - fails)]
    if not everything:
        return tuple(wrong)
    wrong += [Wrong(f"{name} fails too", _why(found, name)) for name in sorted(fails - want.fails)]
    blocked = frozenset(case.id for case in found if case.verdict is Verdict.BLOCKED)
    if want.red:
        recorders = {name for name, record in catalogue().items() if record.recorder}
        lively = {case.id for case in found if case.verdict is Verdict.PASS and case.group != "control"}
        wrong += [Wrong(f"{name} passes while a control is red") for name in sorted(lively - recorders)]
    else:
        wrong += [Wrong(f"{name} is blocked", _why(found, name)) for name in sorted(blocked - want.blocked)]
    odd = [case for case in found if case.verdict in (Verdict.KIT_ERROR, Verdict.ADAPTER_ERROR, Verdict.FLAKY)]
    return (*wrong, *map(_ended, odd))


def _why(found: Sequence[CaseResult], name: str) -> str:
    case = next(case for case in found if case.id == name)
    return f"{case.signature or case.root} {case.detail}".strip()


def survivors(killing: Iterable[str] = ()) -> list[str]:
    """Graded cases that no mutant of mutants.toml must fail, and that are not among those that killed one."""
    killed = set(killing).union(*(want.fails for want in wanted().values()))
    return [name for name, record in catalogue().items() if not record.recorder and name not in killed]


def part(names_: Sequence[str], workers: int, *, everything: bool = False) -> list[Seen]:
    """Some clients in this process, several at once; what measures time comes when nothing else runs."""
    with Server(port=0, orders=[]) as server, ThreadPoolExecutor(workers) as pool:

        def graded(name: str, *, timing: bool) -> list[RunResult]:
            if name == do_nothing.CRASHES_AT_START or not _cases(name, timing=timing, everything=everything):
                return []
            return [grade(name, server, timing=timing, everything=everything)]

        crowd = dict(zip(names_, pool.map(lambda name: graded(name, timing=False), names_), strict=True))
        timed = [name for name, runs in crowd.items() if runs and not _red(runs[0].cases)]
        for name, runs in zip(timed, pool.map(lambda name: graded(name, timing=True), timed), strict=True):
            crowd[name] += runs
        return [_compared(name, runs, server, everything=everything) for name, runs in crowd.items()]


def _compared(name: str, runs: Sequence[RunResult], server: Server, *, everything: bool) -> Seen:
    if not runs:
        return Seen(name, _cannot_start(name, server), frozenset(), 0.0)
    merged = {case.id: case for run in runs for case in run.cases}
    exits, seconds = [run.exit for run in runs], sum(run.seconds for run in runs)
    return compare(name, list(merged.values()), exits, seconds, everything=everything)


def _red(cases: Sequence[CaseResult]) -> bool:
    return any(case.group == "control" and case.verdict is not Verdict.PASS for case in cases)


def selftest(chosen: Sequence[str], workers: int, *, everything: bool = False) -> Found:
    """Grades the clients of these names, or all and the made mutants as well. Raises SetupTrouble for another name."""
    unknown = sorted(set(chosen) - set(names()))
    if unknown:
        raise SetupTrouble(f"no client is called {', '.join(unknown)}; there are {', '.join(names())}")
    began = time.monotonic()
    wanted_names = list(chosen) or names()
    made = [] if chosen else table.shares(SHARES)
    for logger in ("asyncio", "aiohttp"):
        logging.getLogger(logger).setLevel(logging.CRITICAL)
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        shares = [share for at in range(PROCESSES) if (share := wanted_names[at::PROCESSES])]
        found = [pool.submit(part, share, workers) for share in shares]
        killed = [pool.submit(kill_all, share, workers, everything=everything) for share in made]
        seen = [one for future in found for one in future.result()]
        deaths = [death for future in killed for death in future.result()]
    seen.sort(key=lambda one: wanted_names.index(one.name))
    judged = None if chosen else _made(deaths, everything=everything)
    return Found(tuple(seen), judged, time.monotonic() - began)


def _made(deaths: Sequence[Death], *, everything: bool) -> Made:
    """The survivors, those that are killed although they are listed, and with `everything` cases that kill none."""
    by = {death.mutant: death for death in deaths}
    kinds = []
    for kind, members in table.kinds().items():
        here = [by[name] for name in members if name in by]
        operators = {table.mutants()[death.mutant].operator for death in here}
        kinds.append((kind, len(operators), sum(bool(death.case) for death in here), len(here)))
    wrong = []
    for death in deaths:
        listed = equivalent.reason(death.mutant)
        if not death.case and not listed:
            wrong.append(Wrong(f"{death.mutant} is killed by no case"))
        elif death.case and listed:
            wrong.append(Wrong(f"{death.mutant} is listed as equivalent, but {death.case} kills it", death.said))
    idle = survivors({death.case for death in deaths}) if everything else []
    return Made(tuple(kinds), (*wrong, *(Wrong(f"{name} kills no mutant") for name in idle)), len(deaths))
