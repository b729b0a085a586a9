"""security/*: nothing may be concluded from a reply that is not authentic.

The honest twin always comes first.
"""

from __future__ import annotations

import re

from hypothesis import strategies as st

from huifu_contract.catalogue import record
from huifu_contract.catalogue.record import Basis, Example, Level
from huifu_contract.catalogue.registry import case
from huifu_contract.harness.harness import Harness
from huifu_contract.harness.laws import Broken
from huifu_contract.harness.prepared_answers import ALWAYS, answer, fault, of

GRADE = "wire decision"
FRAGMENT = 48


def silent(harness: Harness, name: str) -> None:
    """The close succeeds and its reply is spoilt: no claim may stand on it."""
    harness.twin()
    harness.judge(harness.close(None, fault(name)))


@case(
    "security/sign-missing",
    Level.MUST,
    Basis.SAFETY,
    grade=GRADE,
    quote=record.VERIFY,
    says="From a reply without a signature, or with an empty one, nothing definite is claimed.",
    fixed=[{"fault": "sign-missing"}, {"fault": "sign-empty"}],
)
def sign_missing(harness: Harness, x: Example) -> None:
    silent(harness, x["fault"])


@case(
    "security/sign-wrong-key",
    Level.MUST,
    Basis.SAFETY,
    grade=GRADE,
    quote=record.VERIFY,
    says="From a reply signed with any key but Huifu's, or with no signature at all in its place, nothing is claimed.",
    fixed=[{"fault": "sign-foreign"}, {"fault": "sign-foreign", "key": "merchant"}, {"fault": "sign-garbage"}],
)
def sign_wrong_key(harness: Harness, x: Example) -> None:
    harness.twin()
    harness.judge(harness.close(None, of(x)))


@case(
    "security/sign-replayed",
    Level.MUST,
    Basis.SAFETY,
    grade=GRADE,
    quote=record.VERIFY,
    says="A genuine signature of another reply proves nothing about this one.",
)
def sign_replayed(harness: Harness, _: Example) -> None:
    silent(harness, "sign-replayed")


@case(
    "security/tampered-field",
    Level.MUST,
    Basis.SAFETY,
    grade=GRADE,
    quote=record.VERIFY,
    says="A signed field changed after signing, above all F to S, makes the reply worthless.",
    fixed=[
        {"field": "trans_stat", "value": "S", "code": "23000004"},
        {"field": "trans_stat", "value": "F", "code": ""},
    ],
    draw=lambda: st.fixed_dictionaries(
        {
            "field": st.sampled_from(["trans_stat", "resp_code", "resp_desc", "org_trans_stat", "x_new"]),
            "value": st.sampled_from(["S", "F", "P", "00000000", "成功", ""]),
            "code": st.sampled_from(["", "23000004", "90000000"]),
        }
    ).filter(_changes),
)
def tampered_field(harness: Harness, x: Example) -> None:
    harness.twin()
    refused = [answer(x["code"], "F")] if x["code"] else []
    harness.judge(harness.close(None, *refused, fault("tampered", field=x["field"], value=x["value"])))


def _changes(x: dict[str, str]) -> bool:
    """A field that already has that value would not be changed."""
    now = {"trans_stat": "F" if x["code"] else "S", "resp_code": x["code"] or "00000000", "org_trans_stat": "F"}
    return now.get(x["field"]) != x["value"] and (x["field"], x["value"]) != ("org_trans_stat", "P")


@case(
    "security/foreign-reply",
    Level.MUST,
    Basis.SAFETY,
    grade=GRADE,
    quote="`req_seq_id` 交易时传入原样返回",
    says="A genuine reply to another request is not used for this one.",
    fixed=[{"code": "23000004", "stat": "S"}, {"code": "", "stat": "F"}],
)
def foreign_reply(harness: Harness, x: Example) -> None:
    harness.twin()
    refused = [answer(x["code"])] if x["code"] else []
    harness.judge(harness.close(None, *refused, fault("foreign-reply", trans_stat=x["stat"])))


@case(
    "security/unsigned-gateway-error",
    Level.SHOULD,
    Basis.SAFETY,
    grade=GRADE,
    quote=record.VERIFY,
    says="An unsigned JSON body with an HTTP error says nothing about the order.",
    fixed=[{"status": status} for status in (400, 401, 500, 502, 922)],
)
def unsigned_gateway_error(harness: Harness, x: Example) -> None:
    harness.twin()
    harness.judge(harness.close(None, of({"fault": "status", "status": x["status"], "body": "json"})))


@case(
    "security/no-key-leak",
    Level.MUST,
    Basis.SAFETY,
    grade=GRADE,
    quote="The merchant's private key never leaves the merchant.",
    says="No part of the private key or the webhook key is in a request, a header, the claim or stderr.",
)
def no_key_leak(harness: Harness, _: Example) -> None:
    mark = harness.driver.mark()
    calls = [harness.twin(), harness.close(None, answer("98888888", times=ALWAYS)), harness.close(None, fault("html"))]
    said = [harness.driver.stderr(mark)]
    for e in calls:
        said += [repr(e.outcome), *(one.body.decode("utf-8", "replace") for one in e.sent)]
        said += [value for one in e.sent for _, value in one.headers]
    leaks = leaked("\n".join(said), [harness.tenant.merchant_private_key, harness.tenant.webhook_key])
    harness.judge(calls[0], also=[Broken("C", "a secret key was given away")] if leaks else [])


def leaked(said: str, secrets: list[str]) -> bool:
    """Whole keys and fragments of 48 characters, whatever white space is in between."""
    bare = re.sub(r"\s|\\n", "", said)
    for secret in secrets:
        key = re.sub(r"\s", "", secret)
        step = range(0, max(1, len(key) - FRAGMENT + 1), 8)
        if any(key[at : at + FRAGMENT] in bare for at in step):
            return True
    return False
