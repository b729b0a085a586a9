"""The control API does bounded work in the event loop, whatever it is sent and however much it keeps."""

import asyncio
import gc
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wired import post

import huifu_mock
from huifu_mock import explain, json_limits
from huifu_mock.client.transport import path
from huifu_mock.gateway.mock import Refused, check
from huifu_mock.http.control import json_bodies, route
from huifu_mock.http.control.orders import one_of
from huifu_mock.http.control.router import ROUTES
from huifu_mock.request import CLOSE, ReceivedBytes
from huifu_mock.state.journal import Entry, Journal
from huifu_mock.state.orders import OrderTable

FAULTS = next(one for one in ROUTES if one.method == "POST" and one.template.endswith("/faults"))


async def at_once(work: Callable[[], Any]) -> Any:
    """In place of a thread."""
    return work()


def read(body: bytes) -> Any:
    return asyncio.run(json_bodies.read(FAULTS, body, at_once))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.one_of(JSON.map(json.dumps), JSON.map(lambda value: json.dumps(value, ensure_ascii=False)), st.text()))
def test_a_long_body_is_read_exactly_as_a_short_one(text: str) -> None:
    body = text.encode(errors="replace")
    told = []
    for short in (len(body), -1):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(json_bodies, "SHORT", short)
            try:
                told.append(json.dumps(read(body)))
            except Refused as refused:
                told.append(refused.status)
    assert told[0] == told[1]


@given(JSON, st.text(" \t\n\r", min_size=1, max_size=9), st.integers(1, 9))
def test_white_space_is_skipped_however_long_it_is(value: Any, space: str, piece: int) -> None:
    text = space + json.dumps(value, indent=space, separators=(space + "," + space, space + ":" + space)) + space
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_limits, "LONGEST", piece)
        patch.setattr(json_bodies, "SHORT", -1)
        assert json.dumps(read(text.encode())) == json.dumps(json.loads(text))


@pytest.mark.parametrize("number", ["1" * 4301, "-" + "1" * 4300, "1." + "0" * 4300, "1e" + "0" * 70_000])
@pytest.mark.parametrize("written", ["%s", '{"seconds":%s}', "[1,%s]"])
def test_a_number_that_would_hold_up_everybody_is_refused(number: str, written: str) -> None:
    body = (written % number).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_bodies, "SHORT", -1)
        at = f"is not JSON: a number of more than 4,300 characters at character {body.index(number.encode())}"
        with pytest.raises(Refused, match=at):
            read(body)
        assert read((written % ("1" * 4300)).encode()) == json.loads(written % ("1" * 4300))


def test_nothing_of_a_long_request_stays_after_its_answer(tenant: huifu_mock.Tenant) -> None:
    """Not until the collector comes: it comes seldom, and a hundred such requests are a gigabyte."""
    members = ",".join(f'"m{i}":"{"x" * 60_000}"' for i in range(20))
    body = f'{{"sys_id":"{tenant.sys_id}","product_id":"MCS","sign":"{"A" * 344}","data":{{{members}}}}}'.encode()
    gc.collect()
    gc.disable()
    try:
        assert json.loads(post(tenant.base_url, body, target=CLOSE.path).body)["data"]["resp_code"] == "10000000"
        for _ in range(100):  # until the connection has ended at the server's side too
            if not any(isinstance(one, ReceivedBytes) and len(one.body) == len(body) for one in gc.get_objects()):
                return
            assert post(tenant.base_url, b"", target=CLOSE.path).status == 200
    finally:
        gc.enable()
    pytest.fail("the request is still there")


