"""`huifu-contract badge`: the score of one result file for a README."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from huifu_contract.failures import SetupTrouble


def add(commands: Any) -> None:
    made = commands.add_parser("badge", help="make a badge of a result file", description=__doc__)
    made.add_argument("result", type=Path, metavar="FILE.json")
    made.add_argument("--svg", type=Path, default=None, metavar="FILE.svg")
    made.add_argument(
        "--endpoint", type=Path, default=None, metavar="FILE.json", help="for https://shields.io/endpoint"
    )
    made.add_argument("--label", default=None, help="the left half (default: close contract)")
    made.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from huifu_contract import results
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
