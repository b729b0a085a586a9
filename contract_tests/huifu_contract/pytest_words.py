"""What the pytest plugin of the contract kit says, in the language of the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from huifu_mock._said import said

FILES: Final = (Path(__file__).with_name("pytest_words.zh.toml"),)


def say(english: str) -> str:
    """A sentence of an option's help, or of a report."""
    return said(english, FILES)


def refuse(why: object) -> str:
    """What is wrong with settings, clients and files; the commands say the same of these."""
    from huifu_contract.cli.parser import Parser

    return said(str(why), FILES + Parser.files)
