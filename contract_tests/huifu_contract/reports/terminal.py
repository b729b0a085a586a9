"""The report on the terminal.

Progress while it runs; each failure with law, claim, truth, traffic and the command that runs it again; the score last.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from itertools import groupby

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from huifu_contract.grading.flakiness import rate
from huifu_contract.grading.results import OK, CaseResult, Exit, RunResult, Verdict
from huifu_contract.grading.statistics import ONE_IN, by_law, percent, pooled
from huifu_contract.harness.laws import TITLES
from huifu_contract.reports.again import again
from huifu_contract.reports.not_asked import not_asked

CALL = re.compile(r"\bcall-[0-9]+\b")
BY_CAUSE = frozenset({Verdict.BLOCKED, Verdict.NOT_RUN})
"""Of these the cause is told, once, and not each case."""
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


def show(console: Console, run: RunResult) -> None:
    """The whole report of one run."""
    _header(console, run)
    _groups(console, run.cases)
    for kind in not_asked(run):
        console.print(f"  {escape(kind.words())}", highlight=False, soft_wrap=True)
    _statistics(console, run)
    by_cause = [case for case in run.cases if case.verdict in BY_CAUSE]
    alike = _alike(run.cases)
    for case in run.cases:
        if case.verdict not in OK and case.verdict not in BY_CAUSE and case.id not in alike:
            _failure(console, run, case)
            _fail_alike(console, [name for name, first in alike.items() if first == case.id])
    for (verdict, root), cases in groupby(sorted(by_cause, key=_cause), key=_cause):
        names = [case.id for case in cases]
        count = "1 case" if len(names) == 1 else f"{len(names)} cases"
        console.print(f"\n[magenta]{verdict.upper()}[/] {count}, one cause: {escape(root)}", highlight=False)
        if len(names) <= 3:
            console.print("  " + ", ".join(names), highlight=False)
    for case in run.cases:
        if case.verdict is Verdict.NOTE:
            console.print(f"[cyan]note[/]  {case.id}: {escape(case.signature)}", highlight=False)
    _last_lines(console, run)


def _cause(case: CaseResult) -> tuple[Verdict, str]:
    return case.verdict, case.root


def _statistics(console: Console, run: RunResult) -> None:
    """What was tried by each law, and how likely a rare fault was missed; then how often a flaky client fails."""
    tried = [each for each in by_law(run.cases) if each.drawn]
    if tried:
        heads = "".join(f"{f'in 1 of {one_in}':>14}" for one_in in ONE_IN)
        console.print("\nThe chance that this run missed a fault that shows in some inputs only:", highlight=False)
        console.print(f"  law{heads}   inputs tried", highlight=False)
    for each in tried:
        chances = "".join(f"{percent(each.missed(one_in)):>14}" for one_in in ONE_IN)
        inputs = f"{each.inputs}, {each.drawn} of them random"
        console.print(f"  {each.law:<3}{chances}   {inputs}  [dim]{TITLES[each.law]}[/]", highlight=False)
    failed, runs = pooled(run.cases)
    if runs:
        console.print(f"\n[bold red]flaky[/]: {failed} of {runs} runs of what should have passed or failed each time "
                      f"failed, {rate(failed, runs)}", highlight=False)  # fmt: skip


def _header(console: Console, run: RunResult) -> None:
    client = run.client
    seed = f"seed {run.seed}" if run.portable_seed else f"seed {run.seed} (not portable, use the replay)"
    parts = (
        f"huifu-contract {run.kit}",
        f"hypothesis {run.hypothesis}",
        f"client {client['name']} {client['version']} ({client['language']})".replace("  ", " "),
        f"grades {', '.join(run.grades)}",
        f"profile {run.profile}",
        seed,
        f"{run.known} known entries",
        f"{run.call_ms:.1f} ms a call",
    )
    console.print(" · ".join(escape(part) for part in parts), highlight=False)


def _groups(console: Console, cases: Sequence[CaseResult]) -> None:
    for group, members in groupby(cases, key=lambda case: case.group):
        found = list(members)
        marks = " ".join(
            f"[{STYLES[verdict]}]{sum(case.verdict is verdict for case in found)} {verdict}[/]"
            for verdict in Verdict
            if any(case.verdict is verdict for case in found)
        )
        seconds = sum(case.seconds for case in found)
        console.print(f"  {group:<12} {marks}  [dim]{seconds:.1f} s[/]", highlight=False)
    if cases:
        console.print("  [dim](a group's seconds are those of all processes together)[/]", highlight=False)


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
        count = f"{len(names)} more cases fail" if len(names) > 1 else "1 more case fails"
        console.print(f"  {count} in the same way: {', '.join(names)}", highlight=False, soft_wrap=True)


def _failure(console: Console, run: RunResult, case: CaseResult) -> None:
    style = STYLES[case.verdict]
    console.print(f"\n[{style}]{case.verdict.upper()}[/] {case.level} [bold]{case.id}[/]", highlight=False)
    lines = [f"passes when: {case.says}", f"stands on:   {case.quote}"]
    lines += [f"{f'law {law}:':<13}{TITLES[law]}" for law in case.laws]
    lines.append(f"broken:      {case.signature or case.root}")
    if case.detail and case.detail != case.truth:
        lines += [f"{'' if number else 'detail:':<13}{line}" for number, line in enumerate(case.detail.split("\n"))]
    for one in case.differs:
        lines += [f"differs:     {one['field']}", f"  expected   {one['expected']}", f"  observed   {one['observed']}"]
    if case.claim:
        lines.append(f"claim:       {case.claim}   truth: {case.truth}")
    if case.console:
        lines.append(f"look:        {case.console}")
    for line in (*lines, *case.traffic):
        console.print("  " + escape(line), highlight=False, soft_wrap=True)
    if case.stderr.strip():
        console.print("  stderr of the client:", highlight=False)
        for line in _each_once(case.stderr.strip().splitlines())[-12:]:
            console.print("    " + escape(line), highlight=False, soft_wrap=True)
    if command := again(run, case):
        console.print(f"  again:       {escape(command)}", highlight=False, soft_wrap=True)


def _each_once(lines: Sequence[str]) -> list[str]:
    """Where each came last, so that what was printed last stays whole: a client prints the same with every example.

    The numbers of calls are of a server that is gone.
    """
    found: dict[str, int] = {}
    for line in (CALL.sub("call-…", line) for line in lines):
        found[line] = found.pop(line, 0) + 1
    return [line if count == 1 else f"{line}  ({count} times)" for line, count in found.items()]


def _last_lines(console: Console, run: RunResult) -> None:
    score = "  ".join(f"{level} {passed}/{applicable}" for level, (passed, applicable) in run.score().items())
    counts = ", ".join(f"{count} {verdict}" for verdict, count in run.counts.items())
    told = f"{score or 'no score'}  ({counts})" if counts else "nothing was graded"
    console.print(f"\n{told}  {run.seconds:.1f} s", highlight=False)
    if not score:
        console.print(escape(why_no_score(run)), highlight=False, soft_wrap=True)
    if advice := next_step(run):
        console.print(escape(advice), highlight=False, soft_wrap=True)


def next_step(run: RunResult) -> str:
    """What to do about what is not ok; empty where all is, and where there is no score."""
    if run.interrupted:
        return "Interrupted. Start long runs with --resume FILE.jsonl: the same command then goes on where it stopped."
    if not run.score() or str(run.client["spec"]).startswith(("server ", "passive:")) or run.exit is Exit.OK:
        return ""
    return (
        "Next: mend what fails, controls first, and repeat it alone by the command beside `again`. --html FILE.html "
        "shows it on a page; --report FILE.json keeps it, and `huifu-contract known --print FILE.json` prints entries "
        "for what you accept for now."
    )


def why_no_score(run: RunResult) -> str:
    """In one sentence, with what to do."""
    offered = ", ".join(run.client["profiles"])
    if not run.grades:
        return (
            f"The client offers {offered}, and --grade asks for something else: leave --grade out, or add the grade to "
            "`profiles` in what the client says of itself."
        )
    if not run.cases and str(run.client["spec"]).startswith("passive:"):
        return "No call was received: send the client to the address that this command named when it began."
    if not run.cases:
        return "No case that --case names is of a grade that the client offers: `huifu-contract cases` lists the cases."
    missing = sorted({case.root for case in run.cases if case.verdict is Verdict.SKIP and case.root})
    if missing:
        wanted = "Add what it can do to its `claims` and `profiles`."
        return f"The cases that would count were skipped: {'; '.join(missing)}. {wanted}"
    return "Controls and findings that are only recorded do not count: name other cases with --case, or none."
