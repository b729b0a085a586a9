"""Sequences of calls as data: each step is made on the server and on the model, and compared.

A step is a dict, so that the steps which lead to a mistake can be stored, shown and made fewer.
"""

from __future__ import annotations

import copy
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from huifu_contract.catalogue.record import Level
from huifu_contract.failures import KitTrouble
from huifu_contract.server import answers
from huifu_contract.server.client import Reply
from huifu_contract.server.harness import ServerHarness
from huifu_contract.server.model import CloseModel, Expected, Key, Order
from huifu_contract.server.preconditions import Admin

Step = Mapping[str, Any]

KINDS: Mapping[str, Mapping[str, Any]] = {
    "plain": {},
    "paid": {"trans_stat": "S"},
    "failed": {"trans_stat": "F"},
    "union": {"trade_type": "U_NATIVE"},
    "digital": {"trade_type": "D_NATIVE"},
    "slow": {"settle": "processing", "settle_seconds": 5},
    "accepted": {"settle": "accepted", "settle_seconds": 61},
    "unlucky": {"settle": "refused"},
}
BY = ("org_req_seq_id", "org_hf_seq_id", "both", "neither")


class Mismatch(Exception):
    """The server answered what the model does not expect. `level` is that of the sentence which is broken."""

    def __init__(self, signature: str, transcript: Sequence[str], steps: Sequence[Step], level: Level) -> None:
        super().__init__(signature)
        self.transcript, self.steps, self.level = tuple(transcript), tuple(steps), level


