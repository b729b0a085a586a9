"""Operators on how long a client stays strict: what was checked once is not checked again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from huifu_contract.mutants.operators.mutant import Mutant
from huifu_contract.mutants.registry import Reply
from huifu_contract.reference.client import Client
from huifu_contract.reference.wire import Envelope


class KnowsTheSignature(Client):
    """Verifies each signature once, whatever it stands under the next time."""

    known: frozenset[str] = frozenset()

    def check_sign(self, envelope: Envelope) -> bool:
        if envelope.sign in type(self).known or super().check_sign(envelope):
            type(self).known |= {envelope.sign}
            return True
        return False


class KnowsTheSignatureOfASuccess(KnowsTheSignature):
    """Wants a code that is zero beside an S, and no more of an F."""

    def decide(self, reply: Reply) -> str:
        stat, zero = (reply or {}).get("trans_stat"), (reply or {}).get("resp_code") == "00000000"
        if stat == "S" and not zero:
            return "doubt"
        return "not_closed" if stat == "F" and zero else super().decide(reply)


class GivesIn(Client):
    """Believes the third reply whose signature does not hold."""

    refused = 0

    def check_sign(self, envelope: Envelope) -> bool:
        holds = super().check_sign(envelope)
        self.refused += not holds
        return holds or self.refused > 2


class AsksStrictlyOnce(Client):
    """Looks at the first closequery's reply alone."""

    queries = 0

    def exchange(self, op: str, data: Mapping[str, str], until: float) -> Reply:
        self.queries += op == "closequery"
        return super().exchange(op, data, until)


class VerifiesTheFirstQuery(AsksStrictlyOnce):
    def check_sign(self, envelope: Envelope) -> bool:
        return self.queries > 1 or super().check_sign(envelope)


class ComparesTheFirstQuery(AsksStrictlyOnce):
    def check_echo(self, sent: Mapping[str, str], data: Mapping[str, Any]) -> bool:
        return self.queries > 1 or super().check_echo(sent, data)


class FindsItSomewhere(Client):
    """Is content if what a reply echoes stands anywhere in the request."""

    def check_echo(self, sent: Mapping[str, str], data: Mapping[str, Any]) -> bool:
        some = (*sent.values(), None)
        named = [name for name in ("org_req_date", "org_req_seq_id", "org_hf_seq_id") if name in sent]
        return all(data.get(name) in some for name in ("req_seq_id", "req_date", "huifu_id", *named))


class ComparesOneNumber(Client):
    """Of an order named by both numbers compares one."""

    def check_echo(self, sent: Mapping[str, str], data: Mapping[str, Any]) -> bool:
        both = sent.get("org_req_seq_id") and sent.get("org_hf_seq_id")
        kept = {name: value for name, value in sent.items() if not (both and name == "org_hf_seq_id")}
        return super().check_echo(kept, data)


ROWS: tuple[tuple[str, str, str, type[Client], str], ...] = (
    ("known-from-before", "the signature", "close", KnowsTheSignature, "security/sign-replayed"),
    (
        "known-from-before",
        "the signature of a success",
        "close",
        KnowsTheSignatureOfASuccess,
        "security/sign-replayed",
    ),
    ("believed-in-the-end", "the signature", "every call", GivesIn, "security/sign-missing"),
    ("checked-once", "the signature", "closequery", VerifiesTheFirstQuery, "query/authentic"),
    ("checked-once", "the echo", "closequery", ComparesTheFirstQuery, "query/authentic"),
    ("found-somewhere", "the echo", "close", FindsItSomewhere, "security/foreign-reply"),
    ("one-of-two-compared", "the echo", "close", ComparesOneNumber, "security/foreign-reply"),
)
"""Operator, target, place, the client, and the case that is about it."""


def mutants() -> Iterator[Mutant]:
    for operator, target, place, client, case in ROWS:
        yield Mutant(operator, target, place, client, (case,))
