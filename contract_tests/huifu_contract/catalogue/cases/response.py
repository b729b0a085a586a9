"""response/*: what a client makes of genuine replies.

The truth is set up so that the wrong reading is a false claim.
"""

from __future__ import annotations

from hypothesis import strategies as st

from huifu_contract import strategies as hs
from huifu_contract.catalogue import record
from huifu_contract.catalogue.cases.elsewhere import closed_elsewhere
from huifu_contract.catalogue.record import Basis, Example, Level
from huifu_contract.catalogue.registry import case
from huifu_contract.harness.harness import Harness
from huifu_contract.harness.laws import Broken, resolution
from huifu_contract.harness.prepared_answers import ALWAYS, NEVER, answer, fault, of
from huifu_contract.harness.readings import SYSTEM

MEMBERS: tuple[Example, ...] = (
    {"fault": "field-missing", "field": "resp_desc"},
    {"fault": "field-missing", "field": "resp_code"},
    {"fault": "nulls", "field": "resp_desc"},
    {"fault": "nulls", "field": "resp_code"},
    {"fault": "echo-changed", "field": "resp_desc", "how": "empty"},
    {"fault": "echo-changed", "field": "resp_code", "how": "empty"},
    {"fault": "numbers", "field": "resp_code"},
    {"fault": "echo-changed", "field": "org_trans_stat", "how": "empty"},
)
"""Members spoilt, in a reply that is signed, that settle nothing."""
AGAIN: tuple[Example, ...] = ({}, {"again": True})
LATER = answer("99999999", "F")
"""系统异常,请稍后重试: who is able to sends the same close again."""


@case(
    "response/stat-f-beats-code",
    Level.MUST,
    Basis.SPEC,
    grade="decision",
    quote=record.TRANS_STAT,
    says="00000000 with F is not closed, also of a close that was sent again.",
    fixed=AGAIN,
    rev=2,
)
def stat_f_beats_code(harness: Harness, x: Example) -> None:
    first = [LATER] if "again" in x else []
    script = *first, answer("00000000", "F", times=ALWAYS)
    harness.judge(harness.close(None, *script, must_act=not first))  # who does not send again has its answer


@case(
    "response/stat-p-pending",
    Level.MUST,
    Basis.SPEC,
    grade="decision",
    quote=record.TRANS_STAT,
    says="00000100 with P is neither closed nor not_closed.",
)
def stat_p_pending(harness: Harness, _: Example) -> None:
    harness.judge(harness.close(harness.order(settle="processing", settle_seconds=NEVER)))


@case(
    "response/stat-p-with-00000000",
    Level.MUST,
    Basis.SPEC,
    grade="decision",
    quote=record.TRANS_STAT,
    says="00000000 with P is neither closed nor not_closed, also of a close that was sent again.",
    fixed=AGAIN,
    rev=2,
)
def stat_p_with_00000000(harness: Harness, x: Example) -> None:
    first = [LATER] if "again" in x else []
    harness.judge(harness.close(harness.order(settle="accepted", settle_seconds=NEVER), *first))


@case(
    "response/p-then-query",
    Level.SHOULD,
    Basis.VENDOR,
    grade="decision",
    needs=["query"],
    quote=record.QUERY,
    says="After a P the client asks closequery, and believes its S or F; after a P with a system error, or a lost "
    "answer, it finds out too.",
    because="the page does not name closequery; without it a P is reported as pending, which is true",
    fixed=[
        *({"settle": settle} for settle in ("processing", "accepted")),
        *({"do": {"answer": code, "trans_stat": "P", "when": "after"}} for code in ("00000100", *SYSTEM[1:])),
        {"do": {"answer": "00000100", "trans_stat": "P"}, "then": "F"},
        {"do": {"fault": "close-silently"}},
    ],
    rev=3,
)
def p_then_query(harness: Harness, x: Example) -> None:
    if "do" in x:
        told = [answer("00000000", x["then"], endpoint="closequery", times=ALWAYS)] if "then" in x else []
        harness.judge(harness.close(None, of(x["do"]), *told, must_act=False), resolution)
        return
    e = harness.close(harness.order(settle=x["settle"], settle_seconds=0.05))
    following = [one.op for one in e.after_close[:1]]
    wrong = [] if following == ["closequery"] else [Broken("C", "a P was not followed by a closequery")]
    asked_too_early = not e.genuine("S")  # with one closequery and no second, `pending` is an honest end
    harness.judge(e, *([] if asked_too_early else [resolution]), also=wrong)


