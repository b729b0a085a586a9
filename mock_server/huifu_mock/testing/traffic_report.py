"""The traffic of a tenant as text for a test report: calls, answers with reasons, deliveries. Never a key.

It is in the language of the terminal.
"""

import re
from collections.abc import Iterator
from typing import Final

from huifu_contract.grading.exchanges import digest, redact
from huifu_mock._language import language
from huifu_mock.client import assertions
from huifu_mock.client.faults import in_words
from huifu_mock.client.pushes import Delivery
from huifu_mock.client.records import Call, Order
from huifu_mock.client.tenant import Tenant
from huifu_mock.client.transport import path
from huifu_mock.request import named
from huifu_mock.state.clock import time_of_day
from huifu_mock.testing.words import say

CALLS: Final = 30
"""So many of the latest calls and pushes are told."""
ORDERS: Final = 8
WIDTH: Final = 240
NUMBERS: Final = ("req_seq_id", "org_req_date", "org_req_seq_id", "org_hf_seq_id")
INDENT: Final = " " * 14

LINE: Final = re.compile(r"[A-Za-z0-9+/]{32,}")
"""What could be a piece of a key, such as a line of its PEM form."""
SIGN: Final = re.compile(r'("sign"\s*:\s*"|[?&]sign=|\bsign=)([^"&\s]+)')


def traffic_report(tenant: Tenant) -> str:
    """A few lines that a person can read; what went wrong while asking stands in it, nothing raises."""
    try:
        return "\n".join(_told(tenant))
    except Exception as error:
        return say(f"the traffic of tenant {tenant.sys_id} cannot be shown: {error}")


def _told(tenant: Tenant) -> Iterator[str]:
    hide = _Hide(tenant)
    moments = [(call.at, list(_call(call, hide))) for call in tenant.journal.calls()]
    moments += [(push.created_at, list(_push(push, hide))) for push in tenant.deliveries.list()]
    moments.sort(key=lambda moment: moment[0])  # a push follows the call of the same moment
    clock = tenant.clock
    yield say(f"tenant {tenant.sys_id} at {tenant.base_url}, clock {clock.mode} at {clock.now().isoformat()}")
    if not moments:
        yield say("nothing was received") + hide(_elsewhere(tenant))
    if len(moments) > CALLS:
        yield say(f"… {len(moments) - CALLS} earlier calls and pushes")
    for _, lines in moments[-CALLS:]:
        yield from lines
    orders = tenant.orders.list()
    for order in orders[-ORDERS:]:
        yield hide(_order(order))
    if len(orders) > ORDERS:
        yield say(f"… and {len(orders) - ORDERS} more orders")
    for fault in tenant.faults.list():
        yield hide(say(f"fault {assertions.say(in_words(fault))}: used {fault['used']}, left {fault['left']}"))


def _elsewhere(tenant: Tenant) -> str:
    """A call that the default tenant received, as it does where a client is configured with another `sys_id`."""
    default = tenant._link.ask("GET", path("about"))["default_tenant"]
    if default in (None, tenant.sys_id):
        return ""
    page = tenant._link.ask("GET", path("tenants", default, "journal"), query={"sort": "newest", "limit": 1})
    if not page["items"]:
        return ""
    last = Call.of(page["items"][0])
    return "; " + say(
        f"the last call for the default tenant, {last.endpoint or last.path}, has the sys_id "
        f"{named(last.body) or 'of nobody'}: if this test sent it, configure its client with {tenant.sys_id}"
    )


def _call(call: Call, hide: "_Hide") -> Iterator[str]:
    numbers = " ".join(f"{name}={value}" for name in NUMBERS if (value := call.value(name)) is not None)
    answered = f"{call.resp_code} {call.reason or ''}".strip() or say("no answer")
    fault = f" [{', '.join(call.faults)}]" if call.faults else ""
    yield hide(f"{time_of_day(call.at)}  {call.endpoint}  {numbers} → {answered}{fault}")
    explanation = call.explanation or {}
    if call.reason not in (None, "CLOSED", "PROCESSING") or call.signature_ok is False:
        for line in explanation.get("text", {}).get(language(), "").splitlines():
            yield INDENT + hide(line)
    for name in ("signed_text", "expected_text"):
        if call.signature_ok is False and (text := explanation.get(name)):
            yield INDENT + hide(say(f"{name.replace('_', ' ')}: {text}"))
    if call.data is None:
        yield INDENT + hide(say(f"body: {call.body.decode(errors='replace')}" if call.body else "body: empty"))


def _push(push: Delivery, hide: "_Hide") -> Iterator[str]:
    pushed = say(f"push {push.event} order={push.order} to {push.url}: {push.status}")
    yield hide(f"{time_of_day(push.created_at)}  {pushed}")
    for attempt in push.attempts:
        answered = f"HTTP {attempt.status}" if attempt.status else say("no answer")
        diagnosis = attempt.diagnosis_zh if language() == "zh" else attempt.diagnosis
        yield INDENT + hide(f"{time_of_day(attempt.at)} {answered}: {diagnosis or say('acknowledged')}")


def _order(order: Order) -> str:
    close = f", close_stat {order.close_stat}" if order.close_stat else ""
    state = f"{order.trade_type}, trans_stat {order.trans_stat}{close}"
    return f"{say(f'order {order.req_seq_id}: {state}')}, {say(f'{order.age_seconds:.1f} s old')}"


class _Hide:
    """Makes one short line of a text: signatures and keys become digests, long texts are cut, controls escaped."""

    def __init__(self, tenant: Tenant) -> None:
        keys = [tenant.webhook_key, tenant.merchant_private_key, tenant.huifu_public_key]
        self._keys = [key for key in keys if key]

    def __call__(self, text: str) -> str:
        bare = SIGN.sub(lambda found: found[1] + digest(found[2]), text)
        bare = LINE.sub(self._key_or_not, redact(bare, self._keys))
        line = "".join(char if char.isprintable() else repr(char)[1:-1] for char in bare)
        return line if len(line) <= WIDTH else line[:WIDTH] + say(f"… ({len(line) - WIDTH} more)")

    def _key_or_not(self, found: re.Match[str]) -> str:
        inside = found[0][2:30]  # an escape such as \n may have left its letter in front
        return digest(found[0]) if any(inside in key for key in self._keys) else found[0]
