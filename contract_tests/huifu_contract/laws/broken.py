"""Broken: one broken law, worded so that the same mistake always reads the same."""

from __future__ import annotations

from dataclasses import dataclass

TITLES = {
    "L1": "soundness: a definite claim must be true",
    "L2": "resolution: where an honest answer could be had, the claim is definite",
    "L3": "wire: every request sent is valid",
    "L4": "restraint: attempts are few, spaced, and never a new close after doubt",
    "L5": "silence: nothing is claimed from a reply that is not authentic",
    "C": "the condition of this case",
}


@dataclass(frozen=True, slots=True)
class Broken:
    """`law` is L1 … L5, or C for the condition that one case adds.

    `detail` varies from run to run, `message` does not.
    """

    law: str
    message: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.law}: {self.message}"
