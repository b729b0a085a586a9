"""`huifu-mock journal`: the calls that a running server received; `show` says why one was answered as it was."""

import argparse
import base64
import json
import os
import sys
from typing import Any, Final

from huifu_mock._language import language
from huifu_mock.cli.call_line import COLOURS, PLAIN, header_lines, line
from huifu_mock.cli.code_lines import add_code, for_code
from huifu_mock.cli.main import Failure
from huifu_mock.cli.remote import add_connection, connected, refusals

EXAMPLES: Final = """\
examples:
  huifu-mock journal                         the last 20 calls
  huifu-mock journal -f                      and those to come, as they come
  huifu-mock journal --order order-1 -n 0    every call that named the order
  huifu-mock journal --reason TOO_YOUNG --json
  huifu-mock journal --unmatched true        what reached no endpoint: a wrong path, a TLS hello …
  huifu-mock journal show call-17            one call: what was sent, why it was answered so, what would be right
"""
FILTERS: Final = {
    "endpoint": "close, query …",
    "order": "the org_req_seq_id that the call names",
    "req-seq-id": "the call's own number",
    "reason": "the name of the answer, such as TOO_YOUNG",
    "resp-code": "the code of the answer, such as 20000001",
    "signature-ok": "true, false or none",
    "session": "the token of /s/{token}",
    "status": "the HTTP status, such as 404",
    "replay": "true: answered with the kept answer of an earlier call",
    "unmatched": "true, false, or why it reached no endpoint: path, method, tls …",
}
WAIT: Final = 60
"""Seconds that one question for calls to come waits."""


def add_parser(commands: Any) -> None:
    """The options of `journal`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "journal",
        help="list the calls that a running server received",
        description="List the calls that a tenant of a running server received, oldest first.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("action", nargs="?", choices=("list", "show"), default="list", help="default: list")
    parser.add_argument("id", nargs="?", help="for show: the call, such as call-17")
    parser.add_argument("-f", "--follow", action="store_true", help="go on with the calls to come; Ctrl-C ends it")
    parser.add_argument("-n", metavar="N", type=_count, default=20, help="the last N calls, 0 for all (default: 20)")
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object for each call, with everything in it"
    )
    parser.add_argument("--lang", choices=("en", "zh"), default=language(), help="language of show (default: yours)")
    add_code(parser)
    group = parser.add_argument_group("which calls")
    for name, what in FILTERS.items():
        group.add_argument(f"--{name}", metavar="VALUE", help=what)
    add_connection(parser)


def run(args: argparse.Namespace) -> int:
    """List, follow or show."""
    if (args.action == "show") != (args.id is not None):
        raise Failure("show takes the id of one call, such as: huifu-mock journal show call-17")
    journal = connected(args).journal
    with refusals():
        if args.action == "show":
            call = journal.entry(f"call-{args.id}" if args.id.isdecimal() else args.id)
            print(json.dumps(call, ensure_ascii=False, indent=2) if args.json else _whole(call, args.lang, args.code))
            return 0
        filters = {_wire(name): getattr(args, name.replace("-", "_")) for name in FILTERS}
        calls = list(journal.entries(**filters))
        for call in calls[-args.n :] if args.n else calls:
            _print(call, args.json)
        last = calls[-1]["id"] if calls else "call-0"
        while args.follow:
            for call in journal.entries(after=last, wait=WAIT, **filters):
                _print(call, args.json)
                last = call["id"]
    return 0


def _wire(name: str) -> str:
    return "org_req_seq_id" if name == "order" else name.replace("-", "_")


def _print(call: dict[str, Any], as_json: bool) -> None:
    print(json.dumps(call, ensure_ascii=False) if as_json else line(call, _colours()), flush=True)


def _colours() -> dict[str, str]:
    return COLOURS if sys.stdout.isatty() and "NO_COLOR" not in os.environ else PLAIN


def _whole(call: dict[str, Any], lang: str, code: str | None) -> str:
    """A call with its headers, its body, the reply and the explanation."""
    sent = _as_sent(call["body_base64"]) or f"{call['body_length']} bytes"
    received, answered, nothing = _LABELS[lang]
    cut = " (only the beginning is kept)" if call["body_cut"] else ""
    parts = [
        line({**call, "hint": ""}, _colours()),
        header_lines(call["headers"]),
        f"{received}{sent}{cut}",
        f"{answered}{call['response'] if call['response'] is not None else nothing}",
        "",
        for_code(call["explanation"]["text"][lang], code),
    ]
    return "\n".join(parts)


_LABELS: Final = {"en": ("sent:      ", "answered:  ", "nothing"), "zh": ("收到：", "应答：", "无")}


def _as_sent(body_base64: str) -> str:
    """A body as it came, spaces and escapes too; what a terminal would act on is written as an escape."""
    text = base64.b64decode(body_base64).decode(errors="replace")
    return "".join(char if char.isprintable() or char == "\n" else repr(char)[1:-1] for char in text)


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f'"{text}" is not a number of calls; use 0 for all')
    return int(text)
