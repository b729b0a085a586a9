"""Orders: seeded, read, paid, failed, expired, their closes ended."""

from dataclasses import replace
from typing import Any

from huifu_mock.gateway import lifecycle
from huifu_mock.gateway.mock import Refused, check, check_orders, keep_orders, moment, order_of
from huifu_mock.gateway.tenant import Tenant
from huifu_mock.http.control import paging
from huifu_mock.http.control.route import ControlRequest, ControlResponse, Route, unhurried
from huifu_mock.rules import SETTLES
from huifu_mock.schemas import Problem
from huifu_mock.state.clock import compact
from huifu_mock.state.orders import Order

FILTERS = (
    "req_seq_id",
    "hf_seq_id",
    "huifu_id",
    "req_date",
    "trade_type",
    "trans_stat",
    "close_stat",
    "settle",
)


def shown(tenant: Tenant, order: Order) -> dict[str, Any]:
    """An order with every field, and the closes of it."""
    attempts = [tenant.orders.attempt(key) for key in order.closes]
    return {
        "req_seq_id": order.req_seq_id,
        "hf_seq_id": order.hf_seq_id,
        "req_date": order.req_date,
        "huifu_id": order.huifu_id,
        "trade_type": order.trade_type,
        "trans_amt": order.trans_amt,
        "trans_stat": order.trans_stat,
        "close_stat": order.close_stat,
        "settle": order.settle,
        "settle_seconds": order.settle_seconds,
        "notify_url": order.notify_url,
        "time_expire": compact(order.expires_at) if order.expires_at else "",
        "age_seconds": round(order.age(tenant.clock.now()).total_seconds(), 6),
        "created_at": order.created_at.isoformat(),
        "finished_at": order.finished_at.isoformat() if order.finished_at else None,
        "closes": [
            {"req_date": a.req_date, "req_seq_id": a.req_seq_id, "stat": a.stat, "at": a.at.isoformat()}
            for a in attempts
            if a is not None and a.order == order.key  # a failed close leaves its number to other orders
        ],
    }


async def _seed(request: ControlRequest) -> ControlResponse:
    tenant = request.tenant
    single = not isinstance(request.body, list)
    bodies = [request.body] if single else request.body
    check_orders(bodies, single=single)
    made = [order_of(tenant, body) async for body in unhurried(bodies)]
    with tenant.work():
        kept = keep_orders(tenant, made, single=single)
    listed = [shown(tenant, order) async for order in unhurried(kept)]
    return ControlResponse(201, listed[0] if single else listed)


KNOWN = {"trans_stat": ("P", "S", "F"), "close_stat": ("", "P", "S", "F"), "settle": SETTLES}


async def listed(request: ControlRequest) -> ControlResponse:
    """A page of the orders. Raises `Refused`."""
    tenant = request.tenant
    request.check_query(KNOWN)
    which = {name: value for name, value in request.query.items() if name in FILTERS}

    def wanted(order: Order) -> bool:
        return all(getattr(order, name) == value for name, value in which.items())

    found, more = await paging.page(request, list(tenant.orders.orders()), wanted, lambda order: order.hf_seq_id)
    items = [shown(tenant, order) async for order in unhurried(found)]
    return ControlResponse(200, {"items": items, "next": more, "total": len(tenant.orders)})


def _one(request: ControlRequest) -> Order:
    """The order in the path. Raises `Refused`, as `one_of` does."""
    return one_of(request.tenant, request.path["req_seq_id"], request.query)


def one_of(tenant: Tenant, number: str, which: dict[str, str]) -> Order:
    """The order of that `req_seq_id`. Raises `Refused`: 404, or 409 where the number alone does not tell which."""
    found = [
        order
        for order in tenant.orders.numbered(number)
        if all(getattr(order, name) == value for name, value in which.items())
    ]
    if not found:
        raise Refused(404, Problem("req_seq_id", f"there is no order {number}", "GET …/orders lists them"))
    if len(found) > 1:
        choice = "; ".join(f"huifu_id={order.huifu_id}&req_date={order.req_date}" for order in found)
        raise Refused(409, Problem("req_seq_id", f"{number} names {len(found)} orders", f"say which: {choice}"))
    return found[0]


def _read(request: ControlRequest) -> ControlResponse:
    return ControlResponse(200, shown(request.tenant, _one(request)))


NOW = {"S": lifecycle.pay, "F": lifecycle.fail}
LATER = {"S": lifecycle.pay_later, "F": lifecycle.fail_later}


def _change(request: ControlRequest) -> ControlResponse:
    tenant, order = request.tenant, _one(request)
    check("control/order-patch", request.body)
    body = dict(request.body)
    trans_stat, seconds = body.pop("trans_stat", None), body.pop("after_seconds", 0)
    close_stat, time_expire = body.pop("close_stat", None), body.pop("time_expire", None)
    field = "trans_stat" if trans_stat else "close_stat" if close_stat else "time_expire"
    try:
        if trans_stat is not None and seconds:
            order = LATER[trans_stat](tenant, order, seconds)
        elif trans_stat is not None:
            order = NOW[trans_stat](tenant, order)
        if close_stat is not None:
            order = lifecycle.settle_now(tenant, order)
        if time_expire is not None:
            order = lifecycle.expire_at(tenant, order, moment(time_expire))
    except lifecycle.NotAllowed as error:
        raise Refused(409, Problem(field, str(error), error.wanted)) from error
    if body:
        order = replace(order, **body)
        tenant.orders.save(order)
    return ControlResponse(200, shown(tenant, order))


ALL = "/_mock/tenants/{sys_id}/orders"
ONE = ALL + "/{req_seq_id}"
ROUTES = (
    Route("POST", ALL, _seed, "seed one order or a list of them", "control/order-create",
          values=250_000, status=201, answer="control/order", many=True, conflicts=True),
    Route("GET", ALL, listed, "list orders, in pages if a `limit` is given",
          query=(*FILTERS, *paging.PARAMETERS), answer="control/orders"),
    Route("GET", ONE, _read, "read an order", query=("huifu_id", "req_date"), answer="control/order", conflicts=True),
    Route("PATCH", ONE, _change, "pay (S) or fail (F) an order, let it expire, end its close, or change how that runs",
          "control/order-patch", query=("huifu_id", "req_date"), answer="control/order", conflicts=True, replayed=True),
)  # fmt: skip
