"""Webhook endpoints of a tenant, deliveries to them and to notify URLs, and events on demand."""

from collections.abc import Callable
from typing import Any, get_args
from urllib.parse import urlsplit

from huifu_mock.gateway.mock import MOST_WEBHOOKS, Refused, check
from huifu_mock.gateway.tenant import Tenant
from huifu_mock.http.address import is_loopback, url_problem
from huifu_mock.http.control import paging, summaries
from huifu_mock.http.control.orders import one_of
from huifu_mock.http.control.route import ControlRequest, ControlResponse, Route, no_more, unhurried
from huifu_mock.push.delivery import Delivery, Status, Wanted
from huifu_mock.push.events import EVENTS, TRANS_CLOSE, WEBHOOK_EVENTS
from huifu_mock.push.queue import Webhook
from huifu_mock.schemas import Problem, in_chinese
from huifu_mock.state.waiting import MOST_WAITING


def shown_webhook(webhook: Webhook) -> dict[str, Any]:
    """A registered endpoint."""
    return {"id": webhook.id, "url": webhook.url, "events": list(webhook.events), "key": webhook.key}


def _add_webhook(request: ControlRequest) -> ControlResponse:
    tenant, body = request.tenant, request.body
    check("control/webhook-create", body)
    no_more(len(tenant.pushes.webhooks), MOST_WEBHOOKS, "webhooks")
    if wrong := url_problem(body["url"]):
        raise Refused(422, Problem("url", wrong, "for example http://127.0.0.1:9000/webhook"))
    key = body.get("key", tenant.settings.webhook_key)
    made = tenant.pushes.register(body["url"], body.get("events", WEBHOOK_EVENTS), key)
    return ControlResponse(201, {**shown_webhook(made), **_leads_away(tenant, made.url)})


