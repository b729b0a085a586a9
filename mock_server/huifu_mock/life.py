"""What happens to an order in time: it is paid, fails, is being closed, is closed. Final states never change."""

from dataclasses import replace

from huifu_mock.orders import CloseAttempt, Key, Order
from huifu_mock.tenant import Tenant


class NotAllowed(ValueError):
    """The state of the order no longer allows that; the message says why."""


def pay(tenant: Tenant, order: Order) -> Order:
    """The customer pays. A close in progress loses: it ends F. Raises `NotAllowed` when the order is final."""
    return _finish(tenant, order, "S")


def fail(tenant: Tenant, order: Order) -> Order:
    """The payment fails. A close in progress ends F (assumed). Raises `NotAllowed` when the order is final."""
    return _finish(tenant, order, "F")


def _finish(tenant: Tenant, order: Order, trans_stat: str) -> Order:
    if order.trans_stat != "P":
        how = "closed" if order.close_stat == "S" else {"S": "paid", "F": "failed"}[order.trans_stat]
        when = f" at {order.finished_at.isoformat()}" if order.finished_at else ""
        raise NotAllowed(f"the order {order.req_seq_id} was {how}{when}; a final state never changes")
    finished = replace(order, trans_stat=trans_stat, finished_at=tenant.clock.now())
    attempt = _in_progress(tenant, order)
    if attempt is not None:
        finished = replace(finished, close_stat="F")
        tenant.store.save(finished, replace(attempt, stat="F"))
    else:
        tenant.store.save(finished)
    return finished


def closed(tenant: Tenant, order: Order) -> Order:
    """The order as it is once a close of it has succeeded."""
    return replace(order, trans_stat="F", close_stat="S", finished_at=tenant.clock.now())


def settle(tenant: Tenant, order_key: Key, attempt_key: Key) -> None:
    """A close in progress ends: S, unless the customer was faster."""
    order, attempt = tenant.store.get(order_key), tenant.store.attempt(attempt_key)
    if order is None or attempt is None or attempt.stat != "P" or order.trans_stat != "P":
        return
    tenant.store.save(closed(tenant, order), replace(attempt, stat="S"))


def _in_progress(tenant: Tenant, order: Order) -> CloseAttempt | None:
    if order.close_stat != "P":
        return None
    return tenant.store.attempt(order.closes[-1])
