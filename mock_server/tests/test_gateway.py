"""The whole close, bytes in and signed bytes out: every answer, echoes, repeats, settings, failures inside."""

import json
from typing import Any

import pytest
from desk import Desk, opened, said
from hypothesis import given
from hypothesis import strategies as st

from huifu_mock.codes import Reason
from huifu_mock.gateway.gateway import BAD_SIGNATURE_BODY
from huifu_mock.gateway.mock import seed
from huifu_mock.gateway.tenant import DEFAULT_SYS_ID
from huifu_mock.request import CLOSE, ReceivedBytes
from huifu_mock.state.orders import CloseAttempt, Key, Order, OrderTable

# reason: the order's fields, what the call says otherwise, the tenant's products, a queued answer, an earlier close
Reached = tuple[dict[str, Any], dict[str, Any], dict[str, Any], str, bool]
MCS = {"MCS": "active"}
# fmt: off
REACHED: dict[Reason, Reached] = {
    Reason.CLOSED:            ({},                            {},                           MCS, "", False),
    Reason.PROCESSING:        ({"settle": "processing"},      {},                           MCS, "", False),
    Reason.BAD_PARAMETERS:    ({},                            {"org_req_date": "20260230"}, MCS, "", False),
    Reason.TOO_YOUNG:         ({"age_seconds": 59.999999},    {},                           MCS, "", False),
    Reason.CONFLICT:          ({"settle": "processing"},      {},                           MCS, "", True),
    Reason.NO_ORIGINAL:       ({},                            {"org_req_seq_id": None},     MCS, "", False),
    Reason.PRODUCT_UNKNOWN:   ({},                            {},              {"X": "active"},  "", False),
    Reason.PRODUCT_SUSPENDED: ({},                            {},         {"MCS": "suspended"},  "", False),
    Reason.ORDER_FINISHED:    ({"trans_stat": "S"},           {},                           MCS, "", False),
    Reason.ALREADY_CLOSED:    ({},                            {},                           MCS, "", True),
    Reason.ORDER_UNKNOWN:     ({},                            {"org_req_seq_id": "another"}, MCS, "", False),
    Reason.NOT_CLOSABLE:      ({"trade_type": "U_JSAPI"},     {},                           MCS, "", False),
    Reason.FAILED:            ({"settle": "refused"},         {},                           MCS, "", False),
    Reason.SYSTEM_ERROR:      ({},                            {},                           MCS, "98888888", False),
    Reason.SYSTEM_BUSY:       ({},                            {},                           MCS, "99999999", False),
}
# fmt: on


def _fields(order: Order) -> dict[str, Any]:
    return {name: getattr(order, name) for name in order.__slots__}


@pytest.mark.parametrize("reason", Reason, ids=lambda reason: reason.name)
def test_every_listed_answer_is_reached_by_the_state_of_things_alone(reason: Reason, desk: Desk) -> None:
    fields, changes, products, queued, earlier = REACHED[reason]
    order = desk.order(**fields)
    if earlier:
        desk.close(order)
    desk.change(product_ids=products)
    if queued:
        desk.tenant.faults.add({"do": {"answer": queued}, "times": 1})
    request = desk.body(desk.data(order, **changes))
    answered = desk.send(request)
    assert said(answered.reply) == (reason.resp_code, reason.resp_desc, reason.trans_stat)
    assert answered.exchange.entry.reason is reason
    sent = json.loads(request)["data"]
    for name in ("huifu_id", "req_date", "req_seq_id"):
        assert answered.reply[name] == sent[name]
    if reason is not Reason.BAD_PARAMETERS:
        assert answered.reply["org_req_date"] == sent["org_req_date"]


def test_a_close_tells_what_it_knows_of_the_order(desk: Desk) -> None:
    order = desk.order()
    assert desk.close(order, req_seq_id="close-9") == {
        "resp_code": "00000000",
        "resp_desc": "交易成功",
        "trans_stat": "S",
        "huifu_id": order.huifu_id,
        "req_date": desk.tenant.clock.today(),
        "req_seq_id": "close-9",
        "org_req_date": order.req_date,
        "org_req_seq_id": order.req_seq_id,
        "org_hf_seq_id": order.hf_seq_id,
        "org_trans_stat": "F",
    }


