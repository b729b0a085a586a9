"""What a failed assertion says, in the language of the terminal."""

from pathlib import Path
from typing import Final

from huifu_mock._said import said

FILES: Final = (Path(__file__).with_name("assertions.zh.toml"),)


def say(english: str) -> str:
    """A sentence of an assertion."""
    return said(english, FILES)
