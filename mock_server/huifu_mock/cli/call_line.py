"""A received call on one line for a terminal, from a summary of its journal entry."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from huifu_mock.http.address import is_loopback
from huifu_mock.state.clock import time_of_day

PLAIN: Final[dict[str, str]] = dict.fromkeys(("", "dim", "good", "refused", "wrong", "off"), "")
COLOURS: Final = {
    "": "",
    "dim": "\033[2m",
    "good": "\033[32m",
    "refused": "\033[33m",
    "wrong": "\033[31m",
    "off": "\033[0m",
}
LONGEST: Final = 400
"""So many characters of a number or a hint are shown."""


def line(call: dict[str, Any], colours: dict[str, str] = PLAIN, tenant: str = "") -> str:
    """Time of the tenant, its name, id, endpoint, order, answer, signature, duration, client; the hint of a refusal."""
    parts = [
        ("dim", time_of_day(datetime.fromisoformat(call["at"]))),
        ("", tenant),
        ("dim", call["id"]),
        ("", call["endpoint"] or f"{call['method'] or '?'} {call['path'] or '?'}"),
        ("", call["org_req_seq_id"] or call["req_seq_id"]),
        (_mood(call), _answer(call)),
        _SIGNATURE[call["signature_ok"]],
        ("", "replay" if call["replay"] else ""),
        ("", f"fault {', '.join(call['faults'])}" if call["faults"] else ""),
        ("", f"{call['duration_ms']:.1f} ms" if call["duration_ms"] is not None else ""),
        ("dim", _peer(call)),
        ("dim", f"- {call['hint']}" if call["hint"] else ""),
    ]
    return "  ".join(
        colours[colour] + _visible(text) + colours["off" if colour else ""] for colour, text in parts if text
    )


_SIGNATURE: Final = {None: ("", ""), True: ("", "signature ok"), False: ("wrong", "signature wrong")}


def header_lines(headers: Sequence[Sequence[str]]) -> str:
    """The headers of a call below its line; credentials are not shown."""
    pairs = ((name, "" if len(rest) == 0 else rest[0]) for name, *rest in headers)
    return "\n".join(f"    {_visible(name)}: {_visible(_secret(name, value))}" for name, value in pairs)


def _secret(name: str, value: str) -> str:
    return "(not shown)" if name.lower() in ("authorization", "cookie", "proxy-authorization") else value


def _peer(call: dict[str, Any]) -> str:
    """Who called from another machine, as HOST:PORT; empty for this machine's own calls, and where it is not known."""
    host = call.get("peer_host") or ""  # an older server does not tell it
    return "" if not host or is_loopback(host) else f"{f'[{host}]' if ':' in host else host}:{call['peer_port']}"


def _answer(call: dict[str, Any]) -> str:
    if call["resp_code"]:
        return f"{call['resp_code']} {call['reason'] or ''}".strip() + _status(call)
    return f"HTTP {call['status']}" if call["status"] is not None else "no answer"


def _status(call: dict[str, Any]) -> str:
    return f" HTTP {call['status']}" if call["status"] not in (200, None) else ""


def _mood(call: dict[str, Any]) -> str:
    if call["unmatched"] or call["signature_ok"] is False:
        return "wrong"
    return "refused" if call["hint"] and not call["hint"].startswith("warning: ") else "good"


def _visible(text: str) -> str:
    """On one line and without control characters, which are the client's."""
    shown = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    return shown if shown.isprintable() else "".join(char if char.isprintable() else "?" for char in shown)
