"""Protocol 1: one message is one line of JSON. Both directions are checked against the shipped schemas."""

from __future__ import annotations

import json
from typing import Any

from huifu_contract import schemas
from huifu_contract.failures import AdapterTrouble, KitTrouble
from huifu_mock.http.address import url_problem

VERSION = 1
MAX_LINE = 1024 * 1024
OPS = ("hello", "close", "order", "bye")


def encode(message: dict[str, Any]) -> bytes:
    """An ASCII-only line, so that the child's locale cannot matter."""
    op = message.get("op")
    wrong = schemas.complaint("adapter/to-client", message, op if op in OPS else None)
    if wrong is not None:
        raise KitTrouble(f"the kit was about to send an invalid message: {wrong}")
    line = json.dumps(message, ensure_ascii=True, separators=(",", ":")).encode("ascii") + b"\n"
    if len(line) > MAX_LINE:
        raise KitTrouble(f"the kit was about to send a line of {len(line)} bytes; a line is at most {MAX_LINE}")
    return line


def decode(line: bytes, where: str = "a line on the client's stdout") -> dict[str, Any]:
    """A reply as a dict with an integer id; what it must contain depends on the op, see `check`."""
    if not line.endswith(b"\n") or len(line) > MAX_LINE + 1:
        what = "is longer than 1 MiB" if len(line) > MAX_LINE else "does not end with LF"
        raise AdapterTrouble(f"{where} {what}: {_short(line)}")
    try:
        reply = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        raise AdapterTrouble(f"{where} is not JSON: {_short(line)}; that is for the protocol alone") from None
    if not isinstance(reply, dict) or not isinstance(reply.get("id"), int) or isinstance(reply["id"], bool):
        raise AdapterTrouble(f"a reply has no integer id: {_short(line)}")
    return reply


def check(op: str, reply: dict[str, Any]) -> dict[str, Any]:
    """The reply itself, if it is a valid answer to `op`."""
    if reply.get("outcome") == "unsupported":
        return reply
    wrong = schemas.complaint("adapter/from-client", reply, op)
    if wrong is not None:
        error = reply.get("error")
        said = f" ({error.get('message')})" if isinstance(error, dict) and "outcome" not in reply else ""
        raise AdapterTrouble(f"the reply to {op} is invalid: {wrong}{said}; see schemas/adapter/from-client.json")
    url = reply.get("webhook_url") if op == "hello" else None
    if url is not None and (unfit := url_problem(url)):
        wanted = "it is one such as http://127.0.0.1:9000/webhook"
        raise AdapterTrouble(f"the reply to hello is invalid: webhook_url: {url!r} {unfit}; {wanted}")
    return reply


def _short(line: bytes) -> str:
    text = line[:120].decode("utf-8", "backslashreplace").rstrip("\n")
    return repr(text) + ("…" if len(line) > 120 else "")
