"""Which answers a client has had: one that comes when it has given up is none, and what follows it is no mistake.

Nobody sees from outside when a client gives up, or that a busy machine did not let it read what was there. So a failure
that a late answer would explain is the client's only if no answer can have been late.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from huifu_contract.failures import Hung
from huifu_contract.grading.failure_budget import FailureBudget
from huifu_contract.harness.harness import Harness
from huifu_contract.harness.laws import Blocked, CaseBroken
from huifu_contract.harness.patience import declared

AT_ONCE_S = 0.05
"""No client gives up on an answer so soon."""
SURE = 0.5
"""An example that takes less than this part of the client's patience had every answer in time."""
COUNTED = 3
"""So many failures in a row are the client's, each with answers that left in time and honest calls after it that did
not take longer than one another by that part of its patience."""
MOST = 6
"""So often an example is run again."""
HONEST = 3
NOT_JUDGED = "not judged: "


class NotJudged(Blocked):
    """The machine was too busy for this client."""


def explains(failure: CaseBroken | Blocked, harness: Harness) -> bool:
    """Whether an answer that came too late may be why the last example failed, or news that are still in a queue."""
    if isinstance(failure, CaseBroken):
        news = failure.evidence.told and not failure.evidence.sent
        if not news and not all(broken.timed or broken.law in ("C", "L2") for broken in failure.found):
            return False
    took = harness.example_s
    return took >= AT_ONCE_S and took >= SURE * harness.patience.seconds(harness)


def late(harness: Harness) -> str:
    """What shows that an answer left the gateway too late since the example began; empty if nothing does."""
    waits = harness.patience.seconds(harness)
    if harness.answer_s < SURE * waits:
        return ""
    came, waited = round(harness.answer_s * 1000), round(waits * 1000)
    return f"{NOT_JUDGED}an answer came after {came} ms, which is late for a client that waits {waited} ms"


def confirmed(once: Callable[[], None], failure: CaseBroken | Blocked, harness: Harness) -> None:
    """Runs an example again that failed as a late answer would explain, until one run does not fail.

    Raises the failure where it is the client's, and NotJudged where that cannot be known.
    """
    counted, waited = 0, round(harness.patience.seconds(harness) * 1000)
    why = f"{NOT_JUDGED}this machine is too busy for a client that waits {waited} ms for an answer"
    for _ in range(MOST):
        if told := late(harness):
            why = told
        else:
            counted += _even(harness)
        if counted == COUNTED:
            raise failure
        try:
            once()
        except (CaseBroken, Blocked) as again:
            failure = again
            if not explains(failure, harness):
                raise
        else:
            return
    raise NotJudged(why)


def hang_confirmed(once: Callable[[], None], hang: Hung, harness: Harness, failures: FailureBudget) -> None:
    """Runs an example again in which the client gave no answer before its deadline, until one run has an answer.

    A client may hang now and then, so its hangs count together. Raises the hang where it is the client's, and
    NotJudged where that cannot be known.
    """
    in_a_row = 0
    for _ in range(MOST):
        if _quiet(harness):
            in_a_row += 1
            if failures.hung(harness.example_s) >= COUNTED:
                if in_a_row >= COUNTED:
                    failures.came_again(str(hang))
                raise hang
        try:
            once()
        except Hung as again:
            hang = again
        else:
            return
    raise NotJudged(
        f"{NOT_JUDGED}this machine is too busy for a client that says it takes {harness.hello.timeout_s:g} s"
    )


def waited(harness: Harness) -> str:
    """Of a call without any answer, how long that was."""
    return f"waited for {harness.deadline_s:g} s, and it says that a call takes at most {harness.hello.timeout_s:g} s"


def _quiet(harness: Harness) -> bool:
    """Whether the gateway answers the kit itself in time now; a client that hangs can be asked for nothing."""
    took = []
    for _ in range(HONEST):
        began = time.monotonic()
        harness.order()
        took.append(time.monotonic() - began)
    return max(took) < SURE * declared(harness)


def _even(harness: Harness) -> bool:
    """Whether calls that are answered honestly are answered in time now, and take about the same time."""
    last, answer_s, harness.answer_s = harness.last, harness.answer_s, 0.0
    try:
        took = [harness.close().seconds for _ in range(HONEST)]
        in_time = not late(harness)
    finally:
        harness.last, harness.answer_s = last, answer_s
        harness.tidy()
    return in_time and max(took) - min(took) < SURE * harness.patience.seconds(harness)
