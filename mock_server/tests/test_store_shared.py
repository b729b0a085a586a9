"""Several gateways over one PostgreSQL: whichever is asked, it knows what the others did, and one close wins."""

import asyncio
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from databases import BEGUN, begun, killed
from desk import Desk
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from merchant import CLOSE, Merchant
from postbox import Mailbox, Push, Said
from test_many_racers import post
from test_store_file import Kept, KeptLife, ask, busy, whole
from test_store_fleet import until
from watching import Watch

import huifu_mock
from huifu_mock import signing
from huifu_mock.client.transport import ControlError
from huifu_mock.gateway.mock import Refused
from huifu_mock.state.orders import Order

if TYPE_CHECKING:
    from postgresql_server import PostgreSql


@pytest.fixture
def shared(postgresql: "PostgreSql") -> Iterator[str]:
    """The URL of a database that is new."""
    yield postgresql.fresh()
    while BEGUN:
        killed(BEGUN.pop())


@pytest.fixture
def pair(shared: str) -> tuple[Desk, Desk]:
    """Two gateways over one database, each asked directly."""
    return twins(shared)


def twins(shared: str, **options: Any) -> tuple[Desk, Desk]:
    first, second = begun(shared, **options), begun(shared, **options)
    second._numbers = first._numbers
    return first, second


def one(desk: Desk) -> str:
    return f"/tenants/{desk.tenant.sys_id}"


def added(desk: Desk, **fields: Any) -> Order:
    """An order that is kept."""
    with desk.tenant.work():
        return desk.order(**fields)


def test_all_tests_that_need_postgresql_run_in_one_worker(request: pytest.FixtureRequest, shared: str) -> None:
    assert request.node.get_closest_marker("xdist_group").args == ("postgresql",)
    if hasattr(request.config, "workerinput"):
        assert request.node.nodeid.endswith("@postgresql"), "pytest-xdist does not group tests"


def test_an_order_made_at_one_gateway_is_closed_once_whichever_is_asked(pair: tuple[Desk, Desk]) -> None:
    first, second = pair
    order = added(first)
    body = first.body(first.data(order))
    won = second.send(body)
    assert won.reply["trans_stat"] == "S"
    assert first.send(body).raw == second.send(body).raw == won.raw, "a repeat gets the same bytes from each"
    late = first.close(order, req_seq_id="late")
    assert (late["resp_code"], late["trans_stat"]) == ("23000000", "F")
    assert [entry["id"] for entry in first.told()] == [entry["id"] for entry in second.told()]
    assert [entry["id"] for entry in first.told()] == [f"call-{number}" for number in range(1, 5)]


def test_everything_that_one_gateway_did_the_other_knows(pair: tuple[Desk, Desk]) -> None:
    first, second = pair
    for active, other in ((first, second), (second, first)):
        busy(active)
        ask(other, "GET", one(other))
        assert whole(other) == whole(active)
        ask(other, "POST", f"{one(other)}/clock/advance", {"seconds": 30})
        ask(active, "GET", one(active))
        assert whole(other) == whole(active)
        ask(other, "POST", f"{one(other)}/reset")
        ask(other, "PUT", f"{one(other)}/clock", {"mode": "frozen"})
        ask(active, "GET", one(active))
        assert whole(first) == whole(second)
        assert len(first.tenant.orders) == len(first.tenant.journal) == 0


def test_a_tenant_is_known_everywhere_as_soon_as_it_is_made_and_nowhere_once_it_is_dropped(
    pair: tuple[Desk, Desk],
) -> None:
    first, second = pair
    body = {"sys_id": "6666000000000001", "key_bits": 1024}
    first.mock.tenant(body)
    path = "/tenants/6666000000000001"
    assert ask(second, "GET", path) == ask(first, "GET", path)
    with pytest.raises(Refused, match="is a tenant already"):
        second.mock.tenant(body)
    ask(second, "DELETE", path)
    with pytest.raises(AssertionError, match="there is no tenant"):
        ask(first, "GET", path)
    assert first.mock.tenant(body).sys_id == "6666000000000001", "it may be made again"


