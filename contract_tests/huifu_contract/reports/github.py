"""GitHub Actions: a few annotations, and the report as the summary of the step.

Annotations are workflow commands on stdout; the summary is Markdown in the file that the runner names. Both are in the
language of the terminal, which a workflow chooses with LC_ALL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from huifu_contract.catalogue.record import RANK, Level
from huifu_contract.grading.results import ERRORS, OK, CaseResult, RunResult, Verdict
from huifu_contract.reports import markdown
from huifu_contract.reports.failures import in_short, told
from huifu_contract.reports.quotes import in_words
from huifu_contract.reports.words import say
from huifu_mock._language import Language, language

MOST = 10
"""GitHub shows ten errors of a step and drops the rest without a word."""
SUMMARY_BYTES = 1024 * 1024
"""What GitHub takes as the summary of one step; a longer one is refused as a whole."""
DETAILS_END = "</details>\n"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: a case that is not ok, or one root cause with all that it blocks."""

    title: str
    message: str
    rank: tuple[int, int]


def active(environ: Mapping[str, str]) -> bool:
    return environ.get("GITHUB_ACTIONS") == "true"


def tell(runs: Sequence[RunResult], environ: Mapping[str, str], say: Callable[[str], object]) -> None:
    """Both at once; does nothing outside GitHub Actions."""
    if not active(environ):
        return
    for line in errors(runs):
        say(line)
    place = environ.get("GITHUB_STEP_SUMMARY")
    if place:
        append_summary(Path(place), runs)


def errors(runs: Sequence[RunResult], most: int = MOST) -> list[str]:
    """`::error …` lines, MUST before SHOULD; a last `::notice` tells how many more there are."""
    spoken = language()
    found = sorted((finding for run in runs for finding in _findings(spoken, run)), key=lambda finding: finding.rank)
    lines = [f"::error title={_property(each.title)}::{_message(each.message)}" for each in found[:most]]
    if len(found) > most:
        lines.append(f"::notice title=huifu-contract::{say(spoken, 'annotations left', count=len(found) - most)}")
    return lines


def summary(runs: Sequence[RunResult], limit: int = SUMMARY_BYTES) -> str:
    """The Markdown report in at most `limit` bytes of UTF-8, cut between lines."""
    whole = markdown.render(runs)
    if len(whole.encode()) <= limit:
        return whole
    room = limit - _end_bytes()
    kept: list[str] = []
    for line in whole.splitlines(keepends=True):
        room -= len(line.encode())
        if room < 0:
            break
        kept.append(line)
    text = "".join(kept)
    return text + (DETAILS_END if text.count("<details>") > text.count("</details>") else "") + cut()


def cut() -> str:
    """The end of a summary that is not whole."""
    return f"\n\n*{say(language(), 'summary cut')}*\n"


def _end_bytes() -> int:
    return len((DETAILS_END + cut()).encode())


def append_summary(place: Path, runs: Sequence[RunResult]) -> None:
    """What earlier commands of the step wrote stays, and counts."""
    taken = place.stat().st_size if place.exists() else 0
    room = SUMMARY_BYTES - taken - 1
    if room > _end_bytes():
        with place.open("a", encoding="utf-8", newline="\n") as out:
            out.write(summary(runs, room) + "\n")


def _findings(spoken: Language, run: RunResult) -> Iterator[Finding]:
    who = " ".join(filter(None, (run.client["name"], run.client["version"])))
    blocked: dict[str, list[CaseResult]] = {}
    for case in run.cases:
        if case.verdict is Verdict.BLOCKED:
            blocked.setdefault(case.root, []).append(case)
        elif case.verdict not in OK:
            verdict, passes = say(spoken, case.verdict), in_words(spoken, case.says, case.quote)[0]
            found = in_short(spoken, case) or verdict
            message = say(spoken, "annotation", who=who, verdict=verdict, found=found, level=case.level, passes=passes)
            yield Finding(f"huifu-contract {case.id}", message, _rank(case))
    for root, cases in blocked.items():
        names = ", ".join(case.id for case in cases[:3]) + (", …" if len(cases) > 3 else "")
        count, why = len(cases), told(spoken, root)
        message = say(spoken, "annotation blocked", who=who, count=count, names=names, root=why)
        yield Finding("huifu-contract blocked", message, min(map(_rank, cases)))


def _rank(case: CaseResult) -> tuple[int, int]:
    """MUST first.

    In a level the kit's and the adapter's troubles, then broken laws, then what did not run.
    """
    order = 0 if case.verdict in ERRORS else 2 if case.verdict in (Verdict.BLOCKED, Verdict.NOT_RUN) else 1
    return -RANK[Level(case.level)], order


def _message(text: str) -> str:
    """Escapes of the toolkit: nothing in it ends the command or starts another."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
