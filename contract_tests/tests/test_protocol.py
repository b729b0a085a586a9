"""Protocol 1: what may travel on a line, in both directions."""

from __future__ import annotations

from typing import Any

import pytest

from huifu_contract.drivers import protocol
from huifu_contract.failures import AdapterTrouble, KitTrouble
from huifu_contract.outcome import Outcome

CLOSE: dict[str, Any] = {
    "id": 2,
    "op": "close",
    "base_url": "http://127.0.0.1:1/s/a",
    "deadline_ms": 20000,
    "params": {"req_seq_id": "中\u2028😀"},
}


def test_the_kit_sends_one_line_of_ascii() -> None:
    line = protocol.encode(CLOSE)
    assert line.isascii()
    assert line.count(b"\n") == 1


@pytest.mark.parametrize(
    "broken",
    [{**CLOSE, "params": {"a": 1}}, {**CLOSE, "id": 0}, {**CLOSE, "op": "shut"}, {"id": 1, "op": "order"}],
)
def test_an_invalid_message_of_ours_is_the_kits_trouble(broken: dict[str, Any]) -> None:
    with pytest.raises(KitTrouble):
        protocol.encode(broken)


def test_a_line_over_one_mebibyte_is_not_sent() -> None:
    with pytest.raises(KitTrouble, match="a line is at most"):
        protocol.encode({**CLOSE, "params": {"x": "a" * protocol.MAX_LINE}})


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"Warning: deprecated\n", "not JSON"),
        (b"\xff\xfe\n", "not JSON"),
        (b"[" * 100000 + b"\n", "not JSON"),
        (b"[1]\n", "no integer id"),
        (b'{"id":true}\n', "no integer id"),
        (b'{"id":"1"}\n', "no integer id"),
        (b'{"id":1}', "does not end with LF"),
        (b"x" * (protocol.MAX_LINE + 1), "longer than 1 MiB"),
    ],
)
def test_a_line_that_is_no_reply_is_the_adapters_trouble_and_is_named(line: bytes, says: str) -> None:
    with pytest.raises(AdapterTrouble, match=says):
        protocol.decode(line)


@pytest.mark.parametrize(
    ("op", "reply", "says"),
    [
        ("close", {"id": 1}, "outcome"),
        ("close", {"id": 1, "outcome": "success"}, "success"),
        ("close", {"id": 1, "outcome": "closed", "error": "text"}, "error"),
        ("order", {"id": 1, "outcome": "rejected"}, "rejected"),
        ("bye", {"id": 1, "ok": False}, "ok"),
        ("hello", {"id": 1, "profiles": ["wire"], "timeout_s": 1}, "client"),
        ("close", {"id": 1, "error": {"kind": "adapter", "message": "close returned 7"}}, "close returned 7"),
    ],
)
def test_an_invalid_reply_is_the_adapters_trouble(op: str, reply: dict[str, Any], says: str) -> None:
    with pytest.raises(AdapterTrouble, match=says):
        protocol.check(op, reply)


def test_webhook_may_only_be_claimed_with_an_address() -> None:
    hello = {
        "id": 1,
        "client": {"name": "a", "version": "1", "language": "x"},
        "profiles": ["hook"],
        "claims": ["webhook"],
        "timeout_s": 1,
    }
    with pytest.raises(AdapterTrouble, match="webhook_url"):
        protocol.check("hello", hello)
    assert protocol.check("hello", {**hello, "webhook_url": "http://127.0.0.1:9/hook"})
    for right in ("https://shop.test", "http://[::1]:65535/?a=b", "http://localhost/hook"):
        assert protocol.check("hello", {**hello, "webhook_url": right})
    for wrong in ("127.0.0.1:9", "http://127.0.0.1:127.0.0.1:9/", "http://a:65536/", "http:///hook", "http://a:b/"):
        with pytest.raises(AdapterTrouble, match="webhook_url"):
            protocol.check("hello", {**hello, "webhook_url": wrong})


def test_unknown_members_are_ignored_and_unsupported_is_a_valid_answer_to_anything() -> None:
    assert protocol.check("close", {"id": 1, "outcome": "closed", "colour": "red"})
    assert protocol.check("order", {"id": 1, "outcome": "unsupported"})


@pytest.mark.parametrize("absent", ["seen", "error", "attempts"])
def test_null_is_absence_in_the_answer_to_a_close(absent: str) -> None:
    reply = {"id": 1, "outcome": "unknown", absent: None}
    assert Outcome.from_message(protocol.check("close", reply)) == Outcome("unknown")


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        ({}, "the reply to close is invalid: 'outcome' is missing; see"),
        ({"outcome": "closed", "seen": []}, "seen: [] is not of type object or null (What the client read in a reply"),
        ({"outcome": None}, 'outcome: null is not one of "closed", "not_closed",'),
        ({"outcome": "unknown", "seen": True}, "seen: true is not of type object or null"),
        ({"outcome": "unknown", "seen": [None, False]}, "seen: [null, false] is not of type object or null"),
        ({"outcome": "unknown", "attempts": "3\u202e"}, 'attempts: "3\\u202e" is not of type integer or null'),
        ({"outcome": "unknown", "attempts": -1}, "attempts: -1 is less than the minimum of 0"),
    ],
)
def test_what_is_wrong_is_said_in_the_words_of_json(reply: dict[str, Any], says: str) -> None:
    with pytest.raises(AdapterTrouble) as trouble:
        protocol.check("close", {"id": 1, **reply})
    assert says in str(trouble.value)


def test_a_constant_is_said_in_the_words_of_json() -> None:
    with pytest.raises(AdapterTrouble, match="ok: null where true is expected"):
        protocol.check("bye", {"id": 1, "ok": None})
