"""The golden vectors: the same bytes and signatures today, tomorrow and in every language."""

import base64
import hashlib
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from huifu_mock import _data, canonical, signing
from huifu_mock.gateway.mock import Mock, seed

VECTORS = _data.read_json("fixtures/vectors/close.json")
KEYS = {name: signing.load_private_key(_data.read_text(f"fixtures/{path}")) for name, path in VECTORS["keys"].items()}


def name_of(vector: dict[str, Any]) -> str:
    return str(vector["name"])


closes = pytest.mark.parametrize("vector", VECTORS["closes"], ids=name_of)
texts = pytest.mark.parametrize("vector", VECTORS["texts"], ids=name_of)


def verifies(key: RSAPublicKey, text: str, sign: str) -> bool:
    """SHA-256 with RSA PKCS#1 v1.5 by hand: no code in common with what is tested."""
    numbers = key.public_numbers()
    size = key.key_size // 8
    prefix = bytes.fromhex("3031300d060960864801650304020105000420")
    ending = b"\x00" + prefix + hashlib.sha256(text.encode()).digest()
    padded = b"\x00\x01" + b"\xff" * (size - 2 - len(ending)) + ending
    raw = base64.b64decode(sign, validate=True)
    return len(raw) == size and pow(int.from_bytes(raw), numbers.e, numbers.n) == int.from_bytes(padded)


@closes
def test_a_request_is_signed_and_written_byte_for_byte_the_same(vector: dict[str, Any]) -> None:
    assert signing.canonical(vector["data"]).decode() == vector["canonical"]
    assert signing.sign(KEYS["merchant"], vector["canonical"].encode()) == vector["sign"]
    request = signing.envelope(VECTORS["sys_id"], VECTORS["product_id"], vector["data"], KEYS["merchant"])
    assert request.decode() == vector["request"]


@closes
def test_an_exchange_is_answered_byte_for_byte_the_same(vector: dict[str, Any]) -> None:
    mock = Mock([])
    tenant = mock.gateway.tenant(VECTORS["sys_id"])
    assert tenant is not None
    tenant.clock.set(mode="frozen")
    if vector["order"]:
        seed(tenant, [vector["order"]])
    assert mock.gateway.close(vector["request"].encode()).decode() == vector["reply"]
    (entry,) = tenant.journal
    assert entry.reason is not None
    assert entry.reason.name == vector["reason"]


@closes
def test_a_vectors_signatures_are_right_by_arithmetic(vector: dict[str, Any]) -> None:
    assert verifies(KEYS["merchant"].public_key(), vector["canonical"], vector["sign"])
    assert verifies(KEYS["huifu"].public_key(), vector["reply_data"], vector["reply_sign"])
    assert not verifies(KEYS["huifu"].public_key(), vector["canonical"], vector["sign"])
    assert vector["reply"] == f'{{"data":{vector["reply_data"]},"sign":"{vector["reply_sign"]}"}}'


@texts
def test_a_written_data_has_these_three_texts_and_signatures(vector: dict[str, Any]) -> None:
    members = canonical.members(vector["data"])
    plain = canonical.p1(members)
    found = {"P1": plain, "P1+ls": canonical.separators_escaped(plain), "LEX": canonical.lex(members)}
    assert found == {form: vector[form] for form in found}
    for form, text in found.items():
        assert signing.sign(KEYS["merchant"], text.encode()) == vector["sign"][form]
        assert verifies(KEYS["merchant"].public_key(), text, vector["sign"][form])
    assert set(canonical.forms(members)) == set(found.values())


def test_the_published_keys_are_pairs_and_in_both_forms() -> None:
    for name in ("merchant", "huifu", "foreign"):
        read = {
            form: _data.read_text(f"fixtures/keys/{name}_{form}")
            for form in ("private_key.txt", "private_key.pem", "public_key.txt", "public_key.pem")
        }
        private = [signing.load_private_key(read[form]) for form in ("private_key.txt", "private_key.pem")]
        public = [signing.load_public_key(read[form]) for form in ("public_key.txt", "public_key.pem")]
        assert len({key.public_numbers() for key in [*public, *(key.public_key() for key in private)]}) == 1
        assert "RSA PRIVATE" not in read["private_key.pem"]
        assert signing.private_text(private[0]) == read["private_key.txt"].strip()
        assert signing.public_text(public[0]) == read["public_key.txt"].strip()
        assert "\n" not in read["private_key.txt"].strip()


def test_the_vectors_show_the_specifications_own_request() -> None:
    assert VECTORS["closes"][0]["data"] == {
        "req_date": "20240425",
        "req_seq_id": "20240425105638838efkflqyi00ond6",
        "huifu_id": "6666000000000001",
        "org_req_date": "20240405",
        "org_req_seq_id": "2021091895616****",
    }
    assert json.loads(VECTORS["closes"][0]["request"])["data"] == VECTORS["closes"][0]["data"]
