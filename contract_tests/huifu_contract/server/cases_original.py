"""Cases about how a close names its order: by one number, by none, by both, by one that nobody knows."""

from __future__ import annotations

from datetime import datetime, timedelta

from huifu_contract.endings import Blocked
from huifu_contract.records import Basis, Level
from huifu_contract.server import answers
from huifu_contract.server.registry import case
from huifu_contract.server.stand import NUMBERS, Stand


@case(
    "either-or-neither",
    Level.MUST,
    Basis.SPEC,
    quote="`21000000`：原请求流水号和原全局流水号不能同时为空",
    says="a close with neither number, absent or empty, is answered 21000000",
)
def either_or_neither(stand: Stand) -> None:
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
def either_or_both(stand: Stand) -> None:
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
def unknown_order(stand: Stand) -> None:
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