def test_time_is_moved_everywhere_and_what_falls_due_on_the_way_happens_once_and_in_order(
    pair: tuple[Desk, Desk],
) -> None:
    first, second = pair
    ask(first, "POST", f"{one(first)}/webhooks", {"url": "http://127.0.0.1:1/hook"})
    orders = [added(first, settle="processing", settle_seconds=seconds) for seconds in (30, 10, 20)]
    for order in orders:
        first.close(order)
    ask(second, "POST", f"{one(second)}/clock/advance", {"seconds": 25})
    assert first.tenant.clock.now() < second.tenant.clock.now()
    ask(first, "GET", f"{one(first)}/clock")
    assert first.tenant.clock.now() == second.tenant.clock.now()
    ended = [order.close_stat for order in first.tenant.orders.orders()]
    assert ended == ["P", "S", "S"]
    ask(first, "POST", f"{one(first)}/clock/advance", {"seconds": 25})
    ask(second, "GET", one(second))
    told = [delivery.message.order[2] for delivery in second.tenant.pushes.deliveries]
    assert told == [orders[place].req_seq_id for place in (1, 2, 0)]


def test_a_fault_is_used_up_wherever_it_is_applied(pair: tuple[Desk, Desk]) -> None:
    first, second = pair
    ask(first, "POST", f"{one(first)}/faults", {"do": {"answer": "98888888"}, "times": 2})
    codes = [desk.close(added(desk))["resp_code"] for desk in (second, first, second, first)]
    assert codes == ["98888888", "98888888", "00000000", "00000000"]
    ask(first, "GET", one(first))
    (fault,) = first.tenant.faults
    assert (fault.used, fault.left) == (2, 0)


def test_what_one_gateway_forgets_is_forgotten_everywhere(shared: str) -> None:
    first, second = twins(shared, keep_orders=2)
    for desk in (first, second, first, second):
        assert desk.close(added(first))["trans_stat"] == "S"
    ask(first, "GET", one(first))
    assert whole(first) == whole(second)
    assert len(first.tenant.orders) == 2


def test_who_is_far_behind_reads_the_whole_tenant(pair: tuple[Desk, Desk]) -> None:
    first, second = pair
    for _ in range(3):
        first.close(added(first))
    database = first.mock.store.database  # type: ignore[attr-defined] # it has one
    with database.connected() as connection:
        connection.exec_driver_sql("DELETE FROM changes")
    second.close(added(second))
    ask(first, "GET", one(first))
    assert whole(first) == whole(second)


# --- running gateways


@pytest.fixture
def servers(shared: str) -> Iterator[tuple[huifu_mock.Server, huifu_mock.Server]]:
    """Two gateways over one database, each with a port."""
    with huifu_mock.Server(store=shared) as first, huifu_mock.Server(store=shared) as second:
        yield first, second


def at(server: huifu_mock.Server, tenant: huifu_mock.Tenant) -> huifu_mock.Tenant:
    """The same tenant, asked at another gateway."""
    return server.find(tenant.sys_id)


async def test_one_of_64_racers_wins_though_each_gateway_answers_half_of_them(
    servers: tuple[huifu_mock.Server, huifu_mock.Server],
) -> None:
    first, second = servers
    tenant = await asyncio.to_thread(first.tenant)
    key = signing.load_private_key(tenant.merchant_private_key, trusted=True)
    bases = (first.base_url, second.base_url)
    for number in range(4):
        order = await asyncio.to_thread(tenant.orders.add, req_seq_id=f"order-{number}")

        def close(racer: int, order: huifu_mock.Order = order, number: int = number) -> bytes:
            data = order.close_params(f"close-{number}-{racer // 2}")  # each is sent to both gateways
            return signing.envelope(tenant.sys_id, tenant.product_id, data, key)

        def pay(order: huifu_mock.Order = order) -> str:
            try:
                at(second, tenant).orders.pay(order.req_seq_id)
            except ControlError as refused:
                return "" if refused.status == 409 else str(refused)
            return "S"

        racers = [post(bases[racer % 2], close(racer)) for racer in range(64)]
        paying = asyncio.to_thread(pay)
        *results, paid = await asyncio.gather(*racers, paying) if number % 2 else [
            *(await asyncio.gather(paying, *racers))[1:], ""]  # fmt: skip
        kept = await asyncio.to_thread(at(second, tenant).orders.get, order.req_seq_id)
        paid = "S" if kept.trans_stat == "S" else paid
        answers = [json.loads(one)["data"] for one in results]
        winners = {one["req_seq_id"] for one in answers if one["resp_code"] == "00000000"}
        assert {one["resp_code"] for one in answers} <= {"00000000", "23000000"}
        assert len(winners) + bool(paid) == 1
        assert (kept.trans_stat, kept.close_stat) == (("S", "") if paid else ("F", "S"))
        for winner in winners:
            told = {one for one in results if f'"req_seq_id":"{winner}"'.encode() in one}
            again = int(winner.rpartition("-")[2]) * 2
            assert told == {await post(base, close(again)) for base in bases}
            assert len(told) == 1
    calls = await asyncio.to_thread(lambda: [call.id for call in tenant.journal.calls()])
    assert len(calls) == len(set(calls))


