"""Cases about requests that are wrong in one place: signature, members, types, lengths, dates, product.

All but the first close an order that nobody knows: the complete twin is answered for that, so an answer that is the
same shows that the mistake was not seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from huifu_contract.catalogue.record import Basis, Level
from huifu_contract.harness.laws import Blocked
from huifu_contract.reference import wire
from huifu_contract.server import answers
from huifu_contract.server.client import Reply
from huifu_contract.server.harness import ServerHarness
from huifu_contract.server.registry import case
from huifu_mock._data import read_text

REQUIRED = ("req_date", "req_seq_id", "huifu_id", "org_req_date")
LENGTHS = {"req_seq_id": 128, "huifu_id": 32, "org_req_seq_id": 128, "org_hf_seq_id": 128}
ENVELOPE_LENGTHS = {"sys_id": 32, "product_id": 32}
NO_FORM = ("2024-04-05", "240405", "202404051", "abcdefgh", "2024040 ")
NO_DAY = ("20260230", "20230229", "20241301", "00000101")
BAD_PARAMETERS = "`10000000`：入参数据不符合接口要求"


@case(
    "bad-sign",
    Level.MUST,
    Basis.SPEC,
    quote="`sign` String(512) 必填：加签结果（见加签验签说明）",
    says="a close whose signature is missing or wrong closes nothing, and the honest one afterwards does; how the "
    "refusal reads is recorded",
    needs="an open order",
)
def bad_sign(harness: ServerHarness) -> None:
    order = harness.needs.order("open")
    data = harness.request(order)
    other = {**data, "org_req_seq_id": "another"}
    foreign = wire.private(read_text("fixtures/keys/foreign_private_key.txt").strip())
    signs: Mapping[str, Mapping[str, Any]] = {
        "another key": {"change": {"sign": wire.sign(foreign, harness.asker.client.canon(data))}},
        "another data": {"change": {"sign": harness.asker.sign(other)}},
        "garbage": {"change": {"sign": "garbage"}},
        "empty": {"change": {"sign": ""}},
        "missing": {"drop": ("sign",)},
    }
    for label, how in signs.items():
        harness.refused(label, harness.ask(label, data, **how), "the signature is not the merchant's over this data")
    if not harness.wrong:
        harness.closed("honest twin", order)


@case(
    "missing-field",
    Level.MUST,
    Basis.SPEC,
    quote=BAD_PARAMETERS,
    says="each mandatory member, absent or empty, is missed: 10000000 inside `data`, any refusal outside it",
)
def missing_field(harness: ServerHarness) -> None:
    twin = _twin(harness)
    for name in REQUIRED:
        data = harness.request()
        _bad(harness, name, {key: value for key, value in data.items() if key != name})
        _bad(harness, f"{name} empty", {**data, name: ""})
    for name in ("sys_id", "product_id", "data"):
        reply = harness.ask(name, harness.request(), drop=(name,))
        harness.check(_differs(reply, twin), name, f"answered {reply}, as if nothing were missing")


@case(
    "wrong-type",
    Level.SHOULD,
    Basis.SPEC,
    quote="`req_date` String(8)：请求日期，格式yyyyMMdd，示例：`20220905`",
    says="a member of `data` that is no text is answered 10000000",
)
def wrong_type(harness: ServerHarness) -> None:
    _twin(harness)
    for name in (*REQUIRED, "org_req_seq_id"):
        for kind, value in (("number", 20240405), ("boolean", True), ("array", ["20240405"]), ("object", {"a": "b"})):
            _bad(harness, f"{name} {kind}", harness.request(**{name: value}))


@case(
    "over-length",
    Level.MUST,
    Basis.SPEC,
    quote="`org_req_seq_id` String(128)：原交易请求流水号，示例：`20211021001210****`",
    says="a member of `data` one character longer than allowed is answered 10000000, one of the longest allowed "
    "length is taken; too long ones outside `data` are refused",
)
def over_length(harness: ServerHarness) -> None:
    twin = _twin(harness)
    for name, most in LENGTHS.items():
        _bad(harness, name, harness.request(**{name: "9" * (most + 1)}))
        if name != "huifu_id":
            reply = harness.ask(f"{name} of {most}", harness.request(**{name: "8" * most}))
            label = f"{name} of {most}"
            harness.check(not answers.BAD.fits(reply.said), label, f"answered {reply}; {most} characters are allowed")
    for name, most in ENVELOPE_LENGTHS.items():
        reply = harness.ask(name, harness.request(), change={name: "9" * (most + 1)})
        harness.check(_differs(reply, twin), name, f"answered {reply}, as if {name} were right")


@case(
    "bad-date",
    Level.MUST,
    Basis.SPEC,
    quote="`org_req_date` String(8)：原交易请求日期，格式yyyyMMdd，示例：`20220905`",
    says="a date that is not written yyyyMMdd is answered 10000000, and so should be a day that no calendar has",
)
def bad_date(harness: ServerHarness) -> None:
    _twin(harness)
    for name in ("req_date", "org_req_date"):
        for level, wrong in ((None, NO_FORM), (Level.SHOULD, NO_DAY)):
            for value in wrong:
                _bad(harness, f"{name} {value}", harness.request(**{name: value}), level)


@case(
    "unknown-product",
    Level.MUST,
    Basis.SPEC,
    quote="`22000000`：产品号不存在",
    says="a `product_id` that nobody was given is answered 22000000, and a suspended one likewise with its own text",
    needs="a control API, for the second part",
)
def unknown_product(harness: ServerHarness) -> None:
    reply = harness.ask("unknown", harness.request(), change={"product_id": harness.target.unknown_product_id})
    harness.expect("unknown", reply, answers.NO_PRODUCT)
    if harness.admin is not None:
        products = harness.admin.product_ids
        harness.admin.tenant.patch(product_ids={**products, harness.asker.config.product_id: "suspended"})
        try:
            harness.expect("suspended", harness.ask("suspended", harness.request()), answers.SUSPENDED)
        finally:
            harness.admin.tenant.patch(product_ids=products)


@case(
    "extra-request-field",
    Level.SHOULD,
    Basis.VENDOR,
    quote="`data` Json 必填：业务请求参数（见下）",
    says="members that the specification does not name change nothing: all official SDKs let a merchant send more",
)
def extra_request_field(harness: ServerHarness) -> None:
    twin = _twin(harness)
    extra = {"mer_priv": "中/<&>", "remark": "", "nested": '{"a":"1"}'}
    for label, data, how in (
        ("in data", harness.request(**extra), {}),
        ("in the envelope", harness.request(), {"change": {"version": "1.0.0"}}),
    ):
        reply = harness.ask(label, data, **how)
        harness.check(reply.said == twin.said, label, f"answered {reply}, and {twin} without the extra members")


def _twin(harness: ServerHarness) -> Reply:
    """The request without the mistake. Raises Blocked if that is refused for its shape as well."""
    reply = harness.ask("complete twin", harness.request())
    if not reply.business or answers.BAD.fits(reply.said):
        raise Blocked(f"the complete twin is answered {reply}, so a refusal of the wrong one would prove nothing")
    return reply


def _bad(harness: ServerHarness, label: str, data: Mapping[str, Any], level: Level | None = None) -> None:
    harness.expect(label, harness.ask(label, data), answers.BAD, level=level)


def _differs(reply: Reply, twin: Reply) -> bool:
    return (reply.status, reply.said) != (twin.status, twin.said) and not answers.closes(reply.said)
