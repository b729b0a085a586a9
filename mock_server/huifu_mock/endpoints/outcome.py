"""What an endpoint gives back: the answer, its fields, and the facts it was decided on."""

from dataclasses import dataclass
from functools import cache

from huifu_mock.codes import Answer, Wording
from huifu_mock.journal import Facts
from huifu_mock.reply import Reply
from huifu_mock.schemas import schema
from huifu_mock.tenant import Tenant
from huifu_mock.wire import Call


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call ended."""

    answer: Answer
    reply: Reply
    facts: Facts | None


ECHOED = frozenset({"huifu_id", "req_date", "req_seq_id", "org_req_date"})
ANSWERED = frozenset({"resp_code", "resp_desc", "trans_stat"})


def echo(call: Call, response: str) -> dict[str, str]:
    """What every reply repeats of its request; empty where it could not be read or would break the schema."""
    required, given_back = _repeated(call.endpoint.request, response)
    fields = {name: call.value(name) if name in ECHOED else "" for name in required}
    fields.update((name, value) for name in given_back if (value := call.value(name)))
    if call.problem is None or schema(response).accepts(_sample(fields)):
        return fields
    for problem in schema(response).problems(_sample(fields)):
        fields[problem.field] = ""
    return {name: value for name, value in fields.items() if value or name in required}


@cache
def _repeated(request: str, response: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a reply must have beside its answer, and which numbers it gives back where they were sent."""
    sent, told = schema(request).contents["properties"], schema(response).contents
    required = tuple(name for name in told["required"] if name not in ANSWERED)
    numbers = (name for name in told["properties"] if name.endswith("seq_id") and name in sent)
    return required, tuple(name for name in numbers if name not in required)


def _sample(fields: dict[str, str]) -> dict[str, str]:
    return {"resp_code": "10000000", "resp_desc": "-", "trans_stat": "F", **fields}


def write(tenant: Tenant, wording: Wording, fields: dict[str, str]) -> Reply:
    """The unsigned reply; it is signed when it is sent. An answer that speaks of no state has no `trans_stat`."""
    answered = {"resp_code": wording.resp_code, "resp_desc": wording.resp_desc}
    if wording.trans_stat:
        answered["trans_stat"] = wording.trans_stat
    return Reply({**fields, **answered}, tenant.huifu_key)
