"""The live events of a tenant: what each is, and the call that asks for them. No private key is in any."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any, Final

from huifu_mock.faults import Fault
from huifu_mock.gateway.tenant import Tenant
from huifu_mock.http.control import faults, journal, orders, pushes, summaries
from huifu_mock.http.control.clock import shown as shown_clock
from huifu_mock.http.control.route import ControlRequest, ControlResponse, Route, Subscription
from huifu_mock.push.queue import Webhook

DELETED: Final = "deleted"


def _fault(_: Tenant, changed: Fault | str) -> dict[str, Any]:
    return {"id": changed, DELETED: True} if isinstance(changed, str) else faults.shown(changed)


def _webhook(_: Tenant, changed: Webhook | str) -> dict[str, Any]:
    return {"id": changed, DELETED: True} if isinstance(changed, str) else pushes.shown_webhook(changed)


def _clock(tenant: Tenant, seconds: float) -> dict[str, Any]:
    return {**shown_clock(tenant), "advanced": seconds}


_DATA: Final[dict[str, Callable[[Tenant, Any], dict[str, Any]]]] = {
    "call": summaries.call,
    "order": orders.shown,
    "delivery": lambda _, delivery: summaries.delivery(delivery),
    "fault": _fault,
    "webhook": _webhook,
    "clock": _clock,
    "tenant": lambda tenant, _: summaries.tenant(tenant),
}
"""What an event says of the thing that changed, by its kind."""


def of_change(tenant: Tenant, kind: str, changed: Any) -> bytes:
    """The event about a change, without an id."""
    return event(kind, _DATA[kind](tenant, changed))


def event(kind: str, data: dict[str, Any]) -> bytes:
    """One server-sent event. JSON on one line holds no line break, so it needs no escaping."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"event: {kind}\ndata: {text}\n\n".encode(errors="replace")


def ready(tenant: Tenant, *, resumed: bool) -> bytes:
    """The first event of a stream."""
    leaps = [{"at": at.isoformat(), "seconds": seconds} for at, seconds in tenant.clock.leaps]
    told = {"tenant": summaries.tenant(tenant), "clock": shown_clock(tenant), "leaps": leaps, "resumed": resumed}
    return event("ready", told)


MOST_LISTED: Final = 200
"""So many calls, orders and deliveries a stream may begin with."""
_LISTS: Final[dict[str, Callable[[ControlRequest], Awaitable[ControlResponse]]]] = {
    "calls": journal.listed,
    "orders": orders.listed,
    "deliveries": pushes.listed_deliveries,
    "faults": faults.listed,
    "webhooks": pushes.listed_webhooks,
}
_WHOLE: Final = ("faults", "webhooks")
"""There are few of these."""


async def _lists(request: ControlRequest, limit: int) -> bytes:
    """The newest of each list, as the calls that list them answer. Raises `Refused`, `Unkept`."""
    newest = replace(request, query={"sort": "newest", "view": "summary", "limit": str(limit)})
    whole = replace(request, query={})
    told = {name: (await listed(whole if name in _WHOLE else newest)).body for name, listed in _LISTS.items()}
    return event("lists", told)


def _watch(request: ControlRequest) -> ControlResponse:
    limit = request.whole("limit", 0, 0, MOST_LISTED)
    lists = partial(_lists, request, limit) if limit else None
    headers = {"Content-Type": "text/event-stream"}
    return ControlResponse(200, events=Subscription(request.tenant, lists), headers=headers)


ROUTES = (
    Route("GET", "/_mock/tenants/{sys_id}/events", _watch,
          "follow what happens, live: server-sent events; Last-Event-ID (or `last_event_id`) resumes; "
          "with `limit` the newest of each list come first",
          query=("last_event_id", "limit"), answer="control/events"),
)  # fmt: skip
