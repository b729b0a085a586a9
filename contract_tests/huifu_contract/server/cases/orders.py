"""Cases about the first minute of an order, on the server's clock or by really waiting for it."""

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
def one_minute_59s(stand: ServerHarness) -> None:
    stand.expect("59 s", stand.ask("59 s", stand.request(stand.needs.order("open", 59))), answers.MINUTE)


@case(
    "one-minute-60s",
    Level.SHOULD,
    Basis.SPEC,
    quote=ONE_MINUTE,
    says="an order of exactly 60 s can be closed (assumed: the minute is over then; on a clock that cannot be frozen "
    "it is a moment older)",
    needs=NEEDS,
)
def one_minute_60s(stand: ServerHarness) -> None:
    stand.expect("60 s", stand.ask("60 s", stand.request(stand.needs.order("open", 60))), *answers.SUCCESSES)


@case(
    "one-minute-61s",
    Level.MUST,
    Basis.SPEC,
    quote=ONE_MINUTE,
    says="an order 61 s old can be closed",
    needs=NEEDS,
)
def one_minute_61s(stand: ServerHarness) -> None:
    stand.expect("61 s", stand.ask("61 s", stand.request(stand.needs.order("open", 61))), *answers.SUCCESSES)


@case(
    "union-pay",
    Level.MUST,
    Basis.SPEC,
    quote="`23000004`：原订单为银联二维码交易，不支持关单",
    says="an order paid by UnionPay is answered 23000004",
    needs="an order paid by UnionPay",
)
def union_pay(stand: ServerHarness) -> None:
    for trade_type in ("U_NATIVE", "U_JSAPI", "U_MICROPAY") if stand.admin else ("U_NATIVE",):
        order = stand.needs.order("union-pay", trade_type=trade_type)
        stand.expect(trade_type, stand.ask(trade_type, stand.request(order)), answers.UNION)


@case(
    "digital-currency",
    Level.MUST,
    Basis.SPEC,
    quote="**关单限制**：银联、数字货币订单不支持关单操作",
    says="an order paid by digital yuan is not closed; the code is not written anywhere, so it is recorded",
    needs="an order paid by digital yuan",
)
def digital_currency(stand: ServerHarness) -> None:
    for trade_type in ("D_NATIVE", "D_MICROPAY") if stand.admin else ("D_NATIVE",):
        order = stand.needs.order("digital-currency", trade_type=trade_type)
        stand.refused(trade_type, stand.ask(trade_type, stand.request(order)), "digital yuan cannot be closed")


@case(
    "final-order",
    Level.MUST,
    Basis.SPEC,
    quote="`23000000`：原订单已为终态,无法发起关单操作",
    says="an order that was paid, or that failed, is answered 23000000 with the text that says so",
    needs="a paid order and a failed order",
)
def final_order(stand: ServerHarness) -> None:
    for state in ("paid", "failed"):
        reply = stand.ask(state, stand.request(stand.needs.order(state)))
        stand.expect(state, reply, answers.FINISHED)


@case(
    "second-close",
    Level.MUST,
    Basis.SPEC,
    quote="`23000000`：关单状态为终态，不能重复关单",
    says="another close of a closed order, with a number of its own, is answered 23000000 with the text that says so",
    needs="an open order",
)
def second_close(stand: ServerHarness) -> None:
    order = stand.needs.order("open")
    if stand.closed("first", order).said.trans_stat == "P":
        raise Blocked("the first close is still in progress")
    stand.expect("second", stand.ask("second", stand.request(order)), answers.TWICE)


@case(
    "either-or-neither",
    Level.MUST,
    Basis.SPEC,
    quote="`21000000`：原请求流水号和原全局流水号不能同时为空",
    says="a close with neither number, absent or empty, is answered 21000000",
)
def either_or_neither(stand: ServerHarness) -> None:
    bare = {name: value for name, value in stand.request().items() if name not in NUMBERS}
    for label, given in (("absent", {}), ("empty", dict.fromkeys(NUMBERS, ""))):
        reply = stand.ask(label, {**bare, "req_seq_id": f"{bare['req_seq_id']}{label}", **given})
        stand.expect(label, reply, answers.NEITHER)
    stand.ask("null", {**bare, **dict.fromkeys(NUMBERS)})  # recorded: null is written nowhere


@case(
    "either-or-both",
    Level.MAY,
    Basis.ASSUME,
    quote="**参数校验**：`org_hf_seq_id` 和 `org_req_seq_id` 二选一必填",
    says="recorded: what happens when both numbers are given, of one order and of two different ones",
    needs="open orders known by both numbers",
)
def either_or_both(stand: ServerHarness) -> None:
    order = stand.needs.order("open")
    stand.ask("of two orders", stand.request(order, org_hf_seq_id="0029000nosuch0000000000000000000000000000"))
    stand.ask("of one order", stand.request(order, "both"))
    stand.judged += 1


@case(
    "unknown-order",
    Level.MUST,
    Basis.SPEC,
    quote="`23000001`：原交易不存在",
    says="an order that nobody knows, by either number, is answered 23000001; so is one of another merchant, "
    "which is never closed",
    needs="an open order of another merchant, for the last part",
)
def unknown_order(stand: ServerHarness) -> None:
    mine = stand.request()
    stand.expect("by org_req_seq_id", stand.ask("by org_req_seq_id", mine), answers.UNKNOWN)
    by_huifu = {name: value for name, value in stand.request().items() if name not in NUMBERS}
    reply = stand.ask("by org_hf_seq_id", {**by_huifu, "org_hf_seq_id": "0029000nosuch0000000000000000000000000000"})
    stand.expect("by org_hf_seq_id", reply, answers.UNKNOWN)
    try:
        theirs = stand.needs.order("other-merchant")
    except Blocked:
        return
    for name in NUMBERS:
        if getattr(theirs, name):
            label = f"another merchant's by {name}"
            reply = stand.ask(label, stand.request(theirs, name, huifu_id=stand.asker.config.huifu_id))
            stand.refused(label, reply, "the order belongs to another huifu_id")
    if stand.admin is not None:
        order = stand.needs.order("open")
        eve = (datetime.strptime(order.org_req_date, "%Y%m%d") - timedelta(days=1)).strftime("%Y%m%d")  # a day, no time
        stand.ask("on another day", stand.request(order, org_req_date=eve))
