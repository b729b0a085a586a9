"""`POST /v2/trade/payment/scanpay/closequery`: how the close of an order went, or how far it is. It changes nothing."""

from typing import Final

from huifu_mock.codes import Answer, Reason, Wording
from huifu_mock.gateway.reply import NO_ORIGINAL, Outcome, answered, own, refusal, refused
from huifu_mock.gateway.tenant import Tenant
from huifu_mock.request import Call, Endpoint
from huifu_mock.rules import RULES

CLOSEQUERY: Final = Endpoint(
    "closequery", "/v2/trade/payment/scanpay/closequery", "closequery/request", "closequery/response"
)
ENDPOINTS: Final = (CLOSEQUERY,)

FOUND: Final = ("00000000", "查询成功")
NO_ORDER: Final = next(rule for rule in RULES if rule.outcome is Reason.ORDER_UNKNOWN)
NO_CLOSE: Final = own(
    "closequery/no-close",
    "no close of the order was accepted, so there is no result",
    "该订单没有受理过关单",
    "assumed: 23000001",
)


def closequery(tenant: Tenant, call: Call, authentic: bool) -> Outcome:
    """The state of the last close that passed every rule; a close that a rule refused is none.

    Assumed: a query may be repeated under its own number, since it changes nothing.
    """
    if outcome := refusal(tenant, call, authentic, "F"):
        return outcome
    req_seq_id, hf_seq_id = call.value("org_req_seq_id"), call.value("org_hf_seq_id")
    if not (req_seq_id or hf_seq_id):
        return refused(tenant, call, NO_ORIGINAL, Answer(Reason.NO_ORIGINAL, Reason.NO_ORIGINAL.wording))
    order = tenant.orders.find(call.value("huifu_id"), call.value("org_req_date"), req_seq_id, hf_seq_id)
    unknown = Answer(Reason.ORDER_UNKNOWN, Reason.ORDER_UNKNOWN.wording)
    if order is None:
        return refused(tenant, call, NO_ORDER, unknown)
    if not order.close_stat:
        return refused(tenant, call, NO_CLOSE, unknown, order=order)
    numbers = {"org_req_seq_id": order.req_seq_id, "org_hf_seq_id": order.hf_seq_id}
    return answered(tenant, call, Wording(*FOUND, order.close_stat), {**numbers, "org_trans_stat": order.trans_stat})
