"""The parts of pushing, each by itself: targets, schedule, diagnosis, the dispatcher's lines and its queue."""

import asyncio
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from postbox import Mailbox, Said

from huifu_mock.push import retry_schedule
from huifu_mock.push.acknowledgement import NOTIFY, WEBHOOK
from huifu_mock.push.dispatcher import Dispatcher, QueuedMessage
from huifu_mock.push.faults import EFFECTS, PushFaults, combined
from huifu_mock.push.http import BadTarget, Refused, Targets
from huifu_mock.push.message import Bilingual, Channel, Message, ReceiverResponse
from huifu_mock.schemas import schema
from huifu_mock.state.clock import BEIJING

START = datetime(2026, 1, 1, tzinfo=BEIJING)
KEY = ("6666000000000000", "20260101", "o-1")


def message(url: str = "http://127.0.0.1:1/x", channel: Channel = WEBHOOK, expected: str = "") -> Message:
    return Message(channel, "trans.close", KEY, url, url, lambda: b"{}", expected)


# --- where to


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"])
def test_this_machine_may_always_be_called(address: str) -> None:
    assert Targets().check(address, 80, [address]) == [address]


@pytest.mark.parametrize(
    "address", ["10.0.0.1", "169.254.169.254", "0.0.0.0", "::", "fe80::1", "::ffff:10.0.0.1", "8.8.8.8"]
)
def test_nothing_else_may_be_called_unless_it_is_allowed(address: str) -> None:
    with pytest.raises(Refused, match="--push-allow"):
        Targets().check(address, 80, [address])


@pytest.mark.parametrize(
    ("allow", "host", "port", "address", "may"),
    [
        ("10.0.0.0/8", "10.1.2.3", 80, "10.1.2.3", True),
        ("10.0.0.0/8", "11.1.2.3", 80, "11.1.2.3", False),
        ("10.1.2.3:8080", "10.1.2.3", 8080, "10.1.2.3", True),
        ("10.1.2.3:8080", "10.1.2.3", 80, "10.1.2.3", False),
        ("hooks.test", "hooks.test", 443, "10.9.9.9", True),
        ("HOOKS.test.", "hooks.test.", 443, "10.9.9.9", True),
        ("hooks.test", "evil.test", 443, "10.9.9.9", False),
        ("hooks.test:443", "hooks.test", 80, "10.9.9.9", False),
        ("10.0.0.0/8", "hooks.test", 443, "10.9.9.9", True),
        ("fd00::/8", "fd00::1", 80, "fd00::1", True),
        ("[fd00::1]:80", "fd00::1", 80, "fd00::1", True),
        ("[fd00::1]:80", "fd00::1", 81, "fd00::1", False),
    ],
)
def test_a_host_an_address_or_a_network_can_be_allowed(
    allow: str, host: str, port: int, address: str, may: bool
) -> None:
    targets = Targets([allow])
    if may:
        assert targets.check(host, port, [address]) == [address]
    else:
        with pytest.raises(Refused):
            targets.check(host, port, [address])


def test_of_several_addresses_only_the_allowed_ones_are_called() -> None:
    assert Targets().check("both.test", 80, ["10.0.0.1", "127.0.0.1"]) == ["127.0.0.1"]


@pytest.mark.parametrize("text", ["", "host:99999", "host:port", "10.0.0.0/99", "a/b", ":80"])
def test_what_is_no_target_cannot_be_allowed(text: str) -> None:
    with pytest.raises(BadTarget, match="HOST:PORT"):
        Targets([text])


# --- when again


def tries(next_try: Any, limit: int = 100) -> list[float]:
    """When each try happens, in seconds after the first, if all fail at once."""
    at, seconds = START, [0.0]
    while (due := next_try(START, len(seconds), at)) is not None and len(seconds) < limit:
        seconds.append((due - START).total_seconds())
        at = due
    return seconds


def test_a_webhook_is_tried_three_times_at_once_then_hourly_for_a_day() -> None:
    assert tries(retry_schedule.webhook) == [0, 1, 2, *(2 + 3600 * hour for hour in range(1, 24))]


def test_a_notify_is_tried_four_times() -> None:
    assert tries(retry_schedule.notify) == [0, 1, 2, 3]


@given(late=st.floats(0, 200_000), number=st.integers(1, 40))
def test_no_webhook_is_tried_when_it_is_older_than_a_day(late: float, number: int) -> None:
    due = retry_schedule.webhook(START, number, START + timedelta(seconds=late))
    assert due is None or due - START <= timedelta(days=1)


# --- what was wrong


def english(failure: Bilingual | None) -> str:
    """A diagnosis, of which the Chinese is a text of its own with the same figures."""
    assert failure is not None
    en, zh = failure
    assert re.search("[\u4e00-\u9fff]", zh), zh
    assert sorted(re.findall(r"\d+", zh)) == sorted(re.findall(r"\d+", en))
    return en


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_acknowledges_a_webhook_whatever_it_says(status: int) -> None:
    assert WEBHOOK.judge(message(), ReceiverResponse(status, body=b"whatever")) is None


