"""Deliveries: every push with its tries; searched, waited for, sent again."""

from collections.abc import Callable
from typing import Any, get_args

from huifu_mock.control.route import Ask, Route, Told
from huifu_mock.mock import Refused
from huifu_mock.push.delivery import Delivery, Status, Wanted
from huifu_mock.push.events import EVENTS
from huifu_mock.schemas import Problem

STATUSES: tuple[str, ...] = get_args(Status)
FILTERS = ("event", "order", "status", "url", "attempts")


def shown(delivery: Delivery) -> dict[str, Any]:
    """A delivery with everything that is known of it."""
    message = delivery.message
    huifu_id, req_date, req_seq_id = message.order
    return {
        "id": delivery.id,
        "event": message.event,
        "url": message.receiver,
        "order": req_seq_id,
        "huifu_id": huifu_id,
        "req_date": req_date,
        "status": delivery.status,
        "body": message.body().decode(),
        "created_at": delivery.created_at.isoformat(),
        "next_at": delivery.next_at.isoformat() if delivery.next_at else None,
        "attempts": [
            {"at": one.at.isoformat(), "status": one.status, "answer": one.answer, "diagnosis": one.diagnosis}
            for one in delivery.attempts
        ],
    }


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
            raise Refused(422, Problem(name, f'"{value}" is not known', f"it is one of {', '.join(_KNOWN[name])}"))
        if name == "attempts" and not (value.isascii() and value.isdigit() and len(value) < 7):
            raise Refused(422, Problem(name, f'"{value}" is not a number', "it is how many tries there were at least"))
    tests = {name: value for name, value in query.items() if name in FILTERS}
    return lambda delivery: all(_TESTS[name](delivery, value) for name, value in tests.items())


async def _list(ask: Ask) -> Told:
    pushes, wanted = ask.tenant.pushes, _wanted(ask.query)
    if seconds := ask.seconds():
        await pushes.deliveries.wait(wanted, seconds)
    found = [shown(delivery) for delivery in pushes.deliveries.find(wanted)]
    return Told(200, {"items": found, "dropped": pushes.deliveries.dropped, "queue": pushes.courier.state()})


def _one(ask: Ask) -> Delivery:
    delivery = ask.tenant.pushes.deliveries.get(ask.path["id"])
    if delivery is None:
        raise Refused(404, Problem("id", f"there is no delivery {ask.path['id']}", "GET …/deliveries lists them"))
    return delivery


def _read(ask: Ask) -> Told:
    return Told(200, shown(_one(ask)))


def _resend(ask: Ask) -> Told:
    delivery = _one(ask)
    ask.tenant.pushes.resend(delivery)
    return Told(202, shown(delivery))


ALL = "/_mock/tenants/{sys_id}/deliveries"
ROUTES = (
    Route("GET", ALL, _list, "search the pushes; `wait` seconds for a first match, `attempts` is at least so many",
          query=(*FILTERS, "wait")),
    Route("GET", f"{ALL}/{{id}}", _read, "read a push with its tries"),
    Route("POST", f"{ALL}/{{id}}/resend", _resend, "send a push once more, now"),
)  # fmt: skip
