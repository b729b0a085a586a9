"""L2: where an honest answer could be had within the declared time, the claim is definite.

Cases say where it could.
"""

from __future__ import annotations

from huifu_contract.evidence import Evidence
from huifu_contract.laws.broken import Broken


def resolution(e: Evidence) -> list[Broken]:
    if e.definite:
        return []
    return [Broken("L2", f"claims {e.claim} although an honest answer could be had", e.truth.words())]
