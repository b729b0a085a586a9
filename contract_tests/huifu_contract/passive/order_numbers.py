"""Sessions by order number: a close of `CASE~response/stat-p-pending~anything` selects its case."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Condition, Event
from typing import TYPE_CHECKING, Any

from huifu_contract.catalogue.record import Example, Record
from huifu_contract.harness import evidence
from huifu_contract.harness.evidence import Evidence
from huifu_contract.harness.laws import Blocked, Skipped
from huifu_contract.harness.prepared_answers import PreparedAnswer
from huifu_contract.outcome import Outcome
from huifu_contract.passive.harness import UNSAID, PassiveHarness
from huifu_mock import ControlError

if TYPE_CHECKING:
    from huifu_contract.drivers.driver import Driver
    from huifu_mock import Order

PREFIX = "CASE~"
SEVERAL = "it takes several calls, which one order number cannot tell apart; take it from GET /_contract/next"
CHOSEN = "the kit has to choose the parameters; take it from GET /_contract/next"
ELSEWHERE = "the kit has to choose the address; take it from GET /_contract/next"


def asked(number: str) -> str:
    """The case that an order number names."""
    return number.split("~", 2)[1]


@dataclass(slots=True, eq=False)
class OrderSession:
    """One order number from its first call until it has been quiet for a while after the last reply."""

    record: Record
    example: Example
    data: Mapping[str, str]
    quiet_s: float
    now: Callable[[], float] = time.monotonic
    ready: Event = field(default_factory=Event)
    """The order and the script are there: the call that waits may be answered."""
    outcome: Outcome = UNSAID
    _change: Condition = field(default_factory=Condition)
    _open: int = 0
    _last: float = 0.0
    _ended: bool = False

    def enter(self) -> None:
        with self._change:
            self._open += 1

    def leave(self) -> None:
        """Counted from here: the reply was fully sent, or the client has hung up."""
        with self._change:
            self._open -= 1
            self._last = self.now()
            self._change.notify_all()

    def claim(self, outcome: Outcome) -> None:
        with self._change:
            self.outcome = outcome
            self._change.notify_all()

    def end(self) -> None:
        with self._change:
            self._ended = True
            self._change.notify_all()

    def until_quiet(self) -> Outcome:
        """A claim ends it at once: the client has made up its mind."""
        with self._change:
            while not self._ended and (self._open or self.outcome is UNSAID):
                left = None if self._open or not self._last else self._last + self.quiet_s - self.now()
                if left is not None and left <= 0:
                    break
                self._change.wait(left)
            return self.outcome


@dataclass(slots=True)
class OrderHarness(PassiveHarness):
    """The client chose the parameters; the case chooses what is behind that order number."""

    session: OrderSession | None = None
    _played: bool = False

    @classmethod
    def of(
        cls, driver: Driver, tenant: Any, session: OrderSession, laws: Sequence[Any], *, keep: bool = False
    ) -> OrderHarness:
        return cls(driver, tenant, examples=0, laws=tuple(laws), session=session, keep=keep)

    @property
    def chosen(self) -> Mapping[str, str]:
        return {} if self.session is None else self.session.data

    def order(self, **wanted: Any) -> Order:
        chosen = self.chosen
        mine = {"req_date": chosen.get("org_req_date"), "req_seq_id": chosen.get("org_req_seq_id")}
        mine["huifu_id"] = chosen.get("huifu_id")
        try:
            return self.tenant.orders.add(**{name: value for name, value in mine.items() if value}, **wanted)
        except ControlError as error:
            raise Blocked(f"no order can be put behind that number: {error}") from None

    def params(self, order: Order, **changes: str | None) -> dict[str, str]:  # noqa: ARG002  # the client's own
        return self._own(changes)

    def unknown_order(self, **changes: str | None) -> dict[str, str]:
        return self._own(changes)

    def _own(self, changes: Mapping[str, str | None]) -> dict[str, str]:
        if changes:
            raise Skipped(CHOSEN)
        return dict(self.chosen)

    def console(self, e: Evidence) -> str:  # noqa: ARG002  # the number finds its calls; they have no session
        if not self.keep:
            return ""
        number = self.chosen["org_req_seq_id"]
        return self._link(self.tenant, self.tenant.journal.calls(org_req_seq_id=number), q=number)

    def twin(self) -> Evidence:
        """One number is one call: the honest twin would take the place of what was asked for."""
        return Evidence(UNSAID)

    def close(
        self,
        order: Order | None = None,
        *script: PreparedAnswer,
        params: Mapping[str, str] | None = None,
        must_act: bool = True,
        driver: Driver | None = None,  # noqa: ARG002  # there is none
        at: str | None = None,
    ) -> Evidence:
        if at is not None:
            raise Skipped(ELSEWHERE)
        if self._played or self.session is None:
            raise Skipped(SEVERAL)
        self._played = True
        if order is None and params is None:
            order = self.order()
        number = self.chosen["org_req_seq_id"]
        self._prepare(script, org_req_seq_id=number)
        began = time.monotonic()
        self.session.ready.set()
        outcome = self.session.until_quiet()
        public, merchant = self.tenant.huifu_public_key, self.tenant.merchant_private_key
        calls = self.tenant.journal.calls(org_req_seq_id=number)
        sent = tuple(evidence.sent(call, public, merchant) for call in calls)
        truth = evidence.truth(None if order is None else self.now(order))
        made = Evidence(outcome, self.chosen, sent, truth, self.hello, time.monotonic() - began)
        e = self.called(made, script)
        if must_act:
            self._acted("", script, e)
        return e
