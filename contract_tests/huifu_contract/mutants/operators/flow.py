"""Operators on the course of a call: waits, retries and polls, and what is sent twice, late or for another call."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import repeat
from threading import Thread, Timer
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from huifu_contract.mutants.operators.mutant import Mutant, Placed, made
from huifu_contract.mutants.registry import Reply
from huifu_contract.outcome import Outcome
from huifu_contract.reference.client import Client
from huifu_contract.reference.wire import NoReply

DAY = "20240101"


def _query(change: Callable[[Placed, Mapping[str, str], dict[str, str]], dict[str, str]]) -> type[Placed]:
    def query(self: Placed, data: Mapping[str, str]) -> dict[str, str]:
        return change(self, data, Placed.query(self, data))

    return made(Placed, query=query)


def _number_kept(self: Placed, _: Mapping[str, str], asked: dict[str, str]) -> dict[str, str]:
    self.__dict__.setdefault("number", asked["req_seq_id"])
    return {**asked, "req_seq_id": self.__dict__["number"]}


def _today(self: Placed, _: Mapping[str, str]) -> str:
    return self.fmt_date(self.now())


def _own_day(_: Placed, data: Mapping[str, str]) -> str:
    return data["req_date"]


def _no_wait(_self: Placed, _seconds: float, until: float) -> bool:
    return monotonic() < until


class Endless(Placed):
    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **{**more, "max_attempts": 10_000})

    def pauses(self) -> Iterator[float]:
        return repeat(0.12)


class PollsEndlessly(Endless):
    """Never has enough of a close in progress."""

    def resolve(self, reply: Reply, standing: str) -> str:
        found = super().resolve(reply, standing)
        return "doubt" if found == "pending" else found


class NoRetry(Placed):
    def decide(self, reply: Reply) -> str:
        standing = super().decide(reply)
        return "young" if standing in ("busy", "resend") else standing


class NoPoll(Placed):
    def decide(self, reply: Reply) -> str:
        standing = super().decide(reply)
        return "young" if standing == "pending" else standing


class HastyRetry(Placed):
    def wait(self, seconds: float, until: float) -> bool:
        return super().wait(0.01 if self.place != "closequery" else seconds, until)


class HastyPoll(Placed):
    def wait(self, seconds: float, until: float) -> bool:
        return super().wait(0.01 if self.place == "closequery" else seconds, until)


def _twice(op: str, *, at_once: bool) -> type[Placed]:
    """Sends a request, and the same again: behind it or beside it."""

    def post(self: Placed, url: str, body: bytes, timeout_s: float) -> tuple[int, bytes]:
        if not url.endswith(f"/{op}"):
            return Placed.post(self, url, body, timeout_s)
        if at_once:
            Thread(target=_quietly, args=(self, url, body, timeout_s), daemon=True).start()
        first = Placed.post(self, url, body, timeout_s)
        return first if at_once else Placed.post(self, url, body, timeout_s)

    return made(Placed, post=post)


def _quietly(client: Placed, url: str, body: bytes, timeout_s: float) -> None:
    try:
        Placed.post(client, url, body, timeout_s)
    except NoReply:
        return


class HedgesAClose(Placed):
    """Sends a close once more if no answer came in a twentieth of a second."""

    def post(self, url: str, body: bytes, timeout_s: float) -> tuple[int, bytes]:
        later = Timer(0.05, _quietly, (self, url, body, timeout_s))
        later.daemon = True
        if url.endswith("/close"):
            later.start()
        try:
            return super().post(url, body, timeout_s)
        finally:
            later.cancel()


class LibraryRepeats(Placed):
    """The HTTP library sends a request that got 502, 503 or 504 again, twice, at once."""

    def post(self, url: str, body: bytes, timeout_s: float) -> tuple[int, bytes]:
        for _ in range(2):
            status, received = super().post(url, body, timeout_s)
            if status not in (502, 503, 504):
                return status, received
        return super().post(url, body, timeout_s)


class SendsLater(Client):
    """After an unclear end the close is sent again, when the application has its answer already."""

    def close(self, **params: str) -> Outcome:
        outcome = super().close(**params)
        if outcome.verdict in ("unknown", "pending"):
            later = Timer(0.1, self.exchange, ("close", self.data(params), monotonic() + 1.0))
            later.daemon = True
            later.start()
        return outcome


class TriesARefusalAgainLater(Client):
    """Reports a refusal, and a job sends the close again a moment later."""

    def close(self, **params: str) -> Outcome:
        outcome = super().close(**params)
        if outcome.verdict == "not_closed":
            later = Timer(
                0.1, self.exchange, ("close", self.data({**params, "req_seq_id": self.seq()}), monotonic() + 1.0)
            )
            later.daemon = True
            later.start()
        return outcome


class ReportsFirst(Client):
    """Reports a success and sends the close then."""

    def close(self, **params: str) -> Outcome:
        later = Timer(0.05, super().close, kwargs=params)
        later.daemon = True
        later.start()
        return Outcome("closed")


def _kept(**checks: Any) -> type[Placed]:
    """One connection for all calls, kept also when the time for an answer is over."""
    lines: dict[str, http.client.HTTPConnection] = {}

    def post(self: Placed, url: str, body: bytes, timeout_s: float) -> tuple[int, bytes]:
        parts = urlsplit(url)
        line = lines.pop(parts.netloc, None) or http.client.HTTPConnection(parts.netloc, timeout=timeout_s)
        try:
            if line.sock is None:
                line.connect()
            head = f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: {self.content_type}\r\n"
            line.sock.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            line.sock.settimeout(timeout_s)
            response = http.client.HTTPResponse(line.sock, method="POST")
            response.begin()
            received = response.read()
        except TimeoutError as error:
            lines[parts.netloc] = line
            raise NoReply("no reply in time") from error
        except (OSError, http.client.HTTPException) as error:
            line.close()
            raise NoReply("no reply") from error
        if response.will_close:
            line.close()
        else:
            lines[parts.netloc] = line
        return response.status, received

    return made(Placed, post=post, **checks)


def _no_echo(_self: Placed, _sent: Mapping[str, str], _data: Mapping[str, Any]) -> bool:
    return True


class RemembersReplies(Placed):
    """Gives the reply to the last call where this one got none."""

    last: Reply = None

    def exchange(self, op: str, data: Mapping[str, str], until: float) -> Reply:
        reply = super().exchange(op, data, until)
        cls = type(self)
        if reply is not None:
            cls.last = reply
        return reply if reply is not None else cls.last


class NumbersEachAttempt(Placed):
    """Makes the number of a close, where none is given, as late as it sends it."""

    given = True

    def data(self, params: Mapping[str, str]) -> dict[str, str]:
        self.given = "req_seq_id" in params
        return super().data(params)

    def exchange(self, op: str, data: Mapping[str, str], until: float) -> Reply:
        own = data if self.given or op != "close" else {**data, "req_seq_id": self.seq()}
        return super().exchange(op, own, until)


class SharesTheOrder(Placed):
    """Keeps what it closes on the class, as an SDK with static fields does."""

    order: dict[str, str] = {}  # noqa: RUF012  # shared: that is the mutation

    def exchange(self, op: str, data: Mapping[str, str], until: float) -> Reply:
        type(self).order = {name: value for name, value in data.items() if name.startswith("org_")}
        self.wait(0.02, until)
        kept = {name: value for name, value in data.items() if not name.startswith("org_")}
        return super().exchange(op, {**kept, **type(self).order}, until)


RETRY = ("transport/retry-same-or-query", "concurrency/conflict-retried", "transport/bounded-attempts")
POLL = ("query/own-number", "query/names-the-order", "query/polls-pause", "response/p-then-query")


def mutants() -> Iterator[Mutant]:
    def one(operator: str, target: str, place: str, client: type[Client], *likely: str) -> Mutant:
        return Mutant(operator, target, place, client, likely)

    number = {"new-number": lambda self: {"req_seq_id": self.seq()}}
    day = {"other-day": lambda _: {"req_date": DAY}, "day-made-anew": lambda self: {"req_date": _today(self, {})}}
    order_day = {"other-day-of-the-order": lambda _: {"org_req_date": DAY}}
    merchant = {"other-merchant": lambda self: {"huifu_id": self.config.sys_id}}
    for operator, changes in {**number, **day, **order_day, **merchant}.items():
        yield one(operator, "retry", "retry", _resending(changes), *RETRY)
    yield one("new-number", "retry of a close without a number", "retry", NumbersEachAttempt, *RETRY)
    found = "control/reports-honest-failure"
    yield one("other-day-of-the-order", "23000001", "retry", ClosesTheNamesake, found)
    yield one("swapped", "23000001", "retry", ClosesByTheOtherNumber, found)
    yield one("none", "wait", "every attempt", made(Placed, wait=_no_wait), *RETRY, *POLL)
    yield one("none", "retry", "retry", NoRetry, *RETRY)
    yield one("none", "poll", "closequery", NoPoll, *POLL)
    yield one("endless", "retry", "every attempt", Endless, *RETRY)
    yield one("endless", "poll", "closequery", PollsEndlessly, *POLL, "transport/bounded-attempts")
    yield one("hasty", "retry", "retry", HastyRetry, *RETRY)
    yield one("hasty", "poll", "closequery", HastyPoll, *POLL)
    yield one(
        "same-number",
        "poll",
        "closequery",
        _query(lambda _, data, asked: {**asked, "req_seq_id": data["req_seq_id"], "req_date": data["req_date"]}),
        *POLL,
    )
    yield one("number-kept", "poll", "closequery", _query(_number_kept), *POLL)
    for name, value in (("today", _today), ("its own day", _own_day)):
        client = _query(lambda self, data, asked, value=value: {**asked, "org_req_date": value(self, data)})  # type: ignore[misc]  # bound now
        yield one("other-day", f"org_req_date as {name}", "closequery", client, *POLL)
    client = _query(lambda _, data, asked: {**asked, "req_date": data["org_req_date"]})
    yield one("other-day", "req_date as the day of the order", "closequery", client, *POLL)
    yield one(
        "other-merchant",
        "huifu_id of the configuration",
        "closequery",
        _query(lambda self, _, asked: {**asked, "huifu_id": self.config.huifu_id}),
        *POLL,
    )
    for op, likely in (("close", ("transport/sent-once",)), ("closequery", ("query/own-number",))):
        yield one("sent-twice", op, "one behind the other", _twice(op, at_once=False), *likely)
        yield one("sent-twice", op, "side by side", _twice(op, at_once=True), *likely)
    yield one(
        "sent-twice", "close and closequery", "after 502, 503 and 504", LibraryRepeats, "transport/bounded-attempts"
    )
    yield one("sent-twice", "close", "if the answer is slow", HedgesAClose, "transport/sent-once")
    yield one("sent-late", "close", "after the claim", SendsLater, "transport/silent-afterwards")
    yield one("sent-late", "close", "after a refusal", TriesARefusalAgainLater, "transport/silent-afterwards")
    yield one("sent-late", "close", "after a claimed success", ReportsFirst, "control/accepts-honest-success")
    yield one(
        "answer-of-another-call",
        "reply",
        "a kept connection, echo unchecked",
        _kept(check_echo=_no_echo),
        "transport/late-reply",
    )
    yield one("kept-after-a-timeout", "connection", "every call", _kept(), "transport/late-reply")
    yield one(
        "answer-of-another-call",
        "reply",
        "a lost answer",
        RemembersReplies,
        "transport/lost-after-close",
        "transport/late-reply",
    )
    yield one("answer-of-another-call", "order", "calls at once", SharesTheOrder, "concurrency/isolated-calls")


class ClosesTheNamesake(Placed):
    """An order that is not there is looked for on the day before."""

    def exchange(self, op: str, data: Mapping[str, str], until: float) -> Reply:
        reply = super().exchange(op, data, until)
        if op != "close" or (reply or {}).get("resp_code") != "23000001":
            return reply
        day = datetime.strptime(data["org_req_date"], "%Y%m%d") - timedelta(days=1)
        return super().exchange(op, {**data, "org_req_date": f"{day:%Y%m%d}", "req_seq_id": self.seq()}, until)


class ClosesByTheOtherNumber(Placed):
    """An order that is not there is looked for by the same text as its other number."""

    def exchange(self, op: str, data: Mapping[str, str], until: float) -> Reply:
        reply = super().exchange(op, data, until)
        if op != "close" or (reply or {}).get("resp_code") != "23000001" or "org_req_seq_id" not in data:
            return reply
        kept = {name: value for name, value in data.items() if name != "org_req_seq_id"}
        moved = {**kept, "org_hf_seq_id": data["org_req_seq_id"], "req_seq_id": self.seq()}
        return super().exchange(op, moved, until)


def _resending(changes: Callable[[Any], dict[str, str]]) -> type[Placed]:
    """After doubt the close itself is sent again, with other values."""

    def decided(self: Placed, reply: Reply) -> str:
        standing = Placed.decide(self, reply)
        return "resend" if standing in ("doubt", "pending") else standing

    def exchange(self: Placed, op: str, data: Mapping[str, str], until: float) -> Reply:
        again = op == "close" and self.closes > 0
        return Placed.exchange(self, op, {**data, **changes(self)} if again else data, until)

    return made(Placed, decide=decided, exchange=exchange)
