"""Verdicts, results of cases and runs, the result file, and the exit code: pytest's numbers."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Any

from huifu_contract import schemas
from huifu_contract.grading import statistics


class Verdict(StrEnum):
    PASS = "pass"  # a verdict, no password
    FAIL = "fail"
    NOTE = "note"
    """A recorder's finding, or a broken SHOULD under `--level must`."""
    BLOCKED = "blocked"
    """Not exercised: a control or the request itself was wrong."""
    SKIP = "skip"
    """The client does not make a claim that the case needs."""
    KNOWN = "known"
    FIXED = "fixed"
    """Listed as known, but it passes: the entry must go."""
    FLAKY = "flaky"
    NOT_RUN = "not-run"
    KIT_ERROR = "kit-error"
    ADAPTER_ERROR = "adapter-error"


OK = frozenset({Verdict.PASS, Verdict.NOTE, Verdict.SKIP, Verdict.KNOWN})
ERRORS = frozenset({Verdict.KIT_ERROR, Verdict.ADAPTER_ERROR})
APPLICABLE = frozenset(Verdict) - {Verdict.SKIP, Verdict.NOTE}


class Exit(IntEnum):
    OK = 0
    NOT_OK = 1
    INTERRUPTED = 2
    INTERNAL = 3
    """The kit's fault, or a breach of the adapter protocol."""
    USAGE = 4
    """A wrong option or file, or a client that could not be started."""
    NOTHING = 5
    """No case was selected, or none ran."""


def exit_code(verdicts: Iterable[Verdict]) -> Exit:
    found = set(verdicts)
    if not found - {Verdict.SKIP}:
        return Exit.NOTHING
    if found & ERRORS:
        return Exit.INTERNAL
    return Exit.NOT_OK if found - OK else Exit.OK


FORMAT = 1
MACHINE = "machine"
"""The trouble of a case that could not be judged, because the machine was too busy for the client."""


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What came of one case.

    Everything that varies from run to run is in `detail`, `detail_zh`, `traffic` and `stderr`.
    """

    id: str
    verdict: Verdict
    level: str
    basis: str
    kind: str
    rev: int
    quote: str
    says: str
    seconds: float = 0.0
    examples: int = 0
    signature: str = ""
    match: str = ""
    """The part of the signature that another example of the same failure has too; of trouble all of it."""
    laws: tuple[str, ...] = ()
    claim: str = ""
    truth: str = ""
    root: str = ""
    """Of a blocked case: what stood in its way."""
    trouble: str = ""
    """client, adapter, kit, set-up or machine, where no law but something else broke."""
    detail: str = ""
    detail_zh: str = ""
    """The same in Chinese, where the gateway explains in both languages what is wrong with a request."""
    differs: tuple[Mapping[str, str], ...] = ()
    """Fields in which two things differ: `field`, `expected` and `observed`, both with their bytes."""
    traffic: tuple[str, ...] = ()
    replay: str = ""
    console: str = ""
    """The page of the gateway's console that shows the failing calls, if they were kept."""
    stderr: str = ""
    reruns: int = 0
    """How often the failing example was run again."""
    failed_reruns: int = 0
    judged: tuple[str, ...] = ()
    """The laws that the inputs were judged by."""
    inputs: int = 0
    """Distinct inputs that were tried: the fixed ones and the drawn ones."""
    drawn: int = 0
    """Those of them that were drawn."""
    digest: str = ""
    """Of the drawn inputs: equal where the same were tried."""

    @property
    def group(self) -> str:
        return self.id.partition("/")[0]


@dataclass(frozen=True, slots=True)
class RunResult:
    """One client, graded once."""

    kit: str
    hypothesis: str
    python: str
    started: str
    seconds: float
    client: Mapping[str, Any]
    """spec, name, version, language, profiles, claims, restarts"""
    profile: str
    grades: tuple[str, ...]
    level: str
    seed: int
    portable_seed: bool
    known: int
    cases: tuple[CaseResult, ...]
    call_ms: float = 0.0
    budget_s: float | None = None
    interrupted: bool = False
    format: int = FORMAT

    @property
    def counts(self) -> dict[str, int]:
        found = Counter(case.verdict.value for case in self.cases)
        return {verdict.value: found[verdict.value] for verdict in Verdict if found[verdict.value]}

    @property
    def exit(self) -> Exit:
        if self.interrupted:
            return Exit.INTERRUPTED
        code = exit_code(case.verdict for case in self.cases)
        asked = [case.verdict for case in self.cases if case.group != "control"]
        return exit_code(asked) if asked and code is Exit.OK else code  # controls alone grade nothing

    def score(self) -> dict[str, tuple[int, int]]:
        """passed and applicable per level; controls do not count, blocked stays in the denominator."""
        table: dict[str, tuple[int, int]] = {}
        for case in self.cases:
            if case.group != "control" and case.verdict in APPLICABLE:
                passed, applicable = table.get(case.level, (0, 0))
                table[case.level] = (passed + (case.verdict is Verdict.PASS), applicable + 1)
        return table

    def document(self) -> dict[str, Any]:
        score = {level: {"passed": p, "applicable": a} for level, (p, a) in self.score().items()}
        return {
            **asdict(self),
            "counts": self.counts,
            "score": score,
            "statistics": statistics.document(self.cases),
            "exit": int(self.exit),
        }

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self.document(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def read(path: Path) -> RunResult:
    """A result file; raises SetupTrouble that says what is wrong with it."""
    return parse(schemas.read_file("result", path, "result file", f"result file of format {FORMAT}"))


DERIVED = ("counts", "score", "statistics", "exit")
LISTS = ("laws", "traffic", "judged", "differs")


def parse(document: Mapping[str, Any]) -> RunResult:
    """The run that a valid document tells of."""
    loaded = {name: value for name, value in document.items() if name not in DERIVED}
    cases = tuple(parse_case(case) for case in loaded.pop("cases"))
    return RunResult(**{**loaded, "cases": cases, **_tuples(loaded, "grades")})


def parse_case(case: Mapping[str, Any]) -> CaseResult:
    return CaseResult(**{**case, "verdict": Verdict(case["verdict"]), **_tuples(case, *LISTS)})


def merged(runs: Sequence[RunResult]) -> list[RunResult]:
    """Parts of one grading, as workers hand them in, put together; different clients stay apart.

    A case that several ran, as they do the controls, counts as the worst of them.
    """
    together: dict[tuple[object, ...], list[RunResult]] = {}
    for run in runs:
        together.setdefault(tuple(run.client[name] for name in ("spec", "name", "version")), []).append(run)
    return [_joined(parts) for parts in together.values()]


def _joined(parts: Sequence[RunResult]) -> RunResult:
    from huifu_contract.catalogue.registry import catalogue

    found: dict[str, CaseResult] = {}
    for case in (case for part in parts for case in part.cases):
        if case.id not in found or found[case.id].verdict in OK:
            found[case.id] = case
    return replace(
        parts[0],
        cases=tuple(found[name] for name in catalogue() if name in found),
        started=min(part.started for part in parts),
        seconds=max(part.seconds for part in parts),
        call_ms=max(part.call_ms for part in parts),
        interrupted=any(part.interrupted for part in parts),
    )


def _tuples(given: Mapping[str, Any], *names: str) -> dict[str, tuple[Any, ...]]:
    return {name: tuple(given.get(name, ())) for name in names}
