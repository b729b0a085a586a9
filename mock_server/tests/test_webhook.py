"""The webhook trans.close, received over HTTP: what it says, how it is signed, when it comes and comes again."""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from merchant import Merchant
from postbox import Mailbox, Push, Said

import huifu_mock
from huifu_mock import signing
from huifu_mock.schemas import schema

MEMBERS = ["org_req_date", "org_req_seq_id", "trans_stat", "namespace", "huifu_id", "event_define_no",
           "org_mer_ord_id", "trans_type", "org_trans_stat"]  # fmt: skip


def test_a_close_is_told_with_nine_members_in_their_order_signed_over_the_raw_body(merchant: Merchant) -> None:
    with Mailbox() as mailbox:
        merchant.tenant.webhooks.add(mailbox.hook)
        order = merchant.tenant.orders.add(req_seq_id="关单/1 <a>", trade_type="A_JSAPI")
        assert merchant.close(order)["trans_stat"] == "S"
        push = mailbox.next()
    assert push.headers["content-type"].startswith("application/json")
    assert push.webhook_ok(merchant.tenant.webhook_key)
    assert dict(push.query)["sign"].isupper() or dict(push.query)["sign"].isdigit()
    assert list(json.loads(push.body)) == MEMBERS
    assert push.event == {
        "org_req_date": order.req_date,
        "org_req_seq_id": "关单/1 <a>",
        "trans_stat": "S",
        "namespace": "opps-webhook",
        "huifu_id": order.huifu_id,
        "event_define_no": "trans.close",
        "org_mer_ord_id": "关单/1 <a>",
        "trans_type": "A_JSAPI",
        "org_trans_stat": "F",
    }
    assert push.body == json.dumps(push.event, ensure_ascii=False, separators=(",", ":")).encode()
    assert not list(schema("webhook/trans.close").problems(push.event))


def test_an_endpoint_has_its_own_key_and_keeps_its_query(merchant: Merchant) -> None:
    key = "k" * 32
    with Mailbox() as mailbox:
        merchant.tenant.webhooks.add(f"{mailbox.hook}?shop=%E4%B8%AD&a=b+c#part", key=key)
        merchant.close(merchant.tenant.orders.add())
        push = mailbox.next()
    assert push.target.startswith("/hook?shop=%E4%B8%AD&a=b+c&sign=")
    assert push.webhook_ok(key)
    assert not push.webhook_ok(merchant.tenant.webhook_key)


def test_every_endpoint_is_told_and_none_after_it_was_removed(merchant: Merchant) -> None:
    with Mailbox() as first, Mailbox() as second:
        merchant.tenant.webhooks.add(first.hook)
        with merchant.tenant.webhooks.add(second.hook):
            merchant.close(merchant.tenant.orders.add(req_seq_id="one"))
            assert second.next().event["org_req_seq_id"] == "one"
        merchant.close(merchant.tenant.orders.add(req_seq_id="two"))
        assert [first.next().event["org_req_seq_id"] for _ in range(2)] == ["one", "two"]
    told = [(one.order, one.url) for one in merchant.tenant.deliveries.list()]
    assert told == [("one", first.hook), ("one", second.hook), ("two", first.hook)]


def test_a_refusal_by_a_rule_is_no_close_and_tells_nobody(merchant: Merchant) -> None:
    with Mailbox() as mailbox:
        merchant.tenant.webhooks.add(mailbox.hook)
        for order in ({"age_seconds": 1}, {"trans_stat": "S"}, {"trade_type": "U_NATIVE"}):
            assert merchant.close(merchant.tenant.orders.add(**order))["trans_stat"] == "F"
    assert merchant.tenant.deliveries.list() == []


def test_a_close_in_progress_is_told_once_it_is_over(merchant: Merchant) -> None:
    with Mailbox() as mailbox:
        merchant.tenant.webhooks.add(mailbox.hook)
        order = merchant.tenant.orders.add(settle="processing", settle_seconds=5)
        assert merchant.close(order)["trans_stat"] == "P"
        merchant.tenant.clock.advance(4)
        assert merchant.tenant.deliveries.list() == []
        merchant.tenant.clock.advance(1)
        assert (mailbox.next().event["trans_stat"]) == "S"


@pytest.mark.parametrize(("happens", "org_trans_stat"), [("pay", "S"), ("fail", "F"), ("expire", "F")])
def test_a_close_that_lost_is_told_as_failed(merchant: Merchant, happens: str, org_trans_stat: str) -> None:
    tenant = merchant.tenant
    expires = f"{tenant.clock.now() + timedelta(seconds=60):%Y%m%d%H%M%S}"
    with Mailbox() as mailbox:
        tenant.webhooks.add(mailbox.hook)
        extra = {"time_expire": expires} if happens == "expire" else {}
        order = tenant.orders.add(settle="accepted", settle_seconds=3600, **extra)
        assert merchant.close(order)["trans_stat"] == "P"
        if happens == "expire":
            tenant.clock.advance(60)
        else:
            getattr(tenant.orders, happens)(order.req_seq_id)
        event = mailbox.next().event
        tenant.clock.advance(7200)
    assert (event["trans_stat"], event["org_trans_stat"]) == ("F", org_trans_stat)
    assert len(tenant.deliveries.list()) == 1, "the settlement that comes too late tells nothing"


