"""Races at the named points of a close: exactly one side wins, and every reply tells its decision truly."""

from dataclasses import replace
from typing import Any

import pytest
from desk import Desk, opened
from hypothesis import given
from hypothesis import strategies as st

from huifu_mock.faults.catalogue import POINTS, RACES
from huifu_mock.gateway import lifecycle
from huifu_mock.rules import SETTLES
from huifu_mock.state.orders import Order

POINT_IDS = [row.id for row in POINTS]
RACE_IDS = [row.id for row in RACES]


def raced(desk: Desk, order: Order, race: str, at: str, **more: Any) -> dict[str, str]:
    """The reply to a close with a race in it, when everything that was to happen has happened up to the reply."""
    desk.tenant.faults.add({"do": {"race": race, "at": at, **more}})
    return opened(desk.mock.gateway.close(desk.body(desk.data(order))))


def fates(desk: Desk, order: Order) -> tuple[str, str]:
    """What became of the payment and of the close."""
    kept = desk.kept(order)
    return kept.trans_stat, kept.close_stat


def only(desk: Desk) -> Any:
    """The one fault that was prepared."""
    (fault,) = desk.tenant.faults
    return fault


# settle, race, point: the reply's resp_code and trans_stat, then (trans_stat, close_stat) of the order once the close
# has settled, and whether anything came of the race
# fmt: off
TABLE = [
    ("immediate",  "pay",    "after_validate",            "23000000", "F", ("S", ""),  True),
    ("immediate",  "close",  "after_validate",            "23000000", "F", ("F", "S"), True),
    ("immediate",  "expire", "after_validate",            "23000000", "F", ("F", ""),  True),
    ("immediate",  "pay",    "after_accept",              "90000000", "F", ("S", "F"), True),
    ("immediate",  "close",  "after_accept",              "00000000", "S", ("F", "S"), False),
    ("immediate",  "expire", "after_accept",              "90000000", "F", ("F", "F"), True),
    ("immediate",  "pay",    "before_settle",             "90000000", "F", ("S", "F"), True),
    ("immediate",  "close",  "before_settle",             "00000000", "S", ("F", "S"), False),
    ("immediate",  "expire", "before_settle",             "90000000", "F", ("F", "F"), True),
    ("immediate",  "pay",    "after_commit_before_reply", "00000000", "S", ("F", "S"), False),
    ("immediate",  "close",  "after_commit_before_reply", "00000000", "S", ("F", "S"), False),
    ("immediate",  "expire", "after_commit_before_reply", "00000000", "S", ("F", "S"), False),
    ("immediate",  "pay",    "between_reply_and_webhook", "00000000", "S", ("F", "S"), False),
    ("immediate",  "close",  "between_reply_and_webhook", "00000000", "S", ("F", "S"), False),
    ("immediate",  "expire", "between_reply_and_webhook", "00000000", "S", ("F", "S"), False),
    ("processing", "pay",    "after_validate",            "23000000", "F", ("S", ""),  True),
    ("processing", "close",  "after_validate",            "20000001", "F", ("F", "S"), True),
    ("processing", "expire", "after_validate",            "23000000", "F", ("F", ""),  True),
    ("processing", "pay",    "after_accept",              "00000100", "P", ("S", "F"), True),
    ("processing", "close",  "after_accept",              "00000100", "P", ("F", "S"), False),
    ("processing", "expire", "after_accept",              "00000100", "P", ("F", "F"), True),
    ("processing", "pay",    "before_settle",             "00000100", "P", ("S", "F"), True),
    ("processing", "close",  "before_settle",             "00000100", "P", ("F", "S"), False),
    ("processing", "expire", "before_settle",             "00000100", "P", ("F", "F"), True),
    ("processing", "pay",    "after_commit_before_reply", "00000100", "P", ("S", "F"), True),
    ("processing", "close",  "after_commit_before_reply", "00000100", "P", ("F", "S"), False),
    ("processing", "expire", "after_commit_before_reply", "00000100", "P", ("F", "F"), True),
    ("processing", "pay",    "between_reply_and_webhook", "00000100", "P", ("S", "F"), True),
    ("accepted",   "pay",    "after_accept",              "00000000", "P", ("S", "F"), True),
    ("refused",    "pay",    "after_validate",            "23000000", "F", ("S", ""),  True),
    ("refused",    "pay",    "after_accept",              "90000000", "F", ("S", "F"), True),
    ("refused",    "close",  "after_accept",              "90000000", "F", ("P", "F"), False),
    ("refused",    "pay",    "after_commit_before_reply", "90000000", "F", ("S", "F"), True),
    ("refused",    "expire", "between_reply_and_webhook", "90000000", "F", ("F", "F"), True),
]
# fmt: on


@pytest.mark.parametrize("row", TABLE, ids=lambda row: "-".join(row[:3]))
def test_the_reply_tells_the_decision_and_one_side_wins(desk: Desk, row: tuple[Any, ...]) -> None:
    settle, race, at, resp_code, trans_stat, ends, effect = row
    order = desk.order(settle=settle, settle_seconds=5)
    reply = raced(desk, order, race, at)
    assert (reply["resp_code"], reply["trans_stat"]) == (resp_code, trans_stat)
    desk.tenant.clock.advance(10)
    assert fates(desk, order) == ends
    fault = only(desk)
    assert (fault.used, fault.without_effect) == (1, 0 if effect else 1)
    (entry,) = desk.tenant.journal
    assert list(entry.faults) == [f"{race}@{at}" + ("" if effect else ":no-effect")]


