"""`huifu-mock`: finds the command and loads only what that command needs; for `--version` that is nothing."""

import gc
import sys
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType

from huifu_mock._version import VERSION

COMMANDS: dict[str, tuple[str, str]] = {
    "serve": ("serve", "start the fake gateway"),
    "console": ("console", "open the page of a running server in the browser"),
    "exec": ("exec", "start a gateway, run a command with it, and stop the gateway"),
    "ca": ("ca", "print the CA certificate of an intercepting server"),
    "keys": ("keys", "show the published test keys, or make a new pair"),
    "sign": ("sign", "sign a data file and print the request body"),
    "explain": ("explain", "say why a signature does not verify"),
    "orders": ("orders", "list, create, pay and fail orders of a running server"),
    "journal": ("journal", "list the calls that a running server received, and say why one was answered so"),
    "clock": ("clock", "show, freeze and advance the clock of a running server"),
    "store": ("store", "check, count, pack, save and fill a store that no gateway serves"),
    "replay": ("replay", "send the calls of a capsule again and compare the replies"),
    "webhooks": ("webhooks", "listen for pushes, check and print them"),
    "init": ("init", "write the helper for tests in Java, PHP, Go, Node or C#"),
}
"""Command to (module, one line of help). A module has `add_parser(subparsers)` and `run(args)`."""

EPILOG = """\
start here:
  huifu-mock serve                 the gateway on http://127.0.0.1:8080, with test keys and sample orders
  huifu-mock console               its page, in the browser: calls, orders, pushes and faults, live
  huifu-mock COMMAND --help        what a command takes

It is for tests only: it never contacts Huifu, and its keys are published.
"""


class Failure(Exception):
    """Something the user can put right; the message says what and how. Ends the command with exit code `code`."""

    def __init__(self, message: str, code: int = 2) -> None:
        super().__init__(message)
        self.code = code


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words == ["--version"]:
        print(f"huifu-mock {VERSION}")
        return 0
    import argparse
    from pathlib import Path

    from huifu_mock import _commands

    class Parser(_commands.Parser):
        files = (*_commands.Parser.files, Path(__file__).with_name("help.zh.toml"))

    parser = Parser(
        prog="huifu-mock",
        description="A fake Huifu Dougong payment gateway for tests (汇付斗拱模拟网关).",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"huifu-mock {VERSION}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command")
    chosen = words[0] if words and words[0] in COMMANDS else None
    if chosen is None:
        if words and not words[0].startswith("-"):
            parser.error(_commands.unknown(words[0], COMMANDS))
        for name, (_, summary) in COMMANDS.items():
            commands.add_parser(name, help=summary)
        parser.parse_args(words)
        parser.print_help()
        return 0
    command = _loaded(COMMANDS[chosen][0])
    command.add_parser(commands)
    if len(words) == 1 or (words[1].startswith("-") and words[1] not in ("-h", "--help")):
        words[1:] = _commands.action_first(commands.choices[chosen], words[1:], getattr(command, "WITHOUT_ACTION", ()))
    args = _commands.parse(parser, commands, words)
    try:
        return int(command.run(args))
    except Failure as failure:
        print(f"huifu-mock {chosen}: {parser.say(str(failure))}", file=sys.stderr)
        return failure.code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output, such as `head`, has had enough
        sys.stderr.close()
        return 0


def _loaded(module: str) -> ModuleType:
    """A command's module. Loading makes no garbage: looking for it meanwhile took a tenth of the start of `serve`."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        return import_module(f"huifu_mock.cli.{module}")
    finally:
        if was_enabled:
            gc.enable()
