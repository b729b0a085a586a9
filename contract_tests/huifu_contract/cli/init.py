"""`huifu-contract init adapter --lang python`.

Writes an adapter that calls the application's own decision.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from huifu_contract.failures import SetupTrouble

FILES = {"python": "close_adapter.py"}


def add(commands: Any) -> None:
    made = commands.add_parser("init", help="write an adapter", description=__doc__)
    made.add_argument("what", choices=["adapter"])
    made.add_argument("--lang", choices=sorted(FILES), required=True)
    made.add_argument("--out", type=Path, default=None, metavar="FILE")
    made.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    place = options.out or Path(FILES[options.lang])
    if place.exists():
        raise SetupTrouble(f"{place} is there already; name another file with --out")
    template = Path(__file__).parent.parent / "adapters" / FILES[options.lang]
    place.write_text(template.read_text(encoding="utf-8"), encoding="utf-8")
    print(f"wrote {place}; put your own call into decide(), then: huifu-contract client --client 'cmd:python {place}'")
    return 0
