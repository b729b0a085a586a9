"""`POST /v2/trade/payment/scanpay/close`: from a call to a decided, kept and worded answer, in one straight way."""

from dataclasses import replace

from huifu_mock import life
from huifu_mock.codes import ACCEPTED, LEGACY, Answer, Reason
from huifu_mock.endpoints.outcome import Outcome, echo, write
from huifu_mock.faults import NOBODY, Acting
from huifu_mock.journal import Facts
from huifu_mock.orders import CloseAttempt, Order
from huifu_mock.reply import Reply
from huifu_mock.rules import Case, Number, Product, Rule, Step, decide
from huifu_mock.tenant import Tenant
from huifu_mock.wire import Call

EFFECT: dict[Reason | Step, str] = {Reason.CLOSED: "S", Reason.PROCESSING: "P", Reason.FAILED: "F"}
"""What becomes of a close that no rule refused."""


def close(tenant: Tenant, call: Call, authentic: bool, acting: Acting = NOBODY) -> Outcome:
    """Find, decide, save, write: once each and in this order."""
    order, attempt = _find(tenant, call)
    fault = acting.on("answer")
    case = _case(tenant, call, order, attempt, authentic=authentic, scripted=fault is not None)
    rule = decide(case)
    facts = Facts(rule, case, order, tenant.clock.now())
    if rule.outcome is Step.REPLAY and attempt is not None:
        return Outcome(attempt.answer, attempt.reply, None)
    if rule.outcome is Step.SCRIPTED and fault is not None:
        acting.acted(fault)
        if not fault.after:
            return Outcome(fault.answer, _queued(tenant, call, order, fault.answer), facts)
        true_rule = decide(replace(case, scripted=False))
        done = _carry_out(tenant, call, order, true_rule)
        reply = _queued(tenant, call, done.order, fault.answer)
        return _outcome(done.answer, reply, Facts(true_rule, case, order, facts.now))
    done = _carry_out(tenant, call, order, rule)
    return _outcome(done.answer, done.reply, facts)


def _outcome(answer: Answer, reply: Reply, facts: Facts) -> Outcome:
    """Only a refusal is explained later, so only a refusal keeps the facts."""
    return Outcome(answer, reply, facts if answer.wording.trans_stat == "F" else None)


def _find(tenant: Tenant, call: Call) -> tuple[Order | None, CloseAttempt | None]:
    """The order that the call names, and the close that was sent before under the call's own number."""
    huifu_id = call.value("huifu_id")
    order = tenant.store.find(
        huifu_id, call.value("org_req_date"), call.value("org_req_seq_id"), call.value("org_hf_seq_id")
    )
    return order, tenant.store.attempt((huifu_id, call.value("req_date"), call.value("req_seq_id")))


def _case(
    tenant: Tenant, call: Call, order: Order | None, attempt: CloseAttempt | None, *, authentic: bool, scripted: bool
) -> Case:
    product: Product = tenant.settings.product_ids.get(call.product_id, "unknown")
    number: Number = "free"
    if attempt is not None and attempt.effective:
        number = "repeat" if attempt.text == call.text else "taken"
    case = Case(
        problem=str(call.problem or ""),
        authentic=authentic,
        product=product,
        original_named=bool(call.value("org_req_seq_id") or call.value("org_hf_seq_id")),
        number=number,
        scripted=scripted,
        order_found=order is not None,
    )
    if order is None:
        return case
    return replace(
        case,
        trade_type=order.trade_type,
        trans_stat=order.trans_stat,
        close_stat=order.close_stat,
        age=order.age(tenant.clock.now()),
        settle=order.settle,
    )


class _Done:
    """A rule carried out: its answer, the order as it is now, and the reply."""

    def __init__(self, answer: Answer, order: Order | None, reply: Reply) -> None:
        self.answer, self.order, self.reply = answer, order, reply


def _carry_out(tenant: Tenant, call: Call, order: Order | None, rule: Rule) -> _Done:
    reason = rule.outcome
    assert isinstance(reason, Reason)
    answer = _answer(tenant, reason, order)
    if order is None or reason not in EFFECT:
        return _Done(answer, order, _write(tenant, call, order, answer))
    stat = EFFECT[reason]
    changed = life.closed(tenant, order) if stat == "S" else replace(order, close_stat=stat)
    attempt_key = (call.value("huifu_id"), call.value("req_date"), call.value("req_seq_id"))
    if attempt_key not in changed.closes:
        changed = replace(changed, closes=(*changed.closes, attempt_key))
    reply = _write(tenant, call, changed, answer)
    attempt = CloseAttempt(*attempt_key, call.text, order.key, stat, tenant.clock.now(), answer, reply)
    life.close_made(tenant, changed, attempt)
    return _Done(answer, changed, reply)


def _answer(tenant: Tenant, reason: Reason, order: Order | None) -> Answer:
    if reason is Reason.PROCESSING and order is not None and order.settle == "accepted":
        return Answer(reason, ACCEPTED)
    wording = LEGACY.get(reason, reason.wording) if tenant.settings.legacy_codes else reason.wording
    return Answer(reason, wording)


def _queued(tenant: Tenant, call: Call, order: Order | None, answer: Answer) -> Reply:
    """A queued answer says nothing of the order's state: it need not be true, and the state would give it away."""
    return _write(tenant, call, order, answer, state=False)


def _write(tenant: Tenant, call: Call, order: Order | None, answer: Answer, *, state: bool = True) -> Reply:
    fields = echo(call, "close/response")
    if order is not None:
        fields["org_req_seq_id"] = order.req_seq_id
        fields["org_hf_seq_id"] = order.hf_seq_id
        if state:
            fields["org_trans_stat"] = order.trans_stat
    if answer.wording is ACCEPTED:
        fields["sub_resp_code"] = Reason.PROCESSING.resp_code
        fields["hf_seq_id"] = tenant.hf_seq_ids.next(tenant.clock.now())
    return write(tenant, answer.wording, fields)
