"""What tests assert about received calls, and what a failed assertion tells."""

import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPException
from itertools import count

import pytest
from wired import post

import huifu_mock
from huifu_mock import Tenant, signing
from huifu_mock.client import verify
from huifu_mock.state.journal import TENANT_BYTES, Journal

NUMBERS = count(1)


class Client:
    """A client that sends what it is told to."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self._key = signing.load_private_key(tenant.merchant_private_key, trusted=True)
        self.order = tenant.orders.add(req_seq_id="the-order")

    def close(self, req_seq_id: str = "", **changes: str) -> None:
        data = {**self.order.close_params(req_seq_id or f"close-{next(NUMBERS)}"), **changes}
        with suppress(OSError, HTTPException):  # a fault may eat the answer
            post(self.tenant.base_url, signing.envelope(self.tenant.sys_id, "MCS", data, self._key))


@pytest.fixture
def client(tenant: Tenant) -> Client:
    return Client(tenant)


def test_once_gives_back_the_one_call(client: Client) -> None:
    client.close("c-1")
    call = client.tenant.journal.assert_once(org_req_seq_id="the-order")
    assert call.value("req_seq_id") == "c-1"
    client.tenant.journal.assert_once(req_seq_id="c-1", reason="CLOSED", signature_ok=True)


def test_a_close_that_did_not_come_shows_the_nearest_calls_and_what_differs(client: Client) -> None:
    client.close("c-1")
    client.close("c-2", org_req_seq_id="another")
    with pytest.raises(AssertionError) as failed:
        client.tenant.journal.assert_once(org_req_seq_id="the-order", reason="TOO_YOUNG")
    said = str(failed.value)
    assert 'no close with org_req_seq_id="the-order", reason="TOO_YOUNG" was received' in said
    assert "the nearest of 2 calls" in said
    assert said.index("req_seq_id=c-1") < said.index("req_seq_id=c-2")
    assert 'reason is "CLOSED", not "TOO_YOUNG"' in said
    assert 'org_req_seq_id is "another", not "the-order"' in said


def test_an_empty_journal_suggests_the_base_url(tenant: Tenant) -> None:
    with pytest.raises(AssertionError, match="nothing reached this tenant"):
        tenant.journal.assert_once(req_seq_id="c-1")


def test_two_closes_instead_of_one_are_shown_with_what_differs(client: Client) -> None:
    client.close("c-1")
    client.close("c-2")
    with pytest.raises(AssertionError) as failed:
        client.tenant.journal.assert_once(org_req_seq_id="the-order")
    assert "2 times close" in str(failed.value)
    assert 'they differ in: req_seq_id ("c-1", then "c-2")' in str(failed.value)


def test_a_repeat_of_the_same_bytes_is_told_as_such(client: Client) -> None:
    client.close("c-1")
    client.close("c-1")
    with pytest.raises(AssertionError, match="the same data was sent again"):
        client.tenant.journal.assert_once(req_seq_id="c-1")


def test_none_shows_what_came(client: Client) -> None:
    client.tenant.journal.assert_none()
    client.close("c-1")
    client.tenant.journal.assert_none(req_seq_id="c-2")
    with pytest.raises(AssertionError, match="instead of never") as failed:
        client.tenant.journal.assert_none()
    assert "req_seq_id=c-1" in str(failed.value)


def test_assertions_speak_of_closes_unless_told_otherwise(client: Client) -> None:
    data = {"huifu_id": client.order.huifu_id, "org_req_date": client.order.req_date, "org_req_seq_id": "the-order"}
    key = signing.load_private_key(client.tenant.merchant_private_key, trusted=True)
    body = signing.envelope(client.tenant.sys_id, "MCS", data, key)
    post(client.tenant.base_url, body, target="/v2/trade/payment/scanpay/query")
    client.tenant.journal.assert_none()
    assert client.tenant.journal.assert_once(endpoint="query").endpoint == "query"
    with pytest.raises(AssertionError):
        client.tenant.journal.assert_none(endpoint=None)
    with pytest.raises(AssertionError, match='endpoint is "query", not "close"'):
        client.tenant.journal.assert_once(org_req_seq_id="the-order")


def test_a_wrong_signature_is_told_in_the_message(client: Client) -> None:
    data = client.order.close_params("c-1")
    post(client.tenant.base_url, signing.envelope(client.tenant.sys_id, "MCS", data, signing.generate(2048)))
    with pytest.raises(AssertionError, match="signature wrong: foreign-key"):
        client.tenant.journal.assert_once(reason="CLOSED")


# waiting


def test_waiting_gives_back_the_first_call(client: Client) -> None:
    thread = threading.Thread(target=client.close, args=("c-1",))
    thread.start()
    assert client.tenant.journal.wait_for(timeout=30, req_seq_id="c-1").reason == "CLOSED"
    thread.join()


def test_waiting_in_vain_shows_what_came_instead(client: Client) -> None:
    client.close("c-1")
    with pytest.raises(TimeoutError) as failed:
        client.tenant.journal.wait_for(timeout=0, req_seq_id="c-2")
    assert 'req_seq_id is "c-1", not "c-2"' in str(failed.value)


# retries


def test_the_same_number_may_be_sent_again(client: Client) -> None:
    client.tenant.faults.add(fault="reset-after-commit")
    client.close("c-1")
    client.close("c-1")
    client.tenant.journal.assert_never_retried_with_new_seq()


@pytest.mark.parametrize("fault", ["reset-after-commit", "empty-body", "sign-garbage"])
def test_a_new_number_after_an_answer_that_was_lost_is_told(fault: str, client: Client) -> None:
    client.tenant.faults.add(fault=fault)
    client.close("c-1")
    client.close("c-2")
    with pytest.raises(AssertionError) as failed:
        client.tenant.journal.assert_never_retried_with_new_seq()
    said = str(failed.value)
    assert "retried with a new req_seq_id, once" in said
    assert said.index("req_seq_id=c-1") < said.index("req_seq_id=c-2")
    assert "closequery" in said


@pytest.mark.parametrize("answer", ["98888888", "99999999"])
def test_a_new_number_after_an_unknown_outcome_is_told(answer: str, client: Client) -> None:
    client.tenant.faults.add(answer=answer)
    client.close("c-1")
    client.close("c-2")
    with pytest.raises(AssertionError):
        client.tenant.journal.assert_never_retried_with_new_seq(org_req_seq_id="the-order")


def test_a_new_number_after_a_refusal_that_arrived_is_fine(client: Client) -> None:
    client.tenant.faults.add(answer="20000001.TOO_YOUNG")
    client.close("c-1")
    client.close("c-2")
    client.tenant.journal.assert_never_retried_with_new_seq()


def test_a_new_number_after_a_refusal_that_was_lost_is_told(client: Client) -> None:
    young = client.tenant.orders.add(req_seq_id="young", age_seconds=0)
    client.tenant.faults.add(fault="empty-body")
    client.close("c-1", org_req_seq_id=young.req_seq_id)
    client.close("c-2", org_req_seq_id=young.req_seq_id)
    with pytest.raises(AssertionError):
        client.tenant.journal.assert_never_retried_with_new_seq()


def test_other_orders_have_their_own_numbers(client: Client) -> None:
    client.tenant.orders.add(req_seq_id="another")
    client.close("c-1")
    client.close("c-2", org_req_seq_id="another")
    client.tenant.journal.assert_never_retried_with_new_seq()


def test_an_order_is_the_same_by_either_of_its_numbers(client: Client) -> None:
    client.close("c-1", org_hf_seq_id=client.order.hf_seq_id)
    client.close("c-2", org_req_seq_id="", org_hf_seq_id=client.order.hf_seq_id)
    with pytest.raises(AssertionError):
        client.tenant.journal.assert_never_retried_with_new_seq()


# half the evidence


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """A client of a tenant whose journal holds two calls."""
    monkeypatch.setattr(Journal.__init__, "__defaults__", (2, TENANT_BYTES, None, None))
    with huifu_mock.Server() as server:
        yield Client(server.tenant())


def test_assertions_refuse_to_answer_when_calls_were_dropped(small: Client) -> None:
    journal = small.tenant.journal
    for _ in range(3):
        small.close()
    assert journal.dropped == 1
    for ask in (
        journal.assert_once,
        journal.assert_none,
        journal.assert_never_retried_with_new_seq,
        lambda **filters: journal.wait_for(timeout=0, **filters),
    ):
        with pytest.raises(verify.Dropped, match="dropped 1 calls"):
            ask(req_seq_id="nothing")
    journal.clear()
    journal.assert_none()


def test_a_call_to_a_wrong_path_is_shown_among_the_nearest(client: Client) -> None:
    body = json.dumps({"sys_id": client.tenant.sys_id, "product_id": "MCS", "data": {}}).encode()
    post(client.tenant.base_url, body, None, "/v2/scanpay/close")
    with pytest.raises(
        AssertionError, match="-> HTTP 404: the path: there is nothing at /v2/scanpay/close; did you mean"
    ):
        client.tenant.journal.assert_once()
