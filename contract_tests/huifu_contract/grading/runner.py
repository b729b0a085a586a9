"""Runs all cases against one client.

It owns the fake gateway, starts the client, and runs controls, cases and timing in turn.
"""

from __future__ import annotations

import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import hypothesis

from huifu_contract import __version__
from huifu_contract.catalogue.record import Record
from huifu_contract.catalogue.registry import catalogue, select
from huifu_contract.drivers.driver import Driver
from huifu_contract.grading import replay
from huifu_contract.grading.case import Grader, blank_result
from huifu_contract.grading.checkpoint import Checkpoint, SoFar, run_of
from huifu_contract.grading.failure_budget import FailureBudget
from huifu_contract.grading.kit_process import Ended, KitProcess, Setup, shares
from huifu_contract.grading.options import Options
from huifu_contract.grading.parts import Part
from huifu_contract.grading.plan import Plan
from huifu_contract.grading.profiles import Budget
from huifu_contract.grading.progress import Progress
from huifu_contract.grading.results import MACHINE, CaseResult, RunResult, Verdict
from huifu_contract.grading.work import Work
from huifu_contract.grading.workers import Workers, parts_of
from huifu_contract.harness.harness import Harness
from huifu_mock import Server
from huifu_mock.client.server import Connection
from huifu_mock.state.clock import Clock

RED = (Verdict.FAIL, Verdict.FLAKY, Verdict.BLOCKED, Verdict.ADAPTER_ERROR, Verdict.KIT_ERROR, Verdict.NOT_RUN)


