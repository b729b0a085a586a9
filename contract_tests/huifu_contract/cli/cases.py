"""`huifu-contract cases`: lists the catalogue, shows one case, or writes CASES.md."""

from __future__ import annotations

import argparse
from typing import Any

from huifu_contract.failures import SetupTrouble


def add(commands: Any) -> None:
    made = commands.add_parser("cases", help="list, show or render the cases", description=__doc__)
    what = made.add_mutually_exclusive_group()
    what.add_argument("--list", action="store_true", help="one line a case (the default)")
    what.add_argument("--show", metavar="ID", help="everything about one case")
    what.add_argument("--md", action="store_true", help="the whole catalogue as Markdown (CASES.md)")
    made.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from huifu_contract import describe
    from huifu_contract.registry import catalogue

    records = catalogue()
    if options.show:
        if options.show not in records:
            raise SetupTrouble(f"no case is called {options.show!r}; `huifu-contract cases --list` lists them")
        print(describe.one(records[options.show]))
    elif options.md:
        print(describe.markdown(list(records.values())), end="")
    else:
        print("\n".join(describe.line(record) for record in records.values()))
    return 0
