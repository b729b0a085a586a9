"""The close rules: every row by example, and what must hold for every case."""

from dataclasses import fields, replace
from datetime import timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huifu_mock.codes import Reason
from huifu_mock.rules import RULES, Case, Number, Product, Settle, Step, decide

ROWS: list[tuple[str, Reason | Step, dict[str, Any]]] = [
    ("1", Reason.BAD_PARAMETERS, {"problem": "req_date: is missing"}),
    ("2", Reason.BAD_PARAMETERS, {"authentic": False}),
    ("3", Reason.PRODUCT_UNKNOWN, {"product": "unknown"}),
    ("4", Reason.PRODUCT_SUSPENDED, {"product": "suspended"}),
    ("5", Reason.NO_ORIGINAL, {"original_named": False}),
    ("replay", Step.REPLAY, {"number": "repeat"}),
    ("6", Reason.BAD_PARAMETERS, {"number": "taken"}),
    ("scripted", Step.SCRIPTED, {"scripted": True}),
    ("7", Reason.ORDER_UNKNOWN, {"order_found": False}),
    ("8", Reason.NOT_CLOSABLE, {"trade_type": "U_NATIVE"}),
    ("9", Reason.ALREADY_CLOSED, {"close_stat": "S", "trans_stat": "F"}),
    ("10", Reason.ORDER_FINISHED, {"trans_stat": "S"}),
    ("11", Reason.CONFLICT, {"close_stat": "P"}),
    ("12", Reason.TOO_YOUNG, {"age": timedelta(0)}),
    ("13", Reason.FAILED, {"settle": "refused"}),
    ("14", Reason.PROCESSING, {"settle": "processing"}),
    ("15", Reason.CLOSED, {}),
]
IDS = [row for row, _, _ in ROWS]

# What time, or anything else that happens without the client's doing, can cure.
WAITING = {Reason.CONFLICT, Reason.TOO_YOUNG}
NOT_FOR_THE_RULES = {Reason.SYSTEM_ERROR, Reason.SYSTEM_BUSY}

cases = st.builds(
    Case,
    problem=st.sampled_from(["", "data: is missing"]),
    authentic=st.booleans(),
    product=st.sampled_from(get_args(Product)),
    original_named=st.booleans(),
    number=st.sampled_from(get_args(Number)),
    scripted=st.booleans(),
    order_found=st.booleans(),
    trade_type=st.sampled_from(["T_NATIVE", "A_JSAPI", "U_JSAPI", "D_NATIVE", "Y_APP"]),
    trans_stat=st.sampled_from("PSF"),
    close_stat=st.sampled_from(["", "P", "S", "F"]),
    age=st.timedeltas(timedelta(0), timedelta(minutes=3)),
    settle=st.sampled_from(get_args(Settle)),
)


def test_the_table_is_the_documented_one_in_its_order() -> None:
    assert [(rule.row, rule.outcome) for rule in RULES] == [(row, outcome) for row, outcome, _ in ROWS]


@pytest.mark.parametrize(("row", "outcome", "differs"), ROWS, ids=IDS)
def test_each_row_applies_to_a_case_that_differs_in_its_one_point(
    row: str, outcome: Reason | Step, differs: dict[str, Any]
) -> None:
    rule = decide(Case(**differs))
    assert (rule.row, rule.outcome) == (row, outcome)


@pytest.mark.parametrize("upper", range(len(ROWS)), ids=IDS)
def test_of_two_rows_that_apply_the_first_wins(upper: int) -> None:
    row, outcome, differs = ROWS[upper]
    for _, _, also in ROWS[upper + 1 :]:
        if not differs.keys() & also.keys():
            assert decide(Case(**also, **differs)).outcome is outcome, (row, also)


