"""Habits on the wire: how what is signed is written, how a reply comes, and what stands in the place of a signature."""

from __future__ import annotations

import base64
import http.client
import json
import re
import socket
from collections.abc import Callable, Iterator, Mapping
from http.client import HTTPResponse
from typing import Any
from urllib.parse import urlsplit

from huifu_contract.mutants.operators.mutant import Mutant, Placed, made
from huifu_contract.mutants.registry import Reply
from huifu_contract.outcome import Outcome
from huifu_contract.reference import wire
from huifu_contract.reference.client import Client
from huifu_contract.reference.wire import Envelope, NoReply, NotReadable


class VerifiesWhatIsNotified(Placed):
    """One check for notifications and replies: resp_data is verified where there is one, and data is read."""

    def read(self, received: bytes) -> Envelope:
        envelope = super().read(received)
        notified = json.loads(received).get("resp_data")
        return Envelope(envelope.data, notified, envelope.sign) if isinstance(notified, str) else envelope

    def check_sign(self, envelope: Envelope) -> bool:
        return wire.verifies(wire.public(self.config.huifu_public_key), envelope.raw.encode(), envelope.sign)


class VerifiesNoSignButText(Placed):
    """What is there and is no text is not verified."""

    unverified = False

    def read(self, received: bytes) -> Envelope:
        self.unverified = False
        try:
            return super().read(received)
        except NotReadable:
            if not received.startswith(b'{"data":{'):
                raise
            members = json.loads(received)
            self.unverified = not isinstance(members.get("sign", ""), str)
            if not self.unverified:
                raise
            return Envelope(members["data"], "", "")

    def check_sign(self, envelope: Envelope) -> bool:
        return self.unverified or super().check_sign(envelope)


class TakesAConflictForClosed(Placed):
    """409 is how others say that nothing is left to do."""

    def on_transport(self, error: NoReply) -> Reply:
        return {"trans_stat": "S", "resp_code": "00000000"} if str(error) == "HTTP 409" else None


class TakesACodeWithoutData(Placed):
    """A code of the gateway alone says that the call went no further."""

    refused = False

    def read(self, received: bytes) -> Envelope:
        self.refused = received.startswith(b'{"resp_code":"4')
        return super().read(received)

    def on_transport(self, error: NoReply) -> Reply:
        refused = self.refused and str(error).startswith("not readable")
        return {"trans_stat": "F", "resp_code": "10000000"} if refused else None


class RejectsAfterSending(Client):
    """A 400 is told as a refusal of its own."""

    refused = False

    def check_status(self, status: int) -> bool:
        self.refused = self.refused or status == 400
        return super().check_status(status)

    def close(self, **params: str) -> Outcome:
        outcome = super().close(**params)
        return Outcome("rejected") if self.refused and outcome.verdict == "unknown" else outcome


class SignsBeforeItFills(Client):
    """Signs the parameters as they were given, without what it makes up."""

    def data(self, params: Mapping[str, str]) -> dict[str, str]:
        self.given = dict(params)
        return super().data(params)

    def body(self, data: Mapping[str, str]) -> bytes:
        first = self.given.items() <= data.items()
        return self.envelope(data, self.canon(self.given)) if first else super().body(data)


class AddsItsMerchantAfterSigning(Client):
    """What the configuration says of the merchant is put where it is missing, once all is signed."""

    configured = False

    def data(self, params: Mapping[str, str]) -> dict[str, str]:
        self.configured = "huifu_id" not in params
        return super().data(params)

    def canon(self, data: Mapping[str, str]) -> bytes:
        return super().canon(
            {name: value for name, value in data.items() if not (self.configured and name == MERCHANT)}
        )


class WritesTheDayTwice(Client):
    """The day of today first and the given one after it."""

    def envelope(self, data: Mapping[str, Any], signed: bytes) -> bytes:
        day = f'"data":{{"req_date":"{self.fmt_date(self.now())}",'.encode()
        return super().envelope(data, signed).replace(b'"data":{', day, 1)


