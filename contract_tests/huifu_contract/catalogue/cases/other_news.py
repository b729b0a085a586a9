"""webhook/* about other news: a genuine webhook about another event or order has no effect on this one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from huifu_contract.catalogue import record
from huifu_contract.catalogue.cases.pushes import genuine
from huifu_contract.catalogue.cases.sent import OTHER_MERCHANT
from huifu_contract.catalogue.cases.webhook import (
    GRADE,
    NEEDS,
    UNHEARD_OF,
    awaited,
    believes,
    compact,
    event,
    evidence,
    honest_twin,
)
from huifu_contract.catalogue.record import Basis, Example, Level
from huifu_contract.catalogue.registry import case
from huifu_contract.harness.differences import Difference
from huifu_contract.harness.harness import Harness
from huifu_contract.harness.laws import Broken
from huifu_contract.harness.prepared_answers import ALWAYS, PreparedAnswer, answer

if TYPE_CHECKING:
    from huifu_mock import Order


@case(
    "webhook/other-news",
    Level.MUST,
    Basis.SAFETY,
    grade=GRADE,
    needs=NEEDS,
    quote=record.WEBHOOK + " " + record.TRUE,
    says="A genuine webhook about another event or another order says nothing about this order's close.",
    fixed=[
        *({"event": name} for name in ("trans.refund", "trans.close.failed", "", "trans.close")),
        {"event": "trans.close.failed", "known": True},
        *({"event": "trans.close", "number": how} for how in ("shorter", "longer")),
    ],
    since="1.1",
    rev=2,
)
def other_news(harness: Harness, x: Example) -> None:
    honest_twin(harness)
    open_already = "number" in x or "known" in x  # the application knows the order, and that its close is open
    order = harness.order() if open_already else awaited(harness)
    known = ""
    if open_already:
        known = left_open(harness, order, OPEN["longer" if x.get("number") == "longer" else "known"])
    if "number" in x:
        number = order.req_seq_id[:-1] if x["number"] == "shorter" else order.req_seq_id + "0"
        ignored(harness, order, f"about an order whose number is {x['number']}", known, org_req_seq_id=number)
    elif x["event"] == "trans.close":
        ignored(harness, order, "about another order", org_req_seq_id=harness.order().req_seq_id)
    else:
        ignored(harness, order, "about another event", known, event_define_no=x["event"])


OPEN = {"known": answer("00000100", "P", times=ALWAYS), "longer": answer("20000001.CONFLICT", times=ALWAYS)}


def left_open(harness: Harness, order: Order, always: PreparedAnswer) -> str:
    """A close that ends in no outcome, and of which the application knows none. What the client claims of it."""
    called = harness.judge(harness.close(order, always))
    e = evidence(harness, order, believes(harness, order), ())
    settled = "a close that was left open counts as settled afterwards"
    harness.demand(e, called.definite or not e.definite, settled, f"claims {called.claim}, then says {e.claim}")
    return called.claim


def ignored(harness: Harness, order: Order, about: str, known: str = "", **members: str) -> None:
    """A genuine S with these members is not about that order, and has no effect on it, of which that is `known`."""
    if "org_req_seq_id" in members:
        members.setdefault("org_mer_ord_id", members["org_req_seq_id"])
    usual = event(order)
    genuine(harness, compact({**usual, **members}))
    e = evidence(harness, order, believes(harness, order), ())
    differs = tuple(Difference.of(name, usual[name], value) for name, value in members.items())
    believed = f"a webhook {about} was believed" if e.claim == "closed" else UNHEARD_OF
    wrong = Broken("C", believed, f"the application believes {e.claim}", differs)
    harness.judge(e, also=[wrong] if e.definite and e.claim != known else [])


SIMILAR: dict[str, tuple[str, str, str]] = {
    "org_req_date": ("of the same number on another day", "{}", "{}"),
    "huifu_id": ("of the same number of another merchant", "{}", "{}"),
    "case": ("whose number differs in its case", "A{}", "a{}"),
    "blank": ("whose number has a blank at its end", "B{}", "B{} "),
    "accent": ("whose number differs in an accent", "{}\u00e9", "{}e"),
    "zeros": ("whose number has zeros before it", "7{}", "007{}"),
    "end": ("whose long number differs at its end", "{:x<127}a", "{:x<127}b"),
    "org_mer_ord_id": ("whose org_mer_ord_id is the number of this one", "{}", "{}7"),
}
"""What the other order is, the number of this one and the number of that one."""
ELSEWHERE = {"org_req_date": "20010203", "huifu_id": OTHER_MERCHANT}


@case(
    "webhook/similar-order",
    Level.SHOULD,
    Basis.SAFETY,
    grade=GRADE,
    needs=NEEDS,
    quote=record.UNIQUE + " " + record.TRUE,
    says="A genuine webhook about the order of the same number on another day or of another merchant, or about one "
    "whose number differs in its case, by a blank, in an accent, by zeros before it or at the end of 128 characters, "
    "or that has this order's number as its org_mer_ord_id, says nothing about this order's close.",
    because="an application with one merchant, whose own numbers never repeat and have one spelling, loses nothing",
    fixed=[{"differs": how} for how in SIMILAR],
    since="1.1",
    rev=3,
)
def similar_order(harness: Harness, x: Example) -> None:
    honest_twin(harness)
    how, (words, this, that) = x["differs"], SIMILAR[x["differs"]]
    number = str(int(harness.number()[1:], 16))
    order = awaited(harness, req_seq_id=this.format(number))
    members = {how: ELSEWHERE[how]} if how in ELSEWHERE else {"org_req_seq_id": that.format(number)}
    if how == "org_mer_ord_id":
        members[how] = order.req_seq_id
    ignored(harness, order, f"about an order {words}", **members)


@case(
    "webhook/other-event-acknowledged",
    Level.SHOULD,
    Basis.SAFETY,
    grade=GRADE,
    needs=NEEDS,
    quote="A push that is not acknowledged is sent again and again, and may hold up those behind it.",
    says="A genuine webhook about another event does not make the application fail: it is answered, and not with 5xx.",
    because="nothing false is believed; but news that the application cannot read is sent to it for hours",
    fixed=[{"event": "trans.refund"}, {"event": ""}, {"event": None}],
    since="1.1",
)
def other_event_acknowledged(harness: Harness, x: Example) -> None:
    order = honest_twin(harness)
    members = event(order, event_define_no=x["event"] or "")
    if x["event"] is None:
        del members["event_define_no"]
    status = genuine(harness, compact(members)).status
    e = evidence(harness, order, believes(harness, order), ("S",))
    harness.demand(e, 0 < status < 500, "a webhook about another event made the application fail", f"HTTP {status}")
