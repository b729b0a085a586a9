"""`huifu-mock clock`: show, stop and move the time of a tenant of a running server."""

import argparse
import json
from typing import Any, Final

from huifu_mock.cli.remote import add_connection, connected, duration, refusals

EXAMPLES: Final = """\
examples:
  huifu-mock clock show
  huifu-mock clock freeze                           time stands still
  huifu-mock clock advance 61s                      an order of just now may be closed
  huifu-mock clock advance 2h                       settlements, expiries and retries on the way happen in order
  huifu-mock clock freeze --at 2026-12-31T23:59:30  move on to that time (Beijing time without an offset) and stop
  huifu-mock clock auto                             jump to the next settlement or retry when nothing is going on
  huifu-mock clock run                              follow the wall clock again
"""
SUMMARIES: Final = {
    "show": "show the time and the mode of the clock",
    "freeze": "stop the time",
    "run": "let time pass as usual",
    "auto": "jump to the next timer whenever nothing else is running",
    "advance": "let time pass at once",
}
WITHOUT_ACTION: Final = ("show",)
"""What is done where no action is named."""


def add_parser(commands: Any) -> None:
    """The subcommands of `clock`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "clock",
        help="show, freeze and advance the clock of a running server",
        description="Show, freeze and advance the clock of a tenant of a running server.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(title="what to do", metavar="ACTION", dest="action", required=True)
    for name, summary in SUMMARIES.items():
        action = actions.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        if name == "advance":
            action.add_argument("duration", metavar="DURATION", type=duration, help="such as 61s, 5m, 2h, 1d, 1m30s")
        if name in ("freeze", "run", "auto"):
            action.add_argument("--at", metavar="TIME", help="move on to this time first, ISO 8601")
        action.add_argument("--json", action="store_true", help="print JSON")
        add_connection(action)


def run(args: argparse.Namespace) -> int:
    """Do it and print the time."""
    clock = connected(args).clock
    with refusals():
        if args.action == "advance":
            clock.advance(args.duration)
        elif args.action != "show":
            getattr(clock, args.action)(args.at)
        now, mode = clock.now(), clock.mode
    print(json.dumps({"now": now.isoformat(), "mode": mode}) if args.json else f"{now.isoformat(sep=' ')} {mode}")
    return 0
