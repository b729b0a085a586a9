"""repeat/config-of-each-call: one application closes for several merchants, each with what belongs to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from huifu_contract.catalogue import record
from huifu_contract.catalogue.record import Basis, Example, Level
from huifu_contract.catalogue.registry import case
from huifu_contract.harness.differences import Difference
from huifu_contract.harness.evidence import Evidence, SentRequest
from huifu_contract.harness.harness import Harness
from huifu_contract.harness.laws import Broken, Skipped
from huifu_contract.harness.prepared_answers import fault
from huifu_contract.reference import Client, Config

MOST_AT_ONCE = 4
NOT_MIXED = "the client does not take the config of each message (config_of_each_message)"
ENVELOPE = ("sys_id", "product_id")


@case(
    "repeat/config-of-each-call",
    Level.MUST,
    Basis.SAFETY,
    grade="wire decision",
    quote=record.ENVELOPE + "；" + record.VERIFY,
    says="Where calls for two merchants are mixed, in turn and at once, each is made with the sys_id, the product_id, "
    "the key and the huifu_id of its own merchant, and a reply signed for the other one is not believed. Asked of a "
    "client that takes the config of each message.",
    fixed=[{"calls": "in turn"}, {"calls": "at once"}, {"reply": "signed for the other"}],
    since="1.1",
)
def config_of_each_call(harness: Harness, x: Example) -> None:
    other = harness.of_another_merchant()
    if other is None:
        raise Skipped(NOT_MIXED)
    first = replace(harness, elsewhere=other.tenant)
    try:
        if "reply" in x:
            _own(harness, first, other, first.close())  # so that both keys are known
            _foreign(harness, other, first)
            return
        at_once = x["calls"] == "at once" and "parallel" in harness.hello.claims
        with ThreadPoolExecutor(max(1, min(MOST_AT_ONCE, harness.hello.max_parallel)) if at_once else 1) as pool:
            calls = list(pool.map(lambda whose: whose.close(), (first, other) * 2))
        nobody = [whose.close(params=whose.unknown_order(huifu_id=None)) for whose in (first, other)]
    finally:
        other.tenant.drop()
    for (whose, another), e in zip([(first, other), (other, first)] * 3, [*calls, *nobody], strict=True):
        _own(harness, whose, another, e)
        if e in calls:
            what = "a genuine success where calls for two merchants are mixed"
            harness.demand(e, not harness.decides or e.claim == "closed", f"claims {e.claim} after {what}")


def _own(harness: Harness, whose: Harness, another: Harness, e: Evidence) -> None:
    """All that was sent belongs to the merchant of the call."""
    harness.judge(e)
    harness.check_wire([broken for one in e.sent for broken in _mixed(whose, another, one)])


def _mixed(whose: Harness, another: Harness, one: SentRequest) -> Iterator[Broken]:
    try:
        envelope = json.loads(one.body)
    except ValueError:
        envelope = {}
    sent = envelope if isinstance(envelope, dict) else {}
    for name, got in (*((name, sent.get(name)) for name in ENVELOPE), ("huifu_id", (one.data or {}).get("huifu_id"))):
        own, others = whose.config[name], another.config[name]
        if got == others != own:
            yield Broken("L3", f"{name} is that of another merchant's call", differs=(Difference.of(name, own, got),))
    if not one.signature_ok:
        yield Broken.explained("L3", "a request was not signed with the key of its own merchant", one)


def _foreign(harness: Harness, whose: Harness, another: Harness) -> None:
    """A reply that says S of the very call, which Huifu signed for another merchant."""
    order = whose.order(trade_type="U_NATIVE")
    params = whose.params(order)
    same = {"req_seq_id": order.req_seq_id, "req_date": order.req_date, "huifu_id": order.huifu_id}
    another.order(**same)
    Client(another.tenant.base_url, Config.of(another.tenant.credentials())).close(**params)
    reply = another.tenant.journal.calls()[-1].response
    e = whose.close(order, fault("other-body", content=reply), params=params)
    harness.judge(e, cause=Broken("L5", "a reply that Huifu signed for another merchant was believed"))
