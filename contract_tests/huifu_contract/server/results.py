"""Results of grading a server, and how two of them differ."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from huifu_contract import schemas
from huifu_contract.grading.results import CaseResult, Exit, RunResult, Verdict, exit_code
from huifu_contract.reports import failures
from huifu_contract.reports.words import say
from huifu_mock._language import language

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Observed:
    """One answer, under a label that is the same in every run."""

    label: str
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ServerResult:
    """One case. `steps` is the shortest sequence that goes wrong, where a sequence went wrong."""

    id: str
    verdict: Verdict
    level: str
    basis: str
    kind: str
    rev: int
    quote: str
    says: str
    needs: str
    seconds: float = 0.0
    signature: str = ""
    root: str = ""
    observed: tuple[Observed, ...] = ()
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ServerRun:
    """One server, graded once."""

    kit: str
    hypothesis: str
    started: str
    seconds: float
    server: Mapping[str, Any]
    """base_url, name, version, target (its file), admin (whether the fake's control API is there)"""
    level: str
    profile: str
    seed: int
    cases: tuple[ServerResult, ...]
    interrupted: bool = False
    direction: str = "server"
    format: int = FORMAT

    @property
    def counts(self) -> dict[str, int]:
        found = Counter(case.verdict.value for case in self.cases)
        return {verdict.value: found[verdict.value] for verdict in Verdict if found[verdict.value]}

    @property
    def exit(self) -> Exit:
        return Exit.INTERRUPTED if self.interrupted else exit_code(case.verdict for case in self.cases)

    def document(self) -> dict[str, Any]:
        return {**asdict(self), "counts": self.counts, "exit": int(self.exit)}

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self.document(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

    def as_run(self) -> RunResult:
        """The same as a run of the other direction, for the reports that both share."""
        spec = f"server {self.server['base_url']}"
        who = {"spec": spec, "name": self.server["name"], "version": self.server["version"], "language": ""}
        return RunResult(
            kit=self.kit,
            hypothesis=self.hypothesis,
            python="",
            started=self.started,
            seconds=self.seconds,
            client={**who, "profiles": [], "claims": [], "restarts": 0},
            profile=self.profile,
            grades=("server",),
            level=self.level,
            seed=self.seed,
            portable_seed=True,
            known=0,
            cases=tuple(_as_case(case) for case in self.cases),
            interrupted=self.interrupted,
        )


def _as_case(case: ServerResult) -> CaseResult:
    shared = ("id", "verdict", "level", "basis", "kind", "rev", "quote", "says", "seconds", "signature", "root")
    traffic = case.steps or tuple(f"{seen.label}: {words(seen)}" for seen in case.observed)
    return CaseResult(**{name: getattr(case, name) for name in shared}, traffic=traffic)


def words(seen: Observed) -> str:
    """An answer in one line: HTTP status where it is no 200, code, text and state."""
    facts = seen.facts
    status = "" if facts["status"] == "200" else f"HTTP {facts['status']} " if facts["status"] != "0" else ""
    if "unreadable" in facts:
        return status + facts["unreadable"]
    said = (facts[name] for name in ("resp_code", "resp_desc", "trans_stat"))
    return status + " ".join(part for part in said if part)


def read(path: Path) -> ServerRun:
    """A result file; raises SetupTrouble that says what is wrong with it."""
    loaded = schemas.read_file("server-result", path, "result file", "result of `huifu-contract server`")
    for derived in ("counts", "exit"):
        del loaded[derived]
    return ServerRun(**{**loaded, "cases": tuple(map(_case, loaded["cases"]))})


def _case(loaded: Mapping[str, Any]) -> ServerResult:
    observed = tuple(Observed(seen["label"], seen["facts"]) for seen in loaded["observed"])
    verdict = Verdict(loaded["verdict"])
    return ServerResult(**{**loaded, "verdict": verdict, "observed": observed, "steps": tuple(loaded["steps"])})


NOT_THERE = "(not asked)"


@dataclass(frozen=True, slots=True)
class Difference:
    """One field. `label` is empty where the verdict itself differs."""

    case: str
    label: str
    field: str
    a: str
    b: str


def differences(a: ServerRun, b: ServerRun) -> list[Difference]:
    """Field by field, in the order of the cases; a question that only one of the two was asked is one line."""
    there = {case.id: case for case in b.cases}
    found: list[Difference] = []
    for case in a.cases:
        other = there.pop(case.id, None)
        found += _one(case, other) if other is not None else [Difference(case.id, "", "case", "run", NOT_THERE)]
    return found + [Difference(case, "", "case", NOT_THERE, "run") for case in there]


def _one(a: ServerResult, b: ServerResult) -> Iterator[Difference]:
    if a.verdict is not b.verdict:
        yield Difference(a.id, "", "verdict", a.verdict.value, b.verdict.value)
    mine, theirs = ({seen.label: seen.facts for seen in case.observed} for case in (a, b))
    for label in dict.fromkeys((*mine, *theirs)):
        if label not in mine or label not in theirs:
            said = [_brief(side.get(label)) for side in (mine, theirs)]
            yield Difference(a.id, label, "answer", *said)
            continue
        for field in dict.fromkeys((*mine[label], *theirs[label])):
            one, two = mine[label].get(field, ""), theirs[label].get(field, "")
            if one != two:
                yield Difference(a.id, label, field, one, two)


def _brief(facts: Mapping[str, str] | None) -> str:
    if facts is None:
        return NOT_THERE
    return facts.get("unreadable") or " ".join(filter(None, (facts["resp_code"], facts["trans_stat"])))


def text(a: ServerRun, b: ServerRun) -> str:
    """For a person, in the language of the terminal: one block a case, one line a field."""
    spoken, found = language(), differences(a, b)
    lines = [say(spoken, n, name=run.server["name"], url=run.server["base_url"]) for n, run in (("A", a), ("B", b))]
    if not found:
        return "\n".join((*lines, "", say(spoken, "no difference")))
    last = ""
    for each in found:
        head = f"{each.case} [{failures.label(spoken, each.label)}]" if each.label else each.case
        if head != last:
            lines += ["", head]
        last = head
        one, two = (_said(spoken, value) for value in (each.a, each.b))
        lines.append(f"  {each.field:<14} A {one}   B {two}")
    answers = len({(each.case, each.label) for each in found if each.label})
    verdicts = sum(each.field == "verdict" for each in found)
    return "\n".join((*lines, "", say(spoken, "differ", answers=answers, verdicts=verdicts)))


def _said(spoken: str, value: str) -> str:
    return say(spoken, "not asked") if value == NOT_THERE else value or say(spoken, "empty")
