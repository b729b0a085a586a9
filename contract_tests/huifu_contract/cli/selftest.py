"""`huifu-contract selftest`: grades the kit itself, and prints what is wrong with it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from huifu_contract.cli.parser import Parser

if TYPE_CHECKING:
    from huifu_contract.mutants.selftest import Found, Made, Wrong

MARK = 6
"""Columns of the mark before each line."""


def add(commands: Any) -> None:
    made = commands.add_parser(
        "selftest",
        help="grade the kit itself: right clients must pass, mutants must fail",
        description="Grades clients that come with the kit: right ones must pass, each mutant must fail its cases.",
    )
    made.add_argument("clients", nargs="*", metavar="NAME", help="only these (default: all)")
    made.add_argument("-n", "--workers", type=int, default=12, help="clients at once in each process")
    made.add_argument(
        "--all",
        action="store_true",
        dest="everything",
        help="all cases, not the likely ones alone, for each written mutant and for each made one that survives those",
    )
    made.add_argument(
        "--equivalent",
        nargs="?",
        const="en",
        choices=("en", "zh"),
        help="print which mutants may survive, and why (EQUIVALENT.md), in English or in Chinese (default: en)",
    )
    made.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from huifu_contract.grading.results import Exit
    from huifu_contract.mutants.operators import equivalent, table
    from huifu_contract.mutants.selftest import selftest

    if options.equivalent:
        print(equivalent.markdown(table.mutants(), options.equivalent), end="")
        return int(Exit.OK)
    found = selftest(options.clients, options.workers, everything=options.everything)
    print("\n".join(lines(found)))
    return int(Exit.NOT_OK if found.bad else Exit.OK)


def lines(found: Found) -> list[str]:
    """One for each client and each kind of made mutants, with what is wrong below it, and one for all."""
    told = []
    for one in found.seen:
        numbers = _say("selftest fails", seconds=f"{one.seconds:5.1f}", fails=len(one.fails))
        told.append(f"{_mark('wrong' if one.wrong else 'right')}{one.name:<28}{numbers}")
        told += [f"{' ' * MARK}{_wrong(wrong)}" for wrong in one.wrong]
    if found.made is not None:
        told += _made(found.made)
    clients, seconds = len(found.seen), f"{found.seconds:.0f}"
    verdict = _say("selftest bad", bad=found.bad) if found.bad else _say("selftest good")
    if found.made is None:
        return [*told, _say("selftest clients", clients=clients, seconds=seconds, verdict=verdict)]
    mutants = found.made.mutants
    return [*told, _say("selftest all", clients=clients, mutants=mutants, seconds=seconds, verdict=verdict)]


def _made(made: Made) -> list[str]:
    kinds = [
        f"{' ' * MARK}{name:<10}{_say('selftest made', operators=f'{operators:4}', killed=killed, mutants=mutants)}"
        for name, operators, killed, mutants in made.kinds
    ]
    return [*kinds, *(f"{_mark('wrong')}{_wrong(wrong)}" for wrong in made.wrong)]


def _wrong(wrong: Wrong) -> str:
    from huifu_contract.reports.failures import told
    from huifu_mock._language import language

    what = Parser.say(wrong.what)
    return f"{what}{_say('colon gap')}{told(language(), wrong.why)}" if wrong.why else what


def _mark(what: str) -> str:
    from huifu_contract.reports.words import left

    return left(_say(f"selftest {what}"), MARK)


def _say(what: str, **given: object) -> str:
    from huifu_contract.reports.words import say
    from huifu_mock._language import language

    return say(language(), what, **given)
