"""Orders and closes against a model written from the specification alone: it shares no code with the rules."""

from dataclasses import dataclass, replace
from typing import Any

import pytest
from desk import Desk, said
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, precondition, rule

from huifu_mock.gateway import lifecycle
from huifu_mock.state.orders import Order

MERCHANTS = ("6666000000000000", "6666000000000001")
SECOND = 1_000_000


@dataclass
class Modelled:
    """An order as a reader of the specification pictures it; times are microseconds since the beginning."""

    born: int
    trade_type: str
    settle: str
    settle_seconds: int
    trans_stat: str = "P"
    close_stat: str = ""
    closing: tuple[str, str, str] | None = None
    due: int = 0
    succeeded: int = 0


@dataclass
class Sent:
    """The last close under a number that came past the rules."""

    data: dict[str, str]
    stat: str
    raw: bytes


class Gateway(RuleBasedStateMachine):
    """Seeds, pays, fails and closes orders, lets time pass, and expects what the model expects."""

    orders = Bundle("orders")

    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk()
        self.start = self.desk.tenant.clock.now()
        self.now = 0
        self.suspended = False
        self.model: dict[tuple[str, str, str], Modelled] = {}
        self.seeded: dict[tuple[str, str, str], Order] = {}
        self.sent: dict[tuple[str, str, str], Sent] = {}
        self.requests: list[tuple[dict[str, str], bytes]] = []

    # what happens

    @rule(
        target=orders,
        merchant=st.sampled_from(MERCHANTS[:1] * 3 + MERCHANTS[1:]),
        age=st.sampled_from([120, 120, 120, 60, 59, 0]),
        trade_type=st.sampled_from(["T_NATIVE"] * 4 + ["A_JSAPI", "A_NATIVE", "U_NATIVE", "D_NATIVE"]),
        settle=st.sampled_from(["immediate", "processing", "accepted", "refused"]),
        settle_seconds=st.sampled_from([1, 5, 61]),
    )
    def seed(self, merchant: str, age: int, trade_type: str, settle: str, settle_seconds: int) -> Any:
        order = self.desk.order(
            huifu_id=merchant,
            age_seconds=age,
            trade_type=trade_type,
            settle=settle,
            settle_seconds=settle_seconds,
        )
        self.seeded[order.key] = order
        self.model[order.key] = Modelled(self.now - age * SECOND, trade_type, settle, settle_seconds)
        return multiple(order.key)

    @rule(
        key=orders,
        by=st.sampled_from(["org_req_seq_id", "org_hf_seq_id", "both"] * 3 + ["neither"]),
        number=st.integers(1, 3),
        day=st.sampled_from(["20260101"] * 4 + ["20260102"]),
        stranger=st.sampled_from([False] * 9 + [True]),
    )
    def close(self, key: tuple[str, str, str], by: str, number: int, day: str, stranger: bool) -> None:
        order = self.seeded[key]
        names = {"org_req_seq_id": order.req_seq_id, "org_hf_seq_id": order.hf_seq_id}
        data = {
            "req_date": day,
            "req_seq_id": f"close-{number}",
            "huifu_id": "6666000000000009" if stranger else order.huifu_id,
            "org_req_date": order.req_date,
            **{name: value for name, value in names.items() if by in (name, "both")},
        }
        body = self.desk.body(data)
        self.requests.append((data, body))
        self._send(data, body)

    @rule(pick=st.randoms(use_true_random=False))
    @precondition(lambda self: self.requests)
    def repeat(self, pick: Any) -> None:
        self._send(*pick.choice(self.requests))

    @rule(key=orders)
    def pay(self, key: tuple[str, str, str]) -> None:
        self._finish(key, "S")

    @rule(key=orders)
    def fail(self, key: tuple[str, str, str]) -> None:
        self._finish(key, "F")

    @rule(microseconds=st.sampled_from([0, 1, SECOND, 5 * SECOND, 59 * SECOND, 60 * SECOND - 1, 61 * SECOND]))
    def advance(self, microseconds: int) -> None:
        self.desk.tenant.clock.advance(microseconds / SECOND)
        self.now += microseconds
        for order in self.model.values():
            if order.closing and order.due <= self.now:
                self.sent[order.closing].stat = "S"
                order.trans_stat, order.close_stat, order.closing = "F", "S", None
                order.succeeded += 1

    @rule(key=orders, settle=st.sampled_from(["immediate", "processing", "refused"]))
    def change(self, key: tuple[str, str, str], settle: Any) -> None:
        self.model[key].settle = settle
        self.desk.tenant.orders.save(replace(self.desk.kept(self.seeded[key]), settle=settle))

    @rule(suspended=st.sampled_from([False, False, False, True]))
    def suspend_or_resume(self, suspended: bool) -> None:
        self.suspended = suspended
        self.desk.change(product_ids={"MCS": "suspended" if self.suspended else "active"})

    # what is expected

    def _send(self, data: dict[str, str], body: bytes) -> None:
        number = data["huifu_id"], data["req_date"], data["req_seq_id"]
        earlier = self.sent.get(number)
        answered = self.desk.send(body)
        if not self.suspended and _names_an_order(data) and earlier and earlier.stat != "F" and earlier.data == data:
            assert answered.raw == earlier.raw
            return
        expected, stat = self._expected(data, number)
        assert said(answered.reply) == expected
        if stat:
            self.sent[number] = Sent(data, stat, answered.raw)

    def _expected(self, data: dict[str, str], number: tuple[str, str, str]) -> tuple[tuple[str, str, str], str]:
        """The answer to a call that is no repeat, and what becomes of the close, if it is one."""
        if self.suspended:
            return ("22000000", "产品号状态异常", "F"), ""
        if not _names_an_order(data):
            return ("21000000", "原请求流水号和原全局流水号不能同时为空", "F"), ""
        earlier = self.sent.get(number)
        if earlier and earlier.stat != "F":
            return ("10000000", "入参数据不符合接口要求", "F"), ""
        key = self._named(data)
        if key is None:
            return ("23000001", "原交易不存在", "F"), ""
        order = self.model[key]
        return self._for_good(order) or self._for_now(order) or self._closed(order, number)

    def _named(self, data: dict[str, str]) -> tuple[str, str, str] | None:
        for key, order in self.seeded.items():
            if (
                data["huifu_id"] == order.huifu_id
                and data["org_req_date"] == order.req_date
                and data.get("org_req_seq_id", order.req_seq_id) == order.req_seq_id
                and data.get("org_hf_seq_id", order.hf_seq_id) == order.hf_seq_id
            ):
                return key
        return None

    def _for_good(self, order: Modelled) -> tuple[tuple[str, str, str], str] | None:
        if order.trade_type in ("U_NATIVE", "D_NATIVE"):
            return ("23000004", "原订单为银联二维码交易，不支持关单", "F"), ""
        if order.close_stat == "S":
            return ("23000000", "关单状态为终态，不能重复关单", "F"), ""
        if order.trans_stat != "P":
            return ("23000000", "原订单已为终态,无法发起关单操作", "F"), ""
        return None

    def _for_now(self, order: Modelled) -> tuple[tuple[str, str, str], str] | None:
        if order.close_stat == "P":
            return ("20000001", "并发冲突,请稍后重试", "F"), ""
        if self.now - order.born < 60 * SECOND:
            return ("20000001", "不允许关闭一分钟以内的订单", "F"), ""
        return None

    def _closed(self, order: Modelled, number: tuple[str, str, str]) -> tuple[tuple[str, str, str], str]:
        if order.settle == "refused":
            order.close_stat = "F"
            return ("90000000", "业务执行失败", "F"), "F"
        if order.settle == "immediate":
            order.trans_stat, order.close_stat = "F", "S"
            order.succeeded += 1
            return ("00000000", "交易成功", "S"), "S"
        order.close_stat, order.closing = "P", number
        order.due = self.now + order.settle_seconds * SECOND
        accepted = order.settle == "accepted"
        return (("00000000", "交易成功", "P") if accepted else ("00000100", "交易处理中", "P")), "P"

    def _finish(self, key: tuple[str, str, str], trans_stat: str) -> None:
        order = self.model[key]
        act = lifecycle.pay if trans_stat == "S" else lifecycle.fail
        if order.trans_stat != "P":
            with pytest.raises(lifecycle.NotAllowed):
                act(self.desk.tenant, self.desk.kept(self.seeded[key]))
            return
        act(self.desk.tenant, self.desk.kept(self.seeded[key]))
        order.trans_stat = trans_stat
        if order.closing:
            self.sent[order.closing].stat = "F"
            order.close_stat, order.closing = "F", None

    # what always holds

    @invariant()
    def every_order_is_as_the_model_says(self) -> None:
        for key, expected in self.model.items():
            kept = self.desk.kept(self.seeded[key])
            assert (kept.trans_stat, kept.close_stat) == (expected.trans_stat, expected.close_stat)

    @invariant()
    def no_order_is_both_paid_and_closed_or_closed_twice(self) -> None:
        for key, expected in self.model.items():
            kept = self.desk.kept(self.seeded[key])
            assert not (kept.trans_stat == "S" and kept.close_stat == "S")
            assert (kept.close_stat == "S") == (expected.succeeded == 1)

    @invariant()
    def the_clock_is_where_it_was_moved(self) -> None:
        passed = self.desk.tenant.clock.now() - self.start
        assert passed.total_seconds() * SECOND == pytest.approx(self.now, abs=0.5)


def _names_an_order(data: dict[str, str]) -> bool:
    return "org_req_seq_id" in data or "org_hf_seq_id" in data


TestGateway = Gateway.TestCase
TestGateway.settings = settings(max_examples=120, stateful_step_count=30, deadline=None)
