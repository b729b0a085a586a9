"""The report of a graded server on the terminal."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from itertools import groupby

from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape

from huifu_contract.grading.results import OK, Verdict
from huifu_contract.reports import failures, lines
from huifu_contract.reports.quotes import in_words
from huifu_contract.reports.terminal import STYLES
from huifu_contract.reports.words import heading, left, say
from huifu_contract.server.registry import ServerCase
from huifu_contract.server.results import ServerResult, ServerRun, words
from huifu_mock._language import language


def show(console: Console, run: ServerRun) -> None:
    server = run.server
    parts = (
        f"huifu-contract {run.kit}",
        _say("server at", name=server["name"], url=server["base_url"]),
        _say("control API" if server["admin"] else "no control API"),
        _say("seed", seed=run.seed),
    )
    lines.listed(console, parts)
    widest = max((cell_len(_say(case.verdict)) for case in run.cases), default=0)
    for case in run.cases:
        console.print(f"  [{STYLES[case.verdict]}]{left(_say(case.verdict), widest)}[/] {case.id}", highlight=False)
    for case in run.cases:
        if case.verdict not in OK and case.verdict is not Verdict.BLOCKED:
            _failure(console, run, case)
    blocked = sorted((case for case in run.cases if case.verdict is Verdict.BLOCKED), key=lambda case: case.root)
    for root, cases in groupby(blocked, key=lambda case: case.root):
        names = ", ".join(case.id for case in cases)
        told = _say("named", name=names, told=_told(root))
        console.print()
        lines.prose(console, told, f"[magenta]{_say('blocked').upper()}[/] ")
    for case in run.cases:
        if case.verdict is Verdict.NOTE:
            told = _say("named", name=case.id, told=_told(case.signature))
            lines.prose(console, told, f"[cyan]{_say('note')}[/]  ")
    counts = [f"{count} {_say(verdict)}," for verdict, count in run.counts.items()] or [_say("nothing ran")]
    seconds = _say("seconds", seconds=f"{run.seconds:.1f}")
    console.print()
    lines.parts(console, [*counts[:-1], counts[-1].removesuffix(","), f" {seconds}"], 2)


def _again(run: ServerRun, case: ServerResult) -> str:
    """The command that runs the case once more."""
    again = ["huifu-contract", "server", "--base-url", str(run.server["base_url"]), "--seed", str(run.seed)]
    again += ["--target", str(run.server["target"])] if run.server["target"] else []
    return shlex.join([*again, "--profile", run.profile, "--case", case.id])


def _failure(console: Console, run: ServerRun, case: ServerResult) -> None:
    verdict = _say(case.verdict).upper()
    console.print(f"\n[{STYLES[case.verdict]}]{verdict}[/] {case.level} [bold]{case.id}[/]", highlight=False)
    says, quote = in_words(language(), case.says, case.quote)
    lines.prose(console, says, f"  {_heading('passes when')}")
    lines.prose(console, quote, f"  {_heading('stands on')}")
    for part in failures.each_law(case.signature):
        lines.prose(console, _told(part), f"  {_heading('broken')}")
    seen = tuple(_say("named", name=failures.label(language(), seen.label), told=words(seen)) for seen in case.observed)
    more = map(_told, case.steps) if case.steps else (f"{_heading('answered')}{line}" for line in seen)
    for line in (*more, f"{_heading('again')}{_again(run, case)}"):
        console.print("  " + escape(line), highlight=False, soft_wrap=True)


def listed(records: Sequence[ServerCase]) -> str:
    """One line a case."""
    return "\n".join(f"{record.level:<6} {record.basis:<6} {record.kind}  {record.id}" for record in records)


def one(record: ServerCase) -> str:
    """Everything about one case."""
    says, quote = in_words(language(), record.says, record.quote)
    rows = {
        "passes when": says,
        "stands on": quote,
        "level": _say("server level", level=record.level, basis=record.basis),
        "needs": _told(record.needs),
        "since": _say("since words", since=record.since, rev=record.rev),
    }
    return "\n".join((record.id, *(f"  {_heading(name)}{value}" for name, value in rows.items())))


def _say(what: str, **given: object) -> str:
    return say(language(), what, **given)


def _heading(what: str) -> str:
    return heading(language(), what)


def _told(text: str) -> str:
    return failures.told(language(), text)
