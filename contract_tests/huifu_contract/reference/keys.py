"""Keys and signatures of the reference client: RSA with SHA-256, PKCS#1 v1.5, standard Base64 on one line."""

from __future__ import annotations

import base64
import binascii
from functools import cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key


@cache
def private(text: str) -> RSAPrivateKey:
    key = load_der_private_key(base64.b64decode(text), None)
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