@pytest.mark.parametrize(("trans_stat", "told"), [("P", "F"), ("S", "S"), ("F", "F")])
def test_the_answer_tells_the_orders_own_state(trans_stat: str, told: str, desk: Desk) -> None:
    assert desk.close(desk.order(trans_stat=trans_stat))["org_trans_stat"] == told


def test_an_unknown_order_is_echoed_by_the_numbers_that_were_sent(desk: Desk) -> None:
    reply = desk.close(None, org_req_seq_id="nowhere", org_hf_seq_id="hf-nowhere")
    assert (reply["org_req_seq_id"], reply["org_hf_seq_id"]) == ("nowhere", "hf-nowhere")
    assert "org_trans_stat" not in reply


@pytest.mark.parametrize("by", ["org_req_seq_id", "org_hf_seq_id", "both"])
def test_an_order_is_found_by_either_number_or_both(by: str, desk: Desk) -> None:
    order = desk.order()
    names = {"org_req_seq_id": order.req_seq_id, "org_hf_seq_id": order.hf_seq_id}
    given_names = {name: value if by in (name, "both") else None for name, value in names.items()}
    assert desk.close(order, **given_names)["resp_code"] == "00000000"


def test_two_numbers_of_two_orders_name_none(desk: Desk) -> None:
    one, other = desk.order(), desk.order()
    assert desk.close(one, org_hf_seq_id=other.hf_seq_id)["resp_code"] == "23000001"
    assert desk.kept(one).trans_stat == desk.kept(other).trans_stat == "P"


@pytest.mark.parametrize(
    "changes", [{"org_req_date": "20200101"}, {"huifu_id": "6666000000000009"}, {"org_req_seq_id": "x"}]
)
def test_an_order_of_another_day_merchant_or_number_is_not_found(changes: dict[str, str], desk: Desk) -> None:
    assert desk.close(desk.order(), **changes)["resp_code"] == "23000001"


@pytest.mark.parametrize("empty", ["", None])
def test_an_empty_number_counts_as_missing(empty: str | None, desk: Desk) -> None:
    order = desk.order()
    data = {**desk.data(order), "org_req_seq_id": empty, "org_hf_seq_id": order.hf_seq_id}
    assert desk.send(desk.body(data)).reply["resp_code"] == "00000000"
    neither = {**desk.data(order), "org_req_seq_id": empty, "org_hf_seq_id": empty}
    assert desk.send(desk.body(neither)).reply["resp_code"] == "21000000"


@pytest.mark.parametrize(("seconds", "resp_code"), [(59.999999, "20000001"), (60, "00000000"), (60.000001, "00000000")])
def test_an_order_may_be_closed_at_exactly_sixty_seconds_of_its_tenants_clock(
    seconds: float, resp_code: str, desk: Desk
) -> None:
    order = desk.order(age_seconds=0)
    desk.tenant.clock.advance(seconds)
    assert desk.close(order)["resp_code"] == resp_code


def test_members_that_are_not_listed_are_signed_and_ignored(desk: Desk) -> None:
    extra = {"remark": "单/备注", "x": {"a": [1, None, True]}, "acct_id": 5, "notify_url": None}
    data = {**desk.data(desk.order()), **extra}
    assert desk.send(desk.body(data)).reply["resp_code"] == "00000000"


# settle


def test_a_close_in_progress_succeeds_after_its_seconds(desk: Desk) -> None:
    order = desk.order(settle="processing", settle_seconds=7)
    assert said(desk.close(order)) == ("00000100", "交易处理中", "P")
    desk.tenant.clock.advance(6.999999)
    assert (desk.kept(order).close_stat, desk.kept(order).trans_stat) == ("P", "P")
    desk.tenant.clock.advance(0.000001)
    assert (desk.kept(order).close_stat, desk.kept(order).trans_stat) == ("S", "F")
    assert desk.close(order)["resp_desc"] == Reason.ALREADY_CLOSED.resp_desc