@case(
    "response/stat-s-beats-code",
    Level.SHOULD,
    Basis.SPEC,
    grade="decision",
    quote=record.TRANS_STAT,
    says="S with a code that is not zero, or with org_trans_stat S, is closed, or a reason to ask; never not_closed.",
    because="the page lets trans_stat decide, but an S with an error code is a contradiction, and asking is as good "
    "as believing",
    fixed=[*({"code": code} for code in hs.CODES), {"code": "00000000", "order": "S"}],
    rev=3,
)
def stat_s_beats_code(harness: Harness, x: Example) -> None:
    paid = [fault("extra-field", field="org_trans_stat", value=x["order"])] if "order" in x else []
    harness.judge(harness.close(None, answer(x["code"], "S", after=True), *paid))


@case(
    "response/p-beats-code",
    Level.MUST,
    Basis.SPEC,
    grade="decision",
    quote=record.TRANS_STAT,
    says="P is neither closed nor not_closed, whatever the code and whatever became of the payment: the close may "
    "succeed or fail.",
    fixed=[*({"code": code} for code in hs.CODES), *({"code": "00000100", "order": stat} for stat in "SF")],
    since="1.1",
    rev=2,
)
def stat_p_beats_code(harness: Harness, x: Example) -> None:
    payment = x.get("order")
    shown = [fault("extra-field", field="org_trans_stat", value=payment)] if payment else []
    script = answer(x["code"], "P", after=payment != "F"), *shown
    e = harness.close(None, *script)
    read = payment and e.sent and e.sent[-1].heard.trans_stat == "P"  # else another reply came, and was read
    cause = Broken("L1", f"org_trans_stat {payment} was read where trans_stat says P") if read else None
    harness.judge(e, cause=cause)


@case(
    "response/code-table",
    Level.MUST,
    Basis.SPEC,
    grade="decision",
    quote=record.CODES,
    says="Each of the fifteen listed answers with F is survived, and none is claimed as closed.",
    fixed=[{"answer": code} for code in hs.CODES],
    seconds=0.25,
)
def code_table(harness: Harness, x: Example) -> None:
    harness.judge(harness.close(None, answer(x["answer"], "F", times=ALWAYS)))


@case(
    "response/23000000-is-not-closed",
    Level.MUST,
    Basis.SAFETY,
    grade="decision",
    quote=record.FINAL,
    says="23000000 may mean that the order was paid: closed is never claimed from it alone.",
    fixed=[{"answer": ""}, {"answer": "23000000.ALREADY_CLOSED"}],
)
def final_is_not_closed(harness: Harness, x: Example) -> None:
    script = [answer(x["answer"], times=ALWAYS)] if x["answer"] else []
    harness.judge(harness.close(harness.order(trans_stat="S"), *script))


@case(
    "response/23000000-after-own-close",
    Level.SHOULD,
    Basis.SAFETY,
    grade="decision",
    quote=record.FINAL,
    says="23000000, and 10000016 of the page's example, may mean that an earlier close succeeded: not_closed is not "
    "claimed without an answer to a query.",
    because="the order is closed and believed open: nobody can pay it twice, and the next close says the same again",
    fixed=[{"query": "answered"}, {"query": "lost"}, {"query": "answered", "code": "10000016"}],
    rev=2,
    seconds=0.6,
)
def final_after_own_close(harness: Harness, x: Example) -> None:
    order = closed_elsewhere(harness)
    lost = [fault("close-silently", endpoint="closequery", times=ALWAYS)] if x["query"] == "lost" else []
    older = [answer(x["code"], "F", "原订单已为终态,请发起查询交易获取")] if "code" in x else []
    harness.judge(harness.close(order, *older, *lost, must_act=False))


@case(
    "response/system-errors-indefinite",
    Level.MUST,
    Basis.SAFETY,
    grade="decision",
    quote="`98888888`：系统错误；`99999999`：系统异常,请稍后重试；`90000000`：业务执行失败",
    says="A system error on a close that did succeed is not claimed as not_closed, unless a query said so.",
    fixed=[{"code": code, "stat": stat} for code in SYSTEM for stat in "FP"],
)
def system_errors_indefinite(harness: Harness, x: Example) -> None:
    harness.judge(harness.close(None, answer(x["code"], x["stat"], after=True)))


@case(
    "response/no-trans-stat",
    Level.MUST,
    Basis.SAFETY,
    grade="decision",
    quote="`trans_stat` String(1) 必填",
    says="A signed reply without trans_stat decides nothing and breaks nothing; org_trans_stat does not stand for it.",
    fixed=[*({"code": code} for code in ("", "23000004", "00000000", "98888888")), {"code": "", "order": "S"}],
    rev=3,
)
def no_trans_stat(harness: Harness, x: Example) -> None:
    code = x["code"]
    said = [answer(code, "S" if code == "00000000" else "F", after=code != "00000000")] if code else []
    order = harness.order(trans_stat=x.get("order", "P"))
    harness.judge(harness.close(order, *said, fault("stat-missing")))


