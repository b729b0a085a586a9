"""Querying an order at its three paths: the state as it is now, in the names of each version."""

from typing import Any

import pytest
from counter import JSPAY_V2, QUERIES, QUERY_V2, QUERY_V3, QUERY_V4, ask, named, new_order, send
from desk import Desk
from hypothesis import given
from hypothesis import strategies as st

from huifu_mock.gateway import lifecycle

NAMES = {
    QUERY_V2: ("org_req_date", "org_req_seq_id", "org_hf_seq_id", "trans_type"),
    QUERY_V3: ("org_req_date", "org_req_seq_id", "org_hf_seq_id", "trans_type"),
    QUERY_V4: ("req_date", "req_seq_id", "hf_seq_id", "trade_type"),
}


@pytest.mark.parametrize("path", QUERIES)
def test_each_version_has_its_own_names_for_one_order(desk: Desk, path: str) -> None:
    order = desk.order(trade_type="A_NATIVE", trans_amt="12.30")
    asked = ask(desk, path, named(path, order))
    req_date, req_seq_id, hf_seq_id, trade_type = NAMES[path]
    assert asked.said == ("00000000", "查询成功", "P")
    assert asked.reply[req_date] == order.req_date
    assert asked.reply[req_seq_id] == order.req_seq_id
    assert asked.reply[hf_seq_id] == order.hf_seq_id
    assert asked.reply[trade_type] == "A_NATIVE"
    assert asked.reply["trans_amt"] == "12.30"
    assert "end_time" not in asked.reply


@pytest.mark.parametrize("path", QUERIES)
def test_huifus_number_needs_no_date_and_must_agree_with_what_else_is_given(desk: Desk, path: str) -> None:
    order, other = desk.order(), desk.order()
    req_date, req_seq_id, hf_seq_id, _ = NAMES[path]
    by_hf = {"huifu_id": order.huifu_id, hf_seq_id: order.hf_seq_id}
    assert ask(desk, path, by_hf).reply[req_seq_id] == order.req_seq_id
    assert ask(desk, path, by_hf, **{req_date: order.req_date, req_seq_id: order.req_seq_id}).row == ""
    for wrong in ({req_date: "20200101"}, {req_seq_id: other.req_seq_id}, {"huifu_id": "6666000000000009"}):
        assert ask(desk, path, by_hf, **wrong).said == ("23000001", "交易不存在", "")


@pytest.mark.parametrize("path", QUERIES)
def test_an_order_that_is_not_there_is_not_found(desk: Desk, path: str) -> None:
    order = desk.order()
    _, req_seq_id, _, _ = NAMES[path]
    asked = ask(desk, path, named(path, order), **{req_seq_id: "no-such-order"})
    assert (asked.said, asked.row) == (("23000001", "交易不存在", ""), "query/unknown")
    assert ask(desk, path, {"huifu_id": order.huifu_id, "out_ord_id": "1"}).row == "query/unknown"


@pytest.mark.parametrize("path", QUERIES)
def test_a_query_must_name_an_order(desk: Desk, path: str) -> None:
    order = desk.order()
    req_date, req_seq_id, hf_seq_id, _ = NAMES[path]
    nothing = ask(desk, path, named(path, order), **{req_seq_id: "", hf_seq_id: ""})
    assert (nothing.reply["resp_code"], nothing.row) == ("21000000", "5")
    undated = ask(desk, path, named(path, order), **{req_date: None})
    assert (undated.said, undated.row) == (("10000000", f"{req_date}不能为空", ""), "query/no-date")


@pytest.mark.parametrize("path", QUERIES)
def test_a_query_shows_how_an_order_ended(desk: Desk, path: str) -> None:
    paid, failed, closed = desk.order(trans_amt="5.00"), desk.order(), desk.order()
    lifecycle.pay(desk.tenant, paid)
    lifecycle.fail(desk.tenant, failed)
    assert desk.close(closed)["trans_stat"] == "S"
    replies = [ask(desk, path, named(path, order)).reply for order in (paid, failed, closed)]
    assert [reply["trans_stat"] for reply in replies] == ["S", "F", "F"]
    assert [reply["acct_stat"] for reply in replies] == ["S", "I", "I"]
    assert replies[0]["end_time"] == f"{desk.tenant.clock.now():%Y%m%d%H%M%S}"
    assert replies[0]["settlement_amt"] == "5.00"
    assert "end_time" not in replies[2]


@pytest.mark.parametrize("path", QUERIES)
def test_asking_changes_nothing(desk: Desk, path: str) -> None:
    order = desk.order(settle="processing", settle_seconds=5)
    desk.close(order)
    before = desk.kept(order)
    for _ in range(20):
        assert ask(desk, path, named(path, order)).reply["trans_stat"] == "P"
    assert desk.kept(order) == before
    desk.tenant.clock.advance(5)
    assert ask(desk, path, named(path, order)).reply["trans_stat"] == "F"


@pytest.mark.parametrize("path", QUERIES)
def test_what_was_created_comes_back(desk: Desk, path: str) -> None:
    data = new_order(desk, JSPAY_V2, remark="备注/1", delay_acct_flag="Y")
    ask(desk, JSPAY_V2, data)
    order = desk.tenant.orders.get((data["huifu_id"], data["req_date"], data["req_seq_id"]))
    reply = ask(desk, path, named(path, order)).reply
    assert (reply["remark"], reply["delay_acct_flag"], reply["div_flag"]) == ("备注/1", "Y", "N")


@pytest.mark.parametrize("path", QUERIES)
def test_what_is_wrong_with_the_call_itself_is_refused_as_for_a_close(desk: Desk, path: str) -> None:
    data = named(path, desk.order())
    assert send(desk, path, b"").said == ("10000000", "请求内容体不能为空", "")
    assert send(desk, path, desk.body(data, sys_id="7")).row == "2"
    assert send(desk, path, desk.body(data, product_id="NO")).row == "3"
    assert ask(desk, path, data, huifu_id=None).said == ("10000000", "huifu_id不能为空", "")
    assert ask(desk, path, data, huifu_id="6" * 33).said == ("10000000", "huifu_id最大长度为32位", "")


MEMBERS = st.sampled_from(
    ["huifu_id", "org_req_date", "org_req_seq_id", "org_hf_seq_id", "req_date", "req_seq_id", "hf_seq_id",
     "out_ord_id", "trans_amt", "trans_stat", "div_flag"]
)  # fmt: skip
VALUES = st.none() | st.text(max_size=140) | st.integers() | st.sampled_from(["20260101", "", "P", "x" * 200])


@given(path=st.sampled_from(QUERIES), data=st.dictionaries(MEMBERS, VALUES, max_size=6))
def test_every_reply_to_a_query_is_valid_whatever_is_sent(path: str, data: dict[str, Any]) -> None:
    desk = Desk()
    try:
        body = desk.body(data)
    except UnicodeEncodeError:  # half of a surrogate pair cannot be signed by an honest client
        return
    assert send(desk, path, body).reply["resp_code"] in ("10000000", "21000000", "23000001")
