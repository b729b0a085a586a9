"""Evidence: what the client sent, what happened to the order, which outcome the client reported."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from huifu_contract import schemas
from huifu_contract.failures import KitTrouble
from huifu_contract.harness.differences import Difference, shown
from huifu_contract.harness.signed import digest
from huifu_contract.outcome import Hello, Outcome
from huifu_contract.reference import wire
from huifu_contract.reference.wire import Envelope, NotReadable, read
from huifu_mock.explain.advice import LANGUAGES

if TYPE_CHECKING:
    from huifu_mock import Call, Order

OK = 200


@dataclass(frozen=True, slots=True)
class SignedReply:
    """What the client could read in answer to one request."""

    delivered: bool = True
    """Anything at all came back."""
    genuine: bool = True
    """It came whole and with HTTP 200, is signed by Huifu over these bytes, and answers this very request."""
    why: str = ""
    """Of one that is not genuine: what is wrong with it."""
    differs: tuple[Difference, ...] = ()
    """Of one that answers another request: in which members."""
    resp_code: str | None = None
    trans_stat: str | None = None
    org_trans_stat: str | None = None
    unlisted: str = ""
    """Its trans_stat as JSON where that is none of P, S and F; empty where it is, or where there is none."""
    status: int = OK
    """Of HTTP."""


NOTHING = SignedReply(delivered=False, genuine=False)


@dataclass(frozen=True, slots=True)
class SentRequest:
    """One request that the fake gateway received."""

    op: str = "close"
    """The last part of its path: close, closequery, …"""
    at: float = 0.0
    """Seconds; only differences mean anything."""
    data: Mapping[str, Any] | None = None
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    path: str = ""
    method: str = "POST"
    signature_ok: bool = True
    signed: bytes = b""
    """The digest in a signature that does not verify; empty where the merchant's key opens none."""
    explanation: Mapping[str, str] = field(default_factory=dict)
    """Why the gateway refused it, in words, by language: `en`, `zh`. Empty where it took it."""
    heard: SignedReply = field(default_factory=SignedReply)
    faults: tuple[str, ...] = ()
    """What was prepared and applied to it."""
    answer_s: float | None = 0.0
    """Seconds from its arrival until its answer left the gateway; None where that had not happened yet."""
    port: int | None = None
    """The client's, which requests on one connection share."""

    @property
    def identity(self) -> tuple[str, str]:
        """Equal for requests that are the same request sent again."""
        return self.op, "" if self.data is None else repr(sorted(self.data.items()))


@dataclass(frozen=True, slots=True)
class Truth:
    """What really happened to the order."""

    closed: bool = False
    in_flight: bool = False
    """A close of it may still succeed."""
    trans_stat: str = "P"
    closed_by: str = ""
    age_s: float = 120.0
    """Its age on the gateway's clock when the call began."""

    def words(self) -> str:
        if self.closed:
            return f"closed by {self.closed_by}" if self.closed_by else "closed"
        if self.in_flight:
            return "not closed, a close is in flight"
        return {"S": "paid, not closed", "F": "failed, not closed"}.get(self.trans_stat, "open, not closed")


@dataclass(frozen=True, slots=True)
class Evidence:
    """One call of the client under test."""

    outcome: Outcome
    params: Mapping[str, str] = field(default_factory=dict)
    sent: tuple[SentRequest, ...] = ()
    truth: Truth = field(default_factory=Truth)
    hello: Hello = field(default_factory=Hello)
    seconds: float = 0.0
    told: tuple[str, ...] = ()
    """trans_stat of genuine webhooks that reached the client."""
    session: str = ""
    """Under which token its requests stand in the journal."""

    @property
    def claim(self) -> str:
        """The client's own word.

        Of a client that only offers `wire`, what it shows as read counts as its word.
        """
        if "decision" in self.hello.profiles or self.outcome.verdict in ("crashed", "rejected"):
            return self.outcome.verdict
        stat = (self.outcome.seen or {}).get("trans_stat")
        return {"S": "closed", "F": "not_closed"}.get(stat if isinstance(stat, str) else "", "unknown")

    @property
    def definite(self) -> bool:
        return self.claim in ("closed", "not_closed")

    @property
    def closes(self) -> tuple[SentRequest, ...]:
        return tuple(sent for sent in self.sent if sent.op == "close")

    @property
    def after_close(self) -> tuple[SentRequest, ...]:
        """What follows the first close. Some clients ask before they close, which answers no doubt."""
        first = next((at for at, sent in enumerate(self.sent) if sent.op == "close"), len(self.sent))
        return self.sent[first + 1 :]

    @property
    def queries(self) -> tuple[SentRequest, ...]:
        return tuple(sent for sent in self.after_close if sent.op == "closequery")

    def genuine(self, trans_stat: str) -> bool:
        """Whether a genuine reply or webhook said so."""
        heard = any(s.heard.genuine and s.heard.trans_stat == trans_stat for s in self.sent)
        return heard or trans_stat in self.told


