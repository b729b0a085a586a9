"""Right clients with unusual habits are accused of nothing."""

from __future__ import annotations

import pytest
import unusual_clients
from unusual_clients import UNUSUAL

from huifu_contract.grading.profiles import Profile
from huifu_contract.grading.results import Verdict
from huifu_contract.grading.runner import Options, Runner
from huifu_contract.mutants.selftest import MutantDriver

FEW = Profile("few", examples=3, steps=2, seconds=600.0)
WHERE_IT_SHOWS = {
    "http-1.0": ("request/e*", "transport/[rs]*", "transport/bro*", "security/sign-*"),
    "keeps-connections": ("transport/[lrs]*", "repeat/*", "query/lost*"),
    "in-pieces": ("request/[elv]*", "transport/reset*", "transport/status*"),
    "own-order": ("request/*", "query/text-survives"),
    "unsure": ("response/[2psu]*", "time/*", "concurrency/*"),
    "asks-nobody": ("response/[2nps]*", "concurrency/*", "transport/bo*", "transport/retry*"),
    "asks-once": ("response/[2nps]*", "query/[op]*", "transport/bo*", "concurrency/*"),
}
"""The cases that such a habit may trip over."""


@pytest.mark.parametrize("name", WHERE_IT_SHOWS)
def test_a_right_client_with_an_unusual_habit_is_accused_of_nothing(name: str) -> None:
    options = Options(profile=FEW, cases=WHERE_IT_SHOWS[name], reruns=0, workers=4, key_bits=1024)
    run = Runner(lambda: MutantDriver(lambda: unusual_clients.made(name)), options, name).run()
    fine = (Verdict.PASS, Verdict.NOTE, Verdict.SKIP)
    assert [
        (case.id, case.verdict, case.signature or case.root) for case in run.cases if case.verdict not in fine
    ] == []


def test_every_unusual_client_is_tried_somewhere() -> None:
    assert set(WHERE_IT_SHOWS) == set(UNUSUAL) - {"slow"}, "the slow one is graded in test_time_bounds.py"
