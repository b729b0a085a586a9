"""`huifu-mock exec -- CMD…`: a gateway for one command, which finds its settings in the environment."""

import argparse
import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from huifu_mock.cli import intercept
from huifu_mock.cli.main import Failure
from huifu_mock.cli.orders_file import BadOrdersFile, load
from huifu_mock.client.environment import CONTROL_VARIABLE, VARIABLES, inherited
from huifu_mock.client.server import Server
from huifu_mock.http.address import CannotIntercept, CannotListen

EXAMPLES = """\
examples:
  huifu-mock exec -- mvn test
  huifu-mock exec -- sh -c 'curl -s $HUIFU_CONTROL_URL/orders'
  huifu-mock exec --intercept -- php artisan test       code that calls https://api.huifu.com arrives here, unchanged
  huifu-mock exec --orders my-orders.json --port 9090 -- npm test

The exit code is the command's; 127 if there is no such command, 126 if it cannot be run, 128 + N if signal N ended it.
"""

NOT_FOUND, NOT_RUNNABLE = 127, 126


def add_parser(commands: Any) -> None:
    """The options of `exec`."""
    names = ", ".join((*VARIABLES.values(), CONTROL_VARIABLE))
    parser: argparse.ArgumentParser = commands.add_parser(
        "exec",
        help="start a gateway, run a command with it, and stop the gateway",
        description="Start the fake gateway, run CMD, stop the gateway, and pass on CMD's exit code. "
        f"CMD finds the default tenant in the variables {names}; the last one is the tenant in the control API.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, default=0, help="port, 0 for a free one (default: %(default)s)")
    parser.add_argument(
        "--orders", metavar="FILE", help="JSON list of orders that the tenant begins with, instead of the sample orders"
    )
    intercept.add_options(parser, 0)
    parser.add_argument("cmd", nargs=argparse.REMAINDER, metavar="-- CMD…", help="the command and its arguments")


def run(args: argparse.Namespace) -> int:
    """Run the command; its exit code."""
    command = args.cmd[1:] if args.cmd[:1] == ["--"] else args.cmd
    if not command:
        raise Failure("there is no command to run; give one behind --, as in: huifu-mock exec -- npm test")
    if not 0 <= args.port <= 65535:
        raise Failure(f"--port {args.port} is not a port; use 0 to 65535")
    try:
        orders = load(Path(args.orders)) if args.orders else None
        server = Server(port=args.port, orders=orders).start()
    except (BadOrdersFile, CannotListen) as error:
        raise Failure(str(error)) from error
    try:
        return _run(command, {**inherited(), **variables(server), **intercepting(server, args)})
    except (CannotIntercept, CannotListen) as error:
        raise Failure(str(error)) from error
    finally:
        server.stop()


def variables(server: Server) -> dict[str, str]:
    """The environment of the command: the default tenant, and the address of the control API."""
    tenant = server.default
    return tenant.env() | {CONTROL_VARIABLE: f"{server.base_url}/_mock/tenants/{tenant.sys_id}"}


def intercepting(server: Server, args: argparse.Namespace) -> dict[str, str]:
    """What leads the command's calls of Huifu's real hosts here; nothing without `--intercept`."""
    if args.tls_port is not None and args.intercept is None:
        args.intercept = 0  # the command's environment names a proxy
    options = intercept.options(args, "127.0.0.1")
    if options is None:
        return {}
    environment = server.intercept(options)
    if environment.overruled:
        names = ", ".join(environment.overruled)
        intercept.remark(f"{names} in NO_PROXY would let calls to Huifu through; left out for this command")
    return environment.variables()


def _run(command: list[str], environment: dict[str, str]) -> int:
    try:
        child = subprocess.Popen(command, env=environment)
    except FileNotFoundError as error:
        raise Failure(f"there is no command {command[0]}{_unquoted(command)}", NOT_FOUND) from error
    except OSError as error:
        raise Failure(f"{command[0]} cannot be run: {error.strerror or error}", NOT_RUNNABLE) from error
    with _signals_to(child):
        code = child.wait()
    return code if code >= 0 else 128 - code


def _unquoted(command: list[str]) -> str:
    """What to say of a whole command line that stands in quotes, which make one word of it."""
    alone = len(command) == 1 and " " in command[0].strip()
    return f"; it is one word in quotes, leave these out: huifu-mock exec -- {command[0].strip()}" if alone else ""


@contextlib.contextmanager
def _signals_to(child: "subprocess.Popen[bytes]") -> Iterator[None]:
    """Let the child decide what a signal means. Ctrl-C reaches it too, since both share one terminal."""
    forwarded = [signal.SIGTERM] if sys.platform == "win32" else [signal.SIGTERM, signal.SIGHUP]
    before = {number: signal.signal(number, lambda got, _: child.send_signal(got)) for number in forwarded}
    before[signal.SIGINT] = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
