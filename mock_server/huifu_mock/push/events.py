"""What the pushes say: the nine members of `trans.close`, and the `resp_data` of a notify."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote_plus, urlencode

from huifu_mock.state.clock import compact, day
from huifu_mock.state.orders import CloseAttempt, Order

TRANS_CLOSE: Final = "trans.close"
NOTIFY: Final = "notify"
NOTIFY_CLOSE: Final = "notify.close"
WEBHOOK_EVENTS: Final = (TRANS_CLOSE,)
EVENTS: Final = (TRANS_CLOSE, NOTIFY, NOTIFY_CLOSE)

CHANNEL_ONLY, BOOKED = 1, 2
"""`notify_type`: the channel has the money, and it is booked. Every payment that succeeds is notified of twice."""


def trans_close(order: Order, trans_stat: str, org_trans_stat: str) -> bytes:
    """The body of the webhook: nine strings in the order in which the real gateway sends them."""
    members = {
        "org_req_date": order.req_date,
        "org_req_seq_id": order.req_seq_id,
        "trans_stat": trans_stat,
        "namespace": "opps-webhook",  # assumed: as in the payment events
        "huifu_id": order.huifu_id,
        "event_define_no": TRANS_CLOSE,
        "org_mer_ord_id": order.req_seq_id,  # assumed: the merchant's number of the order
        "trans_type": order.trade_type,  # assumed: that of the order
        "org_trans_stat": org_trans_stat,
    }
    return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()


def payment(order: Order, notify_type: int) -> dict[str, Any]:
    """`resp_data` for a payment that succeeded or failed. Unlike replies it holds numbers and booleans."""
    paid = order.trans_stat == "S"
    done = _time(order.finished_at)
    said = {
        "acct_stat": ("S" if notify_type == BOOKED else "I") if paid else "F",
        "bank_message": "TRADE_SUCCESS" if paid else "TRADE_FAILED",
        "end_time": done,
        "fee_amount": "0.00",
        "fee_flag": 2,
        "hf_seq_id": order.hf_seq_id,
        "huifu_id": order.huifu_id,
        "is_delay_acct": "1" if order.delay_acct_flag == "Y" else "0",
        "is_div": "0",
        "mer_ord_id": order.req_seq_id,
        "need_big_object": False,
        "notify_type": notify_type,
        "out_trans_id": out_trans_id(order) if paid else "",
        "party_order_id": party_order_id(order),
        "remark": order.remark,
        "req_date": order.req_date,
        "req_seq_id": order.req_seq_id,
        "resp_code": "00000000" if paid else "90000000",
        "resp_desc": "交易成功" if paid else "交易失败",
        "settlement_amt": order.trans_amt if paid else "0.00",
        "trans_amt": order.trans_amt,
        "trans_date": done[:8],
        "trans_stat": order.trans_stat,
        "trans_time": done[8:],
        "trans_type": order.trade_type,
    }
    return {name: value for name, value in said.items() if value != ""}


def close_ended(order: Order, attempt: CloseAttempt) -> dict[str, Any]:
    """`resp_data` for a close that is over (assumed: the specification speaks of an asynchronous message only).

    `req_seq_id` is the number of the close, so that a receiver of payments finds no order under it.
    """
    return {
        "close_stat": attempt.stat,
        "huifu_id": order.huifu_id,
        "org_hf_seq_id": order.hf_seq_id,
        "org_req_date": order.req_date,
        "org_req_seq_id": order.req_seq_id,
        "org_trans_stat": order.trans_stat,
        "req_date": attempt.req_date,
        "req_seq_id": attempt.req_seq_id,
        "resp_code": "00000000" if attempt.stat == "S" else "90000000",
        "resp_desc": "交易成功" if attempt.stat == "S" else "业务执行失败",
        "trans_stat": attempt.stat,
    }


def text_of(resp_data: Mapping[str, Any]) -> str:
    """`resp_data` as it is signed and sent: names in order, compact, raw UTF-8."""
    return json.dumps(resp_data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def form(resp_data: Mapping[str, Any], text: str, sign: str) -> bytes:
    """The form of a notify; the outer answer is the inner one's, and nobody should decide by it."""
    fields = {
        "resp_desc": resp_data["resp_desc"],
        "resp_code": resp_data["resp_code"],
        "sign": sign,
        "resp_data": text,
    }
    return urlencode(fields, quote_via=quote_plus).encode()


def out_trans_id(order: Order) -> str:
    """The number on the customer's bill: 28 digits, from 4200 for WeChat and led by the day for the others."""
    head = "4200" if order.trade_type.startswith("T_") else ""
    return f"{head}{day(order.created_at)}{_digits(order)}".ljust(28, "0")[:28]


def party_order_id(order: Order) -> str:
    """The merchant's number on the customer's bill: 23 digits."""
    return f"03{order.created_at:%y%m%d}{_digits(order)}".ljust(23, "0")[:23]


def _digits(order: Order) -> str:
    """15 digits that are the order's own."""
    digest = hashlib.sha256(order.hf_seq_id.encode()).digest()
    return str(int.from_bytes(digest[:8]) % 10**15).zfill(15)


def _time(moment: datetime | None) -> str:
    return compact(moment) if moment else ""
