"""repeat/sequences: calls about one order and one that resembles it, each with answers of its own, drawn at random.

The gateway carries out what it says, and what is prepared spoils answers without making one untrue. So what really
happened is known after any sequence, and every outcome can be compared with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from random import Random
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from huifu_contract.catalogue import record
from huifu_contract.catalogue.cases.echoes import LONGEST
from huifu_contract.catalogue.cases.elsewhere import closed_elsewhere
from huifu_contract.catalogue.cases.pushes import genuine
from huifu_contract.catalogue.cases.query import ASKED, QUERY
from huifu_contract.catalogue.cases.security import second
from huifu_contract.catalogue.cases.sent import OTHER_MERCHANT, names_its_order
from huifu_contract.catalogue.cases.statuses import signed_status
from huifu_contract.catalogue.cases.webhook import believes, compact, event, learns
from huifu_contract.catalogue.record import Basis, Example, Level
from huifu_contract.catalogue.registry import case
from huifu_contract.harness.evidence import STATES, Evidence, truth
from huifu_contract.harness.harness import Harness
from huifu_contract.harness.laws import NAMES_AN_ORDER, Broken, CaseBroken, same_or_query, unique, wire
from huifu_contract.harness.prepared_answers import NEVER, PreparedAnswer, answer, fault
from huifu_contract.harness.signed import ORDERS_NUMBERS
from huifu_contract.outcome import Outcome

if TYPE_CHECKING:
    from huifu_mock import Order

ELSEWHERE = "an order that is closed elsewhere"
ORDERS: Mapping[str, Mapping[str, Any]] = {
    "an open order": {},
    "an order that cannot be closed": {"trade_type": "U_NATIVE"},
    "an order whose close takes a moment": {"settle": "processing", "settle_seconds": 0.05},
    "an order whose close fails": {"settle": "refused"},
    "a paid order": {"trans_stat": "S"},
    "an order whose close stays in progress": {"settle": "processing", "settle_seconds": NEVER},
    ELSEWHERE: {},
}
OTHER: Mapping[str, Callable[[str], dict[str, str]]] = {
    "of the same number on another day": lambda _: {"req_date": "20240406"},
    "of the same number of another merchant": lambda _: {"huifu_id": OTHER_MERCHANT},
    "of the same number in another case": lambda number: {"req_seq_id": number.swapcase()},
    "of a number that differs in its last character": lambda number: {"req_seq_id": number[:-1] + "y"},
    "of another number": lambda number: {"req_seq_id": number.rstrip("x")[::-1]},
}
"""The second order of a sequence, by what it has in common with the first, whose number is given."""
HONEST = "honest"
CLOSE: Mapping[str, Sequence[PreparedAnswer]] = {
    HONEST: (),
    "the reply is lost": (fault("reset-after-commit"),),
    "the reply says P": (ASKED,),
    "the request is lost": (fault("reset-before-commit"),),
    "the reply is cut": (fault("truncated"),),
    "the reply comes with HTTP 502": (fault("status", status=502, body="html"),),
    "the reply is a system error": (answer("98888888", "F", after=True),),
    "the reply is a conflict": (answer("20000001.CONFLICT"),),
    "the reply refuses the product": (answer("22000000.PRODUCT_SUSPENDED", "F"),),
    "the reply is signed with another key": (fault("sign-foreign"),),
    "the reply has the signature of another": (fault("sign-replayed"),),
    "the reply is tampered with": (fault("tampered"),),
}
"""How the first close of a call goes."""
QUERIES: Mapping[str, Sequence[PreparedAnswer]] = {
    HONEST: (),
    "closequery is not answered": (fault("empty-body", endpoint=QUERY),),
    "closequery is answered with HTTP 502": (signed_status(502, QUERY),),
    "closequery has a system error": (answer("98888888", "F", endpoint=QUERY),),
    "closequery knows of no close yet": (answer("23000001", "F", endpoint=QUERY),),
    "the reply to closequery is tampered with": (fault("tampered", endpoint=QUERY),),
    "the reply to closequery is signed with another key": (fault("sign-foreign", endpoint=QUERY),),
    "the reply to closequery is of another request": (
        fault("echo-changed", field="req_seq_id", how="last", endpoint=QUERY),
    ),
}
"""How the first closequery of a call goes."""
AGAIN: Mapping[str, Sequence[PreparedAnswer]] = {
    HONEST: (),
    "the reply to the close sent again is lost": (second(fault("reset-after-commit")),),
    "the reply to the close sent again is a conflict": (second(answer("20000001.CONFLICT")),),
    "the reply to the close sent again is a system error": (second(answer("99999999", "F", after=True)),),
    "the reply to the close sent again is tampered with": (second(fault("tampered")),),
}
"""How a close that is sent again goes."""
UNTRUE = {"the reply refuses the product", "closequery knows of no close yet"}
"""Not true where an earlier close succeeded or still may."""
FRESH, SHARED, REPEATED, GENERATED = "fresh", "shared", "repeated", "generated"
NUMBERS = (FRESH, SHARED, REPEATED, GENERATED)
"""The number of a close: never used before, that of the other calls on a day of its own, that of the last close of the
order with all else that it had, or none where the client makes one."""
FROM_ELSEWHERE = "although nothing was sent for this call: what is known of another one was told"
FORGOTTEN = "an order that a genuine webhook called closed is not closed for the application"


SCRIPTS = {"close": CLOSE, "asked": QUERIES, "again": AGAIN}
CHOICES: Mapping[str, Sequence[Any]] = {
    "other": (False, True),
    "order": tuple(ORDERS),
    **{name: (*(HONEST,) * len(ways), *ways) for name, ways in SCRIPTS.items()},
    "number": NUMBERS,
    "webhook": (False, True),
    "at once": (False, True),
}
"""What a call is made of."""
ABOUT: Mapping[str, Sequence[Any]] = {"other": tuple(OTHER), "by": (*ORDERS_NUMBERS, "both")}
"""What all calls of a sequence have in common."""
USUAL = {name: values[0] for name, values in CHOICES.items()}
"""An open order is closed, and everything is answered honestly."""
PAIRS = (
    (USUAL, {**USUAL, "order": "an order that cannot be closed"}),
    (USUAL, {**USUAL, "order": "an order that cannot be closed", "at once": True}),
    ({**USUAL, "order": "an order whose close stays in progress"}, USUAL),
)
"""The calls of an order and of the one that resembles it: who takes one for the other is wrong about the second."""
SPREAD = 12


def _pairs() -> Iterator[Example]:
    for other in OTHER:
        for first, then in PAIRS:
            yield {"other": other, "by": "org_req_seq_id", "calls": [first, {**then, "other": True}]}


def _spread() -> Iterator[Example]:
    """The same sequences in every run, of two and three calls, in which each choice comes about as often as another."""
    calls = [2 + at % 2 for at in range(SPREAD)]
    mixed = Random(SPREAD)
    about = {name: _evenly(mixed, values, SPREAD) for name, values in ABOUT.items()}
    each = {name: _evenly(mixed, values, sum(calls)) for name, values in CHOICES.items()}
    for count in calls:
        made = [{name: next(values) for name, values in each.items()} for _ in range(count)]
        yield {**{name: next(values) for name, values in about.items()}, "calls": made}


def _evenly(mixed: Random, values: Sequence[Any], count: int) -> Iterator[Any]:
    """So many of these values, mixed, each as often as another if that is possible."""
    found = [values[at % len(values)] for at in range(count)]
    mixed.shuffle(found)
    return iter(found)


def _drawn() -> st.SearchStrategy[dict[str, Any]]:
    call = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in CHOICES.items()})
    about = {name: st.sampled_from(values) for name, values in ABOUT.items()}
    return st.fixed_dictionaries({**about, "calls": st.lists(call, min_size=1, max_size=3)})


@case(
    "repeat/sequences",
    Level.SHOULD,
    Basis.SAFETY,
    grade="wire decision",
    quote=record.TRUE + " " + record.UNIQUE,
    says="In sequences of calls about an order and one that resembles it, one after another or at once, with answers "
    "that are lost, late or forged: each call names its own order, no number names two requests, and each outcome is "
    "true, whatever became of the calls before.",
    because="each of these sentences stands in a case of its own, at the level that it has there",
    fixed=(*_pairs(), *_spread()),
    draw=_drawn,
    kind="M",
    seconds=0.5,
    since="1.1",
)
def sequences(harness: Harness, x: Example) -> None:
    Calls(harness, x["other"], x["by"], "0Ab" + harness.number()).make(x["calls"])


@dataclass(slots=True)
class Calls:
    """The calls of one sequence and what became of them.

    The second order goes by what it has in common with the first, which goes by an empty text.
    """

    harness: Harness
    other: str
    by: str
    number: str
    orders: dict[str, Order] = field(default_factory=dict)
    params: dict[str, dict[str, str]] = field(default_factory=dict)
    """Those of the last close of each order."""
    told: dict[str, set[str]] = field(default_factory=dict)
    """What genuine replies and webhooks have said of each order."""
    pushed: set[str] = field(default_factory=set)
    """The orders that an acknowledged webhook called closed, and that the application knows by its number."""
    made: list[Evidence] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    def make(self, calls: Sequence[Example]) -> None:
        """All calls, each judged; in the end the application is asked about each order, where it can be asked."""
        hello = self.harness.hello
        try:
            for several in _at_once(calls, hello.max_parallel if "parallel" in hello.claims else 1):
                self._make(several)
                for call in several if {"webhook", "order"} <= hello.claims else ():
                    if call["webhook"]:
                        self._push(self._which(call))
            for which in self.orders if "order" in hello.claims else ():
                self._ask(which)
        except CaseBroken as broken:
            first, *others = broken.found
            detail = "; ".join(filter(None, (first.detail, *self.words)))
            raise CaseBroken([replace(first, detail=detail), *others], broken.evidence) from None

    def _make(self, several: Sequence[Example]) -> None:
        given = [self._params(call, len(self.made) + at) for at, call in enumerate(several)]
        with ThreadPoolExecutor(len(several)) as pool:
            found = list(pool.map(self._close, several, given))
        for call, e in zip(several, found, strict=True):
            self._judge(call, e)

    def _which(self, call: Example) -> str:
        return self.other if call["other"] else ""

    def _order(self, call: Example) -> Order:
        which = self._which(call)
        if which not in self.orders:
            number, hf = (text.ljust(LONGEST, "x") for text in (self.number, "0029h" + self.number))
            wanted = {"req_seq_id": number, "req_date": "20240405", "hf_seq_id": hf}
            if which:
                wanted.update(hf_seq_id=hf[:-1] + "y", **OTHER[which](number))
            order = self.harness.order(**wanted, **ORDERS[call["order"]])
            self.orders[which] = closed_elsewhere(self.harness, order) if call["order"] == ELSEWHERE else order
        return self.orders[which]

    def _params(self, call: Example, place: int) -> dict[str, str]:
        which, order = self._which(call), self._order(call)
        if call["number"] == REPEATED and which in self.params:
            return self.params[which]
        changes: dict[str, str | None] = {"req_date": "20240425"}
        if call["number"] == SHARED:
            changes.update(req_seq_id=self.number, req_date=f"202405{place + 11}")
        if call["number"] == GENERATED and "generates-seq" in self.harness.hello.claims:
            changes["req_seq_id"] = None
        names = {"org_req_seq_id": order.req_seq_id, "org_hf_seq_id": order.hf_seq_id}
        changes.update({name: names[name] if self.by in (name, "both") else None for name in names})
        self.params[which] = self.harness.params(order, **changes)
        return self.params[which]

    def _close(self, call: Example, params: dict[str, str]) -> Evidence:
        order = self.orders[self._which(call)]
        return self.harness.close(order, *self._script(call, order), params=params, must_act=False)

    def _script(self, call: Example, order: Order) -> Iterator[PreparedAnswer]:
        made = self.harness.now(order).close_stat in ("S", "P")
        for name, ways in SCRIPTS.items():
            if not (made and call[name] in UNTRUE):
                yield from ways[call[name]]

    def _judge(self, call: Example, e: Evidence) -> None:
        which, harness = self._which(call), self.harness
        before = self.made[-1].params if self.made else {}
        self.made.append(e)
        self.words.append(f"call {len(self.made)} closes {' '.join(filter(None, (call['order'], which)))}: {e.claim}")
        self.words += [call[name] for name in SCRIPTS if call[name] != HONEST]
        told = self.told.setdefault(which, set())
        told |= {stat for stat in STATES if e.genuine(stat)}
        e = harness.last = replace(e, told=tuple(sorted(told)))
        self._named(e, before)
        harness.check_wire(unique(tuple(one for made in self.made for one in made.sent)))
        last = e.sent[-1].heard if e.sent else None
        succeeded = call["close"] == HONEST and last is not None and last.genuine and last.trans_stat == "S"
        cause = None if e.sent else Broken("L1", f"claims {e.claim} {FROM_ELSEWHERE}", stable=FROM_ELSEWHERE)
        unread = Broken("C", f"claims {e.claim} after a genuine success", stable="C: claims")
        harness.judge(e, wire, same_or_query, cause=cause, also=[unread] if succeeded and not e.definite else [])

    def _named(self, e: Evidence, before: Mapping[str, str]) -> None:
        """All that was sent names the order of the call by the numbers that it was given."""
        for one in e.sent:
            if one.op in NAMES_AN_ORDER:
                what = "a closequery" if one.op == QUERY else "a close"
                names_its_order(self.harness, one, e.params, before=before, which=f"{what} names another order")

    def _push(self, which: str) -> None:
        """A webhook that says what is true of the order."""
        now = self.harness.now(self.orders[which])
        if not now.close_stat:
            return
        answered = genuine(self.harness, compact(event(now, now.close_stat)))
        self.told[which].add(now.close_stat)
        self.words.append(f"a webhook says {now.close_stat} of it")
        if now.close_stat == "S" and answered.acknowledged and "org_req_seq_id" in self.params[which]:
            self.pushed.add(which)

    def _ask(self, which: str) -> None:
        order, told = self.orders[which], tuple(sorted(self.told[which]))
        said = (learns if which in self.pushed else believes)(self.harness, order)
        e = Evidence(
            Outcome(said), self.params[which], (), truth(self.harness.now(order)), self.harness.hello, told=told
        )
        self.words.append(f"asked about the second order: {said}" if which else f"asked about the first order: {said}")
        lost = [Broken("C", FORGOTTEN, f"the application says {said}")] if which in self.pushed else []
        self.harness.judge(e, also=lost if said != "closed" else [])


def _at_once(calls: Sequence[Example], most: int) -> Iterator[list[Example]]:
    """The calls in groups, each made at once and about different orders."""
    group: list[Example] = []
    for call in calls:
        if group and (not call["at once"] or len(group) >= most or call["other"] in [one["other"] for one in group]):
            yield group
            group = []
        group.append(call)
    yield group