def test_a_close_that_lost_after_it_was_accepted_says_who_won(desk: Desk) -> None:
    order = desk.order()
    reply = raced(desk, order, "pay", "after_accept")
    assert (reply["resp_desc"], reply["org_trans_stat"]) == ("业务执行失败", "S")
    (entry,) = desk.tenant.journal
    assert entry.facts is not None
    assert entry.facts.rule.row == "race"


def test_time_may_pass_between_the_check_of_the_call_and_the_look_at_the_order(desk: Desk) -> None:
    order = desk.order(age_seconds=30)
    assert raced(desk, order, "advance", "after_validate", seconds=30)["resp_code"] == "00000000"


def test_time_may_pass_in_the_middle_of_a_close(desk: Desk) -> None:
    order, before = desk.order(), desk.tenant.clock.now()
    assert raced(desk, order, "advance", "after_accept", seconds=7)["trans_stat"] == "S"
    finished = desk.kept(order).finished_at
    assert finished is not None
    assert (finished - before).total_seconds() == 7


def test_a_close_may_have_settled_before_its_own_reply_says_that_it_is_in_progress(desk: Desk) -> None:
    order = desk.order(settle="processing", settle_seconds=5)
    assert raced(desk, order, "advance", "after_commit_before_reply", seconds=5)["trans_stat"] == "P"
    assert fates(desk, order) == ("F", "S")


def test_a_timer_cannot_move_a_clock_that_no_loop_runs(desk: Desk) -> None:
    order = desk.order(settle="processing", settle_seconds=5)
    raced(desk, order, "advance", "before_settle", seconds=5)
    desk.tenant.clock.advance(5)
    assert only(desk).without_effect == 1
    assert fates(desk, order) == ("F", "S")


def test_a_point_that_the_close_does_not_reach_leaves_the_race_for_another_call(desk: Desk) -> None:
    paid, order = desk.order(trans_stat="S"), desk.order()
    assert raced(desk, paid, "pay", "after_accept")["resp_code"] == "23000000"
    assert only(desk).used == 0
    assert desk.close(order)["resp_code"] == "90000000"
    assert only(desk).used == 1


def test_a_call_that_is_wrong_in_itself_reaches_no_point(desk: Desk) -> None:
    desk.tenant.faults.add({"do": {"race": "advance", "at": "after_validate"}})
    assert desk.close(desk.order(), org_req_date="20260230")["resp_code"] == "10000000"
    assert only(desk).used == 0


def test_a_race_needs_an_order(desk: Desk) -> None:
    for race in ("pay", "close", "expire"):
        desk.tenant.faults.add({"do": {"race": race, "at": "after_validate"}})
        assert desk.close()["resp_code"] == "23000001"
    assert [fault.without_effect for fault in desk.tenant.faults] == [1, 1, 1]


def test_a_repeat_of_a_raced_close_that_won_is_answered_with_the_same_bytes(desk: Desk) -> None:
    order = desk.order()
    body = desk.body(desk.data(order))
    desk.tenant.faults.add({"do": {"race": "close", "at": "after_accept"}})
    first = desk.mock.gateway.close(body)
    assert desk.mock.gateway.close(body) == first


def test_a_queued_answer_and_a_race_act_on_one_call(desk: Desk) -> None:
    order = desk.order()
    desk.tenant.faults.add({"do": {"answer": "98888888", "when": "after"}})
    desk.tenant.faults.add({"do": {"race": "pay", "at": "after_accept"}})
    assert desk.close(order)["resp_code"] == "98888888"
    (entry,) = desk.tenant.journal
    assert list(entry.faults) == ["98888888", "pay@after_accept"]
    assert entry.reason is not None
    assert entry.reason.name == "FAILED"


def test_a_close_sent_again_under_its_first_number_is_the_one_in_progress(desk: Desk) -> None:
    order = desk.order(settle="refused")
    first = desk.data(order)
    desk.send(desk.body(first))
    desk.close(order)
    desk.tenant.orders.save(replace(desk.kept(order), settle="processing"))
    assert desk.send(desk.body(first)).reply["trans_stat"] == "P"
    lifecycle.pay(desk.tenant, desk.kept(order))
    attempt = desk.tenant.orders.attempt((first["huifu_id"], first["req_date"], first["req_seq_id"]))
    assert attempt is not None
    assert attempt.stat == "F"


@given(
    settle=st.sampled_from(SETTLES),
    prepared=st.lists(st.tuples(st.sampled_from(RACE_IDS), st.sampled_from(POINT_IDS)), max_size=4),
    age=st.sampled_from([0, 59, 60, 120]),
    closes=st.integers(1, 3),
    pause=st.sampled_from([0, 1, 10]),
)
def test_whatever_races_exactly_one_side_wins(
    settle: str, prepared: list[tuple[str, str]], age: int, closes: int, pause: int
) -> None:
    desk = Desk()
    order = desk.order(settle=settle, age_seconds=age, settle_seconds=5)
    for race, at in prepared:
        seconds = {"seconds": 3} if race == "advance" else {}
        desk.tenant.faults.add({"do": {"race": race, "at": at, **seconds}})
    replies = []
    for _ in range(closes):
        replies.append(opened(desk.mock.gateway.close(desk.body(desk.data(order)))))
        desk.tenant.clock.advance(pause)
    desk.tenant.clock.advance(100)
    kept = desk.kept(order)
    attempts = [desk.tenant.orders.attempt(key) for key in kept.closes]
    won = [attempt for attempt in attempts if attempt is not None and attempt.stat == "S"]
    assert [attempt for attempt in attempts if attempt is None or attempt.stat == "P"] == []
    assert len(won) == (kept.close_stat == "S")
    assert kept.close_stat != "S" or kept.trans_stat == "F"
    said_closed = [reply for reply in replies if reply["trans_stat"] == "S"]
    assert len(said_closed) <= len(won)
