"""Capsules and forks: a tenant with everything that is its own, made again elsewhere."""

import asyncio
import json
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from desk import Desk
from hypothesis import given
from hypothesis import strategies as st

import huifu_mock
from huifu_mock.gateway.mock import Mock, Refused
from huifu_mock.http.control import router
from huifu_mock.request import CLOSE, ReceivedBytes
from huifu_mock.schemas import schema
from huifu_mock.store import capsule

FAULTS = (
    {"do": {"answer": "98888888"}, "match": {"nth": 2}},
    {"do": {"fault": "sign-garbage"}, "times": 3, "probability": 0.5, "seed": 7},
    {"do": {"race": "pay", "at": "before_settle"}},
)


def ask(mock: Mock, method: str, path: str, body: Any = None, **query: str) -> Any:
    told = asyncio.run(router.dispatch(mock, "", method, f"/_mock/tenants{path}", query=query, body=body or {}))
    assert told.status < 300, told.body
    return told.body


def busy() -> Desk:
    """A desk whose tenant has something of everything."""
    desk = Desk()
    one = f"/{desk.tenant.sys_id}"
    ask(desk.mock, "POST", f"{one}/webhooks", {"url": "http://127.0.0.1:1/hook"})
    desk.close(desk.order(notify_url="http://127.0.0.1:1/notify"))
    desk.close(desk.order(settle="processing", settle_seconds=30))
    desk.close(desk.order(settle="refused"))
    desk.close()
    desk.send(b"\xff\xfe no JSON", b"X-Odd: \xe9")
    ask(desk.mock, "PATCH", f"{one}/orders/{desk.order().req_seq_id}", {"trans_stat": "S", "after_seconds": 40})
    desk.order(time_expire=f"{desk.tenant.clock.now():%Y}1231235959")
    for fault in FAULTS:
        ask(desk.mock, "POST", f"{one}/faults", fault)
    return desk


def without_keys(made: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in made.items() if name != "keys"}


def test_a_capsule_is_valid_json_by_its_schema() -> None:
    made = json.loads(json.dumps(capsule.of(busy().tenant, keys=True), allow_nan=False))
    assert list(schema("capsule/capsule").problems(made)) == []


def test_private_keys_are_in_a_capsule_only_if_they_are_asked_for() -> None:
    desk = busy()
    path = f"/{desk.tenant.sys_id}/capsule"
    assert "PRIVATE" not in json.dumps(ask(desk.mock, "GET", path))
    assert "keys" not in ask(desk.mock, "GET", path)
    assert ask(desk.mock, "GET", path, keys="true")["keys"]["merchant_private_key"]


def test_a_tenant_from_a_capsule_makes_the_same_capsule() -> None:
    desk = busy()
    made = json.loads(json.dumps(capsule.of(desk.tenant, keys=True)))
    other = Mock([])
    told = ask(other, "POST", "", {"capsule": made, "sys_id": "copy"})
    copy = other.gateway.tenant(told["sys_id"])
    assert copy is not None
    again = json.loads(json.dumps(capsule.of(copy, keys=True)))
    began = {one["number"]: one["began_at"] for one in again["tenant"]["deliveries"]}
    for delivery in made["tenant"]["deliveries"]:  # what was under way is under way again
        delivery["began_at"] = delivery["began_at"] or began[delivery["number"]]
    assert again == {**made, "tenant": {**made["tenant"], "sys_id": "copy"}}


def test_a_capsule_of_a_version_that_knew_no_names_and_kept_the_ports_of_clients_alone_is_taken() -> None:
    desk = Desk()
    sent = ReceivedBytes(desk.body(desk.data()), peer=("127.0.0.1", 51234))
    desk.mock.gateway.receive(CLOSE, sent)
    ask(desk.mock, "PATCH", f"/{desk.tenant.sys_id}", {"name": "orders team"})
    made = json.loads(json.dumps(capsule.of(desk.tenant)))
    assert made["tenant"]["calls"][0].pop("peer_host") == "127.0.0.1"
    assert [made["tenant"][one].pop("name") for one in ("settings", "made_with")] == ["orders team", ""]
    ask(desk.mock, "POST", "", {"capsule": made, "sys_id": "copy"})
    told = ask(desk.mock, "GET", "/copy/journal/call-1")
    assert (told["peer_host"], told["peer_port"]) == (None, 51234)
    assert ask(desk.mock, "GET", "/copy")["name"] == ""


