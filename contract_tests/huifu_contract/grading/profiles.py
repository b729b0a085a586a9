"""How many examples a property gets (`--profile`), how long a run may take (`--budget`), and the seeds."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity

from huifu_contract.failures import SetupTrouble

UNITS = {"s": 1, "m": 60, "h": 3600}


def parse(text: str) -> float:
    """`90s`, `2m` or `1h` in seconds."""
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)(s|m|h)?", text.strip())
    if found is None or float(found[1]) <= 0:
        raise SetupTrouble(f"--budget {text!r} is no time; write for instance 90s or 2m")
    return float(found[1]) * UNITS[found[2] or "s"]


@dataclass(slots=True)
class Budget:
    """Without `seconds` there is no limit and every property gets the profile's number of examples."""

    profile: Profile
    seconds: float | None = None
    clock: Callable[[], float] = time.monotonic
    began: float = field(init=False)

    def __post_init__(self) -> None:
        self.began = self.clock()

    @property
    def over(self) -> bool:
        return self.seconds is not None and self.clock() - self.began >= self.seconds

    def examples(self, call_s: float, properties: int, workers: int = 1) -> int:
        """clamp(share / median call, 10, profile), or 0 where a budget was given and 10 cannot be had.

        Without a budget a slow client gets fewer examples than the profile says, and at least 10.
        """
        if properties <= 0 or (self.seconds is None and self.profile.whole):
            return self.profile.examples
        each = max(call_s, 1e-6) * properties
        if self.seconds is None:
            affordable = max(LEAST, int(TWICE * self.profile.seconds * workers / each))
        else:
            affordable = int((self.seconds - (self.clock() - self.began)) / each)
        return 0 if affordable < LEAST else min(affordable, self.profile.examples)


@dataclass(frozen=True, slots=True)
class Profile:
    """`examples`: how many a property draws; the fixed ones of the cases alone fail every mutant of selftest.

    `seconds`: what a right client takes, besides its own waiting. `whole`: examples are never cut to fit that.
    """

    name: str
    examples: int
    steps: int
    seconds: float = 15.0
    whole: bool = False


PROFILES = {
    profile.name: profile
    for profile in (
        Profile("quick", examples=12, steps=10, seconds=15.0),
        Profile("ci", examples=100, steps=30, seconds=60.0),
        Profile("deep", examples=2000, steps=50, seconds=1800.0, whole=True),
    )
}
LEAST = 10
"""A property that cannot get so many examples is not run: fewer prove too little to be called a pass."""
TWICE = 2
"""A slow client may take so many times as long as a right one before it gets fewer examples."""


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
