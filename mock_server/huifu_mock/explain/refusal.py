"""Why a call was refused: the rules up to the one that applied, the specification's sentence, the state of the order
and the clock then, and what would have made it succeed."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from huifu_mock.explain.advice import ADVICE, NOTES
from huifu_mock.explain.days import which_day
from huifu_mock.explain.nearest_order import HOW
from huifu_mock.request import Call
from huifu_mock.rules import ONE_MINUTE, RULES
from huifu_mock.state.journal import Entry, Facts
from huifu_mock.state.orders import Order

Bilingual = tuple[str, str]
"""English and Chinese."""


@dataclass(frozen=True, slots=True)
class TenantFacts:
    """What a remedy says of the tenant."""

    sys_id: str = ""
    products: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RefusedCall:
    """What a remedy is made from."""

    facts: Facts
    entry: Entry
    call: Call
    tenant_facts: TenantFacts


# fmt: off
SENTENCES: Final[dict[str, Bilingual]] = {
    "1": ("10000000: the parameters do not meet the interface's requirements", "10000000：入参数据不符合接口要求"),
    "2": ("sign, String(512), required: the result of signing", "sign String(512) 必填：加签结果"),
    "3": ("22000000: the product number does not exist", "22000000：产品号不存在"),
    "4": ("22000000: the state of the product number is abnormal", "22000000：产品号状态异常"),
    "5": ("one of org_hf_seq_id and org_req_seq_id is required", "以下两个参数必填其一：org_hf_seq_id、org_req_seq_id"),
    "6": ("req_seq_id is unique within the day for one huifu_id", "请求流水号，同一huifu_id下当天唯一"),
    "7": ("23000001: the original transaction does not exist", "23000001：原交易不存在"),
    "8": ("UnionPay and digital yuan orders cannot be closed", "银联、数字货币订单不支持关单"),
    "9": ("23000000: the close is final and cannot be repeated", "23000000：关单状态为终态，不能重复关单"),
    "10": ("an order that is final (success or failure) cannot be closed", "已为终态（成功/失败）的订单无法关单"),
    "11": ("20000001: conflict, try again later", "20000001：并发冲突,请稍后重试"),
    "12": ("orders of less than one minute may not be closed", "不允许关闭一分钟以内的订单"),
    "13": ("90000000: the business failed", "90000000：业务执行失败"),
    "race": ("90000000: the business failed", "90000000：业务执行失败"),
    "scripted": ("a test may prepare any answer", "测试可以预置任何应答"),
}
"""What the specification says, by row of the rules."""
# fmt: on


def refusal(entry: Entry, call: Call, tenant_facts: TenantFacts) -> dict[str, Any] | None:
    """Everything about a refusal, as JSON; `None` for a call that was not refused."""
    facts = entry.facts
    if facts is None:
        return None
    en, zh = sentence(facts)
    right_en, right_zh = remedy(entry, call, tenant_facts)
    return {
        "rule": facts.rule.row,
        "rules": _rules(facts),
        "specification": {"en": en, "zh": zh},
        "now": facts.now.isoformat(),
        "order": _order(facts.order, facts.now) if facts.order else None,
        "nearest": _nearest(facts),
        "remedy": {"en": right_en, "zh": right_zh},
    }


def sentence(facts: Facts) -> Bilingual:
    """The sentence of the specification that a refusal rests on; its source where another document is it."""
    return SENTENCES.get(facts.rule.row, (facts.rule.source, facts.rule.source))


def _rules(facts: Facts) -> list[dict[str, Any]]:
    """The rules in order, up to the one that applied."""
    rows = [rule.row for rule in RULES]
    # an endpoint other than close begins with the first four rows and goes on with its own
    named = facts.rule.row if facts.rule.row in rows else {"race": "13"}.get(facts.rule.row, "5")
    before = rows.index(named)
    passed = [rule for rule in RULES[:before] if not rule.applies(facts.case)]
    return [
        {"row": rule.row, "when": {"en": rule.when, "zh": rule.when_zh}, "source": rule.source, "applied": last}
        for rule, last in (*((rule, False) for rule in passed), (facts.rule, True))
    ]


def _order(order: Order, now: datetime) -> dict[str, Any]:
    """An order as it was then."""
    return {
        "huifu_id": order.huifu_id,
        "req_date": order.req_date,
        "req_seq_id": order.req_seq_id,
        "hf_seq_id": order.hf_seq_id,
        "trade_type": order.trade_type,
        "trans_stat": order.trans_stat,
        "close_stat": order.close_stat,
        "created_at": order.created_at.isoformat(),
        "finished_at": order.finished_at.isoformat() if order.finished_at else None,
        "age_seconds": order.age(now).total_seconds(),
    }


def _nearest(facts: Facts) -> dict[str, Any] | None:
    if facts.nearest is None:
        return None
    en, zh = HOW[facts.nearest.how]
    how = {"id": facts.nearest.how, "en": en, "zh": zh}
    return {"how": how, "order": _order(facts.nearest.order, facts.now)}


# --- what would have made it succeed --------------------------------------------------------------------------------


def remedy(entry: Entry, call: Call, tenant_facts: TenantFacts) -> Bilingual:
    """What would have made a refused call succeed."""
    assert entry.facts is not None
    row = entry.facts.rule.row
    if row in _ALWAYS:
        return _ALWAYS[row]
    make = _REMEDIES.get(row)
    if make is None:
        return _by_code(entry)
    return make(RefusedCall(entry.facts, entry, call, tenant_facts))


def _shape(refused: RefusedCall) -> Bilingual:
    problem = refused.call.problem
    if problem is None:  # the journal kept too little of the body to find it again
        return refused.facts.case.problem, refused.facts.case.problem
    return problem.english, problem.chinese


def _identity(refused: RefusedCall) -> Bilingual:
    if refused.call.sys_id != refused.tenant_facts.sys_id and refused.call.problem is None:
        said = refused.call.sys_id[:40]
        return (
            f"no tenant here has the sys_id {said}: use the sys_id of the tenant's credentials",
            f"这里没有 sys_id 为 {said} 的租户：请使用租户凭据中的 sys_id",
        )
    if refused.entry.finding is not None and refused.entry.finding.mistakes:
        return "correct the signature as described below", "按下文改正签名"
    return "sign `data` with the merchant's private key", "用商户私钥对 `data` 加签"


def _product(refused: RefusedCall) -> Bilingual:
    known = ", ".join(f"{name} ({state})" for name, state in refused.tenant_facts.products.items()) or "none"
    said = refused.call.product_id[:40]
    return (
        f"send a product_id that the tenant has, not {said}; it has: {known}",
        f"product_id 请填租户已配置的，而不是 {said}；已配置：{known}",
    )


def _suspended(refused: RefusedCall) -> Bilingual:
    said = refused.call.product_id[:40]
    return f"make the product {said} active again, or use another", f"恢复产品 {said}，或使用其他产品"


def _number(refused: RefusedCall) -> Bilingual:
    said = refused.entry.req_seq_id
    return (
        f"a new request needs a new req_seq_id; to repeat {said}, send exactly the same data",
        f"新的请求要用新的 req_seq_id；若是重发 {said}，数据须完全相同",
    )


def _unknown(refused: RefusedCall) -> Bilingual:
    if refused.facts.nearest is None:
        return (
            "no order like it is known: create or seed it first, and name it by huifu_id, org_req_date and number",
            "没有相近的订单：请先创建或预置订单，并用 huifu_id、org_req_date 与流水号指明",
        )
    order, (en, zh) = refused.facts.nearest.order, HOW[refused.facts.nearest.how]
    which = f"huifu_id {order.huifu_id}, org_req_date {order.req_date}, org_req_seq_id {order.req_seq_id}"
    if refused.facts.nearest.how in ("hf-as-req", "req-as-hf", "numbers-disagree"):
        which += f", org_hf_seq_id {order.hf_seq_id}"
    day_en, day_zh = _days(refused.facts)
    return f"the nearest order is {which}: {en}{day_en}", f"最接近的订单是 {which}：{zh}{day_zh}"


def _days(facts: Facts) -> Bilingual:
    """Which day it is, where the nearest order is one of another day."""
    if facts.nearest is None or "day" not in facts.nearest.how:
        return "", ""
    en, zh = which_day(facts.now)
    return f"; {en}", f"；{zh}"


def _not_closable(refused: RefusedCall) -> Bilingual:
    kind = refused.facts.case.trade_type
    return (
        f"an order of trade_type {kind} cannot be closed: let it expire, or refund it once it is paid",
        f"trade_type 为 {kind} 的订单不能关单：等待其过期，支付后可退款",
    )


def _closed(refused: RefusedCall) -> Bilingual:
    at, zh = _moment(refused.facts.order)
    return (
        f"already closed{at}; closing again cannot succeed, use closequery",
        f"该订单已{zh}关单；再次关单不会成功，请用 closequery 查询",
    )


def _finished(refused: RefusedCall) -> Bilingual:
    at, zh = _moment(refused.facts.order)
    if refused.facts.case.trans_stat == "S":
        return (
            f"already paid{at}; closing cannot succeed, refund it instead",
            f"该订单已{zh}支付；关单不会成功，请改用退款",
        )
    return f"already failed{at}; there is nothing to close", f"该订单已{zh}失败：无需关单"


def _conflict(refused: RefusedCall) -> Bilingual:
    other = refused.facts.order.closes[-1][2] if refused.facts.order and refused.facts.order.closes else "?"
    return (
        f"the close {other} of this order is in progress: wait for its result (closequery) instead of sending another",
        f"该订单的关单 {other} 处理中：请用 closequery 等待其结果，不要再发一笔",
    )


def _young(refused: RefusedCall) -> Bilingual:
    left = math.ceil((ONE_MINUTE - refused.facts.case.age).total_seconds())
    age = round(refused.facts.case.age.total_seconds(), 1)
    return (
        f"wait {left} s: the order was {age:g} s old, 60 s are needed (a test may advance the clock)",
        f"等待 {left} 秒：当时订单 {age:g} 秒，需满 60 秒（测试可拨快时钟）",
    )


def _scripted(refused: RefusedCall) -> Bilingual:
    names = ", ".join(refused.entry.faults)
    return (
        f"delete the prepared answer ({names or 'a fault'}), or let its `times` run out",
        f"请删除预置应答（{names or '故障'}），或等其 `times` 用完",
    )


def _moment(order: Order | None) -> Bilingual:
    """When an order came to its end, as a part of a sentence."""
    if order is None or order.finished_at is None:
        return "", ""
    at = order.finished_at.isoformat(timespec="seconds")
    return f" at {at}", f"于 {at} "


def _by_code(entry: Entry) -> Bilingual:
    """For rules of other endpoints."""
    assert entry.facts is not None
    if entry.facts.nearest is not None:
        order = entry.facts.nearest.order
        en, zh = HOW[entry.facts.nearest.how]
        which = f"{order.huifu_id} {order.req_date} {order.req_seq_id}"
        day_en, day_zh = _days(entry.facts)
        return f"the nearest order is {which}: {en}{day_en}", f"最接近的订单是 {which}：{zh}{day_zh}"
    return (
        "the call succeeds when this no longer applies: " + entry.facts.rule.when,
        "以下情况不再成立时调用才会成功：" + entry.facts.rule.when_zh,
    )


_ALWAYS: Final[dict[str, Bilingual]] = {
    "5": (
        "send org_req_seq_id (the order's own number) or org_hf_seq_id (Huifu's number)",
        "请传 org_req_seq_id（订单请求流水号）或 org_hf_seq_id（汇付全局流水号）",
    ),
    "13": (
        "this order's `settle` is `refused`: seed it with `settle` immediate, processing or accepted",
        "该订单的 `settle` 为 `refused`：预置为 immediate、processing 或 accepted 才会成功",
    ),
    "race": (
        "a prepared race ended the order before the close did: use closequery and query to see the result",
        "预置的竞态先使订单到达终态：请用 closequery 与 query 查询结果",
    ),
    "create/repeat": (
        "use a new req_seq_id for a new order; to see the result of the first request, query it",
        "新订单请使用新的 req_seq_id；首次请求的结果请用 query 查询",
    ),
    "create/expired": (
        "send a time_expire that lies ahead (yyyyMMddHHmmss, Beijing time, the tenant's clock), or leave it out",
        "time_expire 须晚于当前时间（yyyyMMddHHmmss，北京时间，以租户时钟为准），或不传",
    ),
    "query/no-date": (
        "send the day of the order with its own number, or ask by Huifu's number, which needs no date",
        "按请求流水号查询须同时传订单日期；按汇付全局流水号查询可不传",
    ),
    "closequery/no-close": (
        "close the order first: a close that a rule refused does not count",
        "请先发起关单：被规则拒绝的关单不算关单",
    ),
}
_Remedy = Callable[[RefusedCall], Bilingual]
_REMEDIES: Final[dict[str, _Remedy]] = {
    "1": _shape,
    "2": _identity,
    "3": _product,
    "4": _suspended,
    "6": _number,
    "7": _unknown,
    "8": _not_closable,
    "9": _closed,
    "10": _finished,
    "11": _conflict,
    "12": _young,
    "scripted": _scripted,
    "query/unknown": _unknown,
}
"""A row of the rules and what would have made it pass."""

LONGEST: Final = 500
ON_THE_WIRE: Final = frozenset({"data-as-string", "bom", "charset-gbk"})
"""Mistakes that break the request's shape as well."""


