"""A command's help and refusals in Chinese, from files that have the Chinese under each English sentence."""

import argparse
import re
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Final

from huifu_mock._columns import columns

_EXAMPLE: Final = re.compile(r"(?P<command> {2,}\S.*?)(?P<gap> {2,})(?P<sentence>\S.*)")
_BETWEEN_SENTENCES: Final = re.compile(r"(?<=\.) (?=[A-Z])")
_PLACE: Final = re.compile(r"\{(\d?)(…?)\}")
"""Of a value in a Chinese sentence: its number where the order is another one, and whether it is a sentence too."""
_COLON: Final = re.compile(r"(?<=[^\x00-\x7f]):$", re.MULTILINE)
"""The one that argparse puts after a heading."""
_ATOM: Final = re.compile(r"\s+|[（“「]*(?:[!-~…]+|\S)[，。、；：！？）”」]*")
"""What stays on one line: a word of Latin letters or one wide character, each with its punctuation."""


class Sentences:
    """Chinese for English sentences.

    `{}` in a sentence of the files stands for a name or a value, which stays as it is; `{…}` in the Chinese one for
    another sentence, which is said in Chinese as well. With a number it is the value of that number, from 0. Of several
    sentences that fit the first counts.
    """

    def __init__(self, files: Iterable[Path]) -> None:
        self._known: dict[str, str] = {}
        for file in files:
            self._known |= tomllib.loads(file.read_text(encoding="utf-8"))
        self._with_values: Final = [
            (english.split("{}"), self._known[english]) for english in self._known if "{}" in english
        ]

    def say(self, english: str) -> str:
        """The sentence in Chinese; as it is if the files have none, since names and values stay."""
        if found := self._known.get(english):
            return found
        if english.endswith(".") and (found := self._known.get(english[0].lower() + english[1:-1])):
            return f"{found}。"
        for parts, chinese in self._with_values:
            if values := _values(parts, english):
                return self._filled(chinese, values)
        return english

    def _filled(self, chinese: str, values: list[str]) -> str:
        left = iter(values)

        def value(place: re.Match[str]) -> str:
            given = values[int(place[1])] if place[1] else next(left)
            return self.say(given) if place[2] else given

        return _PLACE.sub(value, chinese)


def _values(parts: list[str], text: str) -> list[str]:
    """What stands between the parts of a sentence in a text; empty if the text is another one.

    A value may be as long as a request, so this is one look from left to right and no regular expression.
    """
    first, *between, last = parts
    if not (text.startswith(first) and text.endswith(last)):
        return []
    values, at, end = [], len(first), len(text) - len(last)
    for part in between:
        found = text.find(part, at + 1, end)
        if found < 0:
            return []
        values.append(text[at:found])
        at = found + len(part)
    return [*values, text[at:end]] if at < end else []


@cache
def sentences(files: tuple[Path, ...]) -> Sentences:
    """Those of a command; its usage, its help and what is wrong ask for the same."""
    return Sentences(files)


class Help(argparse.HelpFormatter):
    """A help text in Chinese, laid out by the columns that its characters take."""

    def __init__(self, prog: str, *, sentences: Sentences, **given: Any) -> None:
        super().__init__(prog, **given)
        self._sentences = sentences

    def format_help(self) -> str:
        return _COLON.sub("：", super().format_help())

    def start_section(self, heading: str | None) -> None:
        super().start_section(heading and self._sentences.say(heading))

    def _get_help_string(self, action: argparse.Action) -> str | None:
        return action.help and self._sentences.say(action.help)

    def _format_usage(self, usage: str | None, actions: Any, groups: Any, prefix: str | None) -> str:  # noqa: ARG002 it is Chinese here
        text = super()._format_usage(usage, actions, groups, "usage:")
        return text.replace("usage:", "用法：", 1)  # both are six columns wide

    def _split_lines(self, text: str, width: int) -> list[str]:
        return wrapped(text, width)

    def _fill_text(self, text: str, width: int, indent: str) -> str:  # noqa: ARG002 argparse gives it; ours has none
        paragraphs = text.strip("\n").split("\n\n")
        return "\n\n".join("\n".join(self._paragraph(paragraph, width)) for paragraph in paragraphs) + "\n"

    def _paragraph(self, text: str, width: int) -> list[str]:
        if "\n  " in text:
            return [self._example(line) for line in text.splitlines()]
        sentences = _BETWEEN_SENTENCES.split(" ".join(text.split()))
        return wrapped("".join(map(self._sentences.say, sentences)), width)

    def _example(self, line: str) -> str:
        """A line of a list of examples: what is typed stays, what is said of it is Chinese."""
        if found := _EXAMPLE.fullmatch(line):
            return found["command"] + found["gap"] + self._sentences.say(found["sentence"])
        return line if line.startswith("  ") else self._sentences.say(line)


def wrapped(text: str, width: int) -> list[str]:
    """Lines of at most `width` columns, broken at blanks and between wide characters, never before punctuation."""
    lines = [""]
    for atom in _ATOM.findall(text.strip()):
        if atom.isspace():
            atom = " "
        elif columns(lines[-1] + atom) > width:
            lines.append("")
        lines[-1] += atom
    return [line.strip() for line in lines]
