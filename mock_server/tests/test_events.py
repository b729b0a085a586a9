"""Live events: what happens to a tenant is told to whoever watches, in order, without loss, and without waiting."""

import asyncio
import json
import logging
from dataclasses import replace
from typing import Any

import pytest
from desk import Desk
from merchant import Merchant
from postbox import Mailbox, Said
from rawclient import told
from test_page import get
from test_schemas import validator
from watching import Event, Watch

import huifu_mock
from huifu_mock.gateway.mock import Mock, seed
from huifu_mock.http import event_stream
from huifu_mock.http.control import events
from huifu_mock.http.control.route import ControlRequest, ControlResponse
from huifu_mock.http.event_stream import Behind, Broadcast, EventStreams
from huifu_mock.state.work import Unkept


@pytest.fixture
def watch(server: huifu_mock.Server, tenant: huifu_mock.Tenant) -> Any:
    with Watch(server.base_url, tenant.sys_id) as reader:
        yield reader


# --- what is told


def test_the_first_event_says_who_is_watched_and_what_time_it_is(watch: Watch, tenant: huifu_mock.Tenant) -> None:
    assert watch.response.status == 200
    assert watch.response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert watch.response.headers["Cache-Control"] == "no-store"
    assert (watch.ready.kind, watch.ready.data["resumed"]) == ("ready", False)
    assert watch.ready.data["tenant"]["sys_id"] == tenant.sys_id
    assert watch.ready.data["clock"] == {"now": tenant.clock.now().isoformat(), "mode": "frozen"}
    assert watch.ready.id


def test_a_close_is_told_as_a_call_and_as_a_change_of_its_order(watch: Watch, merchant: Merchant) -> None:
    order = merchant.tenant.orders.add()
    assert watch.next("order", req_seq_id=order.req_seq_id)["trans_stat"] == "P"
    merchant.close(order)
    told = watch.until(lambda event: event.kind == "call")
    closed, call = told[0].data, told[-1].data
    assert (closed["trans_stat"], closed["close_stat"]) == ("F", "S")
    assert (call["endpoint"], call["org_req_seq_id"], call["resp_code"]) == ("close", order.req_seq_id, "00000000")
    assert (call["signature_ok"], call["refused"], call["says"]) == (True, False, None)
    validator("control/order.json").validate(closed)


def test_a_refused_call_says_in_both_languages_what_would_have_succeeded(watch: Watch, merchant: Merchant) -> None:
    merchant.close(merchant.tenant.orders.add(age_seconds=10))
    call = watch.next("call")
    assert (call["reason"], call["refused"]) == ("TOO_YOUNG", True)
    assert call["says"]["en"].startswith("wait 50 s")
    assert call["says"]["zh"].startswith("等待 50 秒")


def test_a_call_in_an_event_is_the_one_in_the_list_and_both_fit_the_schema(watch: Watch, merchant: Merchant) -> None:
    merchant.close(merchant.tenant.orders.add())
    call = watch.next("call")
    validator("control/call-summary.json").validate(call)


@pytest.mark.parametrize(("code", "stat"), [("00000000", "F"), ("00000000", "P"), ("98888888", "F")])
def test_a_call_in_one_line_tells_the_trans_stat_of_its_answer(
    code: str, stat: str, watch: Watch, merchant: Merchant
) -> None:
    merchant.tenant.faults.add(answer=code, trans_stat=stat)
    answered = merchant.close(merchant.tenant.orders.add())
    call = watch.next("call")
    assert (call["resp_code"], call["trans_stat"]) == (code, stat) == (answered["resp_code"], answered["trans_stat"])


@pytest.mark.parametrize(
    "content", ["<html>", "7", "[]", "{}", '{"data":[]}', '{"data":{"trans_stat":1}}', "[" * 100_000]
)
def test_a_call_without_an_answer_that_can_be_read_has_no_trans_stat(
    content: str, watch: Watch, merchant: Merchant
) -> None:
    merchant.tenant.faults.add(fault="other-body", content=content)
    told(merchant.tenant)
    assert watch.next("call")["trans_stat"] is None
    assert [call["trans_stat"] for call in merchant.tenant.journal.entries()] == [None]


