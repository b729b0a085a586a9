"""What was sent as `sign`: its encodings, and what an RSA signature says of the text below it."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final
from urllib.parse import unquote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from huifu_mock.signing import unbase64

SIZES: Final = (128, 256, 384, 512)
"""Bytes of an RSA signature: keys of 1024 to 4096 bits."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A signature's bytes, `None` if there are none, and the mistakes of how it was written."""

    raw: bytes | None
    mistakes: tuple[str, ...] = ()
    note: str = ""
    """The id of a remark in `advice.NOTES`, for what has no id."""


def decode(sign: Any, header_sign_type: str = "") -> Decoded:
    """The signature in what was sent; `header_sign_type` is the header `signType`."""
    if sign is None or (isinstance(sign, str) and not sign.strip()):
        return Decoded(None, ("sign-empty",))
    if not isinstance(sign, str):
        return Decoded(None, ("sign-is-text",))
    if header_sign_type.strip().upper() == "SM2" and not _is_rsa(sign):
        return Decoded(None, ("sm2",))
    return _decoded(sign)


def _decoded(sign: str) -> Decoded:
    if _DIGEST.fullmatch(sign.strip()):
        return Decoded(None, ("sign-is-digest",))
    if (hexadecimal := _unhex(sign)) is not None:
        return _is_hex(hexadecimal)
    raw = unbase64(sign)
    if raw is None:
        return _repaired(sign)
    return _strict(raw)


def _is_rsa(sign: str) -> bool:
    raw = unbase64(sign)
    return raw is not None and len(raw) in SIZES


DIGESTS: Final = (16, 20, 32)
"""Bytes of MD5, SHA-1 and SHA-256."""
_DIGEST: Final = re.compile("|".join(f"[0-9a-fA-F]{{{2 * size}}}" for size in DIGESTS))
_HEX: Final = re.compile(r"[0-9a-fA-F]+")


def _unhex(sign: str) -> bytes | None:
    """Tested before Base64: every hexadecimal text of 512 digits is Base64 too."""
    digits = re.sub(r"[\s:]", "", sign)
    if len(digits) % 2 or len(digits) < 64 or not _HEX.fullmatch(digits):
        return None
    return bytes.fromhex(digits)


def _is_hex(raw: bytes) -> Decoded:
    if len(raw) in SIZES:
        return Decoded(raw, ("base64-hex",))
    if _is_ec_der(raw) or len(raw) == 64:
        return Decoded(None, ("sm2",))
    return Decoded(None, ("unknown",), "hex-length")


def _is_ec_der(raw: bytes) -> bool:
    """SEQUENCE { INTEGER r, INTEGER s } of a 256-bit curve."""
    if not 64 <= len(raw) <= 72 or raw[0] != 0x30 or raw[1] != len(raw) - 2 or raw[2] != 0x02:
        return False
    second = 4 + raw[3]
    return second + 1 < len(raw) and raw[second] == 0x02 and second + 2 + raw[second + 1] == len(raw)


def _strict(raw: bytes) -> Decoded:
    if len(raw) in SIZES:
        return Decoded(raw)
    if _is_ec_der(raw):
        return Decoded(None, ("sm2",))
    if len(raw) in DIGESTS:
        return Decoded(None, ("sign-is-digest",))
    if len(raw) < 64:
        return Decoded(None, ("sign-is-text",))
    once_more = unbase64(raw.decode("latin-1"))
    if once_more is not None and len(once_more) in SIZES:
        return Decoded(once_more, ("unknown",), "base64-twice")
    return Decoded(raw, (), "sign-length")


def _padded(sign: str) -> str:
    bare = sign.rstrip("=")
    return bare + "=" * (-len(bare) % 4)


def _standard(sign: str) -> str:
    return _padded(sign.replace("-", "+").replace("_", "/")) if "-" in sign or "_" in sign else sign


_Repair = tuple[str, str, Callable[[str], str]]
_REPAIRS: Final[tuple[_Repair, ...]] = (
    # one that has no id carries a note
    ("base64-percent-encoded", "", lambda sign: unquote(sign) if "%" in sign else sign),
    ("base64-wrapped", "", lambda sign: re.sub(r"[\r\n\t]+|^ +| +$|\\r|\\n", "", sign)),
    ("base64-plus-lost", "", lambda sign: sign.replace(" ", "+")),
    ("base64-urlsafe", "", _standard),
    ("unknown", "padding-lost", _padded),
)


def _repaired(sign: str) -> Decoded:
    """Undo one mistake after the other until it is Base64."""
    text, mistakes, note = sign, [], ""
    for id_, remark, repair in _REPAIRS:
        changed = repair(text)
        if changed == text:
            continue
        text, note = changed, note or remark
        mistakes.append(id_)
        raw = unbase64(text)
        if raw is not None and len(raw) in SIZES:
            return Decoded(raw, tuple(mistakes), note)
    return Decoded(None, ("sign-is-text",))


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
    likely = None
    for opened in chain.from_iterable(_open_pss(raw, key) for key in fitting[:_PSS_OTHERS]):
        if opened.certain:
            return opened
        likely = likely or opened
    return likely


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


def _open_pss(raw: bytes, key: Key) -> Iterator[Opened]:
    """The salt of an EMSA-PSS signature (RFC 8017, 9.1.2), whichever its length and hashes.

    One in 128 looks so by chance, with hashes or a key that did not make it, so all are tried.
    """
    numbers = key.public.public_numbers()
    if (value := int.from_bytes(raw, "big")) >= numbers.n:
        return
    bits = numbers.n.bit_length() - 1
    block = pow(value, numbers.e, numbers.n).to_bytes((bits + 7) // 8, "big")
    if block[-1] != 0xBC:
        return
    for algorithm in ALGORITHMS:
        for mask in (algorithm, ALGORITHMS[1]):  # Java masks with SHA-1 unless it is told otherwise
            opened = _unmasked(block, bits, algorithm, mask, key.whose)
            if opened is not None:
                yield opened


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
