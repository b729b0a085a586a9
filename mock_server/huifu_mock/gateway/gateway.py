"""The gateway: every tenant, Huifu's paths, and the way of a call from received bytes to an unsigned reply."""

import json
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from huifu_mock import canonical, explain, signing
from huifu_mock.codes import Answer, Reason
from huifu_mock.faults import NO_FAULTS, ActiveFaults
from huifu_mock.faults.signed import DecidedReply
from huifu_mock.gateway import closequery, create, magic_numbers, query
from huifu_mock.gateway.close import close
from huifu_mock.gateway.reply import Outcome, echo, write
from huifu_mock.gateway.store import InMemory, Store
from huifu_mock.gateway.tenant import Tenant
from huifu_mock.keys import published
from huifu_mock.request import CLOSE, KEPT, Call, Endpoint, ReceivedBytes, named, read
from huifu_mock.signing import Reply
from huifu_mock.state.clock import day
from huifu_mock.state.journal import Entry, Finding, read_again
from huifu_mock.state.work import Unkept, Unknown

log = logging.getLogger("huifu_mock.gateway")

Handler = Callable[[Tenant, Call, bool], Outcome]
OTHERS_THAN_CLOSE: Final[dict[Endpoint, Handler]] = {
    **dict.fromkeys(create.ENDPOINTS, create.create),
    **dict.fromkeys(query.ENDPOINTS, query.query),
    **dict.fromkeys(closequery.ENDPOINTS, closequery.closequery),
}
PATHS: Final[dict[str, Endpoint]] = {endpoint.path: endpoint for endpoint in (CLOSE, *OTHERS_THAN_CLOSE)}
PATIENCE: Final = 1.0
"""Real seconds for looking into a wrong signature."""
QUICK: Final = 8 * 1024
"""A body up to here can be looked into between two calls; real ones have less than 1 KB."""
EARLIER: Final = 1000
"""A wrong signature is compared with those of so many calls before."""
OTHERS: Final = 64
"""A wrong signature is tried with the keys of so many other tenants."""

BAD_SIGNATURE_STATUS: Final = 922
BAD_SIGNATURE_BODY: Final = '{"resp_code":"40002","resp_desc":"验签失败"}'.encode()


@dataclass(slots=True)
class Exchange:
    """A call and what is to be sent back; `body` is set where that is not the signed reply."""

    tenant: Tenant
    entry: Entry
    outcome: Outcome | None
    """`None` for a call that was not carried out, because a prepared fault came first."""
    status: int = 200
    body: bytes | None = None
    active_faults: ActiveFaults = NO_FAULTS
    left_to_do: Callable[[explain.Budget], Callable[[], None]] | None = None
    """What would find out more about a wrong signature, in a thread: it gives back what tells so in the event loop."""

    @property
    def hint(self) -> str:
        """One ASCII line that says what was wrong; empty when nothing was."""
        return self.entry.hint

    @property
    def reply(self) -> Reply | None:
        """The reply to sign and send; `None` where other bytes are sent, or none."""
        return self.outcome.reply if self.outcome is not None and self.body is None else None

    def payload(self) -> bytes:
        """The bytes to send; signs if that was not done yet. Empty for a call that was not carried out."""
        reply = self.reply
        return (self.body or b"") if reply is None else reply.signed()

    def replied(self) -> None:
        """The reply is sent: what was prepared for then happens."""
        with self.tenant.work():
            self.active_faults.replied()


