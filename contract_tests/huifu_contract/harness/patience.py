"""How long a client waits for one answer, which is no setting that every client has: it is measured."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from huifu_contract.failures import Hung
from huifu_contract.harness.laws import Blocked
from huifu_contract.harness.prepared_answers import fault

if TYPE_CHECKING:
    from huifu_contract.harness.harness import Harness

ATTEMPTS = 8
"""No attempt of a client that waits for its answer in vain is taken to last longer than this part of its timeout_s."""
HANG = "hang"


@dataclass(slots=True)
class Patience:
    """Of one client. Its workers share it, so that it is measured once."""

    measured: float | None = None
    measures: bool = True
    """Whether a close may be left unanswered to measure it: a client that calls when it likes is asked for nothing."""
    _lock: Lock = field(default_factory=Lock)

    def seconds(self, harness: Harness) -> float:
        """No right client has given up on an answer that it could read sooner.

        To measure it, one close is not answered: a busy machine makes it longer, so it is not the only bound.
        """
        with self._lock:
            if self.measured is None and self.measures:
                self.measured = _unanswered(harness)
        return declared(harness) if self.measured is None else min(declared(harness), self.measured)


def declared(harness: Harness) -> float:
    """What follows from the time that the client says a whole call may take."""
    return harness.hello.timeout_s / ATTEMPTS


def _unanswered(harness: Harness) -> float:
    """After how long the client hangs up on a close that is not answered; endless if it does not."""
    last = harness.last
    try:
        e = harness.close(None, fault(HANG, when="after"), must_act=False)
        waited = [one.answer_s for one in e.sent if HANG in one.faults and one.answer_s is not None]
    except (Blocked, Hung):
        waited = []
    finally:
        harness.last = last
        harness.tidy()
    return min(waited, default=float("inf"))
