"""Creating an order: `jspay` v2 and v3, `micropay` v2 and v3, and v4 `create`. It is P until somebody pays it."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from huifu_mock.codes import Answer, Wording
from huifu_mock.gateway import lifecycle
from huifu_mock.gateway.reply import Outcome, answered, own, refusal, refused
from huifu_mock.gateway.tenant import Tenant
from huifu_mock.request import Call, Endpoint
from huifu_mock.state.clock import BEIJING, LAST, day
from huifu_mock.state.orders import Order

ENDPOINTS: Final = (
    Endpoint("create", "/v2/trade/payment/jspay", "create/jspay-v2-request", "create/jspay-v2-response"),
    Endpoint("create", "/v3/trade/payment/jspay", "create/jspay-v3-request", "create/jspay-v3-response"),
    Endpoint("create", "/v4/trade/payment/create", "create/create-v4-request", "create/create-v4-response"),
    Endpoint("create", "/v2/trade/payment/micropay", "create/micropay-request", "create/micropay-response"),
    Endpoint("create", "/v3/trade/payment/micropay", "create/micropay-request", "create/micropay-response"),
)

ACCEPTED: Final = Wording("00000100", "下单成功", "P")
REPEATED: Final = Wording("20000000", "重复交易", "")
EXPIRED: Final = Wording("10000000", "订单已超时", "")

TAKEN_NUMBER: Final = own(
    "create/repeat",
    "an order of that `huifu_id` has that `req_seq_id` on that day already",
    "该 `huifu_id` 当天已有相同 `req_seq_id` 的订单",
    "20000000 重复交易",
)
PAST_EXPIRY: Final = own(
    "create/expired", "`time_expire` is not later than now", "`time_expire` 不晚于当前时间", "10000000 订单已超时"
)

USUAL_LIFE: Final = timedelta(hours=2)
"""How long an order can be paid if nothing is said: 约2小时 for WeChat and Alipay, for all others assumed."""


def create(tenant: Tenant, call: Call, authentic: bool) -> Outcome:
    """A new order, unless its number was used that day or its time is over already.

    Assumed: any `huifu_id` may create, a bar code payment is P too until somebody pays it, and a refusal tells no
    `trans_stat`, which could be taken for that of the order which has the number.
    """
    if outcome := refusal(tenant, call, authentic):
        return outcome
    req_date = call.value("req_date") or tenant.clock.today()
    expires_at = _time(call.value("time_expire"))
    earlier = tenant.orders.get((call.value("huifu_id"), req_date, call.value("req_seq_id")))
    if earlier is not None:
        return refused(tenant, call, TAKEN_NUMBER, Answer(None, REPEATED), order=earlier)
    if expires_at is not None and expires_at <= tenant.clock.now():
        return refused(tenant, call, PAST_EXPIRY, Answer(None, EXPIRED))
    order = _order(tenant, call, req_date, expires_at)
    lifecycle.created(tenant, order)
    return answered(tenant, call, ACCEPTED, _members(order))


def _order(tenant: Tenant, call: Call, req_date: str, expires_at: datetime | None) -> Order:
    now = tenant.clock.now()
    return Order(
        huifu_id=call.value("huifu_id"),
        req_date=req_date,
        req_seq_id=call.value("req_seq_id"),
        hf_seq_id=tenant.hf_seq_ids.next(now),
        created_at=now,
        trade_type=call.value("trade_type") or _micropay(call.value("auth_code")),
        settle=tenant.settings.settle,
        settle_seconds=tenant.settings.settle_seconds,
        trans_amt=call.value("trans_amt"),
        notify_url=call.value("notify_url"),
        expires_at=expires_at or min(now + USUAL_LIFE, LAST),
        remark=call.value("remark"),
        delay_acct_flag=call.value("delay_acct_flag") or "N",
    )


def _members(order: Order) -> dict[str, str]:
    fields = {
        "req_date": order.req_date,
        "hf_seq_id": order.hf_seq_id,
        "trade_type": order.trade_type,
        "trans_amt": order.trans_amt,
        "delay_acct_flag": order.delay_acct_flag,
        "bank_message": "用户支付中",
    }
    if order.remark:
        fields["remark"] = order.remark
    return fields | next((make(order) for fits, make in _PAYING if fits(order.trade_type)), {})


def _qr_code(order: Order) -> dict[str, str]:
    # a host that cannot exist: nobody's telephone may ever pay a fake order
    return {"qr_code": f"https://qr.huifu-mock.invalid/{order.hf_seq_id}"}


def _wechat(order: Order) -> dict[str, str]:
    return _pay_info(
        appId="wx0000000000000000",
        nonceStr=order.hf_seq_id[-32:],
        package=f"prepay_id=wx{order.hf_seq_id[11:]}",
        paySign="aHVpZnUtbW9jaw==",
        signType="RSA",
        timeStamp=str(int(order.created_at.timestamp())),
    )


def _alipay(order: Order) -> dict[str, str]:
    return _pay_info(tradeNO=f"{day(order.created_at)}{order.hf_seq_id[12:32]}")


def _page(order: Order) -> dict[str, str]:
    return _pay_info(redirectUrl=f"https://pay.huifu-mock.invalid/{order.hf_seq_id}")


def _pay_info(**members: Any) -> dict[str, str]:
    return {"pay_info": json.dumps(members, separators=(",", ":"))}


_PAYING: Final[tuple[tuple[Callable[[str], bool], Callable[[Order], dict[str, str]]], ...]] = (
    (lambda kind: kind.endswith("NATIVE"),   _qr_code),
    (lambda kind: kind.endswith("MICROPAY"), lambda _: {}),
    (lambda kind: kind == "T_H5",            _page),
    (lambda kind: kind.startswith("T_"),     _wechat),
    (lambda kind: kind.startswith("A_"),     _alipay),
    (lambda _: True,                         _page),
)  # fmt: skip

_AUTH_CODES: Final = (("1", "T_MICROPAY"), ("2", "A_MICROPAY"), ("6", "U_MICROPAY"), ("0", "D_MICROPAY"))


def _micropay(auth_code: str) -> str:
    """Whose bar code it is, by how it begins (assumed: 10–15 WeChat, 25–30 Alipay, 62 UnionPay, 01 digital yuan)."""
    return next((kind for start, kind in _AUTH_CODES if auth_code.startswith(start)), "T_MICROPAY")


def _time(text: str) -> datetime | None:
    return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=BEIJING) if text else None
