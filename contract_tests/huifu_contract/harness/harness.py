"""The harness: a tenant, a driver, and the calls that a case makes with them.

It seeds orders, calls the client, collects the evidence and applies laws.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from huifu_contract.drivers.driver import Driver
from huifu_contract.failures import KitTrouble
from huifu_contract.harness import evidence
from huifu_contract.harness.evidence import Evidence, SentRequest
from huifu_contract.harness.laws import Blocked, Broken, CaseBroken, law_of, one_order, silence, soundness
from huifu_contract.harness.patience import Patience
from huifu_contract.harness.prepared_answers import PreparedAnswer
from huifu_contract.outcome import Hello
from huifu_contract.reference import wire

if TYPE_CHECKING:
    from huifu_mock import Call, Order, Tenant

Law = Callable[[Evidence], list[Broken]]
CONFIG = ("sys_id", "product_id", "huifu_id", "merchant_private_key", "huifu_public_key", "webhook_key")
SWEEP = 100
OTHER_PRODUCT = "YYZY"
ALWAYS: tuple[Law, ...] = (soundness, silence, one_order)
NO_TIME = "the time for looking at a client whose controls fail is used up"
MARGIN_S = 2.0
TOLERANCE = 1.2
"""How much longer than declared a call may take: clocks, schedulers and pipes need some of it."""


@dataclass(slots=True)
class Harness:
    """One worker's: its own tenant of the gateway and its own process of the client."""

    driver: Driver
    tenant: Tenant
    examples: int = 12
    """How many the profile gives a property."""
    reveal: str | None = None
    elsewhere: Tenant | None = None
    merchants: Callable[..., Tenant] | None = None
    """Makes another tenant of the gateway."""
    keep: bool = False
    """Whether the calls of a failing case stay in the journal, to be looked at."""
    kept: bool = False
    """Whether there are any."""
    judged: int = 0
    judged_by: dict[str, None] = field(default_factory=dict)
    """The laws that have judged since the case began."""
    stream: str = "0"
    """What the numbers of requests and orders are made of: seed and case."""
    notes: list[str] = field(default_factory=list)
    last: Evidence | None = None
    example_s: float = 0.0
    """How long the last example took."""
    answer_s: float = 0.0
    """The longest time that an answer took to leave the gateway, since the example began, of those that the case did
    not hold back itself."""
    patience: Patience = field(default_factory=Patience)
    until: float | None = None
    """No call begins after that moment (monotonic seconds): what is not reached is blocked."""
    turn: AbstractContextManager[Any] = field(default_factory=nullcontext)
    """Entered for the time of a call: a client that several harnesses share takes only so many at once."""
    calling_since: float | None = None
    call_s: list[float] = field(default_factory=list)
    learns_s: float = 0.0
    """How long the application took at most to believe a webhook that it had acknowledged; 0 where it was at once."""
    news: str = ""
    """Of which orders the application takes news, by webhook: "any", or its "own" alone; empty before it was asked."""
    took_news: bool = False
    """Whether the application has believed a webhook."""
    made: Counter[str] = field(default_factory=Counter)
    """How many numbers each stream has given; who uses a tenant after another takes this over."""
    _twin: tuple[str, Evidence | None] = ("", None)
    _left_over: bool = False
    """Whether anything is left of what was prepared for the calls of this example."""
    _numbers: int = 0
    _examples: int = 0

    # -- doing ----------------------------------------------------------------------------------------------------

    def order(self, **wanted: Any) -> Order:
        return self.tenant.orders.add(**{"req_seq_id": "A" + self._unique(), **wanted})

    def params(self, order: Order, **changes: str | None) -> dict[str, str]:
        """A close of that order with a number never used before; None takes a member out."""
        made: dict[str, str | None] = {**order.close_params(self.number()), **changes}
        return {name: value for name, value in made.items() if value is not None}

    def number(self) -> str:
        return "R" + self._unique()

    def _unique(self) -> str:
        """The same in every run with the same seed, and never twice for one tenant."""
        self.made[self.stream] += 1
        return hashlib.sha256(f"{self.stream}:{self.made[self.stream]}".encode()).hexdigest()[:24]

    def unknown_order(self, **changes: str | None) -> dict[str, str]:
        """A close of an order that does not exist."""
        made: dict[str, str | None] = {
            "req_date": "20240425",
            "req_seq_id": self.number(),
            "huifu_id": self.tenant.huifu_id,
            "org_req_date": "20240405",
            "org_req_seq_id": "none" + self._unique(),
            **changes,
        }
        return {name: value for name, value in made.items() if value is not None}

    def close(
        self,
        order: Order | None = None,
        *script: PreparedAnswer,
        params: Mapping[str, str] | None = None,
        must_act: bool = True,
        driver: Driver | None = None,
        at: str | None = None,
    ) -> Evidence:
        """One call of the client. Without an order and params, an order that can be closed is seeded.

        `at` is the address that the client is given in place of the gateway's own.
        """
        if order is None and params is None:
            order = self.order()
        wanted = dict(params) if params is not None else self.params(_known(order))
        if self.until is not None and time.monotonic() >= self.until:
            raise Blocked(NO_TIME)
        token = "t" + secrets.token_hex(6)
        self.prepare(token, script)
        before, self.last = self._numbers, None  # of a call that ends in trouble no earlier one is shown
        client = driver or self.driver
        with self.turn:
            began = self.calling_since = time.monotonic()
            try:
                outcome = client.close(f"{at or self.tenant.base_url}/s/{token}", wanted, self.deadline_s, self.reveal)
            finally:
                self.calling_since = None
            seconds = time.monotonic() - began
        self.call_s.append(seconds)
        evidence = self.evidence(token, order, script, before)
        made = self.called(
            Evidence(outcome, wanted, evidence[0], evidence[1], self.hello, seconds, session=token), script
        )
        if must_act:
            self._acted(token, script, made)
        return made

    def called(self, e: Evidence, script: Sequence[PreparedAnswer]) -> Evidence:
        """Takes note of a call that has ended."""
        self.last = e
        prepared = {one["do"].get("fault") for one in script}
        took = [e.seconds if one.answer_s is None else one.answer_s for one in e.sent if not prepared & {*one.faults}]
        self.answer_s = max(self.answer_s, *took) if took else self.answer_s
        return e

    def sent_under(self, e: Evidence) -> Sequence[Call]:
        """What the gateway has received by now for that call of the client."""
        return self.tenant.journal.calls(session=e.session, unmatched=False)

    def sent_during(self, later: Evidence, e: Evidence) -> Sequence[Call]:
        """The requests of the call `e` that came after the first of a later call.

        A busy gateway may read the last request of a call only when the client has given up on it and has answered.
        """
        first = next(iter(self.sent_under(later)), None)
        if first is None:
            return []  # it sent nothing, so nothing came after it
        return [call for call in self.sent_under(e) if _number(call.id) > _number(first.id)]

    def console(self, e: Evidence) -> str:
        """Where the console of the gateway shows the requests of that call, which are kept from now on."""
        if not self.keep:
            return ""
        tenant, calls = self.tenant, self.tenant.journal.calls(session=e.session)
        if not calls and self.elsewhere is not None:  # as in `evidence`
            tenant, calls = self.elsewhere, self.elsewhere.journal.calls(session=e.session)
        return self._link(tenant, calls, session=e.session)

    def _link(self, tenant: Tenant, calls: Sequence[Call], **shown: str) -> str:
        """The console of that tenant with the last of the calls open and the list filtered as told."""
        if not calls:
            return ""
        self.kept = True
        return f"{tenant.base_url}/_mock/?{urlencode({'tenant': tenant.sys_id, **shown})}#{calls[-1].id}"

    @property
    def deadline_s(self) -> float:
        return self.hello.timeout_s * TOLERANCE + MARGIN_S

    def prepare(self, token: str, script: Sequence[PreparedAnswer]) -> None:
        if script:
            self._left_over = True
            self.tenant.faults.add_many({**one, "match": {**one["match"], "session": token}} for one in script)

    def evidence(
        self, token: str, order: Order | None, script: Sequence[PreparedAnswer], after: int = 0
    ) -> tuple[tuple[SentRequest, ...], Any]:
        """What the gateway received under that token after so many calls, and what it knows of the order now."""
        public = self.tenant.huifu_public_key
        calls = self.tenant.journal.calls(session=token, unmatched=False, after=f"call-{after}")
        self._complete([call.id for call in calls])
        found = [(call, public, False) for call in calls]
        if self.elsewhere is not None and not any(call.endpoint == "close" for call in calls):
            # a request that names no tenant is kept under the default one, and a query after it may name one
            default = self.elsewhere.huifu_public_key
            strays = self.elsewhere.journal.calls(session=token, unmatched=False)
            found = sorted([*((call, default, True) for call in strays), *found], key=lambda one: one[0].at)
        if not script:
            for call, key, _ in found:
                evidence.honest(call, key)
        merchant, spoken = self.tenant.merchant_private_key, self.hello.language
        sent = tuple(evidence.sent(call, key, merchant, spoken, unnamed=stray) for call, key, stray in found)
        now = None if order is None else self.now(order)
        return sent, evidence.truth(now)

    def unsent(self, e: Evidence, blocked: type[Blocked] = Blocked) -> Blocked | CaseBroken:
        """What a case ends with that needs a request of a call which sent none, or none that can be answered."""
        return self._unanswerable(e) or blocked(f"nothing was sent: the client claims {e.claim}")

    def _unanswerable(self, e: Evidence) -> CaseBroken | None:
        """What the gateway says of what came in a call without a request; None where nothing came."""
        journals = [one.journal for one in (self.tenant, self.elsewhere) if one is not None and e.session]
        unread = (call.hint for journal in journals for call in journal.calls(session=e.session, unmatched=True))
        if (hint := next(unread, None)) is None:
            return None
        return CaseBroken([Broken("L3", "what was sent is no request that the gateway can answer", hint)], e)

    def never_came_to(self, what: str, e: Evidence) -> Blocked | CaseBroken:
        """What a case ends with whose prepared fault did nothing."""
        why = f"it answered {e.sent[0].heard.resp_code} by itself" if e.sent else "nothing was sent"
        blocked = Blocked(f"the gateway never came to {what}: {why}")
        return blocked if e.sent else self._unanswerable(e) or blocked

    def now(self, order: Order) -> Order:
        return self.tenant.orders.get(order.req_seq_id, huifu_id=order.huifu_id, req_date=order.req_date)

    def _acted(self, token: str, script: Sequence[PreparedAnswer], e: Evidence) -> None:
        """Blocked unless every prepared fault did something: then the case was not exercised."""
        prepared = {str(one["do"].get("fault") or one["do"].get("answer")) for one in script}
        if len(prepared) == len(script) and prepared <= {name for sent in e.sent for name in sent.faults}:
            return  # each has a name of its own, and the journal has them all
        mine = [fault for fault in self.tenant.faults.list() if fault["match"].get("session") == token]
        idle = [fault["do"] for fault in mine if not fault["used"]]
        if idle and e.claim != "crashed":
            raise self.never_came_to(idle[0].get("fault") or idle[0].get("answer"), e)

    def tidy(self) -> None:
        """Nothing of one example may reach the next."""
        if self._left_over:
            self.tenant.faults.clear()
            self._left_over = False
        self._examples += 1
        if self._examples % SWEEP == 0 and not self.keep:  # whether this example failed is not known yet
            self.sweep()

    def sweep(self) -> None:
        """Empties the journal, once it is clear that it lost nothing; not if calls in it are kept."""
        self._complete([entry["id"] for entry in self._after(self._numbers)])
        if self.kept:
            return
        self.tenant.journal.clear()
        self._numbers = 0

    def _complete(self, ids: Sequence[str]) -> None:
        """The gateway numbers its entries; a hole means that the journal lost one."""
        numbers = [_number(id_) for id_ in ids]
        if self._numbers and numbers and numbers[-1] - self._numbers > len(numbers):
            everything = {_number(entry["id"]) for entry in self._after(self._numbers)}
            missing = set(range(self._numbers + 1, numbers[-1])) - everything
            if missing:
                raise KitTrouble(f"the journal of the fake gateway lost {len(missing)} entries")
        if numbers:
            self._numbers = max(self._numbers, numbers[-1])

    def _after(self, number: int) -> Iterator[dict[str, Any]]:
        """What the journal holds after the call of that number, in short."""
        return self.tenant.journal.entries(view="summary", sort="oldest", after=f"call-{number}")

    def of_another_merchant(self) -> Harness | None:
        """For calls of the same application for another merchant, with a product of its own; None if it takes none."""
        driver = self.driver.beside()
        if driver is None or self.merchants is None:
            return None
        own = wire.public(self.tenant.huifu_public_key).key_size
        bits = 3072 if own == 2048 else 2048  # Huifu has one key of each size
        tenant = self.merchants(product_ids={OTHER_PRODUCT: "active"}, key_bits=bits)
        made = Harness(driver, tenant, elsewhere=self.tenant, turn=self.turn, stream=self.stream)
        driver.start(made.config)
        return made

    # -- judging --------------------------------------------------------------------------------------------------

    def judge(self, e: Evidence, *laws: Law, also: Sequence[Broken] = (), cause: Broken | None = None) -> Evidence:
        """L1 and L5 hold always, and one call closes one order; a case adds other laws and conditions.

        Raises CaseBroken.

        `cause` says what the client must have done wrong if it claims something definite and anything is found.
        """
        self.judged += 1
        self.judged_by.update(dict.fromkeys(law_of(law) for law in (*ALWAYS, *laws)))
        self.judged_by.update(dict.fromkeys(broken.law for broken in also))
        self.last = e
        found = [broken for law in (*ALWAYS, *laws) for broken in law(e)] + list(also)
        if found and cause is not None and e.definite:
            found.insert(0, cause)
        if found:
            raise CaseBroken(found, e)
        return e

    def demand(self, e: Evidence, condition: bool, message: str, detail: str = "", stable: str = "") -> None:
        """A condition of this one case."""
        self.demanded(e, [] if condition else [Broken("C", message, detail, stable=stable)])

    def demanded(self, e: Evidence, wrong: Sequence[Broken]) -> None:
        """What was found of the conditions of this one case."""
        self.judged_by["C"] = None
        self.judge(e, also=wrong)

    def check_wire(self, found: Sequence[Broken]) -> None:
        """Conditions on the requests of the last call alone, whatever the client made of the answers."""
        self.judged += 1
        self.judged_by["L3"] = None
        if self.last is None:
            raise KitTrouble("a case judged the wire before anything was sent")
        if found:
            raise CaseBroken(found, self.last)

    def twin(self) -> Evidence:
        """The honest twin comes first: a client that refuses this too proves nothing by refusing the rest.

        Once for all examples of a case.
        """
        case, e = self._twin
        if case != self.stream or e is None:
            e = self.close()
            if e.claim != "closed":
                raise Blocked(f"the honest twin was not accepted: the client claims {e.claim} after a genuine success")
            self._twin = self.stream, e
        return e

    def note(self, text: str) -> None:
        """A finding of a recorder."""
        self.judged += 1
        if text not in self.notes:
            self.notes.append(text)

    @property
    def hello(self) -> Hello:
        return self.driver.hello

    @property
    def config(self) -> dict[str, str]:
        """What `hello` tells the client."""
        return {name: getattr(self.tenant, name) for name in CONFIG}

    @property
    def decides(self) -> bool:
        return "decision" in self.hello.profiles


def _known(order: Order | None) -> Order:
    if order is None:
        raise KitTrouble("a case asked for a close of nothing")
    return order


def _number(id_: str) -> int:
    return int(id_.rpartition("-")[2])
