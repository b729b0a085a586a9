"""The library: a server in a thread or in a running loop, handles on its tenants, and over HTTP the same."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from desk import opened
from wired import post

import huifu_mock
import ports
from huifu_mock import signing


def closing(tenant: huifu_mock.Tenant, order: huifu_mock.Order, number: str = "close-1") -> bytes:
    """A signed close."""
    key = signing.load_private_key(tenant.merchant_private_key, trusted=True)
    return signing.envelope(tenant.sys_id, tenant.product_id, order.close_params(number), key)


def test_a_server_runs_in_a_thread_until_its_block_ends() -> None:
    with huifu_mock.Server(port=0) as server:
        thread = server._runner._thread  # type: ignore[union-attr]  # it runs
        assert thread is not threading.current_thread()
        tenant = server.default
        assert opened(post(server.base_url, closing(tenant, tenant.orders.get("order-open"))).body)["trans_stat"] == "S"
    assert not thread.is_alive()
    with pytest.raises(ConnectionRefusedError):
        post(server.base_url, b"{}")
    server.stop()


def test_a_server_may_be_started_again_on_the_same_port() -> None:
    server = huifu_mock.Server()
    server.start()
    address = server.base_url
    server.stop()
    server.start()
    assert server.base_url == address
    with ThreadPoolExecutor(4) as pool:
        replies = [*pool.map(lambda _: post(server.base_url, b"{}").status, range(8))]
    server.stop()
    assert replies == [200] * 8


async def test_a_server_runs_in_the_loop_that_is_there() -> None:
    async with huifu_mock.Server(port=0) as server:
        tenant = server.tenant(key_bits=1024)
        order = tenant.orders.add()
        answer = await asyncio.to_thread(post, server.base_url, closing(tenant, order))
        assert tenant.orders.get(order.req_seq_id).close_stat == "S"
        assert [call.resp_code for call in tenant.journal.calls()] == ["00000000"]
        assert answer.status == 200
        from_a_thread = await asyncio.to_thread(tenant.journal.wait_for, req_seq_id="close-1")
        assert from_a_thread.reason == "CLOSED"


async def test_waiting_in_the_servers_own_loop_is_refused_with_what_would_be_right() -> None:
    async with huifu_mock.Server() as server:
        with pytest.raises(RuntimeError, match="to_thread"):
            server.default.journal.wait_for(timeout=5)
        assert server.default.journal.calls() == []


async def test_timers_fire_by_themselves_in_a_running_loop() -> None:
    async with huifu_mock.Server() as server:
        tenant = server.default
        tenant.clock.auto()
        order = tenant.orders.add(settle="processing", settle_seconds=3600)
        await asyncio.to_thread(post, server.base_url, closing(tenant, order))
        for _ in range(100):
            if tenant.orders.get(order.req_seq_id).close_stat == "S":
                break
            await asyncio.sleep(0)  # noqa: TID251 # lets the loop turn; no time passes
        assert tenant.orders.get(order.req_seq_id).close_stat == "S"


def test_two_servers_in_one_process_know_nothing_of_each_other() -> None:
    with huifu_mock.Server() as one, huifu_mock.Server() as other:
        assert one.base_url != other.base_url
        made = one.tenant()
        with pytest.raises(huifu_mock.ControlError) as error:
            other.find(made.sys_id)
        assert error.value.status == 404
        post(one.base_url, closing(one.default, one.default.orders.get("order-open")))
        assert one.default.orders.get("order-open").close_stat == "S"
        assert other.default.orders.get("order-open").close_stat == ""
        assert other.default.journal.calls() == []


def test_a_server_may_begin_with_orders_of_ones_own() -> None:
    with huifu_mock.Server(orders=[{"req_seq_id": "mine", "trans_stat": "S"}]) as server:
        assert [(order.req_seq_id, order.trans_stat) for order in server.default.orders.list()] == [("mine", "S")]


def test_orders_that_cannot_be_are_refused_before_anything_listens() -> None:
    with pytest.raises(ValueError, match=r"settle.*imediate.*immediate"):
        huifu_mock.Server(orders=[{"settle": "imediate"}])


def test_every_handle_does_the_same_over_http(server: huifu_mock.Server) -> None:
    remote = huifu_mock.connect(server.base_url)
    told, same = remote.about(), server.about()
    assert told["bounds"].pop("connections")["now"] == 1  # that of this very question, which is over later
    assert same["bounds"].pop("connections")["now"] <= 1
    assert told == same
    tenant = remote.tenant(settle="processing", key_bits=1024)
    same = server.find(tenant.sys_id)
    assert tenant.credentials() == same.credentials()
    frozen = tenant.clock.freeze()
    assert (same.clock.now(), same.clock.mode) == (frozen, "frozen")
    order = tenant.orders.add(req_seq_id="a", age_seconds=61.5)
    assert same.orders.get("a") == order
    assert len(tenant.orders.add_many([{"req_seq_id": "b"}, {}])) == 2
    post(tenant.base_url, closing(tenant, order))
    assert tenant.journal.calls() == same.journal.calls()
    assert tenant.orders.get("a").closes[0].stat == "P"
    tenant.clock.advance(5)
    assert same.orders.get("a").trans_stat == "F"
    with pytest.raises(huifu_mock.ControlError, match="closed") as error:
        tenant.orders.pay("a")
    assert error.value.status == 409
    assert same.orders.pay("b").trans_stat == "S"
    with tenant.faults.add(answer="98888888") as fault:
        assert (fault.used, fault.left) == (0, 1)
        with pytest.raises(AssertionError, match="98888888"):
            fault.assert_used()
    assert same.faults.list() == []
    tenant.patch(legacy_codes=True)
    assert same.settings()["legacy_codes"] is True
    tenant.reset()
    assert same.orders.list() == []
    tenant.drop()
    with pytest.raises(huifu_mock.ControlError):
        same.settings()


@pytest.mark.parametrize("over_http", [False, True])
@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"age_seconds": "old"}, "age_seconds"),
        ({"agee_seconds": 1}, "agee_seconds"),
        ({"age_seconds": float("nan")}, "age_seconds"),
    ],
)
def test_what_http_refuses_is_refused_in_process_too(
    over_http: bool, fields: dict[str, Any], says: str, server: huifu_mock.Server, tenant: huifu_mock.Tenant
) -> None:
    handle = huifu_mock.connect(server.base_url).find(tenant.sys_id) if over_http else tenant
    with pytest.raises(huifu_mock.ControlError, match=says) as error:
        handle.orders.add(**fields)
    assert error.value.status == 422
    assert error.value.problem["errors"][0]["field"] == says


def test_what_is_no_json_is_refused_by_python(tenant: huifu_mock.Tenant) -> None:
    with pytest.raises(TypeError, match="JSON"):
        tenant.orders.add(age_seconds=object())


def test_nothing_of_the_callers_is_kept(tenant: huifu_mock.Tenant) -> None:
    products = {"MCS": "active"}
    tenant.patch(product_ids=products)
    products["MCS"] = "suspended"
    told = tenant.settings()
    told["huifu_ids"].append("x")
    assert tenant.settings()["product_ids"] == {"MCS": "active"}
    assert tenant.settings()["huifu_ids"] == [tenant.huifu_id]


def test_handles_may_be_used_from_many_threads(tenant: huifu_mock.Tenant) -> None:
    with ThreadPoolExecutor(8) as pool:
        orders = [*pool.map(lambda i: tenant.orders.add(req_seq_id=f"order-{i}"), range(64))]
    assert len({order.hf_seq_id for order in orders}) == len(tenant.orders.list()) == 64


def test_one_sys_id_goes_to_one_of_many_who_ask_at_once(server: huifu_mock.Server) -> None:
    def make(_: int) -> bool:
        try:
            server.tenant(sys_id="wanted", key_bits=1024)
        except huifu_mock.ControlError as error:
            return error.status != 409
        return True

    with ThreadPoolExecutor(8) as pool:
        assert [*pool.map(make, range(8))].count(True) == 1
    server.find("wanted").drop()


def test_a_dropped_tenants_key_is_lent_again_to_another_sys_id(server: huifu_mock.Server) -> None:
    first = server.tenant(key_bits=1024)
    first.drop()
    second = server.tenant(key_bits=1024)
    assert second.sys_id != first.sys_id
    living = server.tenant(key_bits=1024)
    assert living.merchant_private_key != second.merchant_private_key
    for tenant in (second, living):
        tenant.drop()


@pytest.mark.parametrize("base_url", ["127.0.0.1:8080", "https://api.huifu.com", "http://", ""])
def test_an_address_that_is_none_is_refused(base_url: str) -> None:
    with pytest.raises(ValueError, match=r"http://127\.0\.0\.1:8080 is one"):
        huifu_mock.connect(base_url)


def test_nothing_listening_is_told_with_what_would_be_right() -> None:
    holder, port = ports.held()
    with holder, pytest.raises(huifu_mock.Unreachable, match="huifu-mock serve"):
        huifu_mock.connect(f"http://127.0.0.1:{port}")


def test_the_public_names_are_there_and_no_other() -> None:
    for name in huifu_mock.__all__:
        assert getattr(huifu_mock, name).__module__.startswith("huifu_mock")
    assert dir(huifu_mock) == sorted([*huifu_mock.__all__, "__version__"])  # what a prompt completes
    misspelt = "Serverr"
    with pytest.raises(AttributeError, match=misspelt):
        getattr(huifu_mock, misspelt)


def test_a_call_that_still_waits_when_the_server_stops_says_that_it_was_stopped() -> None:
    server = huifu_mock.Server().start()
    tenant = server.tenant()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(tenant.journal.wait_for, timeout=600, req_seq_id="never")
        here = server.mock.gateway.tenant(tenant.sys_id)
        assert here is not None
        while not here.journal.waiting:
            tenant.clock.now()
        server.stop()
        with pytest.raises(huifu_mock.Unreachable, match="the server was stopped"):
            waiting.result()


def test_a_clock_and_a_fault_show_their_state_and_a_gone_one_says_so(tenant: huifu_mock.Tenant) -> None:
    at = tenant.clock.freeze()
    assert repr(tenant.clock) == f"<Clock frozen at {at.isoformat()}>"
    with tenant.faults.add(fault="delay", seconds=0, match={"org_req_seq_id": "order-1"}, times=2) as fault:
        what = '{"fault": "delay", "seconds": 0} for {"org_req_seq_id": "order-1"}'
        shown = f"<Fault {fault.id} {what}: used 0, left 2"
        assert repr(fault) == f"{shown}>"
        post(tenant.base_url, closing(tenant, tenant.orders.add(req_seq_id="order-1")))
        used = shown.replace("used 0, left 2", "used 1, left 1")
        assert repr(fault) == f"{used}>"
    assert repr(fault) == f"{used}, deleted>"
    tenant.drop()
    assert f"there is no tenant {tenant.sys_id}" in repr(tenant.clock)
