"""What the pytest plugin says, in the language of the terminal."""

from pathlib import Path
from typing import Final

from huifu_mock._said import said

HERE: Final = Path(__file__).parent
FILES: Final = (HERE / "words.zh.toml",)
ELSEWHERE: Final = (HERE.parent / "_commands.zh.toml", HERE.parent / "cli" / "help.zh.toml")
"""What is wrong with a server: the commands say the same of it."""


def say(english: str) -> str:
    """A sentence of an option's help, or of a report."""
    return said(english, FILES)


def refuse(english: str) -> str:
    """Why a test, or all of them, cannot be run."""
    return said(english, FILES + ELSEWHERE)