@case(
    "response/unlisted-codes",
    Level.MUST,
    Basis.SPEC,
    grade="decision",
    quote="返回示例 `10000016`, which the table of codes lacks",
    says="A code that nobody listed is survived; with F it is not closed.",
    fixed=[{"code": code} for code in ("10000016", "10000015", "7", "ABC", "20000")],
    draw=lambda: st.fixed_dictionaries({"code": hs.unlisted_codes()}),
)
def unlisted_codes(harness: Harness, x: Example) -> None:
    harness.judge(harness.close(None, answer(x["code"], "F", times=ALWAYS)))


@case(
    "response/unlisted-stat",
    Level.MUST,
    Basis.SAFETY,
    grade="decision",
    quote="`trans_stat` String(1) 必填：`P` `S` `F`",
    says="A trans_stat that is none of the three decides nothing.",
    fixed=[
        *({"value": value, "done": done} for value in ("", "X") for done in (True, False)),
        *({"value": value, "done": False} for value in ("s", "S ", "SUCCESS", "\uff33", ["S"], True, 1)),
        *({"value": value, "done": True} for value in ("f", "F ", "FAIL", "\uff26", ["F"], False, 0, None)),
        *({"value": value, "done": True, "code": "23000004"} for value in ("", "X", "f", "FAIL")),
    ],
    draw=lambda: st.fixed_dictionaries(
        {"value": hs.tricky_text(0, 4).filter(lambda t: t not in ("P", "S", "F")), "done": st.booleans()}
    ),
    rev=3,
)
def unlisted_stat(harness: Harness, x: Example) -> None:
    refused = [] if x["done"] else [answer("90000000", "F")]
    said = [answer(x["code"], "F", after=True)] if "code" in x else refused
    harness.judge(harness.close(None, *said, fault("stat-unknown", value=x["value"])))


@case(
    "response/extra-fields",
    Level.MUST,
    Basis.SAFETY,
    grade="decision",
    quote=record.TRUE,
    says="Fields that nobody documented do not change the claim.",
    fixed=[
        {"field": "x_result", "value": "F"},
        {"field": "close_stat", "value": "F"},
        {"field": "sub_resp_code", "value": "23000001"},
        {"field": "status", "value": "FAIL"},
        {"field": "x_list", "value": ["b", 1, None, {}]},
        {"field": "x_object", "value": {"z": "F", "a": {"c": [], "b": ""}}},
        {"field": "x_null", "value": None},
        {"field": "x_true", "value": True},
        {"field": "x_number", "value": 7},
        {"field": "x_empty", "value": ""},
        {"field": "x_text", "value": " a  b\t/<&>\u4e2d "},
        {"field": "sub_resp_code", "value": "00000000", "code": "23000004"},
        {"field": "close_stat", "value": "S", "code": "23000004"},
        {"field": "status", "value": "SUCCESS", "code": "23000004"},
        *({"field": name, "value": "S", "code": "23000004"} for name in ("TRANS_STAT", "tran\u017f_stat")),
    ],
    rev=3,
    draw=lambda: st.fixed_dictionaries(
        {"field": hs.plain_text(1, 20).map(lambda name: "x_" + name), "value": hs.tricky_text(0, 40)}
    ),
    seconds=0.02,
)
def extra_fields(harness: Harness, x: Example) -> None:
    extra = {"field": x["field"], "value": x["value"]}
    if "code" in x:
        refused = answer(x["code"], "F", times=ALWAYS)
        harness.judge(harness.close(None, refused, fault("extra-field", times=ALWAYS, **extra)))
        return
    e = harness.close(None, fault("extra-field", **extra))
    harness.demand(e, e.claim == "closed", f"claims {e.claim} because of a field that nobody documented")


@case(
    "response/members-missing",
    Level.MUST,
    Basis.SAFETY,
    grade="decision",
    quote="`resp_code` String(8) 必填；`resp_desc` String(512) 必填；`org_trans_stat` String(1) 选填",
    says="A signed reply without resp_code or resp_desc, with null, nothing or a number in its place, or with an empty "
    "org_trans_stat, breaks nothing, and trans_stat still decides.",
    fixed=[{"do": do, "settle": settle} for do in MEMBERS for settle in ("immediate", "accepted")],
    since="1.1",
)
def members_missing(harness: Harness, x: Example) -> None:
    order = harness.order(settle=x["settle"], settle_seconds=NEVER)
    harness.judge(harness.close(order, of(x["do"], ALWAYS)))
