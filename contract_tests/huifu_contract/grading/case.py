"""Grades one case: runs its examples, sorts what happened into a verdict, and keeps the evidence."""

from __future__ import annotations

import hashlib
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import hypothesis

from huifu_contract import __version__
from huifu_contract.catalogue.record import Example, Level, Record
from huifu_contract.failures import ClientTrouble, Gone, Hung, KitTrouble, Trouble
from huifu_contract.grading import lateness, replay
from huifu_contract.grading.exchanges import redact, sequence
from huifu_contract.grading.failure_budget import FailureBudget
from huifu_contract.grading.flakiness import SLOW_S, Repeated, repeat
from huifu_contract.grading.generate import search, written
from huifu_contract.grading.known_failures import KnownFailure
from huifu_contract.grading.profiles import Profile
from huifu_contract.grading.results import MACHINE, CaseResult, Verdict
from huifu_contract.harness.differences import Difference
from huifu_contract.harness.harness import Harness
from huifu_contract.harness.laws import Blocked, Broken, CaseBroken, Skipped, stable_part

RERUNS = 5
KEPT_STDERR = 4000
TROUBLE = {
    "client": Verdict.FAIL,
    "adapter": Verdict.ADAPTER_ERROR,
    "kit": Verdict.KIT_ERROR,
    "set-up": Verdict.KIT_ERROR,
}