STATES = ("P", "S", "F")
SAYS = {"closed": "S", "not_closed": "F"}
"""The trans_stat that a definite outcome stands on."""
READ = ("resp_code", "trans_stat", "org_trans_stat")
ECHOED = ("req_seq_id", "req_date", "huifu_id")
"""Every reply carries them as they were sent; empty only where the gateway could not read them."""
NAMING = ("org_req_date", "org_req_seq_id", "org_hf_seq_id")
"""What names the order; a reply may leave out a number, but not name another."""

MOST_LINES = 4
WRONG_SIGNATURE = ("The signature is wrong", "签名有误")
CODE = re.compile(r" +([\w#]+): ")
LANGUAGE_NAMES = {
    **{name: label for key, label in LANGUAGES.items() for name in (key, label.lower())},
    "javascript": "Node", "typescript": "Node", "golang": "Go", "kotlin": "Java", ".net": "C#", "dotnet": "C#",
}  # fmt: skip
"""What clients call their language, and the gateway's label of it."""


def sent(call: Call, huifu_public_key: str, merchant: str, language: str = "", *, unnamed: bool = False) -> SentRequest:
    """One journalled call with what was really written in answer to it.

    `language` is that of the client, whose line of code an explanation shows. `merchant` is its private key. A call
    that is `unnamed` named no tenant: the gateway could not know whose signature to expect there, so the kit checks it.
    """
    signature_ok = _signed(call, merchant) if unnamed else call.signature_ok is True
    return SentRequest(
        op=call.endpoint,
        at=call.at.timestamp(),
        data=call.data,
        body=call.body,
        headers=call.headers,
        path=call.path,
        signature_ok=signature_ok,
        signed=b"" if signature_ok else digest(call.body, wire.private(merchant).public_key()),
        explanation=explained(call, language),
        heard=heard(call.response, call.data or {}, huifu_public_key, status=_status(call)),
        faults=call.faults,
        port=call.peer_port,
        answer_s=None if call.duration_ms is None else call.duration_ms / 1000,
    )


def explained(call: Call, language: str = "") -> dict[str, str]:
    """What was wrong with a request in the gateway's words, by the language that they are in; empty of a right one.

    Of a wrong signature all of them: what was signed, what should have been, and how to put it right. Of anything else
    the first few lines.
    """
    if call.signature_ok and call.reason in (None, "CLOSED", "PROCESSING"):
        return {}
    text = (call.explanation or {}).get("text") or {}
    return {spoken: _concerning(str(said), language) for spoken, said in text.items() if said}


def _concerning(said: str, language: str) -> str:
    lines = [line for line in said.splitlines() if line.strip()]
    wrong = next((at for at, line in enumerate(lines) if line.startswith(WRONG_SIGNATURE)), None)
    if wrong is None:
        return " / ".join(lines[:MOST_LINES])
    return "\n".join(line for line in lines[wrong:] if _concerns(line, language))


def _concerns(line: str, language: str) -> bool:
    """Whether it is not the line of code of another language."""
    code = CODE.match(line)
    others = LANGUAGES.values() if language.lower() in LANGUAGE_NAMES else ()
    return code is None or code[1] not in others or code[1] == LANGUAGE_NAMES[language.lower()]


