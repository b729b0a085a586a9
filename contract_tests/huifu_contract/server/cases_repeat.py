"""Cases about the same request again, the same number for something else, and two closes at once."""

from __future__ import annotations

from huifu_contract.records import Basis, Level
from huifu_contract.server import answers
from huifu_contract.server.registry import case
from huifu_contract.server.stand import Stand

SAME = "**幂等性**：相同参数重复调用会返回相同结果"


@case(
    "same-request-same-result",
    Level.MUST,
    Basis.SPEC,
    quote=SAME,
    says="the same request again, byte for byte or with its members in another order, gets the same `data`; so does "
    "a refused one",
    needs="an open order",
)
def same_request_same_result(stand: Stand) -> None:
    order = stand.needs.order("open")
    data = stand.request(order)
    first = stand.closed("first", order, **data)
    for label, again in (("identical", data), ("members in another order", dict(reversed(data.items())))):
        reply = stand.ask(label, again)
        stand.check(reply.data == first.data, label, f"answered {reply}, and {first} the first time")
    unknown = stand.request()
    first = stand.ask("refused", unknown)
    reply = stand.ask("refused again", unknown)
    stand.check(reply.said == first.said, "refused again", f"answered {reply}, and {first} the first time")


@case(
    "seq-reuse-other-order",
    Level.MUST,
    Basis.SPEC,
    quote="`req_seq_id` String(128)：请求流水号，同一huifu_id下当天唯一，示例：`rQ2021121311173944134649875651`",
    says="a number that closed one order does not close another on the same day; the code of the refusal is recorded, "
    "and so is what the number does on the next day",
    needs="two open orders",
)
def seq_reuse_other_order(stand: Stand) -> None:
    first, second = stand.needs.order("open"), stand.needs.order("open")
    data = stand.request(first)
    stand.closed("first order", first, **data)
    number = {name: data[name] for name in ("req_date", "req_seq_id")}
    reply = stand.ask("second order", stand.request(second, **number))
    stand.refused("second order", reply, "its number was used today for another order")
    if stand.admin is not None:
        stand.ask("second order, another day", stand.request(second, **{**number, "req_date": "20990101"}))


@case(
    "concurrent-close",
    Level.MUST,
    Basis.SPEC,
    quote="`20000001`：并发冲突,请稍后重试",
    says="while a close is in progress another one is answered 20000001 with the text of the conflict; of two closes "
    "at once only one succeeds",
    needs="an open order; an order whose close takes time, for the first part",
)
def concurrent_close(stand: Stand) -> None:
    order = stand.needs.order("open")
    replies = stand.asker.at_once([stand.request(order), stand.request(order)])
    for place, reply in enumerate(sorted(replies, key=lambda reply: reply.said), 1):
        stand.note(f"at once, {place}", reply)
    won = [reply for reply in replies if answers.closes(reply.said)]
    stand.check(len(won) == 1, "at once", f"answered {replies[0]} and {replies[1]}; expected that one succeeds")
    for reply in replies:
        if reply not in won:
            stand.expect("at once", reply, answers.CONFLICT, answers.TWICE)
    if stand.admin is not None:
        order = stand.needs.order("closing")
        if stand.closed("in progress", order).said.trans_stat == "P":
            stand.expect("meanwhile", stand.ask("meanwhile", stand.request(order)), answers.CONFLICT)
