"""Canonical text, signatures, envelopes and HTTP, written twice on purpose: this judges `huifu_mock.signing`.

RSA with SHA-256, PKCS#1 v1.5, standard Base64 on one line. The reference client and the whole kit use it; no line is
shared with the gateway's `canonical`, `signing` and `request`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import http.client
import io
import json
import re
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


@cache
def private(text: str) -> RSAPrivateKey:
    # whoever gave the key made it: to look whether its factors are prime takes 60 ms, an import of everything 200
    key = load_der_private_key(base64.b64decode(text), None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, RSAPrivateKey):
        raise TypeError("merchant_private_key is no RSA key; it is one line of Base64, PKCS8")
    return key


@cache
def public(text: str) -> RSAPublicKey:
    key = load_der_public_key(base64.b64decode(text))
    if not isinstance(key, RSAPublicKey):
        raise TypeError("huifu_public_key is no RSA key; it is one line of Base64, X.509")
    return key


def sign(key: RSAPrivateKey, text: bytes) -> str:
    return base64.b64encode(key.sign(text, PKCS1v15(), SHA256())).decode("ascii")


def verifies(key: RSAPublicKey, text: bytes, signature: str) -> bool:
    try:
        key.verify(base64.b64decode(signature, validate=True), text, PKCS1v15(), SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def canonical(data: Mapping[str, Any]) -> str:
    """What is signed for `data`: top-level names in order, compact, nothing escaped that need not be."""
    return json.dumps(dict(sorted(data.items())), ensure_ascii=False, separators=(",", ":"))


def webhook_sign(body: bytes, key: str) -> str:
    """MD5 of the raw body and the key after it, in capitals."""
    return hashlib.md5(body + key.encode(), usedforsecurity=False).hexdigest().upper()


WHITESPACE = re.compile(r"[ \t\n\r]*")


class NotReadable(ValueError):
    """The body is no envelope; the reply proves nothing."""


@dataclass(frozen=True, slots=True)
class Envelope:
    data: Mapping[str, Any]
    raw: str
    """The text of `data` as it was received."""
    sign: str


def read(body: bytes) -> Envelope:
    """Raises NotReadable for anything but one object with an object `data`, no name twice, and a text `sign`."""
    try:
        text = body.decode("utf-8")
        members = dict(_members(text))
    except (ValueError, RecursionError) as error:
        raise NotReadable(str(error)) from None
    data, sign = members.get("data"), members.get("sign", ("", ""))[0]
    if data is None or not isinstance(data[0], dict) or not isinstance(sign, str):
        raise NotReadable("no data object, or a sign that is no text")
    return Envelope(data[0], data[1], sign)


def _members(text: str) -> list[tuple[str, tuple[Any, str]]]:
    """The members of the outermost object with the slice of the text that each value takes."""
    decoder = json.JSONDecoder(object_pairs_hook=_once)
    found: list[tuple[str, tuple[Any, str]]] = []
    at = _expect(text, _skip(text, 0), "{")
    while text[at : at + 1] != "}":
        if found:
            at = _skip(text, _expect(text, at, ","))
        name, at = decoder.raw_decode(text, at)
        if not isinstance(name, str) or any(name == other for other, _ in found):
            raise NotReadable("a name stands twice in it, or is none")
        start = _skip(text, _expect(text, _skip(text, at), ":"))
        value, end = decoder.raw_decode(text, start)
        found.append((name, (value, text[start:end])))
        at = _skip(text, end)
    if _skip(text, at + 1) != len(text):
        raise NotReadable("something follows the object")
    return found


def _skip(text: str, at: int) -> int:
    space = WHITESPACE.match(text, at)
    return at if space is None else space.end()


def _expect(text: str, at: int, char: str) -> int:
    if text[at : at + 1] != char:
        raise NotReadable(f"{char} expected")
    return _skip(text, at + 1)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise NotReadable("a name stands twice in one of its objects")
    return made


JSON = "application/json;charset=UTF-8"
MOST = 1024 * 1024


class NoReply(Exception):
    """No whole reply came: what became of the request is not known."""


def post(
    url: str, body: bytes, timeout_s: float, *, content_type: str = JSON, whole_time: bool = True
) -> tuple[int, bytes]:
    """Status and body; raises NoReply. Each call has its own connection, so a stale one can never be used."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=timeout_s)
    until = time.monotonic() + timeout_s
    try:
        connection.request("POST", parts.path, body, {"Content-Type": content_type, "Connection": "close"})
        line: Any = _Until(connection.sock, until) if whole_time else connection.sock
        response = http.client.HTTPResponse(line, method="POST")  # of a socket it takes `makefile` alone
        response.begin()
        received = response.read(MOST + 1)
        whole = response.length in (None, 0)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NoReply(f"{type(error).__name__}: {error}") from error
    finally:
        connection.close()
    if not whole or len(received) > MOST:
        raise NoReply("the reply was cut off or is far too long")
    return response.status, received


class _Until(io.RawIOBase):
    """What comes over a connection until a moment (monotonic seconds); then TimeoutError or ValueError.

    The time limit of a socket begins anew with every byte, and a thread that hangs up in time takes as long to start
    as half of a call.
    """

    def __init__(self, line: socket.socket, until: float) -> None:
        self.line, self.until = line, until

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        self.line.settimeout(self.until - time.monotonic())  # ValueError for a moment that is over
        return self.line.recv_into(buffer)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)
