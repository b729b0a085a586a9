"""Whole habits that no operator makes: what clients do that trust too much or read too simply."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar
from urllib.parse import urljoin, urlsplit

from huifu_contract.mutants.operators import checks
from huifu_contract.mutants.operators.mutant import PLACES, Mutant, Placed, made
from huifu_contract.mutants.registry import Reply
from huifu_contract.reference import decide, wire
from huifu_contract.reference.app import App
from huifu_contract.reference.client import Client
from huifu_contract.reference.wire import Envelope, NoReply, NotReadable

# -- reading


class ReadsTheFirstData(Placed):
    """Verifies the text that follows the first `"data"`, and reads the data that a parser finds."""

    def check_sign(self, envelope: Envelope) -> bool:
        return wire.verifies(wire.public(self.config.huifu_public_key), self.found.encode(), envelope.sign)

    def read(self, received: bytes) -> Envelope:
        envelope, text = super().read(received), received.decode()
        begin = text.index("{", text.index('"data"'))
        self.found = text[begin : json.JSONDecoder().raw_decode(text, begin)[1]]
        return envelope


def verifies_one_of_two(*, last: bool) -> type[Placed]:
    """Of two members called data one is verified and the other is read."""

    def read(self: Placed, received: bytes) -> Envelope:
        try:
            text, pairs = received.decode(), json.loads(received, object_pairs_hook=list)
            found = [dict(value) for name, value in pairs if name == "data"]
            sign = str(dict(pairs)["sign"])
        except (ValueError, KeyError, TypeError) as error:
            raise NotReadable(str(error)) from None
        if len(found) < 2:
            return Placed.read(self, received)
        signed = wire.canonical(found[-1] if last else found[0])
        return Envelope(found[0] if last else found[-1], signed if signed in text else "", sign)

    return made(Placed, read=read, check_sign=_over_the_text)


def _over_the_text(self: Placed, envelope: Envelope) -> bool:
    return wire.verifies(wire.public(self.config.huifu_public_key), envelope.raw.encode(), envelope.sign)


class ReadsInAnyCase(Placed):
    """As Go's encoding/json: a member is found whatever its case, and the last one counts."""

    def read(self, received: bytes) -> Envelope:
        envelope = super().read(received)
        members = {name.lower(): value for name, value in json.loads(received).items()}
        data = members["data"]
        return Envelope(data if isinstance(data, dict) else {}, envelope.raw, envelope.sign)

    def check_sign(self, envelope: Envelope) -> bool:
        return _over_the_text(self, envelope)


class ReadsDataInAnyCase(Placed):
    """As a map that knows no case, which keeps the first of two."""

    def decide(self, reply: Reply) -> str:
        members = reversed([*(reply or {}).items()])
        return super().decide(None if reply is None else {name.lower(): value for name, value in members})


class FoldsTheNamesInData(Placed):
    """As Go's encoding/json, to which a long s is an s: of two members of one name the last one counts."""

    def decide(self, reply: Reply) -> str:
        return super().decide(None if reply is None else {name.casefold(): value for name, value in reply.items()})


class TakesWhatStandsBeside(Placed):
    """What data lacks is taken from beside it."""

    beside: Mapping[str, Any] = {}

    def read(self, received: bytes) -> Envelope:
        envelope = super().read(received)
        self.beside = {name: value for name, value in json.loads(received).items() if name not in ("data", "sign")}
        return envelope

    def decide(self, reply: Reply) -> str:
        return super().decide(None if reply is None else {**self.beside, **reply})


def crashing(looks: Callable[[bytes], Any]) -> type[Placed]:
    """Looks at the body before it knows what it is."""

    def read(self: Placed, received: bytes) -> Envelope:
        looks(received)
        return Placed.read(self, received)

    return made(Placed, read=read)


def _json_or_nothing(received: bytes) -> Any:
    try:
        return json.loads(received)
    except ValueError:
        return None


LOOKS: dict[str, Callable[[bytes], Any]] = {
    "an object": lambda received: dict(_json_or_nothing(received) or {}).get("data"),
    "UTF-8": lambda received: received.decode("utf-8"),
    "shallow JSON": _json_or_nothing,
}


def needing(member: str) -> type[Placed]:
    """Takes it for granted that a member is a text."""

    def decided(self: Placed, reply: Reply) -> str:
        if reply is not None:
            reply[member].strip()
        return Placed.decide(self, reply)

    return made(Placed, decide=decided)


class ReadsTheCodeWithoutText(Placed):
    def decide(self, reply: Reply) -> str:
        if reply is not None and not reply.get("resp_desc"):
            return "closed" if reply.get("resp_code") == "00000000" else "doubt"
        return super().decide(reply)


def standing_in(member: str, *, query: bool) -> type[Placed]:
    """Another member stands for a missing trans_stat."""

    def filled(reply: Reply) -> Reply:
        if reply is None or reply.get("trans_stat"):
            return reply
        return {**reply, "trans_stat": reply.get(member)}

    if query:
        return made(Placed, resolve=lambda self, reply, before: Placed.resolve(self, filled(reply), before))
    return made(Placed, decide=lambda self, reply: Placed.decide(self, filled(reply)))