@pytest.mark.parametrize(
    ("answered", "said"),
    [
        (ReceiverResponse(302, location="/login"), "redirects are not followed (Location: /login)"),
        (ReceiverResponse(404), "nothing is served at this path"),
        (ReceiverResponse(405), "does not take POST"),
        (ReceiverResponse(415), "application/json"),
        (ReceiverResponse(403), "refused it"),
        (ReceiverResponse(500), "the receiver failed"),
        (ReceiverResponse(418), "HTTP 418 is no acknowledgement, any 2xx is"),
        (ReceiverResponse(trouble="timeout", detail="5"), "no complete answer within 5 s"),
        (ReceiverResponse(trouble="unreachable", detail="refused"), "nothing listens at http://127.0.0.1:1/x"),
        (ReceiverResponse(trouble="disconnected", detail="reset"), "closed the connection"),
        (ReceiverResponse(trouble="refused", detail="10.0.0.1 is not this machine"), "not sent: 10.0.0.1"),
    ],
)
def test_a_webhook_that_failed_says_why(answered: ReceiverResponse, said: str) -> None:
    assert said in english(WEBHOOK.judge(message(), answered))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"RECV_ORD_ID_o-1\n", "white space"),
        (b'"RECV_ORD_ID_o-1"', "in quotes"),
        (b"\xef\xbb\xbfRECV_ORD_ID_o-1", "byte order mark"),
        (b"recv_ord_id_o-1", "upper and lower case"),
        (b"RECV_ORD_ID_", "the number is missing"),
        (b"RECV_ORD_ID_o-2", "another number"),
        (b"ok RECV_ORD_ID_o-1", "more than that"),
        (b"success", "other gateways"),
        (b"<html>", "web page"),
        (b'{"code":0}', "it is JSON"),
        (b"", "it is empty"),
    ],
)
def test_a_notify_with_another_body_says_what_was_expected(body: bytes, said: str) -> None:
    answered = ReceiverResponse(200, body=body)
    diagnosis = english(NOTIFY.judge(message(channel=NOTIFY, expected="RECV_ORD_ID_o-1"), answered))
    assert 'must be exactly "RECV_ORD_ID_o-1"' in diagnosis
    assert said in diagnosis


@pytest.mark.parametrize(
    ("answered", "said"),
    [
        (ReceiverResponse(415), "wants JSON, but a notify is a form"),
        (ReceiverResponse(400, body=b'{"error":"invalid JSON"}'), "wants JSON, but a notify is a form"),
        (ReceiverResponse(201, body=b"RECV_ORD_ID_o-1"), "exactly 200"),
        (ReceiverResponse(301, location="https://x"), "redirects"),
    ],
)
def test_a_notify_wants_exactly_200(answered: ReceiverResponse, said: str) -> None:
    assert said in english(NOTIFY.judge(message(channel=NOTIFY, expected="RECV_ORD_ID_o-1"), answered))


# --- changed by faults


def test_every_push_fault_of_the_schema_has_a_row_here() -> None:
    known = schema("control/event-send").contents["properties"]["do"]["properties"]["fault"]["enum"]
    assert set(EFFECTS) == set(known)


def test_faults_of_pushes_add_up() -> None:
    both = combined([{"fault": "push-duplicate", "copies": 3}, {"fault": "push-sign-bad"}])
    assert both == PushFaults(copies=3, sign_bad=True)
    assert combined([]) == PushFaults()


# --- the dispatcher


async def sent(dispatcher: Dispatcher, line: str, url: str) -> "asyncio.Future[ReceiverResponse]":
    done: asyncio.Future[ReceiverResponse] = asyncio.get_running_loop().create_future()
    dispatcher.submit(line, QueuedMessage(message(url), done.set_result))
    return done


async def test_what_was_queued_before_the_start_goes_then() -> None:
    with Mailbox() as mailbox:
        dispatcher = Dispatcher()
        waiting = await sent(dispatcher, "a", mailbox.hook)
        assert dispatcher.state()["waiting"] == 1
        dispatcher.start()
        assert (await asyncio.wait_for(waiting, 20)).status == 200
        await dispatcher.stop()
    assert dispatcher.state() == {"waiting": 0, "under_way": 0, "concurrent": 16, "limit": 10_000}


async def test_each_receiver_gets_its_pushes_one_by_one_and_in_order() -> None:
    with Mailbox() as mailbox:
        dispatcher = Dispatcher()
        dispatcher.start()
        waiting = [await sent(dispatcher, "a", f"{mailbox.hook}/{number}") for number in range(20)]
        await asyncio.wait_for(asyncio.gather(*waiting), 20)
        await dispatcher.stop()
        assert [push.target for push in mailbox.pushes] == [f"/hook/{number}" for number in range(20)]


