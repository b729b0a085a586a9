"""Deliveries as objects: listed, filtered, waited for, sent again; faults of pushes; nothing slow inside a request."""

import asyncio
import json
from typing import Any

import pytest
from desk import Desk
from merchant import Merchant
from postbox import Mailbox, Said

import huifu_mock
from huifu_mock import ControlError
from huifu_mock.schemas import schema


def closed(merchant: Merchant, **order: Any) -> str:
    """The number of an order that was just closed."""
    made = merchant.tenant.orders.add(**order)
    assert merchant.close(made)["trans_stat"] == "S"
    return made.req_seq_id


def refusal(error: ControlError) -> tuple[int, str]:
    assert schema("control/problem").accepts(error.problem), error.problem
    return error.status, str(error.problem["errors"][0]["field"])


# --- what is shown


def test_a_delivery_shows_everything_and_fits_its_schema(merchant: Merchant) -> None:
    tenant = merchant.tenant
    with Mailbox() as mailbox:
        webhook = tenant.webhooks.add(mailbox.hook)
        number = closed(merchant, notify_url=mailbox.notify)
        delivered = tenant.deliveries.wait_for(20, event="trans.close", status="delivered")
        tenant.deliveries.wait_for(20, event="notify.close", status="delivered")
    assert (delivered.order, delivered.url, delivered.event) == (number, mailbox.hook, "trans.close")
    assert json.loads(delivered.body)["org_req_seq_id"] == number
    assert [(one.status, one.answer, one.diagnosis) for one in delivered.attempts] == [(200, "ok", "")]
    assert delivered == tenant.deliveries.get(delivered.id)
    told = tenant._link.ask("GET", f"/_mock/tenants/{tenant.sys_id}/deliveries")  # the JSON itself
    for one in told["items"]:
        assert not list(schema("control/delivery").problems(one))
    for one in tenant._link.ask("GET", f"/_mock/tenants/{tenant.sys_id}/webhooks")["items"]:
        assert not list(schema("control/webhook").problems(one))
    assert tenant.webhooks.list() == [webhook]


def test_deliveries_are_filtered_and_waited_for(merchant: Merchant) -> None:
    tenant = merchant.tenant
    with Mailbox() as mailbox:
        tenant.webhooks.add(mailbox.hook)
        one, two = closed(merchant), closed(merchant, notify_url=mailbox.notify)
        tenant.deliveries.wait_for(20, order=two, event="notify.close", attempts=1)
    assert [d.order for d in tenant.deliveries.list(event="trans.close")] == [one, two]
    assert [d.event for d in tenant.deliveries.list(order=two)] == ["trans.close", "notify.close"]
    assert tenant.deliveries.list(url=mailbox.notify)[0].order == two
    assert tenant.deliveries.list(status="failed") == []
    with pytest.raises(TimeoutError, match=r"there is trans\.close of"):
        tenant.deliveries.wait_for(0.01, status="failed")


@pytest.mark.parametrize(
    ("query", "field"),
    [({"event": "trans.closed"}, "event"), ({"status": "lost"}, "status"), ({"attempts": "some"}, "attempts"),
     ({"wait": "-1"}, "wait"), ({"colour": "red"}, "?colour")],
)  # fmt: skip
def test_a_filter_that_cannot_be_meant_is_refused(merchant: Merchant, query: dict[str, str], field: str) -> None:
    with pytest.raises(ControlError) as caught:
        merchant.tenant.deliveries.list(**query)
    assert refusal(caught.value) == (422, field)


