"""Closes that arrive at once, over real HTTP: one succeeds, whatever the others do."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from threading import Barrier
from urllib.parse import urlsplit

import pytest
from desk import opened, said

import huifu_mock
from huifu_mock import signing

MANY = 64
CLOSE = "/v2/trade/payment/scanpay/close"


def at_once(base_url: str, bodies: list[bytes]) -> list[bytes]:
    """Post every body on a connection of its own, all of them at the same moment."""
    barrier = Barrier(len(bodies))

    def send(body: bytes) -> bytes:
        connection = HTTPConnection(urlsplit(base_url).netloc, timeout=60)
        connection.connect()
        barrier.wait(60)
        connection.request("POST", CLOSE, body)
        response = connection.getresponse()
        assert response.status == 200
        raw = response.read()
        connection.close()
        return raw

    with ThreadPoolExecutor(len(bodies)) as pool:
        return [*pool.map(send, bodies)]


def closes(tenant: huifu_mock.Tenant, order: huifu_mock.Order, numbers: list[str]) -> list[bytes]:
    """Signed closes of one order, one for each number."""
    key = signing.load_private_key(tenant.merchant_private_key, trusted=True)
    return [signing.envelope(tenant.sys_id, "MCS", order.close_params(number), key) for number in numbers]


@pytest.mark.parametrize(
    ("settle", "winner", "others"),
    [
        ("immediate", ("00000000", "交易成功", "S"), ("23000000", "关单状态为终态，不能重复关单", "F")),
        ("processing", ("00000100", "交易处理中", "P"), ("20000001", "并发冲突,请稍后重试", "F")),
        ("accepted", ("00000000", "交易成功", "P"), ("20000001", "并发冲突,请稍后重试", "F")),
    ],
)
def test_of_many_numbers_exactly_one_succeeds(
    settle: str, winner: tuple[str, ...], others: tuple[str, ...], tenant: huifu_mock.Tenant
) -> None:
    order = tenant.orders.add(settle=settle)
    replies = at_once(tenant.base_url, closes(tenant, order, [f"close-{i}" for i in range(MANY)]))
    assert Counter(said(opened(reply)) for reply in replies) == {winner: 1, others: MANY - 1}
    assert len(tenant.orders.get(order.req_seq_id).closes) == 1
    assert len(tenant.journal.calls()) == MANY


@pytest.mark.parametrize("settle", ["immediate", "processing", "accepted"])
def test_one_number_many_times_gets_the_same_bytes(settle: str, tenant: huifu_mock.Tenant) -> None:
    order = tenant.orders.add(settle=settle)
    replies = at_once(tenant.base_url, closes(tenant, order, ["same"] * MANY))
    assert len(set(replies)) == 1
    assert opened(replies[0])["trans_stat"] in "SP"
    assert len(tenant.orders.get(order.req_seq_id).closes) == 1


def test_an_order_that_is_paid_meanwhile_is_never_both(tenant: huifu_mock.Tenant) -> None:
    order = tenant.orders.add(settle="processing", settle_seconds=1)
    key = order.req_seq_id

    def pay() -> bool:
        try:
            return tenant.orders.pay(key).trans_stat == "S"
        except huifu_mock.ControlError:
            return False

    with ThreadPoolExecutor(3) as pool:
        sent = pool.submit(at_once, tenant.base_url, closes(tenant, order, [f"close-{i}" for i in range(16)]))
        paid = pool.submit(pay)
        moved = pool.submit(tenant.clock.advance, 1)
        replies = [opened(reply) for reply in sent.result()]
        moved.result()
    tenant.clock.advance(10)
    after = tenant.orders.get(key)
    assert (after.trans_stat, after.close_stat) in (("S", "F"), ("S", ""), ("F", "S"))
    assert paid.result() == (after.trans_stat == "S")
    assert [reply["trans_stat"] for reply in replies].count("P") <= 1


def test_different_orders_do_not_wait_for_each_other(tenant: huifu_mock.Tenant) -> None:
    orders = tenant.orders.add_many([{}] * 32)
    bodies = [body for i, order in enumerate(orders) for body in closes(tenant, order, [f"close-{i}"])]
    assert {opened(reply)["resp_code"] for reply in at_once(tenant.base_url, bodies)} == {"00000000"}
    assert {order.close_stat for order in tenant.orders.list()} == {"S"}
