"""Which of our languages an answer is in: what `Accept-Language` asks for (RFC 9110, 12.5.4)."""

import re
from typing import Final

from huifu_mock._language import Language

CONTENT_LANGUAGE: Final[dict[Language, str]] = {"en": "en", "zh": "zh-CN"}
"""As the header of an answer names it."""
_RANGE: Final = re.compile(r"([A-Za-z]{1,8}|\*)(?:-[A-Za-z0-9]{1,8})*(?:\s*;\s*[Qq]=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?")


def negotiated(accept_language: str) -> Language:
    """The language that the value of the header prefers; English where it prefers neither.

    Any kind of Chinese is met by ours. A range that is no language range counts for nothing. Of two that are wanted
    alike the first counts, which RFC 9110 leaves open (12.5.4); browsers list the one that they want more first.
    """
    best: Language = "en"
    most = 0.0
    for tag, quality in _wanted(accept_language):
        if quality > most:
            best, most = tag, quality
    return best


def _wanted(accept_language: str) -> list[tuple[Language, float]]:
    """How much each of our languages is wanted, in the order in which they are named; `*` is all that are not."""
    named: dict[str, float] = {}
    for part in accept_language.split(","):
        if found := _RANGE.fullmatch(part.strip()):
            tag = found[1].lower()
            named[tag] = max(named.get(tag, 0.0), float(found[2] or 1))
    others = named.pop("*", 0.0)
    ours: tuple[Language, ...] = ("en", "zh")
    listed = [(one, named[one]) for tag in named for one in ours if one == tag]
    return listed + [(one, others) for one in ours if one not in named]
