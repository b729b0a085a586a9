"""The work that a call makes is counted, not timed: so many calls of functions and no more.

`sys.setprofile` counts every call of a function, in Python and in C. The counts are the same on every machine.
"""

import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from desk import Desk

from huifu_mock.client.transport import run_here
from huifu_mock.explain import nearest
from huifu_mock.explain.nearest_order import DAYS, SCANNED
from huifu_mock.gateway.mock import seed
from huifu_mock.http.control import journal as journal_api
from huifu_mock.http.control.route import ControlRequest
from huifu_mock.request import CLOSE, KEPT, ReceivedBytes, prepare, read
from huifu_mock.schemas import schema
from huifu_mock.state.orders import Order, OrderTable


def counted(work: Callable[[], Any]) -> int:
    """How many functions are called."""
    calls = 0

    def count(_frame: Any, event: str, _arg: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return calls


def close(members: str) -> bytes:
    return f'{{"sys_id":"6666000108854952","product_id":"MCS","sign":"AAAA","data":{{{members}}}}}'.encode()


def many(count: int, member: str) -> bytes:
    return close(",".join(member.replace("#", str(number)) for number in range(count)))


DATA = {
    "texts": '"m#":"1"',
    "texts with everything that can be escaped": '"m#":"<关/&>\\u2028\\/"',
    "numbers": '"m#":1.00',
    "nested": '"m#":{"b":["1",null,{"a":"关"}],"a":""}',
    "one name again and again": '"a":"#"',
    "what the schema refuses": '"req_date":[#,{}]',
}


@pytest.mark.parametrize("way", [read, prepare], ids=lambda way: way.__name__)
@pytest.mark.parametrize("member", DATA.values(), ids=DATA)
def test_reading_costs_twice_as_much_for_twice_as_many_members(member: str, way: Callable[..., Any]) -> None:
    def work(count: int) -> int:
        sent = ReceivedBytes(many(count, member))

        def reads() -> None:
            call = way(CLOSE, sent)
            assert call.problem is not None or call.digest

        return counted(reads)

    work(10)  # what is imported and compiled once
    few, some, more = work(100), work(400), work(800)
    assert more - few <= 2.6 * (some - few) + 50
    assert more <= 60 * 800


@pytest.mark.parametrize("value", ["x", "关", "/", "<&>", "\\u5173", "\\/"])
def test_reading_one_long_value_costs_as_much_as_a_short_one(value: str) -> None:
    def work(length: int) -> int:
        sent = ReceivedBytes(close(f'"remark":"{value * (length // len(value.encode()))}"'))

        def reads() -> None:
            call = prepare(CLOSE, sent)
            assert call.problem is not None or call.other_digests is not None

        return counted(reads)

    work(100)
    assert work(60_000) <= work(1_000) + 100


def test_only_the_first_of_many_complaints_of_a_schema_is_put_in_words() -> None:
    wrong = {f"m{number}": [number] for number in range(1000)} | {"req_date": 1, "req_seq_id": 2, "huifu_id": 3}

    def first(data: dict[str, Any]) -> int:
        return counted(lambda: next(schema("close/request").problems(data), None))

    first(wrong)
    assert first(wrong) <= first({"req_date": 1}) + 100


class Watched(OrderTable):
    """Orders, and how often they were looked at."""

    def __init__(self, orders: OrderTable) -> None:
        super().__init__()
        self.add([*orders.orders()])
        self.looks = 0

    def get(self, key: Any) -> Order | None:
        self.looks += 1
        return super().get(key)

    def by_hf_seq_id(self, hf_seq_id: str) -> Order | None:
        self.looks += 1
        return super().by_hf_seq_id(hf_seq_id)

    def newest(self, limit: int) -> Iterator[Order]:
        for order in super().newest(limit):
            self.looks += 1
            yield order

    def orders(self) -> Iterator[Order]:
        raise AssertionError("all orders are looked at")


@pytest.mark.parametrize("numbers", [("no-such-order", ""), ("", "0029mock"), ("order-1x", "0029mock")])
def test_the_nearest_order_is_looked_for_among_so_many_however_many_there_are(
    numbers: tuple[str, str], desk: Desk
) -> None:
    seed(desk.tenant, [{"req_seq_id": f"o-{number}"} for number in range(3 * SCANNED)])
    orders = Watched(desk.tenant.orders)
    nearest(orders, "6666000000000000", "20260101", *numbers)
    assert orders.looks <= SCANNED + 2 * (2 * DAYS + 1) + 3


def test_a_filter_looks_at_each_entry_once_and_at_none_after_the_page(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(50):
        desk.close()
    looked: list[int] = []
    monkeypatch.setitem(
        journal_api._TESTS, "reason", lambda entry, value: looked.append(entry.number) or value == "ORDER_UNKNOWN"
    )

    def asked(**query: str) -> None:
        looked.clear()
        run_here(journal_api.listed(ControlRequest(desk.mock, "", {"sys_id": desk.tenant.sys_id}, query, None)))

    asked(reason="CLOSED")
    assert looked == list(range(1, 51))
    asked(reason="ORDER_UNKNOWN", sort="newest", limit="3")
    assert looked == [50, 49, 48, 47]


def test_a_search_for_words_looks_into_no_more_of_a_body_than_is_kept(desk: Desk) -> None:
    desk.send(json.dumps({"data": "x" * (2 * KEPT)}).encode())
    (entry,) = desk.tenant.journal
    assert len(entry.sent.body) == KEPT
    entry.hint, entry.target = "", ""

    def search(word: str) -> int:
        return counted(lambda: journal_api._TESTS["q"](entry, word))

    assert search("never") == search("nowhere") <= 40
