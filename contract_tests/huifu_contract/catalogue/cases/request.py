"""request/*: what is sent.

Judged by the journal alone; every case varies one thing, so that one mistake is one red.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from huifu_contract import strategies as hs
from huifu_contract.catalogue import record
from huifu_contract.catalogue.cases.sent import became, drawn, full, given, read, unchanged
from huifu_contract.catalogue.record import Basis, Example, Level
from huifu_contract.catalogue.registry import case
from huifu_contract.harness.differences import CONTROL, Difference, change
from huifu_contract.harness.evidence import SentRequest
from huifu_contract.harness.harness import Harness
from huifu_contract.harness.laws import Blocked, Broken, real_date, signature

PATH = "/v2/trade/payment/scanpay/close"
BASE64 = re.compile(r"[A-Za-z0-9+/]{4,}={0,2}")
SPECIALS = ('"', "\\", "/", "<", ">", "&", "\t", "\n")


class Refused(Blocked):
    """The client refused the parameters, and sent nothing."""


def sent_close(harness: Harness, params: Mapping[str, str], *, legal: bool = False) -> SentRequest:
    """The first close that these parameters lead to; a client may not refuse `legal` ones."""
    e = harness.close(params=params)
    if not e.closes:
        check(harness, not (legal and e.claim == "rejected"), "a close of an order with a legal number was refused")
        if e.claim == "crashed":
            harness.judge(e)
        raise harness.unsent(e, Refused if e.claim == "rejected" else Blocked)
    return e.closes[0]


def check(harness: Harness, condition: bool, message: str, detail: str = "", stable: str = "") -> None:
    """A condition on the wire alone: what the client then claims is not this case's business."""
    harness.check_wire([] if condition else [Broken("L3", message, detail, stable=stable)])


@case(
    "request/endpoint",
    Level.MUST,
    Basis.SPEC,
    grade="wire",
    quote=record.JSON,
    says="A POST with a JSON content type, in UTF-8, and a JSON object reaches exactly the path of the close.",
    rev=2,
)
def endpoint(harness: Harness, _: Example) -> None:
    one = sent_close(harness, full(harness))
    kind = next((value for name, value in one.headers if name.lower() == "content-type"), "")
    check(harness, one.path == PATH, "the close went to another path", one.path)
    check(harness, kind.lower().partition(";")[0].strip() == "application/json", "the content type is not JSON", kind)
    charset = kind.lower().partition("charset=")[2].partition(";")[0].strip('" ')
    check(harness, charset in ("", "utf-8", "utf8"), "the content type names another charset than UTF-8", kind)
    check(harness, isinstance(_body(one), dict), "the body is not a JSON object")


def _body(one: SentRequest) -> Any:
    try:
        return json.loads(one.body)
    except ValueError:
        return None


@case(
    "request/envelope",
    Level.MUST,
    Basis.SPEC,
    grade="wire",
    quote=record.ENVELOPE,
    says="sys_id, product_id and sign are texts, data is an object, and the required members of data are there.",
)
def envelope(harness: Harness, _: Example) -> None:
    one = sent_close(harness, full(harness))
    body = _body(one)
    members = body if isinstance(body, dict) else {}
    for name, value in (("sys_id", harness.tenant.sys_id), ("product_id", harness.tenant.product_id)):
        check(harness, members.get(name) == value, f"{name} is not the configured one", str(members.get(name)))
    check(harness, isinstance(members.get("sign"), str) and bool(members["sign"]), "sign is no text")
    check(harness, isinstance(members.get("data"), dict), "data is not an object")
    missing = [name for name in hs.REQUIRED if name not in members["data"]]
    check(harness, not missing, "a required member of data is missing", ", ".join(missing))


