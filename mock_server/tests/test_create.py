"""Creating orders at all five paths: what is answered, what is refused and in which words, when an order expires."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from counter import CREATE_V4, CREATES, JSPAY_V2, MICROPAY_V2, MICROPAY_V3, ask, new_order, send
from desk import Desk
from hypothesis import given
from hypothesis import strategies as st

from huifu_mock.state.orders import Order

HF_SEQ_ID = re.compile(r"\d{4}[0-9A-Za-z]{6,7}\d{12}P\d{3}[0-9a-f]{8}0{5}")
ACCEPTED = ("00000100", "下单成功", "P")


def kept(desk: Desk, data: dict[str, Any]) -> Order | None:
    return desk.tenant.orders.get(
        (data["huifu_id"], data.get("req_date", desk.tenant.clock.today()), data["req_seq_id"])
    )


@pytest.mark.parametrize("path", CREATES)
def test_a_new_order_is_accepted_and_in_progress(desk: Desk, path: str) -> None:
    data = new_order(desk, path)
    asked = ask(desk, path, data)
    assert asked.said == ACCEPTED
    assert asked.row == ""
    assert {name: asked.reply[name] for name in ("req_date", "req_seq_id", "huifu_id", "trans_amt")} == {
        name: data[name] for name in ("req_date", "req_seq_id", "huifu_id", "trans_amt")
    }
    assert HF_SEQ_ID.fullmatch(asked.reply["hf_seq_id"])
    assert len(asked.reply["hf_seq_id"]) == 40
    order = kept(desk, data)
    assert order is not None
    assert (order.trans_stat, order.close_stat, order.hf_seq_id) == ("P", "", asked.reply["hf_seq_id"])


@pytest.mark.parametrize("path", CREATES)
def test_a_number_is_used_once_a_day_by_a_merchant(desk: Desk, path: str) -> None:
    data = new_order(desk, path)
    ask(desk, path, data)
    again = ask(desk, path, data, trans_amt="2.00")
    assert again.said == ("20000000", "重复交易", "")
    assert again.row == "create/repeat"
    assert kept(desk, data).trans_amt == "1.00"  # type: ignore[union-attr] # it is there
    assert ask(desk, path, data, req_date="20240229").said == ACCEPTED
    assert ask(desk, path, data, huifu_id="6666000000000001").said == ACCEPTED


def test_a_refused_create_gives_no_state_that_could_be_taken_for_the_orders(desk: Desk) -> None:
    data = new_order(desk, JSPAY_V2)
    ask(desk, JSPAY_V2, data)
    assert "trans_stat" not in ask(desk, JSPAY_V2, data).reply


@pytest.mark.parametrize(
    ("trade_type", "member"),
    [
        ("T_NATIVE", "qr_code"),
        ("A_NATIVE", "qr_code"),
        ("T_JSAPI", "pay_info"),
        ("T_MINIAPP", "pay_info"),
        ("A_JSAPI", "pay_info"),
        ("U_JSAPI", "pay_info"),
        ("Y_APP", "pay_info"),
    ],
)
def test_what_the_customer_pays_with_depends_on_the_trade_type(desk: Desk, trade_type: str, member: str) -> None:
    reply = ask(desk, JSPAY_V2, new_order(desk, JSPAY_V2, trade_type=trade_type)).reply
    assert ({"qr_code", "pay_info"} & set(reply)) == {member}
    if member == "pay_info":
        assert json.loads(reply["pay_info"])
    assert "huifu.com" not in reply[member]


@pytest.mark.parametrize(
    ("auth_code", "trade_type"), [("13456", "T_MICROPAY"), ("28763", "A_MICROPAY"), ("62012", "U_MICROPAY")]
)
@pytest.mark.parametrize("path", [MICROPAY_V2, MICROPAY_V3])
def test_a_scanned_bar_code_tells_who_pays(desk: Desk, path: str, auth_code: str, trade_type: str) -> None:
    reply = ask(desk, path, new_order(desk, path, auth_code=auth_code)).reply
    assert reply["trade_type"] == trade_type
    assert not {"qr_code", "pay_info"} & set(reply)


def test_v4_takes_the_day_of_the_tenants_clock_where_none_is_sent(desk: Desk) -> None:
    reply = ask(desk, CREATE_V4, new_order(desk, CREATE_V4), req_date=None).reply
    assert reply["req_date"] == desk.tenant.clock.today()


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"goods_desc": None}, "goods_desc不能为空"),
        ({"goods_desc": ""}, "goods_desc不能为空"),
        ({"goods_desc": "商" * 128}, "goods_desc最大长度为127位"),
        ({"req_date": "2024"}, "req_date长度固定8位"),
        ({"req_date": "20260230"}, "req_date不符合yyyyMMdd格式"),
        ({"trade_type": "X_PAY"}, "trade_type的传入枚举[X_PAY]不存在"),
        ({"trans_amt": "1"}, "trans_amt不符合金额格式"),
        ({"trans_amt": "0.00"}, "trans_amt不符合金额格式"),
        ({"trans_amt": 1}, "trans_amt不符合金额格式"),
        ({"req_seq_id": "x" * 129}, "req_seq_id最大长度为128位"),
        ({"time_expire": "20260230000000"}, "time_expire不符合yyyyMMddHHmmss格式"),
        ({"time_expire": "20200101000000"}, "订单已超时"),
    ],
)
def test_bad_parameters_are_refused_in_the_documented_words(desk: Desk, changes: dict[str, Any], text: str) -> None:
    data = new_order(desk, JSPAY_V2)
    asked = ask(desk, JSPAY_V2, data, **changes)
    assert asked.said == ("10000000", text, "")
    assert asked.exchange.hint
    assert kept(desk, data) is None


@pytest.mark.parametrize("path", CREATES)
def test_what_is_wrong_with_the_call_itself_is_refused_as_for_a_close(desk: Desk, path: str) -> None:
    data = new_order(desk, path)
    assert send(desk, path, b"").said == ("10000000", "请求内容体不能为空", "")
    assert send(desk, path, b"{").said == ("10000000", "入参数据不符合接口要求", "")
    tampered = desk.body(data).replace(b'"1.00"', b'"9.00"')
    assert (send(desk, path, tampered).row, send(desk, path, desk.body(data, sys_id="7")).row) == ("2", "2")
    unknown = send(desk, path, desk.body(data, product_id="NO"))
    assert (unknown.said, unknown.row) == (("22000000", "产品号不存在", ""), "3")
    desk.tenant.settings = replace(desk.tenant.settings, product_ids={"MCS": "suspended"})
    assert ask(desk, path, data).said == ("22000000", "产品号状态异常", "")
    assert kept(desk, data) is None


def test_an_order_expires_after_two_hours_unless_it_says_when(desk: Desk) -> None:
    usual, soon = new_order(desk, JSPAY_V2), new_order(desk, JSPAY_V2)
    expires = desk.tenant.clock.now().replace(microsecond=0) + timedelta(seconds=90)
    ask(desk, JSPAY_V2, usual)
    ask(desk, JSPAY_V2, soon, time_expire=expires.strftime("%Y%m%d%H%M%S"))
    desk.tenant.clock.advance(89 - desk.tenant.clock.now().microsecond / 1e6)
    assert [kept(desk, data).trans_stat for data in (usual, soon)] == ["P", "P"]  # type: ignore[union-attr] # both there
    desk.tenant.clock.advance(1)
    assert [kept(desk, data).trans_stat for data in (usual, soon)] == ["P", "F"]  # type: ignore[union-attr] # both there
    assert kept(desk, soon).finished_at == expires  # type: ignore[union-attr] # it is there
    desk.tenant.clock.advance(7200)
    assert kept(desk, usual).trans_stat == "F"  # type: ignore[union-attr] # it is there


def test_a_seeded_order_never_expires_unless_it_is_told_to(desk: Desk) -> None:
    order = desk.order(age_seconds=7300)
    told = desk.order(time_expire=f"{desk.tenant.clock.now() + timedelta(seconds=5):%Y%m%d%H%M%S}")
    past = desk.order(time_expire="20200101000000")
    desk.tenant.clock.advance(86_400)
    assert [desk.kept(one).trans_stat for one in (order, told, past)] == ["P", "F", "F"]
    assert past.trans_stat == "F"


def test_a_created_order_can_be_closed_from_its_61st_second(desk: Desk) -> None:
    data = new_order(desk, CREATE_V4)
    ask(desk, CREATE_V4, data)
    order = kept(desk, data)
    assert desk.close(order)["resp_desc"] == "不允许关闭一分钟以内的订单"
    desk.tenant.clock.advance(60)
    assert desk.close(order)["trans_stat"] == "S"


def test_a_refused_create_uses_up_no_number_of_huifus(desk: Desk) -> None:
    first = ask(desk, JSPAY_V2, new_order(desk, JSPAY_V2)).reply["hf_seq_id"]
    ask(desk, JSPAY_V2, new_order(desk, JSPAY_V2), trans_amt="0")
    second = ask(desk, JSPAY_V2, new_order(desk, JSPAY_V2)).reply["hf_seq_id"]
    assert int(second[24:27]) == int(first[24:27]) + 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(
    ["req_date", "req_seq_id", "huifu_id", "trade_type", "trans_amt", "goods_desc", "time_expire", "notify_url",
     "remark", "delay_acct_flag", "auth_code", "fee_flag", "wx_data", "div_flag"]
)  # fmt: skip


@given(path=st.sampled_from(CREATES), changes=st.dictionaries(NAMES, JSON, max_size=4))
def test_every_reply_to_a_create_is_valid_whatever_is_sent(path: str, changes: dict[str, Any]) -> None:
    desk = Desk()
    data = {**new_order(desk, path), **changes}
    try:
        body = desk.body(data)
    except UnicodeEncodeError:  # half of a surrogate pair cannot be signed by an honest client
        return
    asked = send(desk, path, body)
    assert asked.reply["resp_code"] in ("00000100", "10000000")
    assert (asked.reply["resp_code"] == "00000100") == (asked.row == "")


@given(path=st.sampled_from(CREATES), body=st.binary(max_size=60))
def test_bytes_that_are_no_request_get_a_valid_refusal(path: str, body: bytes) -> None:
    assert send(Desk(), path, body).reply["resp_code"] == "10000000"
