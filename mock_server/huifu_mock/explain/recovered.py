"""A signature opened with a public key: whose key made it, and the hash and digest that were really signed.

An RSA PKCS#1 v1.5 signature gives back its hash with one cheap operation, so a candidate text costs one hash. PSS
gives back its salt, which does the same.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

Hash = Callable[[bytes], bytes]


def _md5(text: bytes) -> bytes:
    return hashlib.md5(text, usedforsecurity=False).digest()


def _sha1(text: bytes) -> bytes:
    return hashlib.sha1(text, usedforsecurity=False).digest()


@dataclass(frozen=True, slots=True)
class Algorithm:
    """A hash, how its digest is announced in a signature, and the mistake that it is."""

    name: str
    prefix: bytes
    """DigestInfo up to the digest (RFC 8017, 9.2 note 1)."""
    size: int
    digest: Hash
    mistake: str


SHA256: Final = Algorithm(
    "SHA-256", bytes.fromhex("3031300d060960864801650304020105000420"), 32, lambda t: hashlib.sha256(t).digest(), ""
)
ALGORITHMS: Final = (
    SHA256,
    Algorithm("SHA-1", bytes.fromhex("3021300906052b0e03021a05000414"), 20, _sha1, "sha1"),
    Algorithm("MD5", bytes.fromhex("3020300c06082a864886f70d020505000410"), 16, _md5, "md5"),
    Algorithm(
        "SHA-512",
        bytes.fromhex("3051300d060960864801650304020305000440"),
        64,
        lambda t: hashlib.sha512(t).digest(),
        "sha512",
    ),
    # these two have no id of their own
    Algorithm(
        "SHA-384",
        bytes.fromhex("3041300d060960864801650304020205000430"),
        48,
        lambda t: hashlib.sha384(t).digest(),
        "unknown",
    ),
    Algorithm(
        "SHA-224",
        bytes.fromhex("302d300d06096086480165030402040500041c"),
        28,
        lambda t: hashlib.sha224(t).digest(),
        "unknown",
    ),
)


@dataclass(frozen=True, slots=True)
class Key:
    """A public key and whose it is: `own`, `huifu`, `other` (another tenant's) or `foreign` (the published one)."""

    whose: str
    public: RSAPublicKey


@dataclass(frozen=True, slots=True)
class Opened:
    """What a signature holds."""

    whose: str
    algorithm: Algorithm | None
    """`None` if what was signed is no digest: then `payload` is it."""
    is_of: Callable[[bytes], bool]
    """Whether the signature was made over this text."""
    pss: bool = False
    payload: bytes = b""
    certain: bool = True
    """False where another key's signature could look so by chance; then only a text that fits proves it."""


_PADDING: Final = PKCS1v15()
_PSS_OTHERS: Final = 4
"""Looking for PSS costs 0.2 ms a key: it is done for this many keys."""


def open_signature(raw: bytes, keys: Iterable[Key]) -> Opened | None:
    """The signature opened by the first of the keys that made it, `None` if none of them did."""
    fitting = [key for key in keys if len(raw) == (key.public.key_size + 7) // 8]
    for key in fitting:
        try:
            payload = key.public.recover_data_from_signature(raw, _PADDING, None)
        except (InvalidSignature, ValueError):
            continue
        return _unpacked(key, payload)
    for key in fitting[:_PSS_OTHERS]:
        if (opened := _open_pss(raw, key)) is not None:
            return opened
    return None


def _unpacked(key: Key, payload: bytes) -> Opened:
    for algorithm in ALGORITHMS:
        if payload.startswith(algorithm.prefix) and len(payload) == len(algorithm.prefix) + algorithm.size:
            return _with_digest(key, algorithm, payload[len(algorithm.prefix) :])
    digests = [algorithm.digest for algorithm in ALGORITHMS if len(payload) in (algorithm.size, 2 * algorithm.size)]
    bare = {payload, payload.lower()}
    return Opened(
        key.whose,
        None,
        lambda text: any((d := digest(text)) in bare or d.hex().encode() in bare for digest in digests) or text in bare,
        payload=payload,
    )


def _with_digest(key: Key, algorithm: Algorithm, wanted: bytes) -> Opened:
    digest = algorithm.digest
    return Opened(key.whose, algorithm, lambda text: digest(text) == wanted)


def _open_pss(raw: bytes, key: Key) -> Opened | None:
    """The salt of an EMSA-PSS signature (RFC 8017, 9.1.2), whichever its length and hashes."""
    numbers = key.public.public_numbers()
    if (value := int.from_bytes(raw, "big")) >= numbers.n:
        return None
    bits = numbers.n.bit_length() - 1
    block = pow(value, numbers.e, numbers.n).to_bytes((bits + 7) // 8, "big")
    if block[-1] != 0xBC:
        return None
    for algorithm in ALGORITHMS:
        for mask in (algorithm, ALGORITHMS[1]):  # Java masks with SHA-1 unless it is told otherwise
            opened = _unmasked(block, bits, algorithm, mask, key.whose)
            if opened is not None:
                return opened
    return None


def _unmasked(block: bytes, bits: int, algorithm: Algorithm, mask: Algorithm, whose: str) -> Opened | None:
    split = len(block) - algorithm.size - 1
    if split < 1:
        return None
    masked, wanted = block[:split], block[split:-1]
    stream = b"".join(mask.digest(wanted + i.to_bytes(4, "big")) for i in range(-(-split // mask.size)))[:split]
    plain = int.from_bytes(masked, "big") ^ int.from_bytes(stream, "big")
    db = (plain & ((1 << (8 * split - (8 * len(block) - bits))) - 1)).to_bytes(split, "big")
    zeros, one, salt = db.partition(b"\x01")
    if not one or zeros.strip(b"\0"):
        return None
    digest = algorithm.digest
    return Opened(
        whose,
        algorithm,
        lambda text: digest(bytes(8) + digest(text) + salt) == wanted,
        pss=True,
        certain=len(zeros) >= 6,
    )