@dataclass(frozen=True, slots=True)
class Grader:
    """The options that matter to a single case. `folder` None: replays are neither read nor written."""

    profile: Profile
    seed: int = 0
    level: str = "should"
    known: tuple[KnownFailure, ...] = ()
    folder: Path | None = None
    only: Example | None = None
    """Run this example alone (`--replay`)."""
    reruns: int = RERUNS
    """How often a failing example is run again to see whether it always fails; 0: never, and it is the client's."""
    passive: bool = False
    """Whether nothing can be run again because the client calls when it likes."""
    failures: FailureBudget = field(default_factory=FailureBudget)
    ran: Callable[[str], None] = lambda _case: None
    """Told the case with each of its examples."""

    def grade(self, record: Record, harness: Harness, examples: int | None = None, part: int = 0) -> CaseResult:
        """Never raises: what goes wrong here is a verdict too. Starts as a failure.

        A later `part` of a case has numbers of its own, and no replays.
        """
        began = time.monotonic()
        mark = harness.driver.mark()
        harness.notes.clear()
        harness.judged_by.clear()
        harness.stream = f"{self.seed}:{record.id}:{record.rev}" + (f":{part}" if part else "")
        tried = Inputs()
        harness.last = None
        entry = self.listed(record)
        blank = blank_result(record, Verdict.FAIL)
        try:
            result = self._judged(record, harness, tried, examples, part)
        except Skipped as skipped:
            result = replace(blank, verdict=Verdict.SKIP, root=str(skipped))
        except Gone as gone:
            result = replace(blank, verdict=Verdict.NOT_RUN, root=str(gone), trouble="client")
        except Trouble as trouble:
            result = _troubled(blank, trouble)
        except Exception as error:  # a bug of ours must never look like the client's failure
            detail = "".join(traceback.format_exception(error)[-6:])
            signature = f"the kit raised {type(error).__name__}: {error}"
            result = replace(
                blank, verdict=Verdict.KIT_ERROR, trouble="kit", signature=signature, detail=redact(detail)
            )
        if result.verdict not in (Verdict.PASS, Verdict.SKIP):
            result = _with_evidence(result, harness, mark)
        result = replace(result, seconds=time.monotonic() - began, examples=tried.runs, **tried.told(harness.judged_by))
        return self._enforced(result, record, entry)

    def _judged(self, record: Record, harness: Harness, tried: Inputs, examples: int | None, part: int) -> CaseResult:
        """What the examples come to; one that fails is run again. Raises what has nothing to do with an example."""
        blank = blank_result(record, Verdict.FAIL)
        try:
            self._try(record, harness, tried, examples, part)
        except (CaseBroken, Blocked, ClientTrouble) as failure:
            return self._failed(record, harness, failure, tried.example, blank)
        harness.sweep()
        return self._passed(blank, harness)

    def _try(self, record: Record, harness: Harness, tried: Inputs, examples: int | None, part: int) -> None:
        """Every example until one fails, which is raised."""
        entry = self.listed(record)
        for example in self._stored(record, entry, part):
            tried.add(example)
            self._run(record, harness, example)
        if self.only is not None or (entry and record.draw):
            return
        found = search(
            record,
            lambda e: self._run(record, harness, e),
            self.profile,
            self.profile.examples if examples is None else examples,
            seed=self.seed,
            budget=self.failures,
        )
        tried.draw(found.tried, found.runs)
        if found.best is not None:
            tried.example = found.best
            raise next(reversed(found.broken.values()))
        if found.stopped is not None:
            tried.example = found.last or tried.example
            raise found.stopped

    def listed(self, record: Record) -> KnownFailure | None:
        """The entry of the known-failures file about that case, if there is one."""
        return next((entry for entry in self.known if _names(entry, record)), None)

    def _stored(self, record: Record, entry: KnownFailure | None, part: int) -> Iterator[Example]:
        """Replays first, then the fixed examples; of a known property the witnesses alone."""
        if self.only is not None:
            yield self.only
            return
        if self.folder is not None and part == 0:
            for path, stored in replay.of_case(self.folder, record.id):
                if not stored.fresh(record):
                    raise KitTrouble(
                        f"stale replay {path}: made for revision {stored.rev}, {record.id} is at {record.rev}; "
                        "delete it, or keep the failure by running the case again"
                    )
                yield stored.example
        if not (entry and record.draw):
            yield from record.fixed

    def _run(self, record: Record, harness: Harness, example: Example) -> None:
        """One example; several times where answers may have come too late, as they may on a busy machine.

        A failure that was confirmed so is believed at once in every other case too.
        """
        self.ran(record.id)
        try:
            self._in_time(record, harness, example)
        except Hung as hung:
            if not self.reruns or self.failures.comes_again(str(hung)):
                raise
            lateness.hang_confirmed(lambda: self._in_time(record, harness, example), hung, harness, self.failures)

    def _in_time(self, record: Record, harness: Harness, example: Example) -> None:
        """One example; a failure that a late answer would explain is confirmed. Raises Hung unconfirmed."""
        try:
            _once(record, harness, example)
        except (CaseBroken, Blocked) as broken:
            failure, final = broken, not (self.reruns or self.passive) or self.failures.comes_again(str(broken))
            if final or not lateness.explains(failure, harness):
                raise
        else:
            return
        if self.passive:
            raise lateness.NotJudged(told) if (told := lateness.late(harness)) else failure
        try:
            lateness.confirmed(lambda: _once(record, harness, example), failure, harness)
        except lateness.NotJudged:
            raise
        except (CaseBroken, Blocked) as again:
            self.failures.came_again(str(again))
            raise

    def _passed(self, blank: CaseResult, harness: Harness) -> CaseResult:
        if harness.notes:
            return replace(blank, verdict=Verdict.NOTE, signature="; ".join(harness.notes))
        return replace(blank, verdict=Verdict.PASS)

    def _failed(
        self,
        record: Record,
        harness: Harness,
        failure: CaseBroken | Blocked | ClientTrouble,
        example: Example,
        blank: CaseResult,
    ) -> CaseResult:
        """What became of a failure when its example was run again."""
        match failure:
            case CaseBroken():
                return self._broken(record, harness, failure, example, blank)
            case Blocked():
                return self._blocked(record, harness, failure, example, blank)
            case _:
                return self._crashed(record, harness, failure, example, blank)

    def _broken(
        self, record: Record, harness: Harness, broken: CaseBroken, example: Example, blank: CaseResult
    ) -> CaseResult:
        signature, lines = str(broken), sequence(broken.evidence)
        firsts = [self.failures.first(str(found), record.id) for found in broken.found]
        known_cause = all(first != record.id and first.startswith("control/") for first in firsts)
        again = Repeated() if known_cause else self._again(record, harness, example, signature, broken.evidence.seconds)
        detail, detail_zh = _details(again.words, broken.found)
        path = ""
        if self.folder is not None:
            stored = replay.Replay(
                record.id, record.rev, example, signature, __version__, hypothesis.__version__, lines
            )
            path = str(stored.write(self.folder))
        return replace(
            again.told(blank, Verdict.FAIL, signature),
            match=stable_part(broken.found),
            laws=tuple(dict.fromkeys(found.law for found in broken.found)),
            claim=broken.evidence.claim,
            truth=broken.evidence.truth.words(),
            root=f"the same as in {firsts[0]}" if known_cause else "",
            detail=redact(detail),
            detail_zh=redact(detail_zh),
            differs=tuple(_redacted(one) for one in dict.fromkeys(_differences(broken))),
            traffic=lines,
            replay=path,
            console=harness.console(broken.evidence),
        )

    def _again(self, record: Record, harness: Harness, example: Example, signature: str, seconds: float) -> Repeated:
        """The failing example several times more, as far as there is time for failures of this signature.

        A client that is gone by then has failed all the same.
        """

        def fails() -> bool:
            try:
                self._run(record, harness, example)
            except (CaseBroken, Blocked, Trouble) as error:
                if isinstance(error, Gone | KitTrouble):
                    raise
                return _signature(error) == signature
            return False

        if record.control and seconds >= SLOW_S:
            return Repeated()  # the other controls are the same call again
        return repeat(fails, min(1, self.reruns) if record.alone else self.reruns, seconds, signature, self.failures)

    def _blocked(
        self, record: Record, harness: Harness, blocked: Blocked, example: Example, blank: CaseResult
    ) -> CaseResult:
        """Flaky if the same example can be exercised another time, else blocked."""
        if isinstance(blocked, lateness.NotJudged):
            return replace(blank, verdict=Verdict.BLOCKED, root=str(blocked), trouble=MACHINE)
        seconds = 0.0 if harness.last is None else harness.last.seconds
        again = self._again(record, harness, example, str(blocked), seconds)
        if again.flaky:
            return replace(again.told(blank, Verdict.BLOCKED, str(blocked)), detail=again.words)
        return replace(blank, verdict=Verdict.BLOCKED, root=str(blocked))

    def _crashed(
        self, record: Record, harness: Harness, trouble: ClientTrouble, example: Example, blank: CaseResult
    ) -> CaseResult:
        signature = _signature(trouble)
        result = replace(
            _troubled(blank, trouble), detail=lateness.waited(harness) if isinstance(trouble, Hung) else ""
        )
        self.failures.lose(signature, record.id, harness.example_s)
        if self.failures.first(signature, record.id) != record.id or self.failures.comes_again(str(trouble)):
            return result
        again = self._again(record, harness, example, signature, harness.example_s)
        detail = "; ".join(filter(None, (again.words, result.detail)))
        return replace(again.told(result, Verdict.FAIL, result.signature), detail=detail)

    def _enforced(self, result: CaseResult, record: Record, entry: KnownFailure | None) -> CaseResult:
        """What the level and the known-failures file make of a verdict."""
        if record.recorder and result.verdict in (Verdict.FAIL, Verdict.FLAKY, Verdict.PASS):
            return replace(result, verdict=Verdict.NOTE, signature=result.signature or "nothing to record")
        if entry is not None and not record.recorder:
            return _listed(result, entry)
        if result.verdict is Verdict.FAIL and record.level is Level.SHOULD and self.level == "must":
            return replace(result, verdict=Verdict.NOTE)
        return result