def test_a_fork_goes_on_alone_and_closes_settle_in_both() -> None:
    desk = busy()
    one = f"/{desk.tenant.sys_id}"
    forked = desk.mock.gateway.tenant(ask(desk.mock, "POST", f"{one}/fork")["sys_id"])
    assert forked is not None
    before = capsule.of(desk.tenant)
    forked.clock.advance(60)
    assert capsule.of(desk.tenant) == before
    desk.tenant.clock.advance(60)
    states = [(order.key, order.trans_stat, order.close_stat) for order in desk.tenant.orders.orders()]
    assert [(order.key, order.trans_stat, order.close_stat) for order in forked.orders.orders()] == states
    assert ("S", "") in {state[1:] for state in states}, "the planned payment came"


def test_a_fork_makes_the_same_capsule_and_shares_what_never_changes() -> None:
    desk = busy()
    fork = capsule.fork(desk.mock, desk.tenant, "fork")
    made, origin = capsule.of(fork)["tenant"], capsule.of(desk.tenant)["tenant"]
    for delivery in (*made["deliveries"], *origin["deliveries"]):  # what was under way is under way again
        delivery["began_at"] = None
    assert made == {**origin, "sys_id": "fork"}
    for order in desk.tenant.orders.orders():
        assert fork.orders.get(order.key) is order
    entries = zip(desk.tenant.journal, fork.journal, strict=True)
    assert all(one is not two and one.sent is two.sent for one, two in entries)
    assert fork.journal.held == desk.tenant.journal.held > 0
    desk.mock.drop("fork")
    assert desk.mock.room.held == desk.tenant.journal.held


def test_a_repeat_is_answered_with_the_same_bytes_by_a_fork_and_by_a_copy() -> None:
    desk = Desk()
    body = desk.body(desk.data(desk.order()))
    first = desk.send(body).raw
    made = json.loads(json.dumps(capsule.of(desk.tenant)))
    fork = ask(desk.mock, "POST", f"/{desk.tenant.sys_id}/fork", {"sys_id": "fork"})
    assert fork["merchant_private_key"]
    renamed = body.replace(desk.tenant.sys_id.encode(), b"fork", 1)
    assert desk.mock.gateway.receive(CLOSE, ReceivedBytes(renamed)).payload() == first
    other = Mock([])
    other.drop(desk.tenant.sys_id)
    ask(other, "POST", "", {"capsule": made})
    assert other.gateway.receive(CLOSE, ReceivedBytes(body)).payload() == first


def test_a_fork_has_the_name_of_its_tenant_or_one_of_its_own_also_after_a_reset() -> None:
    desk = Desk()
    one = f"/{desk.tenant.sys_id}"
    ask(desk.mock, "PATCH", one, {"name": "orders team"})
    assert ask(desk.mock, "POST", f"{one}/fork")["name"] == "orders team"
    assert ask(desk.mock, "POST", f"{one}/fork", {"sys_id": "own", "name": "one test"})["name"] == "one test"
    ask(desk.mock, "POST", "/own/reset", {})
    assert ask(desk.mock, "GET", "/own")["name"] == "one test"
    assert ask(desk.mock, "GET", one)["name"] == "orders team"


def test_dropping_a_fork_does_not_lend_its_key_to_a_stranger() -> None:
    mock = Mock([])
    tenant = mock.tenant({"key_bits": 1024})
    fork = capsule.fork(mock, tenant)
    mock.drop(fork.sys_id)
    assert mock.tenant({"key_bits": 1024}).merchant_private_key is not tenant.merchant_private_key


