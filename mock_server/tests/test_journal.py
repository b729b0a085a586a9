"""The journal: everything is kept until it is pushed out, nothing secret, nobody else's."""

import asyncio
import hashlib
import json
import threading
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from desk import Desk, opened
from hypothesis import given
from hypothesis import strategies as st
from wired import CLOSE, connected, head, post, received

import huifu_mock
from huifu_mock import signing
from huifu_mock.request import CLOSE as ENDPOINT
from huifu_mock.request import KEPT, ReceivedBytes
from huifu_mock.state.clock import BEIJING
from huifu_mock.state.journal import CAPACITY, OVERHEAD, Entry, Journal, Room


def closing(tenant: huifu_mock.Tenant, number: str = "close-1", **order: Any) -> bytes:
    """A signed close of a fresh order."""
    data = tenant.orders.add(**order).close_params(number)
    key = signing.load_private_key(tenant.merchant_private_key, trusted=True)
    return signing.envelope(tenant.sys_id, tenant.product_id, data, key)


def test_a_call_is_kept_whole_with_what_was_decided(tenant: huifu_mock.Tenant) -> None:
    body = closing(tenant, age_seconds=10)
    answer = post(
        tenant.base_url, body, [("X-Client", "test/1.0"), ("Content-Length", str(len(body)))], f"/s/phase-1{CLOSE}"
    )
    (call,) = tenant.journal.calls()
    assert call == tenant.journal.get(answer.headers["huifu-mock-call"])
    assert (call.endpoint, call.path, call.session) == ("close", CLOSE, "phase-1")
    assert ("X-Client", "test/1.0") in call.headers
    assert call.body == body
    assert call.data == json.loads(body)["data"]
    assert (call.signature_ok, call.reason, call.resp_code) == (True, "TOO_YOUNG", "20000001")
    assert call.response is not None
    assert call.response.encode() == answer.body
    assert call.at == tenant.clock.now()
    assert "60" in call.explanation["text"]["en"]
    assert call.value("req_seq_id") == "close-1"
    assert call.value("nothing") is None


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, ["close-1", "close-2", "close-3"]),
        ({"endpoint": "close"}, ["close-1", "close-2", "close-3"]),
        ({"endpoint": CLOSE}, ["close-1", "close-2", "close-3"]),
        ({"endpoint": "closequery"}, []),
        ({"req_seq_id": "close-2"}, ["close-2"]),
        ({"org_req_seq_id": "order-3"}, ["close-3"]),
        ({"reason": "TOO_YOUNG"}, ["close-2"]),
        ({"reason": "CLOSED"}, ["close-1"]),
        ({"resp_code": "10000000"}, ["close-3"]),
        ({"signature_ok": False}, ["close-3"]),
        ({"signature_ok": True}, ["close-1", "close-2"]),
        ({"session": "b"}, ["close-2"]),
        ({"session": "b", "reason": "CLOSED"}, []),
    ],
)
def test_calls_are_found_by_what_they_say(filters: dict[str, Any], found: list[str], tenant: huifu_mock.Tenant) -> None:
    post(tenant.base_url, closing(tenant, "close-1", req_seq_id="order-1"), None, f"/s/a{CLOSE}")
    post(tenant.base_url, closing(tenant, "close-2", req_seq_id="order-2", age_seconds=0), None, f"/s/b{CLOSE}")
    bad = closing(tenant, "close-3", req_seq_id="order-3").replace(b'"sign":"', b'"sign":"!')
    post(tenant.base_url, bad, None, f"/s/a{CLOSE}")
    assert [call.value("req_seq_id") for call in tenant.journal.calls(**filters)] == found


def test_a_call_that_proves_nothing_is_kept_whole(desk: Desk) -> None:
    for body in (b"", b"\xff\xfe", b"{", b"[" * 5000, b'{"a":1e999}'):
        desk.send(body)
        told = desk.told()[-1]
        assert [*desk.tenant.journal][-1].sent.body == body
        assert told["signature_ok"] is None
        assert told["data"] is None
        assert told["reason"] == "BAD_PARAMETERS"


def test_a_repeat_is_a_call_of_its_own(desk: Desk) -> None:
    body = desk.body(desk.data(desk.order()))
    desk.send(body)
    desk.send(body)
    first, second = desk.tenant.journal
    assert first.id != second.id
    assert first.sent_back() == second.sent_back()


def test_the_oldest_calls_make_room_and_are_counted() -> None:
    desk = Desk()
    desk.tenant.journal = journal = Journal(capacity=3)  # type: ignore[misc] # a small one, to fill it quickly
    for _ in range(5):
        desk.send(b"{")
    assert [entry.id for entry in journal] == ["call-3", "call-4", "call-5"]
    assert journal.dropped == 2
    assert journal.get("call-1") is None
    assert journal.get("call-3") is not None