class Gateway:
    """Every tenant of one fake gateway. Nothing in here is shared with another `Gateway` of the process."""

    def __init__(self, default: Tenant, store: Store | None = None, kept: Iterable[Tenant] | None = None) -> None:
        """`kept` are the tenants that a store held already, the default one among them if it is to live."""
        self.default: Final = default.sys_id
        self.store: Final = store or InMemory()
        self._tenants: dict[str, Tenant] = {one.sys_id: one for one in ([default] if kept is None else kept)}
        self._nobody = self._tenants.get(default.sys_id, default)

    def tenant(self, sys_id: str) -> Tenant | None:
        return self._tenants.get(sys_id) or self._found(sys_id)

    def knows(self, sys_id: str) -> bool:
        """Whether memory has it, which any thread may ask; one that another gateway made is found when it is added."""
        return sys_id in self._tenants

    def _found(self, sys_id: str) -> Tenant | None:
        """A tenant that another gateway has made."""
        if (found := self.store.find(sys_id)) is not None:
            self._tenants[sys_id] = found
        return found

    def of(self, sys_id: str) -> Tenant:
        """The tenant that signs and journals a call with that `sys_id`.

        What names no tenant is the default one's; if that was dropped, still signed by its key, but in no living
        tenant's journal.
        """
        return self.tenant(sys_id) or self.tenant(self.default) or self._nobody

    def add(self, tenant: Tenant) -> bool:
        """Take in a tenant; `False`, and nothing is changed, if its `sys_id` is taken."""
        if self.tenant(tenant.sys_id) is not None or not self.store.add(tenant):
            return False
        self._tenants[tenant.sys_id] = tenant
        return True

    def remove(self, sys_id: str) -> Tenant:
        """Drop a tenant, stop its clock and forget its pushes."""
        tenant = self._tenants[sys_id]
        self.store.drop(tenant)
        self.lose(tenant)
        return tenant

    def lose(self, tenant: Tenant) -> None:
        """A tenant is no longer kept."""
        self._tenants.pop(tenant.sys_id, None)
        tenant.clock.close()
        tenant.pushes.clear()
        tenant.journal.clear()
        tenant.feed.tell("gone")

    def __iter__(self) -> Iterator[Tenant]:
        return iter(list(self._tenants.values()))

    def may_have_faults(self, call: Call) -> bool:
        """Whether a prepared fault or a magic number may act on a call."""
        tenant = self._tenants.get(call.sys_id, self._nobody)
        return bool(tenant.faults) or (call.endpoint is CLOSE and magic_numbers.asks(call))

    def close(self, body: bytes) -> bytes:
        """Answer a close in process, without a socket or an event loop: signed bytes for received bytes."""
        exchange = self.receive(CLOSE, ReceivedBytes(body))
        sent = exchange.payload()
        exchange.replied()
        return sent

    def receive(
        self, endpoint: Endpoint, sent: ReceivedBytes, call: Call | None = None, patience: float = PATIENCE
    ) -> Exchange:
        """Answer a call up to the unsigned reply. Runs in one go, which is what makes it atomic.

        `call` is what a thread has made of a long body already. Within `patience` seconds a wrong signature is looked
        into; if that is not enough, the exchange says what is left to be done.
        """
        if call is None:
            call = read(endpoint, sent)
        tenant = self._nobody
        try:
            known = self.tenant(call.sys_id)
            tenant = known or self.of("")
            with tenant.work():
                at = tenant.clock.stand_still()
                try:
                    return self._answered(tenant, call, at, known=known is not None, patience=patience)
                finally:
                    tenant.clock.go_on()
        except Unkept as unkept:
            return _unkept(tenant, call, unkept)

    def _answered(self, tenant: Tenant, call: Call, at: datetime, *, known: bool, patience: float) -> Exchange:
        endpoint = call.endpoint
        signature_ok = verified(tenant, call)
        authentic = known and signature_ok is True
        active_faults = tenant.faults.active_faults(call) if tenant.faults else NO_FAULTS
        if authentic and endpoint is CLOSE and call.problem is None and magic_numbers.asks(call):
            active_faults = magic_numbers.order_from_magic_number(tenant, call, active_faults)
        if (wire := active_faults.on("wire")) is not None and wire.stops:
            return _unanswered(tenant, call, at, signature_ok, active_faults)
        try:
            if endpoint is CLOSE:
                outcome = close(tenant, call, authentic, active_faults)
            else:
                outcome = _scripted(OTHERS_THAN_CLOSE[endpoint], tenant, call, authentic, active_faults)
        except Exception:
            log.exception("the gateway failed inside; it answers 98888888")
            outcome = _broken(tenant, call)
        entry = _entry(tenant, call, at, signature_ok, outcome=outcome, active_faults=active_faults)
        exchange = Exchange(tenant, entry, outcome, active_faults=active_faults)
        if not signature_ok:
            self._look_into(exchange, call, patience)
        entry.hint = _hint(tenant, entry, call)
        if known and not authentic and _refused_for_signature(tenant, outcome):
            exchange.status, exchange.body = BAD_SIGNATURE_STATUS, BAD_SIGNATURE_BODY
            entry.response = exchange.body
        elif active_faults is not NO_FAULTS:
            _apply_signed_fault(exchange, outcome.reply)
        entry.status = exchange.status
        tenant.journal.add(entry)
        return exchange

    def _look_into(self, exchange: Exchange, call: Call, patience: float) -> None:
        """Find out what is wrong with a signature, or leave it to a thread if that takes long."""
        # a body that could not be read may still name its tenant
        known = self.tenant(call.sys_id or named(call.sent.body))
        own = known or exchange.tenant
        examined = partial(
            _examined,
            call,
            own.merchant_public_key,
            own.huifu_key.public_key(),
            [
                key
                for other in islice(self._tenants.values(), OTHERS)
                if (key := other.merchant_public_key) is not own.merchant_public_key
            ],
            [*islice(exchange.tenant.journal.latest(), EARLIER)],
            known=known is not None,
        )
        budget = explain.Budget(patience)
        if patience >= PATIENCE or (len(call.sent.body) <= QUICK and explain.is_loaded()):
            exchange.entry.finding = examined(budget=budget)
        else:
            exchange.entry.finding = explain.untried(call, "unfinished")
        finding = exchange.entry.finding
        if patience < PATIENCE and finding is not None and "unfinished" in finding.notes:
            exchange.left_to_do = partial(_examined_later, exchange, call, examined)


