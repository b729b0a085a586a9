"""Asking how a close went: the state of the last close that was accepted, as it is now."""

from typing import Any

import pytest
from counter import CLOSEQUERY, ask, named, send
from desk import Desk
from hypothesis import given
from hypothesis import strategies as st

from huifu_mock.gateway import lifecycle

FOUND = ("00000000", "查询成功")


def closequery(desk: Desk, order: Any, **changes: Any) -> dict[str, str]:
    return ask(desk, CLOSEQUERY, named(CLOSEQUERY, order), **changes).reply


def test_a_close_that_succeeded_is_told_with_the_orders_state(desk: Desk) -> None:
    order = desk.order()
    desk.close(order)
    reply = closequery(desk, order)
    assert (reply["resp_code"], reply["resp_desc"]) == FOUND
    assert (reply["trans_stat"], reply["org_trans_stat"]) == ("S", "F")
    assert (reply["org_req_seq_id"], reply["org_hf_seq_id"]) == (order.req_seq_id, order.hf_seq_id)
    assert (reply["req_seq_id"], reply["org_req_date"]) == ("query-1", order.req_date)


@pytest.mark.parametrize("settle", ["processing", "accepted"])
def test_a_close_in_progress_is_p_until_the_clock_has_settled_it(desk: Desk, settle: str) -> None:
    order = desk.order(settle=settle, settle_seconds=5)
    desk.close(order)
    for _ in range(10):
        assert closequery(desk, order)["trans_stat"] == "P"
    desk.tenant.clock.advance(4.999999)
    assert closequery(desk, order)["trans_stat"] == "P"
    desk.tenant.clock.advance(0.000001)
    assert (closequery(desk, order)["trans_stat"], closequery(desk, order)["org_trans_stat"]) == ("S", "F")


def test_a_customer_who_pays_first_makes_the_close_fail(desk: Desk) -> None:
    order = desk.order(settle="processing")
    desk.close(order)
    lifecycle.pay(desk.tenant, desk.kept(order))
    desk.tenant.clock.advance(60)
    reply = closequery(desk, order)
    assert (reply["resp_code"], reply["trans_stat"], reply["org_trans_stat"]) == ("00000000", "F", "S")


def test_a_refused_close_is_told_as_failed_and_the_order_goes_on(desk: Desk) -> None:
    order = desk.order(settle="refused")
    assert desk.close(order)["trans_stat"] == "F"
    assert (closequery(desk, order)["trans_stat"], closequery(desk, order)["org_trans_stat"]) == ("F", "P")


@pytest.mark.parametrize("order", [{}, {"age_seconds": 1}, {"trans_stat": "S"}, {"trade_type": "U_NATIVE"}])
def test_without_an_accepted_close_there_is_nothing_to_tell(desk: Desk, order: dict[str, Any]) -> None:
    made = desk.order(**order)
    if order:
        assert desk.close(made)["trans_stat"] == "F"  # a rule refused it: that is no close
    asked = ask(desk, CLOSEQUERY, named(CLOSEQUERY, made))
    assert asked.said == ("23000001", "原交易不存在", "F")
    assert asked.row == "closequery/no-close"


def test_the_order_is_named_by_either_number_and_by_both_only_if_they_agree(desk: Desk) -> None:
    order, other = desk.order(), desk.order()
    desk.close(order)
    assert closequery(desk, order, org_req_seq_id=None, org_hf_seq_id=order.hf_seq_id)["trans_stat"] == "S"
    assert closequery(desk, order, org_hf_seq_id=order.hf_seq_id)["trans_stat"] == "S"
    assert closequery(desk, order, org_hf_seq_id=other.hf_seq_id)["resp_code"] == "23000001"
    assert closequery(desk, order, org_req_date="20200101")["resp_code"] == "23000001"
    assert closequery(desk, order, huifu_id="6666000000000009")["resp_code"] == "23000001"
    neither = closequery(desk, order, org_req_seq_id="", org_hf_seq_id=None)
    assert (neither["resp_code"], neither["resp_desc"]) == ("21000000", "原请求流水号和原全局流水号不能同时为空")


def test_a_query_may_be_asked_again_under_its_number(desk: Desk) -> None:
    order = desk.order(settle="processing", settle_seconds=5)
    desk.close(order)
    assert closequery(desk, order)["trans_stat"] == "P"
    desk.tenant.clock.advance(5)
    assert closequery(desk, order)["trans_stat"] == "S"


def test_what_is_wrong_with_the_call_itself_is_refused_as_for_a_close(desk: Desk) -> None:
    data = named(CLOSEQUERY, desk.order())
    generic = ("10000000", "入参数据不符合接口要求", "F")
    assert send(desk, CLOSEQUERY, b"").said == generic
    assert ask(desk, CLOSEQUERY, data, req_date="20260230").said == generic
    assert send(desk, CLOSEQUERY, desk.body(data, sys_id="7")).said == generic
    assert send(desk, CLOSEQUERY, desk.body(data, product_id="NO")).said == ("22000000", "产品号不存在", "F")


MEMBERS = st.sampled_from(
    ["huifu_id", "req_date", "req_seq_id", "org_req_date", "org_req_seq_id", "org_hf_seq_id", "trans_stat"]
)
VALUES = st.none() | st.text(max_size=140) | st.integers() | st.sampled_from(["20260101", "", "P", "x" * 200])


@given(changes=st.dictionaries(MEMBERS, VALUES, max_size=6), whole=st.booleans())
def test_every_reply_to_a_closequery_is_valid_whatever_is_sent(changes: dict[str, Any], whole: bool) -> None:
    desk = Desk()
    data = {**(named(CLOSEQUERY, desk.order()) if whole else {}), **changes}
    try:
        body = desk.body(data)
    except UnicodeEncodeError:  # half of a surrogate pair cannot be signed by an honest client
        return
    assert send(desk, CLOSEQUERY, body).reply["resp_code"] in ("10000000", "21000000", "23000001")
