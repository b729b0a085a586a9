"""Reads a reply's envelope without losing the bytes.

What was signed is the text of `data`, not what a parser makes of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

WHITESPACE = re.compile(r"[ \t\n\r]*")


class NotReadable(ValueError):
    """The body is no envelope; the reply proves nothing."""


@dataclass(frozen=True, slots=True)
class Envelope:
    data: Mapping[str, Any]
    raw: str
    """The text of `data` as it was received."""
    sign: str


def read(body: bytes) -> Envelope:
    """Raises NotReadable for anything but one object with an object `data`, no name twice, and a text `sign`."""
    try:
        text = body.decode("utf-8")
        members = dict(_members(text))
    except (ValueError, RecursionError) as error:
        raise NotReadable(str(error)) from None
    data, sign = members.get("data"), members.get("sign", ("", ""))[0]
    if data is None or not isinstance(data[0], dict) or not isinstance(sign, str):
        raise NotReadable("no data object, or a sign that is no text")
    return Envelope(data[0], data[1], sign)


def _members(text: str) -> list[tuple[str, tuple[Any, str]]]:
    """The members of the outermost object with the slice of the text that each value takes."""
    decoder = json.JSONDecoder(object_pairs_hook=_once)
    found: list[tuple[str, tuple[Any, str]]] = []
    at = _expect(text, _skip(text, 0), "{")
    while text[at : at + 1] != "}":
        if found:
            at = _skip(text, _expect(text, at, ","))
        name, at = decoder.raw_decode(text, at)
        if not isinstance(name, str) or any(name == other for other, _ in found):
            raise NotReadable("a member without a name of its own")
        start = _skip(text, _expect(text, _skip(text, at), ":"))
        value, end = decoder.raw_decode(text, start)
        found.append((name, (value, text[start:end])))
        at = _skip(text, end)
    if _skip(text, at + 1) != len(text):
        raise NotReadable("something follows the object")
    return found


def _skip(text: str, at: int) -> int:
    space = WHITESPACE.match(text, at)
    return at if space is None else space.end()


def _expect(text: str, at: int, char: str) -> int:
    if text[at : at + 1] != char:
        raise NotReadable(f"{char} expected")
    return _skip(text, at + 1)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise NotReadable("a name stands twice in one object")
    return made
