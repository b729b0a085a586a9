"""Units of work: a change that cannot be kept was not made, and everybody is told so."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from desk import Desk, opened, said

from huifu_mock.client.transport import run_here
from huifu_mock.gateway.store import InMemory
from huifu_mock.http.control import router
from huifu_mock.request import CLOSE, ReceivedBytes
from huifu_mock.state.work import Unkept

FULL = "the disk is full"


@contextmanager
def refused() -> Iterator[None]:
    raise Unkept(FULL)
    yield


def test_a_close_that_cannot_be_kept_is_answered_98888888_with_an_open_outcome() -> None:
    desk = Desk()
    order = desk.order()
    desk.tenant.unit = refused
    exchange = desk.mock.gateway.receive(CLOSE, ReceivedBytes(desk.body(desk.data(order))))
    assert said(opened(exchange.payload())) == ("98888888", "系统错误", "P")
    assert FULL in exchange.hint
    assert exchange.entry.number == 0
    assert desk.kept(order) == order
    assert len(desk.tenant.journal) == 0


def test_the_control_api_says_503_where_nothing_can_be_kept() -> None:
    desk = Desk()
    desk.tenant.unit = refused
    path = f"/_mock/tenants/{desk.tenant.sys_id}/orders"
    told = run_here(router.dispatch(desk.mock, "", "POST", path, query={}, body={}))
    assert told.status == 503
    assert FULL in json.dumps(told.body)
    assert list(desk.tenant.orders.orders()) == []


def test_health_tells_why_nothing_could_be_kept() -> None:
    class Full(InMemory):
        def trouble(self) -> str:
            return FULL

    desk = Desk()
    desk.mock.gateway.store = Full()  # type: ignore[misc] # a test may
    told = run_here(router.dispatch(desk.mock, "", "GET", "/_mock/health", query={}))
    assert (told.status, told.body) == (503, {"status": "trouble", "trouble": FULL})
    assert run_here(router.dispatch(Desk().mock, "", "GET", "/_mock/health", query={})).status == 200


def test_time_stands_still_while_a_call_is_answered() -> None:
    desk = Desk()
    clock = desk.tenant.clock
    clock.set(mode="running")
    moment = clock.stand_still()
    assert clock.now() == clock.now() == moment
    clock.advance(60)
    assert (clock.now() - moment).total_seconds() == 60
    clock.go_on()
    assert clock.now() > moment
