"""Finds the request in what people have at hand: a journal entry, a curl command, `curl -v`, a HAR file, a log line."""

import base64
import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from huifu_mock.gateway.gateway import PATHS

TRIED: Final = 500
"""So many opening braces of a text are tried as the beginning of a request."""


@dataclass(frozen=True, slots=True)
class Message:
    """A captured message: first line and headers may be missing."""

    target: str
    headers: str
    body: bytes


_FIRST_LINE: Final = re.compile(rb"(?:(?:POST|GET|PUT) (\S+) HTTP/[0-9.]+|HTTP/[0-9.]+ [0-9]{3}.*?)\r?\n")


def parsed(captured: bytes) -> Message:
    """The message in what was captured; what is none of the known forms is taken for a body."""
    first = _FIRST_LINE.match(captured)
    if first is None:
        return _found(captured) or Message("", "", captured.rstrip(b"\r\n"))
    head, _, body = re.sub(rb"\r\n\r\n|\n\n", b"\0", captured, count=1).partition(b"\0")
    lines = head.decode("latin-1").replace("\r\n", "\n").partition("\n")[2]
    return Message((first[1] or b"").decode("latin-1"), lines, body)


def _found(captured: bytes) -> Message | None:
    try:
        text = captured.decode()
    except UnicodeDecodeError:
        return None
    whole = _json(text)
    if isinstance(whole, dict):
        if _is_message(whole):
            return None  # a body, as it stands
        if (known := _journal(whole) or _har(whole)) is not None:
            return known
    return _curl(text) or _in_text(text)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _is_message(value: Any) -> bool:
    """Whether a value is the body of a request or a reply."""
    return isinstance(value, dict) and "data" in value and not {"body_base64", "headers"} & value.keys() and (
        "sign" in value or "sys_id" in value
    )  # fmt: skip


def _journal(value: dict[str, Any]) -> Message | None:
    """An entry of the journal, or the last one of a list that has a body."""
    entries = value["items"] if isinstance(value.get("items"), list) else [value]
    for entry in reversed(entries):
        if isinstance(entry, dict) and isinstance(entry.get("body_base64"), str) and entry["body_base64"]:
            lines = "\n".join(": ".join(map(str, pair)) for pair in entry.get("headers", []))
            return Message(str(entry.get("path", "")), lines, base64.b64decode(entry["body_base64"]))
    return None


def _har(value: dict[str, Any]) -> Message | None:
    """The last request of an HTTP archive that went to one of Huifu's paths, else the last that has a body."""
    log = value.get("log")
    entries = log.get("entries", []) if isinstance(log, dict) else []
    made = [_har_entry(entry["request"]) for entry in entries if isinstance(entry, dict) and "request" in entry]
    posted = [one for one in made if one.body]
    ours = [one for one in posted if any(one.target.endswith(path) for path in PATHS)]
    return next(iter(reversed(ours or posted)), None)


def _har_entry(request: dict[str, Any]) -> Message:
    lines = "\n".join(f"{one['name']}: {one['value']}" for one in request.get("headers", []))
    body = (request.get("postData") or {}).get("text", "")
    return Message(urlsplit(request.get("url", "")).path, lines, body.encode())


_DATA: Final = ("-d", "--data", "--data-raw", "--data-binary", "--data-ascii", "--json")
_ANSI: Final = re.compile(r"\$'((?:[^'\\]|\\.)*)'", re.DOTALL)


def _curl(text: str) -> Message | None:
    """The request of a curl command that was copied, from a terminal or a browser."""
    start = re.search(r"(?:^|[\s$#>])curl\s", text)
    if start is None:
        return None
    command = _ANSI.sub(lambda found: shlex.quote(_unescaped(found[1])), text[start.start() :])
    try:
        words = shlex.split(command.replace("\\\r\n", " ").replace("\\\n", " "))
    except ValueError:
        return None
    values = list(_options(words))
    body = "".join(value for name, value in values if name in _DATA)
    if not body or body.startswith("@"):
        return None
    headers = "\n".join(value for name, value in values if name in ("-H", "--header"))
    url = next((word for word in words if "://" in word), "")
    return Message(urlsplit(url).path, headers, body.encode())


def _options(words: list[str]) -> Iterator[tuple[str, str]]:
    for at, word in enumerate(words):
        name, equals, value = word.partition("=")
        if word in (*_DATA, "-H", "--header") and at + 1 < len(words):
            yield word, words[at + 1]
        elif equals and name in _DATA:
            yield name, value
        elif word[:2] in ("-d", "-H") and len(word) > 2:
            yield word[:2], word[2:]


def _unescaped(text: str) -> str:
    r"""The characters of `$'…'`: `\n`, `\'`, `\u5173` …"""
    return re.sub(r"\\(u[0-9a-fA-F]{4}|.)", lambda found: _ESCAPES.get(found[1], _character(found[1])), text)


_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t"}


def _character(escape: str) -> str:
    return chr(int(escape[1:], 16)) if len(escape) == 5 else escape


def _in_text(text: str) -> Message | None:
    """A request or reply that stands somewhere in a text: a log line, or what `curl -v` printed."""
    decode = json.JSONDecoder().raw_decode
    at = text.find("{")
    for _ in range(TRIED):
        if at < 0:
            return None
        try:
            value, end = decode(text, at)
        except (ValueError, RecursionError):
            value, end = None, at
        if _is_message(value):
            return Message(_target(text), _sent_headers(text), text[at:end].encode())
        if (inner := _in_strings(value)) is not None:
            return Message(_target(text), _sent_headers(text), inner.encode())
        at = text.find("{", at + 1)
    return None


def _in_strings(value: Any) -> str | None:
    """A message that a log wrote as a string into its own JSON."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for one in inner:
        if isinstance(one, str) and "{" in one and _is_message(_json(one)):
            return one
        if isinstance(one, dict | list) and (found := _in_strings(one)) is not None:
            return found
    return None


def _target(text: str) -> str:
    return next((path for path in sorted(PATHS, key=len, reverse=True) if path in text), "")


def _sent_headers(text: str) -> str:
    """What `curl -v` printed as sent."""
    lines = (line[2:] for line in text.splitlines() if line.startswith("> ") and ": " in line)
    return "\n".join(lines)
