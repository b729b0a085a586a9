"""A run in passive mode: hands out cases, watches order numbers, keeps the report up to date."""

from __future__ import annotations

import platform
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Condition, Lock, Thread
from typing import Any

import hypothesis

from huifu_contract import __version__
from huifu_contract.catalogue.record import Record
from huifu_contract.catalogue.registry import catalogue, no_case, select
from huifu_contract.failures import SetupTrouble
from huifu_contract.grading.case import Grader, blank_result
from huifu_contract.grading.profiles import Profile
from huifu_contract.grading.results import CaseResult, Exit, RunResult, Verdict
from huifu_contract.harness.laws import restraint, wire
from huifu_contract.outcome import Hello, Outcome
from huifu_contract.passive.control_api import PassiveServer
from huifu_contract.passive.harness import PassiveHarness
from huifu_contract.passive.order_numbers import OrderHarness, OrderSession, asked
from huifu_contract.passive.rendezvous import PassiveDriver, Question, Waiting
from huifu_mock.state.clock import Clock

PROFILE = Profile("passive", examples=0, steps=0)
"""The fixed examples alone: whoever is asked to make calls by hand is not asked for thousands."""
WORST = (
    Verdict.KIT_ERROR,
    Verdict.FAIL,
    Verdict.BLOCKED,
    Verdict.NOTE,
    Verdict.PASS,
    Verdict.SKIP,
    Verdict.NOT_RUN,
)
"""What stays of a case that several order numbers ask for."""
REQUIRED = (Verdict.PASS, Verdict.NOTE)
NO_TRAFFIC = "no traffic"
UNSEEN = "nothing was sent, and no claim says why: POST /_contract/claim"


@dataclass(frozen=True, slots=True)
class Options:
    """`quiet_s`: how long an order number must be quiet after its last reply before it is judged.

    `keep`: failures link to the console of this server, which shows them for as long as it runs.
    """

    agent: str
    claims: frozenset[str] = frozenset()
    cases: tuple[str, ...] = ()
    require: tuple[str, ...] = ()
    level: str = "should"
    timeout_s: float = 15.0
    max_attempts: int = 5
    quiet_s: float = 5.0
    keep: bool = False
    report: Path | None = None
    host: str = "127.0.0.1"
    port: int = 0