def test_calls_that_come_while_their_gateway_waits_for_the_lock_share_one_transaction(shared: str) -> None:
    with huifu_mock.Server(store=shared) as server, psycopg.connect(shared) as other, ThreadPoolExecutor(8) as clients:
        tenant = server.tenant()
        orders, merchant = [tenant.orders.add() for _ in range(8)], Merchant(tenant)

        def waiting() -> int:
            turn = server.mock.store._turn  # type: ignore[attr-defined]  # of the store that several gateways share
            return len(turn.wanted.get(tenant.sys_id, ())) if turn is not None else 0

        other.execute("SELECT 1 FROM tenants WHERE sys_id = %s FOR UPDATE", (tenant.sys_id,))
        answers = [clients.submit(merchant.close, order) for order in orders]
        until(lambda: waiting() == len(orders))
        other.rollback()
        assert {answer.result()["resp_code"] for answer in answers} == {"00000000"}
        found = other.execute("SELECT body FROM changes WHERE tenant = %s", (tenant.sys_id,)).fetchall()
        closes = [len(json.loads(body)["rows"].get("closes", ())) for (body,) in found]
    assert [number for number in closes if number] == [8]


def test_who_waits_at_one_gateway_sees_what_happens_at_the_other(
    servers: tuple[huifu_mock.Server, huifu_mock.Server],
) -> None:
    first, second = servers
    tenant = first.tenant()
    order = tenant.orders.add()
    with ThreadPoolExecutor(1) as waiter, Watch(second.base_url, tenant.sys_id) as told:
        waiting = waiter.submit(at(second, tenant).journal.wait_for, timeout=60)
        Merchant(tenant).close(order)
        assert waiting.result().data["req_seq_id"] == "close-1"
        closed = next(event for event in told if event.kind == "order" and event.data["close_stat"])
    assert (closed.data["req_seq_id"], closed.data["close_stat"]) == (order.req_seq_id, "S")


def test_each_push_is_sent_once_though_two_gateways_have_its_tenant(
    servers: tuple[huifu_mock.Server, huifu_mock.Server],
) -> None:
    first, second = servers
    arrived: list[str] = []

    def answer(push: Push) -> Said:
        arrived.append(push.event["org_req_seq_id"])
        return Said(500 if arrived.count(arrived[-1]) == 1 else 200)

    with Mailbox(answer) as box:
        tenant = first.tenant(clock="2026-03-01T10:00:00")
        tenant.webhooks.add(box.hook)
        orders = [tenant.orders.add() for _ in range(6)]
        for place, order in enumerate(orders):
            Merchant(at(servers[place % 2], tenant)).post(CLOSE, order.close_params(f"close-{place}"))
        for order in orders:
            at(second, tenant).deliveries.wait_for(60, order=order.req_seq_id, attempts=1)
        tenant.clock.advance(3600)  # each is tried again, by one of them
        for order in orders:
            at(second, tenant).deliveries.wait_for(60, order=order.req_seq_id, status="delivered")
    assert sorted(arrived) == sorted(2 * [order.req_seq_id for order in orders])


class Several:
    """Now and then another gateway is asked."""

    desk: Desk
    url: str

    @rule()
    def ask_another(self) -> None:
        with self.desk.tenant.work():
            pass  # what the machine did beside the gateway counts as acknowledged
        other = getattr(self, "other", None) or begun(self.url)
        other._numbers = self.desk._numbers
        self.other, self.desk = self.desk, other
        with self.desk.tenant.work():
            pass
        if hasattr(self, "tenant"):
            self.tenant = self.desk.tenant


class SeveralGateways(Several, Kept):
    """The state machine of orders and closes."""


class SeveralLives(Several, KeptLife):
    """The life of orders in time."""


@pytest.mark.parametrize("machine", [SeveralGateways, SeveralLives])
def test_the_model_holds_whichever_gateway_is_asked(
    postgresql: "PostgreSql", shared: str, machine: Callable[..., RuleBasedStateMachine]
) -> None:
    few = settings(max_examples=4, stateful_step_count=25, deadline=None)
    run_state_machine_as_test(lambda: machine(postgresql.fresh), settings=few)  # type: ignore[no-untyped-call] # has no types
