"""How many examples a property gets.

Settings are applied per case, never loaded globally: a team has its own.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity


@dataclass(frozen=True, slots=True)
class Profile:
    name: str
    examples: int
    steps: int


PROFILES = {
    profile.name: profile
    for profile in (
        Profile("quick", examples=20, steps=10),
        Profile("ci", examples=100, steps=30),
        Profile("deep", examples=2000, steps=50),
    )
}
LEAST = 10
"""A property that cannot get so many examples is not run: fewer prove too little to be called a pass."""


@cache
def settings(profile: Profile, examples: int) -> hypothesis.settings:
    """Ready settings; they are registered as huifu-quick, … too, so that a team can look at them."""
    made = hypothesis.settings(
        max_examples=examples,
        stateful_step_count=profile.steps,
        deadline=None,
        database=None,
        print_blob=False,
        derandomize=False,
        report_multiple_bugs=False,
        verbosity=Verbosity.quiet,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    hypothesis.settings.register_profile(f"huifu-{profile.name}", made)
    return made


def case_seed(seed: int, case: str, rev: int) -> int:
    """The same for a case alone and in a full run; adding a case shifts nothing."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{case}:{rev}".encode()).digest()[:8], "big")


def seeded(seed: int, test: Any) -> Any:
    """`test` with hypothesis told to begin there."""
    return hypothesis.seed(seed)(test)
