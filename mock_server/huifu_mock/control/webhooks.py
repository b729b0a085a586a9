"""Webhook endpoints of a tenant: registered, listed, removed."""

from typing import Any
from urllib.parse import urlsplit

from huifu_mock.control.route import Ask, Route, Told
from huifu_mock.mock import Refused, check
from huifu_mock.push.events import WEBHOOK_EVENTS
from huifu_mock.push.pushes import Webhook
from huifu_mock.schemas import Problem


def shown(webhook: Webhook) -> dict[str, Any]:
    """A registered endpoint."""
    return {"id": webhook.id, "url": webhook.url, "events": list(webhook.events), "key": webhook.key}


def _add(ask: Ask) -> Told:
    tenant, body = ask.tenant, ask.body
    check("control/webhook-create", body)
    _check_url(body["url"])
    key = body.get("key", tenant.settings.webhook_key)
    return Told(201, shown(tenant.pushes.register(body["url"], body.get("events", WEBHOOK_EVENTS), key)))


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        wrong = "" if parts.hostname and parts.port != 0 else "names no host"
    except ValueError as error:
        wrong = f"is not a URL: {error}"
    if wrong:
        raise Refused(422, Problem("url", wrong, "for example http://127.0.0.1:9000/webhook"))


def _list(ask: Ask) -> Told:
    return Told(200, {"items": [shown(webhook) for webhook in ask.tenant.pushes.webhooks.values()]})


def _one(ask: Ask) -> Webhook:
    webhook = ask.tenant.pushes.webhooks.get(ask.path["id"])
    if webhook is None:
        raise Refused(404, Problem("id", f"there is no webhook {ask.path['id']}", "GET …/webhooks lists them"))
    return webhook


def _read(ask: Ask) -> Told:
    return Told(200, shown(_one(ask)))


def _remove(ask: Ask) -> Told:
    del ask.tenant.pushes.webhooks[_one(ask).id]
    return Told(204)


ALL = "/_mock/tenants/{sys_id}/webhooks"
ONE = ALL + "/{id}"
ROUTES = (
    Route("POST", ALL, _add, "register an endpoint for webhooks", "control/webhook-create"),
    Route("GET", ALL, _list, "list the endpoints for webhooks"),
    Route("GET", ONE, _read, "read an endpoint"),
    Route("DELETE", ONE, _remove, "remove an endpoint; what is on its way to it goes on"),
)
