"""A store that stays: what was acknowledged is there after a restart, and what could not be kept was not made."""

import argparse
import asyncio
import json
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import psycopg
import pytest
from databases import begun, killed, rows
from desk import Desk, opened, said
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from merchant import Merchant
from postbox import Mailbox, Push, Said
from sqlalchemy import event
from test_capsule import FAULTS
from test_lifecycle_machine import Life, Modelled
from test_many_racers import test_one_of_64_racers_wins_and_its_answer_is_the_same_for_ever as race
from test_state_machine import Gateway

import huifu_mock
from huifu_mock.cli import serve
from huifu_mock.cli.main import main
from huifu_mock.client.transport import ControlError, run_here
from huifu_mock.gateway.mock import Mock
from huifu_mock.http.control import router
from huifu_mock.request import CLOSE, ReceivedBytes
from huifu_mock.state.journal import Room
from huifu_mock.store import capsule
from huifu_mock.store.opening import opened as store_of
from huifu_mock.store.persistent import Persistent


def ask(desk: Desk, method: str, path: str, body: Any = None) -> Any:
    told = run_here(router.dispatch(desk.mock, "", method, f"/_mock{path}", query={}, body=body or {}))
    assert told.status < 300, told.body
    return told.body


def busy(desk: Desk) -> None:
    """Something of everything, each done as a call from outside does it."""
    one = f"/tenants/{desk.tenant.sys_id}"
    ask(desk, "POST", f"{one}/webhooks", {"url": "http://127.0.0.1:1/hook"})
    wanted = ({"notify_url": "http://127.0.0.1:1/notify"}, {"settle": "processing", "settle_seconds": 30},
              {"settle": "refused"}, {}, {"req_seq_id": "订单 😀"})  # fmt: skip
    orders = ask(desk, "POST", f"{one}/orders", list(wanted))
    for order in orders[:3]:
        kept = next(kept for kept in desk.tenant.orders.orders() if kept.hf_seq_id == order["hf_seq_id"])
        desk.close(kept)
    desk.send(b"\xff\xfe no JSON", b"X-Odd: \xe9")
    desk.close(org_req_seq_id="MOCK~98888888~1")
    ask(desk, "PATCH", f"{one}/orders/{orders[3]['req_seq_id']}", {"trans_stat": "S", "after_seconds": 40})
    ask(desk, "PATCH", one, {"legacy_codes": True})
    for fault in FAULTS:
        ask(desk, "POST", f"{one}/faults", fault)
    desk.mock.gateway.close(desk.body(desk.data()))  # the faults see it
    ask(desk, "POST", f"{one}/clock/advance", {"seconds": 7})


def whole(desk: Desk) -> Any:
    """All of the tenant as JSON, less what a process that begins does at once: it sends what is pending."""
    made = json.loads(json.dumps(capsule.of(desk.tenant, keys=True)))
    for delivery in made["tenant"]["deliveries"]:
        delivery["began_at"] = None
    return made


def test_a_restart_after_a_kill_goes_on_where_it_was(store: str) -> None:
    desk = begun(store)
    busy(desk)
    before = whole(desk)
    killed(desk)
    again = begun(store)
    assert whole(again) == before
    again.tenant.clock.advance(60)
    states = [(order.trans_stat, order.close_stat) for order in again.tenant.orders.orders()]
    assert states[:4] == [("F", "S"), ("F", "S"), ("P", "F"), ("S", "")], "what was planned came in time"


def test_a_repeat_gets_the_same_bytes_from_the_next_process(store: str) -> None:
    desk = begun(store)
    body = desk.body(desk.data(desk.order(settle="accepted")))
    first = desk.send(body).raw
    killed(desk)
    assert begun(store).send(body).raw == first


def test_a_reset_and_a_dropped_tenant_are_kept_too(store: str) -> None:
    desk = begun(store)
    busy(desk)
    made, other = (desk.mock.tenant({"key_bits": 1024}).sys_id for _ in range(2))
    ask(desk, "DELETE", f"/tenants/{made}")
    ask(desk, "POST", f"/tenants/{desk.tenant.sys_id}/reset")
    killed(desk)
    again = begun(store)
    assert {tenant.sys_id for tenant in again.mock.gateway} == {desk.tenant.sys_id, other}
    assert (len(again.tenant.orders), len(again.tenant.journal), [*again.tenant.faults]) == (0, 0, [])
    ask(again, "DELETE", f"/tenants/{again.tenant.sys_id}")
    killed(again)
    store = store_of(store)
    assert [tenant.sys_id for tenant in Mock(store=store).gateway] == [other], "the default one is not made anew"
    store.stop()


