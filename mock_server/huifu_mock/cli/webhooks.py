"""`huifu-mock webhooks`: a receiver that prints and checks every push, and what became of those that were sent."""

import argparse
import json
import signal
from collections.abc import Callable
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import urlsplit

from huifu_mock.cli.main import Failure
from huifu_mock.cli.remote import add_connection, connected, refusals, table

EXAMPLES: Final = """\
examples:
  huifu-mock webhooks listen --port 9000        receive, check and print whatever the server pushes
  huifu-mock webhooks listen --answer 500       and refuse it, to see it tried again
  huifu-mock webhooks add http://127.0.0.1:3000/hook
  huifu-mock webhooks list
  huifu-mock webhooks deliveries                what was sent, and why it was not acknowledged
  huifu-mock webhooks resend delivery-1
"""
WITHOUT_ACTION: Final = ("list",)
"""What is done where no action is named."""


def add_parser(commands: Any) -> None:
    """The subcommands of `webhooks`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "webhooks",
        help="listen for pushes, check and print them",
        description="Listen for pushes of a running server, and see how they were answered.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(title="what to do", metavar="ACTION", dest="action", required=True)
    listen = _action(actions, "listen", "receive pushes, check their signature, print them; Ctrl-C ends it")
    listen.add_argument("--port", type=_port, default=9000, help="port on 127.0.0.1, 0 for a free one (default: 9000)")
    listen.add_argument("--key", help="the endpoint's key, 32 characters (default: the tenant's webhook key)")
    listen.add_argument("--answer", metavar="STATUS", type=_status, default=200, help="HTTP status to answer with")
    listen.add_argument("--no-register", action="store_true", help="do not register as a webhook endpoint")
    listen.add_argument("--count", metavar="N", type=int, help="end after N pushes")
    add = _action(actions, "add", "register an endpoint for trans.close")
    add.add_argument("endpoint", metavar="ENDPOINT", help="where to push, such as http://127.0.0.1:3000/hook")
    add.add_argument("--key", help="the endpoint's key, 32 characters (default: the tenant's webhook key)")
    _action(actions, "list", "list the registered endpoints")
    _action(actions, "remove", "remove an endpoint").add_argument("id", metavar="ID", help="such as webhook-1")
    _action(actions, "deliveries", "list the deliveries and their results")
    _action(actions, "resend", "push once more").add_argument("id", metavar="ID", help="such as delivery-1")


def _action(actions: Any, name: str, summary: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(
        name, help=summary, description=f"{summary[0].upper()}{summary[1:]}."
    )
    add_connection(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    """Do it."""
    tenant = connected(args)
    with refusals():
        _ACTIONS[args.action](tenant, args)
    return 0


def _add(tenant: Any, args: argparse.Namespace) -> None:
    made = tenant.webhooks.add(args.endpoint, key=args.key)
    print(f"{made.id}: trans.close goes to {made.url}, signed with the key {made.key}")
    if (urlsplit(made.url).hostname or "") not in ("127.0.0.1", "localhost", "::1"):
        print(
            "Pushes leave this machine for hosts alone that the server was started with: serve --push-allow HOST:PORT"
        )


def _list(tenant: Any, _: argparse.Namespace) -> None:
    rows = [(one.id, ",".join(one.events), one.url, one.key) for one in tenant.webhooks.list()]
    print(table(("id", "events", "url", "key"), rows) if rows else "no endpoints")


def _remove(tenant: Any, args: argparse.Namespace) -> None:
    tenant.webhooks.remove(args.id)
    print(f"{args.id} is removed")


def _deliveries(tenant: Any, _: argparse.Namespace) -> None:
    rows = [
        (one.id, one.event, one.order, one.status, str(len(one.attempts)), one.url, one.diagnosis or "-")
        for one in tenant.deliveries.list()
    ]
    head = ("id", "event", "order", "status", "tries", "url", "why the last try was not acknowledged")
    print(table(head, rows) if rows else "nothing was pushed")


def _resend(tenant: Any, args: argparse.Namespace) -> None:
    sent = tenant.deliveries.resend(args.id)
    print(f"{sent.id} ({sent.event} of {sent.order}) is on its way to {sent.url}")


def _listen(tenant: Any, args: argparse.Namespace) -> None:
    key = args.key or tenant.webhook_key
    shown = _Shown(args.count)
    try:
        server = ThreadingHTTPServer(("127.0.0.1", args.port), _handler(tenant, key, args.answer, shown.show))
    except OSError as error:
        raise Failure(f"cannot listen on port {args.port}: {error.strerror}; choose another with --port") from error
    shown.ended = server.shutdown
    address = f"http://127.0.0.1:{server.server_port}"
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the endpoint is removed then too
    with server, _registered(tenant, None if args.no_register else f"{address}/webhook", key):
        print(f"listening at {address}; use {address}/notify as notify_url (Ctrl-C ends it)", flush=True)
        try:
            server.serve_forever(0.05)
        except KeyboardInterrupt:
            print(f"{shown.number} pushes received")


@contextmanager
def _registered(tenant: Any, url: str | None, key: str) -> Any:
    made = tenant.webhooks.add(url, key=key) if url else None
    try:
        yield
    finally:
        if made is not None:
            made.remove()


class _Shown:
    """Prints each push, and ends after the last that is wanted."""

    def __init__(self, count: int | None) -> None:
        self._count = count
        self.number = 0
        self.ended: Callable[[], None] = lambda: None

    def show(self, target: str, checked: Any) -> None:
        self.number += 1
        verdict = "genuine" if not checked.wrong else "NOT GENUINE"
        lines = [f"{self.number}. {checked.event} ({checked.channel}) at {target.partition('?')[0]}: {verdict}"]
        lines += [f"   ! {wrong}" for wrong in checked.wrong]
        lines += [f"   {name}: {json.dumps(value, ensure_ascii=False)}" for name, value in checked.data.items()]
        print("\n".join(lines), flush=True)
        if self.number == self._count:
            from threading import Thread

            Thread(target=self.ended, daemon=True).start()  # it waits for the loop that called us


def _handler(tenant: Any, key: str, status: int, show: Callable[[str, Any], None]) -> type[BaseHTTPRequestHandler]:
    from huifu_mock import signing
    from huifu_mock.push.signatures import check

    public_key = signing.load_public_key(tenant.huifu_public_key)

    class Receiver(BaseHTTPRequestHandler):
        """Answers every POST; a genuine push as Huifu wants it, any other with 403."""

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body, kind = self.rfile.read(length), self.headers.get("Content-Type", "")
            checked = check(self.path, kind, body, key=key, public_key=public_key)
            answer = checked.answer.encode()
            self.send_response(403 if checked.wrong else status)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)
            show(self.path, checked)

        def log_message(self, *_: object) -> None:
            """What is received is printed by ourselves."""

    return Receiver


_ACTIONS: Final = {
    "listen": _listen,
    "add": _add,
    "list": _list,
    "remove": _remove,
    "deliveries": _deliveries,
    "resend": _resend,
}


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f'"{text}" is not a port; use 0 to 65535')
    return int(text)


def _status(text: str) -> int:
    if not text.isdecimal() or not 200 <= int(text) <= 599:
        raise argparse.ArgumentTypeError(f'"{text}" is not an HTTP status; use 200 to 599')
    return int(text)