def hint(entry: Entry, call: Call, tenant_facts: TenantFacts) -> str:
    """The line for a call's answer; empty for a call that was carried out."""
    if entry.went_well:
        return ""
    if entry.facts is None:
        return ascii_line(_without_facts(entry))
    mistakes = entry.finding.mistakes if entry.finding else ()
    row = entry.facts.rule.row
    if mistakes and (row == "2" or ON_THE_WIRE & set(mistakes)):
        return ascii_line(_mistaken(mistakes, call, tenant_facts) + _not_tried(entry))
    if row == "1":
        line = f"rule 1: {call.problem.english if call.problem else entry.facts.case.problem}"
    else:
        line = f"rule {row}: {entry.facts.rule.when}; {remedy(entry, call, tenant_facts)[0]}"
    if not mistakes:
        return ascii_line(line)
    return ascii_line(f"{line}; the signature is wrong too: {', '.join(mistakes)}{_not_tried(entry)}")


def _not_tried(entry: Entry) -> str:
    notes = entry.finding.notes if entry.finding else ()
    return "".join(f"; {NOTES[note][0]}" for note in notes if note in ("too-long", "unfinished"))


def _mistaken(mistakes: tuple[str, ...], call: Call, tenant_facts: TenantFacts) -> str:
    what = "; ".join(ADVICE[id_].en for id_ in mistakes)
    right = "; ".join(dict.fromkeys(ADVICE[id_].fix_en for id_ in mistakes))
    unknown = "; no tenant here has this sys_id" if call.sys_id and call.sys_id != tenant_facts.sys_id else ""
    shape = f"{call.problem.english}; " if call.problem else ""
    return f"{', '.join(mistakes)}: {shape}{what}; {right}{unknown}"


def _without_facts(entry: Entry) -> str:
    if prepared := [name for name in entry.faults if name[:1].isdigit()]:
        return f"a prepared answer was given: {', '.join(prepared)}"
    return "huifu-mock failed inside, see its log; the outcome is unknown: query before trying again"


def ascii_line(text: str) -> str:
    """A text that may stand in a header, cut if it is long."""
    line = " ".join(text.replace("…", "...").encode("ascii", "backslashreplace").decode().split())
    printable = line if line.isprintable() else "".join(c if " " <= c <= "~" else "?" for c in line)
    return printable if len(printable) <= LONGEST else printable[: LONGEST - 3] + "..."
