"""What clients keep from one call to the next, or share among calls at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from threading import Event, Lock
from typing import Any, ClassVar

from huifu_contract.mutants.operators.mutant import Mutant, Placed, made
from huifu_contract.mutants.registry import Reply
from huifu_contract.outcome import Outcome
from huifu_contract.reference.app import App
from huifu_contract.reference.client import Client

Params = Mapping[str, Any]


def remembering(name: str) -> type[App]:
    """Knows a success again by one number alone."""

    def close(self: App, config: Any, base_url: str, params: Any) -> Outcome:
        known: dict[str, Outcome] = self.__dict__.setdefault("known", {})
        number = params.get(name, "")
        if number not in known:
            outcome = App.close(self, config, base_url, params)
            if outcome.verdict != "closed" or not number:
                return outcome
            known[number] = outcome
        return known[number]

    return made(App, close=close)


def by_either_number(app: App, params: Params) -> Any:
    return app.named({**params, "org_req_seq_id": params.get("org_req_seq_id") or params.get("org_hf_seq_id")})


def without_one_number(app: App, params: Params) -> Any:
    """By merchant, day and own number, also where the order was named by the other number."""
    return app.named(params)


def without_the_merchant(_: App, params: Params) -> Any:
    return tuple(params.get(name) for name in ("org_req_date", "org_req_seq_id", "org_hf_seq_id"))


def keeping(verdicts: tuple[str, ...], order_of: Callable[[App, Params], Any] = by_either_number) -> type[App]:
    """Tells what became of an order once in such a way, whenever it is asked to close it."""

    def close(self: App, config: Any, base_url: str, params: Any) -> Outcome:
        known: dict[Any, Outcome] = self.__dict__.setdefault("known", {})
        order = order_of(self, params)
        if order not in known:
            outcome = App.close(self, config, base_url, params)
            if outcome.verdict not in verdicts:
                return outcome
            known[order] = outcome
        return known[order]

    return made(App, close=close)


def resuming(order_of: Callable[[App, Params], Any]) -> type[App]:
    """Goes on with the close of an order that was left open, whatever it is asked to close under that name."""

    def close(self: App, config: Any, base_url: str, params: Any) -> Outcome:
        left_open: dict[Any, Params] = self.__dict__.setdefault("left_open", {})
        order = order_of(self, params)
        outcome = App.close(self, config, base_url, left_open.pop(order, params))
        if outcome.verdict in ("pending", "unknown"):
            left_open[order] = params
        return outcome

    return made(App, close=close)


def without_the_day(app: App, params: Params) -> Any:
    return by_either_number(app, {**params, "org_req_date": ""})


def without_letter_case(app: App, params: Params) -> Any:
    return tuple(part.lower() for part in by_either_number(app, params))


def without_the_end(app: App, params: Params) -> Any:
    return tuple(part[:64] for part in by_either_number(app, params))


class KeepsAFailure(App):
    """Goes on saying that an earlier close failed, until a later one is answered."""

    def begin(self, refs: Params) -> None: ...


class KeepsAFailureThatWasAnswered(App):
    """Forgets at a later close what a webhook told of an earlier one, and not what was answered to that."""

    def close(self, config: Any, base_url: str, params: Any) -> Any:
        outcome = super().close(config, base_url, params)
        if outcome.verdict == "not_closed":
            self.__dict__.setdefault("answered", set()).add(self.named(params))
        return outcome

    def begin(self, refs: Params) -> None:
        if self.named(refs) not in self.__dict__.get("answered", ()):
            super().begin(refs)


class AsksForTheLastOrder(Placed):
    """Keeps the order on the class, where a closequery finds it."""

    order: ClassVar[dict[str, str]] = {}

    def data(self, params: Mapping[str, str]) -> dict[str, str]:
        type(self).order = super().data(params)
        return type(self).order

    def query(self, data: Mapping[str, str]) -> dict[str, str]:  # noqa: ARG002  # that is the mutation
        return super().query(type(self).order)


def sharing(named: Callable[[Mapping[str, str]], str]) -> type[App]:
    """Calls at once that have the same name share one answer."""

    def close(self: App, config: Any, base_url: str, params: Any) -> Outcome:
        with self.lock:
            flights: dict[str, tuple[Event, list[Outcome]]] = self.__dict__.setdefault("flights", {})
            name = named(params)
            first = name not in flights
            landed, outcome = flights.setdefault(name, (Event(), []))
        if first:
            try:
                outcome.append(App.close(self, config, base_url, params))
            finally:
                flights.pop(name, None)
                landed.set()
        landed.wait(self.timeout_s)
        return outcome[0] if outcome else Outcome("unknown")

    return made(App, close=close)


def giving_up(named: Callable[[Mapping[str, str]], str], outcome: str) -> type[App]:
    """Sends nothing while another call of that name is under way."""

    def close(self: App, config: Any, base_url: str, params: Any) -> Outcome:
        name = named(params)
        with self.lock:
            busy: set[str] = self.__dict__.setdefault("busy", set())
            if name in busy:
                return Outcome(outcome, attempts=0)
            busy.add(name)
        try:
            return App.close(self, config, base_url, params)
        finally:
            busy.discard(name)

    return made(App, close=close)


class TakesTurns(App):
    """Holds one lock for the whole of a call."""

    def close(self, config: Any, base_url: str, params: Any) -> Outcome:
        with self.__dict__.setdefault("turn", Lock()):
            return super().close(config, base_url, params)


class SharesTheSignature(Placed):
    """Signs with one object for all, which another call may have filled meanwhile."""

    signed: ClassVar[bytes] = b""

    def canon(self, data: Mapping[str, Any]) -> bytes:
        type(self).signed = super().canon(data)
        Event().wait(0.01)
        return type(self).signed


class SharesWhatItSendsAgain(Placed):
    """Keeps the request for another try where the calls beside this one keep theirs."""

    kept: ClassVar[Mapping[str, str]] = {}

    def exchange(self, op: str, data: Mapping[str, str], until: float) -> Reply:
        if op == "close" and not self.closes:
            type(self).kept = data
        return super().exchange(op, type(self).kept if op == "close" else data, until)


class KeepsAFailedQuery(Client):
    """Asks no closequery about an order of which an earlier one said that its close failed."""

    failed: ClassVar[dict[tuple[Any, ...], Reply]] = {}

    def exchange(self, op: str, data: Mapping[str, str], until: float) -> Reply:
        order = tuple(data.get(name) for name in ("huifu_id", "org_req_date", "org_req_seq_id", "org_hf_seq_id"))
        if op != "closequery" or order not in self.failed:
            reply = super().exchange(op, data, until)
            if op != "closequery" or (reply or {}).get("trans_stat") != "F":
                return reply
            self.failed[order] = reply
        return self.failed[order]


class NumberedByTheOrder(Placed):
    """Makes the number of a close of that of the order."""

    def data(self, params: Mapping[str, str]) -> dict[str, str]:
        number = "C" + params.get("org_req_seq_id", params.get("org_hf_seq_id", ""))[:120]
        return super().data({"req_seq_id": number, **params})


class SharesTheReply(Placed):
    """Keeps the reply of the moment on the class."""

    reply: ClassVar[Reply] = None

    def decide(self, reply: Reply) -> str:
        type(self).reply = reply
        Event().wait(0.01)
        return super().decide(type(self).reply)


NEWS = "webhook/duplicate-and-reordered"
ROWS: tuple[tuple[str, str, str, type[Client] | type[App], str], ...] = (
    *(
        ("remembered-by", name, "every call", remembering(name), "repeat/same-number-other-day")
        for name in ("req_seq_id", "org_req_seq_id")
    ),
    *(
        ("remembered-without", name, "every call", keeping(("closed",), order_of), case)
        for name, order_of, case in (
            ("org_hf_seq_id", without_one_number, "repeat/same-number-other-day"),
            ("huifu_id", without_the_merchant, "repeat/same-number-other-day"),
            ("the case of a number", without_letter_case, "repeat/sequences"),
            ("the end of a number", without_the_end, "repeat/sequences"),
        )
    ),
    *(
        ("resumed-without", name, "a later close", resuming(order_of), case)
        for name, order_of, case in (
            ("org_hf_seq_id", without_one_number, "repeat/same-number-other-day"),
            ("huifu_id", without_the_merchant, "repeat/same-number-other-day"),
            ("org_req_date", without_the_day, "repeat/same-number-other-day"),
            ("the case of a number", without_letter_case, "repeat/sequences"),
            ("the end of a number", without_the_end, "repeat/sequences"),
        )
    ),
    *(
        ("told-again", " or ".join(verdicts), "every call", keeping(verdicts), "repeat/later-close")
        for verdicts in (("not_closed",), ("pending", "unknown"))
    ),
    ("told-again", "a failure", "closequery", KeepsAFailedQuery, "repeat/later-close"),
    ("failure-kept", "every close", "a later close", KeepsAFailure, NEWS),
    ("failure-kept", "a close that was answered", "a later close", KeepsAFailureThatWasAnswered, NEWS),
    ("shared", "the order of a query", "calls at once", AsksForTheLastOrder, "concurrency/isolated-calls"),
    (
        "shared",
        "the outcome by org_req_seq_id",
        "calls at once",
        sharing(lambda params: params.get("org_req_seq_id", "")),
        "concurrency/isolated-calls",
    ),
    (
        "shared",
        "the outcome without org_hf_seq_id",
        "calls at once",
        sharing(lambda params: f"{params.get('org_req_date')} {params.get('org_req_seq_id')}"),
        "concurrency/isolated-calls",
    ),
    ("given-up", "any call", "calls at once", giving_up(lambda _: "", "unknown"), "concurrency/each-is-answered"),
    (
        "taken-for-not_closed",
        "a call of one order",
        "calls at once",
        giving_up(lambda params: params.get("org_req_seq_id", ""), "not_closed"),
        "concurrency/each-is-answered",
    ),
    ("one-at-a-time", "any call", "calls at once", TakesTurns, "concurrency/each-is-answered"),
    ("shared", "the reply", "calls at once", SharesTheReply, "concurrency/isolated-calls"),
    ("shared", "the signed bytes", "calls at once", SharesTheSignature, "concurrency/isolated-calls"),
    ("shared", "the request", "calls at once", SharesWhatItSendsAgain, "concurrency/isolated-calls"),
    ("made-of-the-order", "req_seq_id", "every call", NumberedByTheOrder, "repeat/same-number-other-day"),
)
"""Operator, target, place, the client, and the case that is about it."""


def mutants() -> Iterator[Mutant]:
    for operator, target, place, client, case in ROWS:
        yield Mutant(operator, target, place, client, (case,))
