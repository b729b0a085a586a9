"""repeat/*, concurrency/*, time/*: more than one call, more than one thread, more than one minute."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from huifu_contract.catalogue import record
from huifu_contract.catalogue.cases.elsewhere import closed_elsewhere
from huifu_contract.catalogue.cases.sent import OTHER_MERCHANT, order_of, unchanged, until
from huifu_contract.catalogue.cases.webhook import IN_PROGRESS
from huifu_contract.catalogue.record import Basis, Example, Level
from huifu_contract.catalogue.registry import case
from huifu_contract.harness.differences import Difference
from huifu_contract.harness.evidence import NAMING, Evidence, SentRequest, truth
from huifu_contract.harness.harness import Harness
from huifu_contract.harness.laws import Blocked, Broken, bounded, paused, resolution, signature, unique
from huifu_contract.harness.prepared_answers import ALWAYS, NEVER, PreparedAnswer, answer, fault

if TYPE_CHECKING:
    from huifu_mock import Order

YOUNG_S, MINUTE_S = 30, 60
MOST_AT_ONCE = 4


@case(
    "repeat/same-parameters",
    Level.MUST,
    Basis.SPEC,
    grade="decision",
    quote=record.SAME,
    says="The same parameters twice lead to the same claim.",
    fixed=[{"trade_type": "T_NATIVE"}, {"trade_type": "U_NATIVE"}],
)
def same_parameters(harness: Harness, x: Example) -> None:
    order = harness.order(trade_type=x["trade_type"])
    params = harness.params(order)
    first = harness.judge(harness.close(order, params=params))
    again = harness.close(order, params=params)
    if not again.sent:  # a client may know the end of its own call
        again = replace(again, sent=first.sent)
    second = harness.judge(again)
    harness.demand(
        second, second.claim == first.claim, f"claims {first.claim}, then {second.claim}", stable="C: claims"
    )


@case(
    "repeat/same-number-other-day",
    Level.MUST,
    Basis.SPEC,
    grade="decision",
    quote=record.UNIQUE,
    says="A number is unique on its day alone: the same number of an order or of a call on another day, or of another "
    "merchant, is another one, and so is another org_hf_seq_id; nothing that is known of the first is claimed of it, "
    "and what is sent for it names it, also where the close of the first was left open.",
    fixed=[
        *({"other": name} for name in ("org_req_date", "req_date", "huifu_id", "org_hf_seq_id")),
        *({"other": name, "first": "open"} for name in ("org_req_date", "huifu_id", "org_hf_seq_id")),
    ],
    since="1.1",
    rev=4,
    seconds=0.2,
)
def same_number_other_day(harness: Harness, x: Example) -> None:
    own: dict[str, str | None] = {}
    if "generates-seq" in harness.hello.claims and x["other"] != "req_date":
        own["req_seq_id"] = None  # one made of the order's number would be used for both orders
    if x["other"] == "org_hf_seq_id":
        own["org_req_seq_id"] = None  # so that both orders are named by the other number alone
    left_open = "first" in x
    closed = harness.order(req_date="20240405")
    params = harness.params(closed, req_date="20240425", **own, **_by_hf(closed, x))
    first = harness.close(closed, *(IN_PROGRESS if left_open else ()), params=params, must_act=False)
    if harness.decides and not left_open and first.claim != "closed":
        raise Blocked(f"the honest twin was not accepted: the client claims {first.claim} after a genuine success")
    if x["other"] == "req_date":
        other = harness.order(trade_type="U_NATIVE")
        again = harness.params(other, req_date="20240426", req_seq_id=params["req_seq_id"])
    else:
        elsewhere = {"req_date": "20240406"}
        if x["other"] == "huifu_id":
            elsewhere = {"req_date": closed.req_date, "huifu_id": OTHER_MERCHANT}
        if x["other"] == "org_hf_seq_id":
            elsewhere = {"req_date": closed.req_date, "req_seq_id": harness.number()}
        other = harness.order(**{"req_seq_id": closed.req_seq_id, "trade_type": "U_NATIVE", **elsewhere})
        again = harness.params(other, req_date="20240425", **own, **_by_hf(other, x))
    e = harness.close(other, params=again)
    harness.check_wire(unique((*first.sent, *e.sent)))
    for one in e.sent if left_open else ():
        later = "a closequery of a later call" if one.op == "closequery" else "a close of a later call"
        unchanged(harness, one, order_of(again), before=params, which=f"{later} names another order")
    same = "is named by another org_hf_seq_id" if x["other"] == "org_hf_seq_id" else "has the same number"
    cause = Broken("L1", f"what is known of one call or order was claimed of another that {same}")
    harness.judge(e, cause=cause)


def _by_hf(order: Order, x: Example) -> dict[str, str | None]:
    return {"org_hf_seq_id": order.hf_seq_id} if x["other"] == "org_hf_seq_id" else {}


TOLD_AGAIN = "what closequery said of an earlier close was told again of a later one, whose answer was lost"


@case(
    "repeat/later-close",
    Level.SHOULD,
    Basis.SPEC,
    grade="decision",
    quote="`99999999`：系统异常,请稍后重试",
    says="After a call that was refused or left open, a later close of the order with a number of its own is sent, "
    "and its answer is believed: what became of the first is not told again, nor what closequery said of it.",
    because="nothing false is claimed by who asks nobody; but the order stays open, and can be paid",
    fixed=[
        {"code": "22000000.PRODUCT_SUSPENDED", "stat": "F"},
        {"code": "99999999", "stat": "P"},
        {"code": "00000100", "stat": "P", "query": "F"},
    ],
    since="1.1",
    rev=2,
    seconds=0.3,
)
def later_close(harness: Harness, x: Example) -> None:
    order = harness.order()
    if "query" in x:
        _asked_anew(harness, order, answer(x["code"], x["stat"]), answer("00000000", x["query"], endpoint="closequery"))
        return
    still = answer("00000100", "P", endpoint="closequery", times=ALWAYS)
    harness.judge(harness.close(order, answer(x["code"], x["stat"], times=ALWAYS), still, must_act=False))
    later = harness.judge(harness.close(order, must_act=False))  # what is left of the first is for the first alone
    harness.demand(later, bool(later.closes), "a later close was not sent", f"claims {later.claim}")
    harness.demand(later, later.claim == "closed", f"claims {later.claim} after a genuine success of a later close")


def _asked_anew(harness: Harness, order: Order, *first: PreparedAnswer) -> None:
    """The close of a first call failed, as closequery said; that of a later one succeeds, and its answer is lost."""
    harness.judge(harness.close(order, *first, must_act=False))
    if "query" not in harness.hello.claims:  # it has nothing from a closequery to tell again
        return
    later = harness.close(order, fault("reset-after-commit"), must_act=False)
    harness.judge(later, cause=Broken("L1", TOLD_AGAIN) if later.claim == "not_closed" else None)


@case(
    "concurrency/conflict-retried",
    Level.SHOULD,
    Basis.SPEC,
    grade="decision",
    needs=["retry"],
    quote=record.CONFLICT,
    says="After 并发冲突 the client tries again, not at once and as the same application, and claims what the answer "
    "to that says: closed, not closed, or neither.",
    because="the page says to try again later, and later may be after the call: who does not is left with an order "
    "that is open, and knows it",
    fixed=[{"settle": "immediate"}, {"settle": "processing"}, {"trade_type": "U_NATIVE"}],
    rev=2,
)
def conflict_retried(harness: Harness, x: Example) -> None:
    e = harness.close(harness.order(settle_seconds=NEVER, **x), answer("20000001.CONFLICT"))
    found = [] if len(e.closes) > 1 else [Broken("C", "a conflict was not tried again")]
    if len({_sender(one) for one in e.closes}) > 1:
        found.append(Broken("L3", "a close was tried again under another sys_id or product_id"))
    certain = [] if x.get("settle") == "processing" else [resolution]
    harness.judge(e, paused, *certain, also=found)


def _sender(one: SentRequest) -> tuple[object, ...]:
    try:
        envelope = json.loads(one.body)
        return tuple(envelope.get(name) for name in ("sys_id", "product_id"))
    except (ValueError, AttributeError):
        return ()


@case(
    "concurrency/conflict-settles-nothing",
    Level.MUST,
    Basis.SAFETY,
    grade="decision",
    quote=record.CONFLICT + "；" + record.TRUE,
    says="并发冲突 is no end, however often it comes: the close that is in the way may succeed, and did.",
    since="1.1",
)
def conflict_settles_nothing(harness: Harness, _: Example) -> None:
    # who asks before it closes knows that the order is closed, and never comes to the conflict
    e = harness.close(closed_elsewhere(harness), answer("20000001.CONFLICT", times=ALWAYS), must_act=False)
    harness.judge(e, cause=Broken("L1", "a conflict was taken for an end, and the close that was in the way succeeded"))


FATES = ("closed", "unionpay", "unknown")


@case(
    "concurrency/isolated-calls",
    Level.MUST,
    Basis.SAFETY,
    grade="decision",
    needs=["parallel"],
    quote=record.TRUE,
    says="Of several calls at once with different fates, each claim is about its own order, also where the orders have "
    "one number on different days, or are named by org_hf_seq_id alone.",
    fixed=[
        {"fates": ["closed", "unionpay", "unknown", "closed"]},
        {"fates": ["closed", "unionpay"] * 4},
        {"fates": ["unionpay", "closed"] * 4, "number": "shared"},
        {"fates": ["unionpay", "closed"] * 2, "number": "org_hf_seq_id"},
        {"fates": ["closed", "unknown"] * 4},
        {"fates": ["stuck", "settling"] * 3},
        {"fates": ["conflict"] * 4},
    ],
    rev=4,
    draw=lambda: st.fixed_dictionaries({"fates": st.lists(st.sampled_from(FATES), min_size=2, max_size=6)}),
)
def isolated_calls(harness: Harness, x: Example) -> None:
    fates = x["fates"]
    shared = "Shared" + harness.number()
    days = (f"202404{day:02}" for day in range(1, len(fates) + 1))
    wanted = [{"req_seq_id": shared, "req_date": day} if x.get("number") == "shared" else {} for day in days]
    by_hf = x.get("number") == "org_hf_seq_id"
    with ThreadPoolExecutor(max(1, min(len(fates), harness.hello.max_parallel))) as pool:
        calls = list(pool.map(lambda fate, more: _fated(harness, fate, more, by_hf=by_hf), fates, wanted))
    for fate, e in zip(fates, calls, strict=True):
        expected = {"closed": "closed", "unionpay": "not_closed", "unknown": "not_closed"}.get(fate)
        mixed = expected is not None and e.definite and e.claim != expected
        found = [Broken("C", "a claim belongs to another call")] if mixed else []
        for name, one in product(NAMING, e.sent):
            own, named = e.params.get(name), (one.data or {}).get(name)
            if named not in (None, own):
                differs = (Difference.of(name, own, named),)
                found.append(Broken("C", f"a {one.op} named the order of another call", differs=differs))
                break
        found += [broken for one in e.sent for broken in signature(one)]
        harness.judge(e, also=found)


def _fated(harness: Harness, fate: str, wanted: dict[str, str], *, by_hf: bool) -> Evidence:
    match fate:
        case "unknown":
            return harness.close(params=harness.unknown_order())
        case "settling" | "stuck":
            seconds = NEVER if fate == "stuck" else 0.05
            return harness.close(harness.order(settle="processing", settle_seconds=seconds))
        case "conflict":  # who tries again may have kept what he sends where another call keeps its own
            return harness.close(harness.order(**wanted), answer("20000001.CONFLICT"), must_act=False)
        case _:
            order = harness.order(**({"trade_type": "U_NATIVE"} if fate == "unionpay" else {}), **wanted)
            own: dict[str, str | None] = {"org_req_seq_id": None, "org_hf_seq_id": order.hf_seq_id} if by_hf else {}
            return harness.close(order, params=harness.params(order, **own))


@case(
    "concurrency/each-is-answered",
    Level.SHOULD,
    Basis.SAFETY,
    grade="decision",
    needs=["parallel"],
    quote="A call that is given up because another is under way leaves an order open that could have been closed.",
    says="Of several calls at once each is sent and claims what its answer says, closed, and waits for none that is "
    "not answered; where all are about one order, one does, and none claims not_closed.",
    because="nothing false is claimed by who gives up; but the order stays open, and can be paid",
    fixed=[{"orders": "several"}, {"orders": "one"}, {"orders": "two", "answered": "one"}],
    since="1.1",
    rev=2,
    seconds=0.7,
)
def each_is_answered(harness: Harness, x: Example) -> None:
    if "answered" in x:
        _beside_one_that_hangs(harness)
        return
    calls = max(1, min(MOST_AT_ONCE, harness.hello.max_parallel))
    one = harness.order()
    orders = [one if x["orders"] == "one" else harness.order() for _ in range(calls)]
    with ThreadPoolExecutor(calls) as pool:
        found = list(pool.map(harness.close, orders))
    closed = ("S",) if any(e.genuine("S") for e in found) else ()
    for e in found:
        if x["orders"] == "several":
            sent = [] if e.sent else [Broken("C", "of several calls at once one was given up, and nothing was sent")]
            harness.judge(e, resolution, also=sent)
        else:  # calls of one order may share an answer
            cause = Broken("L1", "not_closed was claimed of an order because another call was closing it")
            harness.judge(replace(e, truth=truth(harness.now(one)), told=closed), cause=cause)
    if "closed" not in [e.claim for e in found]:
        harness.judge(found[0], also=[Broken("L2", "of several calls at once about one order none claims closed")])


WAITS = "a call waited until another ended that was not answered"


def _beside_one_that_hangs(harness: Harness) -> None:
    """Of two calls one is never answered, and the other begins when that waits."""
    if harness.hello.max_parallel < 2:  # it takes turns
        return
    stuck = harness.order()
    with ThreadPoolExecutor(1) as pool:
        hanging = pool.submit(harness.close, stuck, fault("hang", endpoint=None, times=ALWAYS))
        until(lambda: harness.tenant.journal.calls(org_req_seq_id=stuck.req_seq_id), hanging)
        e = harness.close()
        waited = hanging.done()
        hung = hanging.result()
    behind = Broken("C", WAITS, f"{e.seconds:.1f} s; the other took {hung.seconds:.1f} s", timed=True)
    harness.judge(e, resolution, also=[behind] if waited else [])


@case(
    "time/one-minute-backs-off",
    Level.SHOULD,
    Basis.SPEC,
    grade="decision",
    alone=True,
    quote=record.ONE_MINUTE,
    says="An order younger than a minute is not hammered: no other attempt before it is old enough.",
    because="the page forbids the close and not the attempt: each is refused again, and costs a call",
)
def one_minute_backs_off(harness: Harness, _: Example) -> None:
    order = harness.order(age_seconds=YOUNG_S)
    old_enough = order.created_at.timestamp() + MINUTE_S
    e = harness.close(order)
    again = sum(one.at < old_enough for one in e.closes) > 1
    wrong = [Broken("L4", "the close was repeated before the order was a minute old", timed=True)] if again else []
    harness.judge(e, bounded, also=wrong)
