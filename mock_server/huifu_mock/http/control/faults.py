"""Prepared faults: added, listed, deleted."""

from typing import Any

from huifu_mock.faults import BadFault, Fault, check_settings
from huifu_mock.gateway.mock import MOST_FAULTS, Refused, check
from huifu_mock.http.control import paging
from huifu_mock.http.control.route import ControlRequest, ControlResponse, Route, no_more
from huifu_mock.schemas import Problem


def shown(fault: Fault) -> dict[str, Any]:
    """A fault with how often it was applied, and how often it still may."""
    return {
        "id": fault.id,
        "match": fault.match,
        "do": fault.do,
        "times": fault.times,
        "probability": fault.probability,
        "seed": fault.seed,
        "used": fault.used,
        "left": fault.left,
        "without_effect": fault.without_effect,
    }


def _add(request: ControlRequest) -> ControlResponse:
    tenant = request.tenant
    single = not isinstance(request.body, list)
    bodies = [request.body] if single else request.body
    for i, body in enumerate(bodies):
        prefix = "" if single else f"[{i}]"
        try:
            check_settings(body.get("do") if isinstance(body, dict) else None)
        except BadFault as error:
            raise Refused(422, _problem(error, prefix)) from error
        check("control/fault-create", body, prefix)
    no_more(len([*tenant.faults]) + len(bodies) - 1, MOST_FAULTS, "faults")
    try:
        made = [shown(fault) for fault in tenant.faults.add_many(bodies)]
    except BadFault as error:
        raise Refused(422, _problem(error, "" if single else f"[{error.index}]")) from error
    return ControlResponse(201, made[0] if single else made)


def _problem(error: BadFault, prefix: str) -> Problem:
    return Problem(".".join(filter(None, (prefix, error.field))), error.problem, error.expected)


async def listed(request: ControlRequest) -> ControlResponse:
    """A page of the faults. Raises `Refused`."""
    return await paging.answered(request, list(request.tenant.faults), shown, lambda fault: fault.id)


def _one(request: ControlRequest) -> Fault:
    fault = request.tenant.faults.get(request.path["id"])
    if fault is None:
        raise Refused(404, Problem("id", f"there is no fault {request.path['id']}", "GET …/faults lists them"))
    return fault


def _read(request: ControlRequest) -> ControlResponse:
    return ControlResponse(200, shown(_one(request)))


def _delete(request: ControlRequest) -> ControlResponse:
    request.tenant.faults.remove(_one(request).id)
    return ControlResponse(204)


def _clear(request: ControlRequest) -> ControlResponse:
    request.tenant.faults.clear()
    return ControlResponse(204)


ALL = "/_mock/tenants/{sys_id}/faults"
ONE = ALL + "/{id}"
ROUTES = (
    Route(
        "POST",
        ALL,
        _add,
        "prepare a fault or an answer, or a list of them",
        "control/fault-create",
        status=201,
        answer="control/fault",
        many=True,
        replayed=True,
    ),
    Route(
        "GET",
        ALL,
        listed,
        "list the faults, used up or not, in pages if a `limit` is given",
        query=paging.SHORT_LISTS,
        answer="control/faults",
    ),
    Route("DELETE", ALL, _clear, "forget them all", status=204, replayed=True),
    Route("GET", ONE, _read, "read a fault", answer="control/fault"),
    Route("DELETE", ONE, _delete, "forget a fault", status=204, replayed=True),
)
