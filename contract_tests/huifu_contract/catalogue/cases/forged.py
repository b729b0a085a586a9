"""security/* about what no signature covers: it is not read, not sent on, and nothing is sent to where it points."""

from __future__ import annotations

import secrets
from dataclasses import replace

from huifu_contract.catalogue import record
from huifu_contract.catalogue.cases.request import PATH
from huifu_contract.catalogue.cases.security import GRADE
from huifu_contract.catalogue.record import Basis, Example, Level
from huifu_contract.catalogue.registry import case
from huifu_contract.harness.harness import Harness
from huifu_contract.harness.laws import Broken
from huifu_contract.harness.prepared_answers import answer, fault


@case(
    "security/beside-data",
    Level.MUST,
    Basis.SAFETY,
    grade=GRADE,
    quote=record.VERIFY,
    says="A trans_stat or resp_code that stands beside data is covered by no signature, and is not read, whether or "
    "not data has one of its own.",
    fixed=[
        {"field": "trans_stat", "value": "S", "code": "23000004", "stat": "F"},
        {"field": "trans_stat", "value": "F", "code": "00000000", "stat": "S"},
        {"field": "resp_code", "value": "23000004", "code": "00000000", "stat": "S"},
        {"field": "trans_stat", "value": "S", "code": "23000004", "stat": "F", "moved": True},
        {"field": "trans_stat", "value": "F", "code": "23000004", "stat": "S", "moved": True},
    ],
    rev=2,
    since="1.1",
)
def beside_data(harness: Harness, x: Example) -> None:
    harness.twin()
    field, value = x["field"], x["value"]
    beside = fault("beside-data", field=field, value=value, moved=x.get("moved", False))
    script = answer(x["code"], x["stat"], after=x["stat"] == "S"), beside
    cause = Broken("L5", f"a {field} was believed that stands beside data, where no signature covers it")
    harness.judge(harness.close(None, *script), cause=cause)


WHERE = {
    "inside": "in an earlier member",
    "text": "in the text resp_data, as in a notification",
    "before": "before it",
    "after": "after it",
}


@case(
    "security/second-data",
    Level.MUST,
    Basis.SAFETY,
    grade=GRADE,
    quote=record.VERIFY,
    says="Of a reply with two members called data, in whatever case, or with the signed text in a resp_data as a "
    "notification has it, the one is read that is verified, or none.",
    fixed=[
        *({"place": place, "stat": stat} for place in WHERE for stat in "SF"),
        *({"place": place, "stat": "F", "called": "Data"} for place in ("before", "after")),
    ],
    rev=2,
    since="1.1",
)
def second_data(harness: Harness, x: Example) -> None:
    harness.twin()
    refused = [answer("23000004", "F")] if x["stat"] == "F" else []
    name = x.get("called", "data")
    cause = Broken(
        "L5", f"{name} was believed that is not the data that was verified, which stands {WHERE[x['place']]}"
    )
    e = harness.close(None, *refused, fault("second-data", place=x["place"], called=name))
    harness.judge(replace(e, told=(x["stat"],)), cause=cause)  # who reads what he verified has read the truth


FORGED = {
    "org_hf_seq_id": "0029forged000000000000000000001",
    "org_req_seq_id": "forged-number-of-an-order",
    "org_req_date": "20010203",
    "huifu_id": "6666000999999999",
}


@case(
    "security/unverified-not-sent",
    Level.MUST,
    Basis.SAFETY,
    grade=GRADE,
    quote=record.VERIFY,
    says="What an unverified reply calls the order, its day or its merchant is not sent in a later request.",
    fixed=[{"field": field} for field in FORGED],
    since="1.1",
)
def unverified_not_sent(harness: Harness, x: Example) -> None:
    harness.twin()
    field, value = x["field"], FORGED[x["field"]]
    e = harness.close(None, answer("00000100", "P", after=True), fault("tampered", field=field, value=value))
    used = [one.op for one in e.sent if one.data is not None and value in one.data.values()]
    reply = "of an unverified reply"
    wrong = [Broken("L5", f"a {used[0]} was sent with the {field} {reply}", stable=reply)] if used else []
    harness.judge(e, also=wrong)


@case(
    "security/redirect-not-followed",
    Level.SHOULD,
    Basis.SAFETY,
    grade=GRADE,
    quote="Where a signed order goes is configured. A redirect is not signed, and anybody on the way can write one.",
    says="A signed request is not sent to another host because a redirect points there.",
    because="the request names the order and holds no secret, so nothing is lost at once; but whoever is sent a signed "
    "close can keep it, and carry it out when he likes",
    fixed=[*({"status": status} for status in (307, 308)), {"status": 307, "of": "closequery"}],
    rev=2,
    since="1.1",
)
def redirect_not_followed(harness: Harness, x: Example) -> None:
    elsewhere = "t" + secrets.token_hex(6)
    op = x.get("of", "close")
    path = PATH.removesuffix("close") + op
    where = f"{harness.tenant.base_url}/s/{elsewhere}{path}".replace("//127.0.0.1:", "//localhost:")
    there = fault("status", endpoint=op, status=x["status"], body="nothing", location=where)
    in_progress = [answer("00000100", "P", after=True)] if "of" in x else []
    e = harness.close(None, *in_progress, there, must_act=not in_progress)
    sent, _ = harness.evidence(elsewhere, None, ())
    followed = [one for one in sent if one.body]
    wrong = [Broken("L4", f"a signed {followed[0].op} was sent to where a redirect points")] if followed else []
    harness.judge(replace(e, sent=(*e.sent, *sent)), also=wrong)