@case(
    "request/values-are-strings",
    Level.MUST,
    Basis.SPEC,
    grade="wire",
    quote=record.LENGTHS,
    says="Ids and dates stay texts: 16 digits survive, leading zeros are kept.",
    fixed=[
        {"req_seq_id": "0012", "org_req_seq_id": "9007199254740993"},
        {"huifu_id": "0066", "org_hf_seq_id": "0030", "org_req_seq_id": None},
        {"req_seq_id": "1.10", "org_req_seq_id": "1e5"},
    ],
    draw=lambda: drawn(
        req_seq_id=st.text("0123456789", min_size=1, max_size=24),
        org_req_seq_id=st.text("0123456789", min_size=1, max_size=24),
    ),
    rev=2,
)
def values_are_strings(harness: Harness, x: Example) -> None:
    data = sent_close(harness, full(harness, **x)).data or {}
    for name, value in data.items():
        if value is None and not x.get(name):
            continue  # the number that was not given: that is for by-org-req-seq-id and by-org-hf-seq-id to judge
        given = x.get(name) or (value if isinstance(value, str) else str(value))
        differs = (Difference.of(name, given, value),)
        if not isinstance(value, str):
            message = f"a value was not sent as text: {name}, {change(given, value)}"
            harness.check_wire([Broken("L3", message, differs=differs, stable="was not sent as text")])
        if value != given:
            message = f"a number of digits did not survive: {name}, {became(harness, name, given, value)}"
            harness.check_wire([Broken("L3", message, differs=differs)])
    harness.check_wire([])


@case(
    "request/values-unchanged",
    Level.MUST,
    Basis.SAFETY,
    grade="wire",
    quote=record.TRUE + " A close of another number is a close of another order.",
    says="Values arrive as they were given: not trimmed, cut, normalised or escaped.",
    fixed=[{"req_seq_id": " a ", "org_req_seq_id": "e\u0301"}, {"req_seq_id": "%41+\\u003c", "org_req_seq_id": "A a"}],
    draw=lambda: drawn(req_seq_id=hs.tricky_text(), org_req_seq_id=hs.tricky_text()),
)
def values_unchanged(harness: Harness, x: Example) -> None:
    unchanged(harness, sent_close(harness, full(harness, **x)), x)


def verifies(harness: Harness, params: Mapping[str, str]) -> None:
    one = sent_close(harness, params)
    read(harness, one)
    harness.check_wire(signature(one))


@case(
    "request/sign-verifies",
    Level.MUST,
    Basis.VENDOR,
    grade="wire",
    quote=record.SIGNING,
    says="The signature of plain parameters verifies and is standard Base64 on one line.",
    draw=lambda: drawn(req_seq_id=hs.plain_text(), org_req_seq_id=hs.plain_text()),
)
def sign_verifies(harness: Harness, x: Example) -> None:
    one = sent_close(harness, full(harness, **x))
    sign = (_body(one) or {}).get("sign")
    check(harness, isinstance(sign, str) and bool(BASE64.fullmatch(sign)), "sign is not one line of Base64")
    harness.check_wire(signature(one))


@case(
    "request/sign-key-order",
    Level.MUST,
    Basis.VENDOR,
    grade="wire",
    quote=record.SIGNING,
    says="The signature verifies whatever the order in which the application gives the parameters.",
    fixed=[{"order": ["req_seq_id", "req_date", "org_req_seq_id", "org_req_date", "huifu_id"]}],
    draw=lambda: drawn(order=st.permutations(sorted((*hs.REQUIRED, "org_req_seq_id")))),
)
def sign_key_order(harness: Harness, x: Example) -> None:
    params = full(harness)
    verifies(harness, {name: params[name] for name in x["order"]})


@case(
    "request/sign-non-ascii",
    Level.MUST,
    Basis.VENDOR,
    grade="wire",
    quote=record.SIGNING,
    says="The signature verifies with CJK, accents and characters beyond the BMP, also escaped, which is recorded.",
    fixed=[{"text": "关单"}, {"text": "é"}, {"text": "😀"}],
    draw=lambda: drawn(text=st.text(st.sampled_from("关单中文éüßñ😀𠮷，～"), min_size=1, max_size=16)),
)
def sign_non_ascii(harness: Harness, x: Example) -> None:
    verifies(harness, full(harness, org_req_seq_id=x["text"]))