def test_a_tenant_keeps_its_last_ten_thousand_calls() -> None:
    assert CAPACITY == 10_000
    desk = Desk()
    entry = desk.mock.gateway.receive(ENDPOINT, ReceivedBytes(b"{")).entry
    for _ in range(CAPACITY + 4):
        desk.tenant.journal.add(replace(entry))
    assert len(desk.tenant.journal) == CAPACITY
    assert desk.tenant.journal.dropped == 5


def entry(number: int, size: int = 0) -> Entry:
    return Entry(number, datetime.now(BEIJING), ENDPOINT, ReceivedBytes(b"x" * size))  # noqa: TID251 - any time will do


@given(st.lists(st.integers(0, 5000), max_size=40), st.integers(1, 8), st.integers(OVERHEAD, 20_000))
def test_a_journal_holds_no_more_than_it_may_and_counts_what_it_drops(
    sizes: list[int], capacity: int, limit: int
) -> None:
    journal = Journal(capacity, limit)
    for number, size in enumerate(sizes, 1):
        journal.add(entry(number, size))
        kept = [*journal]
        assert [one.number for one in kept] == [*range(number - len(kept) + 1, number + 1)]
        assert journal.dropped == number - len(kept)
        assert len(kept) <= capacity
        assert journal.held == sum(OVERHEAD + len(one.sent.body) for one in kept)
        assert journal.held <= limit or len(kept) == 1


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5000), st.booleans()), max_size=60))
def test_the_oldest_call_of_all_tenants_makes_room(calls: list[tuple[int, int, bool]]) -> None:
    room = Room(limit=20_000)
    journals = [Journal(capacity=9, room=room) for _ in range(4)]
    for number, (which, size, clears) in enumerate(calls, 1):
        journals[which].add(entry(number, size))
        if clears:
            journals[(which + 1) % 4].clear()
        held = [one for journal in journals for one in journal]
        assert room.held == sum(journal.held for journal in journals) == sum(one.size() for one in held)
        assert room.held <= room.limit
    dropped_from = [journal for journal in journals if journal.dropped]
    assert sum(len(journal) for journal in journals) <= len(calls)
    assert all(journal.dropped <= len(calls) for journal in dropped_from)


def test_a_full_server_drops_the_oldest_whosever_it_is() -> None:
    room = Room(limit=3 * OVERHEAD)
    one, other = Journal(room=room), Journal(room=room)
    for number, journal in enumerate((one, other, one, other), 1):
        journal.add(entry(number))
    assert [[kept.number for kept in journal] for journal in (one, other)] == [[3], [2, 4]]
    assert (one.dropped, other.dropped) == (1, 0)


def test_a_dropped_tenant_gives_its_room_back(server: huifu_mock.Server) -> None:
    before = server.mock.room.held
    with server.tenant() as tenant:
        post(tenant.base_url, closing(tenant))
        assert server.mock.room.held > before
    assert server.mock.room.held == before


def test_a_long_body_is_kept_cut_with_its_length_and_its_sum(tenant: huifu_mock.Tenant) -> None:
    data = tenant.orders.add().close_params("close-1") | {"remark": "x" * (KEPT - 100), "more": "y" * KEPT}
    key = signing.load_private_key(tenant.merchant_private_key, trusted=True)
    body = signing.envelope(tenant.sys_id, tenant.product_id, data, key)
    post(tenant.base_url, body)
    (call,) = tenant.journal.calls()
    assert (call.reason, call.signature_ok, call.body_cut) == ("CLOSED", True, True)
    assert (call.body_length, call.body_sha256) == (len(body), hashlib.sha256(body).hexdigest())
    assert call.body == body[:KEPT]
    assert tenant.journal.calls(req_seq_id="close-1") == [call]


def test_a_call_tells_how_it_was_answered_and_how_long_that_took(tenant: huifu_mock.Tenant) -> None:
    body = closing(tenant)
    with connected(tenant.base_url) as connection:
        for _ in range(2):
            connection.sendall(head(tenant.base_url, [("Content-Length", str(len(body)))]) + body)
            received(connection)
        port = connection.getsockname()[1]
    first, second = tenant.journal.calls()
    assert (first.status, first.replay, first.peer_host, first.peer_port, first.method, first.unmatched) == (
        200, False, "127.0.0.1", port, "POST", None,
    )  # fmt: skip
    assert (second.replay, second.peer_host, second.peer_port) == (True, "127.0.0.1", port)
    assert first.duration_ms is not None
    assert first.duration_ms > 0
    assert tenant.journal.calls(replay=True) == [second]
    tenant.patch(bad_signature="http-922")
    post(tenant.base_url, body.replace(b'"sign":"', b'"sign":"A'))
    assert [call.status for call in tenant.journal.calls(status=922)] == [922]


