"""Made mutants that no case may kill, because they do nothing wrong: patterns of names, each with its reason."""

from __future__ import annotations

from fnmatch import fnmatchcase

_REFUSED = "a close of a number with a control character in it is refused, so no closequery with such a number follows"
EQUIVALENT: dict[str, str] = {
    "controls-removed(*) in closequery*": _REFUSED,
    "tabs-made-blanks(*) in closequery*": _REFUSED,
    "line-ends-unified(*) in closequery*": _REFUSED,
}
"""`*` stands for any text in a name."""


def reason(name: str) -> str:
    """Why a mutant of that name is as right as the reference; empty if it is not."""
    return next((why for pattern, why in EQUIVALENT.items() if fnmatchcase(name, pattern)), "")