def test_what_is_not_there_is_404(merchant: Merchant) -> None:
    tenant = merchant.tenant
    for ask in (
        lambda: tenant.deliveries.get("delivery-9"),
        lambda: tenant.deliveries.resend("delivery-9"),
        lambda: tenant.webhooks.remove("webhook-9"),
        lambda: tenant.deliveries.send("no-such-order"),
    ):
        with pytest.raises(ControlError) as caught:
            ask()
        assert caught.value.status == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "url"),
        ({"url": "ftp://x"}, "url"),
        ({"url": "http://"}, "url"),
        ({"url": "http://:80/"}, "url"),
        ({"url": "http://[::1"}, "url"),
        ({"url": "http://127.0.0.1:99999/"}, "url"),
        ({"url": "http://127.0.0.1:9000", "events": ["trans.closed"]}, "events.0"),
        ({"url": "http://127.0.0.1:9000", "events": []}, "events"),
        ({"url": "http://127.0.0.1:9000", "key": "short"}, "key"),
        ({"url": "http://127.0.0.1:9000", "secret": "x" * 32}, "secret"),
    ],
)
def test_a_bad_webhook_is_refused_by_its_field(merchant: Merchant, body: dict[str, Any], field: str) -> None:
    tenant = merchant.tenant
    with pytest.raises(ControlError) as caught:
        tenant._link.ask("POST", f"/_mock/tenants/{tenant.sys_id}/webhooks", body)
    assert refusal(caught.value) == (422, field)
    assert tenant.webhooks.list() == []


# --- on demand


def test_an_event_is_sent_on_demand_whether_or_not_the_order_was_closed(merchant: Merchant) -> None:
    tenant = merchant.tenant
    order = tenant.orders.add(req_seq_id="open")
    with pytest.raises(ControlError) as caught:
        tenant.deliveries.send("open")
    assert refusal(caught.value) == (409, "webhooks")
    with Mailbox() as mailbox:
        tenant.webhooks.add(mailbox.hook)
        sent = tenant.deliveries.send("open")
        assert [one.order for one in sent] == ["open"]
        event = mailbox.next().event
        assert (event["trans_stat"], event["org_trans_stat"]) == ("S", "F")
        tenant.deliveries.send("open", trans_stat="F", huifu_id=order.huifu_id, req_date=order.req_date)
        event = mailbox.next().event
        assert (event["trans_stat"], event["org_trans_stat"]) == ("F", "P")
    assert tenant.orders.get("open").trans_stat == "P"


def test_an_event_that_does_not_exist_and_a_bad_body_are_refused(merchant: Merchant) -> None:
    tenant = merchant.tenant
    tenant.orders.add(req_seq_id="open")
    events = f"/_mock/tenants/{tenant.sys_id}/events"
    cases: list[tuple[str, dict[str, Any], int]] = [
        ("pay.wx", {"req_seq_id": "open"}, 404),
        ("trans.close", {}, 422),
        ("trans.close", {"req_seq_id": "open", "do": {"fault": "delay"}}, 422),
        ("trans.close", {"req_seq_id": "open", "req_date": "20200101"}, 404),
    ]
    for event, body, status in cases:
        with pytest.raises(ControlError) as caught:
            tenant._link.ask("POST", f"{events}/{event}", body)
        assert caught.value.status == status


def test_a_delivery_is_sent_again_whatever_became_of_it(merchant: Merchant) -> None:
    tenant = merchant.tenant
    with Mailbox() as mailbox:
        mailbox.refuse(1)
        tenant.webhooks.add(mailbox.hook)
        closed(merchant)
        pending = tenant.deliveries.wait_for(20, attempts=1)
        assert pending.next_at is not None
        assert tenant.deliveries.resend(pending.id).next_at is None
        assert len(tenant.deliveries.wait_for(20, status="delivered").attempts) == 2
        tenant.deliveries.resend(pending.id)
        assert len(tenant.deliveries.wait_for(20, attempts=3).attempts) == 3
        tenant.clock.advance(86_400)
        assert len(tenant.deliveries.get(pending.id).attempts) == 3
        assert len({push.body for push in mailbox.pushes}) == 1


# --- spoilt on command


def test_a_push_is_sent_several_times(merchant: Merchant) -> None:
    tenant = merchant.tenant
    with Mailbox() as mailbox:
        tenant.webhooks.add(mailbox.hook)
        tenant.faults.add(fault="push-duplicate", copies=3)
        closed(merchant)
        assert len({(push.body, push.target) for push in (mailbox.next() for _ in range(3))}) == 1
        closed(merchant)
        mailbox.next()
        assert len(mailbox.pushes) == 4


def test_a_push_is_lost_and_can_be_sent_after_all(merchant: Merchant) -> None:
    tenant = merchant.tenant
    with Mailbox() as mailbox:
        tenant.webhooks.add(mailbox.hook)
        with tenant.faults.add(fault="push-drop") as fault:
            closed(merchant)
            fault.assert_used()
        dropped = tenant.deliveries.wait_for(20, status="dropped")
        tenant.clock.advance(90_000)
        assert (dropped.attempts, mailbox.pushes) == ((), [])
        tenant.deliveries.resend(dropped.id)
        assert mailbox.next().event["org_req_seq_id"] == dropped.order