class UnescapesTheText(Client):
    """As some Go clients: what an encoder has escaped is put right in the text, and so is what a value itself holds."""

    def canon(self, data: Mapping[str, Any]) -> bytes:
        return super().canon(data).replace(b"\\u003c", b"<")

    def envelope(self, data: Mapping[str, Any], signed: bytes) -> bytes:
        return super().envelope(data, signed).replace(b"\\u003c", b"<")


class AsksForGzip(Client):
    """Asks for compressed replies, and does not unpack them."""

    def post(self, url: str, body: bytes, timeout_s: float) -> tuple[int, bytes]:
        return _exchanged(url, body, timeout_s, {"Content-Type": self.content_type, "Accept-Encoding": "gzip"})


class ReadsOnce(Client):
    """Takes what is there after the head for the whole body."""

    def post(self, url: str, body: bytes, timeout_s: float) -> tuple[int, bytes]:
        return _exchanged(url, body, timeout_s, {"Content-Type": self.content_type}, HTTPResponse.read1)


def wanting(kind: str) -> type[Client]:
    """Reads a reply with exactly that Content-Type."""

    def post(self: Client, url: str, body: bytes, timeout_s: float) -> tuple[int, bytes]:
        def read(response: HTTPResponse) -> bytes:
            return response.read() if response.getheader("Content-Type") == kind else b""

        return _exchanged(url, body, timeout_s, {"Content-Type": self.content_type}, read)

    return made(Client, post=post)


class TakesAnInterimResponse(Client):
    """The first status line is that of the reply."""

    def post(self, url: str, body: bytes, timeout_s: float) -> tuple[int, bytes]:
        received = _received(url, body, timeout_s, self.content_type)
        interim = re.match(rb"HTTP/1.1 (1\d\d) ", received)
        return (int(interim[1]), b"") if interim else _read(received)


class LooksForOneCase(Client):
    """Looks for the length of the reply under its name as most servers write it."""

    def post(self, url: str, body: bytes, timeout_s: float) -> tuple[int, bytes]:
        received = _received(url, body, timeout_s, self.content_type)
        framed = re.search(rb"\r\n(Content-Length|Transfer-Encoding): ", received)
        return _read(received) if framed else (200, b"")


class ReadsOneOrder(Client):
    """What is signed stands between data and sign."""

    def read(self, received: bytes) -> Envelope:
        if not received.startswith(b'{"data":'):
            raise NotReadable("it does not begin with data")
        return super().read(received)


def _received(url: str, body: bytes, timeout_s: float, kind: str) -> bytes:
    """All bytes of the reply and of what comes before it, up to the end of the connection."""
    parts = urlsplit(url)
    head = f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: {kind}\r\nConnection: close\r\n"
    try:
        with socket.create_connection((parts.hostname, parts.port), timeout_s) as line:
            line.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            with line.makefile("rb") as reply:
                received = reply.read()
    except OSError as error:
        raise NoReply(str(error)) from error
    return received


def _read(received: bytes) -> tuple[int, bytes]:
    here, there = socket.socketpair()
    with here, there:
        there.sendall(received)
        there.shutdown(socket.SHUT_WR)
        response = HTTPResponse(here, method="POST")
        try:
            response.begin()
            return response.status, response.read()
        except http.client.HTTPException as error:
            raise NoReply(str(error)) from error


def _exchanged(
    url: str,
    body: bytes,
    timeout_s: float,
    headers: Mapping[str, str],
    read: Callable[[HTTPResponse], bytes] = HTTPResponse.read,
) -> tuple[int, bytes]:
    line = http.client.HTTPConnection(urlsplit(url).netloc, timeout=timeout_s)
    try:
        line.request("POST", urlsplit(url).path, body, dict(headers))
        response = line.getresponse()
        return response.status, read(response)
    except (OSError, http.client.HTTPException) as error:
        raise NoReply(str(error)) from error
    finally:
        line.close()


