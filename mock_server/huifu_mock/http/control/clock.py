"""The tenant's clock: read, set, advanced."""

from typing import Any

from huifu_mock.gateway.mock import Refused, check, instant
from huifu_mock.gateway.tenant import Tenant
from huifu_mock.http.control.route import ControlRequest, ControlResponse, Route
from huifu_mock.schemas import Problem
from huifu_mock.state import clock


def shown(tenant: Tenant) -> dict[str, Any]:
    """What time it is for a tenant."""
    return {"now": tenant.clock.now().isoformat(), "mode": tenant.clock.mode}


def _read(request: ControlRequest) -> ControlResponse:
    return ControlResponse(200, shown(request.tenant))


def _set(request: ControlRequest) -> ControlResponse:
    tenant = request.tenant
    check("control/clock-put", request.body)
    now = instant(request.body.get("now"), "now")
    try:
        request.mock.move_clock(tenant, now, request.body.get("mode"))
    except clock.MovedBack as error:
        raise Refused(422, Problem("now", str(error), "reset the tenant, or make a fresh one")) from error
    return _read(request)


def _advance(request: ControlRequest) -> ControlResponse:
    tenant = request.tenant
    check("control/clock-advance", request.body)
    try:
        tenant.clock.advance(request.body["seconds"])
    except clock.MovedBack as error:
        raise Refused(422, Problem("seconds", str(error), "a number from 0 up")) from error
    return _read(request)


ALL = "/_mock/tenants/{sys_id}/clock"
ROUTES = (
    Route("GET", ALL, _read, "read the clock", answer="control/clock"),
    Route("PUT", ALL, _set, "set the time or the mode", "control/clock-put", answer="control/clock"),
    Route("POST", f"{ALL}/advance", _advance, "let time pass at once", "control/clock-advance", answer="control/clock"),
)