@dataclass(slots=True)
class Inputs:
    """The distinct inputs of one case."""

    fixed: set[str] = field(default_factory=set)
    drawn: dict[str, None] = field(default_factory=dict)
    runs: int = 0
    """How often an example was run, the repeats of a failing one left out."""
    example: Example = field(default_factory=dict)
    """The last one, which is the one that failed."""

    def add(self, example: Example) -> None:
        self.fixed.add(written(example))
        self.example, self.runs = example, self.runs + 1

    def draw(self, examples: Iterable[str], runs: int) -> None:
        self.drawn.update(dict.fromkeys(examples))
        self.runs += runs

    def told(self, laws: Iterable[str]) -> dict[str, Any]:
        """As the result of a case has it."""
        digest = hashlib.sha256("\n".join(self.drawn).encode()).hexdigest()[:12] if self.drawn else ""
        return {
            "judged": tuple(sorted(laws)),
            "inputs": len(self.fixed | self.drawn.keys()),
            "drawn": len(self.drawn),
            "digest": digest,
        }


def _troubled(blank: CaseResult, trouble: Trouble) -> CaseResult:
    told = redact(_signature(trouble))
    return replace(blank, verdict=TROUBLE[trouble.kind], signature=told, trouble=trouble.kind, stderr=trouble.stderr)