def _scripted(
    handler: Handler,
    tenant: Tenant,
    call: Call,
    authentic: bool,
    active_faults: ActiveFaults,
) -> Outcome:
    """Give the prepared answer, before or after the call is carried out. A call with errors is refused as usual."""
    fault = active_faults.on("answer")
    if fault is None or not authentic or call.problem is not None:
        return handler(tenant, call, authentic)
    active_faults.applied(fault)
    reply = write(tenant, fault.answer.wording, echo(call, call.endpoint.response))
    if not fault.after:
        return Outcome(fault.answer, reply, None)
    true = handler(tenant, call, authentic)
    return Outcome(true.answer, reply, true.facts)


def verified(tenant: Tenant, call: Call) -> bool | None:
    """Whether the signature fits `data` as received, in one of the forms that correct clients sign."""
    if not call.is_signable:
        return None
    raw = signing.unbase64(call.sign)
    if raw is None:
        return False
    key, verify = tenant.merchant_public_key, tenant.right_before.verify_digest
    if verify(key, call.digest, raw):
        call.verified_digest = call.digest
        return True
    call.verified_digest = next((digest for digest in call.other_digests if verify(key, digest, raw)), None)
    return call.verified_digest is not None


def _examined(
    call: Call,
    own: RSAPublicKey,
    huifu: RSAPublicKey,
    others: list[RSAPublicKey],
    before: list[Entry],
    *,
    known: bool,
    budget: explain.Budget,
) -> Finding | None:
    return explain.examined(call, own, huifu, others, explain.earlier(before), known=known, budget=budget)


def _examined_later(
    exchange: Exchange, call: Call, examined: Callable[..., Finding | None], budget: explain.Budget
) -> Callable[[], None]:
    """Look into a signature in a thread; what comes back tells the exchange in the event loop."""
    finding = examined(budget=budget)

    def tell() -> None:
        with exchange.tenant.work():
            exchange.entry.finding = finding
            exchange.entry.hint = _hint(exchange.tenant, exchange.entry, call)
            exchange.tenant.journal.grown(exchange.entry)

    return tell


def _hint(tenant: Tenant, entry: Entry, call: Call) -> str:
    """Why a call was refused, and what it does that may go wrong elsewhere; empty for most."""
    said = [*_warnings(entry, call)]
    if not entry.went_well:
        facts = explain.TenantFacts(tenant.sys_id, tenant.settings.product_ids)
        said.insert(0, explain.hint(entry, call, facts))
    return "; ".join(filter(None, said))


