"""The fifteen answers that the specification lists, and the older wordings of some of them.

The *reason* is the key; `resp_code`, `resp_desc` and `trans_stat` hang on it, because three codes have two
meanings each. Texts are the specification's to the letter: it mixes the half-width and the full-width comma.
"""

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class Wording:
    """How an answer reads on the wire."""

    resp_code: str
    resp_desc: str
    trans_stat: str


class Reason(Enum):
    """Why a close was answered as it was (业务返回码)."""

    CLOSED = ("00000000", "交易成功", "S")
    PROCESSING = ("00000100", "交易处理中", "P")
    BAD_PARAMETERS = ("10000000", "入参数据不符合接口要求", "F")
    TOO_YOUNG = ("20000001", "不允许关闭一分钟以内的订单", "F")
    CONFLICT = ("20000001", "并发冲突,请稍后重试", "F")
    NO_ORIGINAL = ("21000000", "原请求流水号和原全局流水号不能同时为空", "F")
    PRODUCT_UNKNOWN = ("22000000", "产品号不存在", "F")
    PRODUCT_SUSPENDED = ("22000000", "产品号状态异常", "F")
    ORDER_FINISHED = ("23000000", "原订单已为终态,无法发起关单操作", "F")
    ALREADY_CLOSED = ("23000000", "关单状态为终态，不能重复关单", "F")
    ORDER_UNKNOWN = ("23000001", "原交易不存在", "F")
    NOT_CLOSABLE = ("23000004", "原订单为银联二维码交易，不支持关单", "F")
    FAILED = ("90000000", "业务执行失败", "F")
    # assumed: the outcome of a system error is unknown, so its trans_stat is P
    SYSTEM_ERROR = ("98888888", "系统错误", "P")
    SYSTEM_BUSY = ("99999999", "系统异常,请稍后重试", "P")

    def __init__(self, resp_code: str, resp_desc: str, trans_stat: str) -> None:
        self.resp_code = resp_code
        self.resp_desc = resp_desc
        self.trans_stat = trans_stat
        self.wording = Wording(resp_code, resp_desc, trans_stat)


# As seen on the real gateway: the close was accepted, and is not over.
ACCEPTED = Wording("00000000", "交易成功", "P")

# The older family, seen in the specification's own example (10000016) and in the vendor's code page.
LEGACY: dict[Reason, Wording] = {
    Reason.TOO_YOUNG: Wording("10000015", Reason.TOO_YOUNG.resp_desc, "F"),
    Reason.ORDER_FINISHED: Wording("10000016", "原订单已为终态,请发起查询交易获取", "F"),
    Reason.ALREADY_CLOSED: Wording("10000016", "原订单已为终态,请发起查询交易获取", "F"),
    Reason.FAILED: Wording("10000018", "关单失败", "F"),
}


def reasons_of(resp_code: str) -> list[Reason]:
    """The reasons that share a `resp_code`, in the specification's order; empty if it is not listed."""
    return [reason for reason in Reason if reason.resp_code == resp_code]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call is answered: the reason, where there is one, and how it reads."""

    reason: Reason | None
    wording: Wording
