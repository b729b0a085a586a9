"""What the neighbours of close have in common: the checks that come first, and how a refusal is worded."""

from typing import Final

from huifu_mock import explain
from huifu_mock.codes import Answer, Reason, Wording
from huifu_mock.endpoints.outcome import Outcome, echo, write
from huifu_mock.endpoints.wording import documented
from huifu_mock.journal import Facts
from huifu_mock.orders import Order
from huifu_mock.rules import RULES, Case, Product, Rule, Step
from huifu_mock.tenant import Tenant
from huifu_mock.wire import Call

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
        nearest = explain.nearest(tenant.store, call.value("huifu_id"), *numbers)
    facts = Facts(rule, case or Case(order_found=order is not None), order, tenant.clock.now(), nearest)
    return Outcome(answer, write(tenant, answer.wording, echo(call, call.endpoint.response)), facts)


def answered(tenant: Tenant, call: Call, wording: Wording, fields: dict[str, str]) -> Outcome:
    """An answer that is no refusal; `fields` come on top of what the request is echoed with."""
    reply = write(tenant, wording, {**echo(call, call.endpoint.response), **fields})
    return Outcome(Answer(None, wording), reply, None)
