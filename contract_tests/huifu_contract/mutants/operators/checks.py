"""Operators on the checks of a reply: each skipped, inverted or weakened, at each place of a call."""

from __future__ import annotations

import base64
import html
import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from huifu_contract.mutants.operators.mutant import PLACES, Mutant, Placed, first, made
from huifu_contract.reference import wire
from huifu_contract.reference.wire import Envelope

ECHOED = ("req_seq_id", "req_date", "huifu_id", "org_req_date", "org_req_seq_id", "org_hf_seq_id")
MANDATORY = ("req_seq_id", "req_date", "huifu_id")
WEAKER: dict[str, Callable[[str], Any]] = {
    "by-its-beginning": lambda text: text[:6],
    "by-its-end": lambda text: text[-4:],
    "by-its-length": len,
    "without-blanks": str.strip,
    "without-case": str.casefold,
    "as-a-number": lambda text: text.lstrip("0"),
    "as-a-fraction": lambda text: float(text) if text.isascii() and text.isdigit() else text,
    "by-a-long-beginning": lambda text: text[:100],
    "in-one-width": lambda text: unicodedata.normalize("NFKC", text),
    "in-its-normal-form": lambda text: unicodedata.normalize("NFC", text),
    "as-a-part": lambda text: text,
}
CASELESS = ("huifu_id", "req_date", "org_req_date")
FIXED_LENGTH = ("req_date", "org_req_date")
LIKELY = {
    "close": ("security/foreign-reply", "security/echo-missing"),
    "retry": ("security/retry-examined",),
    "closequery": ("query/foreign-reply",),
}
SIGNS = {
    "close": (
        "security/tampered-slightly",
        "security/sign-missing",
        "security/sign-wrong-key",
        "security/sign-replayed",
        "security/tampered-field",
        "security/signature-over-received-bytes",
    ),
    "retry": ("security/retry-examined",),
    "closequery": ("query/authentic",),
}


def echo(field: str, place: str, passes: Callable[[Any, Any], bool]) -> type[Placed]:
    """Compares one member in another way."""

    def check_echo(self: Placed, sent: Mapping[str, str], data: Mapping[str, Any]) -> bool:
        if self.place != place or field not in sent:
            return Placed.check_echo(self, sent, data)
        rest = Placed.check_echo(self, sent, {**data, field: sent[field]})
        return rest and passes(sent[field], data.get(field))

    return made(Placed, check_echo=check_echo)


def echoes() -> Iterator[Mutant]:
    for place in PLACES:
        for field in ECHOED:
            optional = field not in MANDATORY
            ways: dict[str, Callable[[Any, Any], bool]] = {
                "skipped": lambda _sent, _got: True,
                "inverted": lambda sent, got, optional=optional: got != sent and not (optional and got is None),  # type: ignore[misc]  # bound now
            }
            if not optional:
                ways["missing-allowed"] = lambda sent, got: got in (sent, None)
                if place != "retry":
                    ways["empty-allowed"] = lambda sent, got: got in (sent, "")
            for how, seen in WEAKER.items():
                if _means_nothing(field, how) or (place == "retry" and how != "by-its-beginning"):
                    continue
                if how == "in-its-normal-form" and (place, field) == ("closequery", "req_seq_id"):
                    continue  # made up by the client, of ASCII alone
                if how == "as-a-part":
                    ways[how] = lambda sent, got: got is None or str(got) in sent or sent in str(got)
                else:
                    ways[how] = lambda sent, got, seen=seen: got is None or seen(str(got)) == seen(sent)  # type: ignore[misc]  # bound now
            for operator, passes in ways.items():
                yield Mutant(f"echo-{operator}", field, place, echo(field, place, passes), LIKELY[place])


def _means_nothing(field: str, how: str) -> bool:
    """A day has no case and one length, and what is part of it is it; a merchant is no longer than a short text."""
    return (
        (how == "without-case" and field in CASELESS)
        or (field in FIXED_LENGTH and how in ("by-its-length", "as-a-number", "as-a-fraction"))
        or (field in CASELESS and how in ("by-a-long-beginning", "in-one-width", "in-its-normal-form"))
    )


def _each(change: Callable[[str], Any]) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    return lambda data: {name: change(value) if isinstance(value, str) else value for name, value in data.items()}


