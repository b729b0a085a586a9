"""Of a wrong signature the kit tells what was signed, where one change of what was sent leads to it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from huifu_contract.harness import signed
from huifu_contract.harness.differences import CHANGES
from huifu_contract.harness.evidence import SentRequest
from huifu_contract.harness.laws import signature
from huifu_contract.reference import wire

SENT = {"huifu_id": "6666", "org_req_date": "20240405", "org_req_seq_id": "A/ \u2028b", "req_seq_id": " r  1"}
WRONG = "the signature does not verify over the data that was sent"


def found(instead: Mapping[str, Any], given: Mapping[str, str] = SENT) -> signed.Signed | None:
    digest = hashlib.sha256(wire.canonical(instead).encode()).digest()
    return signed.instead(digest, SENT, given)


TOLD = [
    ({"req_seq_id": "r  1"}, "req_seq_id was signed changed: blanks were trimmed at its beginning"),
    ({"org_req_seq_id": "A\\/ \u2028b"}, "org_req_seq_id was signed changed: slashes in it were escaped"),
    ({"org_req_seq_id": "A/"}, "org_req_seq_id was signed changed: its end was cut off"),
    ({"org_req_seq_id": ""}, "org_req_seq_id was signed changed: it was emptied"),
    ({"huifu_id": 6666}, "huifu_id was signed changed: it was made a number"),
    ({"org_req_date": "2024-04-05"}, "org_req_date was signed changed: a day in it was written in another form"),
    ({"huifu_id": " r  1"}, "huifu_id was signed changed: the req_seq_id of the call stands in its place"),
    ({"huifu_id": " r  1", "req_seq_id": "6666"}, "huifu_id and req_seq_id were signed exchanged"),
    ({"org_hf_seq_id": ""}, "it was signed with an empty org_hf_seq_id"),
    ({"req_seq_id": " R  1", "org_req_seq_id": "A/ \u2028B"}, "its texts were signed changed: it was made upper case"),
]


@pytest.mark.parametrize(("changes", "words"), TOLD, ids=[words for _, words in TOLD])
def test_what_was_signed_is_found_by_one_change(changes: Mapping[str, Any], words: str) -> None:
    told = found({**SENT, **changes})
    assert told is not None
    assert (told.words, {one.field for one in told.differs}) == (words, set(changes))


@pytest.mark.parametrize("name", SENT)
def test_a_member_that_was_not_signed_is_named(name: str) -> None:
    told = found({other: value for other, value in SENT.items() if other != name})
    assert told is not None
    assert told.words == f"it was signed without {name}"
    assert [(one.field, one.observed) for one in told.differs] == [(name, "nothing")]


def test_what_was_given_and_signed_and_then_changed_is_told_so() -> None:
    given = {**SENT, "huifu_id": "6666 "}
    told = found(given, given)
    assert told is not None
    assert told.words == "huifu_id was changed after it was signed: blanks were trimmed at its end"


def test_what_no_single_change_leads_to_is_not_guessed() -> None:
    assert found({**SENT, "huifu_id": "another", "req_seq_id": "and another"}) is None


def test_each_change_by_itself_can_be_found() -> None:
    text = "\u3000 <\u00e9/\\u0041%41&amp;1\tb\r\n\u200b\U0001f600\u201c\uff21'"
    for words, done in CHANGES:
        if done(text) != text:
            digest = hashlib.sha256(wire.canonical({"a": done(text)}).encode()).digest()
            told = signed.instead(digest, {"a": text}, {})
            assert told is not None, words


def test_the_digest_is_read_from_the_signature_and_the_law_tells_what_it_leads_to() -> None:
    key = generate_private_key(65537, 2048)
    text = wire.canonical({**SENT, "huifu_id": "06666"}).encode()
    body = json.dumps({"data": SENT, "sign": wire.sign(key, text)}).encode()
    digest = signed.digest(body, key.public_key())
    assert digest == hashlib.sha256(text).digest()
    sent = SentRequest(data=SENT, body=body, signature_ok=False, signed=digest, explanation={"en": "unknown"})
    (broken,) = signature(sent)
    assert (broken.message, broken.detail, broken.stable) == (WRONG, "unknown", "")
    (broken,) = signature(sent, {"huifu_id": "06666"})
    assert broken.message == f"{WRONG}: huifu_id was changed after it was signed: it was made a number and a text again"
    assert (broken.detail, broken.stable, len(broken.differs)) == ("", WRONG, 1)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"sign":1}', b'{"sign":"!"}', b'{"sign":"AAAA"}', b"\xff", b'{"sign":"' + b"A" * 344]
)
def test_of_what_is_no_signature_there_is_no_digest(body: bytes) -> None:
    assert signed.digest(body, generate_private_key(65537, 2048).public_key()) == b""


def test_a_signature_of_another_key_has_no_digest() -> None:
    own, other = generate_private_key(65537, 2048), generate_private_key(65537, 2048)
    body = json.dumps({"sign": wire.sign(other, b"a")}).encode()
    assert signed.digest(body, own.public_key()) == b""
