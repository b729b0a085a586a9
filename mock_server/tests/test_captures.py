"""What real clients send, replayed onto a socket byte for byte: captured requests, odd headers, a foreign algorithm."""

import base64
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from desk import opened
from wired import CLOSE, connected, head, post, received

import huifu_mock
from huifu_mock import signing

CAPTURES = Path(__file__).parent / "captures"
CLIENTS = sorted(path.stem for path in CAPTURES.glob("*.ndjson"))
SYS_ID = "6666000108854952"


def captured(client: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (CAPTURES / f"{client}.ndjson").read_text(encoding="utf-8").splitlines()]


def is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except ValueError:
        return False
    return True


@pytest.fixture(scope="module")
def captured_merchant() -> Iterator[huifu_mock.Tenant]:
    """A server whose default `sys_id` belongs to the merchant of the captures."""
    with huifu_mock.Server(orders=[]) as server:
        server.default.drop()
        public = (CAPTURES / "merchant_public.pem").read_text()
        yield server.tenant(sys_id=SYS_ID, merchant_public_key=public)


def test_the_captures_are_there() -> None:
    assert CLIENTS == ["go-official-go1.27", "php-official-2.0.29", "py-dg-sdk-2.0.28"]
    assert sum(len(captured(client)) for client in CLIENTS) >= 100


@pytest.mark.parametrize("client", CLIENTS)
def test_every_captured_signature_verifies_with_the_headers_it_came_with(
    client: str, captured_merchant: huifu_mock.Tenant
) -> None:
    found: Counter[str] = Counter()
    for capture in captured(client):
        body = base64.b64decode(capture["body_b64"])
        headers = [(name, value) for name, value in capture["headers"]]
        answer = post(captured_merchant.base_url, body, headers, f"/s/{client}{CLOSE}")
        assert answer.status == 200
        assert answer.headers["content-type"] == "application/json;charset=UTF-8"
        reply = opened(answer.body)
        call = captured_merchant.journal.get(answer.headers["huifu-mock-call"])
        assert call.body == body
        assert call.session == client
        assert [header for header in call.headers if header[0] != "Host"] == headers
        if is_json(body):
            assert call.signature_ok, capture["case"]
            assert reply["resp_code"] in ("23000001", "10000000"), capture["case"]
            found["verified"] += 1
        else:
            assert reply["resp_code"] == "10000000"
            assert "not JSON" in call.explanation["text"]["en"]
            assert "Go SDK" in call.explanation["text"]["en"]
            assert "not JSON" in answer.headers["huifu-mock-hint"]
            found["not JSON"] += 1
    assert found["verified"] >= 34
    assert found["not JSON"] == (1 if client.startswith("go") else 0)


def test_a_plain_captured_close_is_refused_only_for_want_of_the_order(captured_merchant: huifu_mock.Tenant) -> None:
    (plain,) = [capture for capture in captured("py-dg-sdk-2.0.28") if capture["case"] == "slash"]
    answer = post(captured_merchant.base_url, base64.b64decode(plain["body_b64"]))
    assert opened(answer.body)["resp_code"] == "23000001"


def closing(tenant: huifu_mock.Tenant) -> bytes:
    """A signed close of a fresh order."""
    data = tenant.orders.add().close_params("close-1")
    key = signing.load_private_key(tenant.merchant_private_key, trusted=True)
    return signing.envelope(tenant.sys_id, tenant.product_id, data, key)


def test_javas_invalid_content_encoding_is_no_obstacle(tenant: huifu_mock.Tenant) -> None:
    body = closing(tenant)
    answer = post(
        tenant.base_url,
        body,
        [
            ("sdk_version", "javaSDK_3.0.40"),
            ("Content-type", "application/json"),
            ("jpt-sdk_version", "javaSDK_3.0.40"),
            ("Content-Encoding", "UTF-8"),
            ("Content-Length", str(len(body))),
            ("Connection", "Keep-Alive"),
            ("User-Agent", "Apache-HttpClient/4.5.13 (Java/17.0.1)"),
            ("Accept-Encoding", "gzip,deflate"),
        ],
    )
    assert opened(answer.body)["resp_code"] == "00000000"
    assert "content-encoding" not in answer.headers


def test_csharp_is_told_to_continue_before_it_sends_the_body(tenant: huifu_mock.Tenant) -> None:
    """.NET holds back the body until it is told to go on."""
    body = closing(tenant)
    headers = [
        ("sdk_version", "C#SDK_1.0.23"),
        ("format", "JSON"),
        ("charset", "UTF-8"),
        ("version", "1.0.0"),
        ("Content-Type", "application/json"),
        ("Expect", "100-continue"),
        ("Content-Length", str(len(body))),
        ("Connection", "keep-alive"),
    ]
    with connected(tenant.base_url) as connection:
        connection.sendall(head(tenant.base_url, headers))
        told = b""
        while not told.endswith(b"\r\n\r\n"):
            told += connection.recv(1)
        assert told == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert opened(received(connection).body)["resp_code"] == "00000000"


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded", "a;b=\xff"])
def test_no_header_is_required(content_type: str | None, tenant: huifu_mock.Tenant) -> None:
    body = closing(tenant)
    headers = [("Content-Length", str(len(body)))] + ([("Content-Type", content_type)] if content_type else [])
    assert opened(post(tenant.base_url, body, headers).body)["resp_code"] == "00000000"


def test_a_chunked_body_is_read(tenant: huifu_mock.Tenant) -> None:
    body = closing(tenant)
    chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    assert opened(post(tenant.base_url, chunks, [("Transfer-Encoding", "chunked")]).body)["resp_code"] == "00000000"


@pytest.mark.parametrize("sign_type", ["RSA", "RSA2", "6666000108854952", "", "sm2x"])
def test_an_unknown_sign_type_is_not_refused(sign_type: str, tenant: huifu_mock.Tenant) -> None:
    """A dg-sdk that is called as its manual says puts the merchant's number there, and signs with RSA."""
    body = closing(tenant)
    headers = [("signType", sign_type), ("Content-Length", str(len(body)))]
    assert opened(post(tenant.base_url, body, headers).body)["resp_code"] == "00000000"


@pytest.mark.parametrize("name", ["signType", "SIGNTYPE"])
def test_a_signature_by_sm2_is_told_to_be_not_supported_yet(name: str, tenant: huifu_mock.Tenant) -> None:
    body = json.loads(closing(tenant))
    body["sign"] = "3045022100" + "ab" * 32 + "0220" + "cd" * 32
    sent = json.dumps(body).encode()
    answer = post(tenant.base_url, sent, [(name, "SM2"), ("Content-Length", str(len(sent)))])
    assert opened(answer.body)["resp_code"] == "10000000"
    assert "SM2" in answer.headers["huifu-mock-hint"]
    assert "not supported yet" in answer.headers["huifu-mock-hint"]
    call = tenant.journal.get(answer.headers["huifu-mock-call"])
    assert "SM2" in call.explanation["text"]["en"]
    assert "SM2" in call.explanation["text"]["zh"]
