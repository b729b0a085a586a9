"""Markdown of one or several runs: a table of scores, then what is not ok."""

from __future__ import annotations

import re
from collections.abc import Sequence

from huifu_contract.grading.results import OK, CaseResult, RunResult, Verdict
from huifu_contract.harness.laws import TITLES
from huifu_contract.reports.again import again


def render(runs: Sequence[RunResult]) -> str:
    return "\n".join(part for run in runs for part in _run(run))


def _run(run: RunResult) -> list[str]:
    client = run.client
    lines = [
        f"## {cell(' '.join(filter(None, (client['name'], client['version']))))}",
        "",
        " · ".join(
            (
                f"`{cell(client['spec'])}`",
                f"kit {run.kit}",
                f"profile {run.profile}",
                f"grades {', '.join(run.grades)}",
                f"seed {run.seed}",
            )
        ),
        "",
        "| level | passed / applicable |",
        "|---|---|",
        *(f"| {level} | {passed} / {applicable} |" for level, (passed, applicable) in run.score().items()),
        "",
        " · ".join(f"{count} {verdict}" for verdict, count in run.counts.items()),
        "",
    ]
    wrong = [case for case in run.cases if case.verdict not in OK]
    if wrong:
        lines += [
            "| case | level | verdict | what |",
            "|---|---|---|---|",
            *(_row(case) for case in wrong),
            "",
            *_laws(wrong),
        ]
    commands = [command for case in wrong if (command := again(run, case))]
    if commands:
        lines += ["<details><summary>Run them again</summary>", "", *_code(commands), "", "</details>", ""]
    notes = [case for case in run.cases if case.verdict in (Verdict.NOTE, Verdict.KNOWN)]
    if notes:
        lines += [
            "<details><summary>Recorded and known</summary>",
            "",
            "| case | verdict | what |",
            "|---|---|---|",
        ]
        lines += [f"| `{case.id}` | {case.verdict} | {cell(case.signature)} |" for case in notes]
        lines += ["", "</details>", ""]
    return lines


def _laws(wrong: Sequence[CaseResult]) -> list[str]:
    """What the letters before the sentences stand for; lines for the laws that were broken."""
    broken = {law for case in wrong for law in case.laws}
    return [*(f"- {law}: {cell(title)}" for law, title in TITLES.items() if law in broken), ""] if broken else []


def _code(commands: Sequence[str]) -> list[str]:
    """A block that nothing in it ends."""
    fence = "`" * max(3, *(len(run) + 1 for command in commands for run in re.findall("`+", command)), 0)
    return [f"{fence}sh", *commands, fence]


def _row(case: CaseResult) -> str:
    what = case.root if case.verdict is Verdict.BLOCKED else case.signature
    return f"| `{case.id}` | {case.level} | {case.verdict} | {cell(what)} |"


def cell(text: str) -> str:
    """Nothing in it ends the cell or starts markup."""
    return own_words(text).replace("`", "\\`")


def own_words(text: str) -> str:
    """The same of a sentence of the kit's own, in which backticks mark code."""
    return " ".join(text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").split())
