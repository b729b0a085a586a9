"""Everything that decides the answer to a close must live in this file.

`decide` looks at a frozen `Case` and at nothing else: no clock, no store, no network. The rules are one ordered
table; the first row that applies wins. The specification gives no order (assumed). Checked in this order: request
errors, permanent order states, temporary ones, so that no client waits for an order that can never be closed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Literal, get_args

from huifu_mock._frozen import frozen
from huifu_mock.codes import Reason

ONE_MINUTE = timedelta(seconds=60)

Product = Literal["active", "suspended", "unknown"]
Number = Literal["free", "repeat", "taken"]
Settle = Literal["immediate", "processing", "accepted", "refused"]
SETTLES: tuple[str, ...] = get_args(Settle)


class Step(Enum):
    """What a row does instead of giving a reason."""

    REPLAY = "the stored bytes are returned"
    SCRIPTED = "the queued answer is given"
    OWN = "another endpoint gives its own answer"


@frozen
class Case:
    """What the rules see of a call and its order. The defaults describe a close that succeeds."""

    problem: str = ""
    """What the request schema complains of; empty if nothing."""
    authentic: bool = True
    """The `sys_id` is known and the signature verifies."""
    product: Product = "active"
    original_named: bool = True
    number: Number = "free"
    """Whether this `req_seq_id` was used that day, by the same `data` (repeat) or by other (taken)."""
    scripted: bool = False
    order_found: bool = True
    trade_type: str = "T_NATIVE"
    trans_stat: str = "P"
    close_stat: str = ""
    age: timedelta = timedelta(seconds=120)
    settle: Settle = "immediate"


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: its number in the documents, what follows, when, and where that is written."""

    row: str
    outcome: Reason | Step
    applies: Callable[[Case], bool]
    when: str
    when_zh: str
    source: str


# fmt: off
RULES: tuple[Rule, ...] = (
    Rule("1", Reason.BAD_PARAMETERS, lambda case: bool(case.problem),
         "the body is not JSON, not an object, or breaks the request schema",
         "请求不是 JSON、不是对象，或不符合请求 schema", "请求参数"),
    Rule("2", Reason.BAD_PARAMETERS, lambda case: not case.authentic,
         "the `sys_id` is unknown, or the signature is missing or does not verify",
         "`sys_id` 未知，或签名缺失、验签失败", "assumed: no code is listed"),
    Rule("3", Reason.PRODUCT_UNKNOWN, lambda case: case.product == "unknown",
         "the `product_id` is not configured for the tenant",
         "租户没有该 `product_id`", "业务返回码"),
    Rule("4", Reason.PRODUCT_SUSPENDED, lambda case: case.product == "suspended",
         "the `product_id` is suspended",
         "`product_id` 已停用", "业务返回码"),
    Rule("5", Reason.NO_ORIGINAL, lambda case: not case.original_named,
         "`org_req_seq_id` and `org_hf_seq_id` are both missing or empty",
         "`org_req_seq_id` 与 `org_hf_seq_id` 都缺失或为空", "条件必填参数"),
    Rule("replay", Step.REPLAY, lambda case: case.number == "repeat",
         "the same `huifu_id`, `req_date`, `req_seq_id` and `data` already closed the order, or are closing it",
         "相同的 `huifu_id`、`req_date`、`req_seq_id` 与 `data` 已经关单，或正在关单", "注意事项 6; limits assumed"),
    Rule("6", Reason.BAD_PARAMETERS, lambda case: case.number == "taken",
         "that `req_seq_id` was used that day with other `data`",
         "当天该 `req_seq_id` 已用于不同的 `data`", "当天唯一; code assumed"),
    Rule("scripted", Step.SCRIPTED, lambda case: case.scripted,
         "the test queued an answer",
         "测试预置了应答", "huifu-mock"),
    Rule("7", Reason.ORDER_UNKNOWN, lambda case: not case.order_found,
         "no order of that `huifu_id` under that date and number, or the two numbers name different orders",
         "该 `huifu_id` 在该日期下没有此订单，或两个流水号指向不同订单", "业务返回码"),
    Rule("8", Reason.NOT_CLOSABLE, lambda case: case.trade_type.startswith(("U_", "D_")),
         "the order is paid by UnionPay or by digital yuan",
         "银联或数字货币订单", "注意事项 1; digital yuan's code assumed"),
    Rule("9", Reason.ALREADY_CLOSED, lambda case: case.close_stat == "S",
         "an earlier close of the order succeeded",
         "订单此前已关单成功", "业务返回码"),
    Rule("10", Reason.ORDER_FINISHED, lambda case: case.trans_stat in ("S", "F"),
         "the order is final: paid (S) or failed (F)",
         "原交易已是终态（S 或 F）", "注意事项 4"),
    Rule("11", Reason.CONFLICT, lambda case: case.close_stat == "P",
         "another close of the order is in progress",
         "该订单另一笔关单处理中", "业务返回码; trigger assumed"),
    Rule("12", Reason.TOO_YOUNG, lambda case: case.age < ONE_MINUTE,
         "the order is younger than 60 s (exactly 60 s may be closed)",
         "订单不足 60 秒（正好 60 秒可关）", "注意事项 2; boundary assumed"),
    Rule("13", Reason.FAILED, lambda case: case.settle == "refused",
         "none of the above, and the order's `settle` is `refused`",
         "以上皆否，且订单 `settle` 为 `refused`", "关单状态"),
    Rule("14", Reason.PROCESSING, lambda case: case.settle in ("processing", "accepted"),
         "none of the above, and the order's `settle` is `processing` or `accepted` (00000000 with P)",
         "以上皆否，且订单 `settle` 为 `processing` 或 `accepted`（00000000 且 P）", "关单状态"),
    Rule("15", Reason.CLOSED, lambda _: True,
         "none of the above",
         "以上皆否", "关单状态"),
)
# fmt: on


def decide(case: Case) -> Rule:
    """The first rule that applies; the last one always does."""
    for rule in RULES:
        if rule.applies(case):
            return rule
    raise AssertionError("the last rule always applies")
