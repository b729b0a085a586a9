"""Races carried out: what comes between the steps of one close, at the named points, in the middle of a call.

A race calls what a call from outside would (`lifecycle`, the clock, a second close by every rule), so
exactly one side wins.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, Final

from huifu_mock.faults import ActiveFaults, Fault
from huifu_mock.gateway import lifecycle
from huifu_mock.gateway.tenant import Tenant
from huifu_mock.request import CLOSE, Call, ReceivedBytes, read
from huifu_mock.state.clock import MovedBack
from huifu_mock.state.orders import CloseAttempt, Key, Order

SecondClose = Callable[[Call], object]
"""Has another close of the order decided by every rule, without its own faults."""


class Races:
    """The races of one close. Without an order there is nothing to race for; only the clock moves."""

    __slots__ = ("_active_faults", "_call", "_order", "_second_close", "_tenant")

    def __init__(self, tenant: Tenant, call: Call, active_faults: ActiveFaults, second_close: SecondClose) -> None:
        self._tenant, self._call, self._active_faults, self._second_close = tenant, call, active_faults, second_close
        self._order: Key | None = None

    def prepared(self, *points: str) -> bool:
        """Whether anything is to happen at one of the points."""
        return any(self._active_faults.on(point) is not None for point in points)

    def at(self, point: str, order: Order | None) -> bool:
        """Let happen what was prepared for this point; tells whether anything was."""
        fault = self._active_faults.on(point)
        if fault is None or fault.left <= 0:
            return False
        self._order = order.key if order is not None else None
        self._active_faults.applied(fault, effect=_RACES[fault.do["race"]](self, fault))
        return True

    def keep(self, order: Order, attempt: CloseAttempt, ended: Callable[[Order], Order]) -> tuple[Order, CloseAttempt]:
        """Keep a close that passed every rule, and let happen what comes between its steps.

        `order` is as it was found, with the close among its closes; `ended` gives it as the close leaves it. Gives
        back the two as they are kept when the reply is due: an attempt that is F by then has lost.
        """
        tenant = self._tenant
        if attempt.stat == "P":
            if self.prepared("before_settle"):
                # timers of one moment fire in the order they were set: this one comes before the settlement's
                tenant.clock.after(order.settle_seconds, partial(self._before_settle, order, attempt.key))
            made = ended(order)
            lifecycle.close_made(tenant, made, attempt)
            self.at("after_accept", made)
        else:
            if self.prepared("after_accept", "before_settle"):
                tenant.orders.save(replace(order, close_stat="P"), replace(attempt, stat="P"))
                self.at("after_accept", order)
                self.at("before_settle", order)
                order, kept = _order(tenant, order.key), _kept(tenant, attempt.key)
                if kept.stat != "P":
                    return order, kept
            made = ended(order)
            lifecycle.close_made(tenant, made, attempt)
        self.at("after_commit_before_reply", made)
        self._active_faults.later = partial(self.at, "between_reply_and_webhook", made)
        return made, attempt

    def _before_settle(self, order: Order, attempt: Key) -> None:
        if _kept(self._tenant, attempt).stat == "P":
            self.at("before_settle", order)

    def pay(self, _: Fault) -> bool:
        """The customer pays."""
        order = self._now()
        try:
            return order is not None and lifecycle.pay(self._tenant, order).trans_stat == "S"
        except lifecycle.NotAllowed:
            return False

    def expire(self, _: Fault) -> bool:
        """The order expires."""
        order = self._now()
        if order is None or order.trans_stat != "P":
            return False
        lifecycle.expire(self._tenant, order.key)
        return True

    def advance(self, fault: Fault) -> bool:
        """The clock moves on; right afterwards, where it is moving already (`before_settle`)."""
        clock, seconds = self._tenant.clock, fault.do["seconds"]
        try:
            clock.advance(seconds)
        except MovedBack:
            if clock.loop is None:
                return False
            clock.loop.call_soon(_moved, clock.advance, seconds)
        return True

    def close(self, _: Fault) -> bool:
        """A second close arrives, under another number."""
        order = self._now()
        if order is None:
            return False
        call = _second(self._call, order)
        self._second_close(call)
        return self._tenant.orders.attempt(call.key) is not None

    def _now(self) -> Order | None:
        return self._tenant.orders.get(self._order) if self._order is not None else None


_RACES: Final[dict[str, Callable[[Races, Fault], bool]]] = {
    "pay": Races.pay,
    "close": Races.close,
    "expire": Races.expire,
    "advance": Races.advance,
}


def _moved(advance: Callable[[float], None], seconds: float) -> None:
    try:
        advance(seconds)
    except MovedBack:
        return  # the calendar ends there


def _second(call: Call, order: Order) -> Call:
    data: dict[str, Any] = {
        "req_date": call.value("req_date"),
        "req_seq_id": f"{call.value('req_seq_id')[:120]}-second",
        "huifu_id": order.huifu_id,
        "org_req_date": order.req_date,
        "org_req_seq_id": order.req_seq_id,
    }
    body = {**call.envelope, "data": data}
    return read(CLOSE, ReceivedBytes(json.dumps(body).encode()))


def _order(tenant: Tenant, key: Key) -> Order:
    order = tenant.orders.get(key)
    assert order is not None, "an order that was found stays kept during one call"
    return order


def _kept(tenant: Tenant, key: Key) -> CloseAttempt:
    attempt = tenant.orders.attempt(key)
    assert attempt is not None, "a close that was kept stays kept during one call"
    return attempt
