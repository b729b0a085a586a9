"""What an endpoint gives back: the answer, its fields, and the facts it was decided on."""

from dataclasses import dataclass

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


ECHOED = ("huifu_id", "req_date", "req_seq_id", "org_req_date")
GIVEN_BACK = ("org_req_seq_id", "org_hf_seq_id")


def echo(call: Call, response: str) -> dict[str, str]:
    """What every reply repeats of its request; empty where it could not be read or would break the schema."""
    fields = {name: call.value(name) for name in ECHOED}
    fields.update((name, value) for name in GIVEN_BACK if (value := call.value(name)))
    if call.problem is None or schema(response).accepts(_sample(fields)):
        return fields
    for problem in schema(response).problems(_sample(fields)):
        fields[problem.field] = ""
    return {name: value for name, value in fields.items() if value or name in ECHOED}


def _sample(fields: dict[str, str]) -> dict[str, str]:
    return {"resp_code": "10000000", "resp_desc": "-", "trans_stat": "F", **fields}


def write(tenant: Tenant, wording: Wording, fields: dict[str, str]) -> Reply:
    """The unsigned reply; it is signed when it is sent."""
    answered = {
        "resp_code": wording.resp_code,
        "resp_desc": wording.resp_desc,
        "trans_stat": wording.trans_stat,
    }
    return Reply({**fields, **answered}, tenant.huifu_key)