@dataclass(slots=True)
class CallSequence:
    """One sequence over its own orders. `hits` counts the model's branches, over all sequences."""

    harness: ServerHarness
    admin: Admin
    hits: Counter[str]
    queries: bool
    model: CloseModel = field(default_factory=CloseModel)
    orders: list[Order] = field(default_factory=list)
    sent: list[dict[str, str]] = field(default_factory=list)
    replies: dict[Key, Reply] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    transcript: list[str] = field(default_factory=list)
    now: float = 0.0
    day: str = ""
    broken: bool = False

    def do(self, step: Step) -> None:
        """Raises Mismatch. A step about an order that is not there is none."""
        if "order" in step and not 0 <= step["order"] < len(self.orders):
            return
        self.steps.append(step)
        ACTS[step["do"]](self, step)
        self._never_twice()

    # -- what a step does -----------------------------------------------------------------------------------------

    def new_order(self, step: Step) -> None:
        settings = {**KINDS[step["kind"]], "age_seconds": step["age"]}
        if step.get("other"):
            settings["huifu_id"] = self.admin.other_huifu_id
        made = self.admin.order(**settings)
        order = Order(
            huifu_id=made.huifu_id,
            req_date=made.req_date,
            req_seq_id=made.req_seq_id,
            hf_seq_id=made.hf_seq_id,
            born=self.now - step["age"],
            trade_type=made.trade_type,
            trans_stat=made.trans_stat,
            settle=made.settle,
            settle_s=made.settle_seconds,
        )
        self.orders.append(self.model.add(order))
        self.transcript.append(f"a {step['kind']} order {len(self.orders)}, {step['age']} s old")

    def close(self, step: Step) -> None:
        self._close(self._request(step), f"close order {step['order'] + 1} by {step['by']}")

    def close_stranger(self, step: Step) -> None:
        order = self.orders[step["order"]]
        mine, other = self.harness.asker.config.huifu_id, self.admin.other_huifu_id
        huifu_id = other if order.huifu_id == mine else mine
        self._close({**self._request(step), "huifu_id": huifu_id}, f"close order {step['order'] + 1} as {huifu_id}")

    def close_nothing(self, _: Step) -> None:
        number = self._number()
        named = {
            "huifu_id": self.harness.asker.config.huifu_id,
            "org_req_date": self.day,
            "org_req_seq_id": "nosuchorder",
        }
        self._close({**number, **named}, "close an order that is not there")

    def repeat(self, step: Step) -> None:
        if self.sent:
            place = step["which"] % len(self.sent)
            self._close(self.sent[place], f"send request {place + 1} again")

    def reuse(self, step: Step) -> None:
        """The number of an earlier request, for this order."""
        if self.sent:
            earlier = self.sent[step["which"] % len(self.sent)]
            number = {name: earlier[name] for name in ("req_date", "req_seq_id")}
            request = {**self._request(step), **number}
            self._close(request, f"close order {step['order'] + 1} under the number of an earlier request")

    def finish(self, step: Step) -> None:
        order, stat = self.orders[step["order"]], step["stat"]
        if self.model.finish(self.now, order, stat):
            act = self.admin.tenant.orders.pay if stat == "S" else self.admin.tenant.orders.fail
            act(order.req_seq_id, huifu_id=order.huifu_id, req_date=order.req_date)
            self.transcript.append(f"order {step['order'] + 1} {'is paid' if stat == 'S' else 'fails'}")

    def advance(self, step: Step) -> None:
        self.day = self.admin.tenant.clock.advance(step["seconds"]).strftime("%Y%m%d")
        self.now += step["seconds"]
        self.model.settle(self.now)
        self.transcript.append(f"{step['seconds']} s pass")

    def query(self, step: Step) -> None:
        if not self.queries:
            return
        request = {**self._request({**step, "by": "org_req_seq_id"})}
        expected = self.model.query(self.now, request)
        reply = self.harness.asker.query(request)
        self.transcript.append(f"ask for the close of order {step['order'] + 1}: {reply}")
        self.hits[expected.branch] += 1
        stat = reply.said.trans_stat
        fits = stat == expected.answers[0].stats if expected.branch != "query/none" else stat != "S"
        if not reply.business or not fits:
            self._raise(f"{expected.branch}: closequery answered {reply}", Level.SHOULD)

    def lose_answer(self, step: Step) -> None:
        """The answer gets lost after the close was carried out; the same request again, or a query, finds out."""
        request = self._request(step)
        with self.admin.tenant.faults.add(fault="reset-after-commit", match={"req_seq_id": request["req_seq_id"]}):
            lost = self.harness.asker.close(request)
        if lost.status:
            raise KitTrouble(f"an answer that was to be lost came: {lost}")
        before = self.model.close(self.now, request)
        self.transcript.append(f"close order {step['order'] + 1}, and the answer is lost")
        if step["then"] == "query":
            self.query(step)
            return
        again = self.model.close(self.now, request)
        reply = self.harness.asker.close(request)
        self.transcript.append(f"  the same request again: {reply}")
        self.hits["lost"] += 1
        self._compare(again if again.again is None else before, reply)
        if again.again is not None:
            self.sent.append(request)
            self.replies[again.again] = reply

    def two_at_once(self, step: Step) -> None:
        """Two closes with numbers of their own; either may come first."""
        requests = [self._request(step), self._request(step)]
        replies = self.harness.asker.at_once(requests)
        self.transcript.append(f"two closes of order {step['order'] + 1} at once: {replies[0]} and {replies[1]}")
        self.hits["at once"] += 1
        order = self.orders[step["order"]]
        place = self.orders.index(order)
        for sequence in ((0, 1), (1, 0)):
            model = copy.deepcopy(self.model)
            expected = [model.close(self.now, requests[turn]) for turn in sequence]
            if all(_fits(one, replies[turn]) for one, turn in zip(expected, sequence, strict=True)):
                known = {id(old): new for old, new in zip(self.model.orders, model.orders, strict=True)}
                self.model, self.orders = model, [known[id(old)] for old in self.orders]
                self.sent.extend(requests)
                self.replies.update({_number_of(requests[turn]): replies[turn] for turn in (0, 1)})
                return
        self._raise(f"two closes of order {place + 1} at once were answered {replies[0]} and {replies[1]}")

    # -- comparing ------------------------------------------------------------------------------------------------

    def _close(self, request: dict[str, str], told: str) -> None:
        expected = self.model.close(self.now, request)
        reply = self.harness.asker.close(request)
        self.transcript.append(f"{told}: {reply}")
        self.sent.append(request)
        self._compare(expected, reply)
        if expected.again is None and _number_of(request) in self.model.used:
            self.replies.setdefault(_number_of(request), reply)

    def _compare(self, expected: Expected, reply: Reply) -> None:
        self.hits[expected.branch] += 1
        if expected.again is not None:
            first = self.replies.get(expected.again)
            if first is not None and reply.data != first.data:
                self._raise(f"repeat: answered {reply}, and {first} the first time")
            return
        if not _fits(expected, reply):
            wanted = " or ".join(map(str, expected.answers))
            self._raise(f"{expected.branch}: answered {reply}; expected {wanted}", _level(expected, reply))

    def _never_twice(self) -> None:
        """The model's own invariants: at most one close of an order succeeds, and never of a paid one."""
        for order in self.model.orders:
            if order.wins > 1 or (order.close_stat == "S" and order.trans_stat == "S"):
                raise KitTrouble(f"the model closed an order twice, or a paid one: {order}")

    def agrees(self) -> None:
        """The server's own word for every order, where it can be asked; final states never change."""
        for place, order in enumerate(self.orders, 1):
            which = {"huifu_id": order.huifu_id, "req_date": order.req_date}
            found = self.admin.tenant.orders.get(order.req_seq_id, **which)
            truth, thought = (found.trans_stat, found.close_stat), (order.trans_stat, order.close_stat)
            if truth != thought:
                self._raise(f"order {place} is {truth} (trans_stat, close_stat) and should be {thought}")

    def _raise(self, signature: str, level: Level = Level.MUST) -> None:
        self.broken = True
        raise Mismatch(signature, self.transcript, self.steps, level)

    # -- requests -------------------------------------------------------------------------------------------------

    def _number(self) -> dict[str, str]:
        self.day = self.day or self.harness.today()
        return {"req_date": self.day, "req_seq_id": uuid.uuid4().hex}

    def _request(self, step: Step) -> dict[str, str]:
        order, by = self.orders[step["order"]], step.get("by", "org_req_seq_id")
        names = {"org_req_seq_id": order.req_seq_id, "org_hf_seq_id": order.hf_seq_id}
        named = {name: value for name, value in names.items() if by in (name, "both")}
        return {**self._number(), "huifu_id": order.huifu_id, "org_req_date": order.req_date, **named}


