"""Test keys: the published pairs, and fresh ones for tenants."""

from functools import cache
from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from huifu_mock import _data, signing

PUBLISHED_BITS: Final = 2048


@cache
def published(name: str) -> RSAPrivateKey:
    """The published test key `merchant`, `huifu` or `foreign` of `fixtures/keys/`."""
    return signing.load_private_key(_data.read_text(f"fixtures/keys/{name}_private_key.txt"), trusted=True)


class KeyRing:
    """The keys of one gateway.

    Huifu's side has one key for each size; every tenant has its own merchant key. Making one takes 52 ms, so
    the keys of dropped tenants are lent again: their `sys_id` is gone, so nothing signed before can pass.
    """

    def __init__(self) -> None:
        self._huifu: dict[int, RSAPrivateKey] = {}
        self._free: dict[int, list[RSAPrivateKey]] = {}

    def huifu(self, bits: int) -> RSAPrivateKey:
        """The gateway's own key; the published one for 2048 bits."""
        if bits not in self._huifu:
            self._huifu[bits] = published("huifu") if bits == PUBLISHED_BITS else signing.generate(bits)
        return self._huifu[bits]

    def merchant(self, bits: int) -> RSAPrivateKey:
        """A merchant key that no living tenant has."""
        free = self._free.get(bits)
        return free.pop() if free else signing.generate(bits)

    def give_back(self, key: RSAPrivateKey | None) -> None:
        """The tenant of this key is gone."""
        if key is not None:
            self._free.setdefault(key.key_size, []).append(key)


def private_texts(key: RSAPrivateKey) -> tuple[str, str]:
    """One-line Base64 and PEM of a private key."""
    return signing.private_text(key), signing.private_pem(key)


def public_texts(key: RSAPublicKey) -> tuple[str, str]:
    """One-line Base64 and PEM of a public key."""
    return signing.public_text(key), signing.public_pem(key)
