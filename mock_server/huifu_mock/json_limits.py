"""How large a JSON text may be: members, values, nesting; looked at before anything else is done with it.

A long text is taken apart token by token in Python, so that other threads get their turns: one call of the decoder
in C would hold up everybody for as long as it takes.
"""

import json
import re
from collections.abc import Callable
from json.decoder import JSONArray, JSONObject, scanstring  # type: ignore[attr-defined]  # the stub leaves them out
from json.scanner import py_make_scanner  # type: ignore[attr-defined]  # the stub leaves it out
from typing import Any, Final

from huifu_mock.canonical import MAX_DEPTH

MEMBERS: Final = 1000
"""In one object."""
VALUES: Final = 10_000
"""In the whole text."""
LEXEMES: Final = 5 * VALUES
"""A text of more is no JSON, or has too many values."""
LONGEST: Final = 64 * 1024
"""Characters of one value as written; `data` as a whole may have more."""
SHORT: Final = 64 * 1024
"""A text up to here cannot hold anybody up for long."""
FREE_LEVELS: Final = 2
"""The envelope and `data`: how long they are in all is the body's limit."""

REAL: Final = "Huifu's requests have fewer than 50"
FLAT: Final = (f"nests deeper than {MAX_DEPTH} levels", "Huifu's requests are flat")


class TooMuch(ValueError):
    """What is too large, and how large it may be."""

    def __init__(self, problem: str, expected: str) -> None:
        super().__init__(f"{problem}; {expected}")
        self.problem, self.expected = problem, expected


def too_many_members() -> TooMuch:
    return TooMuch(f"has an object with more than {MEMBERS:,} members", REAL)


def may_be_too_much(text: str) -> bool:
    """Whether a text has to be looked at token by token; quick for the texts that clients send."""
    return len(text) > SHORT or (len(text) > VALUES and text.count(",") >= VALUES)


_TOKEN: Final = re.compile(r'[ \t\n\r]*("[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]|[^\s{}\[\],:"]+)', re.DOTALL)
_SPACE: Final = re.compile(r"[ \t\n\r]*")


class Scan:
    """One look at a text, left to right, which ends at the first thing that is too large."""

    def __init__(self, text: str) -> None:
        self.tokens: list[str] = []
        """The lexemes; of a text that is no JSON those before the place where that shows."""
        self._open: list[tuple[str, int]] = []
        self._commas: list[int] = []
        self._values = 0
        self._read(text)

    def _read(self, text: str) -> None:
        at, end, window = 0, len(text), LONGEST + 4
        while at < end:
            found = _TOKEN.match(text, at, min(at + window, end))
            if found is None:
                after = _SPACE.match(text, at, min(at + window, end)).end()  # type: ignore[union-attr]  # may be empty
                if after == at:
                    if text[at] == '"' and end - at > window:
                        raise _too_long()
                    return  # no JSON, as the decoder will say
                at = after
                continue
            token, at = found[1], found.end()
            if len(token) > LONGEST + 2:
                raise _too_long()
            self.tokens.append(token)
            if len(self.tokens) > LEXEMES:
                raise _too_many_values()
            if token in _STEPS:
                _STEPS[token](self, token, at)

    def _opened(self, token: str, at: int) -> None:
        self._open.append((token, at - 1))
        self._commas.append(0)
        self._count()
        if len(self._open) > MAX_DEPTH:
            raise TooMuch(*FLAT)

    def _closed(self, _token: str, at: int) -> None:
        if not self._open:
            return
        _, start = self._open.pop()
        self._commas.pop()
        if len(self._open) >= FREE_LEVELS and at - start > LONGEST:
            raise _too_long()

    def _comma(self, _token: str, _at: int) -> None:
        self._count()
        if not self._open:
            return
        self._commas[-1] += 1
        if self._open[-1][0] == "{" and self._commas[-1] >= MEMBERS:
            raise too_many_members()

    def _count(self) -> None:
        self._values += 1
        if self._values > VALUES:
            raise _too_many_values()


_STEPS: Final[dict[str, Callable[[Scan, str, int], None]]] = {
    "{": Scan._opened,
    "[": Scan._opened,
    "}": Scan._closed,
    "]": Scan._closed,
    ",": Scan._comma,
}


def _too_many_values() -> TooMuch:
    return TooMuch(f"holds more than {VALUES:,} values", REAL)


def _too_long() -> TooMuch:
    return TooMuch(f"has a value of more than {LONGEST:,} characters", "the longest field of a close has 128")


NUMBER: Final = 4300
"""Characters of one number: of a whole one Python reads no more."""

_NUMBER: Final = re.compile(rf"[-+.0-9eE]{{{NUMBER + 1}}}")


def _after_space(text: str, at: int) -> re.Match[str]:
    """A match that ends where the white space ends; a long run of it is read piece by piece."""
    while True:
        found = _SPACE.match(text, at, at + LONGEST)
        assert found is not None  # it matches the empty text too
        if found.end() < at + LONGEST:
            return found
        at += LONGEST


class PatientDecoder(json.JSONDecoder):
    """Decodes as `json.JSONDecoder` does, in Python: slower, and never holds up other threads for long.

    Raises `ValueError` for a number of more than `NUMBER` characters.
    """

    def __init__(self, check_string: Callable[[str], object], **settings: Any) -> None:
        super().__init__(**settings)

        def parse_string(text: str, end: int, strict: bool = True) -> tuple[str, int]:
            value, after = scanstring(text, end, strict)
            check_string(value)
            return value, after

        def scan_once(text: str, at: int) -> Any:
            if _NUMBER.match(text, at):
                raise ValueError(f"a number of more than {NUMBER:,} characters at character {at:,}")
            return scan(text, at)

        def parse_object(start: tuple[str, int], strict: bool, _: object, *rest: Any) -> Any:
            return JSONObject(start, strict, scan_once, *rest, _w=_after_space)

        def parse_array(start: tuple[str, int], _: object) -> Any:
            return JSONArray(start, scan_once, _w=_after_space)

        self.parse_string, self.parse_object, self.parse_array = parse_string, parse_object, parse_array
        scan = py_make_scanner(self)
        self.scan_once = scan_once

    def decode(self, text: str) -> Any:  # type: ignore[override]  # how white space is skipped is no caller's choice
        return super().decode(text, _w=_after_space)
