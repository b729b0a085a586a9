"""transport/*, query/* about a doubt that stays: what a later answer says of itself does not settle the first close."""

from __future__ import annotations

from huifu_contract.catalogue import record
from huifu_contract.catalogue.cases.elsewhere import closed_elsewhere
from huifu_contract.catalogue.cases.security import second
from huifu_contract.catalogue.record import Basis, Example, Level
from huifu_contract.catalogue.registry import case
from huifu_contract.harness.harness import Harness
from huifu_contract.harness.laws import Broken, same_or_query
from huifu_contract.harness.prepared_answers import ALWAYS, answer, fault, of
from huifu_contract.harness.relay import leaving

GRADE = "wire decision"
CONFLICT = "20000001.CONFLICT"
"""Of a close that was sent again: what is in its way may be the first one."""
REFUSED_CONNECTIONS = "refused connections"
NOBODY_THERE = "a connection that was refused was taken for proof that no close was sent before it"
IN_THE_WAY = "a conflict of the close that was sent again was taken for an end, and it may be with the first"
THEN: tuple[Example, ...] = (
    {"fault": "reset-before-commit"},
    {"fault": "status", "status": 400, "body": "json"},
    {"fault": "status", "status": 404, "body": "html"},
    {"fault": "status", "status": 503, "body": "json"},
)
"""What comes after a close that was carried out and whose answer was lost."""


@case(
    "transport/doubt-remains",
    Level.MUST,
    Basis.SAFETY,
    grade=GRADE,
    quote=record.TRUE,
    says="After a lost answer, a second attempt that fails or is refused says nothing of the first: not_closed is not "
    "claimed because of it, and closed is not claimed from 23000000.",
    fixed=[
        *({"then": then} for then in THEN),
        {"paid": True},
        {"then": REFUSED_CONNECTIONS},
        {"then": CONFLICT},
    ],
    since="1.1",
    rev=3,
    seconds=1.0,
)
def doubt_remains(harness: Harness, x: Example) -> None:
    cause = None
    if x.get("then") == REFUSED_CONNECTIONS:
        with leaving(harness.tenant.base_url) as at:
            e = harness.close(None, fault("close-silently"), at=at, must_act=False)
        cause = Broken("L1", NOBODY_THERE)
    elif x.get("then") == CONFLICT:  # who asks instead of sending again learns that the order is closed
        script = fault("reset-before-commit"), second(answer(CONFLICT, "F"))
        e = harness.close(closed_elsewhere(harness), *script, must_act=False)
        cause = Broken("L1", IN_THE_WAY)
    elif "paid" in x:
        e = harness.close(harness.order(trans_stat="S"), fault("reset-before-commit"))
    else:
        always = [of(x["then"], ALWAYS, endpoint) for endpoint in ("close", "closequery")]
        e = harness.close(None, fault("reset-after-commit"), *always, must_act=False)
    harness.judge(e, same_or_query, cause=cause)


LATE: tuple[Example, ...] = (
    {"fault": "hang", "when": "after"},
    {"fault": "reset-after-commit"},
    {"fault": "close-silently"},
    {"fault": "status", "status": 502, "body": "html"},
    {"answer": "98888888", "trans_stat": "F", "when": "after"},
    {"answer": "00000100", "trans_stat": "P", "when": "after"},
)


@case(
    "query/late-commit",
    Level.SHOULD,
    Basis.SAFETY,
    grade=GRADE,
    needs=["query"],
    quote=record.TRUE + " A close that nobody knows of yet may still be on its way.",
    says="A closequery that knows of no close, asked after a lost answer, does not make the order not_closed, nor "
    "does a conflict of the close that is sent again: the first may take effect after the query.",
    because="that 23000001 of a closequery means this is assumed, and the order that is wrongly believed to be open is "
    "closed: nobody can pay it twice",
    fixed=[
        *({"do": do} for do in LATE),
        {"do": {"fault": "reset-before-commit"}, "closed": "elsewhere"},
        {"do": {"fault": "reset-after-commit"}, "times": 2},
        {"do": {"fault": "reset-before-commit"}, "closed": "elsewhere", "again": CONFLICT},
        {"do": {"fault": "close-silently"}, "again": REFUSED_CONNECTIONS},
    ],
    seconds=0.4,
    since="1.1",
    rev=3,
)
def late_commit(harness: Harness, x: Example) -> None:
    times = x.get("times", 1)
    unknown_yet = answer("23000001", "F", endpoint="closequery", times=times)
    order = closed_elsewhere(harness) if "closed" in x else None
    again = x.get("again")
    if again == REFUSED_CONNECTIONS:
        with leaving(harness.tenant.base_url, connections=2) as at:
            e = harness.close(order, of(x["do"]), unknown_yet, at=at, must_act=False)
        harness.judge(e, cause=Broken("L1", NOBODY_THERE))
        return
    refused = [second(answer(again, "F"))] if again else []
    e = harness.close(order, of(x["do"], times), unknown_yet, *refused, must_act=False)
    resent = len(e.closes) > 1
    then = ", and the close that was sent again is answered 23000000" if "closed" in x and resent else ""
    no_close = f"claims not_closed because a closequery knows of no close yet{then}"
    cause = Broken("L1", IN_THE_WAY if refused and resent else no_close)
    harness.judge(e, cause=cause if e.claim == "not_closed" and e.queries else None)