def test_a_refused_close_is_told_as_failed_and_a_later_one_in_order(merchant: Merchant) -> None:
    tenant = merchant.tenant
    with Mailbox() as mailbox:
        tenant.webhooks.add(mailbox.hook)
        order = tenant.orders.add(settle="refused")
        assert merchant.close(order)["resp_code"] == "90000000"
        tenant.orders.patch(order.req_seq_id, settle="immediate")
        assert merchant.close(order)["trans_stat"] == "S"
        told = [mailbox.next().event for _ in range(2)]
    assert [(event["trans_stat"], event["org_trans_stat"]) for event in told] == [("F", "P"), ("S", "F")]


def test_three_quick_tries_then_one_every_hour_until_it_is_acknowledged(merchant: Merchant) -> None:
    tenant = merchant.tenant
    with Mailbox() as mailbox:
        mailbox.refuse(4)
        tenant.webhooks.add(mailbox.hook)
        start = tenant.clock.now()
        merchant.close(tenant.orders.add())
        first = tenant.deliveries.wait_for(20, attempts=1)
        assert [(one.status, one.diagnosis) for one in first.attempts] == [
            (500, "HTTP 500 is no acknowledgement, any 2xx is: the receiver failed")
        ]
        assert (first.status, (first.next_at - start).total_seconds()) == ("pending", 1)  # type: ignore[operator] # it is set
        for seconds in (1, 1, 3599, 1):
            tenant.clock.advance(seconds)
        tenant.deliveries.wait_for(20, attempts=4)
        tenant.clock.advance(3600)
        done = tenant.deliveries.wait_for(20, status="delivered")
    assert [(one.at - start).total_seconds() for one in done.attempts] == [0, 1, 2, 3602, 7202]
    assert [one.status for one in done.attempts] == [500, 500, 500, 500, 200]
    assert (done.attempts[-1].diagnosis, done.next_at) == ("", None)
    assert len({push.body for push in mailbox.pushes}) == 1
    assert len({push.target for push in mailbox.pushes}) == 1


def double_key(push: Push, key: str) -> str:
    return hashlib.md5(push.body + 2 * key.encode()).hexdigest()


def written_anew(push: Push, key: str) -> str:
    return hashlib.md5(json.dumps(push.event).encode() + key.encode()).hexdigest().upper()


def in_lower_case(push: Push, key: str) -> str:
    return hashlib.md5(push.body + key.encode()).hexdigest()


def of_another_key(push: Push, key: str) -> str:
    return hashlib.md5(push.body + b"another key").hexdigest()


WRONG = {
    double_key: "is wrong (key-twice): the key was appended twice; put the key behind the body once",
    written_anew: "is wrong (body-reencoded, spaces): the body was parsed and written anew before it was hashed",
    in_lower_case: "is right, in lower case: compare without regard to case",
    of_another_key: "is not made of this body and the endpoint's key in any known way: another key?",
}


@pytest.mark.parametrize("computed", WRONG, ids=lambda computed: computed.__name__)
def test_a_receiver_that_answers_the_md5_that_it_computed_is_told_its_mistake(
    computed: Callable[[Push, str], str], merchant: Merchant
) -> None:
    tenant = merchant.tenant

    def refuse(push: Push) -> Said:
        theirs = f"wrong sign: got {dict(push.query)['sign']}, computed {computed(push, tenant.webhook_key)}"
        return Said(401, theirs.encode())

    with Mailbox(refuse) as mailbox:
        tenant.webhooks.add(mailbox.hook)
        merchant.close(tenant.orders.add())
        told = tenant.deliveries.wait_for(20, attempts=1).diagnosis
        digest = computed(mailbox.next(), tenant.webhook_key)
    assert told.startswith(f"HTTP 401 is no acknowledgement, any 2xx is: its {digest[:8]}… {WRONG[computed]}")


def test_a_receiver_that_answers_what_the_manual_says_and_has_another_key_is_asked_for_it(merchant: Merchant) -> None:
    with Mailbox(lambda push: Said(400, f"computed {of_another_key(push, '')}".encode())) as mailbox:
        merchant.tenant.webhooks.add(mailbox.hook)
        merchant.close(merchant.tenant.orders.add())
        told = merchant.tenant.deliveries.wait_for(20, attempts=1).diagnosis
    assert told.endswith(WRONG[of_another_key])


