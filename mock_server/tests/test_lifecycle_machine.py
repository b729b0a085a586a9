"""The life of orders as a machine: create, query, pay, fail, expire, close, settle, advance, in any order.

The model is written from the documents and shares nothing with the code: it keeps a list of what falls due and
replays it. Whatever happens, an order is never both paid and closed, one close wins, final states never change,
and every close that is over is told to the receivers, in the order in which closes ended.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count

from counter import CLOSE, CLOSEQUERY, JSPAY_V2, QUERIES, ask, named, new_order
from desk import Desk
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, precondition, rule

from huifu_mock.gateway import lifecycle
from huifu_mock.push.message import ReceiverResponse

SETTLES = ("immediate", "processing", "accepted", "refused")


@dataclass
class Modelled:
    """An order as the documents have it."""

    key: tuple[str, str, str]
    created: datetime
    settle: str
    seconds: float
    kind: str
    trans: str = "P"
    close: str = ""
    due: list[tuple[datetime, int, Callable[[], None]]] = field(default_factory=list)
    """What is still to come."""
    ended: list[str] = field(default_factory=list)
    """How its closes ended, in order."""

    @property
    def huifu_id(self) -> str:
        return self.key[0]

    @property
    def req_date(self) -> str:
        return self.key[1]

    @property
    def req_seq_id(self) -> str:
        return self.key[2]

    def finish(self, trans: str) -> None:
        if self.trans == "P":
            self.trans = trans
            if self.close == "P":
                self.close = "F"
                self.ended.append("F")

    def settled(self) -> None:
        if self.close == "P":
            self.trans, self.close = "F", "S"
            self.ended.append("S")

    def wanted(self, now: datetime) -> tuple[str, str]:
        """What a close is answered now: code and state."""
        table = (
            (self.kind.startswith("U_"), ("23000004", "F")),
            (self.close == "S", ("23000000", "F")),
            (self.trans != "P", ("23000000", "F")),
            (self.close == "P", ("20000001", "F")),
            (now - self.created < timedelta(seconds=60), ("20000001", "F")),
            (self.settle == "refused", ("90000000", "F")),
            (self.settle == "processing", ("00000100", "P")),
            (self.settle == "accepted", ("00000000", "P")),
        )
        return next((answer for applies, answer in table if applies), ("00000000", "S"))


class Life(RuleBasedStateMachine):
    orders = Bundle("orders")

    @initialize()
    def open(self) -> None:
        self.desk = Desk()
        self.tenant = self.desk.tenant
        self.model: list[Modelled] = []
        self.numbers = count()
        self.tenant.pushes.register("http://127.0.0.1:1/hook", ["trans.close"], "k" * 32)

    # --- what happens

    @rule(
        target=orders,
        settle=st.sampled_from(SETTLES),
        seconds=st.sampled_from([1, 5, 90]),
        age=st.sampled_from([120, 0, 59, 60, 300]),
        kind=st.sampled_from(["T_NATIVE", "A_JSAPI", "U_NATIVE"]),
    )
    def seed(self, settle: str, seconds: float, age: float, kind: str) -> Modelled:
        order = self.desk.order(settle=settle, settle_seconds=seconds, age_seconds=age, trade_type=kind)
        made = Modelled(order.key, order.created_at, settle, seconds, kind)
        self.model.append(made)
        return made

    @rule(target=orders, expires=st.none() | st.integers(2, 200), settle=st.sampled_from(SETTLES))
    def create(self, expires: int | None, settle: str) -> Modelled:
        self.tenant.settings = replace(self.tenant.settings, settle=settle, settle_seconds=5.0)  # type: ignore[arg-type] # one of them
        data = new_order(self.desk, JSPAY_V2)
        now = self.tenant.clock.now()
        until = (now + timedelta(seconds=expires)).replace(microsecond=0) if expires else now + timedelta(hours=2)
        extra = {"time_expire": f"{until:%Y%m%d%H%M%S}"} if expires else {}
        assert ask(self.desk, JSPAY_V2, data, **extra).reply["resp_code"] == "00000100"
        key = (data["huifu_id"], data["req_date"], data["req_seq_id"])
        made = Modelled(key, now, settle, 5.0, "T_JSAPI")
        self.plan(made, until, lambda: made.finish("F"))
        self.model.append(made)
        return made

    @rule(target=orders, settle=st.sampled_from(["processing", "accepted"]), pays=st.sampled_from([None, 3, 5, 7]))
    def close_while_the_customer_hesitates(self, settle: str, pays: int | None) -> Modelled:
        """The interesting case, which chance alone rarely makes: a close in progress and a payment on its way."""
        order = self.seed(settle, 5, 120, "T_NATIVE")
        if pays:
            self.pay_later(order, pays)
        self.close(order)
        return order

    @rule(order=orders)
    def close(self, order: Modelled) -> None:
        now, before = self.tenant.clock.now(), order.wanted(self.tenant.clock.now())
        reply = ask(self.desk, CLOSE, self.desk.data(order)).reply  # type: ignore[arg-type] # named like an order
        assert (reply["resp_code"], reply["trans_stat"]) == before
        if before == ("00000000", "S"):
            order.trans, order.close = "F", "S"
            order.ended.append("S")
        elif before[0] == "90000000":
            order.close = "F"
            order.ended.append("F")
        elif before[1] == "P":
            order.close = "P"
            self.plan(order, now + timedelta(seconds=order.seconds), order.settled)

    @rule(order=orders, happens=st.sampled_from("SF"))
    def finish(self, order: Modelled, happens: str) -> None:
        kept = self.tenant.orders.get(order.key)
        assert kept is not None
        try:
            (lifecycle.pay if happens == "S" else lifecycle.fail)(self.tenant, kept)
        except lifecycle.NotAllowed:
            assert order.trans != "P"
        else:
            assert order.trans == "P"
            order.finish(happens)

    @rule(order=orders, seconds=st.sampled_from([1, 3, 5, 7]))
    def pay_later(self, order: Modelled, seconds: int) -> None:
        kept = self.tenant.orders.get(order.key)
        assert kept is not None
        if order.trans == "P":
            lifecycle.pay_later(self.tenant, kept, seconds)
            self.plan(order, self.tenant.clock.now() + timedelta(seconds=seconds), lambda: order.finish("S"))

    @rule(seconds=st.sampled_from([0.5, 1, 4, 5, 30, 60, 7200, 90_000]))
    def advance(self, seconds: float) -> None:
        self.tenant.clock.advance(seconds)
        now = self.tenant.clock.now()
        for order in self.model:
            for _, _, happens in sorted(due for due in order.due if due[0] <= now):
                happens()
            order.due = [due for due in order.due if due[0] > now]

    def plan(self, order: Modelled, at: datetime, happens: Callable[[], None]) -> None:
        """What falls due at one moment happens in the order in which it was planned."""
        order.due.append((at, next(self.numbers), happens))

    @rule(order=orders, path=st.sampled_from(QUERIES))
    def query(self, order: Modelled, path: str) -> None:
        assert ask(self.desk, path, named(path, order)).reply["trans_stat"] == order.trans

    @rule(order=orders)
    def closequery(self, order: Modelled) -> None:
        reply = ask(self.desk, CLOSEQUERY, named(CLOSEQUERY, order)).reply
        if order.close:
            assert (reply["resp_code"], reply["trans_stat"], reply["org_trans_stat"]) == (
                "00000000", order.close, order.trans,
            )  # fmt: skip
        else:
            assert (reply["resp_code"], reply["trans_stat"]) == ("23000001", "F")

    @precondition(lambda self: self.model)
    @rule(order=consumes(orders))
    def leave_alone(self, order: Modelled) -> None:
        """Some orders are not touched again: time alone goes on."""

    # --- what always holds

    @invariant()
    def the_gateway_agrees_with_the_model(self) -> None:
        for order in getattr(self, "model", []):
            kept = self.tenant.orders.get(order.key)
            assert kept is not None
            assert (kept.trans_stat, kept.close_stat) == (order.trans, order.close), kept

    @invariant()
    def no_order_is_both_paid_and_closed_and_one_close_wins(self) -> None:
        for order in getattr(self, "model", []):
            kept = self.tenant.orders.get(order.key)
            assert kept is not None
            attempts = [self.tenant.orders.attempt(key) for key in kept.closes]
            stats = [attempt.stat for attempt in attempts if attempt is not None]
            assert not (kept.trans_stat == "S" and kept.close_stat == "S")
            assert stats.count("S") <= 1
            assert stats.count("P") <= 1
            assert (kept.finished_at is not None) == (kept.trans_stat != "P")

    @invariant()
    def every_close_that_is_over_is_told_in_order(self) -> None:
        told: dict[str, list[str]] = {}
        for delivery in self.tenant.pushes.deliveries if hasattr(self, "tenant") else ():
            event = json.loads(delivery.message.body())
            told.setdefault(event["org_req_seq_id"], []).append(event["trans_stat"])
        for order in getattr(self, "model", []):
            assert told.get(order.req_seq_id, []) == order.ended


Life.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestLife = Life.TestCase


def test_what_falls_due_on_the_way_happens_in_order(desk: Desk) -> None:
    """One leap of the clock: a late payment, a settlement, an expiry and a retry, each at its own time."""
    order, clock = desk.order, desk.tenant.clock
    wins = order(settle="processing", settle_seconds=10)
    loses = order(settle="processing", settle_seconds=10)
    expires = order(
        settle="processing", settle_seconds=3000, time_expire=f"{clock.now() + timedelta(seconds=61):%Y%m%d%H%M%S}"
    )
    for one in (wins, loses, expires):
        assert desk.close(one)["trans_stat"] == "P"
    lifecycle.pay_later(desk.tenant, loses, 9.999999)
    lifecycle.pay_later(desk.tenant, wins, 10.000001)
    clock.advance(86_400)
    assert [(desk.kept(one).trans_stat, desk.kept(one).close_stat) for one in (wins, loses, expires)] == [
        ("F", "S"), ("S", "F"), ("F", "F"),
    ]  # fmt: skip
    times = [desk.kept(one).finished_at for one in (loses, wins, expires)]
    assert times == sorted(times)  # type: ignore[type-var] # all three are over


def test_nothing_moves_a_close_but_the_clock(desk: Desk) -> None:
    order = desk.order(settle="processing", settle_seconds=5)
    desk.close(order)
    for _ in range(100):
        ask(desk, QUERIES[0], named(QUERIES[0], order))
        ask(desk, CLOSEQUERY, named(CLOSEQUERY, order))
    assert desk.kept(order).close_stat == "P"


def test_an_acknowledgement_that_comes_after_a_reset_changes_nothing(desk: Desk) -> None:
    desk.tenant.pushes.register("http://127.0.0.1:1/hook", ["trans.close"], "k" * 32)
    desk.close(desk.order())
    delivery = next(iter(desk.tenant.pushes.deliveries))
    queued = delivery.queued
    assert queued is not None
    desk.tenant.reset()
    assert queued.cancelled
    queued.done(ReceiverResponse(200))
    assert list(desk.tenant.pushes.deliveries) == []
