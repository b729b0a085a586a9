"""Budget: how long a run may take, and how many examples each property gets out of it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from huifu_contract.failures import SetupTrouble
from huifu_contract.profiles import LEAST, Profile

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

    def examples(self, call_s: float, properties: int) -> int:
        """clamp(share / median call, 10, profile), or 0 where 10 cannot be had."""
        if self.seconds is None or properties <= 0:
            return self.profile.examples
        left = self.seconds - (self.clock() - self.began)
        affordable = int(left / properties / max(call_s, 1e-6))
        return 0 if affordable < LEAST else min(affordable, self.profile.examples)
