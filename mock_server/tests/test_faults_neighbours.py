"""Faults act on every endpoint where they make sense, not on closes alone."""

import json

import pytest
from counter import CLOSEQUERY, CREATES, NEIGHBOURS, ask, named, new_order, send
from desk import Desk
from rawclient import Client

import huifu_mock
from huifu_mock import signing
from huifu_mock.gateway.gateway import PATHS
from huifu_mock.request import ReceivedBytes


def data_for(desk: Desk, path: str) -> dict[str, str]:
    """A call that succeeds at that path."""
    if path in CREATES:
        return new_order(desk, path)
    order = desk.order()
    desk.close(order)
    desk.tenant.journal.clear()
    return named(path, order)


@pytest.mark.parametrize("path", NEIGHBOURS)
def test_an_answer_can_be_queued_for_any_endpoint(desk: Desk, path: str) -> None:
    data = data_for(desk, path)
    desk.tenant.faults.add({"match": {"endpoint": path}, "do": {"answer": "98888888"}})
    assert ask(desk, path, data).reply["resp_code"] == "98888888"
    assert ask(desk, path, data).reply["resp_code"] in ("00000000", "00000100")
    assert [list(entry.faults) for entry in desk.tenant.journal] == [["98888888"], []]


@pytest.mark.parametrize("path", CREATES)
def test_an_order_is_really_created_before_a_late_error(desk: Desk, path: str) -> None:
    data = new_order(desk, path)
    desk.tenant.faults.add({"match": {"endpoint": path}, "do": {"answer": "98888888", "when": "after"}})
    assert ask(desk, path, data).reply["resp_code"] == "98888888"
    (entry,) = desk.tenant.journal
    assert entry.resp_code in ("00000000", "00000100")
    assert [order.req_seq_id for order in desk.tenant.orders.orders()] == [data["req_seq_id"]]


@pytest.mark.parametrize("path", NEIGHBOURS)
def test_a_call_that_is_wrong_in_itself_is_refused_as_ever(desk: Desk, path: str) -> None:
    desk.tenant.faults.add({"do": {"answer": "98888888"}})
    assert send(desk, path, b"{}").reply["resp_code"] == "10000000"
    (fault,) = desk.tenant.faults
    assert fault.used == 0


@pytest.mark.parametrize("path", NEIGHBOURS)
def test_the_faults_of_closes_leave_the_neighbours_alone(desk: Desk, path: str) -> None:
    data = data_for(desk, path)
    desk.tenant.faults.add({"match": {"endpoint": "close"}, "do": {"answer": "98888888"}})
    assert ask(desk, path, data).reply["resp_code"] in ("00000000", "00000100")


@pytest.mark.parametrize("path", NEIGHBOURS)
def test_the_signed_layer_can_be_spoilt_everywhere(desk: Desk, path: str) -> None:
    data = data_for(desk, path)
    desk.tenant.faults.add({"match": {"endpoint": path}, "do": {"fault": "sign-empty"}})
    exchange = desk.mock.gateway.receive(PATHS[path], ReceivedBytes(desk.body(data)))
    spoilt = json.loads(exchange.payload())
    assert spoilt["sign"] == ""
    assert spoilt["data"]["resp_code"] in ("00000000", "00000100")


def test_a_magic_order_is_queried_truly(desk: Desk) -> None:
    number = "MOCK~98888888~x"
    assert desk.close(org_req_seq_id=number)["resp_code"] == "98888888"
    (order,) = desk.tenant.orders.orders()
    assert ask(desk, CLOSEQUERY, named(CLOSEQUERY, order)).reply["resp_code"] != "98888888"


def test_the_wire_can_be_spoilt_for_a_query_alone(tenant: huifu_mock.Tenant) -> None:
    order = tenant.orders.add()
    data = {**order.close_params("query"), "org_hf_seq_id": order.hf_seq_id}
    key = signing.load_private_key(tenant.merchant_private_key)
    sent = signing.envelope(tenant.sys_id, tenant.product_id, data, key)
    tenant.faults.add(fault="reset-before-read", match={"endpoint": "closequery"})
    with Client(tenant) as client:
        client.send(sent).whole()
        assert client.signature_holds
    with Client(tenant) as client:
        assert client.send(sent, path=CLOSEQUERY).to_the_end() == "reset"
    assert [call.faults for call in tenant.journal.calls()] == [(), ("reset-before-read",)]
