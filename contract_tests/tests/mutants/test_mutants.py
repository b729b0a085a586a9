"""References pass, mutants fail exactly what they must, do-nothing clients earn nothing."""

from __future__ import annotations

import pytest

from huifu_contract.catalogue.registry import catalogue
from huifu_contract.mutants import do_nothing, mutants, selftest
from huifu_mock import Server


def test_every_graded_case_is_killed_by_a_mutant() -> None:
    assert selftest.survivors() == []


def test_every_mutant_is_listed_and_every_listed_mutant_is_there() -> None:
    assert set(selftest.wanted()) == (set(mutants.CLIENTS) | set(mutants.APPS)) - {"reference"}


def test_every_mutant_is_killed_and_names_only_cases_that_exist() -> None:
    for name, want in selftest.wanted().items():
        assert want.fails, name
        assert want.fails | want.blocked <= set(catalogue()), name


@pytest.mark.parametrize(
    "name", ["never-calls", "prints-garbage", "answers-twice", do_nothing.CRASHES_AT_START, "exits-0"]
)
def test_do_nothing_clients_earn_nothing(name: str) -> None:
    (seen,) = selftest.part([name], 1)
    assert seen.wrong == ()


@pytest.mark.parametrize("name", ["code-decides", "unsorted-canon", "no-verify", "int-ids"])
def test_a_mutant_fails_exactly_its_cases(name: str) -> None:
    with Server(port=0, orders=[]) as server:
        run = selftest.grade(name, server, timing=False)
    seen = selftest.compare(name, run.cases, [run.exit], run.seconds)
    assert seen.wrong == ()


def test_a_mutant_that_fails_more_or_less_than_listed_is_told() -> None:
    with Server(port=0, orders=[]) as server:
        run = selftest.grade("no-echo-check", server, timing=False)
    assert selftest.compare("no-verify", run.cases, [run.exit], 0.0).wrong
    assert selftest.compare("reference", run.cases, [run.exit], 0.0).wrong
    assert selftest.compare("always-closed", run.cases, [run.exit], 0.0).wrong


@pytest.mark.slow
def test_all_clients_are_graded_as_they_must_be(capsys: pytest.CaptureFixture[str]) -> None:
    code = selftest.selftest([], workers=12)
    out = capsys.readouterr().out
    assert code == 0, out
    assert "the referee is sane" in out