def test_a_clock_that_moves_is_told_with_how_far(watch: Watch, tenant: huifu_mock.Tenant) -> None:
    tenant.clock.advance(61)
    moved = watch.next("clock")
    assert (moved["now"], moved["mode"], moved["advanced"]) == (tenant.clock.now().isoformat(), "frozen", 61)
    tenant.clock.run()
    assert watch.next("clock")["mode"] == "running"


def test_who_comes_later_is_told_how_the_clock_was_moved_until_a_reset(
    server: huifu_mock.Server, tenant: huifu_mock.Tenant
) -> None:
    tenant.clock.advance(61)
    moved = tenant.clock.now().isoformat()
    with Watch(server.base_url, tenant.sys_id) as watch:
        assert watch.ready.data["leaps"] == [{"at": moved, "seconds": 61}]
    tenant.reset()
    with Watch(server.base_url, tenant.sys_id) as watch:
        assert watch.ready.data["leaps"] == []


def test_a_fault_is_told_when_it_is_prepared_applied_and_deleted(watch: Watch, merchant: Merchant) -> None:
    with merchant.tenant.faults.add(answer="98888888", times=2) as fault:
        told = watch.next("fault", id=fault.id)
        assert (told["used"], told["left"]) == (0, 2)
        merchant.close(merchant.tenant.orders.add())
        assert watch.next("fault", id=fault.id)["used"] == 1
    assert watch.next("fault", deleted=True) == {"id": fault.id, "deleted": True}


def test_a_delivery_is_told_from_its_first_try_to_its_last_without_its_body(watch: Watch, merchant: Merchant) -> None:
    says = iter([Said(status=500), Said()])
    with Mailbox(lambda _: next(says)) as mailbox:
        webhook = merchant.tenant.webhooks.add(mailbox.hook)
        assert watch.next("webhook")["url"] == mailbox.hook
        merchant.close(merchant.tenant.orders.add())
        failed = watch.until(lambda event: event.kind == "delivery" and event.data["next_at"] is not None)[-1].data
        assert (failed["status"], failed["attempts"][0]["status"]) == ("pending", 500)
        merchant.tenant.clock.freeze(failed["next_at"])  # jump to the next try
        delivered = watch.next("delivery", status="delivered")
    assert [one["status"] for one in delivered["attempts"]] == [500, 200]
    assert "body" not in delivered
    webhook.remove()
    assert watch.next("webhook", deleted=True)["id"] == webhook.id


def test_a_reset_tells_which_lists_are_empty_now(watch: Watch, merchant: Merchant) -> None:
    merchant.close(merchant.tenant.orders.add())
    watch.next("call")
    merchant.tenant.reset()
    told = watch.until(lambda event: event.kind == "tenant")
    emptied = {what for event in told if event.kind == "cleared" for what in event.data["what"]}
    assert emptied == {"calls", "orders", "deliveries", "faults", "webhooks"}
    assert told[-1].data["calls"] == 0


def test_a_changed_tenant_is_told_and_a_dropped_one_ends_the_stream(server: huifu_mock.Server) -> None:
    tenant = server.tenant()
    with Watch(server.base_url, tenant.sys_id) as watch:
        tenant.patch(settle="refused")
        assert watch.next("tenant")["settle"] == "refused"
        tenant.drop()
        assert [event.kind for event in watch] == ["gone"]
    with Watch(server.base_url, tenant.sys_id) as watch:
        assert watch.response.status == 404


# --- what there is already