def test_a_receiver_that_refuses_the_sign_and_answers_none_is_told_to(merchant: Merchant) -> None:
    with Mailbox(lambda _: Said(403, b"invalid sign")) as mailbox:
        merchant.tenant.webhooks.add(mailbox.hook)
        merchant.close(merchant.tenant.orders.add())
        told = merchant.tenant.deliveries.wait_for(20, attempts=1).diagnosis
    assert "let it answer the MD5 that it computed, and its mistake is named here" in told


def test_a_receiver_is_right_to_refuse_a_sign_that_a_fault_made(merchant: Merchant) -> None:
    tenant = merchant.tenant
    with Mailbox(lambda push: Said(401, in_lower_case(push, tenant.webhook_key).encode())) as mailbox:
        tenant.webhooks.add(mailbox.hook)
        tenant.faults.add(fault="push-sign-bad")
        merchant.close(tenant.orders.add())
        told = tenant.deliveries.wait_for(20, attempts=1).diagnosis
    assert "is right, and the sign that was sent is not: a prepared fault made that one" in told


def test_a_leap_of_a_day_tries_as_often_as_a_day_would_and_then_gives_up(merchant: Merchant) -> None:
    tenant = merchant.tenant
    with Mailbox(lambda _: Said(503)) as mailbox:
        tenant.webhooks.add(mailbox.hook)
        start = tenant.clock.now()
        merchant.close(tenant.orders.add())
        tenant.clock.advance(30 * 3600)
        given_up = tenant.deliveries.wait_for(20, status="failed")
    hours = [0, 1, 2, *(2 + 3600 * hour for hour in range(1, 24))]
    assert [(one.at - start).total_seconds() for one in given_up.attempts] == hours
    assert given_up.next_at is None


def test_a_frozen_clock_tries_once_and_waits(merchant: Merchant) -> None:
    tenant = merchant.tenant
    with Mailbox(lambda _: Said(500)) as mailbox:
        tenant.webhooks.add(mailbox.hook)
        merchant.close(tenant.orders.add(req_seq_id="first"))
        merchant.close(tenant.orders.add(req_seq_id="second"))
        tenant.deliveries.wait_for(20, order="second", attempts=1)
        assert [len(one.attempts) for one in tenant.deliveries.list()] == [1, 1]


def test_an_auto_clock_waits_for_pushes_and_then_jumps_to_the_next_try(merchant: Merchant) -> None:
    tenant = merchant.tenant
    with Mailbox() as mailbox:
        mailbox.refuse(3)
        tenant.webhooks.add(mailbox.hook)
        start = tenant.clock.now()
        tenant.clock.auto()
        order = tenant.orders.add(settle="processing", settle_seconds=600)
        assert merchant.close(order)["trans_stat"] == "P"
        done = tenant.deliveries.wait_for(20, status="delivered")
        assert [(one.at - start).total_seconds() for one in done.attempts] == [600, 601, 602, 4202]
        assert tenant.clock.freeze() == done.attempts[-1].at


def test_an_auto_clock_does_not_run_to_the_expiry_of_an_order(merchant: Merchant) -> None:
    tenant = merchant.tenant
    start = tenant.clock.now()
    order = tenant.orders.add(time_expire=f"{start.year + 1}0101000000")
    tenant.clock.auto()
    settles = tenant.orders.add(settle="processing", settle_seconds=10)
    with Mailbox() as mailbox:
        tenant.webhooks.add(mailbox.hook)
        merchant.close(settles)
        mailbox.next()
    assert (tenant.clock.now() - start).total_seconds() == 10
    assert tenant.orders.get(order.req_seq_id).trans_stat == "P"


def test_the_old_key_and_a_bad_signature_can_be_asked_for(merchant: Merchant) -> None:
    tenant, key = merchant.tenant, merchant.tenant.webhook_key
    with Mailbox() as mailbox:
        tenant.webhooks.add(mailbox.hook)
        tenant.faults.add(fault="push-sign-bad")
        tenant.faults.add(fault="push-key-old", match={"org_req_seq_id": "two"})
        pushes = {}
        for name in ("one", "two", "three"):
            merchant.close(tenant.orders.add(req_seq_id=name))
            pushes[name] = mailbox.next()
    assert [push.webhook_ok(key) for push in pushes.values()] == [False, False, True]
    assert pushes["two"].webhook_ok(key[::-1])
    assert signing.webhook_sign(pushes["one"].body, key) not in pushes["one"].target
    assert [fault["used"] for fault in tenant.faults.list()] == [1, 1]


def test_a_tenants_webhooks_are_its_own(server: huifu_mock.Server, merchant: Merchant) -> None:
    with server.tenant() as other, Mailbox() as mailbox:
        other.webhooks.add(mailbox.hook)
        merchant.close(merchant.tenant.orders.add())
        assert merchant.tenant.deliveries.list() == other.deliveries.list() == []
        assert len(other.webhooks.list()) == 1
        assert merchant.tenant.webhooks.list() == []