@pytest.mark.parametrize("text", ['{"a": "\\ud800"}', '{"\\udc00": 1}', "[1,", '"\\x"', "[" * 5000])
def test_what_is_no_text_or_no_json_is_refused_however_long_it_is(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for short in (10**6, -1):
        monkeypatch.setattr(json_bodies, "SHORT", short)
        with pytest.raises(Refused, match="the body: is not JSON"):
            read(text.encode())


@given(st.lists(JSON, max_size=6), st.dictionaries(st.text(), JSON, max_size=3))
def test_a_long_list_is_written_exactly_as_a_short_one(items: list[Any], more: dict[str, Any]) -> None:
    for value in (items, {"items": items, **more}, {**more, "items": items}, {"next": None}, None):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(json_bodies, "FEW", -1)
            long = asyncio.run(json_bodies.written(value))
        assert long == json.dumps(value, ensure_ascii=False).encode(errors="replace")


def test_more_values_than_a_route_takes_are_refused_before_they_are_read(
    tenant: huifu_mock.Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_bodies, "_in_turns", None)
    answer = post(
        tenant.base_url, b"[" + b",".join([b"1"] * 100_001) + b"]", target=path("tenants", tenant.sys_id, "faults")
    )
    assert answer.status == 422
    assert "the body: holds more than 100,000 values" in json.loads(answer.body)["detail"]


def test_a_long_body_is_read_by_the_worker(tenant: huifu_mock.Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[str] = []
    read_in_turns = json_bodies._in_turns

    def watched(body: bytes) -> Any:
        threads.append(threading.current_thread().name)
        return read_in_turns(body)

    monkeypatch.setattr(json_bodies, "_in_turns", watched)
    orders = [{"req_seq_id": f"order-{i}", "notify_url": f"http://127.0.0.1:9/{'x' * 60}"} for i in range(700)]
    answer = post(tenant.base_url, json.dumps(orders).encode(), target=path("tenants", tenant.sys_id, "orders"))
    assert answer.status == 201
    assert [order["req_seq_id"] for order in json.loads(answer.body)] == [order["req_seq_id"] for order in orders]
    assert [name.rpartition("_")[0] for name in threads] == ["huifu-mock worker"]


@pytest.mark.parametrize(
    "long", [{"do": {"fault": "x" * 10**6}}, {"x" * 10**6: 1}, {"match": {"session": ["x" * 10**6]}}]
)
def test_a_complaint_quotes_no_long_text(long: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        check("control/fault-create", long)
    assert len(str(refused.value)) < 200_000
    with pytest.raises(Refused) as short:
        check("control/fault-create", json.loads(json.dumps(long).replace("x" * 10**6, "x" * 70_000)))
    assert [one.field for one in refused.value.problems] == [one.field for one in short.value.problems]


# --- turns for everybody else


async def test_a_turn_is_given_as_soon_as_the_work_has_taken_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    went_on = []
    asyncio.get_running_loop().call_soon(went_on.append, "the others")
    turns = route.Turns()
    await turns.give()
    assert went_on == []
    monkeypatch.setattr(route, "TURN", -1.0)
    await turns.give()
    assert went_on == ["the others"]


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One for each time that the others may have a turn."""
    offered: list[int] = []

    async def give(_: route.Turns) -> None:
        offered.append(1)

    monkeypatch.setattr(route.Turns, "give", give)
    return offered


QUERIES = ("q=never", "org_req_seq_id=never", "reason=CLOSED", "sort=newest&q=never")


@pytest.mark.parametrize("query", QUERIES)
def test_a_search_of_the_journal_gives_a_turn_for_each_entry_that_it_looks_at(
    query: str, turns: list[int], tenant: huifu_mock.Tenant
) -> None:
    for number in range(30):
        post(tenant.base_url, f'{{"sys_id":"{tenant.sys_id}"}}'.encode() + b" " * number)
    del turns[:]
    assert tenant.journal.calls(**dict(part.split("=") for part in query.split("&"))) == []
    assert len(turns) >= 30


def test_a_search_ends_with_the_page(turns: list[int], server: huifu_mock.Server) -> None:
    for _ in range(30):
        post(server.base_url, b"{}")
    del turns[:]
    link = server.default._link
    found = link.ask("GET", path("tenants", server.default.sys_id, "journal"), query={"sort": "newest", "limit": 2})
    assert len(found["items"]) == 2
    assert len(turns) <= 2 + 1 + 2  # two that are told, one to see that there are more, and writing the two


def test_lists_and_many_seeds_give_turns(turns: list[int], tenant: huifu_mock.Tenant) -> None:
    tenant.orders.add_many([{}] * 20)
    assert len(turns) >= 40  # each is made, and told
    del turns[:]
    assert tenant.orders.list(trans_stat="S") == []
    assert len(turns) >= 20


def test_a_capsule_gives_a_turn_for_each_thing_in_it(turns: list[int], tenant: huifu_mock.Tenant) -> None:
    tenant.orders.add_many([{}] * 20)
    post(tenant.base_url, f'{{"sys_id":"{tenant.sys_id}"}}'.encode())
    del turns[:]
    made = tenant.capsule()["tenant"]
    assert len(turns) == len(made["orders"]) + len(made["calls"]) == 21


async def test_a_wait_looks_only_at_what_came_after_the_search() -> None:
    journal, seen = Journal(), list[int]()

    def wanted(entry: Entry) -> bool:
        seen.append(entry.number)
        return entry.number == 5

    for _ in range(5):
        number = journal.next_number()
        journal.add(Entry(number, None, CLOSE, ReceivedBytes(b"")))  # type: ignore[arg-type]  # nobody asks when it came
    await journal.wait(wanted, 30, after=3)
    assert seen == [5]


def test_an_order_is_found_by_its_number_without_looking_at_others(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = desk.order(req_seq_id="same", req_date="20260101"), desk.order(req_seq_id="same", req_date="20260102")
    monkeypatch.setattr(desk.tenant.orders, "orders", None)
    assert one_of(desk.tenant, "same", {"req_date": "20260102"}) == other
    with pytest.raises(Refused, match="names 2 orders"):
        one_of(desk.tenant, "same", {})
    third = desk.order(req_seq_id="same", req_date="20260103")
    assert desk.tenant.orders.numbered("same") == [one, other, third]
    desk.tenant.orders.clear()
    assert desk.tenant.orders.numbered("same") == []


def test_an_order_that_was_forgotten_is_not_found_by_its_number(desk: Any) -> None:
    one, other = desk.order(req_seq_id="same", req_date="20260101"), desk.order(req_seq_id="same", req_date="20260102")
    for asked_before in (False, True):
        table = OrderTable(most_final=0)
        table.add([one, other])
        assert not asked_before or table.numbered("same") == [one, other]
        table.save(replace(one, trans_stat="S"))
        assert table.numbered("same") == [other]
        table.save(replace(other, trans_stat="F"))
        assert table.numbered("same") == []


# --- the explainer


def test_the_explainer_is_loaded_in_a_thread_and_until_then_a_wrong_signature_waits_for_the_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threads: list[str] = []
    examined = explain.examined

    def watched(*given: Any, **more: Any) -> Any:
        threads.append(threading.current_thread().name.rpartition("_")[0])
        return examined(*given, **more)

    monkeypatch.setattr(explain, "examined", watched)
    monkeypatch.setattr(explain, "is_loaded", lambda: False)
    body = b'{"sys_id":"6666000108854952","product_id":"MCS","sign":"AAAA","data":{"a":"1"}}'
    with huifu_mock.Server() as server:
        answer = post(server.base_url, body)
        assert server.default.journal.calls()[-1].explanation["mistakes"] != ["unknown"]
    assert threads == ["huifu-mock worker"]
    assert "not every way of signing was tried" not in answer.headers["huifu-mock-hint"]


def test_nothing_is_left_to_be_imported_once_the_explainer_is_loaded() -> None:
    explain.load()
    assert explain.is_loaded()