def test_a_running_clock_ran_on_while_nobody_served(store: str) -> None:
    desk = begun(store)
    desk.tenant.clock.set(mode="running")
    desk.close(desk.order())
    before = desk.tenant.clock.now()
    killed(desk)
    store = store_of(store)
    tenant = next(iter(Mock([], store=store).gateway))
    assert (tenant.clock.mode, tenant.clock.now() > before) == ("running", True)
    store.stop()


def test_only_the_journal_entries_that_memory_keeps_stay_in_the_file(store: str) -> None:
    desk = begun(store, room=Room(entries=3))
    for _ in range(5):
        desk.close()
    killed(desk)
    assert rows(store, "SELECT key FROM calls ORDER BY place") == [(3,), (4,), (5,)]
    fewer = begun(store, room=Room(entries=2))
    assert [entry.number for entry in fewer.tenant.journal] == [4, 5]
    assert fewer.tenant.journal.dropped == 3
    killed(fewer)


def test_of_final_orders_the_last_are_kept_with_their_closes_and_every_open_one(store: str) -> None:
    desk = begun(store, keep_orders=2)
    orders = [desk.order() for _ in range(5)]
    for order in (orders[3], *orders[:3]):
        assert desk.close(order)["trans_stat"] == "S"
    assert [order.key for order in desk.tenant.orders.orders()] == [orders[1].key, orders[2].key, orders[4].key]
    assert desk.close(orders[3])["resp_code"] == "23000001"
    assert desk.tenant.orders.numbered(orders[3].req_seq_id) == []
    desk.tenant.orders.add([orders[3]])  # its numbers are free again
    before = whole(desk)
    with desk.tenant.work():
        pass
    killed(desk)
    again = begun(store)
    assert whole(again) == before
    assert len(list(again.tenant.orders.attempts())) == 2
    killed(again)
    fewer = begun(store, keep_orders=1)
    assert [order.key for order in fewer.tenant.orders.orders()] == [orders[2].key, orders[4].key, orders[3].key]
    assert [attempt.order for attempt in fewer.tenant.orders.attempts()] == [orders[2].key]
    fewer.mock.store.flush()
    killed(fewer)
    assert rows(store, "SELECT (SELECT count(*) FROM orders), (SELECT count(*) FROM closes)") == [(3, 1)]


@pytest.mark.parametrize("wrong", ["0", "many", "5,0MB", "5,3", "5MB"])
def test_a_bound_of_the_journal_that_is_none_is_refused_in_words(
    wrong: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["serve", "--keep-journal", wrong])
    assert "use calls and megabytes, such as 50000,128MB" in capsys.readouterr().err


def test_keep_journal_sets_both_bounds() -> None:
    parser = argparse.ArgumentParser()
    serve.add_parser(parser.add_subparsers())
    room = parser.parse_args(["serve", "--keep-journal", "50000,512MB"]).keep_journal
    mock = Mock([], room=room)
    bounds = {name: read()[0] for name, read in mock.bounds.items()}
    assert bounds["journal_entries_of_a_tenant"] == 50_000
    assert bounds["journal_bytes_of_a_tenant"] == bounds["journal_bytes"] == 512 * 1024 * 1024
    assert parser.parse_args(["serve", "--keep-journal", "7"]).keep_journal.tenant_limit == 32 * 1024 * 1024


# --- what cannot be kept


@pytest.mark.parametrize("again", [False, True], ids=["one statement fails", "all that follow fail too"])
def test_a_commit_that_fails_at_any_statement_leaves_nothing_half_done(store: str, again: bool) -> None:
    desk = begun(store)
    busy(desk)
    ask(desk, "DELETE", f"/tenants/{desk.tenant.sys_id}/faults")
    order = desk.order(notify_url="http://127.0.0.1:1/notify")
    with desk.tenant.work():
        pass  # what was seeded beside the control API is kept
    body, before = desk.body(desk.data(order)), whole(desk)
    engine = desk.mock.store.database.engine  # type: ignore[attr-defined] # it is in a file
    seen: list[str] = []
    failing = 0

    def fail(statement: str) -> None:
        seen.append(statement)
        if len(seen) == failing + 1 or (again and len(seen) > failing):
            raise (sqlite3 if store.startswith("sqlite") else psycopg).OperationalError("disk I/O error")

    listening = [
        ("before_cursor_execute", lambda _connection, _cursor, statement, *_: fail(statement)),
        ("commit", lambda _: fail("COMMIT")),
    ]
    answered = ("98888888", "", "")
    while answered[0] == "98888888":
        seen.clear()
        for name, listener in listening:
            event.listen(engine, name, listener)
        exchange = desk.mock.gateway.receive(CLOSE, ReceivedBytes(body))
        for name, listener in listening:
            event.remove(engine, name, listener)
        answered = said(opened(exchange.payload()))
        if answered[0] == "98888888":
            assert answered == ("98888888", "系统错误", "P")
            assert "disk I/O error" in exchange.hint
            assert ask(desk, "GET", "/health") == {"status": "ok"}, "what failed is tried again"
            with desk.tenant.work():
                assert whole(desk) == before
            failing += 1
    assert answered == ("00000000", "交易成功", "S")
    assert len(seen) == failing, "it failed at each of its statements before"
    assert "COMMIT" in seen
    killed(desk)
    assert begun(store).send(body).raw == exchange.payload()


