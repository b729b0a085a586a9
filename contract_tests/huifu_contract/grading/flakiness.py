"""Runs a failing example again: does it always fail, and if not, how often?"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from huifu_contract.failures import Gone
from huifu_contract.grading.failure_budget import FailureBudget
from huifu_contract.grading.results import CaseResult, Verdict

FOR_A_RATE = 100
"""So many more runs are made of an example that does not always fail, as far as there is time."""
SLOW_S = 1.0
"""An example that takes so long is run again once."""


@dataclass(frozen=True, slots=True)
class Repeated:
    """Runs after the one that failed first: that one was not picked by chance, so it says nothing about the rate."""

    runs: int = 0
    failed: int = 0

    @property
    def flaky(self) -> bool:
        return self.failed < self.runs

    @property
    def words(self) -> str:
        """Empty unless flaky."""
        if not self.flaky:
            return ""
        return f"{self.failed} of {self.runs} further runs of the same example failed: {rate(self.failed, self.runs)}"

    def told(self, blank: CaseResult, otherwise: Verdict, signature: str) -> CaseResult:
        """The verdict of an example that failed, `otherwise` if it always does."""
        verdict = Verdict.FLAKY if self.flaky else otherwise
        return replace(blank, verdict=verdict, signature=signature, reruns=self.runs, failed_reruns=self.failed)


def rate(failed: int, runs: int) -> str:
    """`about 1 in 50`; where none failed, what is all but certain (the rule of three)."""
    if failed:
        return f"about 1 in {max(1, round(runs / failed))}"
    return f"fewer than 1 in {max(1, runs // 3)}"


def repeat(fails: Callable[[], bool], reruns: int, seconds: float, signature: str, budget: FailureBudget) -> Repeated:
    """Up to `reruns` times, and many more times as soon as one run does not fail, as long as budget and client last.

    `seconds` is what the example took; a slow one is run again once, and that even if the budget is not enough for it.
    """
    wanted, runs, failed = min(reruns, 1 if seconds >= SLOW_S else reruns), 0, 0
    while runs < wanted and (budget.left(signature) > seconds or budget.untouched(signature)):
        began = time.monotonic()
        try:
            failed += fails()
        except Gone:
            break
        runs += 1
        budget.spend(signature, time.monotonic() - began)
        if failed < runs and reruns > 1 and seconds < SLOW_S:
            wanted = FOR_A_RATE
    return Repeated(runs, failed)
