"""The workers of one process: each has a tenant of the gateway, a process of the client, and takes part after part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial

from huifu_contract.catalogue.record import Record
from huifu_contract.drivers.driver import Driver
from huifu_contract.failures import Trouble
from huifu_contract.grading.case import Grader, blank_result
from huifu_contract.grading.crew import Crew
from huifu_contract.grading.failure_budget import FailureBudget, trouble_seconds
from huifu_contract.grading.known_failures import KnownFailure
from huifu_contract.grading.options import Options
from huifu_contract.grading.parts import Part, in_parts
from huifu_contract.grading.plan import Plan
from huifu_contract.grading.results import MACHINE, CaseResult, Verdict
from huifu_contract.grading.work import Work
from huifu_contract.harness import tenants
from huifu_contract.harness.harness import NO_TIME, Harness
from huifu_mock.client.server import Connection
from huifu_mock.client.transport import Unreachable


@dataclass(frozen=True, slots=True)
class Figures:
    """Of all workers of a process: how often clients were started again, and how long the first calls of each took."""

    restarts: int = 0
    call_s: tuple[float, ...] = ()


@dataclass(slots=True)
class Workers:
    """`make` gives a fresh driver; every worker has its own. The first one comes with `start`.

    `usual` are as many as there are at first, `most` as there may be while the machine has time.
    """

    make: Callable[[], Driver]
    options: Options
    failures: FailureBudget
    usual: int
    most: int
    harnesses: list[Harness] = field(default_factory=list)

    @property
    def first(self) -> Harness:
        return self.harnesses[0]

    def start(self, server: Connection) -> Harness:
        """One worker more. Raises a Trouble if its client does not start."""
        first, bits, keep = self.harnesses[0] if self.harnesses else None, self.options.key_bits, self.options.keep
        beside = first.driver.beside() if first is not None else None
        alike = first.tenant if first is not None and not (beside or keep) else None  # a kept one has a key of its own
        tenant = tenants.fresh(server, bits, alike)
        driver = beside or self.make()
        harness = Harness(
            driver,
            tenant,
            self.options.profile.examples,
            elsewhere=server.default,
            merchants=server.tenant,
            keep=keep,
        )
        driver.start(harness.config)
        harness.turn = driver.turn
        usual, workers = self.options.profile.seconds, driver.at_once(self.options.workers)
        self.failures.trouble_s = trouble_seconds(usual, harness.deadline_s, workers)
        if first is not None:
            harness.examples, harness.until, harness.patience = first.examples, first.until, first.patience
        self.harnesses.append(harness)
        return harness

    def prepare(self, server: Connection, parts: int) -> None:
        """As many workers as there are usually, if there is so much to do."""
        wanted = self.first.driver.at_once(min(self.usual, parts))
        if wanted > len(self.harnesses):
            self._more(server, wanted - len(self.harnesses))

    def _more(self, server: Connection, count: int) -> list[Harness]:
        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(self.start, [server] * count))

    def run(self, server: Connection, plan: Plan, work: Work) -> None:
        """Returns when nothing is left, or when the work is stopped."""

        def begin(harness: Harness) -> None:
            try:
                while (part := work.take(first=harness is self.first)) is not None:
                    work.progress.began(part.record.id)
                    work.bring(part, self.result_of(plan, part, harness))
            except Unreachable:  # Ctrl-C has stopped the gateway
                if not work.stopped:
                    raise

        self.prepare(server, work.left())
        Crew(begin, partial(self._more, server), self.first.driver.at_once(self.most)).run(self.harnesses, work.left)

    def known(self) -> tuple[KnownFailure, ...]:
        """The known failures of this client."""
        hello = self.first.hello
        return tuple(entry for entry in self.options.known if entry.about(hello.name, hello.version))

    def grader(self, ran: Callable[[str], None]) -> Grader:
        """`ran` is told the case with each example."""
        options = self.options
        return Grader(
            profile=options.profile,
            seed=options.seed,
            level=options.level,
            known=self.known(),
            folder=options.folder,
            only=options.only[1] if options.only else None,
            reruns=options.reruns,
            failures=self.failures,
            ran=ran,
        )

    def result_of(self, plan: Plan, part: Part, harness: Harness) -> CaseResult | None:
        """None for what the other workers may have held up.

        A request case may fail while a control is red, and say why; it cannot pass then.
        """
        record = part.record
        starved = plan.share == 0 and record.draw is not None and plan.budget.seconds is not None
        if plan.budget.over or starved:
            root = f"the budget of {plan.budget.seconds:g} s is used up"
            return blank_result(record, Verdict.NOT_RUN, root)
        if (idle := self.idle(record, plan)) is not None:
            return idle
        harness.reveal = record.id if self.options.reveal else None
        hurried = plan.crowd and record.latest
        grader = replace(plan.grader, reruns=0) if hurried else plan.grader
        result = grader.grade(part.piece, harness, 0 if plan.root else plan.share, part.number)
        late = plan.crowd and result.trouble == MACHINE
        if late or (hurried and result.verdict is not Verdict.PASS and not result.trouble):
            return None
        if plan.root and (result.verdict in (Verdict.PASS, Verdict.KNOWN, Verdict.FIXED) or result.root == NO_TIME):
            result = replace(result, verdict=Verdict.BLOCKED, root=plan.root)
        return result

    def idle(self, record: Record, plan: Plan) -> CaseResult | None:
        """The result of a case that need not run: a claim is missing, or a control is red."""
        missing = record.needs - self.first.hello.claims
        if missing:
            return blank_result(record, Verdict.SKIP, f"the client does not claim {', '.join(sorted(missing))}")
        if plan.root and (plan.dead or record.group != "request"):
            return blank_result(record, Verdict.BLOCKED, plan.root)
        exhausted = self.failures.exhausted()
        return blank_result(record, Verdict.BLOCKED, exhausted) if exhausted else None

    def figures(self) -> Figures:
        """As they are now."""
        calls = tuple(seconds for harness in self.harnesses for seconds in harness.call_s[:9])
        return Figures(sum(harness.driver.restarts for harness in self.harnesses), calls)

    def stop(self) -> list[Trouble]:
        """Ends the clients; what came to light then."""
        with ThreadPoolExecutor(len(self.harnesses) or 1) as pool:
            return [trouble for trouble in pool.map(_stopped, self.harnesses) if trouble is not None]


def parts_of(records: Sequence[Record], plan: Plan) -> list[Part]:
    """In the order in which they are begun, the same in every process."""
    splits = not (plan.root or plan.grader.only)
    whole = [record for record in records if not splits or plan.grader.listed(record)]
    return list(in_parts(records, 0 if plan.root else plan.share, whole))


def _stopped(harness: Harness) -> Trouble | None:
    try:
        harness.driver.stop()
    except Trouble as trouble:
        return trouble
    return None
