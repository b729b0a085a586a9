"""response/*: what a client makes of genuine replies.

The truth is set up so that the wrong reading is a false claim.
"""

from __future__ import annotations

from hypothesis import strategies as st

from huifu_contract import strategies as hs
from huifu_contract.catalogue import record
from huifu_contract.catalogue.record import Basis, Example, Level
from huifu_contract.catalogue.registry import case
from huifu_contract.harness.evidence import Evidence
from huifu_contract.harness.harness import Harness
from huifu_contract.harness.laws import Broken, bounded, resolution
from huifu_contract.harness.prepared_answers import ALWAYS, answer, fault, of
from huifu_contract.reference import Client, Config

NEVER = 3600


@case(
    "response/stat-f-beats-code",
    Level.MUST,
    Basis.SPEC,
    grade="decision",
    quote=record.TRANS_STAT,
    says="00000000 with F is not closed.",
)
def stat_f_beats_code(harness: Harness, _: Example) -> None:
    harness.judge(harness.close(None, answer("00000000", "F", times=ALWAYS)))


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
    says="00000000 with P is neither closed nor not_closed.",
)
def stat_p_with_00000000(harness: Harness, _: Example) -> None:
    harness.judge(harness.close(harness.order(settle="accepted", settle_seconds=NEVER)))


@case(
    "response/p-then-query",
    Level.SHOULD,
    Basis.VENDOR,
    grade="decision",
    needs=["query"],
    quote=record.QUERY,
    says="After a P the client asks closequery, and believes its S.",
)
def p_then_query(harness: Harness, _: Example) -> None:
    e = harness.close(harness.order(settle="processing", settle_seconds=0.05))
    following = [one.op for one in e.sent[1:2]]
    wrong = [] if following == ["closequery"] else [Broken("C", "a P was not followed by a closequery")]
    harness.judge(e, resolution, also=wrong)


@case(
    "response/stat-s-beats-code",
    Level.SHOULD,
    Basis.SPEC,
    grade="decision",
    quote=record.TRANS_STAT,
    says="S with a code that is not zero is closed, or a reason to ask; never not_closed.",
    fixed=[{"code": code} for code in ("00000100", "10000000", "90000000", "98888888")],
)
def stat_s_beats_code(harness: Harness, x: Example) -> None:
    harness.judge(harness.close(None, answer(x["code"], "S", after=True)))


@case(
    "response/code-table",
    Level.MUST,
    Basis.SPEC,
    grade="decision",
    quote=record.CODES,
    says="Each of the fifteen listed answers with F is survived, and none is claimed as closed.",
    fixed=[{"answer": code} for code in hs.CODES],
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
    says="23000000 may mean that an earlier close succeeded: not_closed is not claimed without asking.",
)
def final_after_own_close(harness: Harness, _: Example) -> None:
    order = harness.order()
    earlier = Client(harness.tenant.base_url, Config.of(harness.tenant.credentials()))
    earlier.close(**harness.params(order))
    harness.judge(harness.close(order))


@case(
    "response/system-errors-indefinite",
    Level.MUST,
    Basis.SAFETY,
    grade="decision",
    quote="`98888888`：系统错误；`99999999`：系统异常,请稍后重试；`90000000`：业务执行失败",
    says="A system error on a close that did succeed is not claimed as not_closed, unless a query said so.",
    fixed=[{"code": code, "stat": stat} for code in ("90000000", "98888888", "99999999") for stat in "FP"],
)
def system_errors_indefinite(harness: Harness, x: Example) -> None:
    harness.judge(harness.close(None, answer(x["code"], x["stat"], after=True)))


@case(
    "response/no-trans-stat",
    Level.MUST,
    Basis.SAFETY,
    grade="decision",
    quote="`trans_stat` String(1) 必填",
    says="A signed reply without trans_stat decides nothing and breaks nothing.",
)
def no_trans_stat(harness: Harness, _: Example) -> None:
    harness.judge(harness.close(None, fault("stat-missing")))


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
    fixed=[{"value": value, "done": done} for value in ("", "X", "s") for done in (True, False)],
    draw=lambda: st.fixed_dictionaries(
        {"value": hs.tricky_text(0, 4).filter(lambda t: t not in ("P", "S", "F")), "done": st.booleans()}
    ),
)
def unlisted_stat(harness: Harness, x: Example) -> None:
    refused = [] if x["done"] else [answer("90000000", "F")]
    harness.judge(harness.close(None, *refused, fault("stat-unknown", value=x["value"])))


@case(
    "response/extra-fields",
    Level.MUST,
    Basis.SAFETY,
    grade="decision",
    quote=record.TRUE,
    says="Fields that nobody documented do not change the claim.",
    fixed=[{"field": "x_result", "value": "F"}, {"field": "close_stat", "value": "F"}],
    draw=lambda: st.fixed_dictionaries(
        {"field": hs.plain_text(1, 20).map(lambda name: "x_" + name), "value": hs.tricky_text(0, 40)}
    ),
)
def extra_fields(harness: Harness, x: Example) -> None:
    e = harness.close(None, fault("extra-field", field=x["field"], value=x["value"]))
    harness.demand(e, e.claim == "closed", f"claims {e.claim} because of a field that nobody documented")


@case(
    "response/desc-is-text",
    Level.SHOULD,
    Basis.SAFETY,
    grade="decision",
    quote="`resp_desc` String(512)：业务响应信息",
    says="resp_desc is for people: rewording it changes no claim, and an unknown text on 20000001 proves nothing.",
    fixed=[
        {"code": "00000000", "desc": "关单失败"},
        {"code": "23000001", "desc": "关单成功"},
        {"code": "20000001", "desc": "请稍候"},
    ],
    draw=lambda: st.fixed_dictionaries(
        {"code": st.sampled_from(["00000000", "23000001", "20000001"]), "desc": hs.descriptions()}
    ),
)
def desc_is_text(harness: Harness, x: Example) -> None:
    success = x["code"] == "00000000"
    e = harness.close(None, answer(x["code"], desc=x["desc"], after=success, times=1 if success else ALWAYS))
    harness.judge(e, bounded, also=_reworded(e, success))


def _reworded(e: Evidence, success: bool) -> list[Broken]:
    if success and e.claim != "closed":
        return [Broken("C", f"claims {e.claim} because of the wording of a success")]
    return []


@case(
    "response/pretty-or-unsorted-body",
    Level.MAY,
    Basis.ASSUME,
    grade="decision",
    quote=record.OPEN,
    says="Recorded: whether a reply that is reordered, indented or escaped, signed as it is sent, is accepted.",
    fixed=[{"fault": "unsorted"}, {"fault": "pretty"}, {"fault": "escaped"}],
)
def pretty_or_unsorted_body(harness: Harness, x: Example) -> None:
    e = harness.close(None, of({"fault": x["fault"]}, times=ALWAYS))
    accepted = e.claim == "closed" and not e.queries
    harness.note(f"{x['fault']}: {'accepted' if accepted else 'not accepted'}")