def test_a_unit_of_work_that_breaks_off_is_undone(store: str) -> None:
    desk = begun(store)
    busy(desk)
    before = whole(desk)
    with suppress(ZeroDivisionError), desk.tenant.work():
        desk.mock.gateway.close(desk.body(desk.data(desk.order())))
        desk.tenant.clock.advance(1 / 0)
    assert whole(desk) == before


def test_nothing_of_a_unit_that_is_not_over_is_committed_with_another_tenant(store: str) -> None:
    desk = begun(store)
    desk.order()  # beside a unit of work, so that it is written with the next commit
    with suppress(ZeroDivisionError), desk.tenant.work():
        desk.mock.gateway.close(desk.body(desk.data(desk.order())))
        desk.mock.tenant({"key_bits": 1024})  # is committed at once
        desk.tenant.clock.advance(1 / 0)
    assert len(list(desk.tenant.orders.attempts())) == 0
    killed(desk)
    assert len(begun(store).tenant.orders) <= 1


def test_a_tenant_may_be_dropped_in_a_unit_of_work_that_has_changed_it(store: str) -> None:
    desk = begun(store)
    other = desk.mock.tenant({"key_bits": 1024})
    with other.work():
        other.orders.add([desk.order()])
        desk.mock.drop(other.sys_id)
    assert desk.close(desk.order())["trans_stat"] == "S"
    assert ask(desk, "GET", "/health") == {"status": "ok"}
    killed(desk)
    assert set(rows(store, "SELECT tenant FROM orders")) == {(desk.tenant.sys_id,)}


def limited(server: huifu_mock.Server, pages: int) -> None:
    """The file may have so many pages at most; 0 for as many as it has. More is what SQLite calls a full disk."""
    store = server.mock.store
    assert isinstance(store, Persistent)
    with store.database.connected() as connection:
        if not pages:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar() or 0
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")


async def test_what_a_full_disk_cannot_keep_is_not_acknowledged_and_all_goes_on_when_there_is_room(
    tmp_path: Path,
) -> None:
    store = f"sqlite:{tmp_path}/mock.db"
    async with huifu_mock.Server(store=store) as server:
        health = server.base_url + "/_mock/health"
        tenant = await asyncio.to_thread(server.tenant)
        merchant = Merchant(tenant)
        orders = await asyncio.to_thread(lambda: [tenant.orders.add() for _ in range(24)])
        assert (await asyncio.to_thread(merchant.close, orders[0]))["trans_stat"] == "S"
        limited(server, 0)
        answers = await asyncio.gather(*(asyncio.to_thread(merchant.close, order) for order in orders[1:]))
        unknown = [
            order for order, answer in zip(orders[1:], answers, strict=True) if answer["resp_code"] == "98888888"
        ]
        assert unknown, "there was no room for all of them"
        assert {answer["trans_stat"] for answer in answers if answer["resp_code"] == "98888888"} == {"P"}
        told = await asyncio.to_thread(got, health)
        assert told[0] == 503
        assert "the disk is full" in told[1]["trouble"]
        with pytest.raises(ControlError, match="the disk is full"):
            await asyncio.to_thread(tenant.orders.add)
        limited(server, 1_000_000)
        assert (await asyncio.to_thread(got, health))[0] == 200
        states = [(await asyncio.to_thread(tenant.orders.get, order.req_seq_id)).close_stat for order in unknown]
        assert set(states) == {""}, "a close that could not be kept was not made"
        for order in unknown:
            assert (await asyncio.to_thread(merchant.close, order))["trans_stat"] == "S"
    again = Mock([], store=store_of(store))
    kept = again.gateway.tenant(tenant.sys_id)
    assert kept is not None
    assert {order.close_stat for order in kept.orders.orders()} == {"S"}
    again.store.stop()


