"""What goes wrong between gateways and their PostgreSQL: clocks that disagree, no connection left, workers that die."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from inner_run import Project
from merchant import Merchant
from postbox import Mailbox, Push, Said
from test_store_file import got
from test_store_fleet import Gateway, Load, health, until

import huifu_mock
from huifu_mock.gateway.store import BadStore
from huifu_mock.store.opening import database_of, opened
from huifu_mock.store.postgresql import CONNECTING, OPENING

if TYPE_CHECKING:
    from postgresql_server import PostgreSql

# --- clocks

SKEWED = """
import sys
from datetime import timedelta
from huifu_mock.state import clock
right, wrong_by = clock.wall_clock, timedelta(hours=float(sys.argv.pop(1)))
clock.wall_clock = lambda: right() + wrong_by
from huifu_mock.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


def merchants(*tenants: huifu_mock.Tenant) -> list[Merchant]:
    """A client of each gateway, all of one merchant: no number is given twice."""
    made = [Merchant(tenant) for tenant in tenants]
    for merchant in made:
        merchant._numbers = made[0]._numbers
    return made


@contextmanager
def skewed(store: str, hours: float) -> Iterator[str]:
    """The address of a gateway on a machine whose clock is wrong by so much."""
    command = [sys.executable, "-c", SKEWED, str(hours), "serve", "-q", "--port", "0", "--ready-json"]
    process = subprocess.Popen([*command, "--store", store], stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())["base_url"]
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("hours", [-3, 3])
def test_gateways_whose_machines_disagree_about_the_time_agree_about_a_tenant_s(
    postgresql: "PostgreSql", hours: float
) -> None:
    store = postgresql.fresh()
    with skewed(store, hours) as wrong, huifu_mock.Server(store=store) as right:
        there = huifu_mock.connect(wrong).default
        here = right.find(there.sys_id)
        for at, other in (pair := merchants(here, there), pair[::-1]):
            order = at.tenant.orders.add(settle="processing", settle_seconds=3600)
            young = at.tenant.orders.add(age_seconds=0)
            assert other.close(order)["trans_stat"] == "P"
            assert other.close(young)["resp_code"] == "20000001", "it is too young everywhere"
            assert abs((at.tenant.clock.now() - other.tenant.clock.now()).total_seconds()) < 1800
            assert at.tenant.orders.get(order.req_seq_id).close_stat == "P"
            other.tenant.clock.advance(3600)
            assert at.tenant.orders.get(order.req_seq_id).close_stat == "S"
            assert at.close(young)["trans_stat"] == "S"
        times = [call.at for call in here.journal.calls()]
        assert times == sorted(times)


def test_an_auto_clock_of_two_gateways_jumps_once_for_each_thing_that_is_due(postgresql: "PostgreSql") -> None:
    store = postgresql.fresh()
    arrived: list[str] = []

    def answer(push: Push) -> Said:
        arrived.append(push.event["org_req_seq_id"])
        return Said()

    with (
        Mailbox(answer) as box,
        huifu_mock.Server(store=store) as first,
        huifu_mock.Server(store=store) as second,
    ):
        tenant = first.tenant()
        tenant.webhooks.add(box.hook)
        began = tenant.clock.auto("2099-03-01T10:00:00")
        seen = [tenant, second.find(tenant.sys_id)]
        clients = merchants(*seen)
        for place in range(4):
            order = seen[place % 2].orders.add(settle="processing", settle_seconds=30)
            assert clients[1 - place % 2].close(order)["trans_stat"] == "P"
            for one in seen:
                until(lambda one=one, order=order: one.orders.get(order.req_seq_id).close_stat == "S")  # type: ignore[misc] # bound at once
                one.deliveries.wait_for(60, order=order.req_seq_id, status="delivered")
        assert [(one.clock.now() - began).total_seconds() for one in seen] == [4 * 30, 4 * 30]
        assert arrived == [order.req_seq_id for order in tenant.orders.list()]


# --- connections


@contextmanager
def no_connection_left(postgresql: "PostgreSql", store: str) -> Iterator[None]:
    """Somebody else has the only connection that the user of the store may have; those of gateways were broken off."""
    user = urlsplit(store).username
    with psycopg.connect(store) as held, psycopg.connect(postgresql.url("postgres"), autocommit=True) as admin:
        admin.execute(f"ALTER ROLE {user} CONNECTION LIMIT 1")  # type: ignore[arg-type] # the name is ours
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s AND pid <> %s",
            (user, held.info.backend_pid),
        )
        yield
        admin.execute(f"ALTER ROLE {user} CONNECTION LIMIT -1")  # type: ignore[arg-type] # the name is ours