def test_a_stream_can_begin_with_the_newest_of_each_list_as_the_lists_themselves_tell_them(
    server: huifu_mock.Server, merchant: Merchant
) -> None:
    tenant = merchant.tenant
    with Mailbox() as mailbox, tenant.faults.add(answer="98888888", times=2):
        tenant.webhooks.add(mailbox.hook)
        for _ in range(3):
            merchant.close(tenant.orders.add())
        tenant.deliveries.wait_for(status="delivered")
        with Watch(server.base_url, tenant.sys_id, query="?limit=2") as watch:
            assert watch.ready.id == ""  # who got the lists only goes on from there
            told = next(iter(watch))
            assert (told.kind, bool(told.id)) == ("lists", True)
            newest = "?sort=newest&view=summary&limit=2"
            asked = {"journal": newest, "orders": newest, "deliveries": newest, "faults": "", "webhooks": ""}
            answers = {
                name: json.loads(get(server.base_url, f"/_mock/tenants/{tenant.sys_id}/{name}{query}").body)
                for name, query in asked.items()
            }
            assert told.data == {"calls": answers.pop("journal"), **answers}
            assert [call["id"] for call in told.data["calls"]["items"]] == ["call-3", "call-2"]
            tenant.clock.advance(1)
            assert watch.next("clock")["advanced"] == 1
        with Watch(server.base_url, tenant.sys_id, last=watch.last, query="?limit=2") as again:
            assert again.ready.data["resumed"]
            tenant.clock.advance(2)
            assert [next(iter(again)).kind] == ["clock"]
        with Watch(server.base_url, tenant.sys_id, last="another-1", query="?limit=1") as late:
            assert [next(iter(late)).kind for _ in range(2)] == ["gap", "lists"]


