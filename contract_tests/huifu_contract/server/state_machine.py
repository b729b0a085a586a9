"""The state machine: hypothesis chooses the steps of a sequence.

Its rules are shaped so that every branch of the model is walked through often: ages are drawn where an order is made,
and closing twice, repeating and re-using a number are rules of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from huifu_contract.grading.profiles import seeded
from huifu_contract.server.sequences import BY, KINDS, CallSequence, Step

AGES = st.sampled_from([60, 59, 61, 120, 0])
OLD = st.sampled_from([60, 61])
SHAPES = st.sampled_from(("plain", *KINDS))
CLOSABLE = st.sampled_from(["plain", "slow", "accepted"])
UNCLOSABLE = ("paid", "failed", "union", "digital", "unlucky")
NAMED = st.sampled_from(BY[:3])
WHICH = st.integers(0, 30)


class Machine(RuleBasedStateMachine):
    """One sequence. `fresh` makes it; a mismatch leaves through the rule that met it."""

    def __init__(self, fresh: Callable[[], CallSequence]) -> None:
        super().__init__()
        self.sequence = fresh()

    def _do(self, do: str, **more: Any) -> None:
        step: Step = {"do": do, **more}
        self.sequence.do(step)

    def _new(self, kind: str, age: int, *, other: bool = False) -> int:
        self._do("new", kind=kind, age=age, other=other)
        return len(self.sequence.orders) - 1

    def _known(self, which: int) -> int:
        return which % len(self.sequence.orders)

    def _has_orders(self) -> bool:
        return bool(self.sequence.orders)

    @rule(kind=SHAPES, age=AGES, by=st.sampled_from(BY))
    def close_a_new_order(self, kind: str, age: int, by: str) -> None:
        self._do("close", order=self._new(kind, age), by=by)

    @rule(by=NAMED)
    def close_what_cannot_be_closed(self, by: str) -> None:
        for kind in UNCLOSABLE:
            self._do("close", order=self._new(kind, 120), by=by)

    @rule()
    def close_at_every_age(self) -> None:
        for age in (0, 59, 60, 61):
            self._do("close", order=self._new("plain", age), by="org_req_seq_id")

    @rule(kind=CLOSABLE, age=OLD, by=NAMED)
    def close_twice(self, kind: str, age: int, by: str) -> None:
        order = self._new(kind, age)
        self._do("close", order=order, by="org_req_seq_id")
        self._do("close", order=order, by=by)

    @rule(kind=CLOSABLE)
    def repeat_same(self, kind: str) -> None:
        self._do("close", order=self._new(kind, 61), by="org_req_seq_id")
        self._do("repeat", which=len(self.sequence.sent) - 1)

    @rule()
    def reuse_number_for_another_order(self) -> None:
        self._do("close", order=self._new("plain", 61), by="org_req_seq_id")
        self._do("reuse", order=self._new("plain", 61), which=len(self.sequence.sent) - 1)

    @rule(which=WHICH)
    @precondition(_has_orders)
    def repeat_an_earlier_request(self, which: int) -> None:
        self._do("repeat", which=which)

    @rule(other=st.booleans(), by=NAMED)
    def close_a_strangers_order(self, other: bool, by: str) -> None:
        self._do("stranger", order=self._new("plain", 120, other=other), by=by)

    @rule(kind=SHAPES, age=AGES)
    def close_no_order(self, kind: str, age: int) -> None:
        self._do("nothing")
        self._do("close", order=self._new(kind, age), by="neither")

    @rule(stat=st.sampled_from("SF"), which=WHICH, by=NAMED)
    @precondition(_has_orders)
    def pay_or_fail_then_close(self, stat: str, which: int, by: str) -> None:
        order = self._known(which)
        self._do("finish", order=order, stat=stat)
        self._do("close", order=order, by=by)

    @rule(seconds=st.sampled_from([1, 5, 59, 60]), which=WHICH)
    @precondition(_has_orders)
    def advance_then_close(self, seconds: int, which: int) -> None:
        self._do("advance", seconds=seconds)
        self._do("close", order=self._known(which), by="org_req_seq_id")

    @rule(kind=CLOSABLE)
    def query_before_and_after_the_close(self, kind: str) -> None:
        order = self._new(kind, 61)
        self._do("query", order=order)
        self._do("close", order=order, by="org_req_seq_id")
        self._do("query", order=order)

    @rule(kind=CLOSABLE, then=st.sampled_from(["retry", "query"]))
    def lose_the_answer(self, kind: str, then: str) -> None:
        self._do("lose", order=self._new(kind, 61), by="org_req_seq_id", then=then)

    @rule(kind=CLOSABLE)
    def two_at_once(self, kind: str) -> None:
        self._do("two", order=self._new(kind, 61), by="org_req_seq_id")

    def teardown(self) -> None:
        if not self.sequence.broken:
            self.sequence.agrees()


def explore(fresh: Callable[[], CallSequence], sequences: int, steps: int, seed: int) -> None:
    """So many sequences of so many steps. Raises Mismatch for the first that fails; the caller shortens it."""

    def machine() -> Machine:
        return Machine(fresh)

    chosen = settings(
        max_examples=sequences,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        print_blob=False,
        report_multiple_bugs=False,
        verbosity=Verbosity.quiet,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(seeded(seed, machine), settings=chosen)
