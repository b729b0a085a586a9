"""Cases about the order: its first minute, its state, and how a request names it."""

from __future__ import annotations

from datetime import datetime, timedelta

from huifu_contract.catalogue.record import Basis, Level
from huifu_contract.harness.laws import Blocked
from huifu_contract.server import answers
from huifu_contract.server.harness import NUMBERS, ServerHarness
from huifu_contract.server.registry import case

ONE_MINUTE = "**时间限制**：不允许关闭一分钟以内的订单"
NEEDS = "an open order of that age: a clock that can be set, or --allow-wait 75s and a fresh order"


@case(
    "one-minute-59s",
    Level.MUST,
    Basis.SPEC,
    quote=ONE_MINUTE,
    says="an order 59 s old is not closed: 20000001 with the text of the one minute",
    needs=NEEDS,
)
def one_minute_59s(harness: ServerHarness) -> None:
    harness.expect("59 s", harness.ask("59 s", harness.request(harness.needs.order("open", 59))), answers.MINUTE)


@case(
    "one-minute-60s",
    Level.SHOULD,
    Basis.SPEC,
    quote=ONE_MINUTE,
    says="an order of exactly 60 s can be closed (assumed: the minute is over then; on a clock that cannot be frozen "
    "it is a moment older)",
    needs=NEEDS,
)
def one_minute_60s(harness: ServerHarness) -> None:
    harness.expect("60 s", harness.ask("60 s", harness.request(harness.needs.order("open", 60))), *answers.SUCCESSES)


@case(
    "one-minute-61s",
    Level.MUST,
    Basis.SPEC,
    quote=ONE_MINUTE,
    says="an order 61 s old can be closed",
    needs=NEEDS,
)
def one_minute_61s(harness: ServerHarness) -> None:
    harness.expect("61 s", harness.ask("61 s", harness.request(harness.needs.order("open", 61))), *answers.SUCCESSES)


@case(
    "union-pay",
    Level.MUST,
    Basis.SPEC,
    quote="`23000004`：原订单为银联二维码交易，不支持关单",
    says="an order paid by UnionPay is answered 23000004",
    needs="an order paid by UnionPay",
)
def union_pay(harness: ServerHarness) -> None:
    for trade_type in ("U_NATIVE", "U_JSAPI", "U_MICROPAY") if harness.admin else ("U_NATIVE",):
        order = harness.needs.order("union-pay", trade_type=trade_type)
        harness.expect(trade_type, harness.ask(trade_type, harness.request(order)), answers.UNION)


@case(
    "digital-currency",
    Level.MUST,
    Basis.SPEC,
    quote="**关单限制**：银联、数字货币订单不支持关单操作",
    says="an order paid by digital yuan is not closed; the code is not written anywhere, so it is recorded",
    needs="an order paid by digital yuan",
)
def digital_currency(harness: ServerHarness) -> None:
    for trade_type in ("D_NATIVE", "D_MICROPAY") if harness.admin else ("D_NATIVE",):
        order = harness.needs.order("digital-currency", trade_type=trade_type)
        harness.refused(trade_type, harness.ask(trade_type, harness.request(order)), "digital yuan cannot be closed")


@case(
    "final-order",
    Level.MUST,
    Basis.SPEC,
    quote="`23000000`：原订单已为终态,无法发起关单操作",
    says="an order that was paid, or that failed, is answered 23000000 with the text that says so",
    needs="a paid order and a failed order",
)
def final_order(harness: ServerHarness) -> None:
    for state in ("paid", "failed"):
        reply = harness.ask(state, harness.request(harness.needs.order(state)))
        harness.expect(state, reply, answers.FINISHED)


@case(
    "second-close",
    Level.MUST,
    Basis.SPEC,
    quote="`23000000`：关单状态为终态，不能重复关单",
    says="another close of a closed order, with its own number, is answered 23000000 with the text that says so",
    needs="an open order",
)
def second_close(harness: ServerHarness) -> None:
    order = harness.needs.order("open")
    if harness.closed("first", order).said.trans_stat == "P":
        raise Blocked("the first close is still in progress")
    harness.expect("second", harness.ask("second", harness.request(order)), answers.TWICE)


@case(
    "either-or-neither",
    Level.MUST,
    Basis.SPEC,
    quote="`21000000`：原请求流水号和原全局流水号不能同时为空",
    says="a close with neither number, absent or empty, is answered 21000000",
)
def either_or_neither(harness: ServerHarness) -> None:
    bare = {name: value for name, value in harness.request().items() if name not in NUMBERS}
    for label, given in (("absent", {}), ("empty", dict.fromkeys(NUMBERS, ""))):
        reply = harness.ask(label, {**bare, "req_seq_id": f"{bare['req_seq_id']}{label}", **given})
        harness.expect(label, reply, answers.NEITHER)
    harness.ask("null", {**bare, **dict.fromkeys(NUMBERS)})  # recorded: null is written nowhere


@case(
    "either-or-both",
    Level.MAY,
    Basis.ASSUME,
    quote="**参数校验**：`org_hf_seq_id` 和 `org_req_seq_id` 二选一必填",
    says="recorded: what happens when both numbers are given, of one order and of two different ones",
    needs="open orders known by both numbers",
)
def either_or_both(harness: ServerHarness) -> None:
    order = harness.needs.order("open")
    harness.ask("of two orders", harness.request(order, org_hf_seq_id="0029000nosuch0000000000000000000000000000"))
    harness.ask("of one order", harness.request(order, "both"))
    harness.judged += 1


@case(
    "unknown-order",
    Level.MUST,
    Basis.SPEC,
    quote="`23000001`：原交易不存在",
    says="an order that nobody knows, by either number, is answered 23000001; so is one of another merchant, "
    "which is never closed",
    needs="an open order of another merchant, for the last part",
)
def unknown_order(harness: ServerHarness) -> None:
    mine = harness.request()
    harness.expect("by org_req_seq_id", harness.ask("by org_req_seq_id", mine), answers.UNKNOWN)
    by_huifu = {name: value for name, value in harness.request().items() if name not in NUMBERS}
    reply = harness.ask("by org_hf_seq_id", {**by_huifu, "org_hf_seq_id": "0029000nosuch0000000000000000000000000000"})
    harness.expect("by org_hf_seq_id", reply, answers.UNKNOWN)
    try:
        theirs = harness.needs.order("other-merchant")
    except Blocked:
        return
    for name in NUMBERS:
        if getattr(theirs, name):
            label = f"another merchant's by {name}"
            reply = harness.ask(label, harness.request(theirs, name, huifu_id=harness.asker.config.huifu_id))
            harness.refused(label, reply, "the order belongs to another huifu_id")
    if harness.admin is not None:
        order = harness.needs.order("open")
        eve = (datetime.strptime(order.org_req_date, "%Y%m%d") - timedelta(days=1)).strftime("%Y%m%d")  # a day, no time
        harness.ask("on another day", harness.request(order, org_req_date=eve))
