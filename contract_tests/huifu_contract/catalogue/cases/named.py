"""query/names-the-order: whatever follows a close in the same call, or in a later one, is about that order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from huifu_contract.catalogue import record
from huifu_contract.catalogue.cases.echoes import LONGEST
from huifu_contract.catalogue.cases.security import second
from huifu_contract.catalogue.cases.sent import asked, full, names_its_order
from huifu_contract.catalogue.record import Basis, Example, Level
from huifu_contract.catalogue.registry import case
from huifu_contract.harness.differences import Difference
from huifu_contract.harness.evidence import Evidence, SentRequest
from huifu_contract.harness.harness import Harness
from huifu_contract.harness.laws import NAMES_AN_ORDER, Broken, real_date, signature
from huifu_contract.harness.prepared_answers import ALWAYS, PreparedAnswer, answer, fault
from huifu_contract.harness.signed import ORDERS_NUMBERS
from huifu_mock.state.clock import Clock

QUERY = "closequery"
P, S = answer("00000100", "P"), answer("00000000", "S")
STILL, ASKED = answer("00000100", "P", endpoint=QUERY), answer("00000000", "S", endpoint=QUERY)
SCRIPTS: dict[str, tuple[PreparedAnswer, ...]] = {
    "closed": (P, ASKED),
    "in-progress": (P, STILL, second(ASKED)),
    "not-answered": (fault("close-silently"), fault("empty-body", endpoint=QUERY), second(ASKED)),
    "no-close-known": (P, answer("23000001", "F", endpoint=QUERY), second(S)),
    "conflict": (answer("20000001.CONFLICT"), second(P), ASKED),
    "refused": (answer("23000000"), ASKED),
}
"""How the close goes, by what the client finds before it knows the end."""
DAYS = (
    *("20241230", "20241231", "20191230", "20191231", "20181231"),
    *("20251229", "20251230", "20251231", "20210101"),
)
"""Of orders: each is of another year when years begin with a week."""
MAY_END = ("conflict", "refused", "not-answered")
"""After these a client need not ask: it may leave it at that, or send the close again and believe the answer."""

FIXED: tuple[Example, ...] = (
    *({"by": by} for by in (*ORDERS_NUMBERS, "both")),
    {"by": "both", "found": "in-progress"},
    {"by": "both", "found": "not-answered"},
    {"by": "org_hf_seq_id", "found": "refused"},
    {"by": "both", "later": "calls"},
)


@case(
    "query/names-the-order",
    Level.MUST,
    Basis.SAFETY,
    grade="wire",
    needs=("query",),
    quote=record.TRUE + " A query about another order, day or merchant tells nothing of this one.",
    says="A closequery names the order by the merchant, the day and the number that the close named it by, nothing "
    "more and nothing less, and is a valid request; so does a later closequery, a close that is sent again, and what "
    "a later call sends.",
    fixed=FIXED,
    rev=3,
    since="1.1",
    seconds=0.2,
)
def names_the_order(harness: Harness, x: Example) -> None:
    at, found = FIXED.index(x), x.get("found", "closed")
    changes = _another_order(harness, x["by"], at)
    if "later" not in x:
        _called(harness, _another_order(harness, "both", (at + 4) % len(DAYS)), S)  # what is kept of it would show
        e = _called(harness, changes, *SCRIPTS[found])
        if found not in MAY_END:
            asked(e)
        return
    # a close that stays open, two of other orders, and the first once more: who goes on asks about its own
    _called(harness, changes, P, {**STILL, "times": ALWAYS})
    for after, found in enumerate(("conflict", "no-close-known"), 1):
        _called(harness, _another_order(harness, x["by"], at + after), *SCRIPTS[found], later=True)
    _called(harness, changes, P, {**ASKED, "times": ALWAYS}, later=True)


def _another_order(harness: Harness, by: str, at: int) -> dict[str, str | None]:
    """Of a merchant and days of its own, so that what is kept of an earlier call shows."""
    own = harness.number()  # who knows from an earlier example that the order is closed sends nothing
    numbers = {"org_req_seq_id": f"order-{own}".ljust(LONGEST, "x"), "org_hf_seq_id": f"0029h{own}".ljust(LONGEST, "y")}
    by_these = {name: number if by in (name, "both") else None for name, number in numbers.items()}
    days = {"req_date": f"202405{at + 11}", "org_req_date": DAYS[at]}
    return {"huifu_id": "6666" + "0" * 26 + f"{at + 11}", **days, **by_these}


def _called(
    harness: Harness, changes: Mapping[str, str | None], *script: PreparedAnswer, later: bool = False
) -> Evidence:
    """The call, if all that it sent names its order."""
    before = harness.last.params if harness.last else {}
    e = harness.close(None, *script, params=full(harness, **changes), must_act=False)
    harness.check_wire([])
    for which, one in _following(e, later=later):
        names_its_order(harness, one, e.params, before=before, which=which and f"{which} names another order")
        if one.op == QUERY:
            _dated(harness, e, one)
        harness.check_wire(signature(one))
    return e


def _following(e: Evidence, *, later: bool) -> Iterator[tuple[str, SentRequest]]:
    """What names an order after the first close of a call, and all of a later call; without words the first query."""
    seen: set[str] = set()
    for one in e.sent:
        again, a = one.op in seen, "a closequery" if one.op == QUERY else "a close"
        seen.add(one.op)
        if one.op not in NAMES_AN_ORDER:
            continue
        if again:
            yield "a later closequery" if one.op == QUERY else "a close that was sent again", one
        elif later:
            yield f"{a} of a later call", one
        elif one.op == QUERY:
            yield "", one


def _dated(harness: Harness, e: Evidence, one: SentRequest) -> None:
    day = (one.data or {}).get("req_date")
    if not (isinstance(day, str) and real_date(day)):
        harness.check_wire([Broken("L3", "req_date of a closequery is not a day written yyyyMMdd", str(day))])
    if day not in (*_today_somewhere(), e.params["req_date"]):
        differs = (Difference.of("req_date", f"{Clock().now():%Y%m%d}", day),)
        message = "req_date of a closequery is neither today nor the day of the close"
        harness.check_wire([Broken("L3", message, differs=differs)])


def _today_somewhere() -> list[str]:
    """Which day it is, in one zone of the world or another."""
    return [f"{Clock().now() + timedelta(days=days):%Y%m%d}" for days in (-1, 0, 1)]
