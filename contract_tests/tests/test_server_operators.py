"""Servers broken by machine: each operator on a field, signature, state or limit is caught by a case that names it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from broken_servers.operators import MUTANTS, Mutant

import huifu_mock
from huifu_contract.reference import Config
from huifu_contract.server.grade import Options, grade
from huifu_contract.server.target import Target


@pytest.fixture(scope="module")
def target() -> Iterator[tuple[huifu_mock.Server, Target]]:
    """One server and one merchant for all: a mutant is planted for one test, and closes orders of its own."""
    with huifu_mock.Server(orders=[]) as running:
        merchant = running.tenant(key_bits=1024)  # signing is much of the work, and no mutant is about a key's length
        yield running, Target(running.base_url, config=Config.of(merchant.credentials()))


@pytest.mark.parametrize("mutant", MUTANTS, ids=str)
def test_a_mutant_is_caught_by_a_case_that_names_it(target: tuple[huifu_mock.Server, Target], mutant: Mutant) -> None:
    server, aim = target
    with mutant.plant():
        (case,) = grade(aim, Options(cases=(f"server/{mutant.caught}",)), connection=server).cases
    assert case.verdict.value == "fail", f"{mutant} survives: {case.verdict} {case.root}"
    assert mutant.names in case.signature


@pytest.mark.parametrize("caught", sorted({mutant.caught for mutant in MUTANTS}))
def test_the_case_that_catches_it_passes_where_nothing_is_broken(
    target: tuple[huifu_mock.Server, Target], caught: str
) -> None:
    server, aim = target
    (case,) = grade(aim, Options(cases=(f"server/{caught}",)), connection=server).cases
    assert case.verdict.value == "pass", case.signature or case.root


def test_no_mutant_is_made_twice_and_there_are_many_of_each_sort() -> None:
    assert max(Counter(map(str, MUTANTS)).values()) == 1
    assert len(MUTANTS) >= 100
