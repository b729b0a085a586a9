"""Servers with one planted bug each are caught by exactly the cases that are named for it, and by no others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from broken_servers.bugs import BUGS, Bug

import huifu_mock
from huifu_contract.grading.results import OK
from huifu_contract.reference import Config
from huifu_contract.server.cases.sequences import EFFORTS, Effort
from huifu_contract.server.grade import Options, grade
from huifu_contract.server.registry import catalogue
from huifu_contract.server.target import Target

ONLY_RECORDED = {"server/either-or-both"}
SEED = 3
FEW = Effort(sequences=8, steps=6)
"""Generated sequences of a round: the case sets out again until each branch of the model was met, and ends sooner."""
KEY_BITS = 1024
"""Signing is much of the work, and no bug is about the length of a key."""


@pytest.fixture(scope="module")
def server() -> Iterator[huifu_mock.Server]:
    """One for all: a bug is planted into it for one test, and every run has a tenant of its own."""
    with huifu_mock.Server(orders=[]) as running:
        yield running


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_planted_bug_is_caught_by_exactly_the_cases_named_for_it(
    server: huifu_mock.Server, bug: Bug, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(EFFORTS, Options().profile, FEW)
    with bug.plant(), server.tenant(key_bits=KEY_BITS) as tenant:
        aim = Target(server.base_url, config=Config.of(tenant.credentials()))
        found = grade(aim, Options(seed=SEED), connection=server)
    wrong = {
        case.id: f"{case.verdict}: {case.signature or case.root}" for case in found.cases if case.verdict not in OK
    }
    assert set(wrong) == bug.fails, wrong
    assert all(case.verdict.value == "fail" for case in found.cases if case.id in bug.fails)


def test_every_case_that_judges_catches_a_planted_bug() -> None:
    caught = frozenset().union(*(bug.fails for bug in BUGS))
    assert caught == set(catalogue()) - ONLY_RECORDED
