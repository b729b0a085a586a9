"""The report of a graded server on the terminal."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from itertools import groupby

from rich.console import Console
from rich.markup import escape

from huifu_contract.grading.results import OK, Verdict
from huifu_contract.reports.terminal import STYLES
from huifu_contract.server.registry import ServerCase
from huifu_contract.server.results import ServerResult, ServerRun, words


def show(console: Console, run: ServerRun) -> None:
    server = run.server
    probed = "control API" if server["admin"] else "no control API"
    parts = (f"huifu-contract {run.kit}", f"{server['name']} at {server['base_url']}", probed, f"seed {run.seed}")
    console.print(" · ".join(escape(part) for part in parts), highlight=False)
    for case in run.cases:
        console.print(f"  [{STYLES[case.verdict]}]{case.verdict:<9}[/] {case.id}", highlight=False)
    for case in run.cases:
        if case.verdict not in OK and case.verdict is not Verdict.BLOCKED:
            _failure(console, run, case)
    blocked = sorted((case for case in run.cases if case.verdict is Verdict.BLOCKED), key=lambda case: case.root)
    for root, cases in groupby(blocked, key=lambda case: case.root):
        names = ", ".join(case.id for case in cases)
        console.print(f"\n[magenta]BLOCKED[/] {names}: {escape(root)}", highlight=False, soft_wrap=True)
    for case in run.cases:
        if case.verdict is Verdict.NOTE:
            console.print(f"[cyan]note[/]  {case.id}: {escape(case.signature)}", highlight=False, soft_wrap=True)
    counts = ", ".join(f"{count} {verdict}" for verdict, count in run.counts.items())
    console.print(f"\n{counts or 'nothing ran'}  {run.seconds:.1f} s", highlight=False)


def _again(run: ServerRun, case: ServerResult) -> str:
    """The command that runs the case once more."""
    again = ["huifu-contract", "server", "--base-url", str(run.server["base_url"]), "--seed", str(run.seed)]
    again += ["--target", str(run.server["target"])] if run.server["target"] else []
    return shlex.join([*again, "--profile", run.profile, "--case", case.id])


def _failure(console: Console, run: ServerRun, case: ServerResult) -> None:
    console.print(
        f"\n[{STYLES[case.verdict]}]{case.verdict.upper()}[/] {case.level} [bold]{case.id}[/]", highlight=False
    )
    lines = [f"passes when: {case.says}", f"stands on:   {case.quote}"]
    lines += [f"broken:      {part}" for part in case.signature.split("; [")]
    lines += case.steps or tuple(f"answered:    {seen.label}: {words(seen)}" for seen in case.observed)
    lines.append(f"again:       {_again(run, case)}")
    for line in lines:
        console.print("  " + escape(line), highlight=False, soft_wrap=True)


def listed(records: Sequence[ServerCase]) -> str:
    """One line a case."""
    return "\n".join(f"{record.level:<6} {record.basis:<6} {record.kind}  {record.id}" for record in records)


def one(record: ServerCase) -> str:
    """Everything about one case."""
    rows = {
        "passes when": record.says,
        "stands on": record.quote,
        "level": f"{record.level} (basis: {record.basis})",
        "needs": record.needs,
        "since": f"{record.since}, revision {record.rev}",
    }
    return "\n".join((record.id, *(f"  {name + ':':<13}{value}" for name, value in rows.items())))