def test_an_accepted_close_reads_as_on_the_real_gateway(desk: Desk) -> None:
    reply = desk.close(desk.order(settle="accepted"))
    assert said(reply) == ("00000000", "交易成功", "P")
    assert reply["sub_resp_code"] == "00000100"
    assert len(reply["hf_seq_id"]) == 40


def test_a_refused_close_leaves_the_order_open_for_another(desk: Desk) -> None:
    order = desk.order(settle="refused")
    assert desk.close(order)["resp_code"] == "90000000"
    assert (desk.kept(order).close_stat, desk.kept(order).trans_stat) == ("F", "P")
    desk.tenant.orders.save(Order(**{**_fields(desk.kept(order)), "settle": "immediate"}))
    assert desk.close(order)["resp_code"] == "00000000"


def test_a_second_close_while_one_is_in_progress_is_a_conflict_and_cures_itself(desk: Desk) -> None:
    order = desk.order(settle="processing")
    desk.close(order)
    assert said(desk.close(order)) == ("20000001", "并发冲突,请稍后重试", "F")
    desk.tenant.clock.advance(5)
    assert said(desk.close(order)) == ("23000000", "关单状态为终态，不能重复关单", "F")


@pytest.mark.parametrize(
    ("fields", "wording"),
    [
        ({"age_seconds": 1}, ("10000015", "不允许关闭一分钟以内的订单", "F")),
        ({"trans_stat": "S"}, ("10000016", "原订单已为终态,请发起查询交易获取", "F")),
        ({"settle": "refused"}, ("10000018", "关单失败", "F")),
        ({"settle": "immediate"}, ("00000000", "交易成功", "S")),
        ({"trade_type": "U_NATIVE"}, ("23000004", "原订单为银联二维码交易，不支持关单", "F")),
    ],
)
def test_legacy_codes_answer_with_the_older_family(
    fields: dict[str, Any], wording: tuple[str, str, str], desk: Desk
) -> None:
    desk.change(legacy_codes=True)
    assert said(desk.close(desk.order(**fields))) == wording


def test_with_legacy_codes_a_second_close_reads_as_the_specifications_example(desk: Desk) -> None:
    desk.change(legacy_codes=True)
    order = desk.order()
    desk.close(order)
    assert said(desk.close(order)) == ("10000016", "原订单已为终态,请发起查询交易获取", "F")


# signatures


@pytest.mark.parametrize("sign", ["", None, "not base64!", "AAAA", 5, ["x"]])
def test_a_bad_signature_is_answered_signed(sign: Any, desk: Desk) -> None:
    order = desk.order()
    request = {**json.loads(desk.body(desk.data(order))), "sign": sign}
    answered = desk.send(json.dumps(request).encode())
    assert (answered.row, answered.reply["resp_code"]) == ("2", "10000000")
    assert answered.exchange.entry.signature_ok is False
    assert desk.kept(order).trans_stat == "P"


@pytest.mark.parametrize("fields", [{}, {"trans_stat": "S"}, {"trade_type": "U_NATIVE"}, {"age_seconds": 1}])
def test_a_caller_that_proves_nothing_learns_nothing_of_the_order(fields: dict[str, Any], desk: Desk) -> None:
    order, replies = desk.order(**fields), []
    for named in (order.req_seq_id, "no-such-order"):
        request = desk.body(desk.data(order, req_seq_id="close-1", org_req_seq_id=named))
        reply = desk.send(request.replace(b'"sign":"', b'"sign":"A')).reply
        assert reply.pop("org_req_seq_id") == named
        replies.append(reply)
    assert replies[0] == replies[1]


def test_a_signature_of_other_data_does_not_verify(desk: Desk) -> None:
    order = desk.order()
    request = json.loads(desk.body(desk.data(order)))
    request["data"]["req_seq_id"] += "0"
    assert desk.send(json.dumps(request).encode()).row == "2"


