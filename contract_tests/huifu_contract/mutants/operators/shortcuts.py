"""What clients take for settled without an answer that says so, and what they do or tell after an error."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from huifu_contract.mutants.operators.mutant import Mutant, Placed, made
from huifu_contract.mutants.registry import Reply
from huifu_contract.outcome import Outcome
from huifu_contract.reference.client import Client, Config
from huifu_contract.reference.wire import Envelope, NoReply, private


class TakesARefusalUnsigned(Client):
    """Asks for no signature where the gateway says that it could not read the request."""

    def check_sign(self, envelope: Envelope) -> bool:
        return super().check_sign(envelope) or (not envelope.sign and envelope.data.get("resp_code") == "10000000")


class TakesAnErrorWithoutAnything(TakesARefusalUnsigned):
    """An F it reads into it too, if the reply names no request."""

    def check_echo(self, sent: Mapping[str, str], data: Mapping[str, Any]) -> bool:
        return "req_seq_id" not in data or super().check_echo(sent, data)

    def decide(self, reply: Reply) -> str:
        return "not_closed" if reply and set(reply) == {"resp_code", "resp_desc"} else super().decide(reply)


class NumbersAnewAfterAServerError(Client):
    """Behind a 5xx the next close has a number of its own."""

    failed = False

    def check_status(self, status: int) -> bool:
        self.failed = self.failed or status >= 500
        return super().check_status(status)

    def exchange(self, op: str, data: Mapping[str, str], until: float) -> Reply:
        anew = {"req_seq_id": self.seq()} if self.failed and op == "close" else {}
        return super().exchange(op, {**data, **anew}, until)


class ClosesAgainWhatTakesLong(Placed):
    """A close that is in progress for the third time is made once more, under a number of its own."""

    polls = 0

    def resolve(self, reply: Reply, standing: str) -> str:
        found = super().resolve(reply, standing)
        self.polls += found == "pending"
        return "resend" if found == "pending" and self.polls > 1 else found

    def exchange(self, op: str, data: Mapping[str, str], until: float) -> Reply:
        anew = {"req_seq_id": self.seq()} if op == "close" and self.closes else {}
        return super().exchange(op, {**data, **anew}, until)


class TellsItsConfigurationAfterAQuery(Client):
    """The error of a closequery that failed carries all that the client was made with."""

    def exchange(self, op: str, data: Mapping[str, str], until: float) -> Reply:
        reply = super().exchange(op, data, until)
        self.failed = getattr(self, "failed", False) or (reply is None and op == "closequery")
        return reply

    def close(self, **params: str) -> Outcome:
        outcome = super().close(**params)
        if not getattr(self, "failed", False):
            return outcome
        return replace(outcome, error={"kind": "NoReply", "message": f"with {self.told(self.config)}"})

    def told(self, config: Config) -> str:
        return config.merchant_private_key


class TellsItsConfigurationAfterATimeLimit(TellsItsConfigurationAfterAQuery):
    """The same, of a close that was not answered in time."""

    def exchange(self, op: str, data: Mapping[str, str], until: float) -> Reply:
        began = time.monotonic()
        reply = Client.exchange(self, op, data, until)
        self.failed = getattr(self, "failed", False) or time.monotonic() - began >= self.attempt_s
        return reply


def tells_its_key(told: Callable[[RSAPrivateKey], str]) -> type[Client]:
    """The same, of a client that has made something else of the key."""
    return made(TellsItsConfigurationAfterAQuery, told=lambda _, config: told(private(config.merchant_private_key)))


def _der(key: RSAPrivateKey, form: PrivateFormat = PrivateFormat.PKCS8) -> bytes:
    return key.private_bytes(Encoding.DER, form, NoEncryption())


WRITINGS: dict[str, Callable[[RSAPrivateKey], str]] = {
    "PKCS1": lambda key: base64.encodebytes(_der(key, PrivateFormat.TraditionalOpenSSL)).decode("ascii"),
    "bytes": lambda key: repr(_der(key)),
    "hexadecimal": lambda key: _der(key).hex(":").upper(),
    "a list of bytes": lambda key: repr(list(_der(key))),
    "a list of signed bytes": lambda key: repr([byte - 256 if byte > 127 else byte for byte in _der(key)]),
    "a number": lambda key: f"d={key.private_numbers().d}",
    "Base64 for addresses": lambda key: base64.urlsafe_b64encode(_der(key)).decode("ascii"),
}
"""What a library makes of a key, and a log of that."""


class EndsWhenNobodyListens(Client):
    """Forgets behind a refused connection that it had sent a close before."""

    refused = False

    def on_transport(self, error: NoReply) -> Reply:
        self.refused = isinstance(error.__cause__, ConnectionRefusedError)
        return super().on_transport(error)

    def close(self, **params: str) -> Outcome:
        outcome = super().close(**params)
        return replace(outcome, verdict="not_closed") if outcome.verdict == "unknown" and self.refused else outcome


class TakesAConflictForAnotherClose(Placed):
    """What is in the way of a close that is sent again may be the first one itself."""

    def decide(self, reply: Reply) -> str:
        standing = super().decide(reply)
        return "not_closed" if standing == "busy" and self.place == "retry" else standing


class EndsWhenNobodyListensAgain(Placed):
    """Takes a refused connection for an end where a closequery was answered before it."""

    refused = False

    def on_transport(self, error: NoReply) -> Reply:
        self.refused = isinstance(error.__cause__, ConnectionRefusedError) and self.place == "retry"
        return super().on_transport(error)

    def decide(self, reply: Reply) -> str:
        return "not_closed" if self.refused else super().decide(reply)


def settled_by_the_payment(payment: str, standing: str) -> type[Client]:
    """Takes a P for an end because of what became of the payment."""

    def decide(self: Client, reply: Reply) -> str:
        settled = reply and (reply.get("trans_stat"), reply.get("org_trans_stat")) == ("P", payment)
        return standing if settled else Client.decide(self, reply)

    return made(Client, decide=decide)


def found_settled_by_the_payment(payment: str, standing: str) -> type[Client]:
    """The same where a closequery says so."""

    def resolve(self: Client, reply: Reply, before: str) -> str:
        settled = reply and (reply.get("trans_stat"), reply.get("org_trans_stat")) == ("P", payment)
        return standing if settled else Client.resolve(self, reply, before)

    return made(Client, resolve=resolve)


class TakesAnUnknownOrderUnsigned(Placed):
    """Asks for no signature where a closequery finds no order."""

    def check_sign(self, envelope: Envelope) -> bool:
        return super().check_sign(envelope) or (not envelope.sign and self._unknown(envelope.data))

    def check_echo(self, sent: Mapping[str, str], data: Mapping[str, Any]) -> bool:
        return self._unknown(data) or super().check_echo(sent, data)

    def resolve(self, reply: Reply, standing: str) -> str:
        return "not_closed" if reply and self._unknown(reply) else super().resolve(reply, standing)

    def _unknown(self, data: Mapping[str, Any]) -> bool:
        return self.place == "closequery" and set(data) == {"resp_code", "resp_desc"}


class TakesNullForClosed(Client):
    """Where the state is null the code decides."""

    def decide(self, reply: Reply) -> str:
        null = reply and reply.get("trans_stat", "") is None and reply.get("resp_code") == "00000000"
        return "closed" if null else super().decide(reply)


class FindsAnOpenPayment(Client):
    """Where a closequery does not say S or P, a payment in progress is an order that is not closed."""

    def resolve(self, reply: Reply, standing: str) -> str:
        found = super().resolve(reply, standing)
        undecided = reply and reply.get("trans_stat") not in ("S", "P")
        return "not_closed" if undecided and (reply or {}).get("org_trans_stat") == "P" else found


class FindsAnOpenPaymentWithoutAState(Client):
    """Where a closequery has no state at all, a payment in progress is an order that is not closed."""

    def resolve(self, reply: Reply, standing: str) -> str:
        if reply and "trans_stat" not in reply and reply.get("org_trans_stat") == "P":
            return "not_closed"
        return super().resolve(reply, standing)


class RemembersWhatDidNotVerify(Client):
    """Notes the state before it verifies, and recalls it where the next reply says nothing definite."""

    noted = ""

    def check_sign(self, envelope: Envelope) -> bool:
        if envelope.sign:
            self.noted = self.noted or str(envelope.data.get("trans_stat")).replace("P", "")
        return super().check_sign(envelope)

    def resolve(self, reply: Reply, standing: str) -> str:
        recalled = self.noted == "S" and (reply or {}).get("trans_stat") == "P"
        return "closed" if recalled else super().resolve(reply, standing)


class NumbersAQueryByTheClose(Client):
    """Puts a letter before the number of the close, and cuts what gets too long."""

    queries = 0

    def query(self, data: Mapping[str, str]) -> dict[str, str]:
        self.queries += 1
        return {**super().query(data), "req_seq_id": f"Q{self.queries}{data['req_seq_id']}"[:128]}


P_SETTLES, P_IS_FOUND = "response/p-beats-code", "query/stat-decides"
ROWS: tuple[tuple[str, str, str, type[Client], str], ...] = (
    ("signature-not-needed", "10000000", "close", TakesARefusalUnsigned, "security/sign-missing"),
    ("signature-not-needed", "an error alone", "close", TakesAnErrorWithoutAnything, "security/unsigned-gateway-error"),
    ("taken-for-not_closed", "a refused connection", "retry", EndsWhenNobodyListens, "transport/doubt-remains"),
    (
        "taken-for-not_closed",
        "a refused connection",
        "retry after a closequery",
        EndsWhenNobodyListensAgain,
        "query/late-commit",
    ),
    ("taken-for-not_closed", "a conflict", "retry", TakesAConflictForAnotherClose, "query/late-commit"),
    ("taken-for-not_closed", "P of a paid order", "close", settled_by_the_payment("S", "not_closed"), P_SETTLES),
    ("taken-for-closed", "P of a failed order", "close", settled_by_the_payment("F", "closed"), P_SETTLES),
    ("numbered-anew", "req_seq_id after a 5xx", "close", NumbersAnewAfterAServerError, "transport/retry-same-or-query"),
    ("numbered-anew", "req_seq_id after many P", "retry", ClosesAgainWhatTakesLong, "transport/retry-same-or-query"),
    ("given-away", "configuration", "closequery", TellsItsConfigurationAfterAQuery, "security/no-key-leak"),
    ("given-away", "configuration", "after a time limit", TellsItsConfigurationAfterATimeLimit, "security/no-key-leak"),
    *(
        ("given-away", f"the private key as {name}", "closequery", tells_its_key(told), "security/no-key-leak")
        for name, told in WRITINGS.items()
    ),
    (
        "taken-for-not_closed",
        "P of a paid order",
        "closequery",
        found_settled_by_the_payment("S", "not_closed"),
        P_IS_FOUND,
    ),
    ("taken-for-closed", "P of a failed order", "closequery", found_settled_by_the_payment("F", "closed"), P_IS_FOUND),
    ("taken-for-closed", "null with 00000000", "close", TakesNullForClosed, "response/unlisted-stat"),
    ("taken-for-not_closed", "P of an open payment", "closequery", FindsAnOpenPayment, P_IS_FOUND),
    ("taken-for-not_closed", "P without a state", "closequery", FindsAnOpenPaymentWithoutAState, P_IS_FOUND),
    ("noted-unverified", "trans_stat", "closequery", RemembersWhatDidNotVerify, "query/authentic"),
    ("cut-at-its-end", "req_seq_id", "closequery", NumbersAQueryByTheClose, "query/own-number"),
    ("signature-not-needed", "23000001 alone", "closequery", TakesAnUnknownOrderUnsigned, "query/authentic"),
)
"""Operator, target, place, the client, and the case that is about it."""


def mutants() -> Iterator[Mutant]:
    for operator, target, place, client, case in ROWS:
        yield Mutant(operator, target, place, client, (case,))
