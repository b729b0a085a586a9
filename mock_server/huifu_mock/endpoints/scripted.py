"""Queued answers for the endpoints that have no row for them in a table of rules."""

from collections.abc import Callable

from huifu_mock.endpoints.outcome import Outcome, echo, write
from huifu_mock.faults import Acting
from huifu_mock.tenant import Tenant
from huifu_mock.wire import Call


def scripted(
    handler: Callable[[Tenant, Call, bool], Outcome], tenant: Tenant, call: Call, authentic: bool, acting: Acting
) -> Outcome:
    """Answer as queued, before or after the call is carried out; a call that is wrong in itself is refused as ever."""
    fault = acting.on("answer")
    if fault is None or not authentic or call.problem is not None:
        return handler(tenant, call, authentic)
    acting.acted(fault)
    reply = write(tenant, fault.answer.wording, echo(call, call.endpoint.response))
    if not fault.after:
        return Outcome(fault.answer, reply, None)
    true = handler(tenant, call, authentic)
    return Outcome(true.answer, reply, true.facts)
