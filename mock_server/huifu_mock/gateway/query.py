"""Querying an order: v2, v3 and v4 `scanpay/query`, which name the same things differently. It changes nothing."""

import json
from dataclasses import dataclass
from typing import Final

from huifu_mock.codes import Answer, Reason, Wording
from huifu_mock.gateway.reply import NO_ORIGINAL, Outcome, answered, own, refusal, refused
from huifu_mock.gateway.tenant import Tenant
from huifu_mock.push.events import out_trans_id, party_order_id
from huifu_mock.request import Call, Endpoint
from huifu_mock.state.clock import compact
from huifu_mock.state.orders import Order


@dataclass(frozen=True, slots=True)
class Names:
    """What a version calls the members that name an order; the same in its request and in its answer."""

    req_date: str
    req_seq_id: str
    hf_seq_id: str


ORIGINAL: Final = Names("org_req_date", "org_req_seq_id", "org_hf_seq_id")
PLAIN: Final = Names("req_date", "req_seq_id", "hf_seq_id")

V2: Final = Endpoint("query", "/v2/trade/payment/scanpay/query", "query/v2-request", "query/v2-response")
V3: Final = Endpoint("query", "/v3/trade/payment/scanpay/query", "query/v3-request", "query/v3-response")
V4: Final = Endpoint("query", "/v4/trade/payment/scanpay/query", "query/v4-request", "query/v4-response")
ENDPOINTS: Final = (V2, V3, V4)

FOUND: Final = Wording("00000000", "查询成功", "")
UNKNOWN: Final = Wording("23000001", "交易不存在", "")

NO_DATE: Final = own(
    "query/no-date",
    "the order is asked for by its own number without its date",
    "按请求流水号查询时缺少日期",
    "assumed: 不能为空",
)
NO_ORDER: Final = own(
    "query/unknown",
    "no order of that `huifu_id` under those numbers (service orders, `out_ord_id`, are not known here)",
    "该 `huifu_id` 下没有这些流水号对应的订单（不支持 `out_ord_id`）",
    "23000001 交易不存在",
)


def query(tenant: Tenant, call: Call, authentic: bool) -> Outcome:
    """The order as it is now."""
    if outcome := refusal(tenant, call, authentic):
        return outcome
    names = PLAIN if call.endpoint is V4 else ORIGINAL
    req_date, req_seq_id, hf_seq_id = (call.value(name) for name in (names.req_date, names.req_seq_id, names.hf_seq_id))
    if not (req_seq_id or hf_seq_id or call.value("out_ord_id")):
        # the listed text speaks of two numbers; a query may be made by a third (assumed)
        wording = Wording(Reason.NO_ORIGINAL.resp_code, Reason.NO_ORIGINAL.resp_desc, "")
        return refused(tenant, call, NO_ORIGINAL, Answer(Reason.NO_ORIGINAL, wording))
    if req_seq_id and not req_date and not hf_seq_id:
        wording = Wording(Reason.BAD_PARAMETERS.resp_code, f"{names.req_date}不能为空", "")
        return refused(tenant, call, NO_DATE, Answer(Reason.BAD_PARAMETERS, wording))
    order = _find(tenant, call.value("huifu_id"), req_date, req_seq_id, hf_seq_id)
    if order is None:
        return refused(tenant, call, NO_ORDER, Answer(Reason.ORDER_UNKNOWN, UNKNOWN))
    members = _v4(order) if names is PLAIN else _original(order)
    # what is empty says nothing, so only mandatory members are sent empty
    return answered(tenant, call, FOUND, {name: value for name, value in members.items() if value})


def _find(tenant: Tenant, huifu_id: str, req_date: str, req_seq_id: str, hf_seq_id: str) -> Order | None:
    """The order that all given numbers name; the date is not needed with Huifu's own number."""
    order = (
        tenant.orders.by_hf_seq_id(hf_seq_id) if hf_seq_id else tenant.orders.find(huifu_id, req_date, req_seq_id, "")
    )
    if order is None or order.huifu_id != huifu_id:
        return None
    fits = req_date in ("", order.req_date) and req_seq_id in ("", order.req_seq_id)
    return order if fits else None


def _state(order: Order) -> dict[str, str]:
    """What all versions call the same."""
    paid = order.trans_stat == "S"
    done = compact(order.finished_at) if order.finished_at else ""
    return {
        "huifu_id": order.huifu_id,
        "trans_amt": order.trans_amt,
        "trans_stat": order.trans_stat,
        "delay_acct_flag": order.delay_acct_flag,
        "div_flag": "N",
        "acct_stat": "S" if paid else "I",
        "acct_date": done[:8] if paid else "",
        "end_time": done if paid else "",
        "settlement_amt": order.trans_amt if paid else "",
        "unconfirm_amt": order.trans_amt if paid and order.delay_acct_flag == "Y" else "",
        "out_trans_id": out_trans_id(order) if paid else "",
        "party_order_id": party_order_id(order),
        "remark": order.remark,
    }


def _original(order: Order) -> dict[str, str]:
    paid = order.trans_stat == "S"
    return _state(order) | {
        "org_req_date": order.req_date,
        "org_req_seq_id": order.req_seq_id,
        "org_hf_seq_id": order.hf_seq_id,
        "trans_type": order.trade_type,
        "trans_time": f"{order.created_at:%H%M%S}",
        "pay_amt": order.trans_amt if paid else "",
        "fee_amt": "0.00" if paid else "",
        "fee_huifu_id": order.huifu_id if paid else "",
        "fee_type": "INNER" if paid else "",
    }


def _v4(order: Order) -> dict[str, str]:
    fee = {"fee_amount": "0.00", "fee_flag": "2", "fee_formula_infos": [], "fee_huifu_id": order.huifu_id}
    return _state(order) | {
        "req_date": order.req_date,
        "req_seq_id": order.req_seq_id,
        "hf_seq_id": order.hf_seq_id,
        "trade_type": order.trade_type,
        "payment_fee": json.dumps(fee, separators=(",", ":")) if order.trans_stat == "S" else "",
    }