@dataclass(slots=True)
class PassiveRun:
    """`with PassiveRun(options) as run:` listens; `finish` ends it and gives the result."""

    options: Options
    on_result: Callable[[CaseResult], None] = lambda _result: None
    on_unknown: Callable[[SetupTrouble], None] = lambda _trouble: None
    """Is told of an order number that names no case, with the one that was meant; of each once."""
    server: PassiveServer = field(init=False)
    _results: dict[str, CaseResult] = field(default_factory=dict)
    _sessions: dict[str, OrderSession] = field(default_factory=dict)
    _unknown: set[str] = field(default_factory=set)
    _seen: Counter[str] = field(default_factory=Counter)
    _threads: list[Thread] = field(default_factory=list)
    _waiting: Waiting = field(default_factory=Waiting)
    _over: bool = False
    """Whether the run was finished: a number that comes later is not judged any more."""
    _lock: Lock = field(default_factory=Lock)
    _activity: Condition = field(default_factory=Condition)
    _last: float = field(default_factory=time.monotonic)
    _began: float = field(default_factory=time.monotonic)
    _started: str = field(default_factory=lambda: Clock().now().isoformat(timespec="seconds"))

    def __post_init__(self) -> None:
        self.server = PassiveServer(self, self.options.host, self.options.port)

    @property
    def agent(self) -> str:
        return self.options.agent

    @property
    def hello(self) -> Hello:
        o = self.options
        profiles = frozenset({"wire", "decision"})  # so that a claim counts as the client's report
        return Hello(o.agent, "", "", profiles, o.claims, timeout_s=o.timeout_s, max_attempts=o.max_attempts)

    def __enter__(self) -> PassiveRun:
        select(self.options.require)
        for record in self._selected():
            self._results[record.id] = blank_result(record, Verdict.NOT_RUN, NO_TRAFFIC)
        self.server.start()
        self._written()
        self._start(self._loop)
        return self

    def __exit__(self, *_: object) -> None:
        self.finish()
        self.server.stop()

    def finish(self) -> RunResult:
        """Judges what is still open; what nobody asked for stays not-run."""
        with self._lock:
            self._over = True
        self._waiting.end()
        for session in list(self._sessions.values()):
            session.end()
        for thread in list(self._threads):
            thread.join()
        return self.result()

    def wait(self, idle_s: float | None) -> None:
        """Until nothing was heard for that long; for ever without it."""
        with self._activity:
            while idle_s is None or (left := self._last + idle_s - time.monotonic()) > 0:
                self._activity.wait(None if idle_s is None else left)

    def result(self) -> RunResult:
        return RunResult(
            kit=__version__,
            hypothesis=hypothesis.__version__,
            python=platform.python_version(),
            started=self._started,
            seconds=round(time.monotonic() - self._began, 3),
            client={
                "spec": f"passive:{self.agent}",
                "name": self.agent,
                "version": "",
                "language": "",
                "profiles": ["wire"],
                "claims": sorted(self.options.claims),
                "restarts": 0,
            },
            profile=PROFILE.name,
            grades=("wire",),
            level=self.options.level,
            seed=0,
            portable_seed=True,
            known=0,
            cases=tuple(self._results.values()),
        )

    def unmet(self) -> list[CaseResult]:
        """Required cases that did not pass, those without traffic among them."""
        wanted = {record.id for record in select(self.options.require)} if self.options.require else set()
        return [case for case in self._results.values() if case.id in wanted and case.verdict not in REQUIRED]

    @property
    def exit(self) -> Exit:
        """Cases without traffic count only where they are required."""
        ran = replace(self.result(), cases=tuple(c for c in self._results.values() if c.verdict is not Verdict.NOT_RUN))
        return Exit.NOT_OK if ran.exit in (Exit.OK, Exit.NOTHING) and self.unmet() else ran.exit

    # -- what the port asks ---------------------------------------------------------------------------------------

    def touch(self) -> None:
        with self._activity:
            self._last = time.monotonic()
            self._activity.notify_all()

    def next(self, question: Question) -> dict[str, Any] | None:
        rendezvous = self._waiting.next(question)
        return (
            None
            if rendezvous is None
            else {"case": rendezvous.case, "base_url": rendezvous.base_url, "params": dict(rendezvous.params)}
        )

    def leave(self, question: Question) -> None:
        self._waiting.leave(question)

    def claim(self, outcome: Outcome, number: str | None) -> str:
        """What is wrong with a claim; empty if nothing is."""
        if number is None:
            fine = self._waiting.claim(outcome)
            return "" if fine else "no close is open; ask GET /_contract/next first, or name org_req_seq_id"
        session = self._sessions.get(number)
        if session is None:
            return f"no close of {number} has come yet"
        session.claim(outcome)
        return ""

    def session(self, number: str, data: Mapping[str, str], *, close: bool) -> OrderSession | None:
        """The session of that order number, begun with its first close; None for a number that names no case."""
        record = catalogue().get(asked(number))
        if record is None:
            with self._lock:
                told = number in self._unknown
                self._unknown.add(number)
            if not told:
                self.on_unknown(no_case(asked(number)))
            return None
        with self._lock:
            found = self._sessions.get(number)
            if found is not None or not close or record.id not in self._results or self._over:
                return found
            rendezvous = self._seen[record.id]
            self._seen[record.id] += 1
            example = record.fixed[rendezvous % len(record.fixed)] if record.fixed else {}
            made = self._sessions[number] = OrderSession(record, example, data, self.options.quiet_s)
        self._start(lambda: self._grade_session(made))
        return made

    # -- grading --------------------------------------------------------------------------------------------------

    def _loop(self) -> None:
        driver = PassiveDriver(self._waiting, self.hello)
        for record in self._selected():
            if self._waiting.ended:
                return
            missing = record.needs - self.options.claims
            if missing:
                why = f"the agent does not claim {', '.join(sorted(missing))}; see --claim"
                self._finished(blank_result(record, Verdict.SKIP, why))
                continue
            harness = PassiveHarness(driver, self.server.default, examples=0, reveal=record.id, keep=self.options.keep)
            result = _seen(self._grader().grade(record, harness), harness)
            if harness.unseen and self._waiting.ended:
                return  # the run ended before the agent made that close
            self._finished(result)
        self._waiting.end()

    def _grade_session(self, session: OrderSession) -> None:
        try:
            driver = PassiveDriver(self._waiting, self.hello)
            laws, keep = (wire, restraint), self.options.keep
            harness = OrderHarness.of(driver, self.server.default, session, laws, keep=keep)
            self._finished(replace(self._grader(), only=session.example).grade(session.record, harness))
        finally:
            session.ready.set()

    def _grader(self) -> Grader:
        return Grader(PROFILE, level=self.options.level, reruns=0, passive=True)

    def _selected(self) -> Sequence[Record]:
        return [record for record in select(self.options.cases) if record.grades & {"wire", "decision"}]

    def _finished(self, result: CaseResult) -> None:
        with self._lock:
            before = self._results[result.id]
            if WORST.index(result.verdict) >= WORST.index(before.verdict):
                return
            self._results[result.id] = result
        self.on_result(result)
        self._written()

    def _written(self) -> None:
        """After every case, so that a run that is killed has written what it knew."""
        if self.options.report is not None:
            with self._lock:
                beside = self.options.report.with_suffix(".part")
                self.result().write(beside)
                beside.replace(self.options.report)

    def _start(self, work: Callable[[], None]) -> None:
        thread = Thread(target=work, daemon=True, name="huifu-contract-passive")
        self._threads.append(thread)
        thread.start()


def _seen(result: CaseResult, harness: PassiveHarness) -> CaseResult:
    """Where nothing could be seen nothing is passed."""
    if harness.unseen and result.verdict in (Verdict.PASS, Verdict.BLOCKED):
        return replace(result, verdict=Verdict.SKIP, root=UNSEEN)
    return result