ACTS: Mapping[str, Callable[[CallSequence, Step], None]] = {
    "new": CallSequence.new_order,
    "close": CallSequence.close,
    "stranger": CallSequence.close_stranger,
    "nothing": CallSequence.close_nothing,
    "repeat": CallSequence.repeat,
    "reuse": CallSequence.reuse,
    "finish": CallSequence.finish,
    "advance": CallSequence.advance,
    "query": CallSequence.query,
    "lose": CallSequence.lose_answer,
    "two": CallSequence.two_at_once,
}


def _number_of(request: Mapping[str, str]) -> Key:
    return request["huifu_id"], request["req_date"], request["req_seq_id"]


def _fits(expected: Expected, reply: Reply) -> bool:
    if not reply.business or expected.again is not None:
        return reply.business
    if expected.branch == "reuse":
        return not answers.closes(reply.said)
    return any(answer.fits(reply.said) for answer in expected.answers)


def _level(expected: Expected, reply: Reply) -> Level:
    """That exactly 60 s is no longer within the minute is our reading; that digital yuan has UnionPay's code too."""
    soft = expected.branch == "00000000@60" and answers.MINUTE.fits(reply.said)
    return Level.SHOULD if soft else Level.MUST


def again(steps: Sequence[Step], fresh: Callable[[], CallSequence]) -> Mismatch | None:
    """Takes the steps once more on orders of their own."""
    sequence = fresh()
    try:
        for step in steps:
            sequence.do(step)
        sequence.agrees()
    except Mismatch as mismatch:
        return mismatch
    return None


def shorter(found: Mismatch, fresh: Callable[[], CallSequence], tries: int = 40) -> Mismatch:
    """The same mistake with fewer steps, as far as so many tries lead."""
    place = len(found.steps) - 1
    while place >= 0 and tries > 0:
        tries -= 1
        left = [step for index, step in enumerate(found.steps) if index != place]
        if found.steps[place]["do"] == "new":
            left = _without(left, sum(step["do"] == "new" for step in found.steps[:place]))
        shorter_one = again(left, fresh)
        if shorter_one is not None and str(shorter_one) == str(found):
            found = shorter_one
        place = min(place, len(found.steps)) - 1
    return found


def _without(steps: Sequence[Step], gone: int) -> list[Step]:
    """The steps without those about one order, later orders counted anew."""
    kept = []
    for step in steps:
        if step.get("order") == gone:
            continue
        kept.append({**step, "order": step["order"] - 1} if step.get("order", -1) > gone else step)
    return kept