def test_a_capsule_whose_sys_id_is_taken_is_refused_with_the_way_out() -> None:
    desk = Desk()
    path = "/_mock/tenants"
    body = {"capsule": json.loads(json.dumps(capsule.of(desk.tenant)))}
    told = asyncio.run(router.dispatch(desk.mock, "", "POST", path, query={}, body=body))
    assert (told.status, "give the copy another" in told.body["detail"]) == (409, True)


@pytest.mark.parametrize("with_capsule", [False, True])
def test_the_store_is_asked_by_the_event_loop_alone_while_a_tenant_is_made(
    with_capsule: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store has one connection: two threads that use it at once break it."""
    mock, threads = Mock([]), set()
    store = mock.gateway.store

    def watched(ask: Callable[[Any], Any], given: Any) -> Any:
        threads.add(threading.current_thread())
        return ask(given)

    monkeypatch.setattr(store, "find", partial(watched, store.find))
    monkeypatch.setattr(store, "add", partial(watched, store.add))
    body = {"capsule": capsule.of(busy().tenant), "sys_id": "made"} if with_capsule else {"sys_id": "made"}
    assert ask(mock, "POST", "", json.loads(json.dumps(body)))["sys_id"] == "made"
    assert threads == {threading.current_thread()}


def test_a_capsule_of_a_later_format_is_refused_by_name() -> None:
    body = {"capsule": {"capsule": 2, "version": "99.0", "tenant": {}}}
    told = asyncio.run(router.dispatch(Mock([]), "", "POST", "/_mock/tenants", query={}, body=body))
    assert told.status == 422
    assert "format 2" in told.body["detail"]
    assert "99.0" in told.body["detail"]


WHOLE = json.dumps(capsule.of(busy().tenant, keys=True))


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for name, part in inner for place in places(part, (*path, name)))]


PLACES = places(json.loads(WHOLE))[1:]


@given(place=st.sampled_from(PLACES), value=st.sampled_from([None, "", "x", -1, 1e300, [], {}, True, "2026-13-01"]))
def test_a_capsule_that_was_tampered_with_is_taken_or_refused_with_words(place: tuple[Any, ...], value: Any) -> None:
    body = json.loads(WHOLE)
    part = body
    for name in place[:-1]:
        part = part[name]
    part[place[-1]] = value
    mock = Mock([])
    told = asyncio.run(
        router.dispatch(mock, "", "POST", "/_mock/tenants", query={}, body={"capsule": body, "sys_id": "t"})
    )
    assert told.status in (201, 422), told.body
    if told.status == 422:
        assert mock.gateway.tenant("t") is None
        assert told.body["errors"][0]["expected"]


@given(place=st.sampled_from(PLACES), value=st.sampled_from([None, "", -1, [], {}]))
def test_a_long_capsule_is_checked_some_things_at_a_time_with_the_same_complaints(
    place: tuple[Any, ...], value: Any
) -> None:
    body = json.loads(WHOLE)
    part = body
    for name in place[:-1]:
        part = part[name]
    part[place[-1]] = value
    told = []
    for some in (1000, 1):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(capsule, "SOME", some)
            try:
                told.append(capsule._check(body))
            except Refused as refused:
                told.append(str(refused))
    assert told[0] == told[1]


@pytest.mark.parametrize("keys", [False, True])
def test_python_tests_fork_and_save_tenants_too(server: huifu_mock.Server, keys: bool) -> None:
    with server.tenant() as tenant:
        order = tenant.orders.add()
        with tenant.fork() as fork:
            assert fork.orders.get(order.req_seq_id).trans_stat == "P"
        made = tenant.capsule(keys=keys)
        with server.from_capsule(made, sys_id="from-a-capsule") as copy:
            assert copy.orders.get(order.req_seq_id).hf_seq_id == order.hf_seq_id
            assert (copy.merchant_private_key is None) == (not keys)