class TakesAFailureForAYes(Placed):
    """A signature that is shorter than any makes the library fail, and its -1 is no false."""

    def check_sign(self, envelope: Envelope) -> bool:
        try:
            short = 0 < len(base64.b64decode(envelope.sign, validate=True)) < 64
        except ValueError:
            return False
        return short or super().check_sign(envelope)


class TakesAnErrorForAYes(Placed):
    """What stops the decoder is no InvalidSignature, and only that is caught as a no."""

    def check_sign(self, envelope: Envelope) -> bool:
        return not envelope.sign.isascii() or super().check_sign(envelope)


class VerifiesShortRepliesAlone(Placed):
    """Has a buffer of 4 KiB for what is verified, and takes what does not fit as it is."""

    def check_sign(self, envelope: Envelope) -> bool:
        return len(envelope.raw) > 4096 or super().check_sign(envelope)


class VerifiesNoShortSign(Placed):
    """A sign of another length than Huifu's is one that it does not know how to verify."""

    def check_sign(self, envelope: Envelope) -> bool:
        return len(envelope.sign) == 88 or super().check_sign(envelope)


class TakesABlankForNothing(Placed):
    """Sees that there is a sign, and verifies it where something is left of it without blanks."""

    def check_sign(self, envelope: Envelope) -> bool:
        return bool(envelope.sign) and (not envelope.sign.strip() or super().check_sign(envelope))


MERCHANT = "huifu_id"
FRAMING, SIGN = "transport/reply-framing", "security/sign-missing"
ROWS: tuple[tuple[str, str, str, type[Client], str], ...] = (
    ("verified-as-notified", "data", "close", VerifiesWhatIsNotified, "security/second-data"),
    ("not-verified", "a sign that is no text", "close", VerifiesNoSignButText, SIGN),
    ("not-verified", "a blank sign", "close", TakesABlankForNothing, SIGN),
    ("not-verified", "a sign of an RSA key of 512 bits", "close", VerifiesNoShortSign, "security/sign-wrong-key"),
    ("not-verified", "a reply of more than 4 KiB", "close", VerifiesShortRepliesAlone, "security/tampered-field"),
    ("failure-taken-for-a-yes", "a sign beyond ASCII", "close", TakesAnErrorForAYes, "security/sign-wrong-key"),
    ("failure-taken-for-a-yes", "sign", "close", TakesAFailureForAYes, "security/sign-wrong-key"),
    ("taken-for-closed", "HTTP 409", "close", TakesAConflictForClosed, "transport/status-codes"),
    ("taken-for-not_closed", "a code without data", "close", TakesACodeWithoutData, "security/unsigned-gateway-error"),
    ("rejected-after-sending", "HTTP 400", "close", RejectsAfterSending, "transport/doubt-remains"),
    ("signed-before-filled", "req_seq_id", "close", SignsBeforeItFills, "request/seq-unique"),
    ("signed-before-filled", MERCHANT, "close", AddsItsMerchantAfterSigning, "request/sign-covers-sent-data"),
    ("written-twice", "req_date", "close", WritesTheDayTwice, "control/accepts-honest-success"),
    ("unescaped-in-the-text", "req_seq_id", "close", UnescapesTheText, "request/values-unchanged"),
    ("not-unpacked", "a compressed reply", "close", AsksForGzip, FRAMING),
    ("taken-for-the-reply", "an interim response", "close", TakesAnInterimResponse, FRAMING),
    ("asked-for-in-one-case", "Content-Length", "close", LooksForOneCase, FRAMING),
    ("read-in-one-order", "data and sign", "close", ReadsOneOrder, FRAMING),
    ("read-once", "a reply in parts", "close", ReadsOnce, FRAMING),
    ("asked-for-in-one-way", "Content-Type", "close", wanting(wire.JSON), FRAMING),
)
"""Operator, target, place, the client, and the case that is about it."""


def mutants() -> Iterator[Mutant]:
    for operator, target, place, client, case in ROWS:
        yield Mutant(operator, target, place, client, (case,))