def test_a_push_comes_late_on_the_tenants_clock(merchant: Merchant) -> None:
    tenant = merchant.tenant
    with Mailbox() as mailbox:
        tenant.webhooks.add(mailbox.hook)
        tenant.faults.add(fault="push-delay", seconds=90)
        start = tenant.clock.now()
        closed(merchant)
        waiting = tenant.deliveries.list()[0]
        assert ((waiting.next_at - start).total_seconds(), waiting.attempts) == (90, ())  # type: ignore[operator] # it is set
        tenant.clock.advance(89)
        assert mailbox.pushes == []
        tenant.clock.advance(1)
        mailbox.next()
        assert (tenant.deliveries.wait_for(20, status="delivered").attempts[0].at - start).total_seconds() == 90


def test_two_pushes_change_places(merchant: Merchant) -> None:
    tenant = merchant.tenant
    with Mailbox() as mailbox:
        tenant.webhooks.add(mailbox.hook)
        tenant.faults.add(fault="push-reorder")
        numbers = [closed(merchant) for _ in range(3)]
        came = [mailbox.next().event["org_req_seq_id"] for _ in range(3)]
    assert came == [numbers[1], numbers[0], numbers[2]]


def test_a_reordered_push_that_none_follows_comes_after_a_minute(merchant: Merchant) -> None:
    tenant = merchant.tenant
    with Mailbox() as mailbox:
        tenant.webhooks.add(mailbox.hook)
        tenant.faults.add(fault="push-reorder")
        start = tenant.clock.now()
        number = closed(merchant)
        tenant.clock.advance(59)
        tenant.clock.advance(1)
        assert mailbox.next().event["org_req_seq_id"] == number
        assert (tenant.deliveries.wait_for(20, status="delivered").attempts[0].at - start).total_seconds() == 60


def test_a_prepared_fault_of_pushes_matches_by_what_the_push_is_about(merchant: Merchant) -> None:
    tenant = merchant.tenant
    with Mailbox() as mailbox:
        tenant.webhooks.add(mailbox.hook)
        tenant.faults.add(fault="push-drop", match={"org_req_seq_id": "b"}, times=5)
        tenant.faults.add(fault="push-drop", match={"endpoint": "notify"}, times=5)
        tenant.faults.add(fault="push-drop", match={"endpoint": "scanpay/close", "nth": 3}, times=5)
        for number in "abcd":
            closed(merchant, req_seq_id=number)
        assert [mailbox.next().event["org_req_seq_id"] for _ in range(2)] == ["a", "d"]
    assert {d.order: d.status for d in tenant.deliveries.list(status="dropped")} == {"b": "dropped", "c": "dropped"}


def test_one_push_is_spoilt_on_demand(merchant: Merchant) -> None:
    tenant = merchant.tenant
    tenant.orders.add(req_seq_id="open")
    with Mailbox() as mailbox:
        tenant.webhooks.add(mailbox.hook)
        sent = tenant.deliveries.send("open", do={"fault": "push-duplicate", "copies": 2})
        assert len(sent) == 2
        tenant.deliveries.send("open", do={"fault": "push-sign-bad"})
        assert [mailbox.next().webhook_ok(tenant.webhook_key) for _ in range(3)] == [True, True, False]


# --- never inside a request


def test_a_receiver_that_hangs_holds_up_no_reply_and_no_other_receiver() -> None:
    """Every close is answered while all pushes to the hanging receiver are still under way or waiting."""
    with (
        huifu_mock.Server(push_timeout=3600) as server,
        Mailbox(lambda _: Said(hang=True)) as hanging,
        Mailbox() as quick,
    ):
        tenant = server.tenant()
        merchant = Merchant(tenant)
        tenant.webhooks.add(hanging.hook)
        tenant.webhooks.add(quick.hook)
        numbers = [closed(merchant, notify_url=hanging.notify) for _ in range(20)]
        assert [quick.next().event["org_req_seq_id"] for _ in numbers] == numbers
        stuck = tenant.deliveries.list(url=hanging.hook)
        assert [(one.status, one.attempts) for one in stuck] == [("pending", ())] * 20
        queue = tenant.deliveries.queue()
        assert queue["under_way"] >= 2
        assert queue["waiting"] >= 19 + 19
        assert server.about()["pushes"]["limit"] == 10_000


