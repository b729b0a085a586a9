"""`huifu-contract server`: grades a server, or shows how two graded servers differ."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from huifu_contract.failures import SetupTrouble


def add(commands: Any) -> None:
    made = commands.add_parser("server", help="grade a server", description=__doc__)
    made.add_argument("--base-url", default=None, metavar="URL", help="what stands in for https://api.huifu.com")
    made.add_argument("--target", type=Path, default=None, metavar="target.toml", help="keys, hosts, orders, hook")
    made.add_argument("--case", action="append", default=[], metavar="GLOB", help="repeatable")
    made.add_argument("--level", choices=["must", "should"], default="should", help="what is enforced")
    made.add_argument("--profile", choices=["quick", "ci", "deep"], default=None, help="how many generated sequences")
    made.add_argument("--seed", type=int, default=0, help="of the generated sequences (default: 0)")
    made.add_argument("--allow-wait", default=None, metavar="75s", help="how long to really wait for an order to age")
    made.add_argument("--rate", type=float, default=None, metavar="N", help="requests a second (default: 2; no limit "
                      "on this machine)")  # fmt: skip
    made.add_argument("--allow-vendor-host", action="store_true", help="also send to api.huifu.com and the vendor's "
                      "test hosts, if the target file names them")  # fmt: skip
    made.add_argument("--report", type=Path, default=None, metavar="FILE.json")
    made.add_argument("--junit", type=Path, default=None, metavar="FILE.xml")
    made.add_argument("--md", type=Path, default=None, metavar="FILE.md")
    instead = made.add_mutually_exclusive_group()
    instead.add_argument("--list", action="store_true", help="one line a case, and nothing is sent")
    instead.add_argument("--show", metavar="ID", help="everything about one case")
    instead.add_argument("--diff", nargs=2, type=Path, metavar=("A.json", "B.json"), help="how two servers differ")
    made.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    if options.list or options.show:
        return _catalogue(options.show)
    if options.diff:
        return _diff(*options.diff)
    return _graded(options)


def _graded(options: argparse.Namespace) -> int:
    from dataclasses import replace

    from rich.console import Console

    from huifu_contract.cli.output import write
    from huifu_contract.reports import github, terminal
    from huifu_contract.server import target
    from huifu_contract.server.grade import Options, grade
    from huifu_contract.server.registry import ServerCase
    from huifu_contract.server.terminal import show

    given = target.read(options.target) if options.target else {}
    aim = target.made(given, options.base_url, options.target.parent if options.target else Path())
    aim = replace(aim, source=str(options.target or ""))
    if options.rate is not None:
        if not options.rate > 0:
            raise SetupTrouble("--rate is a number of requests a second, more than 0")
        aim = replace(aim, rate=options.rate)
    chosen = Options(
        cases=tuple(options.case),
        level=options.level,
        profile=options.profile or ("ci" if os.environ.get("CI") else "quick"),
        seed=options.seed,
        allow_wait=_seconds(options.allow_wait),
        allow_vendor=options.allow_vendor_host,
    )
    console = terminal.console()
    with terminal.progress(Console(stderr=True)) as bar:
        task = bar.add_task(aim.base_url, total=None)

        def began(record: ServerCase) -> None:
            bar.update(task, description=record.id, advance=1)

        found = grade(aim, chosen, began=began)
    show(console, found)
    if options.report is not None:
        try:
            found.write(options.report)
        except OSError as error:
            raise SetupTrouble(f"cannot write {error.filename}: {error.strerror}") from None
    write([found.as_run()], None, options.junit, options.md, None)
    github.tell([found.as_run()], os.environ, print)
    return int(found.exit)


def _catalogue(name: str | None) -> int:
    from huifu_contract.server import terminal
    from huifu_contract.server.registry import catalogue

    records = catalogue()
    if name is not None and name not in records:
        raise SetupTrouble(f"no case is called {name!r}; `huifu-contract server --list` lists them")
    print(terminal.listed(list(records.values())) if name is None else terminal.one(records[name]))
    return 0


def _diff(a: Path, b: Path) -> int:
    from huifu_contract.server import results

    one, two = results.read(a), results.read(b)
    print(results.text(one, two))
    return int(bool(results.differences(one, two)))


def _seconds(text: str | None) -> float:
    from huifu_contract.grading.profiles import parse

    if text is None:
        return 0.0
    try:
        return parse(text)
    except SetupTrouble:
        raise SetupTrouble(f"--allow-wait {text!r} is no time; write for instance 75s or 2m") from None
