"""The warning about a signed text with escapes that official SDKs leave out: that it is accepted is assumed."""

import re
from collections.abc import Iterator
from typing import Final

from huifu_mock import canonical

_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)")
_SHOWN: Final = 3
"""So many escapes are named."""


def needless(text: str) -> dict[str, str]:
    r"""What a signed text writes as `\/` or `\uXXXX` and every official SDK signs raw: each escape, and its member.

    `text` is the canonical form that the signature verifies for. Controls, U+2028 and U+2029 are left out: some SDKs
    sign these escaped.
    """
    found: dict[str, str] = {}
    if "\\" in text:
        for name, raw, value in canonical.members(text):
            for escape in _needless(raw + value.lexemes()):
                found.setdefault(escape, name)
    return found


def _needless(text: str) -> Iterator[str]:
    for match in _ESCAPE.finditer(text):
        if match[1] is None:
            if match[0] == r"\/":
                yield match[0]
        elif _is_signed_raw(int(match[1], 16)):
            yield match[0]


def _is_signed_raw(code: int) -> bool:
    """Whether every official SDK signs a character as it is."""
    return 0x20 <= code < 0x7F or (code > 0x9F and code not in (0x2028, 0x2029))


def needless_escapes(found: dict[str, str]) -> tuple[str, str]:
    """The warning in English and Chinese."""
    some = list(found)[:_SHOWN]
    named = ", ".join(some) + (" ..." if len(found) > _SHOWN else "")
    named_zh = "、".join(some) + (" 等" if len(found) > _SHOWN else "")
    en = (
        f"the signature is of {named}, accepted here; official SDKs sign these characters as they are, and whether the "
        "real gateway takes them escaped is not known: sign / and characters beyond ASCII unescaped "
        "(PHP: JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE; Python: ensure_ascii=False)"
    )
    zh = (
        f"加签文本中有转义 {named_zh}，这里接受；官方 SDK 对未转义的字符加签，真实网关是否接受转义后的写法并不清楚："
        "`/` 与非 ASCII 字符请不转义加签（PHP：JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE；"
        "Python：ensure_ascii=False）"
    )
    return en, zh
