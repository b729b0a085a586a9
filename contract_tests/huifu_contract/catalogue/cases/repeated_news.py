"""webhook/* about the same news again, late, or in the middle of a close: none is lost, and none takes another back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from huifu_contract.catalogue import record
from huifu_contract.catalogue.cases.elsewhere import closed_elsewhere
from huifu_contract.catalogue.cases.pushes import genuine, push
from huifu_contract.catalogue.cases.sent import until
from huifu_contract.catalogue.cases.webhook import (
    GRADE,
    NEEDS,
    awaited,
    believes,
    compact,
    event,
    evidence,
    learns,
)
from huifu_contract.catalogue.record import Basis, Example, Level
from huifu_contract.catalogue.registry import case
from huifu_contract.harness.evidence import truth
from huifu_contract.harness.harness import Harness
from huifu_contract.harness.laws import Broken
from huifu_contract.harness.prepared_answers import ALWAYS, answer, fault
from huifu_contract.reference.wire import webhook_sign

if TYPE_CHECKING:
    from huifu_mock import Order

WAITS_S = 0.15
"""How long the answer to a close is kept back while a webhook overtakes it."""


OUTDATED = "a later close was not answered, and the application still says that an earlier one failed"
TAKEN_BACK = "the outcome of a close took back what a webhook had told"
LOST = {
    "during": "a success was lost that a webhook told while the close waited for its answer",
    "last": TAKEN_BACK,
    "unanswered": TAKEN_BACK,
    "refused": "a success was not learned after a close that was refused",
}


def _lost(x: Example) -> str:
    """What an application does wrong that does not believe in a success which was told."""
    if x.get("forged"):
        return "a forged webhook of the same bytes kept the genuine one from having an effect"
    if "S" not in x["stats"]:
        return "a later close succeeded, and the application still says what a webhook told of an earlier one"
    before = [stat for stat in x["stats"] if stat != "S"]
    late = f"a success was not learned after {before[0]}" if before and x["stats"][-1] == "S" else ""
    return LOST.get(x["close"]) or late or "late news took back what was known"


@case(
    "webhook/duplicate-and-reordered",
    Level.SHOULD,
    Basis.SAFETY,
    grade=GRADE,
    kind="M",
    needs=NEEDS,
    quote=record.WEBHOOK,
    says="Repeats and late news are acknowledged and take nothing back; before, while or after the close is answered, "
    "and after a forged webhook of the same bytes. What a webhook or an answer told of one close does not stand for a "
    "later one, also where that is not answered.",
    because="that pushes repeat and overtake each other is what all queues do; the page is silent on it",
    fixed=[
        {"stats": ["S", "S"], "close": "never"},
        {"stats": ["S", "P"], "close": "first"},
        {"stats": ["S", "F"], "close": "never"},
        {"stats": ["S"], "close": "unanswered"},
        {"stats": ["P", "S"], "close": "never"},
        {"stats": ["F", "S"], "close": "never"},
        {"stats": ["S"], "close": "refused"},
        {"stats": ["S"], "close": "never", "forged": True},
        {"stats": ["S"], "close": "during"},
        {"stats": ["F"], "close": "last"},
        {"stats": ["F"], "close": "unanswered"},
        {"stats": [], "close": "unanswered", "before": "23000004"},
    ],
    rev=5,
    draw=lambda: st.fixed_dictionaries(
        {
            "stats": st.lists(st.sampled_from(["S", "P"]), min_size=1, max_size=5).filter(lambda s: "S" in s),
            "close": st.sampled_from(["never", "first", "last"]),
        }
    ),
)
def duplicate_and_reordered(harness: Harness, x: Example) -> None:
    stats, told = x["stats"], tuple(x["stats"])
    # what a webhook tells is true: who knows of a success by one need not send a close any more
    order = _told_about(harness, x)
    if x["close"] == "first":
        harness.judge(harness.close(order))
    if x["close"] == "refused":
        harness.judge(harness.close(order, answer("23000004", "F")))
    if x.get("forged"):
        push(harness, compact(event(order)), webhook_sign(b"", ""))
    statuses = _overtaking(harness, order, stats) if x["close"] == "during" else _pushed(harness, order, stats)
    if x["close"] == "last":
        harness.judge(replace(harness.close(order), told=told))
    if "before" in x:
        harness.judge(harness.close(order, answer(x["before"], "F")))
    if x["close"] == "unanswered":
        believes(harness, order)  # what still waits in a queue would be news of the later close
        harness.close(order, fault("empty-body", endpoint=None, times=ALWAYS), must_act=False)
    if x["close"] == "unanswered" and "S" not in stats:
        e = evidence(harness, order, believes(harness, order), told)
        harness.judge(replace(e, truth=truth(harness.now(order))), cause=Broken("L1", OUTDATED))
        return
    learns(harness, order)
    e = evidence(harness, order, believes(harness, order), ("S",))
    refused = [status for status in statuses if not 200 <= status < 300]
    found = [Broken("C", "a repeated or late webhook was refused", f"HTTP {refused[0]}")] if refused else []
    if e.claim != "closed":
        found.append(Broken("C", _lost(x), f"the application believes {e.claim}"))
    harness.judge(e, also=found)


def _told_about(harness: Harness, x: Example) -> Order:
    if x["close"] in ("first", "refused", "during"):
        return harness.order()  # which is closed before the webhook comes
    order = awaited(harness)
    return closed_elsewhere(harness, order) if x["close"] == "last" and "S" in x["stats"] else order


def _pushed(harness: Harness, order: Order, stats: list[str]) -> list[int]:
    """The statuses of the answers."""
    return [genuine(harness, compact(event(order, stat))).status for stat in stats]


def _overtaking(harness: Harness, order: Order, stats: list[str]) -> list[int]:
    """The same, while a close that succeeds waits for its answer, which says that it is in progress."""
    script = (
        answer("00000100", "P", after=True),
        fault("delay", seconds=WAITS_S),
        answer("00000100", "P", endpoint="closequery", times=ALWAYS),
    )
    with ThreadPoolExecutor(1) as pool:
        closing = pool.submit(harness.close, order, *script, must_act=False)
        until(lambda: harness.now(order).closes, closing)
        statuses = _pushed(harness, order, stats)
        harness.judge(replace(closing.result(), told=tuple(stats)))
    return statuses
