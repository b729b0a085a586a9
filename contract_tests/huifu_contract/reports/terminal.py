"""The report on the terminal.

Progress while it runs; each failure with law, claim, truth, traffic and the command that runs it again; the score last.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from huifu_contract.grading.flakiness import rate
from huifu_contract.grading.results import OK, CaseResult, Exit, RunResult, Verdict
from huifu_contract.grading.statistics import ONE_IN, by_law, percent, pooled
from huifu_contract.reports import failures, lines, quotes
from huifu_contract.reports.again import again
from huifu_contract.reports.not_asked import not_asked
from huifu_contract.reports.words import WIDTH, heading, left, say
from huifu_mock._language import language

CALL = re.compile(r"\bcall-[0-9]+\b")
BY_CAUSE = frozenset({Verdict.BLOCKED, Verdict.NOT_RUN})
"""Of these the cause is told, once, and not each case."""
GROUP, LAW = 15, 5
"""Columns that the name of a group takes, and that of a law."""
SAME_AS = "the same as in "
"""How the root of a failure that a control has too begins."""
STYLES = {
    Verdict.PASS: "green",
    Verdict.FAIL: "bold red",
    Verdict.NOTE: "cyan",
    Verdict.BLOCKED: "magenta",
    Verdict.SKIP: "dim",
    Verdict.KNOWN: "yellow",
    Verdict.FIXED: "bold red",
    Verdict.FLAKY: "bold red",
    Verdict.NOT_RUN: "magenta",
    Verdict.KIT_ERROR: "bold white on red",
    Verdict.ADAPTER_ERROR: "bold white on red",
}


def console() -> Console:
    """Of stdout. In a pipe or a file a line is never wrapped: `grep` finds it whole."""
    return Console(highlight=False, soft_wrap=not sys.stdout.isatty())


def progress(console: Console, *more: TextColumn) -> Progress:
    """A bar for a TTY; elsewhere it shows nothing."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, *more, console=console, transient=True, disable=not console.is_terminal)


def show(console: Console, run: RunResult, resumed: Path | None = None) -> None:
    """The whole report of one run; `resumed` is the file of its --resume."""
    _header(console, run)
    _groups(console, run.cases)
    for kind in not_asked(run):
        lines.prose(console, kind.words(language()), "  ")
    _statistics(console, run)
    by_cause = [case for case in run.cases if case.verdict in BY_CAUSE]
    alike = _alike(run.cases)
    for case in run.cases:
        if case.verdict not in OK and case.verdict not in BY_CAUSE and case.id not in alike:
            _failure(console, run, case)
            _fail_alike(console, [name for name, first in alike.items() if first == case.id])
    for (verdict, root), cases in groupby(sorted(by_cause, key=_cause), key=_cause):
        names = [case.id for case in cases]
        told = _say("one blocked" if len(names) == 1 else "more blocked", count=len(names), root=_told(root))
        console.print()
        lines.prose(console, told, f"[magenta]{_upper(verdict)}[/] ")
        if len(names) <= 3:
            lines.prose(console, ", ".join(names), "  ")
    for case in run.cases:
        if case.verdict is Verdict.NOTE:
            lines.prose(console, f"{case.id}: {_told(case.signature)}", f"[cyan]{_say('note')}[/]  ")
    _last_lines(console, run, resumed)


def _cause(case: CaseResult) -> tuple[Verdict, str]:
    return case.verdict, case.root


def _statistics(console: Console, run: RunResult) -> None:
    """What was tried by each law, and how likely a rare fault was missed; then how often a flaky client fails."""
    tried = [each for each in by_law(run.cases) if each.drawn]
    if tried:
        heads = "".join(_right(_say("one in", one_in=one_in)) for one_in in ONE_IN)
        console.print()
        lines.prose(console, _say("chance"))
        lines.parts(console, [f"  {_say('chance law'):<3}{heads}", f"  {_say('tried')}"], LAW)
    for each in tried:
        chances = "".join(f"{percent(each.missed(one_in)):>14}" for one_in in ONE_IN)
        inputs = _say("inputs", inputs=each.inputs, drawn=each.drawn)
        row = [f"  {each.law:<3}{chances}", f"  {inputs}"]
        if console.is_terminal:
            lines.parts(console, row, LAW)
            lines.prose(console, _say(each.law), " " * LAW)
        else:
            lines.parts(console, [*row, f" {_say(each.law)}"])
    failed, runs = pooled(run.cases)
    if runs:
        told = _say("flaky runs", failed=failed, runs=runs, rate=_told(rate(failed, runs)))
        console.print()
        lines.prose(console, told, f"[bold red]{_say('flaky')}[/]: ")


def _header(console: Console, run: RunResult) -> None:
    client = run.client
    written = f"({client['language']})" if client["language"] else ""
    name = " ".join(filter(None, (client["name"], client["version"], written)))
    parts = (
        f"huifu-contract {run.kit}",
        f"hypothesis {run.hypothesis}",
        _say("client", client=name),
        _say("graded", grades=", ".join(run.grades)),
        _say("profile", profile=run.profile),
        _say("seed" if run.portable_seed else "own seed", seed=run.seed),
        _say("known entries", known=run.known),
        _say("a call", call_ms=f"{run.call_ms:.1f}"),
    )
    lines.listed(console, parts)


def _groups(console: Console, cases: Sequence[CaseResult]) -> None:
    for group, members in groupby(cases, key=lambda case: case.group):
        found = list(members)
        marks = [
            f"[{STYLES[verdict]}]{sum(case.verdict is verdict for case in found)} {_say(verdict)}[/]"
            for verdict in Verdict
            if any(case.verdict is verdict for case in found)
        ]
        seconds = _say("seconds", seconds=f"{sum(case.seconds for case in found):.1f}")
        lines.parts(console, [f"  {group:<12}", *marks, f" [dim]{seconds}[/]"], GROUP)
    if cases:
        console.print(f"  [dim]{_say('group seconds')}[/]", highlight=False)