@pytest.mark.parametrize("instead", [b'"sign":"A', b'"signature":"', b'"sign":"!'])
def test_bad_signature_http_922_answers_as_documented_and_unsigned(instead: bytes, desk: Desk) -> None:
    desk.change(bad_signature="http-922")
    body = desk.body(desk.data(desk.order())).replace(b'"sign":"', instead)
    exchange = desk.mock.gateway.receive(CLOSE, ReceivedBytes(body))
    assert (exchange.status, exchange.payload()) == (922, BAD_SIGNATURE_BODY)
    assert json.loads(exchange.payload()) == {"resp_code": "40002", "resp_desc": "验签失败"}
    (entry,) = desk.tenant.journal
    assert entry.sent_back() == BAD_SIGNATURE_BODY


def test_bad_signature_http_922_changes_nothing_else(desk: Desk) -> None:
    desk.change(bad_signature="http-922")
    assert desk.send(b"{").row == "1"
    assert desk.send(desk.body(desk.data(desk.order()), sys_id="6666000000009999")).row == "2"
    assert desk.close(desk.order())["resp_code"] == "00000000"


def test_an_unknown_sys_id_is_answered_and_journalled_by_the_default_tenant(desk: Desk) -> None:
    other = desk.mock.tenant({"sys_id": "other", "key_bits": 1024})
    answered = desk.send(desk.body(desk.data(desk.order()), sys_id="nobody"))
    assert (answered.row, answered.reply["resp_code"]) == ("2", "10000000")
    assert len(desk.tenant.journal) == 1
    assert len(other.journal) == 0


def test_without_its_default_tenant_a_gateway_still_answers_strangers_signed(desk: Desk) -> None:
    other = desk.mock.tenant({"sys_id": "other", "key_bits": 1024})
    desk.mock.drop(DEFAULT_SYS_ID)
    assert desk.send(desk.body(desk.data())).row == "2"
    desk.mock.drop("other")
    assert desk.send(b"[]").row == "1"
    assert len(other.journal) == 0


def test_tenants_share_nothing_of_an_order(desk: Desk) -> None:
    order = desk.order()
    other = desk.mock.tenant({"sys_id": "other", "huifu_ids": [order.huifu_id]})
    desk.key = other.merchant_private_key  # type: ignore[assignment] # it has one
    body = desk.body(desk.data(order), sys_id="other")
    assert desk.send(body).reply["resp_code"] == "23000001"
    assert desk.send(desk.body(desk.data(order))).row == "2"


# repeats


@pytest.mark.parametrize("settle", ["immediate", "processing", "accepted"])
def test_a_repeat_gets_the_same_bytes_for_ever(settle: str, desk: Desk) -> None:
    order = desk.order(settle=settle)
    request = desk.body(desk.data(order))
    first = desk.send(request).raw
    assert desk.send(request).raw == first
    desk.tenant.clock.advance(86_400 * 30)
    assert desk.send(request).raw == first
    assert len(desk.kept(order).closes) == 1


def test_a_repeat_may_be_written_in_another_way(desk: Desk) -> None:
    request = desk.body(desk.data(desk.order(), remark="a/中"))
    first = desk.send(request).raw
    assert desk.send(json.dumps(json.loads(request), indent=1).replace("/", "\\/").encode()).raw == first


def test_a_number_that_closed_an_order_cannot_be_used_with_other_data(desk: Desk) -> None:
    order, other = desk.order(), desk.order()
    desk.close(order, req_seq_id="once")
    answered = desk.send(desk.body(desk.data(other, req_seq_id="once")))
    assert (answered.row, answered.reply["resp_code"]) == ("6", "10000000")
    assert desk.kept(other).trans_stat == "P"


