"""`huifu-contract`: parses the command line, hands over, and turns every ending into an exit code."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from huifu_contract import __version__
from huifu_contract.cli import catalogue, client, init, passive, report, selftest, server
from huifu_contract.cli.parser import Parser, tell
from huifu_contract.cli.printing import to_whoever_reads
from huifu_contract.failures import SetupTrouble, Trouble
from huifu_contract.grading.results import Exit
from huifu_mock import _commands, _install

COMMANDS = (
    client.add,
    passive.add,
    server.add,
    catalogue.add_cases,
    catalogue.add_spec,
    report.add_known,
    report.add_report,
    report.add_diff,
    report.add_badge,
    catalogue.add_vectors,
    selftest.add,
    init.add,
)

EXTRA = ("hypothesis", "jsonschema", "rich")
"""What the extra `contract` installs."""


EPILOG = """\
start here:
  huifu-contract init adapter --lang python                  about 40 lines that call your own client
  huifu-contract client --client 'cmd:python close_adapter.py'
  huifu-contract COMMAND --help                              what a command takes

Exit: 0 all ok, 1 something is not, 2 interrupted, 3 kit or adapter error, 4 usage, 5 nothing ran.
"""


def parsed(words: list[str]) -> argparse.Namespace:
    """The command and its options. Raises SystemExit for what cannot be understood, and after a text of help."""
    made = Parser(
        "huifu-contract",
        description="Grades clients of Huifu's close endpoint: a definite claim must be true.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--version", action="version", version=f"huifu-contract {__version__}")
    made.set_defaults(run=lambda _: _start_here(made))
    commands = made.add_subparsers(title="commands", dest="command", metavar="COMMAND")
    for add in COMMANDS:
        add(commands)
    if words and words[0] == passive.OLD_NAME:
        tell(f"the command {passive.OLD_NAME} is now called passive")
        words = ["passive", *words[1:]]
    return _commands.parse(made, commands, words)


def main(argv: Sequence[str] | None = None) -> int:
    with to_whoever_reads():
        return _ended([*(sys.argv[1:] if argv is None else argv)])


def _ended(words: list[str]) -> int:
    try:
        options = parsed(words)
    except SystemExit as stop:  # argparse says 2 for a wrong option; that number means interrupted here
        return 0 if stop.code in (0, None) else int(Exit.USAGE)
    try:
        return int(options.run(options))
    except SetupTrouble as trouble:
        tell(str(trouble), trouble.stderr)
        return int(Exit.USAGE)
    except Trouble as trouble:
        tell(str(trouble), trouble.stderr)
        return int(Exit.INTERNAL)
    except ModuleNotFoundError as missing:
        if missing.name not in EXTRA:
            raise
        tell(f"this needs {missing.name}, which is not installed: {_install.command('contract')}")
        return int(Exit.USAGE)
    except KeyboardInterrupt:
        return int(Exit.INTERRUPTED)


def _start_here(made: argparse.ArgumentParser) -> int:
    """Without a command nobody is graded, and a job that forgot it should know."""
    made.print_help()
    return int(Exit.USAGE)


if __name__ == "__main__":
    sys.exit(main())
