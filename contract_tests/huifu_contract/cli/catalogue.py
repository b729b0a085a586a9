"""The commands about what the kit itself brings: `cases`, `spec`, `vectors`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from huifu_contract.failures import SetupTrouble


def add_cases(commands: Any) -> None:
    made = commands.add_parser(
        "cases",
        help="list, show or render the cases",
        description="Lists the cases, shows one, or prints all as Markdown or JSON.",
    )
    what = made.add_mutually_exclusive_group()
    what.add_argument("--list", action="store_true", help="one line a case (the default)")
    what.add_argument("--show", metavar="ID", help="everything about one case")
    what.add_argument(
        "--md",
        nargs="?",
        const="en",
        choices=("en", "zh"),
        help="the whole catalogue as Markdown (CASES.md), in English or in Chinese (default: en)",
    )
    what.add_argument("--json", action="store_true", help="all as JSON, their sentences in both languages")
    made.set_defaults(run=_run_cases)


def _run_cases(options: argparse.Namespace) -> int:
    from huifu_contract.catalogue.registry import catalogue, no_case
    from huifu_contract.reports import cases as describe
    from huifu_mock._language import language

    records = catalogue()
    if options.show:
        if options.show not in records:
            raise no_case(options.show)
        print(describe.one(records[options.show], language()))
    elif options.md:
        print(describe.markdown(list(records.values()), options.md), end="")
    elif options.json:
        print(json.dumps(describe.document(list(records.values())), ensure_ascii=False, indent=1))
    else:
        print("\n".join(describe.line(record, language()) for record in records.values()))
    return 0


def add_spec(commands: Any) -> None:
    made = commands.add_parser(
        "spec",
        help="show what covers each sentence of the specification",
        description="Shows the specification's sentences in order, each with its rules, cases, mutants and tests.",
    )
    made.add_argument("--html", type=Path, default=None, metavar="FILE.html", help="as a page (default: as text)")
    made.set_defaults(run=_run_spec)


def _run_spec(options: argparse.Namespace) -> int:
    from huifu_contract.grading.results import Exit
    from huifu_contract.reports.words import say
    from huifu_contract.specification import page
    from huifu_contract.specification.sentences import sentences
    from huifu_mock._language import language

    spoken = language()
    if options.html is None:
        print(page.text(sentences(), spoken))
    else:
        try:
            options.html.write_text(page.page(sentences()), encoding="utf-8")
        except OSError as error:
            raise SetupTrouble(f"cannot write {error.filename}: {error.strerror}") from None
        print(say(spoken, "wrote", path=options.html))
        print(page.summary(sentences(), spoken))
    return int(Exit.NOT_OK if any(sentence.uncovered for sentence in sentences()) else Exit.OK)


def add_vectors(commands: Any) -> None:
    made = commands.add_parser(
        "vectors",
        help="write vectors for unit tests",
        description="Prints the golden vectors, or writes them with keys and schema into a folder.",
    )
    made.add_argument("--out", type=Path, default=None, metavar="DIR", help="default: print close.json")
    made.set_defaults(run=_run_vectors)


def _run_vectors(options: argparse.Namespace) -> int:
    from huifu_contract import vectors
    from huifu_contract.reports.words import say
    from huifu_mock._language import language

    if options.out is None:
        print(vectors.text(), end="")
        return 0
    for path in vectors.write(options.out):
        print(say(language(), "wrote", path=path))
    return 0
