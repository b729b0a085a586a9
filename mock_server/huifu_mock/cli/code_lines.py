"""The lines of code in an explanation, of every language or of the one that is wanted."""

import argparse

from huifu_mock.explain.advice import LANGUAGES


def add_code(parser: argparse.ArgumentParser) -> None:
    """The option that says for which language the lines of code in an explanation are."""
    parser.add_argument("--code", choices=[*LANGUAGES], help="show the code that puts it right in this language alone")


def for_code(text: str, wanted: str | None) -> str:
    """An explanation with the lines of code of one language, of all if none is given."""
    others = tuple(f"    {label}: " for name, label in LANGUAGES.items() if name != wanted)
    return "\n".join(line for line in text.split("\n") if not wanted or not line.startswith(others))
