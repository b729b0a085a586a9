"""security/*: nothing may be concluded from a reply that is not authentic. The honest twin always comes first."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from huifu_contract.catalogue import record
from huifu_contract.catalogue.cases.echoes import FOREIGN, lettered, not_compared, spoiling
from huifu_contract.catalogue.record import Basis, Example, Level
from huifu_contract.catalogue.registry import case
from huifu_contract.harness.differences import Difference
from huifu_contract.harness.evidence import Evidence
from huifu_contract.harness.harness import Harness
from huifu_contract.harness.laws import Blocked, Broken, CaseBroken, soundness
from huifu_contract.harness.prepared_answers import ALWAYS, PreparedAnswer, answer, fault, of

GRADE = "wire decision"


def silent(harness: Harness, x: Example) -> None:
    """The close succeeds and its reply is spoilt, saying so or the contrary: no claim may stand on it.

    `always`: so is every other, for those who believe what they are told often enough.
    """
    harness.twin()
    contrary = [answer(x.get("code", "23000004"), "F", after=True)] if x.get("says") == "F" else []
    spoilt = {name: value for name, value in x.items() if name not in ("says", "code", "always")}
    if "text" in x:
        cause = Broken("L5", f"a reply was believed whose sign is {x['text']}")
        harness.judge(harness.close(None, of(spoilt)), cause=cause)
    elif "always" in x:
        cause = Broken("L5", f"a reply was believed in the end although none was authentic: {x['fault']}")
        e = harness.close(None, of(spoilt, ALWAYS), of(spoilt, ALWAYS, "closequery"), must_act=False)
        harness.judge(e, cause=cause)
    else:
        harness.judge(harness.close(None, *contrary, of(spoilt)))


def both_ways(*spoilt: Example) -> list[Example]:
    return [*spoilt, *({**one, "says": "F"} for one in spoilt), {**spoilt[0], "always": True}]


NO_SIGN = ('" "', "true", "7", '["x"]')
"""JSON in the place of a signature that some take for none, and some for one that need not be verified."""
TOO_SHORT = ('"AA=="',)
"""Base64 in which no signature of any key fits: with it a library does not answer no, but fails."""

AS_LONG_AS = tuple(f'"{base64.b64encode(bytes(bits // 8)).decode()}"' for bits in (512, 1024))
"""Texts as long as the signatures of keys that are not Huifu's."""

NOT_BASE64 = ('"签名"',)
"""A text on which a decoder fails that knows ASCII alone."""


@case(
    "security/sign-missing",
    Level.MUST,
    Basis.SAFETY,
    grade=GRADE,
    quote=record.VERIFY,
    says="From a reply without a signature, or with an empty one, or with something in its place that is no text, "
    "nothing definite is claimed.",
    fixed=[
        *both_ways({"fault": "sign-missing"}, {"fault": "sign-empty"}),
        *({"fault": "sign-missing", "says": "F", "code": code} for code in ("10000000", "23000001")),
        *({"fault": "sign-garbage", "text": text} for text in NO_SIGN),
    ],
    rev=4,
)
def sign_missing(harness: Harness, x: Example) -> None:
    silent(harness, x)


@case(
    "security/sign-wrong-key",
    Level.MUST,
    Basis.SAFETY,
    grade=GRADE,
    quote=record.VERIFY,
    says="From a reply signed with any key but Huifu's, or with no signature at all in its place, nothing is claimed.",
    fixed=[
        *both_ways({"fault": "sign-foreign"}, {"fault": "sign-foreign", "key": "merchant"}, {"fault": "sign-garbage"}),
        *({"fault": "sign-garbage", "text": text} for text in (*TOO_SHORT, *AS_LONG_AS, *NOT_BASE64)),
    ],
    rev=4,
)
def sign_wrong_key(harness: Harness, x: Example) -> None:
    silent(harness, x)


@case(
    "security/sign-replayed",
    Level.MUST,
    Basis.SAFETY,
    grade=GRADE,
    quote=record.VERIFY,
    says="A genuine signature of another reply proves nothing about this one, neither does one that verified before.",
    fixed=[*both_ways({"fault": "sign-replayed"}), *({"fault": "tampered", "known": stat} for stat in "FS")],
    rev=3,
    seconds=0.35,
)
def sign_replayed(harness: Harness, x: Example) -> None:
    if "known" not in x:
        silent(harness, x)
        return
    order = harness.order(**({"trade_type": "U_NATIVE"} if x["known"] == "F" else {}))
    params = harness.params(order)
    harness.judge(harness.close(order, params=params))
    # the same request has the same reply again, in which F stands for S, or S for F
    again = harness.close(order, fault("tampered"), params=params, must_act=False)
    known = (x["known"],) if x["known"] == "S" else ()  # who remembers that the order is closed may say so
    cause = Broken("L5", "a signature was believed because it had verified for another reply")
    harness.judge(replace(again, told=known), cause=cause)


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
        {"field": "x_new", "value": "long " * 2000, "code": ""},
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
    says="A genuine reply in which one member that echoes the request differs answers another one, and is not used.",
    fixed=[{"field": "", "how": "both", "code": "23000004", "stat": "S"}, *FOREIGN],
    rev=2,
)
def foreign_reply(harness: Harness, x: Example) -> None:
    earlier = harness.twin()
    if not x["field"]:
        script = answer("23000004"), fault("foreign-reply", trans_stat="S")
        harness.judge(harness.close(None, *script))
        return
    order, params = lettered(harness, x)
    spoilt = spoiling(x, earlier.params if x["how"] == "earlier" else params)
    script = answer("23000004", "F", after=True), of(spoilt)
    harness.judge(harness.close(order, *script, params=params), cause=not_compared(x))


