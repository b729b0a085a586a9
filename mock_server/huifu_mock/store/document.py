"""What a tenant is beside its orders, closes, calls and deliveries: one JSON value, and back."""

from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any, Final

from huifu_mock import signing
from huifu_mock.faults.prepared import Fault, understood
from huifu_mock.gateway import lifecycle
from huifu_mock.gateway.tenant import Settings, Tenant
from huifu_mock.push.queue import Webhook
from huifu_mock.state.history import MOST, Act
from huifu_mock.store import records
from huifu_mock.store.records import Record


def settled(tenant: Tenant) -> Record:
    """What somebody decided about a tenant, and no call changes but those that a fault waits for."""
    return {
        "sys_id": tenant.sys_id,
        "settings": asdict(tenant.settings),
        "made_with": asdict(tenant.made_with),
        "merchant_public_key": signing.public_text(tenant.merchant_public_key),
        "key_bits": tenant.huifu_key.key_size,
        "begins": {"now": records.written(tenant.begins[0]), "mode": tenant.begins[1]},
        "faults": [_fault(fault) for fault in tenant.faults],
        "webhooks": [asdict(webhook) for webhook in tenant.pushes.webhooks.values()],
    }


FEW: Final = 30
"""Orders and other acts since the last call that are written with every change."""


def state(tenant: Tenant, most_acts: int = FEW) -> Record:
    """What every call changes: time, how many of each there were, what was done since the last call."""
    return {
        "clock": {"now": tenant.clock.now().isoformat(), "mode": tenant.clock.mode},
        "before": [records.act(act) for act in tenant.history.waiting(most_acts)],
        "counters": {
            "hf_seq_ids": tenant.hf_seq_ids.issued,
            "calls": tenant.journal.received,
            "calls_before": tenant.journal.since,
            "calls_dropped": tenant.journal.dropped,
            "deliveries": tenant.pushes.deliveries.numbers,
            "deliveries_dropped": tenant.pushes.deliveries.dropped,
            "webhooks": tenant.pushes.webhook_numbers,
            "faults": tenant.faults.numbers,
        },
    }


Many = Iterable[tuple[str, Callable[[Any], Any], list[Any]]]
"""What a tenant has many of: its name, what makes a record of one, and all of them at one moment."""


def in_parts(tenant: Tenant) -> tuple[Record, Many]:
    """All of a tenant at this moment, without its private keys; who has no time may make the records of many later."""
    few = {**settled(tenant), **state(tenant, MOST)}
    return few, (
        ("closes_met", list, list(tenant.faults.closes_met)),
        ("orders", records.order, list(tenant.orders.orders())),
        ("closes", records.attempt, list(tenant.orders.attempts())),
        ("calls", records.call, list(tenant.journal)),
        ("deliveries", records.delivery, list(tenant.pushes.deliveries)),
    )


def whole(tenant: Tenant) -> Record:
    """All of a tenant, without its private keys."""
    few, many = in_parts(tenant)
    return {**few, **{name: [as_record(one) for one in things] for name, as_record, things in many}}


def keys(tenant: Tenant) -> dict[str, str | None]:
    """The private keys of a tenant."""
    own = tenant.merchant_private_key
    return {
        "merchant_private_key": signing.private_text(own) if own else None,
        "huifu_private_key": signing.private_text(tenant.huifu_key),
    }


def fill(tenant: Tenant, record: Record) -> None:
    """Make an empty tenant what the record of a whole one says. Its time goes on where it stood."""
    key = tenant.huifu_key
    tenant.settings, tenant.made_with = Settings(**record["settings"]), Settings(**record["made_with"])
    tenant.clock.begin(records.when(record["clock"]["now"]), record["clock"]["mode"])
    tenant.begins = (records.moment(record["begins"]["now"]), record["begins"]["mode"])
    counters = record["counters"]
    tenant.orders.add([records.to_order(one) for one in record["orders"]])
    for one in record["closes"]:
        tenant.orders.keep(records.to_attempt(one, key))
    calls = [records.to_call(one, key) for one in record["calls"]]
    if "before" in record:
        for one in record["before"]:
            tenant.history.add(records.to_act(one))
    elif calls:  # an earlier version did not keep what was done between calls
        calls[0].before = (Act(calls[0].at),)
    for call in calls:
        tenant.journal.add(call)
    dropped = tenant.journal.dropped  # fewer may be kept here than where the record was made
    for one in record["faults"]:
        tenant.faults.restore(to_fault(one))
    tenant.faults.closes_met.update(((key[0], key[1], key[2]), None) for key in record["closes_met"])
    for one in record["webhooks"]:
        tenant.pushes.webhooks[one["id"]] = to_webhook(one)
    for one in record["deliveries"]:
        tenant.pushes.deliveries.keep(records.to_delivery(one, key))
    count(tenant, {**counters, "calls_dropped": counters["calls_dropped"] + dropped})


def count(tenant: Tenant, counters: Record) -> None:
    """How many of each there were."""
    tenant.hf_seq_ids.issued = counters["hf_seq_ids"]
    tenant.journal.since = counters["calls_before"]
    tenant.journal.received = counters["calls"]
    tenant.journal.dropped = counters["calls_dropped"]
    tenant.faults.numbers = counters["faults"]
    tenant.pushes.webhook_numbers = counters["webhooks"]
    deliveries = tenant.pushes.deliveries
    deliveries.numbers, deliveries.dropped = counters["deliveries"], counters["deliveries_dropped"]


def to_webhook(record: Record) -> Webhook:
    """The endpoint of a record."""
    return Webhook(record["id"], record["url"], tuple(record["events"]), record["key"])


NOTHING: Final[Record] = {"before": [], "orders": [], "closes": [], "calls": [], "deliveries": []}
"""What a tenant has many of."""


def copy(origin: Tenant, tenant: Tenant) -> None:
    """Make an empty tenant what another one is. What never changes both have; only the rest is copied."""
    fill(tenant, {**settled(origin), **state(origin, 0), "closes_met": [*origin.faults.closes_met], **NOTHING})
    tenant.orders.share(origin.orders)
    tenant.journal.share(origin.journal)
    tenant.history.share(origin.history)
    tenant.pushes.deliveries.share(origin.pushes.deliveries)


def resume(tenant: Tenant) -> None:
    """Let what was planned come: settlements, expiries, payments, tries of pushes."""
    lifecycle.resume(tenant)
    tenant.pushes.resume()


_FAULT: Final = ("id", "match", "times", "probability", "seed", "used", "without_effect", "seen")


def _fault(fault: Fault) -> Record:
    do = {name: value for name, value in fault.do.items() if value is not None}
    return {**{name: getattr(fault, name) for name in _FAULT}, "do": do}


def to_fault(record: Record) -> Fault:
    """The fault of a record."""
    do, layer, kind = understood(record["do"])
    given: dict[str, Any] = {name: record[name] for name in _FAULT}
    return Fault(do=do, layer=layer, kind=kind, **given)