def _leads_away(tenant: Tenant, url: str) -> dict[str, str]:
    """What to say of an endpoint to which nothing will be sent, because it is not this machine."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    allow = "" if is_loopback(host) else tenant.pushes.dispatcher.targets.needed(host, port)
    if not allow:
        return {}
    said = f"pushes go to this machine alone: unless {host} is it, start serve with {allow} (in Python push_allow=[…])"
    return {"hint": said, "hint_zh": in_chinese(said)}


async def listed_webhooks(request: ControlRequest) -> ControlResponse:
    """A page of the endpoints. Raises `Refused`."""
    known = list(request.tenant.pushes.webhooks.values())
    return await paging.answered(request, known, shown_webhook, lambda webhook: webhook.id)


def _webhook(request: ControlRequest) -> Webhook:
    webhook = request.tenant.pushes.webhooks.get(request.path["id"])
    if webhook is None:
        raise Refused(404, Problem("id", f"there is no webhook {request.path['id']}", "GET …/webhooks lists them"))
    return webhook


def _read_webhook(request: ControlRequest) -> ControlResponse:
    return ControlResponse(200, shown_webhook(_webhook(request)))


def _remove_webhook(request: ControlRequest) -> ControlResponse:
    request.tenant.pushes.remove(_webhook(request))
    return ControlResponse(204)


WEBHOOKS = "/_mock/tenants/{sys_id}/webhooks"
WEBHOOK = WEBHOOKS + "/{id}"

STATUSES: tuple[str, ...] = get_args(Status)
FILTERS = ("event", "order", "status", "url", "attempts")


def shown_delivery(delivery: Delivery) -> dict[str, Any]:
    """A delivery with everything that is known of it."""
    return {**summaries.delivery(delivery), "body": delivery.message.body().decode()}


_TESTS: dict[str, Callable[[Delivery, str], bool]] = {
    "event": lambda delivery, value: delivery.message.event == value,
    "order": lambda delivery, value: delivery.message.order[2] == value,
    "status": lambda delivery, value: delivery.status == value,
    "url": lambda delivery, value: delivery.message.receiver == value,
    "attempts": lambda delivery, value: len(delivery.attempts) >= int(value),
}
_KNOWN: dict[str, tuple[str, ...]] = {"event": EVENTS, "status": STATUSES}


def _wanted(query: dict[str, str]) -> Wanted:
    for name, value in query.items():
        if name in _KNOWN and value not in _KNOWN[name]:
            raise Refused(422, Problem(name, f'is "{value}"', f"it must be one of {', '.join(_KNOWN[name])}"))
        if name == "attempts" and not (value.isascii() and value.isdigit() and len(value) < 7):
            raise Refused(422, Problem(name, f'"{value}" is not a number', "it is how many tries there were at least"))
    tests = {name: value for name, value in query.items() if name in FILTERS}
    return lambda delivery: all(_TESTS[name](delivery, value) for name, value in tests.items())


async def listed_deliveries(request: ControlRequest) -> ControlResponse:
    """A page of the pushes. Raises `Refused`."""
    pushes, wanted = request.tenant.pushes, _wanted(request.query)
    if seconds := request.seconds():
        no_more(pushes.deliveries.waiting, MOST_WAITING, "wait")
        await pushes.deliveries.wait(wanted, seconds)
    found, more = await paging.page(request, list(pushes.deliveries), wanted, lambda delivery: delivery.id)
    as_json = summaries.delivery if paging.is_summary(request) else shown_delivery
    return ControlResponse(
        200,
        {
            "items": [as_json(delivery) async for delivery in unhurried(found)],
            "next": more,
            "total": len(pushes.deliveries),
            "dropped": pushes.deliveries.dropped,
            "queue": pushes.dispatcher.state(),
        },
    )


def _delivery(request: ControlRequest) -> Delivery:
    delivery = request.tenant.pushes.deliveries.get(request.path["id"])
    if delivery is None:
        raise Refused(404, Problem("id", f"there is no delivery {request.path['id']}", "GET …/deliveries lists them"))
    return delivery


def _read_delivery(request: ControlRequest) -> ControlResponse:
    return ControlResponse(200, shown_delivery(_delivery(request)))


def _resend(request: ControlRequest) -> ControlResponse:
    delivery = _delivery(request)
    request.tenant.pushes.resend(delivery)
    return ControlResponse(202, shown_delivery(delivery))


DELIVERIES = "/_mock/tenants/{sys_id}/deliveries"


def _send_event(request: ControlRequest) -> ControlResponse:
    tenant, body = request.tenant, request.body
    if request.path["event"] != TRANS_CLOSE:
        raise Refused(404, Problem("event", f'there is no event "{request.path["event"]}"', f"there is {TRANS_CLOSE}"))
    check("control/event-send", body)
    which = {name: body[name] for name in ("huifu_id", "req_date") if name in body}
    order = one_of(tenant, body["req_seq_id"], which)
    # assumed: for an order that no close has ended, the event that a close would have led to
    lost = order.trans_stat == "S" or order.close_stat == "F"
    trans_stat = body.get("trans_stat") or ("F" if lost else "S")
    if trans_stat == "S" and order.trans_stat == "S":
        said = f"is S, and {order.req_seq_id} is paid: no close of it has succeeded"
        raise Refused(409, Problem("trans_stat", said, "send F, or leave it out"))
    org_trans_stat = "F" if trans_stat == "S" else order.trans_stat
    made = tenant.pushes.trans_close(order, trans_stat, org_trans_stat, dos=[body["do"]] if "do" in body else [])
    if not made:
        said = f"no endpoint of {tenant.sys_id} is registered for {TRANS_CLOSE}"
        raise Refused(409, Problem("webhooks", said, 'POST …/webhooks {"url": "http://127.0.0.1:9000/webhook"} first'))
    return ControlResponse(201, [shown_delivery(delivery) for delivery in made])


# fmt: off
ROUTES = (
    Route("POST", WEBHOOKS, _add_webhook, "register an endpoint for webhooks", "control/webhook-create",
          status=201, answer="control/webhook"),
    Route("GET", WEBHOOKS, listed_webhooks, "list the endpoints for webhooks, in pages if a `limit` is given",
          query=paging.SHORT_LISTS, answer="control/webhooks"),
    Route("GET", WEBHOOK, _read_webhook, "read an endpoint", answer="control/webhook"),
    Route("DELETE", WEBHOOK, _remove_webhook, "remove an endpoint; deliveries that are under way continue", status=204),
    Route("GET", DELIVERIES, listed_deliveries,
          "search the pushes; `wait` seconds for a first match, `attempts` is at least so many",
          query=(*FILTERS, *paging.PARAMETERS, "wait"), answer="control/deliveries"),
    Route("GET", f"{DELIVERIES}/{{id}}", _read_delivery, "read a push with its tries", answer="control/delivery"),
    Route("POST", f"{DELIVERIES}/{{id}}/resend", _resend, "send a push once more, now",
          status=202, answer="control/delivery"),
    Route("POST", "/_mock/tenants/{sys_id}/events/{event}", _send_event,
          "send trans.close for an order to every endpoint", "control/event-send",
          status=201, answer="control/deliveries-sent", conflicts=True),
)
# fmt: on
