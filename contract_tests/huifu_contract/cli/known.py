"""`huifu-contract known --print FILE.json`: prints known-failures entries to paste."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add(commands: Any) -> None:
    made = commands.add_parser("known", help="print known-failures entries to paste", description=__doc__)
    made.add_argument("--print", dest="report", type=Path, required=True, metavar="FILE.json", help="a result file")
    made.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from huifu_contract import known, results
    from huifu_contract.verdicts import Verdict

    found = results.read(options.report)
    failing = [case for case in found.cases if case.verdict is Verdict.FAIL]
    for case in failing:
        print(known.printed(case.id, str(found.client["name"]), case.signature))
    return 0
