"""Cases about the reply: its shape and signature, and repeated and concurrent requests."""

from __future__ import annotations

from huifu_contract import schemas
from huifu_contract.catalogue.record import Basis, Level
from huifu_contract.server import answers
from huifu_contract.server.harness import ECHOED, NUMBERS, ServerHarness, echo
from huifu_contract.server.registry import case
from huifu_mock.schemas import schema

LABEL_OF_SIGN = "`sign` String(512) 必填：返回值签名"


@case(
    "signed-reply",
    Level.MUST,
    Basis.SPEC,
    quote=LABEL_OF_SIGN,
    says="every reply, refusals included, is JSON with `data` and a `sign` that verifies with Huifu's public key",
)
def signed_reply(harness: ServerHarness) -> None:
    for label, reply in harness.tour().items():
        fine = reply.business and reply.signed
        why = "the signature is missing or does not verify" if reply.business else "no readable reply with HTTP 200"
        harness.check(fine, label, f"answered {reply}; {why}")


@case(
    "reply-schema",
    Level.MUST,
    Basis.SPEC,
    quote="`resp_code` String(8) 必填：业务响应码",
    says="`data` of every reply has the mandatory members, each in its type, length and range",
)
def reply_schema(harness: ServerHarness) -> None:
    known = schema("close/response").contents["properties"]
    for label, reply in harness.tour().items():
        data = {name: value for name, value in reply.data.items() if name in known}  # others are nobody's promise
        harness.check(not (wrong := schemas.complaint("close/response", data)), label, str(wrong))


@case(
    "echo-fields",
    Level.MUST,
    Basis.SPEC,
    quote="`req_date` String(8) 必填：请求日期，交易时传入原样返回，示例：`20220905`",
    says="req_date, req_seq_id, huifu_id and org_req_date come back as they were sent, and so do the original's "
    "numbers if they come back at all",
)
def echo_fields(harness: ServerHarness) -> None:
    for label, reply in harness.tour().items():
        if label == "too long":
            continue  # what could not be taken need not be given back
        for name in ECHOED:
            harness.check(echo(reply, name) == "same", label, f"{name} comes back {echo(reply, name)}")
        for name in NUMBERS:
            harness.check(echo(reply, name) not in ("other", "empty"), label, f"{name} comes back {echo(reply, name)}")


@case(
    "trans-stat-always",
    Level.MUST,
    Basis.SPEC,
    quote="**状态判断**：以 `trans_stat` 字段为准判断关单状态",
    says="every reply has a `trans_stat` of P, S or F, so that a client never has to decide by the code",
)
def trans_stat_always(harness: ServerHarness) -> None:
    for label, reply in harness.tour().items():
        stat = reply.data.get("trans_stat")
        harness.check(stat in ("P", "S", "F"), label, f"trans_stat is {stat!r}")


@case(
    "canonical-bytes",
    Level.SHOULD,
    Basis.VENDOR,
    quote='- **加签验签**：参考"接入指引-开发指南"',
    says="`data` comes in the very bytes that are signed: names sorted, compact, raw UTF-8; some official SDKs verify "
    "the bytes they receive, others sort them again, and this is the one shape that all of them accept",
)
def canonical_bytes(harness: ServerHarness) -> None:
    for label, reply in harness.tour().items():
        if reply.envelope is not None:
            harness.check(reply.canonical, label, "the bytes of `data` are not their canonical form")


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
def same_request_same_result(harness: ServerHarness) -> None:
    order = harness.needs.order("open")
    data = harness.request(order)
    first = harness.closed("first", order, **data)
    for label, again in (("identical", data), ("members in another order", dict(reversed(data.items())))):
        reply = harness.ask(label, again)
        harness.check(reply.data == first.data, label, f"answered {reply}, and {first} the first time")
    unknown = harness.request()
    first = harness.ask("refused", unknown)
    reply = harness.ask("refused again", unknown)
    harness.check(reply.said == first.said, "refused again", f"answered {reply}, and {first} the first time")


@case(
    "seq-reuse-other-order",
    Level.MUST,
    Basis.SPEC,
    quote="`req_seq_id` String(128)：请求流水号，同一huifu_id下当天唯一，示例：`rQ2021121311173944134649875651`",
    says="a number that closed one order does not close another on the same day; the code of the refusal is recorded, "
    "and so is what the number does on the next day",
    needs="two open orders",
)
def seq_reuse_other_order(harness: ServerHarness) -> None:
    first, second = harness.needs.order("open"), harness.needs.order("open")
    data = harness.request(first)
    harness.closed("first order", first, **data)
    number = {name: data[name] for name in ("req_date", "req_seq_id")}
    reply = harness.ask("second order", harness.request(second, **number))
    harness.refused("second order", reply, "its number was used today for another order")
    if harness.admin is not None:
        harness.ask("second order, another day", harness.request(second, **{**number, "req_date": "20990101"}))


@case(
    "concurrent-close",
    Level.MUST,
    Basis.SPEC,
    quote="`20000001`：并发冲突,请稍后重试",
    says="while a close is in progress another one is answered 20000001 with the text of the conflict; of two closes "
    "at once only one succeeds",
    needs="an open order; an order whose close takes time, for the first part",
)
def concurrent_close(harness: ServerHarness) -> None:
    order = harness.needs.order("open")
    replies = harness.asker.at_once([harness.request(order), harness.request(order)])
    for place, reply in enumerate(sorted(replies, key=lambda reply: reply.said), 1):
        harness.note(f"at once, {place}", reply)
    won = [reply for reply in replies if answers.closes(reply.said)]
    harness.check(len(won) == 1, "at once", f"answered {replies[0]} and {replies[1]}; expected that one succeeds")
    for reply in replies:
        if reply not in won:
            harness.expect("at once", reply, answers.CONFLICT, answers.TWICE)
    if harness.admin is not None:
        order = harness.needs.order("closing")
        if harness.closed("in progress", order).said.trans_stat == "P":
            harness.expect("meanwhile", harness.ask("meanwhile", harness.request(order)), answers.CONFLICT)