def got(store: str) -> tuple[int, Any]:
    try:
        with urlopen(store, timeout=30) as response:
            return response.status, json.load(response)
    except HTTPError as error:
        with error:
            return error.code, json.load(error)


async def test_neither_the_reply_nor_the_push_leaves_before_the_commit_that_caused_them(store: str) -> None:
    left = threading.Event()

    def arrived(_: Push) -> Said:
        left.set()
        return Said()

    with Mailbox(arrived) as box:
        async with huifu_mock.Server(store=store) as server:
            tenant = await asyncio.to_thread(server.tenant)
            await asyncio.to_thread(tenant.webhooks.add, box.hook)
            order = await asyncio.to_thread(tenant.orders.add)
            keeper: Any = server.mock.store
            early: list[bool] = []

            class SlowDisk(ThreadPoolExecutor):
                def submit(self, work: Any, /, *turns: Any, **_: Any) -> Any:
                    if not turns or (turns[0].step == "writing" and turns[0].changes):
                        return super().submit(lambda: (early.append(left.wait(0.1)), work(*turns)))
                    return super().submit(work, *turns)

            keeper._thread.shutdown()
            keeper._thread = SlowDisk(1)
            reply = asyncio.create_task(asyncio.to_thread(Merchant(tenant).close, order))
            reply.add_done_callback(lambda _: left.set())
            assert (await reply)["trans_stat"] == "S"
            await asyncio.to_thread(tenant.deliveries.wait_for, status="delivered")
            assert early[0] is False


# --- one conformance suite: the model of the specification and the races, on each engine


class Kept(Gateway):
    """The state machine of orders and closes; now and then the process is killed, and the next one goes on."""

    def __init__(self, new_store: Callable[[], str]) -> None:
        super().__init__()
        self.url = new_store()
        self.desk = begun(self.url)
        self.start = self.desk.tenant.clock.now()

    @rule()
    def kill(self) -> None:
        with self.desk.tenant.work():
            pass  # what the machine did beside the gateway counts as acknowledged
        killed(self.desk)
        self.desk = begun(self.url)

    def teardown(self) -> None:
        killed(self.desk)


class KeptLife(Life):
    """The life of orders in time, with pushes; now and then the process is killed.

    What falls due at one and the same moment happens in no order that a restart keeps, so payments come a part of a
    second beside settlements.
    """

    def __init__(self, new_store: Callable[[], str]) -> None:
        super().__init__()
        self.url = new_store()

    @initialize()
    def open(self) -> None:
        super().open()
        self.begin()
        self.tenant.pushes.register("http://127.0.0.1:1/hook", ["trans.close"], "k" * 32)

    def begin(self) -> None:
        numbers = self.desk._numbers
        self.desk = begun(self.url)
        self.desk._numbers, self.tenant = numbers, self.desk.tenant

    @rule(order=Life.orders, seconds=st.sampled_from([1.25, 3.25, 5.25, 7.25]))
    def pay_later(self, order: Modelled, seconds: float) -> None:
        super().pay_later(order, seconds)  # type: ignore[arg-type] # a part of a second

    @rule(target=Life.orders, settle=st.sampled_from(["processing", "accepted"]), pays=st.sampled_from([None, 3.25, 7]))
    def close_while_the_customer_hesitates(self, settle: str, pays: float | None) -> Modelled:
        return super().close_while_the_customer_hesitates(settle, pays)  # type: ignore[arg-type] # a part of a second

    @rule()
    def kill(self) -> None:
        with self.tenant.work():
            pass
        killed(self.desk)
        self.begin()

    def teardown(self) -> None:
        if hasattr(self, "desk"):
            killed(self.desk)


@pytest.mark.parametrize("lives", [3, pytest.param(12, marks=pytest.mark.extended)])
@pytest.mark.parametrize("machine", [Kept, KeptLife])
def test_the_model_holds_through_kills(
    new_store: Callable[[], str], machine: Callable[..., RuleBasedStateMachine], lives: int
) -> None:
    few = settings(max_examples=lives, stateful_step_count=25, deadline=None)
    run_state_machine_as_test(lambda: machine(new_store), settings=few)  # type: ignore[no-untyped-call] # hypothesis says no type


async def test_one_of_64_racers_wins_where_all_is_kept(store: str) -> None:
    with huifu_mock.Server(store=store) as server:
        await race(server)
