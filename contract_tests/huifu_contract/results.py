"""CaseResult and RunResult: everything a report shows, as one versioned JSON document."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from huifu_contract import schemas
from huifu_contract.failures import SetupTrouble
from huifu_contract.verdicts import APPLICABLE, Exit, Verdict, exit_code

FORMAT = 1


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What came of one case.

    Everything that varies from run to run is in `detail`, `traffic` and `stderr`.
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
    laws: tuple[str, ...] = ()
    claim: str = ""
    truth: str = ""
    root: str = ""
    """Of a blocked case: what stood in its way."""
    trouble: str = ""
    """client, adapter, kit or set-up, where no law but something else broke."""
    detail: str = ""
    traffic: tuple[str, ...] = ()
    replay: str = ""
    stderr: str = ""

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
        return Exit.INTERRUPTED if self.interrupted else exit_code(case.verdict for case in self.cases)

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
        return {**asdict(self), "counts": self.counts, "score": score, "exit": int(self.exit)}

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self.document(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def read(path: Path) -> RunResult:
    """A result file; raises SetupTrouble that says what is wrong with it."""
    try:
        loaded = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SetupTrouble(f"{path}: {error.strerror}") from None
    except ValueError:
        raise SetupTrouble(f"{path} is not JSON, so it is no result file") from None
    wrong = schemas.complaint("result", loaded)
    if wrong is not None:
        raise SetupTrouble(f"{path} is no result file of format {FORMAT}: {wrong}")
    for derived in ("counts", "score", "exit"):
        del loaded[derived]
    cases = tuple(
        CaseResult(**{**case, "verdict": Verdict(case["verdict"]), **_tuples(case, "laws", "traffic")})
        for case in loaded.pop("cases")
    )
    return RunResult(**{**loaded, "cases": cases, **_tuples(loaded, "grades")})


def _tuples(given: Mapping[str, Any], *names: str) -> dict[str, tuple[Any, ...]]:
    return {name: tuple(given[name]) for name in names}
