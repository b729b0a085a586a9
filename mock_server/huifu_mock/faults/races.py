"""Races: what can come between the steps of a close, and at which named points. `endpoints` carries them out."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Row:
    """A race, or a point at which it happens."""

    id: str
    en: str
    zh: str


RACES: Final = (
    Row("pay", "the customer pays the order", "客户支付该订单"),
    Row("close", "a second close of the order arrives", "到达该订单的另一笔关单"),
    Row("expire", "the order expires", "订单过期"),
    Row("advance", "the tenant's clock moves on by `seconds`", "租户时钟前进 `seconds` 秒"),
)
POINTS: Final = (
    Row("after_validate", "the call itself is right; its order was not looked at yet", "请求校验通过，尚未查看订单"),
    Row("after_accept", "every rule passed: the close is in progress", "规则全部通过，关单进行中"),
    Row("before_settle", "just before the close in progress ends", "进行中的关单即将结束"),
    Row("after_commit_before_reply", "the result is kept, the reply not sent yet", "结果已保存，应答未发出"),
    Row("between_reply_and_webhook", "the reply is sent, the webhook not yet", "应答已发出，webhook 未发出"),
)
AT: Final = "after_accept"
SECONDS: Final = 60.0
