"""The official Python SDK, dg-sdk 2.0.28, end to end: it signs, sends, verifies, and says what it was told."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from importlib.metadata import version
from typing import Any

import pytest

import huifu_mock
from huifu_mock import _data
from huifu_mock.codes import Reason

# The SDK opens a session for each call and never closes it.
pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
    pytest.mark.filterwarnings("ignore:.*<socket:pytest.PytestUnraisableExceptionWarning"),
]

Close = Callable[..., Any]


@pytest.fixture
def sdk(tenant: huifu_mock.Tenant, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The SDK, pointed at a fresh tenant; all of its state is global, and is put back afterwards."""
    dg_sdk = import_module("dg_sdk")
    request = import_module("dg_sdk.core.api_request").ApiRequest
    for holder in (dg_sdk.DGClient, request):
        for name, value in [*vars(holder).items()]:
            if not name.startswith("_") and isinstance(value, str | bool | int | dict):
                monkeypatch.setattr(holder, name, value)
    monkeypatch.setattr(dg_sdk.DGClient, "BASE_URL", tenant.base_url)
    config = dg_sdk.MerConfig(tenant.merchant_private_key, tenant.huifu_public_key, tenant.sys_id, tenant.product_id)
    monkeypatch.setattr(dg_sdk.DGClient, "mer_config", config, raising=False)
    return dg_sdk


@pytest.fixture
def close(sdk: Any) -> Close:
    """A close by the SDK; what is not given is the order's."""

    def send(order: huifu_mock.Order, number: str = "close-1", **extra: Any) -> Any:
        request = sdk.V2TradePaymentScanpayCloseRequest()
        request.req_date = order.req_date
        request.req_seq_id = number
        request.huifu_id = order.huifu_id
        request.org_req_date = order.req_date
        return request.post({"org_req_seq_id": order.req_seq_id, **extra})

    return send


def test_it_is_the_release_that_the_facts_were_gathered_from(sdk: Any) -> None:
    assert version("dg-sdk") == sdk.DGClient.__version__ == "2.0.28"


def test_it_closes_an_order(close: Close, tenant: huifu_mock.Tenant) -> None:
    order = tenant.orders.add()
    reply = close(order)
    assert (reply["resp_code"], reply["resp_desc"], reply["trans_stat"]) == ("00000000", "交易成功", "S")
    assert reply["org_hf_seq_id"] == order.hf_seq_id
    assert tenant.orders.get(order.req_seq_id).close_stat == "S"
    (call,) = tenant.journal.closes()
    assert call.signature_ok
    assert ("signType", "RSA") in call.headers
    assert ("jpt-sdk_version", "python_2.0.28") in call.headers