DOCUMENTED = {
    *("resp_code", "resp_desc", "huifu_id", "req_date", "req_seq_id", "org_req_date", "org_req_seq_id"),
    *("org_hf_seq_id", "org_trans_stat", "trans_stat"),
}
CONVERTED: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "trimmed": _each(str.strip),
    "blanks-collapsed": _each(lambda text: re.sub(r"\s+", " ", text)),
    "invisible-removed": _each(lambda text: text.replace("\u200b", "")),
    "nfc": _each(lambda text: unicodedata.normalize("NFC", text)),
    "nfd": _each(lambda text: unicodedata.normalize("NFD", text)),
    "nfkc": _each(lambda text: unicodedata.normalize("NFKC", text)),
    "lower-case": lambda data: {**data, "resp_desc": str(data.get("resp_desc")).lower()},
    "upper-case": lambda data: {**data, "resp_desc": str(data.get("resp_desc")).upper()},
    "html-unescaped": _each(html.unescape),
    "url-escaped": _each(lambda text: quote(text, safe="<>&,/") if text.isascii() else text),
    "ascii-only": _each(lambda text: re.sub("(?<=[a-z])[^\x00-\x7f]+$", "", text)),
    "cut": _each(lambda text: text[:80]),
    "as-text": lambda data: {name: value if isinstance(value, str) else str(value) for name, value in data.items()},
    "without-empty": lambda data: {name: value for name, value in data.items() if value not in ("", None, [])},
    "without-falsy": lambda data: {name: value for name, value in data.items() if value},
    "of-documented-members": lambda data: {name: value for name, value in data.items() if name in DOCUMENTED},
    "of-texts": lambda data: {name: value for name, value in data.items() if isinstance(value, str)},
}
"""What a careless client does to the values before it verifies the signature over them."""


