"""What the parameters of the control API's paths and queries are: by name, or by list and name where that differs."""

import re
from collections.abc import Iterator
from typing import Any, Final, get_args

from huifu_mock.codes import Reason
from huifu_mock.http.control.paging import SORTS, VIEWS
from huifu_mock.http.unmatched import KINDS
from huifu_mock.push.delivery import Status
from huifu_mock.push.events import EVENTS, TRANS_CLOSE
from huifu_mock.rules import SETTLES


def in_path(template: str) -> Iterator[str]:
    """The names of the parameters in a path."""
    yield from re.findall(r"\{(\w+)\}", template)


def _text(description: str, example: str | None = None) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    return {"description": description, "schema": schema, **({"example": example} if example else {})}


def _one_of(description: str, *values: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string", "enum": list(values)}}


def _whole(description: str, least: int, most: int) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "integer", "minimum": least, "maximum": most}}


# fmt: off
PARAMETERS: Final[dict[str, dict[str, Any]]] = {
    # in paths
    "sys_id": _text("the tenant", "6666000108854952"),
    "journal.id": _text("the call, as a reply's header Huifu-Mock-Call names it", "call-1"),
    "faults.id": _text("the fault, as lists and answers tell it", "fault-1"),
    "webhooks.id": _text("the endpoint, as lists and answers tell it", "webhook-1"),
    "deliveries.id": _text("the push, as lists and answers tell it", "delivery-1"),
    "orders.req_seq_id": _text("the number of the order", "order-processing"),  # which no example of a close names
    "event": {**_one_of("what is sent", TRANS_CLOSE), "example": TRANS_CLOSE},
    # in queries
    "after": _text("go on after this item, oldest first: the `next` of the page before"),
    "before": _text("go on before this item, newest first: the `next` of the page before"),
    "limit": _whole("at most so many items", 1, 1000),
    "events.limit": _whole("begin with so many of the newest calls, orders and deliveries", 0, 200),
    "sort": _one_of("which items come first; newest if left out with `view=summary` or `before`, oldest else", *SORTS),
    "view": _one_of("whole items, or in short", *VIEWS),
    "wait": {"description": "wait so many real seconds for a first match",
             "schema": {"type": "number", "minimum": 0, "maximum": 600}},
    "q": _text("a word that stands in the call, its answer or its explanation"),
    "endpoint": _text("an endpoint by its name, its path or the end of its path", "close"),
    "req_seq_id": _text("the number of the order or of the call", "order-open"),
    "org_req_seq_id": _text("the number of the order that the call is about", "order-open"),
    "reason": _one_of("why a close was answered so", *(reason.name for reason in Reason)),
    "resp_code": _text("the answer's code", "00000000"),
    "session": _text("the token of a path that begins with /s/{token}"),
    "signature_ok": _one_of("whether the signature verified", "true", "false", "none"),
    "replay": _one_of("whether the answer was an earlier one", "true", "false"),
    "refused": _one_of("whether a rule refused the call", "true", "false"),
    "unmatched": _one_of("why the call reached no endpoint", "true", "false", *KINDS),
    "journal.status": _text("the HTTP status", "200"),
    "hf_seq_id": _text("Huifu's number of the order"),
    "huifu_id": _text("the merchant of the order", "6666000000000000"),
    "req_date": _text("the day of the order, yyyyMMdd", "20260101"),
    "trade_type": _text("how the order is paid", "T_NATIVE"),
    "trans_stat": _one_of("the state of the order", "P", "S", "F"),
    "close_stat": _one_of("the state of its close", "", "P", "S", "F"),
    "settle": _one_of("how its close runs", *SETTLES),
    "deliveries.event": _one_of("what is pushed", *EVENTS),
    "deliveries.order": _text("the number of the order that the push is about"),
    "deliveries.status": _one_of("what became of the push", *get_args(Status)),
    "deliveries.url": _text("the receiver"),
    "deliveries.attempts": _whole("it was tried at least so often", 0, 999_999),
    "keys": _one_of("with the private keys", "true", "false"),
    "last_event_id": _text("go on after the event with this id, as the header Last-Event-ID does"),
}
# fmt: on
