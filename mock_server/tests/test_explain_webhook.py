"""Receivers that compute a webhook's MD5 wrongly, and what they are told."""

import hashlib
import hmac
import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huifu_mock import explain, signing

KEY = "0123456789abcdef0123456789abcdef"
BODY = '{"org_req_date":"20260101","trans_stat":"S","amt":0.00,"remark":"关单/成功"}'.encode()


def md5(*parts: bytes | str) -> str:
    return hashlib.md5(b"".join(p.encode() if isinstance(p, str) else p for p in parts)).hexdigest()


PARSED = json.loads(BODY)
CASES: tuple[tuple[str, str], ...] = (
    ("body-reencoded spaces unicode-escaped number-reformatted", md5(json.dumps(PARSED), KEY)),
    ("body-reencoded number-reformatted", md5(json.dumps(PARSED, ensure_ascii=False, separators=(",", ":")), KEY)),
    ("body-reencoded slash-escaped", md5(BODY.replace(b"/", b"\\/"), KEY)),
    ("body-reencoded unicode-escaped", md5(BODY.decode().encode("ascii", "backslashreplace"), KEY)),
    (
        "body-reencoded unsorted",
        md5('{"amt":0.00,"org_req_date":"20260101","remark":"关单/成功","trans_stat":"S"}', KEY),
    ),
    ("key-missing", md5(BODY)),
    ("key-twice", md5(BODY, KEY, KEY)),
    ("key-first", md5(KEY, BODY)),
    ("key-joined", md5(BODY, "&key=", KEY)),
    ("key-altered", md5(BODY, KEY.upper())),
    ("key-altered", md5(BODY, KEY, "\n")),
    ("not-md5", hashlib.sha256(BODY + KEY.encode()).hexdigest()),
    ("not-md5", hashlib.sha1(BODY + KEY.encode()).hexdigest()),
    ("not-md5", hmac.new(KEY.encode(), BODY, "md5").hexdigest()),
    ("not-md5", hmac.new(KEY.encode(), BODY, "sha256").hexdigest()),
    ("body-reencoded slash-escaped key-first", md5(KEY, BODY.replace(b"/", b"\\/"))),
    ("sign-empty", ""),
    ("sign-is-text", "the key is not set"),
    ("unknown", md5("something else")),
)


@pytest.mark.parametrize(("mistakes", "sign"), CASES, ids=[case[0].replace(" ", "+") for case in CASES])
def test_each_mistake_of_a_receiver_is_called_by_its_id(mistakes: str, sign: str) -> None:
    found = explain.explain_webhook(BODY, sign, KEY)
    assert set(found.mistakes) == set(mistakes.split())
    assert found.reason == "BAD_SIGNATURE"
    assert all(id_ in found.text["en"] and id_ in found.text["zh"] for id_ in found.mistakes)
    assert KEY not in json.dumps(found.as_json())


def test_every_webhook_id_has_a_receiver_that_makes_the_mistake() -> None:
    assert set(explain.WEBHOOK_MISTAKES) <= {id_ for case in CASES for id_ in case[0].split()}


@pytest.mark.parametrize("write", [str.upper, str.lower, str.swapcase, lambda sign: f" {sign}\n"])
def test_upper_and_lower_case_are_both_right(write: Callable[[str], str]) -> None:
    found = explain.explain_webhook(BODY, write(signing.webhook_sign(BODY, KEY)), KEY)
    assert found.mistakes == ()
    assert found.reason is None


def test_the_changed_place_of_a_re_encoded_body_is_marked() -> None:
    found = explain.explain_webhook(BODY, CASES[2][1], KEY)
    assert found.signed_text == BODY.decode().replace("/", "\\/")
    assert found.expected_text == BODY.decode()
    assert "^ first difference" in found.text["en"]


@given(body=st.binary(max_size=200), sign=st.text(max_size=70), key=st.text(max_size=40))
def test_no_input_makes_it_fail(body: bytes, sign: str, key: str) -> None:
    json.dumps(explain.explain_webhook(body, sign, key).as_json(), ensure_ascii=False).encode()
