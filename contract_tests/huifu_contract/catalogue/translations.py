"""What a case says, and why its level is what it is, in Chinese: `says.zh.toml` has it under the English sentence."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("says.zh.toml")


def in_chinese(says: str) -> str:
    """The sentence in Chinese; empty where there is none, as for a case of another version of the kit."""
    return sentences().get(" ".join(says.split()), "")


@cache
def sentences() -> dict[str, str]:
    return dict(tomllib.loads(FILE.read_text(encoding="utf-8")))
