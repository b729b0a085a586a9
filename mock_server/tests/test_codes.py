"""The fifteen answers, compared with the specification's list to the letter."""

from dataclasses import FrozenInstanceError

import pytest

from huifu_mock.codes import ACCEPTED, LEGACY, Reason, reasons_of

# 业务返回码, verbatim: the list mixes the half-width and the full-width comma.
LISTED = [
    ("00000000", "交易成功"),
    ("00000100", "交易处理中"),
    ("10000000", "入参数据不符合接口要求"),
    ("20000001", "不允许关闭一分钟以内的订单"),
    ("20000001", "并发冲突,请稍后重试"),
    ("21000000", "原请求流水号和原全局流水号不能同时为空"),
    ("22000000", "产品号不存在"),
    ("22000000", "产品号状态异常"),
    ("23000000", "原订单已为终态,无法发起关单操作"),
    ("23000000", "关单状态为终态，不能重复关单"),
    ("23000001", "原交易不存在"),
    ("23000004", "原订单为银联二维码交易，不支持关单"),
    ("90000000", "业务执行失败"),
    ("98888888", "系统错误"),
    ("99999999", "系统异常,请稍后重试"),
]


def test_the_answers_are_the_specifications_list_verbatim_and_in_order() -> None:
    assert [(reason.resp_code, reason.resp_desc) for reason in Reason] == LISTED


def test_only_a_closed_order_is_told_as_succeeded() -> None:
    assert [reason for reason in Reason if reason.trans_stat == "S"] == [Reason.CLOSED]


def test_an_outcome_that_is_not_known_is_told_as_in_progress() -> None:
    assert {reason for reason in Reason if reason.trans_stat == "P"} == {
        Reason.PROCESSING,
        Reason.SYSTEM_ERROR,
        Reason.SYSTEM_BUSY,
    }


def test_every_text_fits_its_field() -> None:
    for reason in Reason:
        assert len(reason.resp_code) == 8
        assert 0 < len(reason.resp_desc) <= 512


@pytest.mark.parametrize(
    ("resp_code", "names"),
    [
        ("20000001", ["TOO_YOUNG", "CONFLICT"]),
        ("22000000", ["PRODUCT_UNKNOWN", "PRODUCT_SUSPENDED"]),
        ("23000000", ["ORDER_FINISHED", "ALREADY_CLOSED"]),
        ("98888888", ["SYSTEM_ERROR"]),
        ("12345678", []),
    ],
)
def test_three_codes_have_two_meanings_each(resp_code: str, names: list[str]) -> None:
    assert [reason.name for reason in reasons_of(resp_code)] == names


def test_the_older_family_reads_as_in_the_specifications_example() -> None:
    assert {(wording.resp_code, wording.resp_desc, wording.trans_stat) for wording in LEGACY.values()} == {
        ("10000015", "不允许关闭一分钟以内的订单", "F"),
        ("10000016", "原订单已为终态,请发起查询交易获取", "F"),
        ("10000018", "关单失败", "F"),
    }


def test_an_accepted_close_reads_as_succeeded_and_is_in_progress() -> None:
    assert (ACCEPTED.resp_code, ACCEPTED.resp_desc, ACCEPTED.trans_stat) == ("00000000", "交易成功", "P")


def test_a_wording_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        ACCEPTED.resp_code = "10000000"  # type: ignore[misc] # that is the point