async def test_a_hanging_receiver_holds_up_nobody_else_and_no_more_than_n_are_called_at_once() -> None:
    with Mailbox(lambda push: Said(hang=push.target.startswith("/slow"))) as mailbox:
        dispatcher = Dispatcher(concurrent=3, timeout=30)
        dispatcher.start()
        slow = [await sent(dispatcher, f"slow {n}", f"{mailbox.address}/slow{n}") for n in range(2)]
        for number in range(5):
            assert (
                await asyncio.wait_for(await sent(dispatcher, "quick", f"{mailbox.hook}/{number}"), 20)
            ).status == 200
        assert dispatcher.under_way == 2
        blocked = await sent(dispatcher, "slow 0", f"{mailbox.address}/slow-again")
        more = await sent(dispatcher, "slow 2", f"{mailbox.address}/slow2")
        late = await sent(dispatcher, "quick", mailbox.hook)
        await asyncio.to_thread(lambda: [mailbox.next() for _ in range(8)])
        assert dispatcher.under_way == 3
        assert not any(one.done() for one in (*slow, blocked, more, late))
        await dispatcher.stop()
    assert dispatcher.state()["waiting"] == 5, "what was cut off waits for the next start"


async def test_a_hanging_receiver_times_out() -> None:
    with Mailbox(lambda _: Said(hang=True)) as mailbox:
        dispatcher = Dispatcher(timeout=0.05)
        dispatcher.start()
        answered = await asyncio.wait_for(await sent(dispatcher, "a", mailbox.hook), 20)
        assert (answered.trouble, answered.detail, answered.status) == ("timeout", "0.05", None)
        await dispatcher.stop()


async def test_the_queue_is_bounded_and_says_so() -> None:
    dispatcher = Dispatcher(limit=2)
    kept = [await sent(dispatcher, "a", "http://127.0.0.1:1/") for _ in range(2)]
    refused = await sent(dispatcher, "a", "http://127.0.0.1:1/")
    assert refused.result().trouble == "queue"
    assert "2 pushes are waiting" in english(WEBHOOK.judge(message(), refused.result()))
    assert not any(one.done() for one in kept)


@pytest.mark.parametrize(
    ("url", "trouble"),
    [
        ("http://127.0.0.1:1/", "unreachable"),
        ("http://[::1]:1/", "unreachable"),
        ("http://10.255.255.1/", "refused"),
        ("http://0.0.0.0/", "refused"),
        ("http://2130706433:1/", "url"),  # 127.0.0.1 in disguise is not worth the doubt
        ("http://167772161/", "refused"),  # 10.0.0.1 in disguise
        ("http://no-such-host.invalid/", "unknown-host"),
        ("http://:80/", "url"),
        ("http://127.0.0.1:99999/", "url"),
        ("http://[/", "url"),
    ],
)
async def test_what_cannot_be_called_says_why(url: str, trouble: str) -> None:
    dispatcher = Dispatcher(timeout=20)
    dispatcher.start()
    answered = await asyncio.wait_for(await sent(dispatcher, "a", url), 30)
    await dispatcher.stop()
    assert (answered.trouble, answered.status) == (trouble, None), answered
    assert english(WEBHOOK.judge(message(url), answered))
    assert ("--push-allow no-such-host.invalid:80" in answered.detail_zh) is (trouble == "unknown-host")


async def test_a_name_is_resolved_once_and_the_checked_address_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that changes its address between the check and the call cannot lead a push astray."""
    loop, asked = asyncio.get_running_loop(), []

    async def rebinding(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        address = "127.0.0.1" if len(asked) == 1 else "10.0.0.1"
        return [(2, 1, 6, "", (address, port))]

    monkeypatch.setattr(loop, "getaddrinfo", rebinding)
    with Mailbox() as mailbox:
        dispatcher = Dispatcher()
        dispatcher.start()
        url = mailbox.hook.replace("127.0.0.1", "rebinding.test")
        first = await asyncio.wait_for(await sent(dispatcher, "a", url), 20)
        second = await asyncio.wait_for(await sent(dispatcher, "a", url), 20)
        await dispatcher.stop()
    assert (first.status, second.trouble) == (200, "refused")
    assert asked == ["rebinding.test"] * 2


async def test_no_redirect_is_followed() -> None:
    with Mailbox() as aim, Mailbox(lambda _: Said(302, b"", (("Location", aim.hook),))) as mailbox:
        dispatcher = Dispatcher()
        dispatcher.start()
        answered = await asyncio.wait_for(await sent(dispatcher, "a", mailbox.hook), 20)
        await dispatcher.stop()
        assert (answered.status, answered.location) == (302, aim.hook)
        assert aim.pushes == []
