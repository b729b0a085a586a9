"""`huifu-contract selftest`: is the referee sane here? Grades the zoo of right and wrong clients."""

from __future__ import annotations

import argparse
from typing import Any


def add(commands: Any) -> None:
    made = commands.add_parser("selftest", help="grade the zoo: is the referee sane here?", description=__doc__)
    made.add_argument("animals", nargs="*", metavar="NAME", help="only these (default: all)")
    made.add_argument("-n", "--workers", type=int, default=12, help="animals at once in each process")
    made.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from huifu_contract.zoo.check import selftest

    return selftest(options.animals, options.workers)
