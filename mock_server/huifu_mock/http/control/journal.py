"""The journal: searched, waited for, read, cleared."""

import base64
from collections.abc import Callable
from typing import Any

from huifu_mock import explain
from huifu_mock.codes import Reason
from huifu_mock.gateway.gateway import PATHS
from huifu_mock.gateway.mock import Refused
from huifu_mock.gateway.tenant import Tenant
from huifu_mock.http.control.route import ControlRequest, ControlResponse, Route
from huifu_mock.schemas import Problem
from huifu_mock.state.journal import Entry, Wanted, read_again

FILTERS = ("endpoint", "req_seq_id", "org_req_seq_id", "reason", "resp_code", "session", "signature_ok")


def shown(tenant: Tenant, entry: Entry) -> dict[str, Any]:
    """A received call with everything that is known of it."""
    tenant_facts = explain.TenantFacts(tenant.sys_id, tenant.settings.product_ids)
    call = read_again(entry)
    response = entry.sent_back()
    return {
        "id": entry.id,
        "at": entry.at.isoformat(),
        "endpoint": entry.endpoint.name,
        "path": entry.endpoint.path,
        "session": entry.sent.session,
        "headers": [line.split(": ", 1) for line in entry.sent.headers.decode("latin-1").split("\r\n") if line],
        "body_base64": base64.b64encode(entry.sent.body).decode(),
        "data": call.data or None,
        "signature_ok": entry.signature_ok,
        "reason": entry.reason.name if entry.reason else None,
        "resp_code": entry.resp_code,
        "response": response.decode(errors="replace") if response is not None else None,
        "faults": list(entry.faults),
        "explanation": explain.explained(entry, call, tenant_facts, tenant.merchant_public_key),
    }


def _wanted(query: dict[str, str]) -> Wanted:
    tests = {name: value for name, value in query.items() if name in FILTERS}
    return lambda entry: all(_TESTS[name](entry, value) for name, value in tests.items())


_TESTS: dict[str, Callable[[Entry, str], bool]] = {
    "endpoint": lambda entry, value: entry.endpoint.is_called(value),
    "req_seq_id": lambda entry, value: entry.req_seq_id == value,
    "org_req_seq_id": lambda entry, value: entry.org_req_seq_id == value,
    "reason": lambda entry, value: entry.reason is not None and entry.reason.name == value,
    "resp_code": lambda entry, value: entry.resp_code == value,
    "session": lambda entry, value: entry.sent.session == value,
    "signature_ok": lambda entry, value: str(entry.signature_ok).lower() == value.lower(),
}


KNOWN = {"reason": [reason.name for reason in Reason], "signature_ok": ("true", "false", "none")}


async def _list(request: ControlRequest) -> ControlResponse:
    request.check_query(KNOWN)
    if (named := request.query.get("endpoint")) is not None and not any(e.is_called(named) for e in PATHS.values()):
        known = ", ".join(sorted({endpoint.name for endpoint in PATHS.values()}))
        raise Refused(422, Problem("endpoint", f'"{named}" is not known', f"it is one of {known}, or a path"))
    journal, wanted = request.tenant.journal, _wanted(request.query)
    if seconds := request.seconds():
        await journal.wait(wanted, seconds)
    found = [shown(request.tenant, entry) for entry in journal.find(wanted)]
    return ControlResponse(200, {"items": found, "dropped": journal.dropped})


def _read(request: ControlRequest) -> ControlResponse:
    entry = request.tenant.journal.get(request.path["id"])
    if entry is None:
        said = f"there is no call {request.path['id']} in the journal"
        raise Refused(404, Problem("id", said, f"it may be one of the {request.tenant.journal.dropped} dropped ones"))
    return ControlResponse(200, shown(request.tenant, entry))


def _clear(request: ControlRequest) -> ControlResponse:
    request.tenant.journal.clear()
    return ControlResponse(204)


ALL = "/_mock/tenants/{sys_id}/journal"
ROUTES = (
    Route("GET", ALL, _list, "search the received calls; `wait` seconds for a first match",
          query=(*FILTERS, "wait")),
    Route("DELETE", ALL, _clear, "forget the received calls"),
    Route("GET", f"{ALL}/{{id}}", _read, "read one call"),
)  # fmt: skip