@case(
    "request/sign-json-specials",
    Level.MUST,
    Basis.VENDOR,
    grade="wire",
    quote=record.SIGNING,
    says='The signature verifies with " \\ / < > &, tab and line feed in a value; / also as \\/, which is recorded.',
    fixed=[{"text": f"a{special}b"} for special in SPECIALS],
    draw=lambda: drawn(text=st.text(st.sampled_from([*SPECIALS, "a", "b"]), min_size=1, max_size=12)),
)
def sign_json_specials(harness: Harness, x: Example) -> None:
    try:
        verifies(harness, full(harness, org_req_seq_id=x["text"]))
    except Refused:
        if not CONTROL.search(x["text"]):
            raise
        harness.check_wire([])  # the page forbids no character, and a client may be careful


@case(
    "request/sign-covers-sent-data",
    Level.MUST,
    Basis.VENDOR,
    grade="wire",
    quote=record.SIGNING,
    says="What is signed is what is sent, with optional values empty, absent or there, and with the merchant of the "
    "configuration where a close names none.",
    fixed=[{"org_hf_seq_id": ""}, {"org_hf_seq_id": None}, {"org_hf_seq_id": "0029x"}, {"huifu_id": None}],
    rev=2,
    draw=lambda: drawn(org_hf_seq_id=st.none() | st.just("") | hs.plain_text()),
)
def sign_covers_sent_data(harness: Harness, x: Example) -> None:
    if "huifu_id" not in x:
        verifies(harness, full(harness, **x))
        return
    e = harness.close(params=full(harness, **x))
    harness.check_wire([])  # an application may want to be told the merchant, and add none
    name = "huifu_id"
    for one in e.closes[:1]:
        got = read(harness, one).get(name)
        check(harness, got in (None, harness.config[name]), f"{name} is not the configured one", str(got))
        harness.check_wire(signature(one))


@case(
    "request/by-org-req-seq-id",
    Level.MUST,
    Basis.SPEC,
    grade="wire",
    quote=record.ONE_OF_TWO,
    says="Given org_req_seq_id alone, only that one is sent; the other is left out, not sent empty.",
    rev=2,
)
def by_org_req_seq_id(harness: Harness, _: Example) -> None:
    _only(harness, "org_req_seq_id", "org_hf_seq_id")


@case(
    "request/by-org-hf-seq-id",
    Level.MUST,
    Basis.SPEC,
    grade="wire",
    quote=record.ONE_OF_TWO,
    says="Given org_hf_seq_id alone, only that one is sent; the other is left out, not sent empty.",
    rev=2,
)
def by_org_hf_seq_id(harness: Harness, _: Example) -> None:
    _only(harness, "org_hf_seq_id", "org_req_seq_id")


def _only(harness: Harness, name: str, other: str) -> None:
    order = harness.order()
    params = harness.params(order, **{other: None, name: getattr(order, name.removeprefix("org_"))})
    data = sent_close(harness, params).data or {}
    check(harness, data.get(name) == params[name], f"{name} was not sent", str(data.get(name)))
    if other in data:
        how = "empty" if data[other] in ("", None) else "with a value"
        differs = (Difference.of(other, None, data[other]),)
        harness.check_wire([Broken("L3", f"{other} was sent {how} although it was not given", differs=differs)])


@case(
    "request/both-numbers",
    Level.SHOULD,
    Basis.SAFETY,
    grade="wire",
    quote=record.TRUE + " Whether both numbers name one order is for the gateway to see, so it is shown both.",
    says="Given both numbers of an order, both are sent.",
    because="the page asks for one of the two; the second is a safeguard of the application",
    since="1.1",
)
def both_numbers(harness: Harness, _: Example) -> None:
    order = harness.order()
    params = harness.params(order, org_hf_seq_id=order.hf_seq_id)
    unchanged(
        harness, sent_close(harness, params), {name: params[name] for name in ("org_req_seq_id", "org_hf_seq_id")}
    )


@case(
    "request/neither-id",
    Level.SHOULD,
    Basis.SPEC,
    grade="wire",
    quote=record.ONE_OF_TWO,
    says="Given neither number, the client refuses and sends nothing, or sends it and believes the 21000000.",
    because="the page has a code for it, so to ask the gateway is legal too; only to crash or to guess is not",
)
def neither_id(harness: Harness, _: Example) -> None:
    e = harness.close(params=full(harness, org_req_seq_id=None))
    harness.judge(e)
    told = e.claim == "not_closed" or not harness.decides
    harness.demand(e, e.claim == "rejected" or (bool(e.sent) and told), f"claims {e.claim} for a close of no order")


