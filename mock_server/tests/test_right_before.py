"""What is remembered of right signatures changes no verdict, saves the RSA of what is sent again, and has a bound."""

import hashlib
from typing import Any, cast

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from hypothesis import given
from hypothesis import strategies as st

from huifu_mock import keys, signing
from huifu_mock.gateway.mock import Mock
from huifu_mock.gateway.tenant import DEFAULT_SYS_ID
from huifu_mock.signing import RightBefore


class CountingKey:
    """A public key for which a signature is right if it is its name and the digest."""

    def __init__(self, name: bytes) -> None:
        self.name, self.asked = name, 0

    def verify(self, raw: bytes, digest: bytes, *_: Any) -> None:
        self.asked += 1
        if raw != self.name + digest:
            raise InvalidSignature


class Few(RightBefore):
    MOST = 3


PIECES = st.sampled_from([b"", b"a", b"b", b"ab", b"ba"])


@given(st.lists(st.tuples(st.integers(0, 1), PIECES, PIECES), max_size=40))
def test_a_verdict_is_that_of_the_key_whatever_was_verified_before(asked: list[tuple[int, bytes, bytes]]) -> None:
    named, before = [CountingKey(b"a"), CountingKey(b"b")], Few()
    for which, digest, raw in asked:
        digest, raw = digest.ljust(32, b"-"), raw + digest.ljust(32, b"-")
        right = raw == named[which].name + digest
        assert before.verify_digest(cast(RSAPublicKey, named[which]), digest, raw) is right
        assert len(before._latest) <= Few.MOST
        assert len(before._earlier) <= Few.MOST


@pytest.mark.parametrize(("times", "count"), [(1, 1), (2, 1), (5, 1)])
def test_what_was_right_is_not_verified_again(times: int, count: int) -> None:
    key, before = CountingKey(b"a"), RightBefore()
    for _ in range(times):
        assert before.verify_digest(cast(RSAPublicKey, key), b"-" * 32, b"a" + b"-" * 32)
    assert key.asked == count


def test_what_was_wrong_is_verified_each_time() -> None:
    key, before = CountingKey(b"a"), RightBefore()
    for _ in range(3):
        assert not before.verify_digest(cast(RSAPublicKey, key), b"-" * 32, b"b" + b"-" * 32)
    assert key.asked == 3


def test_a_tenant_that_is_reset_remembers_none() -> None:
    tenant = Mock([]).gateway.tenant(DEFAULT_SYS_ID)
    assert tenant is not None
    key = keys.published("merchant")
    raw = signing.unbase64(signing.sign(key, b"text"))
    assert raw is not None
    digest = hashlib.sha256(b"text").digest()
    assert tenant.right_before.verify_digest(key.public_key(), digest, raw)
    tenant.reset()
    assert not tenant.right_before._latest