class TakesAFailedPaymentForClosed(Placed):
    def resolve(self, reply: Reply, standing: str) -> str:
        failed = (reply or {}).get("org_trans_stat") == "F"
        return "closed" if failed else super().resolve(reply, standing)


class ReadsTheSubCode(Placed):
    def decide(self, reply: Reply) -> str:
        return "closed" if (reply or {}).get("sub_resp_code") == "00000000" else super().decide(reply)


def null_allowed(field: str, place: str) -> type[Placed]:
    """An echo that is null is as good as the right one; a missing one is not."""

    def check_echo(self: Placed, sent: Mapping[str, str], data: Mapping[str, Any]) -> bool:
        null = self.place == place and field in data and data[field] is None
        return Placed.check_echo(self, sent, {**data, field: sent[field]} if null else data)

    return made(Placed, check_echo=check_echo)


class TakesAnyNumberOfItsOwn(Placed):
    """Any number that this process has sent is an echo."""

    numbers: ClassVar[set[str]] = set()

    def check_echo(self, sent: Mapping[str, str], data: Mapping[str, Any]) -> bool:
        self.numbers.add(sent["req_seq_id"])
        own = data.get("req_seq_id") in self.numbers
        return own and super().check_echo(sent, {**data, "req_seq_id": sent["req_seq_id"]})


class TakesAcceptedForClosed(Placed):
    """202 and its neighbours are a success."""

    def on_transport(self, error: NoReply) -> Reply:
        accepted = str(error).startswith("HTTP 2")
        return {"trans_stat": "S", "resp_code": "00000000"} if accepted else None


# -- going on


class KnowsNoClose(Placed):
    """A closequery that knows no close settles a doubt."""

    def resolve(self, reply: Reply, standing: str) -> str:
        standing = super().resolve(reply, standing)
        return "not_closed" if standing == "resend" else standing


class NewNumberAfterASystemError(Placed):
    again = False

    def decide(self, reply: Reply) -> str:
        found = reply or {}
        self.again = found.get("trans_stat") == "F" and found.get("resp_code") in decide.SYSTEM
        return "resend" if self.again else super().decide(reply)

    def exchange(self, op: str, data: Mapping[str, str], until: float) -> Reply:
        return super().exchange(op, {**data, "req_seq_id": self.seq()} if self.again else data, until)


class ClosedByAFinalState(Placed):
    """After a doubt the same close is sent again, and 23000000 then says that the first one closed the order."""

    def decide(self, reply: Reply) -> str:
        standing = super().decide(reply)
        if standing == "refused" and self.place == "retry":
            return "closed"
        return "resend" if standing == "doubt" else standing


class ClosedByASecondP(Placed):
    def decide(self, reply: Reply) -> str:
        standing = super().decide(reply)
        return "closed" if standing == "pending" and self.place == "retry" else standing


class ClosedWhenSentAgain(Placed):
    """A close that is sent again because a query knew of none, and is refused as final, was never carried out."""

    again = False

    def resolve(self, reply: Reply, standing: str) -> str:
        found = super().resolve(reply, standing)
        self.again = self.again or found == "resend"
        return found

    def decide(self, reply: Reply) -> str:
        standing = super().decide(reply)
        return "not_closed" if standing == "refused" and self.again else standing


class EndsAfterConflicts(Placed):
    """The third conflict is the end."""

    conflicts = 0

    def decide(self, reply: Reply) -> str:
        standing = super().decide(reply)
        self.conflicts += standing == "busy"
        return "not_closed" if standing == "busy" and self.conflicts == 3 else standing


class EndsByACodeOfTheSystem(Placed):
    """A system error without a state is a failure."""

    def decide(self, reply: Reply) -> str:
        nothing = reply is not None and not reply.get("trans_stat") and reply.get("resp_code") in decide.SYSTEM
        return "not_closed" if nothing else super().decide(reply)


class NoNewsIsNotClosed(Placed):
    """After 23000000 a query that gets no answer says that there is nothing to say."""

    def resolve(self, reply: Reply, standing: str) -> str:
        nothing = reply is None and standing == "refused"
        return "not_closed" if nothing else super().resolve(reply, standing)


class RetriesAsNobody(Placed):
    """A retry lacks the product."""

    def body(self, data: Mapping[str, str]) -> bytes:
        envelope = json.loads(super().body(data))
        if self.place == "retry":
            del envelope["product_id"]
        return json.dumps(envelope, ensure_ascii=False).encode()


def asking_by(member: str) -> type[Placed]:
    """A query names the order as the last reply did, verified or not."""

    def read(self: Placed, received: bytes) -> Envelope:
        envelope = Placed.read(self, received)
        if not self.check_sign(envelope):
            self.__dict__["told"] = {member: str(envelope.data.get(member))}
        return envelope

    def query(self: Placed, data: Mapping[str, str]) -> dict[str, str]:
        return {**Placed.query(self, data), **self.__dict__.get("told", {})}

    return made(Placed, read=read, query=query)


