"""`huifu-contract vectors`: prints the golden vectors, or writes them with keys and schema into a folder."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add(commands: Any) -> None:
    made = commands.add_parser("vectors", help="write vectors for unit tests", description=__doc__)
    made.add_argument("--out", type=Path, default=None, metavar="DIR", help="default: print close.json")
    made.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from huifu_contract import vectors

    if options.out is None:
        print(vectors.text(), end="")
        return 0
    for path in vectors.write(options.out):
        print(f"wrote {path}")
    return 0