@case(
    "security/echo-missing",
    Level.SHOULD,
    Basis.SPEC,
    grade=GRADE,
    quote="`huifu_id` 必填；`req_date` 必填，交易时传入原样返回；`req_seq_id` 必填，交易时传入原样返回",
    says="A genuine reply that does not say which request it answers is not taken for the answer to this one.",
    because="a reply that lacks an echo is genuine and rarely another's; the page makes the echoes mandatory, not "
    "the check",
    fixed=[
        {"field": name, "how": how}
        for how in ("missing", "null", "empty")
        for name in ("req_seq_id", "req_date", "huifu_id")
    ],
    since="1.1",
    rev=2,
)
def echo_missing(harness: Harness, x: Example) -> None:
    harness.twin()
    script = answer("23000004", "F", after=True), of(spoiling(x, {}))
    harness.judge(harness.close(None, *script), cause=not_compared(x))


@case(
    "security/retry-examined",
    Level.MUST,
    Basis.SAFETY,
    grade=GRADE,
    needs=["retry"],
    quote=record.VERIFY,
    says="The reply to a close that was tried again is examined as strictly as the reply to the first.",
    fixed=[
        *({"field": name, "how": "last"} for name in ("req_seq_id", "req_date", "huifu_id", "org_req_date")),
        {"field": "org_req_seq_id", "how": "last"},
        {"field": "org_hf_seq_id", "how": "last"},
        *(
            {"field": name, "how": how}
            for name in ("req_seq_id", "req_date", "huifu_id")
            for how in ("missing", "null")
        ),
        {"fault": "sign-missing"},
        {"fault": "sign-missing", "stat": "S"},
        {"fault": "sign-foreign"},
        {"fault": "sign-foreign", "key": "merchant"},
        {"fault": "sign-garbage"},
        {"fault": "sign-replayed"},
        {"fault": "tampered", "field": "resp_desc", "value": "原订单为银联二维码交易，不支持关单 "},
        {"fault": "tampered", "field": "x_added", "value": ""},
    ],
    since="1.1",
    seconds=0.4,
)
def retry_examined(harness: Harness, x: Example) -> None:
    harness.twin()
    order, params = lettered(harness, x)
    spoilt = spoiling(x, params) if "how" in x else {name: value for name, value in x.items() if name != "stat"}
    said = answer("00000000", "S") if x.get("stat") == "S" else answer("23000004", "F", after=True)
    script = answer("20000001.CONFLICT"), second(said), second(of(spoilt))
    e = harness.close(order, *script, params=params, must_act=False)
    if len(e.closes) < 2:
        raise Blocked(f"a conflict was not tried again: the client claims {e.claim}")
    again = "the reply to a close that was tried again was believed although it is not authentic"
    cause = not_compared(x) if "how" in x else Broken("L5", f"{again}: {x['fault']}")
    lost = second(fault("empty-body"))
    believed(harness, e, cause, lambda: harness.close(None, *script[:2], lost, must_act=False), "a close tried again")


def believed(harness: Harness, e: Evidence, cause: Broken, unanswered: Callable[[], Evidence], what: str) -> None:
    """Breaks if a law does, by that cause; unless the same false claim is made where nothing comes to be believed."""
    try:
        harness.judge(e, cause=cause)
    except CaseBroken as broken:
        none = unanswered() if e.definite else e
        if not e.definite or none.claim != e.claim or not soundness(none):
            raise
        said = Broken("L1", f"claims {e.claim} after {what} that is not answered, and so after this one")
        raise CaseBroken((said, *(one for one in broken.found if one.law == "L1")), e) from None


def second(one: PreparedAnswer) -> PreparedAnswer:
    """For the second call of its endpoint."""
    return {**one, "match": {**one["match"], "nth": 2}}


