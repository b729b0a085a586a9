"""The harness of a case for servers: it asks, records the answers, collects what is wrong."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from huifu_contract.catalogue.record import Level
from huifu_contract.grading.exchanges import redact
from huifu_contract.harness.laws import Blocked
from huifu_contract.server.answers import SUCCESSES, Answer, Said
from huifu_contract.server.client import Asker, Reply, Time
from huifu_contract.server.preconditions import Admin, Found, Preconditions
from huifu_contract.server.results import Observed
from huifu_contract.server.target import Target

ECHOED = ("req_date", "req_seq_id", "huifu_id", "org_req_date")
NUMBERS = ("org_req_seq_id", "org_hf_seq_id")


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing that is wrong. `level` is set where it weighs less than its case."""

    label: str
    message: str
    level: Level | None = None

    def __str__(self) -> str:
        return f"[{self.label}] {self.message}"


@dataclass(slots=True)
class ServerHarness:
    """One server during one run."""

    target: Target
    asker: Asker
    needs: Preconditions
    time: Time
    admin: Admin | None = None
    seed: int = 0
    profile: str = "quick"
    observed: list[Observed] = field(default_factory=list)
    wrong: list[Wrong] = field(default_factory=list)
    steps: tuple[str, ...] = ()
    judged: int = 0
    _tour: dict[str, Reply] = field(default_factory=dict)

    def begin(self) -> None:
        """Before each case."""
        self.observed, self.wrong, self.steps, self.judged = [], [], (), 0

    # -- requests -------------------------------------------------------------------------------------------------

    def today(self) -> str:
        now = self.time.now() if self.admin is None else self.admin.now()
        return now.strftime("%Y%m%d")

    def request(self, order: Found | None = None, by: str = "", /, **change: Any) -> dict[str, Any]:
        """The `data` of a close with its own number; without an order, of one that nobody knows."""
        named = order or Found(self.asker.config.huifu_id, self.today(), f"nosuch{uuid.uuid4().hex}")
        return {"req_date": self.today(), "req_seq_id": uuid.uuid4().hex, **named.named(by), **change}

    def ask(self, label: str, data: Mapping[str, Any], **how: Any) -> Reply:
        """A close, written down under a label that is the same in every run."""
        return self.note(label, self.asker.close(data, **how))

    def note(self, label: str, reply: Reply) -> Reply:
        self.observed.append(Observed(label, facts(reply)))
        return reply

    def closed(self, label: str, order: Found, /, **change: Any) -> Reply:
        """A close that must succeed before the case proper can begin. Raises Blocked."""
        reply = self.ask(label, self.request(order, **change))
        if not any(answer.fits(reply.said) for answer in SUCCESSES):
            raise Blocked(f"a plain close of an open order was answered {reply}")
        return reply

    # -- judgements -----------------------------------------------------------------------------------------------

    def check(self, holds: bool, label: str, message: str, level: Level | None = None) -> bool:
        self.judged += 1
        if not holds:
            self.wrong.append(Wrong(label, redact(message), level))
        return holds

    def expect(self, label: str, reply: Reply, *answers: Answer, level: Level | None = None) -> bool:
        """One of these answers, in a business reply."""
        wanted = " or ".join(map(str, answers))
        fits = reply.business and any(answer.fits(reply.said) for answer in answers)
        return self.check(fits, label, f"answered {reply}; expected {wanted}", level)

    def refused(self, label: str, reply: Reply, why: str) -> bool:
        """Not closed, and not being closed, whatever the code says."""
        stat = reply.said.trans_stat if reply.status == 200 else ""
        return self.check(stat not in ("S", "P"), label, f"answered {reply}; expected a refusal: {why}")

    # -- the tour: the replies whose shape the reply cases look at -------------------------------------------------

    def tour(self) -> dict[str, Reply]:
        """One reply of each sort that can be had here. They are asked for once and looked at by several cases."""
        if not self._tour:
            self._tour = dict(self._asked())
        for label, reply in self._tour.items():
            self.note(label, reply)
        return self._tour

    def _asked(self) -> Iterator[tuple[str, Reply]]:
        ask = self.asker.close
        long_number = f"0aZ-{uuid.uuid4().hex}".ljust(128, "9")
        # another day than today, so that one date in the other's place is seen
        yield "unknown order", ask(self.request(req_seq_id=long_number, org_req_date="20240229"))
        nobody = self.request()
        yield "neither number", ask({name: value for name, value in nobody.items() if name not in NUMBERS})
        yield "too long", ask(self.request(org_req_seq_id="9" * 129))
        yield "unknown product", ask(self.request(), change={"product_id": self.target.unknown_product_id})
        with suppress(Blocked):
            yield "closed", ask(self.request(self.needs.order("open")))
        if self.admin is None:
            return  # a pool is too precious
        yield "closed by Huifu's number", ask(self.request(self.needs.order("open"), "org_hf_seq_id"))
        yield "young", ask(self.request(self.needs.order("open", 10)))
        for label, state in (("finished order", "paid"), ("UnionPay", "union-pay"), ("in progress", "closing")):
            yield label, ask(self.request(self.needs.order(state)))


def facts(reply: Reply) -> dict[str, str]:
    """What two servers can be compared by: nothing in it depends on the numbers that were sent."""
    if reply.envelope is None:
        return {"status": str(reply.status), "unreadable": reply.unreadable.partition(" (")[0].partition(":")[0]}
    answer: Said = reply.said
    return {
        "status": str(reply.status),
        "resp_code": answer.resp_code,
        "resp_desc": redact(answer.resp_desc),
        "trans_stat": answer.trans_stat,
        "org_trans_stat": str(reply.data.get("org_trans_stat", "")),
        "signature": "verifies" if reply.signed else "missing" if not reply.envelope.sign else "does not verify",
        "bytes": "canonical" if reply.canonical else "not canonical",
        "members": " ".join(sorted(map(redact, reply.data))),
        "echo": " ".join(f"{name}={echo(reply, name)}" for name in (*ECHOED, *NUMBERS)),
    }


def echo(reply: Reply, name: str) -> str:
    """How a reply repeats a member of its request."""
    if name not in reply.data:
        return "missing"
    if name not in reply.sent:
        return "added"
    given = reply.data[name]
    return "same" if given == reply.sent[name] else "empty" if given == "" else "other"
