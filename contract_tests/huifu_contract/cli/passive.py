"""`huifu-contract passive`: grades the traffic of a client that makes its own calls.

The client takes magic order numbers, or asks for case after case.
"""

from __future__ import annotations

import argparse
import contextlib
from dataclasses import replace
from pathlib import Path
from typing import Any

from huifu_contract.cli.client import keep_open
from huifu_contract.cli.parser import tell
from huifu_contract.failures import SetupTrouble
from huifu_contract.grading.results import Verdict
from huifu_contract.outcome import CLAIMS

MARK = {"en": 9, "zh": 11}
"""Of the verdict before a case, in cells of the terminal: the longer ones are rare."""
OLD_NAME = "lead"
"""Works until the next release."""
CALLABLE = tuple(name for name in CLAIMS if name not in ("parallel", "webhook", "order"))


def add(commands: Any) -> None:
    made = commands.add_parser(
        "passive", help="grade a client that cannot be driven, by its traffic", description=__doc__
    )
    made.add_argument("--agent", required=True, metavar="NAME", help="what the client is called in the report")
    made.add_argument("--port", type=int, default=8080, help="0 picks a free one (default: 8080)")
    made.add_argument(
        "--until-idle", type=float, default=None, metavar="SECONDS", help="end when nothing was heard for so long"
    )
    made.add_argument("--require", action="append", default=[], metavar="GLOB", help="repeatable: must have passed")
    made.add_argument("--case", action="append", default=[], metavar="GLOB", help="repeatable: only these")
    made.add_argument("--claim", action="append", default=[], choices=CALLABLE, help="repeatable: what the client does")
    made.add_argument("--level", choices=["must", "should"], default="should", help="what is enforced")
    made.add_argument("--timeout", type=float, default=15.0, metavar="SECONDS", help="of one whole close (default: 15)")
    made.add_argument("--max-attempts", type=int, default=5, help="of one whole close (default: 5)")
    made.add_argument(
        "--quiet", type=float, default=5.0, metavar="SECONDS", help="how long a magic number rests before it is judged"
    )
    made.add_argument(
        "--keep",
        action="store_true",
        help="the report links to the failing calls in the console, and with a failure this server goes on after "
        "the end until Ctrl-C",
    )
    made.add_argument("--report", type=Path, default=None, metavar="FILE.json", help="written after every case")
    made.add_argument("--junit", type=Path, default=None, metavar="FILE.xml")
    made.add_argument("--md", type=Path, default=None, metavar="FILE.md")
    made.add_argument("--html", type=Path, default=None, metavar="FILE.html")
    made.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from huifu_contract.cli.output import write
    from huifu_contract.grading.results import CaseResult
    from huifu_contract.passive.run import Options, PassiveRun
    from huifu_contract.reports import failures, terminal
    from huifu_contract.reports.words import left, say
    from huifu_mock import CannotListen
    from huifu_mock._language import language

    for name in ("timeout", "quiet", "until_idle"):
        value = getattr(options, name)
        if value is not None and value <= 0:
            raise SetupTrouble(f"--{name.replace('_', '-')} is a number of seconds, more than 0")
    if not 0 <= options.port <= 65535:
        raise SetupTrouble(f"--port {options.port} is not a port; use 0 to 65535")
    console, spoken = terminal.console(), language()

    def on_result(result: CaseResult) -> None:
        found = failures.told(spoken, result.signature or result.root)
        console.print(f"{left(say(spoken, result.verdict), MARK[spoken])} {result.id}  {found}", markup=False)

    made = Options(
        agent=options.agent,
        claims=frozenset(options.claim),
        cases=tuple(options.case),
        require=tuple(options.require),
        level=options.level,
        timeout_s=options.timeout,
        max_attempts=options.max_attempts,
        quiet_s=options.quiet,
        keep=options.keep,
        report=options.report,
        port=options.port,
    )
    try:
        with PassiveRun(made, on_result, lambda trouble: tell(str(trouble))) as run:
            base = run.server.base_url
            print(say(spoken, "passive gateway", base=base, sys_id=run.server.default.sys_id))
            print(say(spoken, "passive work", base=base, agent=made.agent))
            with contextlib.suppress(KeyboardInterrupt):  # the way in which a run without --until-idle ends
                run.wait(options.until_idle)
            found = run.finish()
            ran = tuple(case for case in found.cases if case.verdict is not Verdict.NOT_RUN)
            terminal.show(console, replace(found, cases=ran))
            console.print(say(spoken, "passive left", count=len(found.cases) - len(ran)), markup=False)
            for case in run.unmet():
                verdict, why = say(spoken, case.verdict), failures.told(spoken, case.root or case.signature)
                console.print(say(spoken, "required", verdict=verdict, case=case.id, why=why), markup=False)
            write([found], options.report, options.junit, options.md, options.html)
            if options.keep:
                keep_open(base, [found])
            return int(run.exit)
    except CannotListen as error:
        raise SetupTrouble(str(error)) from None