REFUSALS: list[tuple[Reason, dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    (Reason.BAD_PARAMETERS, {}, {}, {"org_req_date": "20260230"}),
    (Reason.TOO_YOUNG, {}, {"age_seconds": 59}, {}),
    (Reason.NO_ORIGINAL, {}, {}, {"org_req_seq_id": ""}),
    (Reason.PRODUCT_UNKNOWN, {"product_ids": {"OTHER": "active"}}, {}, {}),
    (Reason.PRODUCT_SUSPENDED, {"product_ids": {"MCS": "suspended"}}, {}, {}),
    (Reason.ORDER_FINISHED, {}, {"trans_stat": "S"}, {}),
    (Reason.ORDER_UNKNOWN, {}, {}, {"org_req_seq_id": "another"}),
    (Reason.NOT_CLOSABLE, {}, {"trade_type": "U_NATIVE"}, {}),
    (Reason.FAILED, {}, {"settle": "refused"}, {}),
    (Reason.PROCESSING, {}, {"settle": "processing"}, {}),
]


@pytest.mark.parametrize(("reason", "settings", "fields", "extra"), REFUSALS, ids=[row[0].name for row in REFUSALS])
def test_it_is_told_what_the_rules_say(  # noqa: PLR0917 # pytest passes them by name
    reason: Reason,
    settings: dict[str, Any],
    fields: dict[str, Any],
    extra: dict[str, Any],
    close: Close,
    tenant: huifu_mock.Tenant,
) -> None:
    tenant.patch(**settings)
    reply = close(tenant.orders.add(**fields), **extra)
    assert (reply["resp_code"], reply["resp_desc"], reply["trans_stat"]) == (
        reason.resp_code,
        reason.resp_desc,
        reason.trans_stat,
    )
    assert [call.reason for call in tenant.journal.closes()] == [reason.name]


@pytest.mark.parametrize("reason", [Reason.SYSTEM_ERROR, Reason.SYSTEM_BUSY])
def test_it_is_told_a_queued_answer(reason: Reason, close: Close, tenant: huifu_mock.Tenant) -> None:
    with tenant.faults.add(answer=reason.resp_code) as fault:
        assert close(tenant.orders.add())["resp_desc"] == reason.resp_desc
        fault.assert_used()


def test_a_second_close_is_a_conflict_and_then_too_late(close: Close, tenant: huifu_mock.Tenant) -> None:
    order = tenant.orders.add(settle="processing")
    assert close(order, "close-1")["resp_code"] == "00000100"
    assert close(order, "close-2")["resp_desc"] == "并发冲突,请稍后重试"
    tenant.clock.advance(5)
    assert close(order, "close-3")["resp_desc"] == "关单状态为终态，不能重复关单"


def test_a_repeat_is_told_the_same(close: Close, tenant: huifu_mock.Tenant) -> None:
    order = tenant.orders.add()
    assert close(order) == close(order)
    first, second = tenant.journal.closes()
    assert first.body == second.body
    assert first.response == second.response


@pytest.mark.parametrize(
    "number", ["关单/2026/一", "a/b\\c\"d'e", "<&>", "😀", "+ =%26?#", "｡\u00a0\ufeff", '{"k":"v"}', "x" * 128]
)
def test_no_character_troubles_the_signatures(number: str, close: Close, tenant: huifu_mock.Tenant) -> None:
    order = tenant.orders.add(req_seq_id=number)
    reply = close(order, number, remark=number, nested={"b": number, "a": [number]})
    assert (reply["resp_code"], reply["req_seq_id"], reply["org_req_seq_id"]) == ("00000000", number, number)


@pytest.mark.parametrize("value", [5, 1.0, 12345678901234567890, True, None, "", {}, [], {"b": None}, "\u2028", "\x7f"])
def test_no_value_of_a_further_member_troubles_the_signature(
    value: Any, close: Close, tenant: huifu_mock.Tenant
) -> None:
    assert close(tenant.orders.add(), zzz=value)["resp_code"] == "00000000"


def test_the_newer_interface_closes_by_either_number(sdk: Any, tenant: huifu_mock.Tenant) -> None:
    payment = import_module("dg_sdk.v4.Payment").Payment
    for by, field in (("org_req_seq_id", "req_seq_id"), ("org_hf_seq_id", "hf_seq_id")):
        order = tenant.orders.add()
        request = import_module("dg_sdk.v4.PaymentCloseRequest").PaymentCloseRequest()
        request.req_date, request.req_seq_id, request.huifu_id = order.req_date, f"by-{by}", order.huifu_id
        request.org_req_date = order.req_date
        setattr(request, by, getattr(order, field))
        assert payment.close(request)["resp_code"] == "00000000"


def test_pem_keys_work_too(sdk: Any, close: Close, tenant: huifu_mock.Tenant) -> None:
    sdk.DGClient.mer_config = sdk.MerConfig(
        tenant.merchant_private_key_pem, tenant.huifu_public_key_pem, tenant.sys_id, tenant.product_id
    )
    assert close(tenant.orders.add())["resp_code"] == "00000000"


def test_called_as_its_manual_says_it_sends_an_odd_sign_type_and_is_served(
    sdk: Any, close: Close, tenant: huifu_mock.Tenant
) -> None:
    sdk.DGClient.mer_config = sdk.MerConfig(
        tenant.merchant_private_key, tenant.huifu_public_key, tenant.sys_id, tenant.product_id, tenant.huifu_id
    )
    assert close(tenant.orders.add())["resp_code"] == "00000000"
    assert ("signType", tenant.huifu_id) in tenant.journal.closes()[0].headers


def test_a_skill_source_adds_headers_and_changes_nothing(sdk: Any, close: Close, tenant: huifu_mock.Tenant) -> None:
    sdk.DGClient.mer_config.jpt_x_skill_source = "skills"
    assert close(tenant.orders.add())["resp_code"] == "00000000"
    assert ("jpt-x-skill-source", "skills") in tenant.journal.closes()[0].headers


@pytest.mark.parametrize("key", ["not a key", "foreign"])
def test_a_wrong_private_key_is_answered_and_explained(
    key: str, sdk: Any, close: Close, tenant: huifu_mock.Tenant
) -> None:
    wrong = _data.read_text("fixtures/keys/foreign_private_key.txt").strip() if key == "foreign" else key
    sdk.DGClient.mer_config.private_key = wrong
    order = tenant.orders.add()
    reply = close(order)
    assert (reply["resp_code"], reply["trans_stat"]) == ("10000000", "F")
    (call,) = tenant.journal.closes()
    assert call.signature_ok is False
    assert "rule 2" in call.explanation["text"]["en"]
    assert tenant.orders.get(order.req_seq_id).close_stat == ""


def test_another_huifu_key_makes_it_refuse_our_answers(sdk: Any, close: Close, tenant: huifu_mock.Tenant) -> None:
    sdk.DGClient.mer_config.public_key = _data.read_text("fixtures/keys/foreign_public_key.txt").strip()
    with pytest.raises(RuntimeError, match=r"(?i)signature"):
        close(tenant.orders.add())


def test_http_922_is_handed_back_as_it_came(sdk: Any, close: Close, tenant: huifu_mock.Tenant) -> None:
    tenant.patch(bad_signature="http-922")
    sdk.DGClient.mer_config.private_key = _data.read_text("fixtures/keys/foreign_private_key.txt").strip()
    response = close(tenant.orders.add())
    assert response.status_code == 922
    assert response.json() == {"resp_code": "40002", "resp_desc": "验签失败"}


def test_threads_of_one_merchant_never_meet_a_bad_signature(close: Close, tenant: huifu_mock.Tenant) -> None:
    """Its state is global, so parallel calls may send each other's data; each is signed and answered all the same."""
    orders = tenant.orders.add_many([{}] * 24)
    with ThreadPoolExecutor(8) as pool:
        replies = [*pool.map(lambda pair: close(pair[1], f"close-{pair[0]}"), enumerate(orders))]
    assert {reply["resp_code"] for reply in replies} == {"00000000"}
    calls = tenant.journal.closes()
    assert len(calls) == 24
    assert all(call.signature_ok for call in calls)