def _over(change: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> Callable[[Placed, Envelope], bool]:
    def check(self: Placed, envelope: Envelope) -> bool:
        public = wire.public(self.config.huifu_public_key)
        text = json.dumps(dict(sorted(change(envelope.data).items())), ensure_ascii=False, separators=(",", ":"))
        return wire.verifies(public, text.encode("utf-8", "replace"), envelope.sign)

    return check


def _sorted_deeply(raw: str) -> str:
    for value in json.loads(raw).values():
        if isinstance(value, dict):
            usual, ordered = (json.dumps(value, separators=(",", ":"), sort_keys=ordered) for ordered in (False, True))
            raw = raw.replace(usual, ordered)
    return raw


REWRITTEN: dict[str, Callable[[str], str]] = {
    "days": lambda raw: re.sub(r'"(\d{4})-(\d\d)-(\d\d)T([\d:]+)Z"', r'"\2/\3/\1 \4"', raw),
    "empty-objects": lambda raw: raw.replace("{}", "[]"),
    "sorted-objects": _sorted_deeply,
    "bare-slashes": lambda raw: raw.replace(r"\/", "/"),
    "bare-line-ends": lambda raw: raw.replace(r"\n", ""),
    "bare-angles": lambda raw: raw.replace(r"\u003c", "<"),
    "bare-characters": lambda raw: re.sub(r"\\u(4e[0-9a-f]{2})", lambda found: chr(int(found[1], 16)), raw),
}
"""What a library makes of values other than numbers, in what it writes anew, and what is replaced in that as text."""


def _over_text(change: Callable[[str], str]) -> Callable[[Placed, Envelope], bool]:
    def check(self: Placed, envelope: Envelope) -> bool:
        public = wire.public(self.config.huifu_public_key)
        return wire.verifies(public, change(envelope.raw).encode("utf-8", "replace"), envelope.sign)

    return check


def _of_anything(self: Placed, envelope: Envelope) -> bool:
    """That Huifu's key made the signature, not over what."""
    try:
        raw = base64.b64decode(envelope.sign, validate=True)
        public = wire.public(self.config.huifu_public_key)
        return bool(public.recover_data_from_signature(raw, PKCS1v15(), SHA256()))
    except (InvalidSignature, ValueError):
        return False


def _own_key(self: Placed, envelope: Envelope) -> bool:
    own = wire.private(self.config.merchant_private_key).public_key()
    return Placed.check_sign(self, envelope) or wire.verifies(own, envelope.raw.encode(), envelope.sign)


def _any_key(self: Placed, envelope: Envelope) -> bool:
    """A signature that looks like one."""
    return bool(re.fullmatch(r"[A-Za-z0-9+/]{100,}={0,2}", envelope.sign)) or Placed.check_sign(self, envelope)


CHECKS: dict[str, Callable[[Placed, Envelope], bool]] = {
    "skipped": lambda _self, _envelope: True,
    "inverted": lambda self, envelope: not Placed.check_sign(self, envelope),
    "missing-allowed": lambda self, envelope: not envelope.sign or Placed.check_sign(self, envelope),
    "garbage-allowed": lambda self, envelope: " " in envelope.sign or Placed.check_sign(self, envelope),
    "own-key-allowed": _own_key,
    "any-key-allowed": _any_key,
    "of-anything": _of_anything,
    "only-of-a-success": lambda self, envelope: (
        envelope.data.get("trans_stat") != "S" or Placed.check_sign(self, envelope)
    ),
    "only-of-a-failure": lambda self, envelope: (
        envelope.data.get("trans_stat") == "S" or Placed.check_sign(self, envelope)
    ),
    "over-values-written-anew": _over(dict),
    **{f"over-values-{name}": _over(change) for name, change in CONVERTED.items()},
    **{f"over-values-with-{name}": _over_text(change) for name, change in REWRITTEN.items()},
}
TOO_FINE = tuple(name for name in CHECKS if name.startswith("over-values-"))
"""For a retry and a closequery a few conversions stand for all: the code is the same, the place is what matters."""
CHOSEN = ("over-values-trimmed", "over-values-without-empty")
REWRITES = ("over-values-cut", "over-values-written-anew", *(f"over-values-with-{name}" for name in REWRITTEN))
OVER_RECEIVED = ("security/signature-over-received-bytes",)
"""What shows the conversions that change values as a library writes them."""


def sign(place: str, check: Callable[[Placed, Envelope], bool]) -> type[Placed]:
    def check_sign(self: Placed, envelope: Envelope) -> bool:
        return check(self, envelope) if self.place == place else Placed.check_sign(self, envelope)

    return made(Placed, check_sign=check_sign)


def signs() -> Iterator[Mutant]:
    for place in PLACES:
        for operator, check in CHECKS.items():
            if place == "close" or operator not in TOO_FINE or operator in CHOSEN:
                own = OVER_RECEIVED if place == "close" and operator in REWRITES else ()
                yield Mutant(f"signature-{operator}", "sign", place, sign(place, check), first(*own, then=SIGNS[place]))


def status(place: str, accepts: Callable[[int], bool]) -> type[Placed]:
    def check_status(self: Placed, status: int) -> bool:
        return accepts(status) if self.place == place else status == 200

    return made(Placed, check_status=check_status)


STATUS: dict[str, Callable[[int], bool]] = {
    "skipped": lambda _status: True,
    "inverted": lambda status: status != 200,
    "client-errors-allowed": lambda status: status < 500,
    "server-errors-allowed": lambda status: status == 200 or status >= 500,
}
STATUS_CASES = {
    "close": ("security/signed-error-status",),
    "closequery": ("query/signed-error-status",),
}


def lenient(body: bytes) -> Envelope:
    """The last of two members of one name counts, and data may be a text that holds JSON."""
    try:
        text = body.decode("utf-8", "replace")
        whole = json.loads(text)
        raw = text[text.index('"data":') + 7 : text.rindex(',"sign"')]
        data = whole["data"]
        return Envelope(json.loads(data) if isinstance(data, str) else data, raw, str(whole.get("sign", "")))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise wire.NotReadable(str(error)) from None


def reading(place: str) -> type[Placed]:
    def read(self: Placed, received: bytes) -> Envelope:
        return lenient(received) if self.place == place else wire.read(received)

    return made(Placed, read=read)


class ReadsBesideData(Placed):
    """Puts the members of the envelope and of data together, the envelope's over those of data."""

    beside: Mapping[str, Any] = {}

    def read(self, received: bytes) -> Envelope:
        self.beside = {name: value for name, value in json.loads(received).items() if name not in ("data", "sign")}
        return super().read(received)

    def decide(self, reply: Mapping[str, Any] | None) -> str:
        return super().decide(None if reply is None else {**reply, **self.beside})


def shapes() -> Iterator[Mutant]:
    yield Mutant("read-beside-data", "data", "close", ReadsBesideData, ("security/beside-data",))
    for place, likely in STATUS_CASES.items():
        for operator, accepts in STATUS.items():
            yield Mutant(f"status-{operator}", "HTTP status", place, status(place, accepts), likely)
    for place, likely in (("close", ("transport/broken-body",)), ("closequery", ("query/lost-or-broken",))):
        yield Mutant("last-of-two-counts", "data", place, reading(place), likely)


def mutants() -> Iterator[Mutant]:
    yield from echoes()
    yield from signs()
    yield from shapes()