def test_what_changes_while_the_lists_are_gathered_is_told_after_them(
    server: huifu_mock.Server, merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    gathered = events._LISTS["webhooks"]

    async def meanwhile(request: ControlRequest) -> ControlResponse:
        request.tenant.orders.save(
            replace(next(iter(request.tenant.orders.orders())), notify_url="http://127.0.0.1:9/")
        )
        return await gathered(request)

    monkeypatch.setitem(events._LISTS, "webhooks", meanwhile)
    order = merchant.tenant.orders.add()
    with Watch(server.base_url, merchant.tenant.sys_id, query="?limit=1") as watch:
        assert watch.next("lists")["orders"]["items"][0]["notify_url"] == ""
        assert watch.next("order", req_seq_id=order.req_seq_id)["notify_url"] == "http://127.0.0.1:9/"


def test_a_reader_whose_lists_cannot_be_had_is_told_why(
    server: huifu_mock.Server, tenant: huifu_mock.Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unkept(_: ControlRequest) -> ControlResponse:
        raise Unkept("the disk is full")

    monkeypatch.setitem(events._LISTS, "webhooks", unkept)
    with Watch(server.base_url, tenant.sys_id, query="?limit=1") as watch:
        assert watch.ready.data == {"reason": "the disk is full; connect again"}


def test_a_number_of_items_that_is_none_is_refused(server: huifu_mock.Server, tenant: huifu_mock.Tenant) -> None:
    for wrong in ("-1", "201", "many"):
        refused = get(server.base_url, f"/_mock/tenants/{tenant.sys_id}/events?limit={wrong}")
        assert (refused.status, b"it is 0 to 200, and 0 if left out" in refused.body) == (422, True)


def test_no_event_and_no_list_has_a_private_key(server: huifu_mock.Server, merchant: Merchant) -> None:
    tenant = merchant.tenant
    key = tenant.merchant_private_key
    assert key
    assert tenant.merchant_private_key_pem
    with Watch(server.base_url, tenant.sys_id) as watch:
        merchant.close(tenant.orders.add())
        tenant.patch(settle="refused")
        tenant.reset()
        told = [watch.ready, *watch.until(lambda event: event.kind == "tenant" and event.data["settle"] != "refused")]
    listed = tenant._link.ask("GET", "/_mock/tenants")
    row = next(one for one in listed["items"] if one["sys_id"] == tenant.sys_id)
    validator("control/tenants.json").validate(listed)
    assert row["signs"]
    for text in (json.dumps([event.data for event in told]), json.dumps(listed)):
        assert "PRIVATE KEY" not in text
        assert "merchant_private_key" not in text
        assert key not in text


def test_a_head_request_tells_the_headers_and_does_not_wait(server: huifu_mock.Server) -> None:
    found = get(server.base_url, f"/_mock/tenants/{server.default.sys_id}/events", "HEAD")
    assert (found.status, found.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")


def test_a_page_without_the_token_sees_no_events() -> None:
    with huifu_mock.Server(control_token="sesame") as server:
        sys_id = server.default.sys_id
        with Watch(server.base_url, sys_id) as stranger:
            assert stranger.response.status == 401
        with Watch(server.base_url, sys_id, token="sesame") as known:
            assert known.ready.data["tenant"]["sys_id"] == sys_id


def test_a_server_that_stops_lets_its_readers_go() -> None:
    server = huifu_mock.Server().start()
    watch = Watch(server.base_url, server.default.sys_id)
    server.stop()
    assert [event.kind for event in watch] == ["gone"]
    watch.close()


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_reader_that_goes_while_it_connects_is_no_error(
    method: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    serve = EventStreams.serve

    async def left_alone(streams: EventStreams, request: Any, tenant: Any) -> Any:
        request.transport.abort()
        return await serve(streams, request, tenant)

    monkeypatch.setattr(EventStreams, "serve", left_alone)
    with huifu_mock.Server() as server:
        with pytest.raises(ConnectionError):
            get(server.base_url, f"/_mock/tenants/{server.default.sys_id}/events", method)
        assert get(server.base_url, "/_mock/health").status == 200
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


# --- coming back


def test_who_comes_back_gets_all_that_was_missed(server: huifu_mock.Server, tenant: huifu_mock.Tenant) -> None:
    with Watch(server.base_url, tenant.sys_id) as first:
        tenant.orders.add(req_seq_id="a")
        first.next("order", req_seq_id="a")
    for number in ("b", "c"):
        tenant.orders.add(req_seq_id=number)
    with Watch(server.base_url, tenant.sys_id, first.last) as second:
        assert second.ready.data["resumed"] is True
        told = second.until(lambda event: event.data.get("req_seq_id") == "c")
    assert [event.data["req_seq_id"] for event in told] == ["b", "c"]


@pytest.mark.parametrize("last", ["nonsense", "0123abcd-7", "-1", "x-" + "9" * 5000, "0-٣"])
def test_who_comes_back_too_late_is_told_that_something_is_missing(last: str, server: huifu_mock.Server) -> None:
    watch = Watch(server.base_url, server.default.sys_id, last.encode().decode("latin-1"))
    assert watch.ready.data["resumed"] is False
    assert "load the lists anew" in watch.next("gap")["reason"]
    watch.close()


def test_the_last_id_may_stand_in_the_query_too(server: huifu_mock.Server, tenant: huifu_mock.Tenant) -> None:
    with Watch(server.base_url, tenant.sys_id) as first:
        last = first.last
    with Watch(server.base_url, tenant.sys_id, query=f"?last_event_id={last}") as second:
        assert second.ready.data["resumed"] is True


# --- many changes, slow readers, nobody


class Pages:
    """A tenant in this event loop, and its broadcast."""

    def __init__(self) -> None:
        self.desk = Desk()
        self.ended = asyncio.Event()
        self.broadcast = Broadcast(self.desk.tenant, asyncio.get_running_loop(), self.ended.set)

    def orders(self, count: int) -> list[str]:
        bodies = [{"notify_url": "http://127.0.0.1/" + "x" * 200}] * count
        return [order.req_seq_id for order in seed(self.desk.tenant, bodies)]


def parsed(batch: bytes) -> list[Event]:
    found = []
    for block in batch.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "data" in fields:
            found.append(Event(fields["event"], json.loads(fields["data"]), fields.get("id", "")))
    return found


async def test_of_more_than_a_page_can_show_the_latest_are_told_and_the_rest_counted() -> None:
    pages = Pages()
    last, _ = pages.broadcast.enter("")
    numbers = pages.orders(180)
    told = parsed(await pages.broadcast.after(last))
    assert [event.data["req_seq_id"] for event in told if event.kind == "order"] == numbers[-event_stream.MOST :]
    assert told[-1].kind == "skipped"
    assert told[-1].data == {"kind": "order", "count": 180 - event_stream.MOST}
    pages.broadcast.end("the test is over")


@pytest.mark.parametrize(("changes", "pause", "never"), [(180, "FLOOD", "PAUSE"), (1, "PAUSE", "FLOOD")])
async def test_after_more_than_a_page_can_show_the_next_batch_comes_after_the_longer_pause(
    changes: int, pause: str, never: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert event_stream.FLOOD > event_stream.PAUSE
    monkeypatch.setattr(event_stream, pause, 0.0)
    monkeypatch.setattr(event_stream, never, 1e6)
    pages = Pages()
    last, _ = pages.broadcast.enter("")
    pages.orders(changes)
    await pages.broadcast.after(last)
    last = pages.broadcast.last
    [number] = pages.orders(1)
    [told] = parsed(await pages.broadcast.after(last))
    assert told.data["req_seq_id"] == number
    pages.broadcast.end("the test is over")


async def test_what_changes_many_times_within_a_moment_is_told_once_as_it_is_last() -> None:
    pages = Pages()
    last, _ = pages.broadcast.enter("")
    order = pages.desk.order()
    pages.desk.close(order)
    pages.desk.tenant.clock.advance(2)
    pages.desk.tenant.clock.advance(3)
    told = parsed(await pages.broadcast.after(last))
    assert [(event.kind, event.data.get("close_stat")) for event in told] == [
        ("order", "S"), ("call", None), ("clock", None),
    ]  # fmt: skip
    assert told[-1].data["advanced"] == 5
    pages.broadcast.end("the test is over")


async def test_what_was_there_before_a_clear_is_not_told_after_it() -> None:
    pages = Pages()
    last, _ = pages.broadcast.enter("")
    pages.desk.close(pages.desk.order())
    pages.desk.tenant.journal.clear()
    pages.desk.close(pages.desk.order(req_seq_id="later"))
    told = [event for event in parsed(await pages.broadcast.after(last)) if event.kind in ("call", "cleared")]
    assert [event.kind for event in told] == ["cleared", "call"]
    assert told[-1].data["org_req_seq_id"] == "later"
    pages.broadcast.end("the test is over")


async def test_a_reader_that_falls_too_far_behind_is_told_and_the_others_miss_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(event_stream, "REMEMBERED", 20_000)
    pages = Pages()
    slow, _ = pages.broadcast.enter("")
    quick, seen = slow, []
    for _ in range(4):
        pages.orders(10)
        seen += parsed(await pages.broadcast.after(quick))
        quick = pages.broadcast.last
    assert len(seen) == 40
    with pytest.raises(Behind):
        await pages.broadcast.after(slow)
    pages.broadcast.end("the test is over")


async def test_a_reader_who_takes_nothing_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    stuck, blocked = asyncio.Event(), asyncio.Event()
    send = event_stream._send

    async def stalled(response: Any, batch: bytes) -> None:
        if b"stall" in batch and not stuck.is_set():
            stuck.set()
            await blocked.wait()
        await send(response, batch)

    monkeypatch.setattr(event_stream, "_send", stalled)
    async with huifu_mock.Server() as server:
        tenant = await asyncio.to_thread(server.tenant)
        slow = await asyncio.to_thread(Watch, server.base_url, tenant.sys_id)
        await asyncio.to_thread(tenant.orders.add, req_seq_id="stall")
        await stuck.wait()
        quick = await asyncio.to_thread(Watch, server.base_url, tenant.sys_id)
        await asyncio.to_thread(Merchant(tenant).close, tenant.orders.add(req_seq_id="quick"))
        told = await asyncio.to_thread(quick.next, "call")
        assert told["resp_code"] == "00000000"
        blocked.set()
        assert (await asyncio.to_thread(slow.next, "call"))["id"] == told["id"]
        for watch in (slow, quick):
            watch.close()


async def test_when_the_last_reader_has_gone_nothing_is_made_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "LINGER", 0.0)
    pages = Pages()
    pages.broadcast.enter("")
    pages.broadcast.leave()
    await pages.ended.wait()
    assert pages.desk.tenant.feed.listeners == ()


def test_with_nobody_watching_a_change_is_told_to_nobody() -> None:
    mock = Mock()
    assert all(tenant.feed.listeners == () for tenant in mock.gateway)


async def test_a_quiet_stream_gives_signs_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "PING", 0.01)
    pages = Pages()
    last, _ = pages.broadcast.enter("")
    assert await pages.broadcast.after(last) == b": ping\n\n"
    pages.broadcast.end("the test is over")
