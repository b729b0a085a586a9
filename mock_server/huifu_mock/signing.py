"""RSA signatures both ways, key formats, and the signed reply.

SHA-256 with RSA PKCS#1 v1.5, Base64 on one line. Keys are one-line Base64 of PKCS8 (private) or X.509 (public),
or PEM of the same; never PKCS1, which some vendor SDKs cannot read and then sign with nothing.
"""

import base64
import binascii
import hashlib
import json
import re
from typing import Any, Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
)

from huifu_mock import canonical as _canonical

_PADDING = PKCS1v15()
_SHA256 = SHA256()
_PREHASHED = Prehashed(_SHA256)
_ARMOUR = re.compile(r"-----BEGIN ([A-Z ]+)-----(.*?)-----END [A-Z ]+-----", re.DOTALL)


class BadKey(ValueError):
    """A text is not a key of the kind that is needed; the message says what it is and what would be right."""


def canonical(data: dict[str, Any]) -> bytes:
    """The text to sign for `data`: first level sorted by name, compact, raw UTF-8 (`P1`)."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return _canonical.p1(_canonical.members(text)).encode()


def sign(private_key: RSAPrivateKey, text: bytes) -> str:
    """SHA-256 with RSA PKCS#1 v1.5 over `text`, as one-line Base64."""
    return base64.b64encode(private_key.sign(text, _PADDING, _SHA256)).decode()


def verify(public_key: RSAPublicKey, text: bytes, sign: str) -> bool:
    """Whether `sign`, in strict Base64, is the signature of `text`."""
    raw = unbase64(sign)
    return raw is not None and verify_raw(public_key, text, raw)


def verify_raw(public_key: RSAPublicKey, text: bytes, raw: bytes) -> bool:
    """The same for a signature that is already decoded."""
    try:
        public_key.verify(raw, text, _PADDING, _SHA256)
    except InvalidSignature:
        return False
    return True


def verify_digest(public_key: RSAPublicKey, digest: bytes, raw: bytes) -> bool:
    """The same for a text whose SHA-256 is at hand."""
    try:
        public_key.verify(raw, digest, _PADDING, _PREHASHED)
    except InvalidSignature:
        return False
    return True


