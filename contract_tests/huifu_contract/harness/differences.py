"""What became of a text on its way: both byte strings as a report shows them, and the name of the change."""

from __future__ import annotations

import html
import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, unquote_plus

SHOWN_CHARACTERS = 40
SHOWN_BYTES = 24


@dataclass(frozen=True, slots=True)
class Difference:
    """One field in which two things differ; both sides as `shown` writes them."""

    field: str
    expected: str
    observed: str

    @classmethod
    def of(cls, field: str, expected: Any, observed: Any) -> Difference:
        return cls(field, shown(expected), shown(observed))

    def __str__(self) -> str:
        return f"{self.field}: expected {self.expected}, observed {self.observed}"


def between(expected: Mapping[str, Any], observed: Mapping[str, Any]) -> tuple[Difference, ...]:
    """The members in which they differ."""
    names = (name for name in {**expected, **observed} if expected.get(name) != observed.get(name))
    return tuple(Difference.of(name, expected.get(name), observed.get(name)) for name in names)


def shown(value: Any) -> str:
    """A text with everything invisible escaped, and its bytes; any other JSON value as JSON; None is absence."""
    if value is None:
        return "nothing"
    if not isinstance(value, str):
        return json.dumps(value)[:SHOWN_CHARACTERS]
    if len(value) > SHOWN_CHARACTERS:
        return f'"{ascii(value[:SHOWN_CHARACTERS])[1:-1]}…" ({len(value)} characters)'
    raw = value.encode("utf-8", "surrogatepass")
    octets = raw[:SHOWN_BYTES].hex(" ") + (" …" if len(raw) > SHOWN_BYTES else "")
    return f'"{ascii(value)[1:-1]}" (bytes {octets or "none"})'


def _as_number(text: str) -> str:
    try:
        value = float(text)
    except ValueError:
        return text
    return str(int(value)) if value.is_integer() else repr(value)


CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe0e\ufe0f\ufeff]")
ZERO_WIDTH = re.compile("[\u200b-\u200f\ufeff]")
DIRECTION = re.compile("[\u200e\u200f\u202a-\u202e]")
JSON_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
BEYOND = re.compile("[\U00010000-\U0010ffff]")
NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
PLAIN = str.maketrans("\u2018\u2019\u201c\u201d\u2013\u2014\uff0c\uff1a\uff08\uff09", "''\"\"--,:()")
CHANGES: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("blanks were trimmed at its end", str.rstrip),
    ("blanks were trimmed at its beginning", str.lstrip),
    ("blanks were trimmed at both ends", str.strip),
    ("only its ASCII blanks were trimmed", lambda text: text.strip(" \t\r\n")),
    ("tabs were made blanks", lambda text: text.replace("\t", " ")),
    ("its no-break spaces were made blanks", lambda text: text.replace("\u00a0", " ")),
    ("runs of blanks were made one", lambda text: re.sub(r"\s+", " ", text)),
    ("runs of blanks were made one and its ends trimmed", lambda text: " ".join(text.split())),
    ("invisible characters were removed", lambda text: INVISIBLE.sub("", text)),
    ("zero-width characters were removed", lambda text: ZERO_WIDTH.sub("", text)),
    ("marks of direction were removed", lambda text: DIRECTION.sub("", text)),
    ("what is not ASCII was lost", lambda text: text.encode("ascii", "ignore").decode()),
    ("blanks were removed", lambda text: re.sub(r"\s", "", text)),
    ("control characters were removed", lambda text: CONTROL.sub("", text)),
    ("control characters were made blanks", lambda text: CONTROL.sub(" ", text)),
    ("it was normalised to NFC", lambda text: unicodedata.normalize("NFC", text)),
    ("it was normalised to NFD", lambda text: unicodedata.normalize("NFD", text)),
    ("it was normalised to NFKC", lambda text: unicodedata.normalize("NFKC", text)),
    ("it was normalised to NFKD", lambda text: unicodedata.normalize("NFKD", text)),
    ("it was made lower case", str.lower),
    ("it was made upper case", str.upper),
    ("its case was folded", str.casefold),
    ("it was escaped for HTML", html.escape),
    ("it was escaped for HTML, but for quotes", lambda text: html.escape(text, quote=False)),
    ("it was escaped for HTML as PHP does", lambda text: html.escape(text).replace("&#x27;", "&#039;")),
    ("its quotes were escaped for HTML", lambda text: text.replace("'", "&#039;").replace('"', "&quot;")),
    ("its full-width characters were made narrow", lambda text: text.translate(NARROW)),
    ("its dashes were made hyphens", lambda text: re.sub("[\u2010-\u2015]", "-", text)),
    ("line ends in it were made line feeds", lambda text: text.replace("\r\n", "\n").replace("\r", "\n")),
    ("backslashes were removed", lambda text: re.sub(r"\\(.)", r"\1", text)),
    ("it was made a number and a text again", _as_number),
    ("HTML escapes in it were resolved", html.unescape),
    ("it was escaped for a URL", lambda text: quote(text, safe="")),
    ("URL escapes in it were resolved", unquote),
    ("URL escapes in it were resolved, + to a blank", unquote_plus),
    ("it was escaped as JSON once more", lambda text: json.dumps(text)[1:-1]),
    ("slashes in it were escaped", lambda text: text.replace("/", "\\/")),
    ("backslashes were doubled", lambda text: text.replace("\\", "\\\\")),
    ("JSON escapes in it were resolved", lambda text: JSON_ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)),
    ("what is not ASCII was made ?", lambda text: text.encode("ascii", "replace").decode()),
    ("characters beyond U+FFFF in it were lost", lambda text: BEYOND.sub("", text)),
    ("characters beyond U+FFFF in it were made U+FFFD", lambda text: BEYOND.sub("\ufffd", text)),
    ("characters beyond U+FFFF in it were made ?", lambda text: BEYOND.sub("?", text)),
    ("its quotes, dashes and wide marks were made plain", lambda text: text.translate(PLAIN)),
)


def change(given: str, got: Any) -> str:
    """What was done to a text, in words that stay the same from run to run."""
    if not isinstance(got, str):
        return "it was left out" if got is None else f"it was made {_kind(got)}"
    for name, done in CHANGES:
        if done(given) == got:
            return name
    return next((name for name, cut in CUTS if cut(given, got)), "another text stands in its place")


DAY = re.compile(r"\d{4}[-/]\d\d[-/]\d\d")
CUTS: tuple[tuple[str, Callable[[str, str], bool]], ...] = (
    (
        "a day in it was written in another form",
        lambda given, got: bool(DAY.search(given)) and _digits(given) == _digits(got),
    ),
    ("it was emptied", lambda _, got: not got),
    ("something was put before it", lambda given, got: got.endswith(given)),
    ("something was put behind it", lambda given, got: got.startswith(given)),
    ("its end was cut off", str.startswith),
    ("its beginning was cut off", str.endswith),
    ("it was cut short", lambda given, got: got in given),
    ("characters in it were lost", lambda given, got: _within(got, given)),
    ("it was made shorter", lambda given, got: len(got) < len(given)),
)


def _digits(text: str) -> list[str]:
    return sorted(char for char in text if char.isdigit())


def _within(text: str, whole: str) -> bool:
    """Whether the characters of a text stand in the whole in the same order."""
    left = iter(whole)
    return all(char in left for char in text)


def _kind(value: object) -> str:
    kinds = {bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return kinds.get(type(value), "something else")
