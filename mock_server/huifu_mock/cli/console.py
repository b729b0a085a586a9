"""`huifu-mock console`: opens the page of a running server in the browser."""

import argparse
import re
import webbrowser
from typing import Any, Final
from urllib.parse import quote, urlencode

from huifu_mock.cli.main import Failure
from huifu_mock.cli.remote import add_connection, connected
from huifu_mock.client.environment import control_address

VIEWS: Final = ("calls", "orders", "deliveries", "faults", "connect")
EXAMPLES: Final = """\
examples:
  huifu-mock console                  the calls, as they come
  huifu-mock console orders           another view: calls, orders, deliveries, faults, connect
  huifu-mock console call-17          one call, as the reply's header Huifu-Mock-Call named it
  huifu-mock console --no-browser     print the address only
"""


def add_parser(commands: Any) -> None:
    """The options of `console`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "console",
        help="open the page of a running server in the browser",
        description="Open the page of a running server in the browser: every call, order, push and fault, live.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "what", nargs="?", default="calls", metavar="WHAT", help=f"{', '.join(VIEWS)}, or call-… or delivery-…"
    )
    parser.add_argument("--no-browser", action="store_true", help="print the address, open nothing")
    add_connection(parser)


def run(args: argparse.Namespace) -> int:
    """Print the address, and open it."""
    if args.what not in VIEWS and not re.fullmatch("(call|delivery)-[0-9]+", args.what):
        raise Failure(f"there is no view {args.what}; there are {', '.join(VIEWS)}, call-17 and delivery-3 as well")
    tenant = connected(args)
    page = address(control_address(args.url)[0], tenant.sys_id, args.what)
    opened = False if args.no_browser else webbrowser.open(page)
    print(page if opened or args.no_browser else f"there is no browser here; open {page}")
    return 0


def address(url: str, sys_id: str, what: str = "calls") -> str:
    """Where the page shows a view, a call or a delivery of a tenant."""
    query = {"tenant": sys_id} | ({"view": what} if what in VIEWS[1:] else {})
    mark = "" if what in VIEWS else f"#{quote(what)}"
    return f"{url}/_mock/?{urlencode(query)}{mark}"
