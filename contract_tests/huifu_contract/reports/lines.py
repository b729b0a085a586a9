"""Lines that fit a terminal: broken between parts or words, with what follows set in. In a pipe each stays whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from huifu_mock._chinese import wrapped

LEAST = 20
"""Columns of a sentence beside its heading, however narrow the terminal is."""


def parts(console: Console, each: Iterable[str], set_in: int = 0) -> None:
    """Texts with markup, a blank between two; none is broken, as a number is not from what it counts.

    `set_in` is how many columns the lines after the first begin further to the right.
    """
    lines, taken = [""], 0
    for part in each:
        columns = Text.from_markup(part).cell_len
        if taken and console.is_terminal and taken + 1 + columns > console.width:
            lines.append(" " * set_in + part.lstrip())
            taken = set_in + columns
        else:
            lines[-1] += f" {part}" if taken else part
            taken += columns + bool(taken)
    console.print("\n".join(lines), highlight=False, soft_wrap=True)


def listed(console: Console, each: Sequence[str]) -> None:
    """Texts without markup on one line, a dot between two, where they fit."""
    parts(console, [f"{escape(part)} ·" for part in each[:-1]] + [escape(each[-1])])


def prose(console: Console, text: str, heading: str = "") -> None:
    """A sentence without markup, after a heading with it; its further lines begin below the first."""
    lines = [text]
    if console.is_terminal:
        columns = Text.from_markup(heading).cell_len
        first, *more = wrapped(text, max(console.width - columns, LEAST))
        lines = [first, *(" " * columns + line for line in more)]
    console.print(heading + escape("\n".join(lines)), highlight=False, soft_wrap=True)