def test_a_long_journal_is_told_in_pages(tenant: huifu_mock.Tenant, server: huifu_mock.Server) -> None:
    for number in range(5):
        post(tenant.base_url, closing(tenant, f"close-{number}"))
    told = server.link.ask("GET", f"/_mock/tenants/{tenant.sys_id}/journal", query={"limit": 2})
    assert [one["data"]["req_seq_id"] for one in told["items"]] == ["close-0", "close-1"]
    assert told["next"] == told["items"][1]["id"]
    rest = server.link.ask("GET", f"/_mock/tenants/{tenant.sys_id}/journal", query={"after": told["next"]})
    assert [one["data"]["req_seq_id"] for one in rest["items"]] == ["close-2", "close-3", "close-4"]
    assert rest["next"] is None
    assert len(tenant.journal.calls(limit=2)) == 5


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"limit": 10**6}, "limit"),
        ({"after": "call-"}, "after"),
        ({"after": "7"}, "call-17"),
        ({"replay": "perhaps"}, "true, false"),
        ({"unmatched": "maybe"}, "path, method"),
    ],
)
def test_a_wrong_filter_is_refused_with_what_is_right(
    query: dict[str, Any], says: str, tenant: huifu_mock.Tenant, server: huifu_mock.Server
) -> None:
    with pytest.raises(huifu_mock.ControlError, match=says) as refused:
        server.link.ask("GET", f"/_mock/tenants/{tenant.sys_id}/journal", query=query)
    assert refused.value.status == 422


def test_clearing_forgets_calls_and_drops_but_never_uses_an_id_twice(tenant: huifu_mock.Tenant) -> None:
    post(tenant.base_url, closing(tenant))
    (call,) = tenant.journal.calls()
    tenant.journal.clear()
    assert (tenant.journal.calls(), tenant.journal.dropped) == ([], 0)
    post(tenant.base_url, closing(tenant, "close-2"))
    assert tenant.journal.calls()[0].id != call.id


def test_tenants_do_not_see_each_others_calls(server: huifu_mock.Server, tenant: huifu_mock.Tenant) -> None:
    other = server.tenant()
    post(tenant.base_url, closing(tenant))
    post(tenant.base_url, closing(other))
    assert [call.data["huifu_id"] for call in tenant.journal.calls() if call.data] == [tenant.huifu_id]
    assert [call.data["huifu_id"] for call in other.journal.calls() if call.data] == [other.huifu_id]
    other.drop()


def test_no_key_is_ever_in_it(tenant: huifu_mock.Tenant) -> None:
    tenant.clock.auto()
    post(tenant.base_url, closing(tenant))
    post(tenant.base_url, closing(tenant, "close-2").replace(b'"sign":"', b'"sign":"A'))
    told = json.dumps([[*map(str, (call, call.body, call.explanation))] for call in tenant.journal.calls()])
    private = tenant.merchant_private_key
    assert not any(private[i : i + 60] in told for i in range(40, len(private) - 60, 40))
    assert tenant.webhook_key not in told


def test_waiting_returns_at_once_for_a_call_that_was_there(tenant: huifu_mock.Tenant) -> None:
    post(tenant.base_url, closing(tenant))
    assert tenant.journal.wait_for(req_seq_id="close-1").reason == "CLOSED"


def test_waiting_ends_when_the_call_comes(tenant: huifu_mock.Tenant) -> None:
    body = closing(tenant, "awaited")
    sender = threading.Timer(0.05, post, (tenant.base_url, body))
    sender.start()
    assert tenant.journal.wait_for(timeout=30, req_seq_id="awaited").resp_code == "00000000"
    sender.join()


def test_waiting_in_vain_ends_with_an_error_that_says_for_what(tenant: huifu_mock.Tenant) -> None:
    with pytest.raises(TimeoutError, match="never"):
        tenant.journal.wait_for(timeout=0.01, req_seq_id="never")


async def test_many_may_wait_and_none_stays_behind() -> None:
    desk = Desk()
    journal = desk.tenant.journal
    waiting = [asyncio.create_task(journal.wait(lambda entry: True, 30)) for _ in range(5)]
    gone = asyncio.create_task(journal.wait(lambda entry: False, 30))
    await asyncio.sleep(0)  # noqa: TID251 # lets the loop turn; no time passes
    gone.cancel()
    desk.send(b"{")
    await asyncio.gather(*waiting)
    await asyncio.gather(gone, return_exceptions=True)
    assert journal._waiters._waiting == []


def test_a_reply_that_nobody_waited_for_is_shown_all_the_same(desk: Desk) -> None:
    """A client that left before its answer was signed: the journal signs it when somebody looks."""
    desk.mock.gateway.receive(ENDPOINT, ReceivedBytes(desk.body(desk.data(desk.order()))))
    assert opened(desk.told()[0]["response"].encode())["resp_code"] == "00000000"
