"""What happens to an order in time: it is created, paid, fails, expires, is being closed, is closed.

Final states never change. Whatever ends here is pushed to the receivers; nothing waits for them.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final

from huifu_mock.gateway.tenant import Tenant
from huifu_mock.state.orders import CloseAttempt, Key, Order, changed

HOW_IT_ENDED: Final = {"S": "paid", "F": "failed"}


class NotAllowed(ValueError):
    """The state of the order does not allow that; the message says why, `wanted` what would be allowed."""

    def __init__(self, why: str, wanted: str) -> None:
        super().__init__(why)
        self.wanted: Final = wanted


def created(tenant: Tenant, order: Order) -> None:
    """A new order, which expires in time if it is to. Raises `Taken`."""
    tenant.orders.add([order])
    watch(tenant, order)


def watch(tenant: Tenant, order: Order) -> None:
    """Let a kept order expire when its time comes. Nobody waits for that, so an `auto` clock does not jump to it."""
    if order.expires_at is None or order.trans_stat != "P":
        return
    if order.expires_at <= tenant.clock.now():
        expire(tenant, order.key)
    else:
        tenant.clock.at(order.expires_at, partial(_watch_again, tenant, order.key), idle=True)


def _watch_again(tenant: Tenant, order_key: Key) -> None:
    """Its time has come, unless it was given more meanwhile."""
    if (order := tenant.orders.get(order_key)) is not None:
        watch(tenant, order)


def resume(tenant: Tenant) -> None:
    """Set the timers of all orders and closes, for a tenant that was just read from where it was kept."""
    for order in tenant.orders.orders():
        _resume_order(tenant, order, None)
    for attempt in tenant.orders.attempts():
        _resume_close(tenant, attempt)


def _resume_order(tenant: Tenant, order: Order, before: Order | None) -> None:
    if order.trans_stat != "P":
        return
    if order.expires_at is not None and (before is None or before.expires_at != order.expires_at):
        tenant.clock.at(order.expires_at, partial(_watch_again, tenant, order.key), idle=True)
    for when, trans_stat in order.planned[len(before.planned) if before else 0 :]:
        tenant.clock.at(when, partial(_finish_if_open, tenant, order.key, trans_stat))


def _resume_close(tenant: Tenant, attempt: CloseAttempt) -> None:
    if attempt.stat == "P" and attempt.due is not None:
        tenant.clock.at(attempt.due, partial(settle, tenant, attempt.order, attempt.key))


def follow(tenant: Tenant, orders: Iterable[Order], closes: Iterable[CloseAttempt]) -> None:
    """Orders and closes as another gateway has left them, with what is planned for them."""
    for attempt in closes:
        tenant.orders.follow_close(attempt)
        _resume_close(tenant, attempt)
    for order in orders:
        before = tenant.orders.get(order.key)
        tenant.orders.follow(order)
        _resume_order(tenant, order, before)


def pay(tenant: Tenant, order: Order) -> Order:
    """The customer pays. A close in progress loses: it ends F. Raises `NotAllowed` when the order is final."""
    return _finish(tenant, order, "S")


def fail(tenant: Tenant, order: Order) -> Order:
    """The payment fails. A close in progress ends F (assumed). Raises `NotAllowed` when the order is final."""
    return _finish(tenant, order, "F")


def pay_later(tenant: Tenant, order: Order, seconds: float) -> Order:
    """The customer pays in `seconds`; too late if the order is final by then. Raises `NotAllowed` if it is already."""
    return _finish_later(tenant, order, seconds, "S")


def fail_later(tenant: Tenant, order: Order, seconds: float) -> Order:
    """The payment fails in `seconds`, unless the order is final by then. Raises `NotAllowed` if it is already."""
    return _finish_later(tenant, order, seconds, "F")


def _finish_later(tenant: Tenant, order: Order, seconds: float, trans_stat: str) -> Order:
    _refuse_final(order)
    timer = tenant.clock.after(seconds, partial(_finish_if_open, tenant, order.key, trans_stat))
    kept = tenant.orders.get(order.key) or order
    planned = replace(kept, planned=(*kept.planned, (timer.when, trans_stat)))
    tenant.orders.save(planned)
    return planned


def expire(tenant: Tenant, order_key: Key) -> None:
    """Nobody paid in time: the order is F, and a close in progress ends F (both assumed)."""
    _finish_if_open(tenant, order_key, "F")


def expire_at(tenant: Tenant, order: Order, when: datetime) -> Order:
    """The order expires then, or now if that is not ahead. Raises `NotAllowed` when the order is final."""
    _refuse_final(order)
    expiring = replace(order, expires_at=when)
    tenant.orders.save(expiring)
    watch(tenant, expiring)
    return tenant.orders.get(order.key) or expiring


def closed(tenant: Tenant, order: Order, closes: tuple[Key, ...]) -> Order:
    """The order as it is once one of its `closes` has succeeded."""
    return changed(order, trans_stat="F", close_stat="S", finished_at=tenant.clock.now(), closes=closes)


def close_made(tenant: Tenant, order: Order, attempt: CloseAttempt) -> None:
    """Keep a close that passed every rule, with the order as it leaves it. It settles in time, or is over."""
    if attempt.stat == "P":
        timer = tenant.clock.after(order.settle_seconds, partial(settle, tenant, order.key, attempt.key))
        tenant.orders.save(order, replace(attempt, due=timer.when))
    else:
        tenant.orders.save(order, attempt)
        tenant.pushes.close_ended(order, attempt)


def settle(tenant: Tenant, order_key: Key, attempt_key: Key) -> None:
    """A close in progress ends: S, unless something else was faster."""
    order, attempt = tenant.orders.get(order_key), tenant.orders.attempt(attempt_key)
    if order is None or attempt is None or attempt.stat != "P" or order.trans_stat != "P":
        return
    done, won = closed(tenant, order, order.closes), replace(attempt, stat="S")
    tenant.orders.save(done, won)
    tenant.pushes.close_ended(done, won)


def settle_now(tenant: Tenant, order: Order) -> Order:
    """The close in progress ends now, with success. Raises `NotAllowed` when none is in progress."""
    if order.close_stat != "P":
        wanted = 'seed an order with {"settle":"processing"} and close it: that close is in progress'
        raise NotAllowed(f"no close of the order {order.req_seq_id} is in progress", wanted)
    settle(tenant, order.key, order.closes[-1])
    return tenant.orders.get(order.key) or order


def _finish(tenant: Tenant, order: Order, trans_stat: str) -> Order:
    _refuse_final(order)
    finished = replace(order, trans_stat=trans_stat, finished_at=tenant.clock.now())
    attempt = _in_progress(tenant, order)
    if attempt is None:
        tenant.orders.save(finished)
        tenant.pushes.payment_ended(finished)
        return finished
    finished, lost = replace(finished, close_stat="F"), replace(attempt, stat="F")
    tenant.orders.save(finished, lost)
    tenant.pushes.payment_ended(finished)
    tenant.pushes.close_ended(finished, lost)
    return finished


def _finish_if_open(tenant: Tenant, order_key: Key, trans_stat: str) -> None:
    order = tenant.orders.get(order_key)
    if order is not None and order.trans_stat == "P":
        _finish(tenant, order, trans_stat)


def _refuse_final(order: Order) -> None:
    if order.trans_stat != "P":
        how = "closed" if order.close_stat == "S" else HOW_IT_ENDED[order.trans_stat]
        when = f" at {order.finished_at.isoformat()}" if order.finished_at else ""
        raise NotAllowed(
            f"the order {order.req_seq_id} was {how}{when}", "a final state never changes: use another order"
        )


def _in_progress(tenant: Tenant, order: Order) -> CloseAttempt | None:
    if order.close_stat != "P":
        return None
    return tenant.orders.attempt(order.closes[-1])