def test_a_number_is_free_again_on_another_day_and_for_another_merchant(desk: Desk) -> None:
    desk.close(desk.order(), req_seq_id="once", req_date="20260101")
    assert desk.close(desk.order(), req_seq_id="once", req_date="20260102")["resp_code"] == "00000000"
    other = desk.order(huifu_id="6666000000000001")
    assert desk.close(other, req_seq_id="once", req_date="20260101")["resp_code"] == "00000000"


def test_a_refused_call_uses_up_nothing(desk: Desk) -> None:
    order = desk.order(age_seconds=0)
    request = desk.body(desk.data(order, req_seq_id="again"))
    assert desk.send(request).reply["resp_code"] == "20000001"
    desk.tenant.clock.advance(60)
    assert desk.send(request).reply["resp_code"] == "00000000"


def test_a_failed_close_leaves_its_number_free(desk: Desk) -> None:
    order = desk.order(settle="refused")
    request = desk.body(desk.data(order))
    assert desk.send(request).reply["resp_code"] == "90000000"
    desk.tenant.orders.save(Order(**{**_fields(desk.kept(order)), "settle": "immediate"}))
    assert desk.send(request).reply["resp_code"] == "00000000"


# scripted answers


def test_a_scripted_answer_changes_no_order_and_is_given_once(desk: Desk) -> None:
    order = desk.order()
    desk.tenant.faults.add({"do": {"answer": "99999999"}})
    request = desk.body(desk.data(order))
    assert said(desk.send(request).reply) == ("99999999", "系统异常,请稍后重试", "P")
    assert desk.kept(order).trans_stat == "P"
    assert desk.send(request).reply["resp_code"] == "00000000"


def test_an_answer_scripted_after_the_close_hides_that_it_was_carried_out(desk: Desk) -> None:
    order = desk.order()
    desk.tenant.faults.add({"do": {"answer": "98888888", "when": "after"}})
    request = desk.body(desk.data(order))
    assert said(desk.send(request).reply) == ("98888888", "系统错误", "P")
    assert desk.kept(order).close_stat == "S"
    assert desk.send(request).reply["resp_code"] == "00000000"
    assert desk.close(order)["resp_desc"] == Reason.ALREADY_CLOSED.resp_desc


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("20000001.TOO_YOUNG", Reason.TOO_YOUNG),
        ("20000001.CONFLICT", Reason.CONFLICT),
        ("23000000.ALREADY_CLOSED", Reason.ALREADY_CLOSED),
        ("22000000.PRODUCT_SUSPENDED", Reason.PRODUCT_SUSPENDED),
    ],
)
def test_both_meanings_of_a_code_can_be_scripted(answer: str, reason: Reason, desk: Desk) -> None:
    desk.tenant.faults.add({"do": {"answer": answer}})
    assert said(desk.close(desk.order())) == (reason.resp_code, reason.resp_desc, reason.trans_stat)


@pytest.mark.parametrize("row", ["1", "2", "3", "5"])
def test_what_is_wrong_with_the_call_comes_before_a_script(row: str, desk: Desk) -> None:
    desk.tenant.faults.add({"do": {"answer": "98888888"}})
    data = desk.data(desk.order())
    sent = {
        "1": desk.body({**data, "req_date": "2026"}),
        "2": desk.body(data).replace(b'"sign":"', b'"sign":"A'),
        "3": desk.body(data, product_id="NONE"),
        "5": desk.body({**data, "org_req_seq_id": ""}),
    }[row]
    assert desk.send(sent).row == row


# failures inside


class Breaking(OrderTable):
    """A store whose named method raises instead of doing anything, as long as it is broken."""

    broken = ""

    def _break(self, method: str) -> None:
        if self.broken == method:
            raise OSError("the disk is gone")

    def find(self, huifu_id: str, req_date: str, req_seq_id: str, hf_seq_id: str) -> Order | None:
        self._break("find")
        return super().find(huifu_id, req_date, req_seq_id, hf_seq_id)

    def attempt(self, key: Key) -> CloseAttempt | None:
        self._break("attempt")
        return super().attempt(key)

    def save(self, order: Order, attempt: CloseAttempt | None = None) -> None:
        self._break("save")
        super().save(order, attempt)


