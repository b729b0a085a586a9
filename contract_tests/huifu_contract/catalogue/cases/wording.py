"""response/* about what decides nothing: the words of resp_desc, and how a reply is laid out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hypothesis import strategies as st

from huifu_contract import strategies as hs
from huifu_contract.catalogue import record
from huifu_contract.catalogue.cases.elsewhere import closed_elsewhere
from huifu_contract.catalogue.record import Basis, Example, Level
from huifu_contract.catalogue.registry import case
from huifu_contract.harness.evidence import Evidence
from huifu_contract.harness.harness import Harness
from huifu_contract.harness.laws import Broken, CaseBroken, bounded
from huifu_contract.harness.prepared_answers import ALWAYS, PreparedAnswer, answer, of
from huifu_contract.harness.readings import SYSTEM

YOUNG = "一分钟"
CERTAIN = ("10000000", "21000000", "22000000.PRODUCT_UNKNOWN", "23000001", "23000004")
"""What these say with F is settled at once, so that rewording costs nothing."""
WORDINGS = (
    "交易成功", "交易处理中", "入参数据不符合接口要求", "不允许关闭一分钟以内的订单", "并发冲突,请稍后重试",
    "原请求流水号和原全局流水号不能同时为空", "产品号不存在", "产品号状态异常", "原订单已为终态,无法发起关单操作",
    "关单状态为终态，不能重复关单", "原交易不存在", "原订单为银联二维码交易，不支持关单", "业务执行失败", "系统错误",
    "系统异常,请稍后重试", "关单成功", "关单失败", "Order closed.", "FAIL", "请稍候", "0",
)  # fmt: skip
"""Every listed description, and some that nobody listed."""


@case(
    "response/desc-is-text",
    Level.SHOULD,
    Basis.SAFETY,
    grade="decision",
    quote="`resp_desc` String(512)：业务响应信息",
    says="resp_desc is for people: with the words of any other row a code leads to the same claim, and an unknown text "
    "on 20000001 proves nothing.",
    because="as long as the gateway keeps its wording nothing happens; a new wording then changes what is claimed",
    fixed=[
        *({"code": code, "descs": list(WORDINGS)} for code in ("00000000", *CERTAIN)),
        {"code": "20000001", "descs": ["请稍候", "交易成功"]},
        *({"code": code, "descs": ["交易成功", "关单失败", "原交易不存在"]} for code in SYSTEM),
        {"code": "23000000", "descs": ["关单成功", "交易成功"]},
        {"code": "23000004", "descs": ["不支持关单".ljust(512, "\U00020bb7"), "不支持关单\U0001f600 100% {0} ${x}"]},
        {"code": "00000100", "descs": ["关单成功", "交易成功", "关单失败"]},
    ],
    draw=lambda: st.fixed_dictionaries(
        {
            "code": st.sampled_from(["00000000", "20000001", *CERTAIN]),
            "descs": st.lists(hs.descriptions(), min_size=1, max_size=1),
        }
    ),
    rev=3,
    seconds=0.2,
)
def desc_is_text(harness: Harness, x: Example) -> None:
    code = x["code"]
    usual = harness.close(None, answer(code, "F", times=ALWAYS)).claim if code in CERTAIN else "closed"
    for desc in x["descs"]:
        if code == "20000001" and YOUNG not in desc:  # what is no word of an order's age may be one of a conflict
            e = _in_the_way(harness, _worded(code, desc, desc))
            conflict = answer("20000001.CONFLICT", "F", times=ALWAYS)
            by_wording(harness, e, bounded(e), lambda conflict=conflict: _in_the_way(harness, conflict).claim)  # type: ignore[misc]  # as below
            continue
        e = harness.close(None, _worded(code, desc, desc))
        also = []
        if code in (*CERTAIN, "00000000") and e.claim != usual:
            also.append(Broken("C", f"claims {e.claim} instead of {usual}", f"worded {desc!r}"))
        if code == "20000001":
            harness.judge(e, bounded)
        else:
            by_wording(harness, e, also, lambda desc=desc: harness.close(None, _worded(code, desc, None)).claim)  # type: ignore[misc]  # bound now


def _in_the_way(harness: Harness, always: PreparedAnswer) -> Evidence:
    """A close that is answered so, of an order that another close has closed."""
    return harness.close(closed_elsewhere(harness), always, must_act=False)


def by_wording(harness: Harness, e: Evidence, also: Sequence[Broken], usual: Callable[[], str]) -> None:
    """Breaks if a law does, and the usual words lead to another claim: else the words are not to blame."""
    try:
        harness.judge(e, also=also)
    except CaseBroken as broken:
        if usual() != e.claim:
            decided = "the wording of resp_desc decided: another text, another claim"
            unread = "a reply was not read or not believed because of the text of resp_desc"
            said = Broken("C", decided if e.definite else unread)
            raise CaseBroken((said, *broken.found), e) from None


def _worded(code: str, desc: str, said: str | None) -> PreparedAnswer:
    """That code with a text, on an order that is not what a reader of `desc` would think."""
    if code == "00000000":
        return answer(code, "S", said, after=True)
    if code in (*CERTAIN, "20000001"):
        return answer(code, "F", said, times=ALWAYS)
    done = "成功" not in desc
    return answer(code, "F" if code == "23000000" else "P", said, after=done, times=1 if done else ALWAYS)


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
    asks_more = len(e.queries) > len(harness.twin().queries)  # who asks after each success has not refused this one
    accepted = e.claim == "closed" and not asks_more
    harness.note(f"{x['fault']}: {'accepted' if accepted else 'not accepted'}")