def test_a_target_beyond_this_machine_is_refused_and_shown(merchant: Merchant) -> None:
    tenant = merchant.tenant
    tenant.webhooks.add("http://10.255.255.1:9000/hook")
    closed(merchant)
    refused = tenant.deliveries.wait_for(20, status="refused")
    assert refused.diagnosis == (
        "not sent: 10.255.255.1 is not this machine; allow it with --push-allow 10.255.255.1:9000 "
        "(in Python push_allow=[…])"
    )
    assert refused.next_at is None


def test_what_was_allowed_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is allowed may lead anywhere; here it leads to this machine by an address that is not loopback."""
    with Mailbox() as mailbox, huifu_mock.Server(push_allow=["hooks.test"]) as server, server.tenant() as tenant:
        port = mailbox.address.rpartition(":")[2]
        found: list[tuple[str, int]] = []

        async def getaddrinfo(self: Any, host: str, port: int, **_: Any) -> list[Any]:
            found.append((host, port))
            return [(2, 1, 6, "", ("0.0.0.0", port))]

        monkeypatch.setattr(asyncio.base_events.BaseEventLoop, "getaddrinfo", getaddrinfo)
        tenant.webhooks.add(f"http://hooks.test:{port}/hook")
        tenant.orders.add(req_seq_id="open")
        tenant.deliveries.send("open")
        assert tenant.deliveries.wait_for(20, status="delivered")
        tenant.webhooks.add(f"http://other.test:{port}/hook")
        tenant.deliveries.send("open")
        assert "other.test (0.0.0.0) is not this machine" in tenant.deliveries.wait_for(20, status="refused").diagnosis


def test_pushes_of_a_gateway_without_a_server_wait_for_one() -> None:
    desk = Desk()
    with Mailbox() as mailbox:
        desk.tenant.pushes.register(mailbox.hook, ["trans.close"], "k" * 32)
        assert desk.close(desk.order(req_seq_id="early"))["trans_stat"] == "S"
        waiting = next(iter(desk.tenant.pushes.deliveries))
        assert (waiting.status, waiting.attempts, desk.mock.dispatcher.state()["waiting"]) == ("pending", [], 1)

        async def run() -> None:
            desk.mock.dispatcher.start()
            await desk.tenant.pushes.deliveries.wait(lambda delivery: delivery.status == "delivered", 20)
            await desk.mock.dispatcher.stop()

        asyncio.run(run())
        assert waiting.status == "delivered"
        assert mailbox.next().webhook_ok("k" * 32)


def test_a_reset_forgets_endpoints_deliveries_and_what_was_queued(merchant: Merchant) -> None:
    tenant = merchant.tenant
    with Mailbox(lambda _: Said(500)) as mailbox:
        tenant.webhooks.add(mailbox.hook)
        before = closed(merchant)
        tenant.deliveries.wait_for(20, attempts=1)
        tenant.reset()
        assert (tenant.deliveries.list(), tenant.webhooks.list()) == ([], [])
        tenant.clock.freeze()
        tenant.clock.advance(86_400)
        tenant.webhooks.add(mailbox.hook)
        after = closed(merchant)  # whose push comes behind all that a receiver was to get before
        assert [mailbox.next().event["org_req_seq_id"] for _ in range(2)] == [before, after]


def test_dropping_a_tenant_ends_its_pushes(server: huifu_mock.Server) -> None:
    with Mailbox(lambda _: Said(500)) as mailbox:
        with server.tenant() as tenant:
            tenant.clock.freeze()
            tenant.webhooks.add(mailbox.hook)
            closed(Merchant(tenant))
            tenant.deliveries.wait_for(20, attempts=1)
            here = server.mock.gateway.tenant(tenant.sys_id)
            assert here is not None
            [delivery] = here.pushes.deliveries
            assert delivery.timer is not None
        assert (delivery.timer, delivery.queued) == (None, None)
