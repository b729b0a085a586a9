"""Any of Huifu's endpoints, asked over the desk: only replies that are signed, canonical and valid are read."""

import json
from dataclasses import dataclass
from typing import Any

from desk import HUIFU, Desk

from huifu_mock import signing
from huifu_mock.gateway.gateway import PATHS, Exchange
from huifu_mock.request import Endpoint, ReceivedBytes
from huifu_mock.schemas import schema

JSPAY_V2, JSPAY_V3 = "/v2/trade/payment/jspay", "/v3/trade/payment/jspay"
MICROPAY_V2, MICROPAY_V3 = "/v2/trade/payment/micropay", "/v3/trade/payment/micropay"
CREATE_V4 = "/v4/trade/payment/create"
QUERY_V2, QUERY_V3, QUERY_V4 = (f"/v{n}/trade/payment/scanpay/query" for n in (2, 3, 4))
CLOSE, CLOSEQUERY = "/v2/trade/payment/scanpay/close", "/v2/trade/payment/scanpay/closequery"
CREATES = (JSPAY_V2, JSPAY_V3, CREATE_V4, MICROPAY_V2, MICROPAY_V3)
QUERIES = (QUERY_V2, QUERY_V3, QUERY_V4)
NEIGHBOURS = (*CREATES, *QUERIES, CLOSEQUERY)


@dataclass(frozen=True)
class Asked:
    """An exchange and its opened reply."""

    exchange: Exchange
    reply: dict[str, str]

    @property
    def row(self) -> str:
        """The row that refused; empty where none did."""
        facts = self.exchange.entry.facts
        return facts.rule.row if facts else ""

    @property
    def said(self) -> tuple[str, str, str]:
        """Code, text and state; empty where the reply tells no state."""
        return self.reply["resp_code"], self.reply["resp_desc"], self.reply.get("trans_stat", "")


def opened(endpoint: Endpoint, reply: bytes) -> dict[str, str]:
    """The `data` of a reply; raises `AssertionError` unless it is as every client needs it."""
    head, _, tail = reply.rpartition(b',"sign":"')
    raw = head.removeprefix(b'{"data":')
    assert signing.verify(HUIFU, raw, tail[:-2].decode()), reply
    data: dict[str, str] = json.loads(raw)
    assert raw == json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    assert all(isinstance(value, str) for value in data.values()), data
    assert not list(schema(endpoint.response).problems(data)), data
    return data


def send(desk: Desk, path: str, body: bytes) -> Asked:
    """Send bytes to a path; whatever they are, the reply is signed and valid."""
    endpoint = PATHS[path]
    exchange = desk.mock.gateway.receive(endpoint, ReceivedBytes(body))
    assert exchange.status == 200
    return Asked(exchange, opened(endpoint, exchange.payload()))


def ask(desk: Desk, path: str, data: dict[str, Any], **changes: Any) -> Asked:
    """Send signed `data`; `None` leaves a member out."""
    given = {name: value for name, value in {**data, **changes}.items() if value is not None}
    return send(desk, path, desk.body(given))


def new_order(desk: Desk, path: str, **changes: Any) -> dict[str, Any]:
    """The `data` of a create that succeeds at any path."""
    desk_data = desk.data()
    made = {
        "req_date": desk_data["req_date"],
        "req_seq_id": desk_data["req_seq_id"],
        "huifu_id": desk_data["huifu_id"],
        "trans_amt": "1.00",
        "goods_desc": "测试商品 a/b",
    }
    if path in (MICROPAY_V2, MICROPAY_V3):
        made |= {"auth_code": "134567890123456789", "risk_check_data": '{"ip_addr":"127.0.0.1"}'}
    else:
        made["trade_type"] = "T_JSAPI"
    return made | changes


def named(path: str, order: Any) -> dict[str, Any]:
    """The `data` of a query or closequery for an order, by its own number."""
    if path == QUERY_V4:
        return {"huifu_id": order.huifu_id, "req_date": order.req_date, "req_seq_id": order.req_seq_id}
    asked = {"huifu_id": order.huifu_id, "org_req_date": order.req_date, "org_req_seq_id": order.req_seq_id}
    return asked | ({"req_date": order.req_date, "req_seq_id": "query-1"} if path == CLOSEQUERY else {})