LONG = "说明" * 250
SLIGHTLY: tuple[tuple[str, Any, Any, str], ...] = (
    ("resp_desc", "Ok", "Ok ", "a blank was added at its end"),
    ("resp_desc", "Ok", " Ok", "a blank was added at its beginning"),
    ("resp_desc", "Ok a", "Ok  a", "a blank was doubled"),
    ("resp_desc", "Ok a", "Ok\ta", "a blank was made a tab"),
    ("resp_desc", "Ok", "O\u200bk", "an invisible character was added"),
    ("resp_desc", "caf\u00e9", "cafe\u0301", "it was decomposed"),
    ("resp_desc", "cafe\u0301", "caf\u00e9", "it was composed"),
    ("resp_desc", "fi1,", "\ufb01\uff11，", "compatible characters took the place of its own"),
    ("resp_desc", "ok", "OK", "it was made upper case"),
    ("resp_desc", "OK", "ok", "it was made lower case"),
    ("resp_desc", "<b>", "&lt;b&gt;", "it was escaped for HTML"),
    ("resp_desc", "a%20b", "a b", "URL escapes in it were resolved"),
    ("resp_desc", "ok", "ok中", "what is not ASCII was added"),
    ("resp_desc", LONG, LONG + "。", "its end was changed"),
    ("resp_desc", "交易成功", "已关单", "it was replaced"),
    ("resp_code", "91111119", 91111119, "digits were made a number"),
    ("resp_code", "00000000", "00000100", "it was replaced"),
    ("org_trans_stat", None, "F", "it was added"),
    ("org_hf_seq_id", None, "0030x", "it was added"),
    ("x_added", None, "x", "a member was added"),
    ("x_added", None, "", "an empty member was added"),
    ("x_added", None, [], "an empty list was added"),
    ("x_added", None, 0, "a zero was added"),
    ("x_added", None, False, "a false was added"),
)
"""Changes after signing that a client overlooks if it converts, cleans or picks values before it verifies."""


@case(
    "security/tampered-slightly",
    Level.MUST,
    Basis.SAFETY,
    grade=GRADE,
    quote=record.VERIFY,
    says="A change after signing is noticed however small it is: the signature covers what was received, not values "
    "that were converted, trimmed, picked or cleaned first.",
    fixed=[
        *({"field": field, "signed": signed, "value": value, "how": how} for field, signed, value, how in SLIGHTLY),
        {"field": "resp_desc", "signed": "ok", "text": r'"ok\ud800"', "how": "half of a character was added"},
    ],
    since="1.1",
)
def tampered_slightly(harness: Harness, x: Example) -> None:
    harness.twin()
    field, value = x["field"], x.get("text") or x["value"]
    changed = {"text": value} if "text" in x else {"value": value}
    code = x["signed"] if field == "resp_code" else "00000000"
    desc = x["signed"] if field == "resp_desc" else None
    script = answer(code, "S", desc, after=True), fault("tampered", field=field, **changed)
    message = f"the signature was verified over other values than were received: {field}, {x['how']} unnoticed"
    cause = Broken("L5", message, differs=(Difference.of(field, x["signed"], value),))
    harness.judge(harness.close(None, *script), cause=cause)


NUMBERS = ("1.10", "1e2", "100.0", "-0.0", "12345678901234567890", "0.1000000000000000055")
"""Numbers that change when they are read and written again."""
OTHERS = ('"2024-04-05T10:30:00Z"', "{}", '{"b":1,"a":2}', r'"\\/\\n\\\"\\u4e2d\\u003c\"data\":{}}"')
"""Values that change where a library reads a day out of a text, knows one kind of list, or sorts every object; or where
escapes are replaced in the text of a reply, in which a backslash may itself be escaped."""
KINDS = {'"': "text", "{": "object"}


@case(
    "security/signature-over-received-bytes",
    Level.SHOULD,
    Basis.SAFETY,
    grade="decision",
    quote=record.VERIFY,
    says="A genuine reply that carries a number, a day, an object or an escaped backslash is accepted: the signature "
    "is verified over the bytes received, in which 1.10 is not 1.1.",
    because="a genuine reply is not believed, so the client knows less than it could, and claims nothing false",
    fixed=[{"text": text} for text in (*NUMBERS, *OTHERS)],
    since="1.1",
    rev=3,
)
def signature_over_received_bytes(harness: Harness, x: Example) -> None:
    usual = harness.twin()
    extra = {"fault": "extra-field", "field": "x_rate", "text": x["text"]}
    e = harness.close(None, of(extra, ALWAYS), of(extra, ALWAYS, "closequery"), must_act=False)
    anew = json.dumps(json.loads(x["text"]))
    changed = anew.replace(" ", "") != x["text"]
    became = f"became {anew}" if changed else "did not stay as it was"
    kind = KINDS.get(x["text"][0], "number")
    differs = (Difference("x_rate", x["text"], anew),) if changed else ()
    anew_verified = "verified the signature over re-serialised values"
    wrong = [Broken("L2", f"{anew_verified}: {kind} {x['text']} {became}", differs=differs, stable=anew_verified)]
    accepted = e.claim == "closed" and len(e.sent) <= len(usual.sent)
    harness.judge(e, also=[] if accepted else wrong)
