"""What a report says of a failure, in Chinese: `failures.zh.toml` has it under each English sentence."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from huifu_contract.grading.results import CaseResult
from huifu_mock._chinese import sentences

FILE = Path(__file__).with_name("failures.zh.toml")
FILES: Final = (FILE, Path(__file__).parents[1] / "schemas.zh.toml")
"""A reply of an adapter fails with the words of a schema."""
LABELS: Final = (Path(__file__).with_name("labels.zh.toml"),)
_LABEL: Final = re.compile(r"^\[([^]]+)\](?= )")
"""Which of its questions a server answered so."""
_NEXT: Final = re.compile(r"; (?=(?:L[1-5]|C): |\[[^]]+\] )")


def each_law(text: str) -> list[str]:
    """A signature, law by law, or of a server answer by answer; a text that names neither is one part."""
    return _NEXT.split(text)


def in_chinese(text: str) -> str:
    """Each sentence of a signature, a root or a detail; one that has no Chinese stays, as do names and values."""
    return "；".join(map(_part, each_law(text)))


def told(language: str, text: str) -> str:
    """What the kit says of a failure, in `zh` or `en`."""
    return in_chinese(text) if language == "zh" else text


def in_short(language: str, case: CaseResult) -> str:
    """What is broken, and the first line of the detail."""
    said = told(language, case.signature or case.root)
    detail = (case.detail_zh if language == "zh" else "") or case.detail
    first = told(language, detail.partition("\n")[0]) if detail != case.truth else ""
    around = "（{}）" if language == "zh" else " ({})"
    return said + (around.format(first) if first else "")


def label(language: str, text: str) -> str:
    """What a server was asked, in `zh` or `en`."""
    return sentences(LABELS).say(text) if language == "zh" else text


def _part(text: str) -> str:
    text = _LABEL.sub(lambda found: f"[{label('zh', found[1])}]", text)
    found, parts = sentences(FILES), text.split("; ")
    said = [found.say(part) for part in parts]
    known = [chinese != english for chinese, english in zip(said, parts, strict=True)]
    whole = found.say(text)
    if all(known) or (any(known) and whole == text):  # else a part is the client's own, or has `; ` in it
        return "；".join(said)
    return whole
