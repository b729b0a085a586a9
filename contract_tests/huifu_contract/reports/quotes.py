"""What a case stands on, in Chinese: `quotes.zh.toml` has each English sentence of it."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from huifu_contract.catalogue import translations

FILE = Path(__file__).with_name("quotes.zh.toml")


def in_chinese(quote: str) -> str:
    """As it is where it is Chinese already, or of another version of the kit."""
    for english, chinese in sentences().items():
        quote = quote.replace(english, chinese)
    return quote.replace("。 ", "。")


def in_words(language: str, says: str, quote: str) -> tuple[str, str]:
    """What a case says, and what it stands on, in `zh` or `en`."""
    if language == "zh":
        return translations.in_chinese(says) or says, in_chinese(quote)
    return says, quote


@cache
def sentences() -> dict[str, str]:
    return dict(tomllib.loads(FILE.read_text(encoding="utf-8")))
