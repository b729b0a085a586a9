"""Cases about the state of the order: what can never be closed, and what can be closed only once."""

from __future__ import annotations

from huifu_contract.endings import Blocked
from huifu_contract.records import Basis, Level
from huifu_contract.server import answers
from huifu_contract.server.registry import case
from huifu_contract.server.stand import Stand


@case(
    "union-pay",
    Level.MUST,
    Basis.SPEC,
    quote="`23000004`：原订单为银联二维码交易，不支持关单",
    says="an order paid by UnionPay is answered 23000004",
    needs="an order paid by UnionPay",
)
def union_pay(stand: Stand) -> None:
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
def digital_currency(stand: Stand) -> None:
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
def final_order(stand: Stand) -> None:
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
def second_close(stand: Stand) -> None:
    order = stand.needs.order("open")
    if stand.closed("first", order).said.trans_stat == "P":
        raise Blocked("the first close is still in progress")
    stand.expect("second", stand.ask("second", stand.request(order)), answers.TWICE)
