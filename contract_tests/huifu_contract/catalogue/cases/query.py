"""query/*: what a client asks closequery after a doubt, and how strictly it examines what it hears there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from huifu_contract.catalogue import record
from huifu_contract.catalogue.cases.echoes import LONGEST, TEXTS, lettered, not_compared, spoiling
from huifu_contract.catalogue.cases.security import believed, second
from huifu_contract.catalogue.cases.sent import asked
from huifu_contract.catalogue.cases.statuses import signed_status
from huifu_contract.catalogue.cases.wording import by_wording
from huifu_contract.catalogue.record import Basis, Example, Level
from huifu_contract.catalogue.registry import case
from huifu_contract.harness.evidence import Evidence, SentRequest
from huifu_contract.harness.harness import Harness
from huifu_contract.harness.laws import PAUSE_S, Broken, bounded, resolution, unique
from huifu_contract.harness.prepared_answers import ALWAYS, NEVER, PreparedAnswer, answer, fault, of
from huifu_contract.harness.readings import SYSTEM

if TYPE_CHECKING:
    from huifu_mock import Order

GRADE = "wire decision"
NEEDS = ("query",)
QUERY = "closequery"
ASKED = answer("00000100", "P", after=True)
"""The close is carried out, and its answer says that it is in progress."""


def said(code: str, stat: str, desc: str | None = None, *, times: int = 1) -> PreparedAnswer:
    return answer(code, stat, desc, times=times, endpoint=QUERY)


def denied(harness: Harness, *spoilt: PreparedAnswer, order: Order | None = None, **more: Any) -> Evidence:
    """The order is closed, the first closequery says it is not, and its reply is spoilt."""
    return asked(harness.close(order, ASKED, said("00000000", "F"), *spoilt, must_act=False, **more))


def examined(harness: Harness, *spoilt: PreparedAnswer) -> None:
    """No claim may stand on such a reply."""
    harness.judge(denied(harness, *spoilt))


UNANSWERED = fault("empty-body", endpoint=QUERY)


@case(
    "query/own-number",
    Level.MUST,
    Basis.SPEC,
    grade="wire",
    needs=NEEDS,
    quote=record.UNIQUE + "；" + record.SAME,
    says="Each closequery has a number of its own: with that of the close it is a request twice named, with that of an "
    "earlier query it may be given the earlier answer for ever.",
    since="1.1",
)
def own_number(harness: Harness, _: Example) -> None:
    number = harness.number().ljust(LONGEST, "r")
    others: tuple[SentRequest, ...] = ()
    for last in "rs":
        order = harness.order(settle="processing", settle_seconds=NEVER)
        e = asked(harness.close(order, params=harness.params(order, req_seq_id=number[:-1] + last)))
        harness.check_wire(unique((*others, *e.sent)))
        others = e.sent
    numbers = [(one.data or {}).get("req_seq_id") for one in e.queries]
    if len(set(numbers)) < len(numbers):
        harness.check_wire([Broken("L3", "a closequery was sent again under the number of one that was answered")])


@case(
    "query/polls-pause",
    Level.SHOULD,
    Basis.SAFETY,
    grade="wire",
    needs=NEEDS,
    quote="A close that takes its time is not made faster by asking without a pause.",
    says=f"While a close is in progress, closequeries are few and at least {PAUSE_S * 1000:.0f} ms apart.",
    because="no claim is false; a gateway may lock out who asks too often",
    alone=True,
    since="1.1",
)
def polls_pause(harness: Harness, _: Example) -> None:
    e = asked(harness.close(harness.order(settle="processing", settle_seconds=NEVER)))
    gaps = [later.at - sooner.at for sooner, later in zip(e.queries, e.queries[1:], strict=False)]
    shortest = min(gaps, default=PAUSE_S)
    hasty = Broken("L4", "closequeries follow one another without a pause", f"{shortest * 1000:.0f} ms", timed=True)
    harness.judge(e, bounded, also=[hasty] if shortest < PAUSE_S else [])


SPOILT: tuple[Example, ...] = (
    {"fault": "sign-missing"},
    {"fault": "sign-empty"},
    {"fault": "sign-garbage"},
    {"fault": "sign-foreign"},
    {"fault": "sign-foreign", "key": "merchant"},
    {"fault": "sign-replayed"},
    {"fault": "tampered", "field": "trans_stat", "value": "F"},
    {"fault": "sign-missing", "stat": "S"},
    {"fault": "sign-foreign", "stat": "S"},
    {"fault": "tampered", "field": "resp_desc", "value": "交易成功 "},
    {"fault": "tampered", "field": "x_added", "value": ""},
    {"fault": "tampered", "field": "resp_code", "value": 0},
    {"fault": "sign-missing", "nth": 2},
    {"fault": "echo-changed", "field": "req_seq_id", "how": "last", "nth": 2},
    {"fault": "other-body", "content": '{"data":{"resp_code":"23000001","resp_desc":"原交易不存在"}}'},
)


@case(
    "query/authentic",
    Level.MUST,
    Basis.SAFETY,
    grade=GRADE,
    needs=NEEDS,
    quote=record.VERIFY,
    says="The reply to a closequery is examined as strictly as that to a close: its signature, over what was received.",
    fixed=SPOILT,
    since="1.1",
    rev=3,
    seconds=0.3,
)
def authentic(harness: Harness, x: Example) -> None:
    which = "a second closequery" if "nth" in x else "a closequery"
    spoilt = of({name: value for name, value in x.items() if name not in ("nth", "stat")}, endpoint=QUERY)
    script: tuple[PreparedAnswer, ...] = ASKED, said("00000000", "F")
    none = UNANSWERED
    if "nth" in x:
        script = ASKED, said("00000100", "P"), second(said("00000000", "F"))
        spoilt, none = second(spoilt), second(none)
    elif "stat" in x:
        script = (said("00000000", x["stat"]),)
    elif x.get("field") == "trans_stat":
        script = (ASKED,)  # which is tampered with from S

    def examined_with(reply: PreparedAnswer) -> Evidence:
        order = harness.order(settle="processing", settle_seconds=NEVER) if "stat" in x else None
        return asked(harness.close(order, *script, reply, must_act=False))

    cause = Broken("L5", f"the reply to {which} was believed although it is not authentic: {x['fault']}")
    believed(harness, examined_with(spoilt), cause, lambda: examined_with(none), which)


DAYS = ("req_date", "org_req_date")
FOREIGN = (
    *({"field": "req_seq_id", "how": how} for how in TEXTS),
    *({"field": "org_req_seq_id", "how": how} for how in TEXTS),
    *({"field": "org_hf_seq_id", "how": how} for how in TEXTS),
    *({"field": name, "how": how} for name in DAYS for how in ("last", "first", "blank")),
    *({"field": "huifu_id", "how": how} for how in ("last", "first", "blank", "padded", "longer")),
    *(
        {"field": name, "how": how}
        for name in ("req_seq_id", "req_date", "huifu_id")
        for how in ("missing", "null", "empty")
    ),
    *(
        {"field": name, "how": "last", "number": number}
        for name in ("org_req_seq_id", "org_hf_seq_id")
        for number in ("of digits", "beside another")
    ),
    *({"field": name, "how": "normal"} for name in ("org_req_seq_id", "org_hf_seq_id")),
    {"field": "req_seq_id", "how": "earlier"},
)


@case(
    "query/foreign-reply",
    Level.MUST,
    Basis.SAFETY,
    grade=GRADE,
    needs=NEEDS,
    quote="`req_seq_id` 交易时传入原样返回",
    says="A genuine reply to a closequery in which one member that echoes the request differs is not used.",
    fixed=FOREIGN,
    since="1.1",
)
def foreign_reply(harness: Harness, x: Example) -> None:
    order, params = lettered(harness, x)
    e = denied(harness, of(spoiling(x, params), endpoint=QUERY), order=order, params=params)
    if (x["field"], x["how"]) == ("req_seq_id", "case") and not any(map(_has_case, e.queries)):
        harness.check_wire([])  # a number of digits alone, made up by the client, has no other case
    else:
        believed(harness, e, not_compared(x), lambda: denied(harness, UNANSWERED), "a closequery")


def _has_case(one: SentRequest) -> bool:
    number = str((one.data or {}).get("req_seq_id"))
    return number != number.swapcase()


BROKEN: tuple[Example, ...] = (
    {"fault": "reset-after-commit"},
    {"fault": "close-silently"},
    {"fault": "empty-body"},
    {"fault": "html"},
    {"fault": "truncated"},
    {"fault": "duplicate-key", "field": "trans_stat", "value": "S"},
    {"fault": "data-as-string"},
    {"fault": "status", "status": 502, "body": "html"},
    {"fault": "status", "status": 500, "body": "json"},
    {"fault": "status", "status": 404, "body": "nothing"},
    {"fault": "status", "status": 502, "body": "signed"},
    {"fault": "hang", "when": "after"},
)


@case(
    "query/lost-or-broken",
    Level.MUST,
    Basis.SAFETY,
    grade=GRADE,
    needs=NEEDS,
    quote=record.TRUE,
    says="A closequery that is not answered, or with a broken body or an HTTP error, says nothing about the order.",
    fixed=BROKEN,
    since="1.1",
    seconds=0.35,
)
def lost_or_broken(harness: Harness, x: Example) -> None:
    examined(harness, of(x, endpoint=QUERY))


@case(
    "query/stat-decides",
    Level.MUST,
    Basis.SPEC,
    grade="decision",
    needs=NEEDS,
    quote=record.TRANS_STAT,
    says="trans_stat of a closequery's genuine reply decides: F is not closed and P is neither, whatever the code; a "
    "system error, a state that nobody listed and the payment's own org_trans_stat say nothing.",
    fixed=[
        *({"code": code, "stat": stat, "done": False} for code in ("00000000", "00000100") for stat in "FP"),
        *({"code": code, "stat": "P", "done": True} for code in ("00000000", "23000001", "98888888", "99999999")),
        *({"code": code, "stat": "F", "done": True} for code in SYSTEM),
        *({"value": value, "done": done} for value in ("", "X", None) for done in (True, False)),
        *({"value": value, "done": False} for value in ("s", "S ", "SUCCESS", ["S"])),
        *({"value": value, "done": True} for value in ("f", "F ", "FAIL", ["F"])),
        *({"order": stat, "done": False} for stat in "SF"),
        *({"order": stat, "done": stat == "P", "value": None} for stat in "SP"),
        {"org_trans_stat": "S", "done": True},
        {"org_trans_stat": "S", "stat": "P", "done": True},
        {"org_trans_stat": "F", "stat": "P", "done": False},
        {"org_trans_stat": "P", "stat": "F", "code": "98888888", "done": True},
        {"settle": "processing", "value": None, "done": False},
    ],
    rev=5,
    since="1.1",
)
def stat_decides(harness: Harness, x: Example) -> None:
    close = ASKED if x["done"] else answer("00000100", "P", times=ALWAYS)
    if "settle" in x:  # org_trans_stat is P then
        order = harness.order(settle=x["settle"], settle_seconds=NEVER)
        harness.judge(asked(harness.close(order, fault("stat-missing", endpoint=QUERY, times=ALWAYS))))
        return
    if "order" in x:
        missing = [fault("stat-missing", endpoint=QUERY, times=ALWAYS)] if "value" in x else []
        order = harness.order(trans_stat=x["order"])
        harness.judge(asked(harness.close(order, close, *missing, must_act=False)))
        return
    if "org_trans_stat" in x:
        other = fault("extra-field", endpoint=QUERY, times=ALWAYS, field="org_trans_stat", value=x["org_trans_stat"])
        state = [said(x.get("code", "00000000"), x["stat"], times=ALWAYS)] if "stat" in x else []
        harness.judge(asked(harness.close(None, close, *state, other, must_act=False)))
        return
    if "code" in x:
        script = [said(x["code"], x["stat"], times=1 if x["done"] else ALWAYS)]
    elif x["value"] is None:
        script = [fault("stat-missing", endpoint=QUERY, times=ALWAYS)]
    else:
        script = [fault("stat-unknown", endpoint=QUERY, times=ALWAYS, value=x["value"])]
    if "code" not in x:
        script.append(said("00000000", "S" if x["done"] else "F", times=ALWAYS))
    harness.judge(asked(harness.close(None, close, *script, must_act=False)))


@case(
    "query/desc-is-text",
    Level.MUST,
    Basis.SAFETY,
    grade="decision",
    needs=NEEDS,
    quote="`resp_desc` String(512)：业务响应信息",
    says="resp_desc of a closequery's reply is for people: no wording changes what is claimed.",
    fixed=[
        {"stat": "S", "desc": "关单失败"},
        {"stat": "S", "desc": "交易处理中"},
        {"stat": "S", "desc": "系统错误"},
        {"stat": "S", "desc": "原交易不存在"},
        {"stat": "F", "desc": "关单成功"},
        {"stat": "P", "desc": "交易成功"},
        {"stat": "P", "desc": "关单失败"},
    ],
    since="1.1",
)
def desc_is_text(harness: Harness, x: Example) -> None:
    done = x["stat"] != "F" and x["desc"] != "交易成功"
    close = ASKED if done else answer("00000100", "P", times=ALWAYS)
    times = ALWAYS if not done or x["stat"] == "S" else 1

    def worded(desc: str | None) -> Evidence:
        return asked(harness.close(None, close, said("00000000", x["stat"], desc, times=times), must_act=False))

    e = worded(x["desc"])
    by_wording(harness, e, resolution(e) if x["stat"] == "S" else [], lambda: worded(None).claim)


@case(
    "query/signed-error-status",
    Level.SHOULD,
    Basis.SAFETY,
    grade=GRADE,
    needs=NEEDS,
    quote=record.CONTRADICTION,
    says="From a signed reply to a closequery that comes with an HTTP error nothing definite is claimed.",
    because="the signature is genuine, so the contradiction is the gateway's; the client only has no reason to "
    "trust either half",
    fixed=[{"status": status} for status in (400, 500, 503)],
    since="1.1",
)
def signed_error(harness: Harness, x: Example) -> None:
    examined(harness, signed_status(x["status"], QUERY))