def _signed(call: Call, merchant: str) -> bool:
    try:
        sign = str(json.loads(call.body).get("sign"))
    except (ValueError, AttributeError):
        return False
    text = wire.canonical(call.data or {})
    return wire.verifies(wire.private(merchant).public_key(), text.encode("utf-8", "replace"), sign)


KEPT_REPLIES = 64
HTTP_ERROR = "status"
"""The fault that sends a reply with another status than 200."""


@lru_cache(maxsize=KEPT_REPLIES)
def _opened(response: str, huifu_public_key: str) -> tuple[Envelope, bool]:
    """The envelope, and whether its signature is Huifu's: one reply is looked at as evidence, and as a promise too.

    Raises NotReadable.
    """
    envelope = read(response.encode("utf-8"))
    return envelope, wire.verifies(wire.public(huifu_public_key), envelope.raw.encode("utf-8"), envelope.sign)


def heard(response: str | None, request: Mapping[str, Any], huifu_public_key: str, *, status: int = OK) -> SignedReply:
    """What the client can have read, judged by the kit itself and not by the gateway's word."""
    if not response:
        return replace(NOTHING, status=status)
    try:
        envelope, signed = _opened(response, huifu_public_key)
    except NotReadable as error:
        no = f"no signed envelope ({error})"
        why = f"it is {no}" if status == OK else f"it came with HTTP {status} and is {no}"
        return SignedReply(genuine=False, why=why, status=status)
    data = envelope.data
    differs = foreign(data, request)
    why = ""
    if not signed:
        why = "its signature is not Huifu's over these bytes"
    elif status != OK:
        why = f"it came with HTTP {status}"
    elif differs:
        why = f"it answers another request, see {', '.join(one.field for one in differs)}"
    return SignedReply(
        genuine=not why,
        why=why,
        differs=differs,
        status=status,
        unlisted="" if data.get("trans_stat", "P") in STATES else _written(data["trans_stat"]),
        **{name: data[name] for name in READ if isinstance(data.get(name), str)},
    )


def _written(value: Any) -> str:
    return "null" if value is None else shown(value)


def _status(call: Call) -> int:
    """With which status a reply came; 200 unless the case prepared another one."""
    return call.status if HTTP_ERROR in call.faults and call.status is not None else OK


def foreign(data: Mapping[str, Any], request: Mapping[str, Any]) -> tuple[Difference, ...]:
    """In which members a reply speaks of another request or another order."""
    echoed = [name for name in ECHOED if str(data.get(name)) not in (str(request.get(name)), "")]
    named = [name for name in NAMING if request.get(name) and data.get(name) not in (None, "")]
    named = [name for name in named if str(data[name]) != str(request[name])]
    return tuple(Difference.of(name, request.get(name), data.get(name)) for name in (*echoed, *named))


def truth(order: Order | None, age_s: float = 0.0) -> Truth:
    """None is an order that does not exist."""
    if order is None:
        return Truth(trans_stat="F")
    winners = [close.req_seq_id for close in order.closes if close.stat == "S"]
    return Truth(
        closed=order.close_stat == "S",
        in_flight=order.close_stat == "P",
        trans_stat=order.trans_stat,
        closed_by=winners[-1] if winners else "",
        age_s=age_s,
    )


def honest(call: Call, huifu_public_key: str) -> None:
    """The gateway's own promises for a reply that nothing was to spoil; a broken one is the kit's trouble."""
    if call.response is None:
        raise KitTrouble(f"the fake gateway has no answer for {call.id} although nothing was to spoil it")
    try:
        envelope, signed = _opened(call.response, huifu_public_key)
    except NotReadable as error:
        raise KitTrouble(f"the fake gateway sent an unreadable answer ({error})") from None
    if not signed:
        raise KitTrouble("the fake gateway signed an answer with a key that is not Huifu's")
    if call.endpoint == "close":
        wrong = schemas.complaint("close/response", envelope.data)
        if wrong is not None:
            raise KitTrouble(f"the fake gateway's answer breaks its schema: {wrong}")
