"""The notify to an order's notify_url, received over HTTP: what it says, how it is signed, what acknowledges it."""

import json

import pytest
from merchant import Merchant
from postbox import Mailbox, Said

import huifu_mock
from huifu_mock.schemas import schema


def test_a_payment_is_told_twice_first_by_the_channel_then_booked(merchant: Merchant) -> None:
    tenant = merchant.tenant
    with Mailbox() as mailbox:
        order = tenant.orders.add(notify_url=mailbox.notify, trans_amt="12.30", trade_type="A_NATIVE")
        tenant.orders.pay(order.req_seq_id)
        pushes = [mailbox.next() for _ in range(2)]
        tenant.deliveries.wait_for(20, status="delivered")
    for push in pushes:
        assert push.target == "/notify"
        assert push.headers["content-type"] == "application/x-www-form-urlencoded"
        assert list(push.form) == ["resp_desc", "resp_code", "sign", "resp_data"]
        assert push.notify_ok(tenant.huifu_public_key)
        assert not list(schema("notify/form").problems(push.form))
        told = push.event
        assert (told["trans_stat"], told["trans_type"], told["trans_amt"]) == ("S", "A_NATIVE", "12.30")
        assert (told["req_seq_id"], told["req_date"], told["huifu_id"], told["hf_seq_id"]) == (
            order.req_seq_id, order.req_date, order.huifu_id, order.hf_seq_id,
        )  # fmt: skip
        assert push.form["resp_data"] == json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert [(push.event["notify_type"], push.event["acct_stat"]) for push in pushes] == [(1, "I"), (2, "S")]


def test_a_failed_payment_is_told_once(merchant: Merchant) -> None:
    with Mailbox() as mailbox:
        order = merchant.tenant.orders.add(notify_url=mailbox.notify)
        merchant.tenant.orders.fail(order.req_seq_id)
        assert mailbox.next().event["trans_stat"] == "F"
        merchant.tenant.deliveries.wait_for(20, status="delivered")
        assert len(merchant.tenant.deliveries.list()) == 1


def test_an_order_that_expires_is_told_as_failed(merchant: Merchant) -> None:
    tenant = merchant.tenant
    with Mailbox() as mailbox:
        tenant.orders.add(notify_url=mailbox.notify, time_expire=f"{tenant.clock.now().year + 1}0101000000")
        tenant.clock.freeze(f"{tenant.clock.now().year + 1}-01-01T00:00:00")
        assert mailbox.next().event["trans_stat"] == "F"


def test_a_close_is_told_under_its_own_number_and_no_payment_with_it(merchant: Merchant) -> None:
    tenant = merchant.tenant
    with Mailbox() as mailbox:
        order = tenant.orders.add(notify_url=mailbox.notify)
        reply = merchant.close(order)
        push = mailbox.next()
        tenant.deliveries.wait_for(20, status="delivered")
        assert [one.event for one in tenant.deliveries.list()] == ["notify.close"]
    assert push.notify_ok(tenant.huifu_public_key)
    assert push.event["req_seq_id"] == reply["req_seq_id"] != order.req_seq_id
    assert (push.event["org_req_seq_id"], push.event["org_hf_seq_id"]) == (order.req_seq_id, order.hf_seq_id)
    assert (push.event["close_stat"], push.event["trans_stat"], push.event["org_trans_stat"]) == ("S", "S", "F")


def test_a_payment_that_beats_a_close_is_told_before_the_close_that_lost(merchant: Merchant) -> None:
    tenant = merchant.tenant
    with Mailbox() as mailbox:
        order = tenant.orders.add(notify_url=mailbox.notify, settle="processing", settle_seconds=5)
        merchant.close(order)
        tenant.orders.pay(order.req_seq_id, after_seconds=3)
        assert tenant.orders.get(order.req_seq_id).trans_stat == "P"
        tenant.clock.advance(10)
        told = [mailbox.next().event for _ in range(3)]
    assert [(event.get("notify_type"), event.get("close_stat"), event["trans_stat"]) for event in told] == [
        (1, None, "S"), (2, None, "S"), (None, "F", "F"),
    ]  # fmt: skip


