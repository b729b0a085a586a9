"""Cases about the shape of every reply. They look at one reply of each sort, success and refusals alike."""

from __future__ import annotations

from huifu_contract import schemas
from huifu_contract.records import Basis, Level
from huifu_contract.server.registry import case
from huifu_contract.server.stand import ECHOED, NUMBERS, Stand, echo
from huifu_mock.schemas import schema

LABEL_OF_SIGN = "`sign` String(512) 必填：返回值签名"


@case(
    "signed-reply",
    Level.MUST,
    Basis.SPEC,
    quote=LABEL_OF_SIGN,
    says="every reply, refusals included, is JSON with `data` and a `sign` that verifies with Huifu's public key",
)
def signed_reply(stand: Stand) -> None:
    for label, reply in stand.tour().items():
        fine = reply.business and reply.signed
        why = "the signature is missing or does not verify" if reply.business else "no readable reply with HTTP 200"
        stand.check(fine, label, f"answered {reply}; {why}")


@case(
    "reply-schema",
    Level.MUST,
    Basis.SPEC,
    quote="`resp_code` String(8) 必填：业务响应码",
    says="`data` of every reply has the mandatory members, each in its type, length and range",
)
def reply_schema(stand: Stand) -> None:
    known = schema("close/response").contents["properties"]
    for label, reply in stand.tour().items():
        data = {name: value for name, value in reply.data.items() if name in known}  # others are nobody's promise
        stand.check(not (wrong := schemas.complaint("close/response", data)), label, str(wrong))


@case(
    "echo-fields",
    Level.MUST,
    Basis.SPEC,
    quote="`req_date` String(8) 必填：请求日期，交易时传入原样返回，示例：`20220905`",
    says="req_date, req_seq_id, huifu_id and org_req_date come back as they were sent, and so do the original's "
    "numbers if they come back at all",
)
def echo_fields(stand: Stand) -> None:
    for label, reply in stand.tour().items():
        if label == "too long":
            continue  # what could not be taken need not be given back
        for name in ECHOED:
            stand.check(echo(reply, name) == "same", label, f"{name} comes back {echo(reply, name)}")
        for name in NUMBERS:
            stand.check(echo(reply, name) not in ("other", "empty"), label, f"{name} comes back {echo(reply, name)}")


@case(
    "trans-stat-always",
    Level.MUST,
    Basis.SPEC,
    quote="**状态判断**：以 `trans_stat` 字段为准判断关单状态",
    says="every reply has a `trans_stat` of P, S or F, so that a client never has to decide by the code",
)
def trans_stat_always(stand: Stand) -> None:
    for label, reply in stand.tour().items():
        stat = reply.data.get("trans_stat")
        stand.check(stat in ("P", "S", "F"), label, f"trans_stat is {stat!r}")


@case(
    "canonical-bytes",
    Level.SHOULD,
    Basis.VENDOR,
    quote='- **加签验签**：参考"接入指引-开发指南"',
    says="`data` comes in the very bytes that are signed: names sorted, compact, raw UTF-8; some official SDKs verify "
    "the bytes they receive, others sort them again, and this is the one shape that all of them accept",
)
def canonical_bytes(stand: Stand) -> None:
    for label, reply in stand.tour().items():
        if reply.envelope is not None:
            stand.check(reply.canonical, label, "the bytes of `data` are not their canonical form")