@pytest.mark.parametrize(
    ("age", "reason"),
    [
        (0, Reason.TOO_YOUNG),
        (59.999999, Reason.TOO_YOUNG),
        (60, Reason.CLOSED),
        (60.000001, Reason.CLOSED),
        (86_400, Reason.CLOSED),
    ],
)
def test_an_order_may_be_closed_at_exactly_sixty_seconds(age: float, reason: Reason) -> None:
    assert decide(Case(age=timedelta(seconds=age))).outcome is reason


@pytest.mark.parametrize(
    ("trade_type", "reason"),
    [
        ("U_JSAPI", Reason.NOT_CLOSABLE),
        ("U_NATIVE", Reason.NOT_CLOSABLE),
        ("U_MICROPAY", Reason.NOT_CLOSABLE),
        ("D_NATIVE", Reason.NOT_CLOSABLE),
        ("D_MICROPAY", Reason.NOT_CLOSABLE),
        ("T_NATIVE", Reason.CLOSED),
        ("T_MICROPAY", Reason.CLOSED),
        ("A_JSAPI", Reason.CLOSED),
        ("Y_APP", Reason.CLOSED),
    ],
)
def test_unionpay_and_digital_yuan_cannot_be_closed(trade_type: str, reason: Reason) -> None:
    assert decide(Case(trade_type=trade_type)).outcome is reason


@pytest.mark.parametrize("trans_stat", ["S", "F"])
def test_a_final_order_cannot_be_closed_however_young_it_is(trans_stat: str) -> None:
    assert decide(Case(trans_stat=trans_stat, age=timedelta(0))).outcome is Reason.ORDER_FINISHED


def test_a_close_that_failed_may_be_tried_again() -> None:
    assert decide(Case(close_stat="F")).outcome is Reason.CLOSED


@pytest.mark.parametrize("settle", ["processing", "accepted"])
def test_an_accepted_close_is_one_in_progress(settle: Settle) -> None:
    assert decide(Case(settle=settle)).outcome is Reason.PROCESSING


@given(cases)
def test_the_outcome_is_that_of_the_first_row_that_applies(case: Case) -> None:
    applying = [rule for rule in RULES if rule.applies(case)]
    assert decide(case) is applying[0]
    assert applying[-1] is RULES[-1]


@given(cases, st.timedeltas(timedelta(0), timedelta(days=3)))
def test_waiting_never_turns_a_permanent_refusal_into_another(case: Case, wait: timedelta) -> None:
    before = decide(case).outcome
    after = decide(replace(case, age=case.age + wait)).outcome
    if before not in WAITING:
        assert after is before
    else:
        assert after in (before, Reason.FAILED, Reason.PROCESSING, Reason.CLOSED)


@given(cases)
def test_nobody_is_told_to_wait_for_an_order_that_can_never_be_closed(case: Case) -> None:
    cured = decide(replace(case, age=timedelta(hours=1), close_stat="" if case.close_stat == "P" else case.close_stat))
    if decide(case).outcome in WAITING:
        assert cured.outcome in (Reason.FAILED, Reason.PROCESSING, Reason.CLOSED)


@given(cases)
def test_a_call_that_proves_nothing_learns_nothing(case: Case) -> None:
    """Before the signature verifies, the answer tells neither products nor orders."""
    if case.problem or not case.authentic:
        assert decide(case).outcome is Reason.BAD_PARAMETERS


@given(cases)
def test_the_answer_for_trouble_inside_is_never_a_rules(case: Case) -> None:
    assert decide(case).outcome not in NOT_FOR_THE_RULES


def test_every_other_listed_answer_is_some_rows() -> None:
    assert {rule.outcome for rule in RULES} == ({*Reason} - NOT_FOR_THE_RULES) | ({*Step} - {Step.OWN})


def test_a_case_is_happy_by_default() -> None:
    assert all(f.default is not None for f in fields(Case))
    assert decide(Case()).outcome is Reason.CLOSED


def test_every_row_says_when_it_applies_in_both_languages_and_where_that_is_written() -> None:
    for rule in RULES:
        assert rule.when
        assert any(ord(char) > 0x2E80 for char in rule.when_zh)
        assert rule.source