def _warnings(entry: Entry, call: Call) -> Iterator[str]:
    if b"/json" not in call.sent.headers and (given := explain.given_type(call.sent.headers)):
        yield explain.ascii_line(f"warning: {explain.doubtful_type(given)[0]}")
    as_written = call.verified_digest not in (None, call.digest) and len(call.sent.body) <= QUICK
    if as_written and (found := explain.needless(canonical.lex(call.members or []))):
        yield explain.ascii_line(f"warning: {explain.needless_escapes(found)[0]}")
    req_date = call.value("req_date")
    if req_date and not entry.replay and req_date != day(entry.at):
        warning = explain.own_date(call.endpoint, req_date, entry.at)
        if warning is not None:
            yield explain.ascii_line(f"warning: {warning[0]}")


def _refused_for_signature(tenant: Tenant, outcome: Outcome) -> bool:
    return tenant.settings.bad_signature == "http-922" and outcome.facts is not None and outcome.facts.rule.row == "2"


def _broken(tenant: Tenant, call: Call) -> Outcome:
    answer = Answer(Reason.SYSTEM_ERROR, Reason.SYSTEM_ERROR.wording)
    return Outcome(answer, write(tenant, answer.wording, echo(call, call.endpoint.response)), None)


def undone(exchange: Exchange, unkept: Unkept) -> Exchange:
    """What is answered instead, where what was done could not be kept."""
    return _unkept(exchange.tenant, read_again(exchange.entry), unkept)


def _unkept(tenant: Tenant, call: Call, unkept: Unkept) -> Exchange:
    """Nothing was done, and the client is told that it cannot know."""
    log.error("a call is answered 98888888, because nothing can be kept: %s", unkept)
    outcome = _broken(tenant, call)
    entry = _entry(tenant, call, tenant.clock.now(), None, outcome=outcome, active_faults=NO_FAULTS, number=0)
    done = "it is not known whether this was done" if isinstance(unkept, Unknown) else "nothing was done"
    entry.hint = explain.ascii_line(f"{done}: {unkept}")
    return Exchange(tenant, entry, outcome)


def _unanswered(
    tenant: Tenant, call: Call, at: datetime, signature_ok: bool | None, active_faults: ActiveFaults
) -> Exchange:
    """Keep what was received, and carry nothing out."""
    entry = _entry(tenant, call, at, signature_ok, outcome=None, active_faults=active_faults)
    tenant.journal.add(entry)
    return Exchange(tenant, entry, None, active_faults=active_faults)


def _apply_signed_fault(exchange: Exchange, reply: Reply) -> None:
    """Let a prepared fault change the signed reply. The reply that is kept for repeats stays as it is."""
    if (fault := exchange.active_faults.on("signed")) is None or fault.kind is None:
        return
    decided = DecidedReply(
        json.loads(reply.data), reply.key, published("foreign"), exchange.tenant.merchant_private_key
    )
    exchange.body = fault.kind.act(decided, fault.do)
    exchange.entry.response = exchange.body[:KEPT]
    exchange.active_faults.applied(fault)


def _entry(
    tenant: Tenant,
    call: Call,
    at: datetime,
    signature_ok: bool | None,
    *,
    outcome: Outcome | None,
    active_faults: ActiveFaults,
    number: int | None = None,
) -> Entry:
    return Entry(
        number=tenant.journal.next_number() if number is None else number,
        at=at,
        endpoint=call.endpoint,
        sent=call.kept,
        signature_ok=signature_ok,
        reason=outcome.answer.reason if outcome else None,
        resp_code=outcome.answer.wording.resp_code if outcome else "",
        reply=outcome.reply if outcome else None,
        facts=outcome.facts if outcome else None,
        req_seq_id=call.value("req_seq_id"),
        org_req_seq_id=call.value("org_req_seq_id"),
        faults=active_faults.names,
        replay=outcome is not None and outcome.replay,
        before=tenant.history.take() if number is None else (),
    )
