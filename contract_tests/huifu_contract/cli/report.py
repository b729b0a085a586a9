"""The commands that read result files: `report`, `badge`, `known`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from huifu_contract.failures import SetupTrouble


def add_report(commands: Any) -> None:
    made = commands.add_parser(
        "report",
        help="render result files",
        description="Renders result files again.",
    )
    made.add_argument("results", nargs="+", type=Path, metavar="FILE.json")
    made.add_argument("--junit", type=Path, default=None, metavar="FILE.xml")
    made.add_argument("--md", type=Path, default=None, metavar="FILE.md")
    made.add_argument("--html", type=Path, default=None, metavar="FILE.html", help="the matrix: one column a file")
    made.set_defaults(run=_run_report)


def _run_report(options: argparse.Namespace) -> int:
    from huifu_contract.cli.output import write
    from huifu_contract.grading import results
    from huifu_contract.reports import terminal

    runs = [results.read(path) for path in options.results]
    write(runs, None, options.junit, options.md, options.html)
    if options.junit is None and options.md is None and options.html is None:
        for found in runs:
            terminal.show(terminal.console(), found)
    return 0


def add_diff(commands: Any) -> None:
    made = commands.add_parser(
        "diff",
        help="tell what changed between two result files",
        description="Tells what changed between two runs of a client or of a kit. Exit 1 if something got worse.",
    )
    made.add_argument("before", type=Path, metavar="A.json")
    made.add_argument("after", type=Path, metavar="B.json")
    made.add_argument("--md", type=Path, default=None, metavar="FILE.md", help="as Markdown, for a pull request")
    made.set_defaults(run=_run_diff)


def _run_diff(options: argparse.Namespace) -> int:
    from huifu_contract.grading import results
    from huifu_contract.grading.results import Exit
    from huifu_contract.reports import changes

    a, b = (results.read(path) for path in (options.before, options.after))
    print(changes.text(a, b))
    if options.md is not None:
        try:
            options.md.write_text(changes.markdown(a, b), encoding="utf-8")
        except OSError as error:
            raise SetupTrouble(f"cannot write {error.filename}: {error.strerror}") from None
    return int(Exit.NOT_OK if changes.worse(changes.changes(a, b)) else Exit.OK)


def add_badge(commands: Any) -> None:
    made = commands.add_parser(
        "badge", help="make a badge of a result file", description="Draws the score of one result file as a badge."
    )
    made.add_argument("result", type=Path, metavar="FILE.json")
    made.add_argument("--svg", type=Path, default=None, metavar="FILE.svg")
    made.add_argument(
        "--endpoint", type=Path, default=None, metavar="FILE.json", help="for https://shields.io/endpoint"
    )
    made.add_argument("--label", default=None, help="the left half (default: close contract)")
    made.set_defaults(run=_run_badge)


def _run_badge(options: argparse.Namespace) -> int:
    from huifu_contract.grading import results
    from huifu_contract.reports import badge

    found = results.read(options.result)
    label = options.label or badge.LABEL
    as_json = json.dumps(badge.endpoint(found, label), ensure_ascii=False) + "\n"
    if options.svg is None and options.endpoint is None:
        print(as_json, end="")
    try:
        for path, text in ((options.svg, badge.svg(found, label)), (options.endpoint, as_json)):
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SetupTrouble(f"cannot write {error.filename}: {error.strerror}") from None
    return 0


def add_known(commands: Any) -> None:
    made = commands.add_parser(
        "known",
        help="print known-failures entries to paste",
        description="Prints entries for the list of known failures, to paste.",
    )
    made.add_argument("--print", dest="report", type=Path, required=True, metavar="FILE.json", help="a result file")
    made.set_defaults(run=_run_known)


def _run_known(options: argparse.Namespace) -> int:
    from huifu_contract.grading import known_failures, results
    from huifu_contract.grading.results import Verdict
    from huifu_contract.reports.words import say
    from huifu_mock._language import language

    found, spoken = results.read(options.report), language()
    failing = [case for case in found.cases if case.verdict is Verdict.FAIL]
    for case in failing:
        match = case.match or case.signature
        print(known_failures.printed(case.id, str(found.client["name"]), match, say(spoken, "known reason")))
    if not failing:
        print(say(spoken, "none to list", report=options.report), file=sys.stderr)
    return 0
