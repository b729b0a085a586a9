"""Prepared faults: added, listed, deleted."""

from typing import Any

from huifu_mock.control.route import Ask, Route, Told
from huifu_mock.faults import BadFault, Fault
from huifu_mock.mock import Refused, check
from huifu_mock.schemas import Problem


def shown(fault: Fault) -> dict[str, Any]:
    """A fault with how often it acted, and how often it still may."""
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


def _add(ask: Ask) -> Told:
    tenant = ask.tenant
    check("control/fault-create", ask.body)
    try:
        return Told(201, shown(tenant.faults.add(ask.body)))
    except BadFault as error:
        raise Refused(422, Problem(error.field, error.problem, error.expected)) from error


def _list(ask: Ask) -> Told:
    return Told(200, {"items": [shown(fault) for fault in ask.tenant.faults]})


def _one(ask: Ask) -> Fault:
    fault = ask.tenant.faults.get(ask.path["id"])
    if fault is None:
        raise Refused(404, Problem("id", f"there is no fault {ask.path['id']}", "GET …/faults lists them"))
    return fault


def _read(ask: Ask) -> Told:
    return Told(200, shown(_one(ask)))


def _delete(ask: Ask) -> Told:
    ask.tenant.faults.remove(_one(ask).id)
    return Told(204)


def _clear(ask: Ask) -> Told:
    ask.tenant.faults.clear()
    return Told(204)


ALL = "/_mock/tenants/{sys_id}/faults"
ONE = ALL + "/{id}"
ROUTES = (
    Route("POST", ALL, _add, "prepare a fault or an answer", "control/fault-create"),
    Route("GET", ALL, _list, "list the faults, used up or not"),
    Route("DELETE", ALL, _clear, "forget them all"),
    Route("GET", ONE, _read, "read a fault"),
    Route("DELETE", ONE, _delete, "forget a fault"),
)
