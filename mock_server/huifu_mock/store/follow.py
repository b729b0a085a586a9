"""What other gateways did to a tenant, done to it in memory."""

import json
from datetime import datetime
from typing import Final

from huifu_mock.gateway import lifecycle
from huifu_mock.gateway.tenant import Settings, Tenant
from huifu_mock.state.orders import Key
from huifu_mock.store import document, reading, records
from huifu_mock.store.postgresql import News
from huifu_mock.store.records import Record

LEAP: Final = 1.0
"""A clock that differs by more seconds was moved elsewhere; less is how well clocks of machines agree."""


def follow(tenant: Tenant, news: News, now: datetime) -> None:
    """Make the tenant what it is now; `now` is the time outside, for clocks that run."""
    record, key = news.record, tenant.huifu_key
    before = tenant.clock.now(), tenant.clock.mode
    at = records.when(record["clock"]["now"])
    tenant.clock.follow(at, record["clock"]["mode"])  # so that what is planned meanwhile keeps its order
    if "settings" in record:
        _settled(tenant, record)
    if news.keys is not None and "settings" in record:
        reading.merchant_key(tenant, record, news.keys)
    lifecycle.follow(
        tenant,
        [records.to_order(one) for one in record.get("orders", ())],
        [records.to_attempt(one, key) for one in record.get("closes", ())],
    )
    gone = {kind: [_key(one) for one in keys] for kind, keys in news.forgotten.items()}
    tenant.orders.follow_forgotten(gone.get("orders", ()), gone.get("closes", ()))
    for one in sorted(record.get("calls", ()), key=lambda one: one["number"]):
        tenant.journal.follow(records.to_call(one, key))
    for one in record.get("deliveries", ()):
        tenant.pushes.follow(records.to_delivery(one, key))
    tenant.faults.closes_met.update(((one[0], one[1], one[2]), None) for one in record.get("met", ()))
    document.count(tenant, record["counters"])
    tenant.history.clear()
    for one in record["before"]:
        tenant.history.add(records.to_act(one))
    tenant.clock.ran_on(now - records.when(record["wall"]))
    seconds = (tenant.clock.now() - before[0]).total_seconds()
    if abs(seconds) > LEAP or tenant.clock.mode != before[1]:
        tenant.clock.moved(seconds if abs(seconds) > LEAP else 0.0)


def _key(text: str) -> Key:
    huifu_id, req_date, req_seq_id = json.loads(text)
    return huifu_id, req_date, req_seq_id


def _settled(tenant: Tenant, record: Record) -> None:
    tenant.settings, tenant.made_with = Settings(**record["settings"]), Settings(**record["made_with"])
    tenant.begins = (records.moment(record["begins"]["now"]), record["begins"]["mode"])
    tenant.faults.follow([tenant.faults.resumed(document.to_fault(one)) for one in record["faults"]])
    webhooks = {one["id"]: document.to_webhook(one) for one in record["webhooks"]}
    for id_ in tenant.pushes.webhooks.keys() - webhooks.keys():
        tenant.feed.tell("webhook", id_)
    for id_, webhook in webhooks.items():
        if tenant.pushes.webhooks.get(id_) != webhook:
            tenant.feed.tell("webhook", webhook)
    tenant.pushes.webhooks.clear()
    tenant.pushes.webhooks.update(webhooks)
    tenant.feed.tell("tenant", tenant)
