"""Long cases in parts: nothing is lost or done twice, and what is told is what one worker would tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise, permutations

import pytest

from huifu_contract.catalogue.record import Record
from huifu_contract.catalogue.registry import catalogue
from huifu_contract.grading.case import blank_result
from huifu_contract.grading.parts import WAITS_S, Assembly, Part, in_parts, mixed
from huifu_contract.grading.plan import each, longest_first, seconds
from huifu_contract.grading.results import CaseResult, Verdict

DRAWN = 20
LONG = "query/foreign-reply"


def parts(record: Record) -> list[Part]:
    return [*in_parts([record], DRAWN)]


@pytest.mark.parametrize("record", catalogue().values(), ids=lambda record: record.id)
def test_each_example_of_a_case_is_in_one_part_and_the_drawn_ones_are_in_the_last(record: Record) -> None:
    found = parts(record)
    assert [example for part in found for example in part.piece.fixed] == list(record.fixed)
    assert [part.piece.draw for part in found] == [None] * (len(found) - 1) + [record.draw]
    assert [(part.number, part.of) for part in found] == [(number, len(found)) for number in range(len(found))]


def test_a_case_is_in_parts_if_its_examples_take_long_and_in_one_piece_if_not() -> None:
    assert len(parts(catalogue()[LONG])) > 3
    assert parts(catalogue()["request/endpoint"]) == [Part.whole(catalogue()["request/endpoint"])]
    assert [*in_parts([catalogue()[LONG]], DRAWN, [catalogue()[LONG]])] == [Part.whole(catalogue()[LONG])]
    longest = max(seconds(part.piece, 0) for record in catalogue().values() for part in parts(record) if part.of > 1)
    assert longest < seconds(catalogue()[LONG], 0) / 3


def test_the_parts_of_a_case_follow_one_another() -> None:
    ordered = [part.record.id for part in in_parts(catalogue().values(), DRAWN)]
    assert set(ordered) == set(catalogue())
    assert sum(one != other for one, other in pairwise(ordered)) == len(catalogue()) - 1


def test_cases_that_wait_and_cases_that_work_begin_in_turn_each_the_longest_first() -> None:
    begun = mixed(longest_first(catalogue().values(), DRAWN))
    waits = [each(record) >= WAITS_S for record in begun]
    for at in range(4, len(begun), 4):
        assert abs(sum(waits[:at]) / at - sum(waits) / len(begun)) <= 1 / at, "as many as of the rest"
    for kind in (True, False):
        times = [seconds(record, DRAWN) for record, waiting in zip(begun, waits, strict=True) if waiting is kind]
        assert times == sorted(times, reverse=True)


def of(verdict: Verdict, examples: int, signature: str = "") -> CaseResult:
    blank = blank_result(catalogue()[LONG], verdict)
    return replace(blank, signature=signature, examples=examples, inputs=examples, judged=("L1",), seconds=1.0)


def told(results: Sequence[CaseResult | None], order: Sequence[int]) -> CaseResult | None:
    """What is told once the last of the parts, which end in that order, is there; nothing is told before."""
    record, assembly = catalogue()[LONG], Assembly()
    *first, last = [assembly.add(Part(record, record, at, len(results)), results[at]) for at in order]
    assert not any(first)
    return last


@pytest.mark.parametrize("order", [*permutations(range(3))])
def test_the_first_part_that_does_not_pass_is_told_whichever_ends_first(order: Sequence[int]) -> None:
    passed, failed, later = of(Verdict.PASS, 9), of(Verdict.FAIL, 4, "the first"), of(Verdict.FAIL, 2, "another")
    one = told([passed, failed, later], order)
    assert one is not None
    assert (one.verdict, one.signature, one.examples, one.inputs, one.seconds) == ("fail", "the first", 13, 13, 2.0)


@pytest.mark.parametrize("order", [*permutations(range(3))])
def test_a_case_passes_when_all_its_parts_do_and_counts_what_all_have_tried(order: Sequence[int]) -> None:
    one = told([of(Verdict.PASS, 9), of(Verdict.PASS, 8), of(Verdict.PASS, 20)], order)
    assert one is not None
    assert (one.verdict, one.examples, one.inputs, one.kind) == ("pass", 37, 37, catalogue()[LONG].kind)


def test_after_a_part_that_does_not_pass_the_later_ones_are_not_run_and_the_earlier_ones_are() -> None:
    record, assembly = catalogue()[LONG], Assembly()
    all_ = [Part(record, record, number, 3) for number in range(3)]
    assembly.add(all_[1], of(Verdict.BLOCKED, 1))
    assert [assembly.settled(part) for part in all_] == [False, False, True]
    assert assembly.add(all_[2], None) is None
    assert assembly.add(all_[0], of(Verdict.PASS, 9)) == replace(of(Verdict.BLOCKED, 10), seconds=2.0)


def test_a_case_of_which_a_part_was_left_is_left_and_can_be_run_again() -> None:
    record, assembly = catalogue()[LONG], Assembly()
    all_ = [Part(record, record, number, 2) for number in range(2)]
    for part, result in zip(all_, (None, of(Verdict.PASS, 9)), strict=True):
        assert assembly.add(part, result) is None
    assert not assembly.settled(all_[1])
    found = [assembly.add(part, of(Verdict.PASS, 9)) for part in all_]
    assert found == [None, replace(of(Verdict.PASS, 18), seconds=2.0)]