@pytest.mark.parametrize("settle", ["immediate", "processing", "refused"])
@pytest.mark.parametrize("method", ["find", "attempt", "save"])
def test_a_broken_store_answers_system_error_and_half_applies_nothing(
    method: str, settle: str, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    store = desk.tenant.orders = Breaking()
    order = desk.order(settle=settle)
    request = desk.body(desk.data(order))
    store.broken = method
    answered = desk.send(request)
    assert said(answered.reply) == ("98888888", "系统错误", "P")
    assert answered.reply["req_seq_id"] == json.loads(request)["data"]["req_seq_id"]
    assert answered.exchange.entry.reason is Reason.SYSTEM_ERROR
    assert "the disk is gone" in caplog.text
    store.broken = ""
    assert desk.kept(order) == order
    desk.tenant.clock.advance(60)
    assert desk.kept(order) == order
    assert desk.send(request).reply["resp_code"] in ("00000000", "00000100", "90000000")


def test_a_store_that_breaks_later_never_loses_a_close(desk: Desk) -> None:
    store = desk.tenant.orders = Breaking()
    order = desk.order()
    request = desk.body(desk.data(order))
    first = desk.send(request)
    store.broken = "save"
    assert desk.send(request).raw == first.raw
    assert desk.kept(order).close_stat == "S"


# properties


names = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=20)


@given(number=names, org=names, extra=st.dictionaries(names, names, max_size=3), seeded=st.booleans())
def test_a_signed_close_is_never_refused_for_what_its_numbers_say(
    number: str, org: str, extra: dict[str, str], seeded: bool
) -> None:
    desk = Desk()
    order = desk.order(req_seq_id=org) if seeded else None
    data = {**extra, **desk.data(order, req_seq_id=number, org_req_seq_id=org)}
    answered = desk.send(desk.body(data))
    assert answered.reply["resp_code"] == ("00000000" if seeded else "23000001")
    assert (answered.reply["req_seq_id"], answered.reply["org_req_seq_id"]) == (number, org)


@given(
    fields=st.fixed_dictionaries(
        {
            "trade_type": st.sampled_from(["T_NATIVE", "A_JSAPI", "U_NATIVE", "D_NATIVE"]),
            "trans_stat": st.sampled_from("PSF"),
            "age_seconds": st.floats(0, 200),
            "settle": st.sampled_from(["immediate", "processing", "accepted", "refused"]),
        }
    ),
    legacy=st.booleans(),
    times=st.integers(1, 3),
)
def test_every_reply_is_signed_valid_and_says_what_the_order_shows(
    fields: dict[str, Any], legacy: bool, times: int
) -> None:
    desk = Desk()
    desk.change(legacy_codes=legacy)
    order = desk.order(**fields)
    for _ in range(times):
        reply = desk.close(order)  # opened: signed, canonical, valid
        kept = desk.kept(order)
        assert reply["org_trans_stat"] == kept.trans_stat
        if reply["trans_stat"] == "S":
            assert (kept.trans_stat, kept.close_stat) == ("F", "S")
        if reply["trans_stat"] == "P":
            assert (kept.trans_stat, kept.close_stat) == ("P", "P")


def test_a_reply_is_signed_with_its_own_tenants_key(desk: Desk) -> None:
    other = desk.mock.tenant({"sys_id": "other", "key_bits": 1024})
    (order,) = seed(other, [{}])
    desk.key = other.merchant_private_key  # type: ignore[assignment] # it has one
    raw = desk.mock.gateway.close(desk.body(desk.data(order), sys_id="other"))
    assert opened(raw, other.huifu_key.public_key())["resp_code"] == "00000000"


def test_two_gateways_in_one_process_know_nothing_of_each_other() -> None:
    one, other = Desk(), Desk()
    order = one.order(req_seq_id="same")
    other.order(req_seq_id="same")
    one.close(order)
    assert other.close(other.tenant.orders.get(order.key))["resp_code"] == "00000000"