@pytest.fixture
def limited(postgresql: "PostgreSql") -> str:
    """A new store of a user that is no superuser, since those have connections left always."""
    store = postgresql.fresh()
    parts = urlsplit(store)
    user = f"few_{parts.path[1:]}"
    with psycopg.connect(store, autocommit=True) as admin:
        for statement in (f"CREATE ROLE {user} LOGIN", f"ALTER DATABASE {parts.path[1:]} OWNER TO {user}",
                          f"ALTER SCHEMA public OWNER TO {user}"):  # fmt: skip
            admin.execute(statement)  # type: ignore[arg-type] # the name is ours
    return urlunsplit(parts._replace(netloc=parts.netloc.replace("huifu@", f"{user}@")))


def test_without_a_connection_left_closes_are_open_health_says_so_and_nothing_is_half_done(
    postgresql: "PostgreSql", limited: str
) -> None:
    with huifu_mock.Server(store=limited) as server:
        port = int(server.base_url.rpartition(":")[2])
        tenant = server.tenant()
        order, merchant = tenant.orders.add(), Merchant(tenant)
        assert merchant.close(tenant.orders.add())["trans_stat"] == "S"
        with no_connection_left(postgresql, limited):
            said = "no connection left: allow more (max_connections)"
            until(lambda: said in got(f"{server.base_url}/_mock/health")[1].get("trouble", ""))
            assert health(port) == 503
            answer = merchant.close(order)
            assert (answer["resp_code"], answer["trans_stat"]) == ("98888888", "P")
            with pytest.raises(BadStore, match=r"no connection left: allow more \(max_connections\)"):
                opened(limited)
        until(lambda: health(port) == 200)
        assert (tenant.orders.get(order.req_seq_id).close_stat, len(tenant.journal.calls())) == ("", 1)
        assert merchant.close(order)["trans_stat"] == "S"


def test_a_gateway_hears_what_happened_while_its_connection_for_hearing_was_broken_off(
    postgresql: "PostgreSql",
) -> None:
    store = postgresql.fresh()
    with huifu_mock.Server(store=store) as first, huifu_mock.Server(store=store) as second:
        tenant = first.tenant()
        order = tenant.orders.add()
        seen = second.find(tenant.sys_id)
        database = urlsplit(store).path[1:]
        with psycopg.connect(postgresql.url("postgres"), autocommit=True) as admin:
            listening = (
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND query NOT LIKE %s"
            )
            admin.execute(listening, (database, "%COMMIT%"))
        Merchant(tenant).close(order)
        assert seen.journal.wait_for(timeout=60).data["org_req_seq_id"] == order.req_seq_id


def test_the_first_connection_may_take_longer_than_those_that_a_serving_gateway_waits_for(
    postgresql: "PostgreSql", monkeypatch: pytest.MonkeyPatch
) -> None:
    store, connect, waits = postgresql.fresh(), psycopg.connect, []

    def noted(*args: Any, **options: Any) -> Any:
        waits.append(options["connect_timeout"])
        return connect(*args, **options)

    monkeypatch.setattr(psycopg, "connect", noted)
    database = database_of(store)
    database.engine.dispose()
    assert database.tenants() == []
    database.close()
    assert waits == [OPENING, CONNECTING]
    assert OPENING > CONNECTING


# --- workers


def children(pid: int) -> set[int]:
    """The processes that one has started."""
    return {int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


@pytest.mark.skipif(not Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").exists(), reason="needs Linux's /proc")
def test_a_worker_that_is_killed_is_replaced_and_no_acknowledged_close_is_lost(postgresql: "PostgreSql") -> None:
    gateway = Gateway(postgresql.fresh(), workers=2)
    try:
        tenant = huifu_mock.connect(f"http://127.0.0.1:{gateway.port}").tenant()
        load = Load(tenant, [gateway.port], 24)
        before = children(gateway.process.pid)
        assert len(before) == 2
        load.until(0.25)
        os.kill(min(before), signal.SIGKILL)
        until(lambda: len(now := children(gateway.process.pid)) == 2 and min(before) not in now)
        load.end(tenant)
        assert gateway.process.poll() is None
    finally:
        gateway.end()
    assert gateway.process.returncode == 0


# --- pytest

SHARING = """
    import pytest

    @pytest.fixture(scope="session")
    def huifu_server_options():
        return {{"store": "{store}"}}

    @pytest.mark.parametrize("i", range(2))
    def test_it(huifu, i):
        order = huifu.orders.add(req_seq_id="order-1", req_date="20260101")
        assert huifu.client().close(**order.close_params("close-1", "20260102")).verdict == "closed"
        assert [call.reason for call in huifu.journal.calls()] == ["CLOSED"]
"""


def test_the_workers_of_a_test_run_share_one_database(postgresql: "PostgreSql", pytester: pytest.Pytester) -> None:
    store = postgresql.fresh()
    result = Project(pytester).run(SHARING.format(store=store), "-n", "2")
    assert result.parseoutcomes() == {"passed": 2}, result.stdout.str()
