"""What a client signed in place of the data that it sent, where one change made the one of the other."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from huifu_contract.harness.differences import CHANGES, Difference, between, change
from huifu_contract.reference import wire

Data = Mapping[str, Any]
ORDERS_NUMBERS = ("org_req_seq_id", "org_hf_seq_id")
"""Of which a request may leave one out."""


@dataclass(frozen=True, slots=True)
class Signed:
    """In which member it differs from what was sent, and what was done to that."""

    words: str
    differs: tuple[Difference, ...]


def digest(body: bytes, key: RSAPublicKey) -> bytes:
    """The SHA-256 in the signature of a request; empty where there is none that this key opens."""
    try:
        sign = base64.b64decode(json.loads(body)["sign"], validate=True)
        return key.recover_data_from_signature(sign, PKCS1v15(), SHA256())
    except (ValueError, TypeError, KeyError, InvalidSignature, UnsupportedAlgorithm):
        return b""


def instead(found: bytes, sent: Data, given: Data) -> Signed | None:
    """What has that digest and differs from `sent` by one change; None where no known change leads to it.

    `given` is what the client was given, which it may have signed and then changed.
    """
    seen: set[str] = set()
    for words, signed in (*_as_given(sent, given), *_changed(sent), *_more(sent), *_all_changed(sent)):
        text = wire.canonical(signed)
        if text not in seen and hashlib.sha256(text.encode("utf-8", "replace")).digest() == found:
            return Signed(words, between(sent, signed))
        seen.add(text)
    return None


def _as_given(sent: Data, given: Data) -> Iterator[tuple[str, Data]]:
    for name, value in given.items():
        if sent.get(name) != value:
            yield f"{name} was changed after it was signed: {change(value, sent.get(name))}", {**sent, name: value}


def _changed(sent: Data) -> Iterator[tuple[str, Data]]:
    for name, text in sent.items():
        if not isinstance(text, str):
            continue
        without = {other: value for other, value in sent.items() if other != name}
        yield f"it was signed without {name}", without
        for what, new in _texts(text):
            yield f"{name} was signed changed: {what}", {**sent, name: new}
        for other, value in without.items():
            in_its_place = f"the {other} of the call stands in its place"
            yield f"{name} was signed changed: {in_its_place}", {**sent, name: value}
            yield f"{name} and {other} were signed exchanged", {**sent, name: value, other: text}


def _more(sent: Data) -> Iterator[tuple[str, Data]]:
    for name in ORDERS_NUMBERS:
        if name not in sent:
            yield f"it was signed with an empty {name}", {**sent, name: ""}


def _all_changed(sent: Data) -> Iterator[tuple[str, Data]]:
    """Every text in the same way."""
    for what, done in CHANGES:
        texts = {name: done(value) for name, value in sent.items() if isinstance(value, str)}
        yield f"its texts were signed changed: {what}", {**sent, **texts}


def _texts(text: str) -> Iterator[tuple[str, object]]:
    yield "it was emptied", ""
    for what, done in CHANGES:
        yield what, done(text)
    for number in (int, float):
        try:
            yield "it was made a number", number(text)
        except ValueError:
            continue
    yield "a day in it was written in another form", f"{text[:4]}-{text[4:6]}-{text[6:]}"
    for at in range(len(text) - 1, 0, -1):
        yield "its end was cut off", text[:at]
        yield "its beginning was cut off", text[-at:]
