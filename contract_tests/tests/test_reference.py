"""The reference client's own parts: what is signed, what is read, what a reply means."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from huifu_contract.reference import Client, Config, decide, wire
from huifu_contract.reference.app import App, make_client
from huifu_contract.reference.wire import NotReadable, read
from huifu_mock import signing
from huifu_mock._data import read_text

CONFIG = Config(
    "6666000108854952",
    "MCS",
    "6666000000000000",
    read_text("fixtures/keys/merchant_private_key.txt").strip(),
    read_text("fixtures/keys/huifu_public_key.txt").strip(),
    "k" * 32,
)
CLIENT = Client("http://127.0.0.1:1", CONFIG)
ORDER = {"org_req_date": "20240405", "org_req_seq_id": "O1"}


def test_it_signs_what_the_gateway_calls_canonical() -> None:
    data = CLIENT.data({**ORDER, "req_seq_id": '中/<&>"\\😀'})
    assert CLIENT.canon(data) == signing.canonical(dict(data))
    sent = json.loads(CLIENT.body(data))
    public = signing.load_public_key(read_text("fixtures/keys/merchant_public_key.txt"))
    assert signing.verify(public, CLIENT.canon(data), sent["sign"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"org_req_date": "20240405"},
        {**ORDER, "org_req_seq_id": ""},
        {**ORDER, "req_seq_id": "x" * 129},
        {**ORDER, "huifu_id": "6" * 33},
    ],
)
def test_it_refuses_on_purpose_and_sends_nothing(wrong: dict[str, str]) -> None:
    outcome = CLIENT.close(**wrong)
    assert (outcome.verdict, outcome.attempts) == ("rejected", 0)


def test_nobody_listening_leaves_it_in_doubt() -> None:
    client = Client("http://127.0.0.1:9", CONFIG, timeout_s=0.2, max_attempts=2)
    assert client.close(**ORDER).verdict == "unknown"


def test_the_day_is_beijings() -> None:
    client = Client("http://x", CONFIG, now=lambda: datetime.fromisoformat("2024-04-05T00:30:00+08:00"))
    assert client.data(ORDER)["req_date"] == "20240405"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"<html>",
        b'{"data":{}',
        b'{"data":{}} x',
        b'{"data":{},"data":{}}',
        b'{"data":{"a":"1","a":"2"},"sign":"x"}',
        b'{"data":"{}","sign":"x"}',
        b'{"sign":"x"}',
        b'{"data":{},"sign":null}',
        b'{"data":{"a":"\xb9\xd8"},"sign":"x"}',
        b'{"data":' + b"[" * 100000,
        b"{1:2}",
        b'{"data":{},}',
    ],
)
def test_a_body_that_is_no_envelope_is_not_read(body: bytes) -> None:
    with pytest.raises(NotReadable):
        read(body)


def test_the_text_of_data_is_kept_as_it_was_received() -> None:
    envelope = read(b' {"x" : [1], "data" : { "b": "\\u4e2d", "a": 1.00 } , "sign":"s"} ')
    assert envelope.raw == '{ "b": "\\u4e2d", "a": 1.00 }'
    assert (envelope.data["b"], envelope.sign) == ("中", "s")
    assert read(b'{"data":{}}').sign == ""


@pytest.mark.parametrize(
    ("reply", "standing"),
    [
        (None, "doubt"),
        ({"resp_code": "00000000", "trans_stat": "S"}, "closed"),
        ({"resp_code": "90000000", "trans_stat": "S"}, "closed"),
        ({"resp_code": "00000000", "trans_stat": "P"}, "pending"),
        ({"resp_code": "00000000", "trans_stat": "F"}, "refused"),
        ({"resp_code": "23000000", "trans_stat": "F"}, "refused"),
        ({"resp_code": "23000004", "trans_stat": "F"}, "not_closed"),
        ({"resp_code": "98888888", "trans_stat": "F"}, "doubt"),
        ({"resp_code": "20000001", "trans_stat": "F", "resp_desc": "不允许关闭一分钟以内的订单"}, "young"),
        ({"resp_code": "20000001", "trans_stat": "F", "resp_desc": "并发冲突,请稍后重试"}, "busy"),
        ({"resp_code": "00000000"}, "doubt"),
        ({"resp_code": "00000000", "trans_stat": "s"}, "doubt"),
        ({"resp_code": 0, "trans_stat": ["S"]}, "doubt"),
    ],
)
def test_trans_stat_decides(reply: dict[str, Any] | None, standing: str) -> None:
    assert decide.close(reply) == standing


def test_a_reply_to_another_request_does_not_count() -> None:
    sent = CLIENT.data({**ORDER, "req_seq_id": "R1"})
    assert CLIENT.check_echo(sent, {**sent, "trans_stat": "S"})
    for name in ("req_seq_id", "huifu_id", "org_req_seq_id", "req_date"):
        assert not CLIENT.check_echo(sent, {**sent, name: "other"})


def test_a_signature_of_another_key_does_not_count() -> None:
    raw = '{"a":"1"}'
    for name, counts in (("huifu", True), ("merchant", False), ("foreign", False)):
        key = wire.private(read_text(f"fixtures/keys/{name}_private_key.txt").strip())
        body = f'{{"data":{raw},"sign":"{wire.sign(key, raw.encode())}"}}'.encode()
        assert CLIENT.check_sign(read(body)) is counts


@pytest.fixture
def app() -> Iterator[App]:
    made = make_client()
    made.config = CONFIG
    yield made
    made.server.server_close()


def _event(**more: str) -> bytes:
    return json.dumps({"event_define_no": "trans.close", "org_req_seq_id": "O1", "trans_stat": "S", **more}).encode()


def _sign(raw: bytes) -> str:
    return hashlib.md5(raw + b"k" * 32, usedforsecurity=False).hexdigest().upper()


def test_a_webhook_counts_only_with_the_signature_of_its_bytes(app: App) -> None:
    raw = _event()
    assert app.webhook(raw, "") == 403
    assert app.webhook(raw, _sign(raw + b" ")) == 403
    assert app.order({"org_req_seq_id": "O1"}).verdict == "unknown"
    assert app.webhook(raw, _sign(raw).lower()) == 200
    assert app.order({"org_req_seq_id": "O1"}).verdict == "closed"


def test_a_late_word_never_takes_back_a_better_one(app: App) -> None:
    for stat in "PSPFS":
        raw = _event(trans_stat=stat)
        assert app.webhook(raw, _sign(raw)) == 200
    assert app.order({"org_req_seq_id": "O1"}).verdict == "closed"
