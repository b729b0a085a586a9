"""`huifu-contract report`: renders result files again."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add(commands: Any) -> None:
    made = commands.add_parser("report", help="render result files", description=__doc__)
    made.add_argument("results", nargs="+", type=Path, metavar="FILE.json")
    made.add_argument("--junit", type=Path, default=None, metavar="FILE.xml")
    made.add_argument("--md", type=Path, default=None, metavar="FILE.md")
    made.add_argument("--html", type=Path, default=None, metavar="FILE.html", help="the matrix: one column a file")
    made.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from rich.console import Console

    from huifu_contract import results
    from huifu_contract.cli.output import write
    from huifu_contract.reports import terminal

    runs = [results.read(path) for path in options.results]
    write(runs, None, options.junit, options.md, options.html)
    if options.junit is None and options.md is None and options.html is None:
        for found in runs:
            terminal.show(Console(highlight=False), found)
    return 0
