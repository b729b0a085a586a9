"""The codes and texts of the answers, written twice on purpose: they judge `huifu_mock.codes`.

Where the vendor's own pages show an older code for the same refusal, that one is an answer too: the specification's
example carries 10000016, which its table lacks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple


class Said(NamedTuple):
    """How a server answered; an empty text stands for a member that is missing or no text."""

    resp_code: str
    resp_desc: str
    trans_stat: str

    def __str__(self) -> str:
        return " ".join(part or "(nothing)" for part in self)


@dataclass(frozen=True, slots=True)
class Answer:
    """One row of 业务返回码, and which `trans_stat` may go with it."""

    name: str
    resp_code: str
    resp_desc: str
    stats: str = "F"
    older: tuple[tuple[str, str], ...] = ()
    """Older code and text of the same answer, as the vendor's pages show them."""
    any_text: bool = False
    """The specification's text is generic; real servers say more."""

    def fits(self, said: Said) -> bool:
        """A `trans_stat` that is missing is the business of server/trans-stat-always alone."""
        if said.trans_stat and said.trans_stat not in self.stats:
            return False
        if self.any_text:
            return said.resp_code == self.resp_code
        return (said.resp_code, said.resp_desc) in ((self.resp_code, self.resp_desc), *self.older)

    def __str__(self) -> str:
        text = "" if self.any_text else f" {self.resp_desc}"
        return f"{self.resp_code}{text} {'/'.join(self.stats)}"


FINAL_OLDER = (("10000016", "原订单已为终态,请发起查询交易获取"),)

CLOSED = Answer("closed", "00000000", "交易成功", "S")
ACCEPTED = Answer("accepted", "00000000", "交易成功", "P")
PROCESSING = Answer("processing", "00000100", "交易处理中", "P")
BAD = Answer("bad parameters", "10000000", "入参数据不符合接口要求", any_text=True)
MINUTE = Answer(
    "one minute", "20000001", "不允许关闭一分钟以内的订单", older=(("10000015", "不允许关闭一分钟以内的订单"),)
)
CONFLICT = Answer("conflict", "20000001", "并发冲突,请稍后重试")
NEITHER = Answer("no original", "21000000", "原请求流水号和原全局流水号不能同时为空")
NO_PRODUCT = Answer("unknown product", "22000000", "产品号不存在")
SUSPENDED = Answer("suspended product", "22000000", "产品号状态异常")
FINISHED = Answer("finished", "23000000", "原订单已为终态,无法发起关单操作", older=FINAL_OLDER)
TWICE = Answer("closed before", "23000000", "关单状态为终态，不能重复关单", "FS", older=FINAL_OLDER)
"""`trans_stat` is the state of the close, and the order is closed: S is as true as F (assumed)."""
UNKNOWN = Answer("unknown order", "23000001", "原交易不存在")
UNION = Answer("UnionPay", "23000004", "原订单为银联二维码交易，不支持关单")
FAILED = Answer("failed", "90000000", "业务执行失败", older=(("10000018", "关单失败"),))

SUCCESSES = (CLOSED, ACCEPTED, PROCESSING)


def said(data: Mapping[str, Any]) -> Said:
    return Said(*(value if isinstance(value := data.get(name), str) else "" for name in Said._fields))


def closes(answer: Said) -> bool:
    """Whether it says that the order is closed, or is being closed."""
    return answer.trans_stat in ("S", "P") and answer.resp_code in ("00000000", "00000100", "")
