"""Right clients with unusual habits are accused of nothing."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import pytest
import unusual_clients
from unusual_clients import UNUSUAL

from huifu_contract.catalogue.registry import catalogue
from huifu_contract.grading import runner
from huifu_contract.grading.options import Options
from huifu_contract.grading.profiles import PROFILES, Profile
from huifu_contract.grading.results import Verdict
from huifu_contract.grading.runner import Runner
from huifu_contract.mutants.selftest import MutantDriver

FEW = Profile("few", examples=3, steps=2, seconds=600.0)
WHERE_IT_SHOWS = {
    "http-1.0": ("request/e*", "transport/[rs]*", "transport/bro*", "security/sign-*"),
    "keeps-connections": ("transport/[lrs]*", "repeat/*", "query/lost*"),
    "in-pieces": ("request/[elv]*", "transport/reset*", "transport/status*"),
    "own-order": ("request/*", "query/text-survives"),
    "own-headers": ("request/e*", "transport/re*"),
    "escaped": ("request/sign-[jn]*",),
    "digits": ("query/ow*",),
    "careful": ("request/sign-[jd]*", "request/te*"),
    "unsure": ("response/[2psu]*", "time/*", "concurrency/*"),
    "asks-nobody": ("response/[2nps]*", "concurrency/*", "transport/bo*", "transport/retry*"),
    "asks-once": ("response/[2nps]*", "query/[op]*", "transport/bo*", "concurrency/*"),
    "knows-what-was-sent": ("transport/d*",),
    "remembers-what-is-closed": ("webhook/*", "request/te*", "query/[nt]*", "repeat/*", "security/sign-re*"),
    "queues-news": ("webhook/*",),
    "takes-news-of-its-own": ("webhook/[dfos]*",),
    "tells-what-it-computed": ("webhook/b*", "security/no*"),
    "asks-when-asked": ("webhook/*",),
    "asks-first": ("response/[2nps]*", "query/*", "concurrency/co*", "time/*"),
}
"""The cases that such a habit may trip over."""


SEEDS = range(int(os.environ.get("HUIFU_TEST_SEEDS", "0")))


def accusations(name: str, **options: Any) -> list[tuple[str, Verdict, str]]:
    chosen = Options(reruns=1, workers=4, key_bits=1024, **options)
    run = Runner(lambda: MutantDriver(lambda: unusual_clients.made(name)), chosen, name).run()
    fine = (Verdict.PASS, Verdict.NOTE, Verdict.SKIP)
    return [(case.id, case.verdict, case.signature or case.root) for case in run.cases if case.verdict not in fine]


@pytest.mark.parametrize("name", WHERE_IT_SHOWS)
def test_a_right_client_with_an_unusual_habit_is_accused_of_nothing(name: str) -> None:
    assert accusations(name, profile=FEW, cases=WHERE_IT_SHOWS[name]) == []


@pytest.mark.parametrize(("name", "told"), [("escaped", [r"signs \/", r"signs \uXXXX"]), ("own-order", [])])
def test_a_note_tells_who_signs_escapes_that_no_official_sdk_signs(name: str, told: list[str]) -> None:
    chosen = Options(reruns=0, key_bits=1024, profile=FEW, cases=("request/sign-disputed-characters",))
    run = Runner(lambda: MutantDriver(lambda: unusual_clients.made(name)), chosen, name).run()
    (note,) = (case for case in run.cases if case.group == "request")
    assert note.verdict is Verdict.NOTE
    assert [part.partition(" for ")[0] for part in note.signature.split("; ") if part.startswith("signs")] == told


def test_a_number_of_digits_alone_has_no_other_case_to_overlook() -> None:
    only = "query/foreign-reply", {"field": "req_seq_id", "how": "case"}
    assert accusations("digits", profile=FEW, only=only) == []


@pytest.fixture
def drawn_alone(monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """The cases that draw examples, from now on without their fixed ones, which no seed changes."""
    drawn = {id_: replace(one, fixed=()) for id_, one in catalogue().items() if one.draw is not None}
    monkeypatch.setattr(runner, "catalogue", lambda: catalogue() | drawn)
    return tuple(drawn)


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", WHERE_IT_SHOWS)
def test_a_right_client_with_an_unusual_habit_is_accused_of_nothing_with_any_seed(
    name: str, seed: int, request: pytest.FixtureRequest
) -> None:
    """All cases with the first seed, and what is drawn with as many as HUIFU_TEST_SEEDS says; none unless asked.

    The first takes minutes for all habits, each further one two minutes.
    """
    cases = request.getfixturevalue("drawn_alone") if seed else ()
    assert accusations(name, profile=PROFILES["quick"], seed=seed, cases=cases) == []


def test_every_unusual_client_is_tried_somewhere() -> None:
    assert set(WHERE_IT_SHOWS) == set(UNUSUAL) - {"slow"}, "the slow one is graded in test_time_bounds.py"