class RightBefore:
    """Signatures of one key that were right, so that a call that is sent again costs no RSA: 30 % of its work.

    Each is remembered by 16 bytes. The latest `MOST` are, and up to as many before them.
    """

    MOST: Final = 10_000

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Remember none."""
        self._key: RSAPublicKey | None = None
        self._latest: dict[bytes, None] = {}  # half as large as a set
        self._earlier: dict[bytes, None] = {}

    def verify_digest(self, key: RSAPublicKey, digest: bytes, raw: bytes) -> bool:
        """What the function of that name tells."""
        if key is not self._key:
            self.clear()
            self._key = key
        named = hashlib.blake2b(digest + raw, digest_size=16).digest()
        if named in self._latest or named in self._earlier:
            return True
        if not verify_digest(key, digest, raw):
            return False
        if len(self._latest) >= self.MOST:
            self._latest, self._earlier = {}, self._latest
        self._latest[named] = None
        return True


def unbase64(text: str) -> bytes | None:
    """Strict standard Base64 with padding, or `None`."""
    try:
        return binascii.a2b_base64(text, strict_mode=True) if text else None
    except ValueError:
        return None


def envelope(sys_id: str, product_id: str, data: dict[str, Any], private_key: RSAPrivateKey) -> bytes:
    """A request body, signed and ready to send."""
    text = canonical(data)
    head = json.dumps({"sys_id": sys_id, "product_id": product_id}, ensure_ascii=False, separators=(",", ":"))
    return head[:-1].encode() + b',"data":' + text + b',"sign":"' + sign(private_key, text).encode() + b'"}'


def webhook_sign(body: bytes, key: str) -> str:
    """The webhook's signature: upper-case hex MD5 of the raw body followed by the endpoint's key."""
    return hashlib.md5(body + key.encode(), usedforsecurity=False).hexdigest().upper()


def generate(key_bits: int = 2048) -> RSAPrivateKey:
    """A fresh key; 52 ms for 2048 bits, so do it off the event loop."""
    return generate_private_key(65537, key_bits)


def private_text(key: RSAPrivateKey) -> str:
    """One-line Base64 of PKCS8."""
    return base64.b64encode(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())).decode()


def private_pem(key: RSAPrivateKey) -> str:
    """PEM of PKCS8."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_text(key: RSAPublicKey) -> str:
    """One-line Base64 of X.509 SubjectPublicKeyInfo."""
    return base64.b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def public_pem(key: RSAPublicKey) -> str:
    """PEM of X.509 SubjectPublicKeyInfo."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def load_private_key(text: str, *, trusted: bool = False) -> RSAPrivateKey:
    """A private key from one-line Base64 PKCS8 or PEM. Raises `BadKey`.

    `trusted` skips the primality check (41 ms), which is right for keys that we made ourselves.
    """
    der = _der(text, "PKCS8 private key")
    try:
        key = load_der_private_key(der, None, unsafe_skip_rsa_key_validation=trusted)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadKey(f"this is not a PKCS8 private key{_kind(der)}: {_first_line(error)}") from error
    if not isinstance(key, RSAPrivateKey):
        raise BadKey("this private key is not an RSA key; huifu-mock signs with RSA")
    return key


def load_public_key(text: str) -> RSAPublicKey:
    """A public key from one-line Base64 X.509 or PEM. Raises `BadKey`."""
    der = _der(text, "X.509 public key")
    try:
        key = load_der_public_key(der)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadKey(f"this is not an X.509 public key{_kind(der)}: {_first_line(error)}") from error
    if not isinstance(key, RSAPublicKey):
        raise BadKey("this public key is not an RSA key; huifu-mock verifies RSA")
    if not 1024 <= key.key_size <= 4096:
        raise BadKey(f"this RSA key has {key.key_size} bits; 1024 to 4096 are supported, 2048 is what Huifu uses")
    return key


def _der(text: str, wanted: str) -> bytes:
    armour = _ARMOUR.search(text)
    body = re.sub(r"\s", "", armour[2] if armour else text)
    if not body:
        raise BadKey(f"the key is empty; a {wanted} is one line of Base64, or PEM")
    der = unbase64(body)
    if der is None:
        raise BadKey(f"the key is not Base64; a {wanted} is one line of Base64, or PEM")
    return der


def _kind(der: bytes) -> str:
    """What a key of the wrong kind is, where that can be told."""
    for load, kind in (
        (lambda: load_der_public_key(der), " but a public key"),
        (lambda: load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True), " but a private key"),
    ):
        try:
            load()
        except (ValueError, TypeError, UnsupportedAlgorithm):
            continue
        return kind
    return ""


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:120] if str(error) else type(error).__name__


class Reply:
    """`{"data":…,"sign":"…"}` whose signature covers exactly the bytes of `data` that are sent.

    RSA PKCS#1 v1.5 is deterministic, so two threads that sign the same reply at once write the same bytes.
    """

    __slots__ = ("_signature", "data", "key")

    def __init__(self, fields: dict[str, str], key: RSAPrivateKey) -> None:
        self.data: Final = _canonical.dump(fields)
        self.key: Final = key
        self._signature: bytes | None = None
        """Kept raw: 364 bytes less for each close than the whole reply beside its data."""

    @classmethod
    def restored(cls, data: bytes, key: RSAPrivateKey) -> "Reply":
        """The reply whose `data` reads so; its signature is the same as before."""
        made = cls.__new__(cls)
        made.data, made.key, made._signature = data, key, None  # type: ignore[misc] # it is made here
        return made

    @property
    def is_signed(self) -> bool:
        """Whether the signed bytes cost no signature any more."""
        return self._signature is not None

    def sign(self) -> bytes:
        """The raw signature; the first call costs an RSA signature."""
        if (signature := self._signature) is None:
            signature = self._signature = self.key.sign(self.data, _PADDING, _SHA256)
        return signature

    def signed(self) -> bytes:
        """The signed bytes; signs if that was not done yet."""
        return b'{"data":%b,"sign":"%b"}' % (self.data, base64.b64encode(self.sign()))
