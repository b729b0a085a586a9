"""The rules of a close, written twice on purpose: this model judges `huifu_mock.rules` and `huifu_mock.state.orders`.

Orders and closes as the specification describes them: plain code, no I/O, no table of rules. The specification gives no
order to its refusals, so where several apply any of them is expected; whether a close succeeds is never open. Times are
seconds on the server's clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from huifu_contract.server import answers
from huifu_contract.server.answers import Answer

MINUTE = 60
Key = tuple[str, str, str]
"""huifu_id, day, number."""
Request = Mapping[str, str]


@dataclass(slots=True)
class Order:
    """An order and the close of it. `settle`: how a close ends that nothing forbids."""

    huifu_id: str
    req_date: str
    req_seq_id: str
    hf_seq_id: str
    born: float
    trade_type: str = "T_NATIVE"
    trans_stat: str = "P"
    settle: str = "immediate"
    settle_s: float = 5
    close_stat: str = ""
    closed_by: Key | None = None
    """The number of the close that closed it, or is closing it."""
    due: float = 0
    wins: int = 0
    """How often a close of it succeeded: never more than once."""


@dataclass(frozen=True, slots=True)
class Expected:
    """`branch` names the path through the model; `again` is set where an earlier reply comes back unchanged."""

    branch: str
    answers: tuple[Answer, ...] = ()
    again: Key | None = None


@dataclass(slots=True)
class CloseModel:
    """What a correct server knows, and what it answers. Every call carries the time it is made at."""

    orders: list[Order] = field(default_factory=list)
    used: dict[Key, tuple[Request, str]] = field(default_factory=dict)
    """Numbers that closed an order or are closing one, with what was sent and how the close stands."""

    def add(self, order: Order) -> Order:
        self.orders.append(order)
        return order

    def find(self, request: Request) -> Order | None:
        """The order that all given numbers name, of that merchant and day."""
        for order in self.orders:
            if (request["huifu_id"], request["org_req_date"]) != (order.huifu_id, order.req_date):
                continue
            numbers = {"org_req_seq_id": order.req_seq_id, "org_hf_seq_id": order.hf_seq_id}
            if all(request[name] == value for name, value in numbers.items() if request.get(name)):
                return order
        return None

    # -- requests -------------------------------------------------------------------------------------------------

    def close(self, now: float, request: Request) -> Expected:
        self.settle(now)
        if not request.get("org_req_seq_id") and not request.get("org_hf_seq_id"):
            return Expected("21000000", (answers.NEITHER,))
        number = (request["huifu_id"], request["req_date"], request["req_seq_id"])
        if number in self.used:
            sent, _ = self.used[number]
            if dict(sent) == dict(request):
                return Expected("repeat", again=number)
            return Expected("reuse", (answers.BAD, *answers_refusing()))
        order = self.find(request)
        if order is None:
            stranger = self._is_strangers(request)
            return Expected("23000001/stranger" if stranger else "23000001", (answers.UNKNOWN,))
        refusals = self._refusals(now, order)
        if refusals:
            return Expected(_branch(now, order, refusals[0]), tuple(refusals))
        return self._closed(now, order, number, request)

    def query(self, now: float, request: Request) -> Expected:
        """The last part of `closequery`; vendor knowledge, and 23000001 without a close is assumed."""
        self.settle(now)
        order = self.find(request)
        if order is None or not order.close_stat:
            return Expected("query/none", (answers.UNKNOWN,))
        return Expected(f"query/{order.close_stat}", (Answer("found", "00000000", "查询成功", order.close_stat),))

    def finish(self, now: float, order: Order, trans_stat: str) -> bool:
        """The customer pays (S) or the payment fails (F). False, and nothing changes, once the order is final."""
        self.settle(now)
        if order.trans_stat != "P":
            return False
        order.trans_stat = trans_stat
        if order.close_stat == "P":  # the close loses
            order.close_stat = "F"
            if order.closed_by is not None:
                del self.used[order.closed_by]
        return True

    def settle(self, now: float) -> None:
        """Closes whose time has come succeed."""
        for order in self.orders:
            if order.close_stat == "P" and order.due <= now:
                order.close_stat, order.trans_stat = "S", "F"
                order.wins += 1

    # -- the parts of a decision ----------------------------------------------------------------------------------

    def _refusals(self, now: float, order: Order) -> list[Answer]:
        """Everything that stands against the close, what lasts before what passes."""
        found = []
        if order.trade_type[0] in "UD":
            found.append(answers.UNION)
        if order.close_stat == "S":
            found.append(answers.TWICE)
        elif order.trans_stat != "P":
            found.append(answers.FINISHED)
        if order.close_stat == "P":
            found.append(answers.CONFLICT)
        if now - order.born < MINUTE:
            found.append(answers.MINUTE)
        return found

    def _closed(self, now: float, order: Order, number: Key, request: Request) -> Expected:
        at = "@60" if now - order.born == MINUTE else ""
        if order.settle == "refused":
            order.close_stat = "F"
            return Expected("90000000", (answers.FAILED,))
        order.closed_by = number
        if order.settle == "immediate":
            order.close_stat, order.trans_stat = "S", "F"
            order.wins += 1
            self.used[number] = (request, "S")
            return Expected(f"00000000{at}", (answers.CLOSED,))
        order.close_stat, order.due = "P", now + order.settle_s
        self.used[number] = (request, "P")
        return Expected("00000100", (answers.PROCESSING, answers.ACCEPTED))

    def _is_strangers(self, request: Request) -> bool:
        wanted = {request.get("org_req_seq_id"), request.get("org_hf_seq_id")} - {None, ""}
        return any(
            order.huifu_id != request["huifu_id"] and wanted & {order.req_seq_id, order.hf_seq_id}
            for order in self.orders
        )


def answers_refusing() -> tuple[Answer, ...]:
    """A number that is taken: 10000000 by our reading, but no code is written for it, so any refusal will do."""
    return (
        answers.MINUTE,
        answers.CONFLICT,
        answers.FINISHED,
        answers.TWICE,
        answers.UNKNOWN,
        answers.UNION,
        answers.FAILED,
    )


def _branch(now: float, order: Order, refusal: Answer) -> str:
    """The name of a refusal's path: the code, and what tells apart its meanings."""
    if refusal is answers.MINUTE:
        return f"20000001/minute@{now - order.born:g}"
    if refusal is answers.UNION:
        return "23000004" if order.trade_type[0] == "U" else "23000004/digital"
    if refusal is answers.FINISHED:
        return "23000000/paid" if order.trans_stat == "S" else "23000000/failed"
    return {answers.TWICE.name: "23000000/closed", answers.CONFLICT.name: "20000001/conflict"}[refusal.name]


BRANCHES = frozenset(
    {
        *("00000000", "00000000@60", "00000100", "90000000", "20000001/minute@0", "20000001/minute@59"),
        *("20000001/conflict", "21000000", "23000000/closed", "23000000/paid", "23000000/failed", "23000001"),
        *("23000001/stranger", "23000004", "23000004/digital", "repeat", "reuse"),
    }
)
QUERY_BRANCHES = frozenset({"query/none", "query/P", "query/S"})
