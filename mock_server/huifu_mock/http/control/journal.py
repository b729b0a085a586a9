"""The journal: searched, waited for, read, cleared."""

import base64
import sys
from collections.abc import Callable
from typing import Any

from huifu_mock import explain
from huifu_mock.codes import Reason
from huifu_mock.gateway.gateway import PATHS
from huifu_mock.gateway.mock import Refused
from huifu_mock.gateway.tenant import Tenant
from huifu_mock.http import unmatched
from huifu_mock.http.control import paging, summaries
from huifu_mock.http.control.route import ControlRequest, ControlResponse, Route, no_more, unhurried
from huifu_mock.schemas import Problem
from huifu_mock.state.journal import Entry, Wanted, number_of, read_again
from huifu_mock.state.waiting import MOST_WAITING

FILTERS = (
    "endpoint",
    "req_seq_id",
    "org_req_seq_id",
    "reason",
    "resp_code",
    "session",
    "signature_ok",
    "status",
    "replay",
    "unmatched",
    "refused",
    "q",
)
PAGE = 1000
"""So many calls are told at once; `next` leads to the others."""


def summary(entry: Entry) -> dict[str, Any]:
    """What a line about a received call needs."""
    host, port = entry.sent.peer or (None, None)
    return {**summaries.received(entry), "peer_host": host, "peer_port": port}


def headers(entry: Entry) -> list[list[str]]:
    """The header lines of a call, each a name and a value."""
    return [line.split(": ", 1) for line in entry.sent.headers.decode("latin-1").split("\r\n") if line]


def shown(tenant: Tenant, entry: Entry) -> dict[str, Any]:
    """A received call with everything that is known of it."""
    tenant_facts = explain.TenantFacts(tenant.sys_id, tenant.settings.product_ids)
    call = read_again(entry)
    explanation = (
        unmatched.explanation(entry)
        if entry.unmatched
        else explain.explained(entry, call, tenant_facts, tenant.merchant_public_key)
    )
    response = entry.sent_back()
    return {
        **summary(entry),
        "trans_stat": summaries.trans_stat(entry),
        "headers": headers(entry),
        "body_base64": base64.b64encode(entry.sent.body).decode(),
        "body_length": entry.sent.length,
        "body_sha256": entry.sent.sha256 or None,
        "body_cut": entry.sent.whole is not None,
        "data": call.data or None,
        "response": response.decode(errors="replace") if response is not None else None,
        "explanation": explanation.as_json(),
    }


def _wanted(query: dict[str, str]) -> Wanted:
    tests = {name: value for name, value in query.items() if name in FILTERS}
    return lambda entry: all(_TESTS[name](entry, value) for name, value in tests.items())


def _words(entry: Entry) -> str:
    """What a search looks into, beside the body."""
    mistakes = entry.finding.mistakes if entry.finding else ()
    reason = entry.reason.name if entry.reason else ""
    told = (entry.id, entry.endpoint.name, entry.path, entry.sent.session, reason, entry.resp_code, entry.hint,
            str(entry.status), *entry.faults, *mistakes)  # fmt: skip
    return "\n".join(told).lower()


_TESTS: dict[str, Callable[[Entry, str], bool]] = {
    "endpoint": lambda entry, value: entry.endpoint.is_called(value),
    "req_seq_id": lambda entry, value: entry.req_seq_id == value,
    "org_req_seq_id": lambda entry, value: entry.org_req_seq_id == value,
    "reason": lambda entry, value: entry.reason is not None and entry.reason.name == value,
    "resp_code": lambda entry, value: entry.resp_code == value,
    "session": lambda entry, value: entry.sent.session == value,
    "signature_ok": lambda entry, value: str(entry.signature_ok).lower() == value.lower(),
    "status": lambda entry, value: str(entry.status) == value,
    "replay": lambda entry, value: str(entry.replay).lower() == value,
    "refused": lambda entry, value: str(entry.facts is not None).lower() == value,
    "q": lambda entry, value: value.lower() in _words(entry) or value.encode() in entry.sent.body,
    "unmatched": lambda entry, value: str(bool(entry.unmatched)).lower() == value or entry.unmatched == value,
}


KNOWN = {
    "reason": [reason.name for reason in Reason],
    "signature_ok": ("true", "false", "none"),
    "replay": ("true", "false"),
    "refused": ("true", "false"),
    "unmatched": ("true", "false", *unmatched.KINDS),
}


async def listed(request: ControlRequest) -> ControlResponse:
    """A page of the received calls. Raises `Refused`."""
    request.check_query(KNOWN)
    if (named := request.query.get("endpoint")) is not None and not any(e.is_called(named) for e in PATHS.values()):
        known = ", ".join(sorted({endpoint.name for endpoint in PATHS.values()}))
        raise Refused(422, Problem("endpoint", f'is "{named}"', f"it must be one of {known}, or a path"))
    journal, matches = request.tenant.journal, _wanted(request.query)
    newest, limit = paging.newest_first(request), request.whole("limit", PAGE, 1, PAGE)
    after, before = _number(request, "after", 0), _number(request, "before", sys.maxsize)

    def wanted(entry: Entry) -> bool:
        return after < entry.number < before and matches(entry)

    async def page() -> tuple[list[Entry], str | None]:
        entries = journal.latest() if newest else journal.after(after)
        return await paging.cut(entries, wanted, limit, lambda entry: entry.id)

    seconds, last = request.seconds(), journal.received
    found, more = await page()
    if seconds and not found:
        no_more(journal.waiting, MOST_WAITING, "wait")
        await journal.wait(wanted, seconds, after=last)
        found, more = await page()
    in_short = paging.is_summary(request)
    tenant, as_json = request.tenant, summaries.call if in_short else shown
    items = [as_json(tenant, entry) async for entry in unhurried(found)]
    return ControlResponse(200, {"items": items, "next": more, "dropped": journal.dropped, "total": len(journal)})


def _number(request: ControlRequest, name: str, default: int) -> int:
    """The number of the entry that the wanted ones come after, or before."""
    named = request.query.get(name)
    number = number_of(named) if named is not None else default
    if number is None:
        raise Refused(422, Problem(name, f'"{named}" is no id of a call', "it is one, such as call-17"))
    return number


def _read(request: ControlRequest) -> ControlResponse:
    entry = request.tenant.journal.get(request.path["id"])
    if entry is None:
        said = f"there is no call {request.path['id']} in the journal"
        dropped = request.tenant.journal.dropped
        wanted = f"it may be one of the {dropped} dropped ones" if dropped else "GET …/journal lists them"
        raise Refused(404, Problem("id", said, wanted))
    return ControlResponse(200, shown(request.tenant, entry))


def _clear(request: ControlRequest) -> ControlResponse:
    request.tenant.journal.clear()
    return ControlResponse(204)


ALL = "/_mock/tenants/{sys_id}/journal"
ROUTES = (
    Route("GET", ALL, listed,
          "search the received calls; `wait` seconds for a first match; in pages of at most `limit`",
          query=(*FILTERS, *paging.PARAMETERS, "wait"), answer="control/journal"),
    Route("DELETE", ALL, _clear, "forget the received calls", status=204),
    Route("GET", f"{ALL}/{{id}}", _read, "read one call", answer="control/journal-entry"),
)  # fmt: skip
