"""The time that a test chooses: a tenant begins at any moment, and goes back as long as nothing has happened to it."""

import json
import signal
import subprocess
import sys
from datetime import datetime, timedelta
from typing import Any

import pytest
from merchant import Merchant

import huifu_mock
from huifu_mock.cli.main import main
from huifu_mock.state.clock import BEIJING, wall_clock

MARCH: dict[str, Any] = {"mode": "frozen", "now": "2026-03-01T00:00:30+08:00"}


@pytest.mark.parametrize(
    "clock",
    [MARCH, "2026-03-01T00:00:30", "2026-02-28T16:00:30Z", datetime(2026, 3, 1, 0, 0, 30, tzinfo=BEIJING)],
    ids=["as JSON", "Beijing time", "UTC", "a datetime"],
)
def test_a_tenant_begins_at_a_time_that_the_test_chose(clock: Any, server: huifu_mock.Server) -> None:
    with server.tenant(clock=clock) as tenant:
        assert tenant.clock.now().isoformat() == "2026-03-01T00:00:30+08:00"
        assert tenant.clock.mode == "frozen"
        young = tenant.orders.add(age_seconds=31)
        assert young.req_date == "20260228"  # the other side of Beijing's midnight
        assert Merchant(tenant).close(young)["resp_code"] == "20000001"
        tenant.clock.advance(29)
        assert Merchant(tenant).close(young)["resp_code"] == "00000000"


def test_a_reset_tenant_begins_where_it_began(server: huifu_mock.Server) -> None:
    with server.tenant(clock=MARCH) as tenant:
        tenant.clock.advance(86_400)
        tenant.reset()
        assert (tenant.clock.now().isoformat(), tenant.clock.mode) == (MARCH["now"], "frozen")


@pytest.mark.parametrize("clock", [{}, {"now": "soon"}, {"now": "2026-02-30"}, {"mode": "still"}, {"at": "2026-01-01"}])
def test_a_time_that_is_none_is_refused(clock: dict[str, str], server: huifu_mock.Server) -> None:
    with pytest.raises(huifu_mock.ControlError, match="clock") as refused:
        server.tenant(clock=clock)
    assert refused.value.status == 422


def test_a_clock_goes_back_as_long_as_nothing_has_happened(tenant: huifu_mock.Tenant, merchant: Merchant) -> None:
    for moment in ("2026-02-28T23:59:59+08:00", "2026-02-27T00:00:00+08:00", "2026-02-28T00:00:00+08:00"):
        assert tenant.clock.freeze(moment).isoformat() == moment
    order = tenant.orders.add()
    back = "has received calls or holds orders"
    with pytest.raises(huifu_mock.ControlError, match=back):
        tenant.clock.freeze("2026-02-27T00:00:00")
    merchant.close(order)
    tenant.reset()
    assert tenant.clock.freeze("2026-02-27T00:00:00").day == 27
    merchant.post("/v2/trade/payment/scanpay/close", {})
    with pytest.raises(huifu_mock.ControlError, match=back) as refused:
        tenant.clock.freeze("2026-02-26T00:00:00")
    assert refused.value.status == 422
    tenant.journal.clear()
    with pytest.raises(huifu_mock.ControlError, match=back):
        tenant.clock.freeze("2026-02-26T00:00:00")


def test_the_default_tenant_takes_its_sample_orders_along() -> None:
    with huifu_mock.Server() as server:
        cast = server.default.orders.list()
        server.default.clock.freeze("2026-03-01T00:00:30")
        assert len(server.default.orders.list()) == len(cast)
        assert server.default.orders.get("order-young").age_seconds == 0


def test_the_sample_orders_were_created_on_their_own_day(server: huifu_mock.Server) -> None:
    for order in server.default.orders.list():
        assert order.created_at.strftime("%Y%m%d") == order.req_date


def test_an_order_is_created_at_a_time_of_its_own_and_never_later_than_now(tenant: huifu_mock.Tenant) -> None:
    past = tenant.orders.add(created_at="2026-01-02T03:04:05+08:00")
    assert (past.created_at.isoformat(), past.req_date) == ("2026-01-02T03:04:05+08:00", "20260102")
    assert tenant.orders.add(created_at="2999-01-01T00:00:00+08:00").created_at == tenant.clock.now()


def test_serve_begins_at_a_time(capsys: pytest.CaptureFixture[str]) -> None:
    command = [sys.executable, "-m", "huifu_mock", "serve", "--port", "0", "--ready-json", "-q"]
    with subprocess.Popen([*command, "--now", "2026-03-01T00:00:30"], stdout=subprocess.PIPE, text=True) as serving:
        assert serving.stdout is not None
        connection = huifu_mock.connect(json.loads(serving.stdout.readline())["base_url"])
        for tenant in (connection.default, connection.tenant()):
            assert tenant.clock.mode == "running"
            begun = tenant.clock.now() - datetime(2026, 3, 1, 0, 0, 30, tzinfo=BEIJING)
            assert timedelta() <= begun < timedelta(hours=1)
        serving.send_signal(signal.SIGTERM)
        assert serving.wait(30) == 0
    with pytest.raises(SystemExit):
        main(["serve", "--now", "tomorrow"])
    assert "ISO 8601 is needed, such as 2026-03-01T00:00:30" in capsys.readouterr().err


def test_without_a_choice_it_is_now(server: huifu_mock.Server) -> None:
    with server.tenant() as tenant:
        assert abs(tenant.clock.now() - wall_clock()) < timedelta(hours=1)
