"""What a later request of a call, or of a later call, takes from elsewhere than the close that it belongs to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from time import monotonic
from typing import Any, ClassVar

from huifu_contract.mutants.operators.mutant import Mutant, Placed, made
from huifu_contract.mutants.registry import Reply
from huifu_contract.outcome import Outcome
from huifu_contract.reference.app import App
from huifu_contract.reference.client import Client, Config

Data = Mapping[str, str]
Source = Callable[["Remembers", str], "str | None"]


class Remembers(Placed):
    """Keeps what the last call closed, and counts what it sends."""

    before: ClassVar[Data] = {}
    closing: ClassVar[Data] = {}
    queries = 0
    unanswered = False
    resuming = False
    """Whether it asks what became of a close that an earlier call left open."""

    def data(self, params: Data) -> dict[str, str]:
        found = super().data(params)
        cls = type(self)
        cls.before, cls.closing = cls.closing, found
        return found

    def exchange(self, op: str, data: Data, until: float) -> Reply:
        self.queries += op == "closequery"
        reply = super().exchange(op, data, until)
        self.unanswered = self.unanswered or reply is None
        return reply


def _configured(client: Remembers, name: str) -> str | None:
    return client.config.huifu_id if name == "huifu_id" else None


def _called_before(client: Remembers, name: str) -> str | None:
    return client.before.get(name)


def _today(client: Remembers, _: str) -> str | None:
    return client.fmt_date(client.now())


ALL = ("huifu_id", "org_req_date", "org_req_seq_id", "org_hf_seq_id")
SOURCES: dict[str, tuple[Source, tuple[str, ...]]] = {
    "configuration": (_configured, ("huifu_id",)),
    "previous call": (_called_before, (*ALL, "req_date")),
    "clock": (_today, ("org_req_date",)),
}
"""Where a value comes from, and of which members."""
QUERIES: dict[str, Callable[[Remembers], bool]] = {
    "every closequery": lambda _: True,
    "a second closequery": lambda client: client.queries > 1,
    "a closequery after no answer": lambda client: client.unanswered,
    "a closequery after a retry": lambda client: client.closes > 1,
}
"""Which closequeries take it."""
AGAIN: dict[str, str] = {"a retry after a conflict": "busy", "a retry after 23000001": "resend"}


def _taking(source: Source, name: str, data: dict[str, str], client: Remembers) -> dict[str, str]:
    value = source(client, name)
    return {**data, name: value} if value and name in data else data


def asking(source: Source, name: str, when: Callable[[Remembers], bool]) -> type[Remembers]:
    """Asks with one member from there."""

    def query(self: Remembers, data: Data) -> dict[str, str]:
        asked = Remembers.query(self, data)
        return _taking(source, name, asked, self) if when(self) else asked

    return made(Remembers, query=query)


def retrying(source: Source, name: str, standing: str) -> type[Client]:
    """Sends a close again with one member from there."""

    def decide(self: Remembers, reply: Reply) -> str:
        self.__dict__["standing"] = found = Remembers.decide(self, reply)
        return found

    def resolve(self: Remembers, reply: Reply, before: str) -> str:
        self.__dict__["standing"] = found = Remembers.resolve(self, reply, before)
        return found

    def exchange(self: Remembers, op: str, data: Data, until: float) -> Reply:
        again = op == "close" and self.__dict__.get("standing") == standing
        return Remembers.exchange(self, op, _taking(source, name, dict(data), self) if again else data, until)

    return made(Remembers, decide=decide, resolve=resolve, exchange=exchange)


def resuming(source: Source, name: str) -> type[App]:
    """Asks, before it closes an order that it left open, and takes one member from there."""
    kind = asking(source, name, lambda client: client.resuming)

    def close(self: App, config: Any, base_url: str, params: Any) -> Outcome:
        left: set[str] = self.__dict__.setdefault("left", set())
        order = repr([params.get(name) for name in ("org_req_seq_id", "org_hf_seq_id")])
        client = kind(base_url, Config.of(config), timeout_s=self.timeout_s, attempt_s=self.attempt_s)
        if order in left:
            client.resuming = True
            client.exchange("closequery", client.data(params), monotonic() + self.attempt_s)
            client.resuming = False
        outcome = client.close(**params)
        if outcome.verdict in ("pending", "unknown"):
            left.add(order)
        return outcome

    return made(App, close=close)


CASE = ("query/names-the-order",)


def mutants() -> Iterator[Mutant]:
    for source, (value, names) in SOURCES.items():
        for name in names:
            target = f"{name} of the {source}"
            for place, when in QUERIES.items():
                yield Mutant("taken", target, place, asking(value, name, when), CASE)
            yield Mutant("taken", target, "a closequery of a later call", resuming(value, name), CASE)
            if name != "req_date":  # a request of its own may have a day of its own
                for place, standing in AGAIN.items():
                    yield Mutant("taken", target, place, retrying(value, name, standing), CASE)
