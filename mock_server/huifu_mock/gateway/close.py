"""`POST /v2/trade/payment/scanpay/close`: finds the order, decides, keeps the close, words the answer."""

from dataclasses import replace
from functools import partial
from itertools import takewhile
from sys import intern
from typing import Final

from huifu_mock import explain
from huifu_mock.codes import ACCEPTED, LEGACY, Answer, Reason
from huifu_mock.faults import NO_FAULTS, ActiveFaults
from huifu_mock.gateway import lifecycle
from huifu_mock.gateway.races import Races
from huifu_mock.gateway.reply import Outcome, echo, write
from huifu_mock.gateway.tenant import Tenant
from huifu_mock.request import Call
from huifu_mock.rules import RULES, Case, Number, Product, Rule, Step, decide
from huifu_mock.signing import Reply
from huifu_mock.state.journal import Facts, Nearest
from huifu_mock.state.orders import CloseAttempt, Key, Order, changed

EFFECT: dict[Reason | Step, str] = {Reason.CLOSED: "S", Reason.PROCESSING: "P", Reason.FAILED: "F"}
"""What becomes of a close that no rule refused."""

ANSWERS: Final = {reason: Answer(reason, reason.wording) for reason in Reason}
LEGACY_ANSWERS: Final = ANSWERS | {reason: Answer(reason, wording) for reason, wording in LEGACY.items()}
ACCEPTED_ANSWER: Final = Answer(Reason.PROCESSING, ACCEPTED)

ABOUT_THE_CALL = frozenset(takewhile(lambda rule: rule.outcome is not Step.SCRIPTED, RULES))
"""The rules that refuse or repeat a call before its order is looked at."""

LOST = Rule(
    "race", Reason.FAILED, lambda _: False,
    "the close was accepted, and a prepared race ended the order before it could be closed",
    "关单已受理，但预置的竞态先使订单到达终态", "huifu-mock",
)  # fmt: skip


def close(tenant: Tenant, call: Call, authentic: bool, active_faults: ActiveFaults = NO_FAULTS) -> Outcome:
    """Find, decide, save, write: once each and in this order."""
    fault = active_faults.on("answer")
    facts, attempt = _decided(tenant, call, authentic=authentic, scripted=fault is not None)
    races = None
    if active_faults is not NO_FAULTS:
        races = Races(tenant, call, active_faults, lambda second: close(tenant, second, authentic))
        if facts.rule not in ABOUT_THE_CALL and races.at("after_validate", facts.order):
            facts, attempt = _decided(tenant, call, authentic=authentic, scripted=fault is not None)
    if facts.rule.outcome is Step.REPLAY and attempt is not None:
        return Outcome(attempt.answer, attempt.reply, None, replay=True)
    if facts.rule.outcome is Step.SCRIPTED and fault is not None:
        active_faults.applied(fault)
        if not fault.after:
            return Outcome(fault.answer, _queued(tenant, call, facts.order, fault.answer), facts)
        true = replace(facts, rule=decide(replace(facts.case, scripted=False)))
        done = _carry_out(tenant, call, true, races)
        return _outcome(done.answer, _queued(tenant, call, done.order, fault.answer), done.facts)
    done = _carry_out(tenant, call, facts, races)
    return _outcome(done.answer, done.reply, done.facts)


def _decided(tenant: Tenant, call: Call, *, authentic: bool, scripted: bool) -> tuple[Facts, CloseAttempt | None]:
    """Which rule applies, on what, and the close that was sent before under the call's own number."""
    order, attempt = _find(tenant, call)
    case = _case(tenant, call, order, attempt, authentic=authentic, scripted=scripted)
    rule = decide(case)
    nearest = _nearest(tenant, call) if rule.outcome is Reason.ORDER_UNKNOWN else None
    return Facts(rule, case, order, tenant.clock.now(), nearest), attempt


def _nearest(tenant: Tenant, call: Call) -> Nearest | None:
    """The order that was probably meant, as the store is now."""
    numbers = (call.value(name) for name in ("huifu_id", "org_req_date", "org_req_seq_id", "org_hf_seq_id"))
    return explain.nearest(tenant.orders, *numbers)


