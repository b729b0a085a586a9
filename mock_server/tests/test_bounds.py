"""Every bound is told with its fill, and what goes beyond it is refused; the control API lists itself."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from desk import Desk
from rawclient import body
from wired import connected, head, post, received

import huifu_mock
from huifu_mock.gateway import mock
from huifu_mock.http.control import faults, journal, pushes
from huifu_mock.http.control.router import ROUTES


def test_about_tells_every_bound_with_its_fill(tenant: huifu_mock.Tenant, server: huifu_mock.Server) -> None:
    post(server.base_url, body(tenant, tenant.orders.add()))
    bounds = huifu_mock.connect(server.base_url).about()["bounds"]
    assert set(bounds) == set(server.mock.bounds)
    assert bounds["journal_bytes"] == {"most": 256 * 1024 * 1024, "now": server.mock.room.held}
    assert bounds["journal_entries_of_a_tenant"]["most"] == 10_000
    assert bounds["journal_entries_of_a_tenant"]["now"] >= 1
    assert bounds["connections"]["most"] == 1000
    assert bounds["connections"]["now"] >= 1
    assert bounds["delivery_waits_of_a_tenant"] == {"most": 1000, "now": 0}
    assert all(0 <= one["now"] <= one["most"] for one in bounds.values())
    assert "final_orders_of_a_tenant" not in bounds, "all are kept unless told otherwise"


def test_a_bound_of_the_orders_is_told_with_how_many_are_final() -> None:
    bounded = mock.Mock(cast=[], keep_orders=2)
    [tenant] = bounded.gateway
    for order in ({}, {"trans_stat": "S"}, {"trans_stat": "F"}, {"trans_stat": "S"}):
        mock.seed(tenant, [order])
    assert bounded.bounds["final_orders_of_a_tenant"]() == (2, 2)


@pytest.mark.parametrize(
    ("module", "bound", "ask"),
    [
        (faults, "MOST_FAULTS", lambda tenant: tenant.faults.add(answer="98888888")),
        (pushes, "MOST_WEBHOOKS", lambda tenant: tenant.webhooks.add("http://127.0.0.1:9/hook")),
        (journal, "MOST_WAITING", lambda tenant: tenant.journal.wait_for(timeout=0.01, req_seq_id="never")),
        (pushes, "MOST_WAITING", lambda tenant: tenant.deliveries.wait_for(timeout=0.01, order="never")),
    ],
    ids=["faults", "webhooks", "waits for calls", "waits for deliveries"],
)
def test_more_than_there_may_be_is_refused_with_429(
    module: Any, bound: str, ask: Callable[[Any], Any], tenant: huifu_mock.Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, bound, 0)
    with pytest.raises(huifu_mock.ControlError, match="that is the most") as refused:
        ask(tenant)
    assert refused.value.status == 429


def test_more_orders_than_one_call_may_seed_are_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mock, "MOST_ORDERS", 2)
    with pytest.raises(mock.Refused, match="seed at most 2"):
        mock.seed(desk.tenant, [{}, {}, {}])
    assert len(desk.tenant.orders) == 0


@pytest.mark.parametrize("path", ["/_mock", "/"])
def test_every_control_path_is_listed_with_its_methods_and_a_line_each(path: str, server: huifu_mock.Server) -> None:
    with connected(server.base_url) as connection:
        connection.sendall(head(server.base_url, [], path, "GET"))
        answer = received(connection, "GET")
    assert answer.status == 200
    listed = {one["path"]: one["methods"] for one in json.loads(answer.body)["items"]}
    assert {(path, method) for path, methods in listed.items() for method in methods} == {
        (route.template, route.method) for route in ROUTES
    }
    assert all(says for methods in listed.values() for says in methods.values())


def test_a_server_may_begin_with_more_orders_than_one_call_may_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mock, "MOST_ORDERS", 2)
    begun = mock.Mock([{}, {}, {}])
    assert len(next(iter(begun.gateway)).orders) == 3