@case(
    "request/date-format",
    Level.MUST,
    Basis.SPEC,
    grade="wire",
    quote=record.DATE,
    says="Days arrive as yyyyMMdd, months and days with two digits; generated ones too.",
    fixed=[
        {"req_date": "20240102", "org_req_date": "20240229"},
        {"req_date": "20241231", "org_req_date": "20210101", "org_req_seq_id": "20231231235959001"},
        {"req_date": "20240301", "org_req_date": "20241230", "req_seq_id": "20231231000000001"},
    ],
    draw=lambda: drawn(req_date=hs.req_dates(), org_req_date=hs.req_dates()),
)
def date_format(harness: Harness, x: Example) -> None:
    one = sent_close(harness, full(harness, **x))
    for name in ("req_date", "org_req_date"):
        day = (one.data or {}).get(name)
        differs = (Difference.of(name, x[name], day),)
        wrong = [Broken("L3", f"{name} is not the given day as yyyyMMdd", change(x[name], day), differs)]
        harness.check_wire([] if day == x[name] else wrong)
    harness.check_wire(signature(one))
    if "generates-date" in harness.hello.claims:
        one = sent_close(harness, full(harness, req_date=None))
        made = (one.data or {}).get("req_date")
        check(harness, isinstance(made, str) and real_date(made), "a generated req_date is not yyyyMMdd", str(made))
        harness.check_wire(signature(one))


def _long(most: int) -> SearchStrategy[str]:
    return st.integers(1, most).map(lambda length: "x" * length)


@case(
    "request/length-limits",
    Level.MUST,
    Basis.SPEC,
    grade="wire",
    quote=record.LENGTHS,
    says="Numbers of 1 to 128 characters and merchants of 1 to 32 are sent as they are; characters count, not bytes.",
    fixed=[
        {"req_seq_id": "x" * 127 + "a", "huifu_id": "6" * 31 + "7", "org_req_seq_id": "y" * 127 + "b"},
        {"org_hf_seq_id": "0030" + "z" * 123 + "c", "org_req_seq_id": None},
        {"req_seq_id": "x", "huifu_id": "6", "org_req_seq_id": "y"},
        {"req_seq_id": "单" * 128, "huifu_id": "6", "org_req_seq_id": "号" * 128},
        {"org_hf_seq_id": "单" * 128, "org_req_seq_id": None},
    ],
    rev=2,
    draw=lambda: drawn(req_seq_id=_long(128), huifu_id=_long(32), org_req_seq_id=_long(128)),
)
def length_limits(harness: Harness, x: Example) -> None:
    e = harness.close(params=full(harness, **x))
    harness.judge(e)
    legal = "length" if all(value is None or value.isascii() for value in x.values()) else "number that is not ASCII"
    check(harness, e.claim != "rejected", f"a legal {legal} was refused", _lengths(x))
    if not e.closes:
        raise harness.unsent(e)
    unchanged(harness, e.closes[0], given(x))
    harness.check_wire(signature(e.closes[0]))


def _lengths(x: Example) -> str:
    return ", ".join(f"{name} {len(value)}" for name, value in x.items() if value is not None)


@case(
    "request/over-length",
    Level.SHOULD,
    Basis.SPEC,
    grade="wire",
    quote=record.LENGTHS,
    says="A number that is too long is refused, or sent whole and the 10000000 believed; it is never cut.",
    because="the page gives the length, and the gateway refuses what is longer: nothing is lost but a call",
    fixed=[{"name": "req_seq_id", "length": 129}, {"name": "org_req_seq_id", "length": 129}],
    draw=lambda: drawn(name=st.sampled_from(["req_seq_id", "org_req_seq_id"]), length=st.integers(129, 300)),
)
def over_length(harness: Harness, x: Example) -> None:
    value = "x" * x["length"]
    e = harness.close(params=full(harness, **{x["name"]: value}))
    harness.judge(e)
    if e.claim != "rejected":
        if not e.closes:
            raise harness.unsent(e)
        same = all((one.data or {}).get(x["name"]) == value for one in e.closes)
        cut = "was cut or changed"
        check(harness, same, f"{x['name']} {cut}", f"{x['length']} characters given", cut)