def test_a_payment_that_comes_too_late_changes_nothing_and_tells_nobody(merchant: Merchant) -> None:
    tenant = merchant.tenant
    with Mailbox() as mailbox:
        order = tenant.orders.add(notify_url=mailbox.notify, settle="processing", settle_seconds=5)
        merchant.close(order)
        tenant.orders.pay(order.req_seq_id, after_seconds=5.5)
        tenant.clock.advance(10)
        assert mailbox.next().event["close_stat"] == "S"
    assert (tenant.orders.get(order.req_seq_id).trans_stat, len(tenant.deliveries.list())) == ("F", 1)


@pytest.mark.parametrize(
    ("said", "diagnosis"),
    [
        (Said(200, b"success"), "must be exactly"),
        (Said(200, b"RECV_ORD_ID_paid\n"), "white space"),
        (Said(201), "exactly 200"),
        (Said(302, b"", (("Location", "http://127.0.0.1/"),)), "redirects are not followed"),
        (Said(415, b"give me JSON"), "a notify is a form"),
        (Said(hang_up=True), "closed the connection"),
    ],
)
def test_what_does_not_acknowledge_is_tried_four_times_and_explained(
    merchant: Merchant, said: Said, diagnosis: str
) -> None:
    tenant = merchant.tenant
    with Mailbox(lambda _: said) as mailbox:
        tenant.orders.add(req_seq_id="paid", notify_url=mailbox.notify)
        start = tenant.clock.now()
        tenant.orders.fail("paid")
        tenant.clock.advance(60)
        failed = tenant.deliveries.wait_for(20, status="failed")
    assert [(one.at - start).total_seconds() for one in failed.attempts] == [0, 1, 2, 3]
    assert all(diagnosis in one.diagnosis for one in failed.attempts)
    assert failed.diagnosis == failed.attempts[-1].diagnosis


def test_a_notify_is_acknowledged_at_a_later_try(merchant: Merchant) -> None:
    tenant = merchant.tenant
    with Mailbox() as mailbox:
        mailbox.refuse(2)
        tenant.orders.add(req_seq_id="paid", notify_url=mailbox.notify)
        tenant.orders.fail("paid")
        tenant.clock.advance(1)
        tenant.clock.advance(1)
        assert len(tenant.deliveries.wait_for(20, status="delivered").attempts) == 3


def test_a_notify_can_be_signed_wrongly_on_command(merchant: Merchant) -> None:
    tenant = merchant.tenant
    with Mailbox() as mailbox:
        for fault in ("push-sign-bad", "push-key-old"):
            with tenant.faults.add(fault=fault, match={"endpoint": "notify"}):
                order = tenant.orders.add(notify_url=mailbox.notify)
                tenant.orders.fail(order.req_seq_id)
                assert not mailbox.next().notify_ok(tenant.huifu_public_key)
        order = tenant.orders.add(notify_url=mailbox.notify)
        tenant.orders.fail(order.req_seq_id)
        assert mailbox.next().notify_ok(tenant.huifu_public_key)


def test_a_receiver_that_takes_too_long_is_told_so_and_tried_again() -> None:
    with Mailbox(lambda _: Said(hang=True)) as mailbox, huifu_mock.Server(push_timeout=0.05) as server:
        tenant = server.default
        tenant.clock.freeze()
        tenant.orders.add(req_seq_id="paid", notify_url=mailbox.notify)
        tenant.orders.fail("paid")
        late = tenant.deliveries.wait_for(20, attempts=1)
        assert late.diagnosis == "timeout: no complete answer within 0.05 s; answer first and do the work afterwards"
        assert (late.attempts[0].status, late.attempts[0].answer, late.status) == (None, None, "pending")
        tenant.clock.advance(3)
        assert len(tenant.deliveries.wait_for(20, status="failed").attempts) == 4
