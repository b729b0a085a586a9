"""Tenants: made, read, changed, reset, dropped."""

import asyncio
from dataclasses import asdict
from typing import Any, Final

from huifu_mock.gateway.mock import Mock, check
from huifu_mock.gateway.tenant import Tenant
from huifu_mock.http.control import paging, summaries
from huifu_mock.http.control.route import ControlRequest, ControlResponse, Route, off_loop, unhurried
from huifu_mock.keys import private_texts, public_texts
from huifu_mock.store import capsule, document


def shown(tenant: Tenant, base_url: str) -> dict[str, Any]:
    """A tenant with its settings and credentials."""
    private, private_pem = private_texts(key) if (key := tenant.merchant_private_key) else (None, None)
    public, public_pem = public_texts(tenant.merchant_public_key)
    huifu, huifu_pem = public_texts(tenant.huifu_key.public_key())
    return {
        "sys_id": tenant.sys_id,
        "product_id": next(iter(tenant.settings.product_ids)),
        "huifu_id": tenant.settings.huifu_ids[0],
        "base_url": base_url,
        "merchant_private_key": private,
        "merchant_private_key_pem": private_pem,
        "merchant_public_key": public,
        "merchant_public_key_pem": public_pem,
        "huifu_public_key": huifu,
        "huifu_public_key_pem": huifu_pem,
        **asdict(tenant.settings),
    }


PRIVATE: Final = ("merchant_private_key", "merchant_private_key_pem")
"""What is told of a tenant only to who asks for that tenant."""


async def _create(request: ControlRequest) -> ControlResponse:
    body = request.body
    if isinstance(body, dict) and "capsule" in body:
        tenant: Tenant = await off_loop(lambda: _from_capsule(request.mock, body))
        request.mock.take_in(tenant)
        document.resume(tenant)
    else:
        tenant = await off_loop(lambda: request.mock.new_tenant(body))
        request.mock.take_in(tenant)
    tenant.clock.bind(asyncio.get_running_loop())
    return ControlResponse(201, shown(tenant, request.base_url))


def _from_capsule(mock: Mock, body: dict[str, Any]) -> Tenant:
    check("control/tenant-from-capsule", body)
    return capsule.load(mock, body["capsule"], body.get("sys_id"))


def _fork(request: ControlRequest) -> ControlResponse:
    check("control/tenant-fork", request.body)
    made = capsule.fork(request.mock, request.tenant, request.body.get("sys_id"), request.body.get("name"))
    made.clock.bind(asyncio.get_running_loop())
    return ControlResponse(201, shown(made, request.base_url))


KEYS = {"keys": ("true", "false")}


async def _capsule(request: ControlRequest) -> ControlResponse:
    request.check_query(KEYS)
    tenant = request.tenant
    keys = document.keys(tenant) if request.query.get("keys") == "true" else None
    record, many = document.in_parts(tenant)
    for name, as_record, things in many:
        record[name] = [as_record(one) async for one in unhurried(things)]
    return ControlResponse(200, capsule.around(record, keys))


async def _list(request: ControlRequest) -> ControlResponse:
    def as_json(tenant: Tenant) -> dict[str, Any]:
        told = {**shown(tenant, request.base_url), **summaries.tenant(tenant)}
        return {name: value for name, value in told.items() if name not in PRIVATE}

    return await paging.answered(request, list(request.mock.gateway), as_json, lambda tenant: tenant.sys_id)


def _read(request: ControlRequest) -> ControlResponse:
    return ControlResponse(200, shown(request.tenant, request.base_url))


def _change(request: ControlRequest) -> ControlResponse:
    request.mock.change(request.tenant, request.body)
    return ControlResponse(200, shown(request.tenant, request.base_url))


def _drop(request: ControlRequest) -> ControlResponse:
    request.mock.drop(request.tenant.sys_id)
    return ControlResponse(204)


def _reset(request: ControlRequest) -> ControlResponse:
    request.mock.reset(request.tenant)
    return ControlResponse(200, shown(request.tenant, request.base_url))


ONE = "/_mock/tenants/{sys_id}"
ROUTES = (
    Route(
        "POST",
        "/_mock/tenants",
        _create,
        "make a fresh, isolated tenant, or one from a capsule",
        "control/tenant-create",
        or_body="control/tenant-from-capsule",
        values=1_000_000,
        status=201,
        answer="control/tenant",
        conflicts=True,
    ),
    Route(
        "GET",
        "/_mock/tenants",
        _list,
        "list the tenants, without their private keys, in pages if a `limit` is given",
        query=paging.SHORT_LISTS,
        answer="control/tenants",
    ),
    Route("GET", ONE, _read, "read a tenant's settings and credentials", answer="control/tenant"),
    Route(
        "PATCH",
        ONE,
        _change,
        "change a tenant's settings",
        "control/tenant-patch",
        answer="control/tenant",
        replayed=True,
    ),
    Route("DELETE", ONE, _drop, "drop a tenant", status=204),
    Route(
        "POST",
        f"{ONE}/reset",
        _reset,
        "as it was made: no faults, calls, pushes, timers, and no orders but those that it began with",
        answer="control/tenant",
    ),
    Route(
        "POST",
        f"{ONE}/fork",
        _fork,
        "make a copy of a tenant, with all that it has",
        "control/tenant-fork",
        status=201,
        answer="control/tenant",
        conflicts=True,
    ),
    Route(
        "GET",
        f"{ONE}/capsule",
        _capsule,
        "the whole tenant as one JSON value; with its private keys where `keys` is true",
        query=("keys",),
        answer="capsule/capsule",
    ),
)