@dataclass(slots=True)
class Runner:
    """`make` gives a fresh driver; every worker has its own."""

    make: Callable[[], Driver]
    options: Options = field(default_factory=Options)
    spec: str = ""
    progress: Progress = field(default_factory=Progress)
    server: Connection | None = None
    """Where tenants are made; None: a server of its own, for the time of the run."""
    checkpoint: Checkpoint = field(default_factory=Checkpoint)
    """What an earlier start of this run has finished."""
    _results: dict[str, CaseResult] = field(default_factory=dict)
    _plan: Plan | None = None
    _started: str = ""
    _clock: float = 0.0
    _interrupted: bool = False
    _failures: FailureBudget = field(default_factory=FailureBudget)
    _workers: Workers = field(init=False)
    _work: Work = field(init=False)
    _shares: Sequence[tuple[int, int]] = ()
    """For each process of the kit how many workers it has, and how many it may have."""
    _beside: Sequence[KitProcess] = ()
    _ended: list[Ended] = field(default_factory=list)

    def __post_init__(self) -> None:
        alone = self.server is not None  # it may be known to this process only
        self._shares = shares(replace(self.options, processes=1) if alone else self.options)
        self._workers = Workers(self.make, self.options, self._failures, *self._shares[0])
        self._work = self._new_work()

    @property
    def lost(self) -> tuple[str, ...]:
        """Why other processes of the kit took no more part, if they did; their cases were run by this one."""
        told = "another process of the kit {}; this one did what it left"
        return tuple(told.format(ended.lost) for ended in self._ended if ended.lost)

    def run(self) -> RunResult:
        """Raises SetupTrouble if the client cannot be started at all."""
        self._start()
        self._beside = [KitProcess(Setup(self.spec, self.options, *share)) for share in self._shares[1:]]
        try:
            if self.server is not None:
                self._graded(self.server)
            else:
                with Server(port=0, orders=[]) as server:
                    self._graded(server)
        finally:
            for process in self._beside:
                process.stop()
        return self._result()

    def begin(self, properties: int = 0) -> None:
        """For front ends that choose the cases one by one: starts the client and runs the controls.

        `properties`: among how many property-based cases a budget is shared out.
        """
        if self.server is None:
            raise TypeError("begin needs a server")
        self._start()
        self._workers.start(self.server)
        grader = self._grader()
        due = [record for record in catalogue().values() if record.control and record.grades & self._grades()]
        root, dead = self._controls(grader, due)
        budget = Budget(self.options.profile, self.options.budget_s)
        self._plan = Plan(grader, root, budget, self._share(budget, properties), dead)

    def single(self, record: Record) -> CaseResult:
        """One case after `begin`; a control that ran already is not run again."""
        if self._plan is None:
            raise TypeError("single comes after begin")
        if record.id in self._results:
            return self._results[record.id]
        if not record.grades & self._grades():
            return self._not_graded(record)
        self.progress.began(record.id)
        result = self._workers.result_of(self._plan, Part.whole(record), self._workers.first)
        if result is not None:
            self._finish(result)
        return self._results[record.id]

    def end(self) -> RunResult:
        """Stops the client; the result of what was run."""
        self._stop()
        return self._result()

    def _start(self) -> None:
        self._started, self._clock = Clock().now().isoformat(timespec="seconds"), time.monotonic()

    def _result(self) -> RunResult:
        hello, so_far = self._workers.first.hello, self._so_far()
        return RunResult(
            kit=__version__,
            hypothesis=hypothesis.__version__,
            python=platform.python_version(),
            started=self._started,
            seconds=so_far.seconds,
            client={
                "spec": self.spec,
                "name": hello.name,
                "version": hello.version,
                "language": hello.language,
                "profiles": sorted(hello.profiles),
                "claims": sorted(hello.claims),
                "restarts": so_far.restarts,
            },
            profile=self.options.profile.name,
            grades=tuple(sorted(self._grades())),
            level=self.options.level,
            seed=self.options.seed,
            portable_seed=self.options.portable_seed,
            known=len(self._workers.known()),
            cases=tuple(self._results[name] for name in catalogue() if name in self._results),
            call_ms=so_far.call_ms,
            budget_s=self.options.budget_s,
            interrupted=self._interrupted,
        )

    def _so_far(self) -> SoFar:
        figures = [self._workers.figures(), *(ended.figures for ended in self._ended)]
        calls, before = [seconds for one in figures for seconds in one.call_s], self.checkpoint.so_far
        return SoFar(
            seconds=round(time.monotonic() - self._clock, 3),
            restarts=before.restarts + sum(one.restarts for one in figures),
            call_ms=round(statistics.median(calls) * 1000, 3) if calls else before.call_ms,
            failures=self._failures.document(),
        )

    def _resume(self) -> None:
        """Takes over what the same run has finished. Raises SetupTrouble if the file is of another one."""
        hello, grades = self._workers.first.hello, self._grades()
        about = run_of(self.options, self.spec, hello, grades=grades, known=self._workers.known())
        self.checkpoint.open(about, self._started)
        self._started = self.checkpoint.started
        self._clock -= self.checkpoint.so_far.seconds
        self._failures.restore(self.checkpoint.so_far.failures)
        self._results.update(self.checkpoint.finished)

    # -- the parts of a run ---------------------------------------------------------------------------------------

    def _graded(self, server: Connection) -> None:
        self._workers.start(server)
        records = self._selected()
        try:
            self._resume()
            for record in select(self.options.cases) if self.options.cases and self._grades() else ():
                if not record.grades & self._grades():
                    self._finish(self._not_graded(record))
            self._run(server, records)
        except KeyboardInterrupt:
            for record in records:
                if record.id not in self._results:
                    self._finish(blank_result(record, Verdict.NOT_RUN, "interrupted"))
            self._interrupted = self._work.stopped = True
        finally:
            self._stop()
            self.checkpoint.close()

    def _run(self, server: Connection, records: Sequence[Record]) -> None:
        grader = self._grader()
        controls = [record for record in records if record.control]
        root, dead = self._controls(grader, controls)
        idle = Plan(grader, root, Budget(self.options.profile), 0, dead)
        waiting = []
        for record in records:
            if record.control or record.id in self._results:
                continue
            if (result := self._workers.idle(record, idle)) is not None:
                self._finish(result)
            else:
                waiting.append(record)
        budget = Budget(self.options.profile, self.options.budget_s)
        share = self.checkpoint.examples
        if share is None:
            share = self._share(budget, sum(record.draw is not None for record in waiting))
            self.checkpoint.plan(share)
        drawn = 0 if root else share
        work = {record.id: len(record.fixed) + (drawn if record.draw else 0) for record in waiting}
        self.progress.planned(len(records), work)
        plan = Plan(grader, root, budget, share, dead)
        crowd = [] if all(one.alone for one in waiting) else [one for one in waiting if not one.alone or one.latest]
        beside = self._beside if crowd and not root else ()
        for process in beside:
            process.prepare(plan, crowd)
        # what measures time is left by itself: side by side these only wait, each with a process of its own
        self._work_on(server, plan, [record for record in waiting if record not in crowd])
        self._work_on(server, replace(plan, crowd=True), crowd, beside)
        self._work_on(server, plan, [record for record in crowd if record.id not in self._results])

    def _controls(self, grader: Grader, controls: Sequence[Record]) -> tuple[str, bool]:
        """The root cause if a control is red, and whether it is of the kind that leaves nothing to look at."""
        root, dead = "", False
        for record in controls:
            if dead:
                self._finish(blank_result(record, Verdict.BLOCKED, root))
                continue
            if (result := self._results.get(record.id)) is None:
                self.progress.began(record.id)
                result = replace(grader, only=None).grade(record, self._workers.first)
                self._finish(result)
            if result.verdict in RED and not root:
                root = f"{record.id} is red: {result.signature or result.root}"
            dead = result.trouble not in ("", MACHINE)
        if root:
            self._hurry(self._workers.first)
        return root, dead

    def _hurry(self, harness: Harness) -> None:
        """While a control is red nothing can pass.

        The cases that may say why get their fixed examples, and the time that a right client takes.
        """
        harness.examples = 0
        harness.until = self._clock + self.options.profile.seconds

    def _share(self, budget: Budget, properties: int) -> int:
        calls = self._workers.first.call_s or [0.01]
        workers = self.options.most_workers or self.options.workers
        return budget.examples(statistics.median(calls), properties, self._workers.first.driver.at_once(workers))

    def _new_work(self) -> Work:
        return Work(self._finish, self.progress)

    def _work_on(
        self, server: Connection, plan: Plan, records: Sequence[Record], beside: Sequence[KitProcess] = ()
    ) -> None:
        if not records:
            return
        work, parts = self._new_work(), parts_of(records, plan)
        self._work = work
        # an application that many merchants share has told where it listens for the first one alone
        shared = self._workers.first.hello.config_of_each_message
        work.put(parts, lambda part: shared and "webhook" in part.record.needs)
        for process in beside:
            process.work_on(work, self._failures, parts)
        self._workers.run(server, plan, work)
        self._ended += [process.wait() for process in beside]

    # -- parts of the set-up --------------------------------------------------------------------------------------

    def _selected(self) -> list[Record]:
        """Controls always; the rest by glob and by what the client offers."""
        grades = self._grades()
        globs = (self.options.only[0],) if self.options.only else self.options.cases
        chosen = {record.id for record in select(globs)}
        return [
            record
            for record in catalogue().values()
            if record.grades & grades and (record.control or record.id in chosen)
        ]

    def _not_graded(self, record: Record) -> CaseResult:
        """The result of a case that was asked for, of a grade that the client or the command line leaves out."""
        kinds, graded = (", ".join(sorted(grades)) for grades in (record.grades, self._grades()))
        return blank_result(record, Verdict.SKIP, f"of the grade {kinds}, and graded are {graded} alone")

    def _grades(self) -> frozenset[str]:
        return self.options.grades & self._workers.first.hello.profiles

    def _grader(self) -> Grader:
        replay.check_witnesses(self.options.folder, [entry.case for entry in self._workers.known()])
        return self._workers.grader(self.progress.ran)

    def _finish(self, result: CaseResult) -> None:
        if self._interrupted:  # what workers still find is that their client was ended
            return
        if result.id not in self._results:
            self.progress.ended(result.id)
        self._results[result.id] = result
        self.checkpoint.keep(result, self._so_far())

    def _stop(self) -> None:
        """Ends the clients; a reply too many that nobody has seen yet is the last case's adapter error."""
        for trouble in (*self._workers.stop(), *(trouble for ended in self._ended for trouble in ended.troubles)):
            last = self._results[next(reversed(self._results))]
            told = replace(last, verdict=Verdict.ADAPTER_ERROR, trouble=trouble.kind, signature=str(trouble))
            self._finish(told)
        if self.options.keep:
            for harness in self._workers.harnesses:
                if not harness.kept:
                    harness.tenant.drop()