def _alike(cases: Sequence[CaseResult]) -> dict[str, str]:
    """Cases that fail as a control does, which is told once: the case to the control."""
    failed = {case.id: case for case in cases if case.verdict is Verdict.FAIL}
    found = {}
    for case in failed.values():
        first = failed.get(case.root.removeprefix(SAME_AS)) if case.root.startswith(SAME_AS) else None
        if first is not None and _what(case) == _what(first):
            found[case.id] = first.id
    return found


def _what(case: CaseResult) -> str:
    """The first line of the detail; the lines of an explanation below it have the texts of the case."""
    return case.detail.partition("\n")[0]


def _fail_alike(console: Console, names: Sequence[str]) -> None:
    if names:
        told = _say("more alike" if len(names) > 1 else "one alike", count=len(names), names=", ".join(names))
        lines.prose(console, told, "  ")


def _failure(console: Console, run: RunResult, case: CaseResult) -> None:
    style = STYLES[case.verdict]
    console.print(f"\n[{style}]{_upper(case.verdict)}[/] {case.level} [bold]{case.id}[/]", highlight=False)
    says, quote = quotes.in_words(language(), case.says, case.quote)
    broken = case.signature or case.root
    told = [*map(_told, failures.each_law(broken))]
    lines.prose(console, says, f"  {_heading('passes when')}")
    lines.prose(console, quote, f"  {_heading('stands on')}")
    for law in case.laws:
        lines.prose(console, _say(law), f"  {_heading('law', law=law)}")
    for at, law in enumerate(told):
        lines.prose(console, law, f"  {' ' * WIDTH if at else _heading('broken')}")
    more = []
    if told != failures.each_law(broken):
        more.append(f"{_heading('in English')}{broken}")  # which is what `match` of a known failure has
    if case.detail and case.detail != case.truth:
        more += [
            f"{' ' * WIDTH if at else _heading('detail')}{_told(line)}"
            for at, line in enumerate(_detail(case).split("\n"))
        ]
    for one in case.differs:
        more.append(f"{_heading('differs')}{one['field']}")
        more += [f"  {left(_say(name), 11)}{_told(one[name])}" for name in ("expected", "observed")]
    if case.claim:
        more.append(f"{_heading('claim')}{case.claim}   {_say('truth', truth=_told(case.truth))}")
    if case.console:
        more.append(f"{_heading('look')}{case.console}")
    for line in (*more, *map(_told, case.traffic)):
        console.print("  " + escape(line), highlight=False, soft_wrap=True)
    if case.stderr.strip():
        console.print(f"  {_say('stderr')}", highlight=False)
        for line in _each_once(case.stderr.strip().splitlines())[-12:]:
            console.print("    " + escape(line), highlight=False, soft_wrap=True)
    if command := again(run, case):
        console.print(f"  {_heading('again')}{escape(command)}", highlight=False, soft_wrap=True)


def _detail(case: CaseResult) -> str:
    return (language() == "zh" and case.detail_zh) or case.detail


def _each_once(lines: Sequence[str]) -> list[str]:
    """Where each came last, so that what was printed last stays whole: a client prints the same with every example.

    The numbers of calls are of a server that is gone.
    """
    found: dict[str, int] = {}
    for line in (CALL.sub("call-…", line) for line in lines):
        found[line] = found.pop(line, 0) + 1
    return [line if count == 1 else _say("times", line=line, count=count) for line, count in found.items()]


def _last_lines(console: Console, run: RunResult, resumed: Path | None) -> None:
    score = [f" {level} {passed}/{applicable}" for level, (passed, applicable) in run.score().items()]
    counts = [f"{count} {_say(verdict)}," for verdict, count in run.counts.items()]
    told = [*(score or [_say("no score")]), f" ({counts[0]}", *counts[1:]] if counts else [_say("nothing graded")]
    told[-1] = told[-1].replace(",", ")")
    seconds = _say("seconds", seconds=f"{run.seconds:.1f}")
    console.print()
    lines.parts(console, [told[0].lstrip(), *told[1:], f" {seconds}"], 2)
    if not score:
        lines.prose(console, why_no_score(run))
    if advice := next_step(run, resumed):
        lines.prose(console, advice)


def next_step(run: RunResult, resumed: Path | None = None) -> str:
    """What to do about what is not ok; empty where all is, and where there is no score."""
    if run.interrupted:
        return _say("interrupted") if resumed is None else _say("goes on", file=resumed)
    if not run.score() or str(run.client["spec"]).startswith(("server ", "passive:")) or run.exit is Exit.OK:
        return ""
    return _say("next")


def why_no_score(run: RunResult) -> str:
    """In one sentence, with what to do."""
    offered = ", ".join(run.client["profiles"])
    if not run.grades:
        return _say("other grade", offered=offered)
    if not run.cases and str(run.client["spec"]).startswith("passive:"):
        return _say("no call")
    if not run.cases:
        return _say("no case")
    missing = sorted({_told(case.root) for case in run.cases if case.verdict is Verdict.SKIP and case.root})
    return _say("all skipped", missing="; ".join(missing)) if missing else _say("none counts")


def _say(what: str, **given: object) -> str:
    """In the language of the terminal."""
    return say(language(), what, **given)


def _told(text: str) -> str:
    return failures.told(language(), text)


def _upper(verdict: Verdict) -> str:
    return _say(verdict).upper()


def _heading(what: str, **given: object) -> str:
    return heading(language(), what, **given)


def _right(text: str) -> str:
    return " " * (14 - cell_len(text)) + text
