"""Huifu's own Python SDK through the whole flow: create, query, close, closequery, webhook; v2, v3 and v4."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import dg_sdk
import pytest
from dg_sdk import (
    PaymentCloseQueryRequest,
    PaymentCloseRequest,
    PaymentCreateRequest,
    PaymentQueryRequest,
    V2TradePaymentJspayRequest,
    V2TradePaymentMicropayRequest,
    V2TradePaymentScanpayClosequeryRequest,
    V2TradePaymentScanpayCloseRequest,
    V2TradePaymentScanpayQueryRequest,
    V3TradePaymentJspayRequest,
    V3TradePaymentMicropayRequest,
    V3TradePaymentScanpayQueryRequest,
)
from postbox import Mailbox

import huifu_mock

GOODS = "测试商品 a/b <&>"


@pytest.fixture
def sdk(tenant: huifu_mock.Tenant) -> Iterator[huifu_mock.Tenant]:
    """dg-sdk, pointed at a fresh tenant; its state lives in classes, so it is put back."""
    tenant.clock.freeze((tenant.clock.now() + timedelta(days=1)).replace(hour=12))  # far from midnight
    before = dg_sdk.DGClient.BASE_URL, getattr(dg_sdk.DGClient, "mer_config", None)
    dg_sdk.DGClient.BASE_URL = tenant.base_url
    dg_sdk.DGClient.mer_config = dg_sdk.MerConfig(
        tenant.merchant_private_key, tenant.huifu_public_key, tenant.sys_id, tenant.product_id
    )
    yield tenant
    dg_sdk.DGClient.BASE_URL, dg_sdk.DGClient.mer_config = before


def filled(request: Any, **fields: str) -> Any:
    """A request object of the SDK with its fields set."""
    for name, value in fields.items():
        setattr(request, name, value)
    return request


def named(tenant: huifu_mock.Tenant, number: str) -> dict[str, str]:
    return {"huifu_id": tenant.huifu_id, "req_date": f"{tenant.clock.now():%Y%m%d}", "req_seq_id": number}


def original(tenant: huifu_mock.Tenant, number: str) -> dict[str, str]:
    return {"huifu_id": tenant.huifu_id, "org_req_date": f"{tenant.clock.now():%Y%m%d}", "org_req_seq_id": number}


def create(version: str, tenant: huifu_mock.Tenant, notify_url: str) -> dict[str, str]:
    fields = {**named(tenant, "order-1"), "trade_type": "A_NATIVE", "trans_amt": "1.00", "goods_desc": GOODS}
    if version == "v4":
        asked = filled(PaymentCreateRequest(), **fields, method_expand='{"subject":"商品"}', notify_url=notify_url)
        return dg_sdk.Payment.create(asked)  # type: ignore[no-any-return] # the SDK has no types
    kinds = {"v2": V2TradePaymentJspayRequest, "v3": V3TradePaymentJspayRequest}
    extend = {"notify_url": notify_url, "alipay_data": '{"subject":"商品/1"}', "delay_acct_flag": "N"}
    return filled(kinds[version](), **fields).post(extend)  # type: ignore[no-any-return] # the SDK has no types


def query(version: str, tenant: huifu_mock.Tenant) -> dict[str, str]:
    if version == "v4":
        return dg_sdk.Payment.query(filled(PaymentQueryRequest(), **named(tenant, "order-1")))  # type: ignore[no-any-return] # the SDK has no types
    kinds = {"v2": V2TradePaymentScanpayQueryRequest, "v3": V3TradePaymentScanpayQueryRequest}
    order = original(tenant, "order-1")
    return filled(kinds[version](), **order).post(order)  # type: ignore[no-any-return] # the SDK has no types


def close(version: str, tenant: huifu_mock.Tenant, number: str) -> dict[str, str]:
    order = original(tenant, "order-1")
    fields = {**order, **named(tenant, number)}
    if version == "v4":
        return dg_sdk.Payment.close(filled(PaymentCloseRequest(), **fields))  # type: ignore[no-any-return] # the SDK has no types
    return filled(V2TradePaymentScanpayCloseRequest(), **fields).post(order)  # type: ignore[no-any-return] # the SDK has no types


def closequery(version: str, tenant: huifu_mock.Tenant, number: str) -> dict[str, str]:
    order = original(tenant, "order-1")
    fields = {**order, **named(tenant, number)}
    if version == "v4":
        return dg_sdk.Payment.close_query(filled(PaymentCloseQueryRequest(), **fields))  # type: ignore[no-any-return] # the SDK has no types
    return filled(V2TradePaymentScanpayClosequeryRequest(), **fields).post(order)  # type: ignore[no-any-return] # the SDK has no types


@pytest.mark.parametrize("version", ["v2", "v3", "v4"])
def test_an_unmodified_sdk_runs_the_whole_flow(version: str, sdk: huifu_mock.Tenant) -> None:
    with Mailbox() as mailbox:
        sdk.webhooks.add(mailbox.hook)
        sdk.patch(settle="processing")

        created = create(version, sdk, mailbox.notify)
        assert (created["resp_code"], created["resp_desc"], created["trans_stat"]) == ("00000100", "下单成功", "P")
        assert created["qr_code"]
        assert create(version, sdk, mailbox.notify)["resp_code"] == "20000000"
        assert query(version, sdk)["trans_stat"] == "P"

        assert close(version, sdk, "close-1")["resp_desc"] == "不允许关闭一分钟以内的订单"
        sdk.clock.advance(61)
        assert (close(version, sdk, "close-2")["resp_code"]) == "00000100"
        assert closequery(version, sdk, "query-1")["trans_stat"] == "P"
        sdk.clock.advance(5)
        done = closequery(version, sdk, "query-2")
        assert (done["resp_desc"], done["trans_stat"], done["org_trans_stat"]) == ("查询成功", "S", "F")
        assert query(version, sdk)["trans_stat"] == "F"

        pushes = sorted((mailbox.next() for _ in range(2)), key=lambda push: push.target)
    webhook, notify = pushes
    sign = parse_qs(urlsplit(webhook.target).query)["sign"][0]
    assert dg_sdk.DGTools.verify_webhook_sign(webhook.body.decode(), sign, sdk.webhook_key)
    assert not dg_sdk.DGTools.verify_webhook_sign(webhook.body.decode() + " ", sign, sdk.webhook_key)
    event = json.loads(webhook.body)
    assert (event["org_req_seq_id"], event["trans_stat"], event["org_trans_stat"]) == ("order-1", "S", "F")
    assert event["trans_type"] == "A_NATIVE"
    assert notify.notify_ok(sdk.huifu_public_key)
    assert notify.event["org_hf_seq_id"] == created["hf_seq_id"]
    assert all(call.signature_ok for call in sdk.journal.calls())


@pytest.mark.parametrize("version", ["v2", "v3"])
def test_the_sdk_takes_a_payment_by_bar_code(version: str, sdk: huifu_mock.Tenant) -> None:
    kinds = {"v2": V2TradePaymentMicropayRequest, "v3": V3TradePaymentMicropayRequest}
    fields = {**named(sdk, "order-1"), "trans_amt": "1.00", "goods_desc": GOODS, "auth_code": "281234567890123456"}
    with Mailbox() as mailbox:
        extend = {"notify_url": mailbox.notify, "terminal_device_data": '{"device_ip":"127.0.0.1"}'}
        created = filled(kinds[version](), **fields, risk_check_data='{"ip_addr":"127.0.0.1"}').post(extend)
        assert (created["resp_code"], created["trade_type"]) == ("00000100", "A_MICROPAY")
        sdk.orders.pay("order-1")
        assert query(version, sdk)["trans_stat"] == "S"
        told = mailbox.next()
        assert told.notify_ok(sdk.huifu_public_key)
        assert told.event["trans_stat"] == "S"
    assert close(version, sdk, "close-1")["resp_code"] == "23000000"


def test_the_sdk_finds_an_order_by_huifus_number(sdk: huifu_mock.Tenant) -> None:
    order = sdk.orders.add()
    by_v4 = dg_sdk.Payment.query(filled(PaymentQueryRequest(), huifu_id=sdk.huifu_id, hf_seq_id=order.hf_seq_id))
    assert by_v4["req_seq_id"] == order.req_seq_id
    asked = {"huifu_id": sdk.huifu_id, "org_hf_seq_id": order.hf_seq_id}
    by_v2 = filled(V2TradePaymentScanpayQueryRequest(), huifu_id=sdk.huifu_id).post(asked)
    assert by_v2["org_req_seq_id"] == order.req_seq_id
