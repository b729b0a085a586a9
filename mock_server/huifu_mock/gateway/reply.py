"""The content of replies: answers, echoed fields, and the documented texts of parameter errors."""

from collections.abc import Callable
from functools import cache
from typing import Any, Final

from huifu_mock import explain
from huifu_mock._frozen import frozen
from huifu_mock.codes import Answer, Reason, Wording
from huifu_mock.gateway.tenant import Tenant
from huifu_mock.request import Call
from huifu_mock.rules import RULES, Case, Product, Rule, Step
from huifu_mock.schemas import schema
from huifu_mock.signing import Reply
from huifu_mock.state.journal import Facts
from huifu_mock.state.orders import Order

NO_BODY: Final = "请求内容体不能为空"
GENERIC: Final = Reason.BAD_PARAMETERS.resp_desc
CLOSE_FAMILY: Final = frozenset({"close/request", "closequery/request"})
"""Their page lists one generic text and no others."""

FORMATS: Final = (("date", "yyyyMMdd"), ("expire", "yyyyMMddHHmmss"), ("amt", "金额"))
"""What a member is called, by a part of its name (assumed: the texts leave the format's name open)."""


def documented(call: Call) -> str:
    """The text for what is wrong with a call; the generic one where none is documented."""
    if call.endpoint.request in CLOSE_FAMILY or not call.problem:
        return GENERIC
    if not call.sent.body.strip() or (call.problem.field == "data" and not call.data):
        return NO_BODY
    if not call.problem.field.startswith("data."):
        return GENERIC
    name, keyword, value = next(schema(call.endpoint.request).complaints(call.data), ("", "", None))
    given = call.data.get(name)
    if not name or len(name) > 64:
        return GENERIC
    return next((text(name, value, given) for applies, text in _TEXTS if applies(keyword, value, given)), GENERIC)


_TEXTS: Final[tuple[tuple[Callable[[str, Any, Any], bool], Callable[[str, Any, Any], str]], ...]] = (
    (lambda keyword, _, given: keyword == "required" or given in ("", None), lambda name, *_: f"{name}不能为空"),
    (lambda keyword, value, given: keyword in ("minLength", "maxLength") and _fixed(value, given),
     lambda name, value, _: f"{name}长度固定{value}位"),
    (lambda keyword, *_: keyword == "maxLength", lambda name, value, _: f"{name}最大长度为{value}位"),
    (lambda keyword, _, given: keyword == "enum" and _plain(given),
     lambda name, _, given: f"{name}的传入枚举[{given}]不存在"),
    (lambda keyword, *_: keyword in ("pattern", "type", "not"), lambda name, *_: f"{name}不符合{_format(name)}格式"),
)  # fmt: skip


def _fixed(value: Any, given: Any) -> bool:
    """Dates have 8 characters and times 14; nothing else has a fixed length."""
    return value in (8, 14) and isinstance(given, str)


def _plain(given: Any) -> bool:
    """A value that may stand in a reply."""
    return isinstance(given, str) and len(given) <= 32 and given.isprintable()


def _format(name: str) -> str:
    return next((called for part, called in FORMATS if part in name), "String")


@frozen
class Outcome:
    """How a call ended."""

    answer: Answer
    reply: Reply
    facts: Facts | None
    replay: bool = False
    """Whether this is the kept answer to the first call of its number."""


ECHOED = frozenset({"huifu_id", "req_date", "req_seq_id", "org_req_date"})
ANSWERED = frozenset({"resp_code", "resp_desc", "trans_stat"})


def echo(call: Call, response: str) -> dict[str, str]:
    """What every reply repeats of its request; empty where it could not be read or would break the schema."""
    required, given_back = _repeated(call.endpoint.request, response)
    sent = call.strings
    fields = {name: sent.get(name, "") if name in ECHOED else "" for name in required}
    for name in given_back:
        if value := sent.get(name):
            fields[name] = value
    if call.problem is None or schema(response).accepts(_sample(fields)):
        return fields
    for problem in schema(response).problems(_sample(fields)):
        fields[problem.field] = ""
    return {name: value for name, value in fields.items() if value or name in required}


@cache
def _repeated(request: str, response: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a reply must have beside its answer, and which numbers it gives back where they were sent."""
    sent, reply = schema(request).contents["properties"], schema(response).contents
    required = tuple(name for name in reply["required"] if name not in ANSWERED)
    numbers = (name for name in reply["properties"] if name.endswith("seq_id") and name in sent)
    return required, tuple(name for name in numbers if name not in required)


def _sample(fields: dict[str, str]) -> dict[str, str]:
    return {"resp_code": "10000000", "resp_desc": "-", "trans_stat": "F", **fields}


def write(tenant: Tenant, wording: Wording, fields: dict[str, str]) -> Reply:
    """The unsigned reply; it is signed when it is sent. An answer that speaks of no state has no `trans_stat`."""
    answered = {**fields, "resp_code": wording.resp_code, "resp_desc": wording.resp_desc}
    if wording.trans_stat:
        answered["trans_stat"] = wording.trans_stat
    return Reply(answered, tenant.huifu_key)


FIRST: Final = tuple(rule for rule in RULES if rule.row in ("1", "2", "3", "4"))
"""What is wrong with the call itself; the same rows as for a close, in the same order."""
NO_ORIGINAL: Final = next(rule for rule in RULES if rule.outcome is Reason.NO_ORIGINAL)


def own(row: str, when: str, when_zh: str, source: str) -> Rule:
    """A row of an endpoint's own; it looks at more than a `Case` holds, so its endpoint says when it applies."""
    return Rule(row, Step.OWN, lambda _: False, when, when_zh, source)


def refusal(tenant: Tenant, call: Call, authentic: bool, trans_stat: str = "") -> Outcome | None:
    """The refusal of a call that is wrong in itself, if it is. `trans_stat` is for replies that must have one."""
    product: Product = tenant.settings.product_ids.get(call.product_id, "unknown")
    case = Case(problem=str(call.problem or ""), authentic=authentic, product=product)
    rule = next((rule for rule in FIRST if rule.applies(case)), None)
    if rule is None:
        return None
    assert isinstance(rule.outcome, Reason)
    text = documented(call) if rule.row == "1" else rule.outcome.resp_desc
    wording = Wording(rule.outcome.resp_code, text, trans_stat)
    return refused(tenant, call, rule, Answer(rule.outcome, wording), case=case)


def refused(
    tenant: Tenant, call: Call, rule: Rule, answer: Answer, *, order: Order | None = None, case: Case | None = None
) -> Outcome:
    """A refusal with what it was decided on."""
    nearest = None
    if answer.reason is Reason.ORDER_UNKNOWN and order is None:
        numbers = (call.value(f"org_{name}") or call.value(name) for name in ("req_date", "req_seq_id", "hf_seq_id"))
        nearest = explain.nearest(tenant.orders, call.value("huifu_id"), *numbers)
    facts = Facts(rule, case or Case(order_found=order is not None), order, tenant.clock.now(), nearest)
    return Outcome(answer, write(tenant, answer.wording, echo(call, call.endpoint.response)), facts)


def answered(tenant: Tenant, call: Call, wording: Wording, fields: dict[str, str]) -> Outcome:
    """An answer that is no refusal; `fields` come on top of what the request is echoed with."""
    reply = write(tenant, wording, {**echo(call, call.endpoint.response), **fields})
    return Outcome(Answer(None, wording), reply, None)
