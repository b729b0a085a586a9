"""Markdown of one or several runs, in the language of the terminal: a table of scores, then what is not ok."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from huifu_contract.grading.results import OK, CaseResult, RunResult, Verdict
from huifu_contract.harness.laws import TITLES
from huifu_contract.reports.again import again
from huifu_contract.reports.failures import in_short, told
from huifu_contract.reports.words import say
from huifu_mock._language import Language, language


def render(runs: Sequence[RunResult]) -> str:
    spoken = language()
    return "\n".join(part for run in runs for part in _run(spoken, run))


def _run(spoken: Language, run: RunResult) -> list[str]:
    client = run.client
    wrong = [case for case in run.cases if case.verdict not in OK]
    lines = [
        f"## {cell(' '.join(filter(None, (client['name'], client['version']))))}",
        "",
        " · ".join(
            (
                f"`{cell(client['spec'])}`",
                say(spoken, "kit", kit=run.kit),
                say(spoken, "profile", profile=run.profile),
                say(spoken, "graded", grades=", ".join(run.grades)),
                say(spoken, "seed", seed=run.seed),
            )
        ),
        "",
        *table(
            (say(spoken, "level"), say(spoken, "passed of")),
            ((level, f"{passed} / {applicable}") for level, (passed, applicable) in run.score().items()),
        ),
        " · ".join(f"{count} {say(spoken, verdict)}" for verdict, count in run.counts.items()),
        "",
    ]
    if wrong:
        heads = [say(spoken, head) for head in ("case", "level", "verdict", "found")]
        lines += table(heads, (_row(spoken, case) for case in wrong))
        lines += _laws(spoken, wrong)
    commands = [command for case in wrong if (command := again(run, case))]
    if commands:
        lines += _folded(say(spoken, "run again"), _code(commands))
    notes = [case for case in run.cases if case.verdict in (Verdict.NOTE, Verdict.KNOWN)]
    if notes:
        heads = [say(spoken, head) for head in ("case", "verdict", "found")]
        rows = ((f"`{case.id}`", say(spoken, case.verdict), cell(told(spoken, case.signature))) for case in notes)
        lines += _folded(say(spoken, "recorded"), table(heads, rows)[:-1])
    return lines


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Of cells that are Markdown already, with an empty line behind it."""
    first, *others = (f"| {' | '.join(row)} |" for row in (heads, *rows))
    return [first, f"|{'---|' * len(heads)}", *others, ""]


def _folded(title: str, lines: Sequence[str]) -> list[str]:
    return [f"<details><summary>{title}</summary>", "", *lines, "", "</details>", ""]


def _laws(spoken: Language, wrong: Sequence[CaseResult]) -> list[str]:
    """What the letters before the sentences stand for; lines for the laws that were broken."""
    broken = {law for case in wrong for law in case.laws}
    return [*(f"- {law}: {cell(say(spoken, law))}" for law in TITLES if law in broken), ""] if broken else []


def _code(commands: Sequence[str]) -> list[str]:
    """A block that nothing in it ends."""
    fence = "`" * max(3, *(len(run) + 1 for command in commands for run in re.findall("`+", command)), 0)
    return [f"{fence}sh", *commands, fence]


def _row(spoken: Language, case: CaseResult) -> tuple[str, str, str, str]:
    found = told(spoken, case.root) if case.verdict is Verdict.BLOCKED else in_short(spoken, case)
    return f"`{case.id}`", case.level, say(spoken, case.verdict), cell(found)


def cell(text: str) -> str:
    """Nothing in it ends the cell or starts markup."""
    return own_words(text).replace("`", "\\`")


def own_words(text: str) -> str:
    """The same of a sentence of the kit's own, in which backticks mark code."""
    return " ".join(text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").split())
