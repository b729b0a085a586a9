"""Tenants made from what is kept of them, and tenants made again what is kept of them."""

import contextlib
import gc
from collections.abc import Callable, Iterator
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from huifu_mock import signing
from huifu_mock.faults import BadFault
from huifu_mock.gateway.store import BadStore
from huifu_mock.gateway.tenant import Settings, Tenant
from huifu_mock.state.orders import Taken
from huifu_mock.store import document, records
from huifu_mock.store.records import Record
from huifu_mock.store.units import Unit


def made(
    empty: Callable[..., Tenant], record: Record, keys: Record, private_key: Callable[[str], RSAPrivateKey], name: str
) -> Tenant:
    """The tenant that is kept in the store of that name. Raises `BadStore`."""
    sys_id, own = record["sys_id"], keys["merchant_private_key"]
    try:
        tenant = empty(
            sys_id,
            Settings(),
            merchant_public_key=signing.load_public_key(record["merchant_public_key"]),
            merchant_private_key=private_key(own) if own else None,
            huifu_key=private_key(keys["huifu_private_key"]),
        )
        document.fill(tenant, record)
    except (signing.BadKey, Taken, BadFault, ValueError, TypeError, KeyError, OverflowError) as error:
        said = f"the tenant {sys_id} contradicts itself: {type(error).__name__}: {error}"
        raise BadStore(f"{name} cannot be read: {said}") from error
    return tenant


def again(tenant: Tenant, record: Record, keys: Record) -> None:
    """Make a tenant what is kept of it."""
    tenant.empty()
    merchant_key(tenant, record, keys)
    document.fill(tenant, record)


def merchant_key(tenant: Tenant, record: Record, keys: Record) -> None:
    """The merchant's key as it is kept."""
    tenant.merchant_public_key = signing.load_public_key(record["merchant_public_key"])
    if (own := keys["merchant_private_key"]) != document.keys(tenant)["merchant_private_key"]:
        tenant.merchant_private_key = signing.load_private_key(own, trusted=True) if own else None


def go_on(tenant: Tenant, record: Record, now: datetime) -> None:
    """Let come what was planned. A running clock ran on since the tenant was written; what fell due comes in order."""
    document.resume(tenant)
    tenant.clock.ran_on(now - records.when(record["wall"]))


def forget(unit: Unit, record: Record) -> None:
    """Delete what was written and is not kept any more, since fewer orders are kept now than when it was written."""
    orders = unit.tenant.orders
    if len(orders) == len(record["orders"]):
        return
    for one in record["orders"]:
        key = one["huifu_id"], one["req_date"], one["req_seq_id"]
        if orders.get(key) is None:
            unit.take("forgotten", ("orders", key))
    for one in record["closes"]:
        key = one["huifu_id"], one["req_date"], one["req_seq_id"]
        if orders.attempt(key) is None:
            unit.take("forgotten", ("closes", key))


@contextlib.contextmanager
def no_collection() -> Iterator[None]:
    """Reading makes many objects that stay; looking for garbage among them again and again takes half of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
