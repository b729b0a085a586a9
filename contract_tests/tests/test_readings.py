"""Of a false outcome the kit tells after which reply it was reported, what that says, and what is right."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from huifu_contract.grading.exchanges import sequence
from huifu_contract.harness.evidence import NOTHING, Evidence, SentRequest, SignedReply, Truth, heard
from huifu_contract.harness.laws import resolution, silence, soundness
from huifu_contract.harness.readings import misread, unread, what_came
from huifu_contract.outcome import Hello, Outcome
from huifu_contract.reports.failures import in_chinese


def reply(code: str | None, stat: str | None, payment: str | None = None, **more: object) -> SignedReply:
    return replace(SignedReply(resp_code=code, trans_stat=stat, org_trans_stat=payment), **more)  # type: ignore[arg-type]  # by name


def evidence(claim: str, *heard: SignedReply, query: bool = False, closed: bool = False) -> Evidence:
    """A close with each of these replies; with `query` the last is that to a closequery."""
    ops = ["close"] * (len(heard) - query) + ["closequery"] * query
    sent = tuple(SentRequest(op=op, heard=one) for op, one in zip(ops, heard, strict=True))
    return Evidence(Outcome(claim), sent=sent, truth=Truth(closed=closed), hello=Hello())


KEY = generate_private_key(65537, 1024).public_key()
HUIFU = base64.b64encode(KEY.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
PENDING, UNKNOWN = "right: pending, unless closequery tells more", "right: unknown, unless closequery tells more"
AGAIN = "right: unknown or pending, and the same close again after a pause"
P_SAYS = "trans_stat P says that the close is in progress, and may succeed or fail"
F_SAYS = "trans_stat F says that the order was not closed"
FINAL = "23000000 says that the order is in a final state: paid, failed, or closed before"
PAYMENT = "is the state of the payment and not of the close"
PROCESSED = "resp_code 00000000 says that the request was processed and not that the order is closed"

MISREAD = [
    (
        evidence("closed", reply("23000000", "F")),
        ("closed after the reply to a close: resp_code 23000000, trans_stat F", FINAL, UNKNOWN),
    ),
    (
        evidence("not_closed", reply("23000000", "F"), closed=True),
        ("not_closed after the reply to a close: resp_code 23000000, trans_stat F", FINAL, UNKNOWN),
    ),
    (
        evidence("closed", reply("00000000", "F")),
        ("closed after the reply to a close: resp_code 00000000, trans_stat F", F_SAYS, PROCESSED, "right: not_closed"),
    ),
    (
        evidence("closed", reply("00000100", "P"), reply("00000000", "F", "S"), query=True),
        (
            "closed after the reply to a closequery: resp_code 00000000, trans_stat F, org_trans_stat S",
            F_SAYS,
            f"org_trans_stat S {PAYMENT}",
            PROCESSED,
            "right: not_closed",
        ),
    ),
    (
        evidence("not_closed", reply("00000100", "P", "F"), closed=True),
        (
            "not_closed after the reply to a close: resp_code 00000100, trans_stat P, org_trans_stat F",
            P_SAYS,
            f"org_trans_stat F {PAYMENT}",
            PENDING,
        ),
    ),
    (
        evidence("not_closed", reply("98888888", "P"), closed=True),
        (
            "not_closed after the reply to a close: resp_code 98888888, trans_stat P",
            P_SAYS,
            "resp_code 98888888 does not decide where trans_stat is P",
            PENDING,
        ),
    ),
    (
        evidence("not_closed", reply("99999999", "F"), closed=True),
        (
            "not_closed after the reply to a close: resp_code 99999999, trans_stat F",
            "99999999 is an error inside the gateway, and what became of the close is open",
            UNKNOWN,
        ),
    ),
    (
        evidence("not_closed", reply("20000001", "F"), reply("20000001", "F"), closed=True),
        (
            "not_closed after the reply to a close that was sent again: resp_code 20000001, trans_stat F",
            "20000001 says that the order is too young, or that another close is in progress and may succeed",
            AGAIN,
        ),
    ),
    (
        evidence("not_closed", NOTHING, reply("23000001", "F"), query=True, closed=True),
        (
            "not_closed after the reply to a closequery: resp_code 23000001, trans_stat F",
            "23000001 says that no close is known yet, and one that was sent may still be carried out",
            AGAIN,
        ),
    ),
    (
        evidence("not_closed", NOTHING, reply("23000004", "F"), closed=True),
        (
            "not_closed after the reply to a close that was sent again: resp_code 23000004, trans_stat F",
            "F says so of this attempt alone: one before it may have been carried out",
            UNKNOWN,
        ),
    ),
    (
        evidence("not_closed", reply("00000100", "P"), reply("00000000", "S"), query=True, closed=True),
        (
            "not_closed after the reply to a closequery: resp_code 00000000, trans_stat S",
            "trans_stat S says that the order is closed",
            "right: closed",
        ),
    ),
    (
        evidence("closed", reply("00000000", "s", unlisted='"s" (bytes 73)')),
        (
            'closed after the reply to a close: resp_code 00000000, trans_stat "s" (bytes 73)',
            'trans_stat "s" (bytes 73) is none of P, S and F, and says nothing',
            PROCESSED,
            UNKNOWN,
        ),
    ),
    (
        evidence("not_closed", reply("23000004", None, "F"), closed=True),
        (
            "not_closed after the reply to a close: resp_code 23000004, org_trans_stat F",
            "a reply without trans_stat says nothing of the close",
            f"org_trans_stat F {PAYMENT}",
            UNKNOWN,
        ),
    ),
    (
        evidence("closed", NOTHING, closed=True),
        (
            "closed after a close without a reply",
            "without a reply the close may have been carried out all the same",
            UNKNOWN,
        ),
    ),
    (
        evidence("not_closed", reply("00000100", "P"), NOTHING, query=True, closed=True),
        ("not_closed after a closequery without a reply", "no reply says nothing", UNKNOWN),
    ),
    (
        evidence("closed", replace(NOTHING, status=204), closed=True),
        ("closed after a close that was answered with HTTP 204 alone", "HTTP 204 says nothing of the order", UNKNOWN),
    ),
    (
        evidence("closed", SignedReply(genuine=False, why="it came with HTTP 400"), closed=True),
        ("closed after the reply to a close", "that reply proves nothing: it came with HTTP 400", UNKNOWN),
    ),
]
IDS = ["; ".join(parts)[:70] for _, parts in MISREAD]


@pytest.mark.parametrize(("given", "parts"), MISREAD, ids=IDS)
def test_a_false_outcome_is_told_with_the_reply_that_it_came_after(given: Evidence, parts: tuple[str, ...]) -> None:
    told = "; ".join(("reported " + parts[0], *parts[1:]))
    assert misread(given) == told
    assert told in [broken.detail for broken in soundness(given)]
    chinese = in_chinese(told).split("；")
    assert len(chinese) == len(parts)
    assert all(not said.isascii() for said in chinese)


@pytest.mark.parametrize(
    "given",
    [
        evidence("closed"),
        evidence("closed", reply("00000000", "S")),
        evidence("not_closed", reply("23000004", "F"), closed=True),
        replace(evidence("closed", reply("00000000", "F")), told=("F",)),
    ],
    ids=["nothing sent", "it said so", "it said not", "a webhook told"],
)
def test_where_no_reply_explains_a_false_outcome_the_truth_is_told(given: Evidence) -> None:
    assert misread(given) == ""
    assert [broken.detail for broken in soundness(given)] == [given.truth.words()]


def test_a_reply_that_is_not_authentic_is_told_once() -> None:
    forged = reply("00000000", "S", genuine=False, why="its signature is not Huifu's over these bytes")
    e = evidence("closed", forged, closed=True)
    assert [broken.detail for broken in silence(e)] == [misread(e)]
    later = evidence("closed", forged, NOTHING, query=True, closed=True)
    assert [broken.detail for broken in silence(later)] == [forged.why]


UNREAD = [
    (
        evidence("unknown", reply("00000000", "S")),
        (
            "reported unknown after the reply to a close: resp_code 00000000, trans_stat S; "
            "trans_stat S says that the order is closed; right: closed"
        ),
    ),
    (
        evidence("pending", reply("00000100", "P"), reply("00000000", "F"), query=True),
        (
            f"reported pending after the reply to a closequery: resp_code 00000000, trans_stat F; {F_SAYS}; "
            "right: not_closed"
        ),
    ),
    (
        evidence("pending", reply("00000000", "S"), NOTHING, query=True),
        (
            "reported pending after the reply to a close: resp_code 00000000, trans_stat S; "
            "trans_stat S says that the order is closed; right: closed"
        ),
    ),
    (
        evidence("pending", reply("00000100", "P")),
        (
            f"reported pending after the reply to a close: resp_code 00000100, trans_stat P; {P_SAYS}; "
            "closequery would have told more"
        ),
    ),
]


@pytest.mark.parametrize(("given", "told"), UNREAD, ids=["S", "F", "S before", "never asked"])
def test_an_outcome_left_open_is_told_with_the_reply_that_settles_it(given: Evidence, told: str) -> None:
    assert unread(given) == told
    assert [broken.detail for broken in resolution(given)] == [told]
    assert all(not said.isascii() for said in in_chinese(told).split("；"))


def test_a_crash_is_told_with_the_reply_that_it_came_after() -> None:
    error = {"kind": "KeyError", "message": "'trans_stat'"}
    e = replace(evidence("crashed", reply("00000000", None)), outcome=Outcome("crashed", error=error))
    (broken,) = soundness(e)
    assert broken.detail == "'trans_stat'; after the reply to a close: resp_code 00000000"
    assert in_chinese(broken.detail) == "'trans_stat'；在 close 的应答（resp_code 00000000）之后"
    assert what_came(evidence("crashed")) == ""


def test_a_refusal_that_came_after_a_reply_is_told_with_what_is_wrong_with_that() -> None:
    e = evidence("rejected", SignedReply(genuine=False, why="it is no signed envelope (no JSON)"))
    (broken,) = soundness(e)
    told = "that reply proves nothing: it is no signed envelope (no JSON)"
    assert broken.detail == f"after the reply to a close; {told}"


@pytest.mark.parametrize(
    ("body", "status", "why"),
    [
        (
            '{"data":{"a":"1","a":"2"},"sign":""}',
            200,
            "it is no signed envelope (a name stands twice in one of its objects)",
        ),
        ('{"data":{},"data":{},"sign":""}', 200, "it is no signed envelope (a name stands twice in it, or is none)"),
        ("{}", 202, "it came with HTTP 202 and is no signed envelope (no data object, or a sign that is no text)"),
        ('{"data":{},"sign":""}', 500, "its signature is not Huifu's over these bytes"),
    ],
)
def test_of_a_reply_that_proves_nothing_the_reason_is_told(body: str, status: int, why: str) -> None:
    read = heard(body, {}, HUIFU, status=status)
    assert (read.delivered, read.genuine, read.why, read.status) == (True, False, why, status)
    assert not in_chinese(why).isascii()


def test_an_empty_body_is_no_reply_and_its_status_is_told() -> None:
    assert heard("", {}, HUIFU, status=204) == replace(NOTHING, status=204)
    e = evidence("closed", replace(NOTHING, status=204), SignedReply(genuine=False, status=409), query=True)
    shown = [line.rpartition("|  ")[2] for line in sequence(e)]
    assert shown[:2] == ["HTTP 204 without a body", "HTTP 409 - - (not authentic)"]


@pytest.mark.parametrize(("stat", "unlisted"), [("S", ""), (None, "null"), (["S"], '["S"]'), ("s", '"s" (bytes 73)')])
def test_a_state_that_is_none_of_the_three_is_told_as_it_was_written(stat: object, unlisted: str) -> None:
    body = json.dumps({"data": {"trans_stat": stat}, "sign": ""})
    assert heard(body, {}, HUIFU).unlisted == unlisted
