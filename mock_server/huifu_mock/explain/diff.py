"""Two texts one above the other, with the first place where they differ marked."""

from itertools import takewhile
from typing import Final
from unicodedata import east_asian_width

BEFORE: Final = 32
AFTER: Final = 40


def first_difference(one: str, other: str) -> int | None:
    """The index of the first character that differs, `None` if the texts are equal."""
    if one == other:
        return None
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def shown(text: str) -> str:
    """A text on one line, what cannot be seen made visible."""
    visible = text.replace("\r", "␍").replace("\n", "␊").replace("\t", "␉")
    return "".join(c if c.isprintable() else f"⟨U+{ord(c):04X}⟩" for c in visible)


def marked(one: str, other: str, labels: tuple[str, str], here: str) -> str:
    """Three lines: the two texts around the first difference, and a mark below it with the words `here`."""
    at = first_difference(one, other)
    width = max(map(_columns, labels)) + 2
    lines = [label + " " * (width - _columns(label)) for label in labels]
    if at is None:
        return "\n".join(line + _window(text, 0)[0] for line, text in zip(lines, (one, other), strict=True))
    head, mark = _window(one, at)
    below, _ = _window(other, at)
    return f"{lines[0]}{head}\n{lines[1]}{below}\n{' ' * (width + mark)}^ {here}"


def _window(text: str, at: int) -> tuple[str, int]:
    """The part of `text` around `at`, and the column where `at` stands in it."""
    start = max(at - BEFORE, 0)
    before = ("…" if start else "") + shown(text[start:at])
    after = shown(text[at : at + AFTER]) + ("…" if len(text) > at + AFTER else "")
    return before + (after or "⟨end⟩"), _columns(before)


def _columns(text: str) -> int:
    """How wide a text is on a terminal: Chinese characters take two columns."""
    return sum(2 if east_asian_width(c) in "WF" else 1 for c in text)