def _outcome(answer: Answer, reply: Reply, facts: Facts) -> Outcome:
    """Only a refusal is explained later, so only a refusal keeps the facts."""
    return Outcome(answer, reply, facts if answer.wording.trans_stat == "F" else None)


def _find(tenant: Tenant, call: Call) -> tuple[Order | None, CloseAttempt | None]:
    """The order that the call names, and the close that was sent before under the call's own number."""
    numbers = call.value("org_req_date"), call.value("org_req_seq_id"), call.value("org_hf_seq_id")
    return tenant.orders.find(call.value("huifu_id"), *numbers), tenant.orders.attempt(call.key)


def _case(
    tenant: Tenant, call: Call, order: Order | None, attempt: CloseAttempt | None, *, authentic: bool, scripted: bool
) -> Case:
    product: Product = tenant.settings.product_ids.get(call.product_id, "unknown")
    number: Number = "free"
    if attempt is not None and attempt.effective:
        number = "repeat" if attempt.digest == call.digest else "taken"
    problem = str(call.problem or "")
    named = bool(call.value("org_req_seq_id") or call.value("org_hf_seq_id"))
    if order is None:
        return Case(problem, authentic, product, named, number, scripted, order_found=False)
    return Case(
        problem,
        authentic,
        product,
        named,
        number,
        scripted,
        order_found=True,
        trade_type=order.trade_type,
        trans_stat=order.trans_stat,
        close_stat=order.close_stat,
        age=order.age(tenant.clock.now()),
        settle=order.settle,
    )


class _Done:
    """A rule carried out: its answer, the order as it is now, the reply, and what was decided on."""

    def __init__(self, answer: Answer, order: Order | None, reply: Reply, facts: Facts) -> None:
        self.answer, self.order, self.reply, self.facts = answer, order, reply, facts


def _carry_out(tenant: Tenant, call: Call, facts: Facts, races: Races | None) -> _Done:
    reason, order = facts.rule.outcome, facts.order
    assert isinstance(reason, Reason)
    answer = _answer(tenant, reason, order)
    stat = EFFECT.get(reason)
    if order is None or stat is None:
        shown = order if facts.case.authentic else None  # an unauthenticated caller sees nothing of the order
        return _Done(answer, order, _write(tenant, call, shown, answer), facts)
    # each text is kept once, however many closes have it: a merchant's id, a day
    _, req_date, req_seq_id = call.key
    key = (order.huifu_id, intern(req_date), req_seq_id)
    closes = (*(other for other in order.closes if other != key), key) if order.closes else (key,)
    ended = partial(_ended, tenant, stat, closes)
    made = ended(order)
    reply = _write(tenant, call, made, answer)
    attempt = CloseAttempt(key, call.digest, tenant.orders.kept_key(order), stat, tenant.clock.now(), answer, reply)
    if races is None:
        lifecycle.close_made(tenant, made, attempt)
        return _Done(answer, made, reply, facts)
    made, attempt = races.keep(changed(order, closes=closes), attempt, ended)
    if attempt.stat == stat:
        return _Done(answer, made, reply, facts)
    return _lost(tenant, call, made, attempt, facts)


def _ended(tenant: Tenant, stat: str, closes: tuple[Key, ...], order: Order) -> Order:
    """The order as a close leaves it."""
    if stat == "S":
        return lifecycle.closed(tenant, order, closes)
    return changed(order, close_stat=stat, closes=closes)


def _lost(tenant: Tenant, call: Call, order: Order, attempt: CloseAttempt, facts: Facts) -> _Done:
    """Something ended the order between the steps of this close, so the close fails."""
    answer = _answer(tenant, Reason.FAILED, order)
    reply = _write(tenant, call, order, answer)
    tenant.orders.save(order, replace(attempt, answer=answer, reply=reply))
    return _Done(answer, order, reply, replace(facts, rule=LOST, order=order))


def _answer(tenant: Tenant, reason: Reason, order: Order | None) -> Answer:
    if reason is Reason.PROCESSING and order is not None and order.settle == "accepted":
        return ACCEPTED_ANSWER
    return (LEGACY_ANSWERS if tenant.settings.legacy_codes else ANSWERS)[reason]


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
