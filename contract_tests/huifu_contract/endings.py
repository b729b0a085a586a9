"""Endings: how a case stops before its end."""

from __future__ import annotations

from collections.abc import Sequence

from huifu_contract.evidence import Evidence
from huifu_contract.laws import Broken


class CaseBroken(Exception):
    """A law, or the case's own condition, is broken."""

    def __init__(self, found: Sequence[Broken], evidence: Evidence) -> None:
        super().__init__(signature(found))
        self.found = tuple(found)
        self.evidence = evidence


class Blocked(Exception):
    """The case could not be exercised: the message is the root cause."""


class Skipped(Exception):
    """The case cannot be run in this way, and that is nobody's fault."""


def signature(found: Sequence[Broken]) -> str:
    """The broken laws in words that stay the same from run to run."""
    return "; ".join(dict.fromkeys(str(broken) for broken in found))
