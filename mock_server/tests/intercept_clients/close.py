"""Closes an order, queries it and is refused, against the address that is a constant in it, or in dg-sdk."""

import json
import os
import sys

from huifu_mock import signing

HOST = "https://api.huifu.com"


def by_requests(url, body):
    import requests

    return requests.post(url, data=body, timeout=10).content


def by_httpx(url, body):
    import httpx

    return httpx.post(url, content=body).content


def by_urllib(url, body):
    from urllib.request import urlopen

    return urlopen(url, body).read()


def by_dg_sdk(url, body):
    """The SDK signs by itself, sends to the host that is a constant in it, and verifies the reply."""
    import dg_sdk

    mer = (os.environ[f"HUIFU_{name}"] for name in ("MERCHANT_PRIVATE_KEY", "PUBLIC_KEY", "SYS_ID", "PRODUCT_ID"))
    dg_sdk.DGClient.mer_config = dg_sdk.MerConfig(*mer)
    data = json.loads(body)["data"]
    close = url.endswith("close")
    kind = dg_sdk.V2TradePaymentScanpayCloseRequest if close else dg_sdk.V3TradePaymentScanpayQueryRequest
    request = kind()
    for name, value in data.items():
        setattr(request, name, value)
    return request.post({"org_req_seq_id": data["org_req_seq_id"]})


WAYS = {"requests": by_requests, "httpx": by_httpx, "urllib": by_urllib, "dg-sdk": by_dg_sdk}
ORDERS = {"requests": "order-open", "httpx": "order-alipay", "urllib": "order-close-twice", "dg-sdk": "order-open"}


def call(how, name, path, order):
    data = {"req_date": "20260102", "req_seq_id": f"python-{how}-{name}", "huifu_id": os.environ["HUIFU_ID"]}
    data |= {"org_req_date": "20260101", "org_req_seq_id": order}
    key = signing.load_private_key(os.environ["HUIFU_MERCHANT_PRIVATE_KEY"])
    body = signing.envelope(os.environ["HUIFU_SYS_ID"], os.environ["HUIFU_PRODUCT_ID"], data, key)
    reply = WAYS[how](HOST + path, body)
    if isinstance(reply, bytes):
        text, _, sign = reply.removeprefix(b'{"data":').rpartition(b',"sign":"')
        assert signing.verify(signing.load_public_key(os.environ["HUIFU_PUBLIC_KEY"]), text, sign[:-2].decode())
        reply = json.loads(text)
    print(name, reply["resp_code"], reply["trans_stat"])


for how in sys.argv[1:]:
    try:
        call(how, "close", "/v2/trade/payment/scanpay/close", ORDERS[how])
        call(how, "query", "/v3/trade/payment/scanpay/query", ORDERS[how])
        call(how, "refusal", "/v2/trade/payment/scanpay/close", "order-paid")
    except Exception as error:
        print(how, repr(error))