class FollowsRedirects(Client):
    def post(self, url: str, body: bytes, timeout_s: float) -> tuple[int, bytes]:
        line = http.client.HTTPConnection(urlsplit(url).netloc, timeout=timeout_s)
        try:
            line.request("POST", urlsplit(url).path, body, {"Content-Type": self.content_type})
            response = line.getresponse()
            received, where = response.read(), response.getheader("Location")
        except (OSError, http.client.HTTPException) as error:
            raise NoReply(str(error)) from error
        finally:
            line.close()
        again = where is not None and response.status in (307, 308)
        return self.post(urljoin(url, where), body, timeout_s) if again else (response.status, received)


class FollowsRedirectsOfAQuery(FollowsRedirects):
    """A close is sent with more care than a question."""

    def post(self, url: str, body: bytes, timeout_s: float) -> tuple[int, bytes]:
        follows = url.endswith("query")
        return super().post(url, body, timeout_s) if follows else Client.post(self, url, body, timeout_s)


class NamesAnotherCharset(Client):
    content_type = "application/json;charset=GBK"


ROWS: tuple[tuple[str, str, str, type[Client] | type[App], str], ...] = (
    ("reads-the-first-data", "data", "close", ReadsTheFirstData, "security/second-data"),
    ("verifies-the-first-data", "data", "close", verifies_one_of_two(last=False), "security/second-data"),
    ("verifies-the-last-data", "data", "close", verifies_one_of_two(last=True), "security/second-data"),
    ("read-in-any-case", "data", "close", ReadsInAnyCase, "security/second-data"),
    ("read-in-any-case", "members of data", "close", ReadsDataInAnyCase, "response/extra-fields"),
    ("names-folded", "members of data", "close", FoldsTheNamesInData, "response/extra-fields"),
    ("filled-from-beside", "trans_stat", "close", TakesWhatStandsBeside, "security/beside-data"),
    *(("taken-for-granted", what, "close", crashing(looks), "transport/broken-body") for what, looks in LOOKS.items()),
    *(
        ("taken-for-granted", name, "close", needing(name), "response/members-missing")
        for name in ("resp_desc", "resp_code")
    ),
    ("by-code-without-text", "resp_desc", "close", ReadsTheCodeWithoutText, "response/members-missing"),
    ("stands-in", "org_trans_stat", "close", standing_in("org_trans_stat", query=False), "response/no-trans-stat"),
    ("stands-in", "org_trans_stat", "closequery", standing_in("org_trans_stat", query=True), "query/stat-decides"),
    ("taken-for-closed", "org_trans_stat", "closequery", TakesAFailedPaymentForClosed, "query/stat-decides"),
    ("taken-for-closed", "sub_resp_code", "close", ReadsTheSubCode, "response/extra-fields"),
    ("taken-for-closed", "HTTP 2xx", "close", TakesAcceptedForClosed, "transport/status-codes"),
    ("echo-of-any-call", "req_seq_id", "close", TakesAnyNumberOfItsOwn, "security/foreign-reply"),
    *(
        ("echo-null-allowed", field, place, null_allowed(field, place), checks.LIKELY[place][-1])
        for field in checks.MANDATORY
        for place in PLACES
    ),
    ("redirect-followed", "Location", "close", FollowsRedirects, "security/redirect-not-followed"),
    ("redirect-followed", "Location", "closequery", FollowsRedirectsOfAQuery, "security/redirect-not-followed"),
    ("settles-a-doubt", "23000001", "closequery", KnowsNoClose, "query/late-commit"),
    ("new-number", "a system error", "retry", NewNumberAfterASystemError, "transport/retry-same-or-query"),
    ("taken-for-closed", "23000000", "retry", ClosedByAFinalState, "transport/doubt-remains"),
    ("taken-for-not_closed", "23000000", "after a resent close", ClosedWhenSentAgain, "query/late-commit"),
    ("taken-for-not_closed", "the last conflict", "retry", EndsAfterConflicts, "concurrency/conflict-settles-nothing"),
    (
        "taken-for-not_closed",
        "a system error without a state",
        "close",
        EndsByACodeOfTheSystem,
        "response/no-trans-stat",
    ),
    ("taken-for-closed", "P", "retry", ClosedByASecondP, "concurrency/conflict-retried"),
    (
        "taken-for-not_closed",
        "no answer after 23000000",
        "closequery",
        NoNewsIsNotClosed,
        "response/23000000-after-own-close",
    ),
    ("left-out", "product_id", "retry", RetriesAsNobody, "concurrency/conflict-retried"),
    *(
        ("taken-from-an-unverified-reply", name, "closequery", asking_by(name), "security/unverified-not-sent")
        for name in ("org_hf_seq_id", "org_req_seq_id", "org_req_date", "huifu_id")
    ),
    ("another-charset", "Content-Type", "close", NamesAnotherCharset, "request/endpoint"),
)
"""Operator, target, place, the client, and the case that is about it."""


def mutants() -> Iterator[Mutant]:
    for operator, target, place, client, case in ROWS:
        yield Mutant(operator, target, place, client, (case,))