def _differences(broken: CaseBroken) -> Iterator[Difference]:
    for found in broken.found:
        yield from found.differs


def _details(again: str, found: Sequence[Broken]) -> tuple[str, str]:
    """Each detail once, and the same with what the gateway said in Chinese, if it said something."""
    english = _joined(one.detail for one in found)
    chinese = _joined(one.detail_zh or one.detail for one in found)
    told = "; ".join(filter(None, (again, english)))
    return told, "" if chinese == english else "\n".join(filter(None, (again, chinese)))


def _joined(each: Iterable[str]) -> str:
    """Those that have several lines on lines of their own."""
    details = dict.fromkeys(filter(None, each))
    return ("\n" if any("\n" in one for one in details) else "; ").join(details)


def _redacted(one: Difference) -> dict[str, str]:
    return {"field": one.field, "expected": redact(one.expected), "observed": redact(one.observed)}


def _listed(result: CaseResult, entry: KnownFailure) -> CaseResult:
    if result.verdict is Verdict.PASS and not entry.flaky:
        return replace(result, verdict=Verdict.FIXED, signature=f"listed as known ({entry.reason}), but it passes")
    if result.verdict is Verdict.FLAKY and entry.flaky:
        return replace(result, verdict=Verdict.KNOWN, root=entry.reason)
    if result.verdict is Verdict.FAIL and (entry.match or "") in result.signature:
        return replace(result, verdict=Verdict.KNOWN, root=entry.reason)
    return result


def _names(entry: KnownFailure, record: Record) -> bool:
    return entry.case in (record.id, *record.aliases, f"{record.group}/*")


def _signature(error: Exception) -> str:
    """What went wrong, in words that stay the same from run to run."""
    return f"the client {error}" if isinstance(error, ClientTrouble) else str(error)


def _once(record: Record, harness: Harness, example: Example) -> None:
    """One example. A case that ends without judging anything proves nothing, and that is our mistake."""
    before, began, harness.answer_s = harness.judged, time.monotonic(), 0.0
    try:
        record.run(harness, example)
    finally:
        harness.example_s = time.monotonic() - began
        harness.tidy()
    if harness.judged == before:
        raise KitTrouble(f"{record.id} judged nothing")


def _with_evidence(result: CaseResult, harness: Harness, mark: int) -> CaseResult:
    secrets: Sequence[str] = (harness.tenant.merchant_private_key or "", harness.tenant.webhook_key)
    stderr = redact((result.stderr or harness.driver.stderr(mark))[-KEPT_STDERR:], secrets)
    last = harness.last
    if last is None or result.traffic:
        return replace(result, stderr=stderr)
    console = harness.console(last) if result.verdict is not Verdict.NOTE else ""
    return replace(
        result, stderr=stderr, claim=last.claim, truth=last.truth.words(), traffic=sequence(last), console=console
    )


def blank_result(record: Record, verdict: Verdict, root: str = "") -> CaseResult:
    """A result without evidence, for cases that did not run."""
    return CaseResult(
        id=record.id,
        verdict=verdict,
        level=record.level.value,
        basis=record.basis.value,
        kind=record.kind,
        rev=record.rev,
        quote=record.quote,
        says=record.says,
        root=root,
    )
