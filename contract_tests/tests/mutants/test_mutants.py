"""References pass, mutants fail what they must, made mutants are killed, do-nothing clients earn nothing."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest

from huifu_contract.catalogue.registry import catalogue
from huifu_contract.mutants import do_nothing, kill, mutants, selftest
from huifu_contract.mutants.operators import equivalent, table
from huifu_contract.mutants.operators.mutant import Mutant
from huifu_contract.reference import Client
from huifu_mock import Server

PARTS = 8
EVERY = os.environ.get("HUIFU_TEST_MUTANTS") == "all"
"""Kill every made mutant and grade two more in all cases, as CI does; else a sample of the made ones."""


def sample() -> set[str]:
    """One of each operator in each kind of call, not always of the same member.

    That a text is changed only in what is signed, only in what is sent, or in both, takes turns from operator to
    operator: the same case looks at all three.
    """
    sisters: dict[tuple[str, str], list[str]] = {}
    for name, mutant in table.mutants().items():
        sisters.setdefault((mutant.operator, mutant.place.partition(",")[0]), []).append(name)
    return {names[at % len(names)] for at, names in enumerate(sisters.values())}


def test_the_sample_has_every_operator_at_every_place() -> None:
    chosen = {table.mutants()[name] for name in sample()}
    for what in ("operator", "place"):
        assert {getattr(one, what) for one in chosen} == {getattr(one, what) for one in table.mutants().values()}, what


def test_every_graded_case_kills_a_mutant() -> None:
    likely = {case for mutant in table.mutants().values() for case in mutant.likely}
    assert set(selftest.survivors(likely)) == set()


def test_made_mutants_are_many_and_those_that_are_equivalent_have_a_reason() -> None:
    names = table.mutants()
    assert len(names) >= 1000
    for pattern, why in equivalent.EQUIVALENT.items():
        assert [name for name in names if equivalent.reason(name) == why], pattern
        assert len(why.split()) > 5


@pytest.mark.parametrize(("language", "name"), [("en", "EQUIVALENT.md"), ("zh", "EQUIVALENT.zh-CN.md")])
def test_the_list_of_equivalent_mutants_is_short_and_up_to_date(language: str, name: str) -> None:
    listed = Path(__file__).parents[2] / name
    wanted = equivalent.markdown(table.mutants(), language)
    made_by = f"huifu-contract selftest --equivalent {language} > contract_tests/{name}"
    assert listed.read_text(encoding="utf-8") == wanted, made_by
    allowed = sum(bool(equivalent.reason(name)) for name in table.mutants())
    assert allowed < 0.1 * len(table.mutants())


def test_every_reason_for_an_equivalent_mutant_is_there_in_chinese_and_no_other() -> None:
    reasons = {*equivalent.EQUIVALENT.values(), *equivalent.SOURCE.values(), *equivalent.CAREFUL}
    assert set(tomllib.loads(equivalent.CHINESE.read_text(encoding="utf-8"))) == reasons


def test_every_made_mutant_is_in_one_share_with_its_sisters() -> None:
    shares = table.shares(PARTS)
    assert sorted(name for share in shares for name in share) == sorted(table.mutants())
    operators = [{table.mutants()[name].operator for name in share} for share in shares]
    assert sum(len(there) for there in operators) == len(set().union(*operators))


@pytest.mark.parametrize(
    ("name", "case"),
    [
        ("trimmed-right(org_req_seq_id) in close, signing", "request/text-survives"),
        ("nfc(org_hf_seq_id) in closequery, wire", "query/text-survives"),
        ("echo-skipped(org_req_date) in close", "security/foreign-reply"),
        ("signature-over-values-as-text(sign) in close", "security/tampered-slightly"),
        ("number-kept(poll) in closequery", "query/own-number"),
    ],
)
def test_a_made_mutant_is_killed_by_the_case_about_its_fault(name: str, case: str) -> None:
    (death,) = kill.kill_all([name], 1, everything=False)
    assert (death.mutant, death.case) == (name, case)


def test_the_example_whose_text_a_made_mutant_changes_is_tried_first() -> None:
    mutant = table.mutants()["line-ends-unified(req_seq_id) in close, wire"]
    (record, *_) = kill.Killers().order(mutant, everything=False)
    assert (record.id, record.fixed[0]) == ("request/text-survives", {"text": "a\r\nb\r"})
    assert [example for example in record.fixed if mutant.changes(example)] == [record.fixed[0]]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("other-merchant(huifu_id of the configuration) in closequery", "the huifu_id of the configuration stands in"),
        (
            "taken(huifu_id of the configuration) in a second closequery",
            "a later closequery names another order: huifu_id",
        ),
        (
            "taken(org_hf_seq_id of the previous call) in a retry after a conflict",
            "of an earlier call stands in its place",
        ),
        ("other-day(org_req_date as its own day) in closequery", "the req_date of the call stands in its place"),
        ("other-day-of-the-order(23000001) in retry", "a close of another order followed in the same call"),
        ("signature-skipped(sign) in retry", "tried again was believed although it is not authentic: sign-missing"),
        ("lost-is-not-closed(the reply) in retry", "claims not_closed after a close tried again that is not answered"),
        ("lost-is-not-closed(the reply) in closequery", "claims not_closed after a closequery that is not answered"),
        ("taken-for-not_closed(a refused connection) in retry", "refused was taken for proof that no close was sent"),
        ("read-in-any-case(data) in close", "Data was believed that is not the data that was verified"),
        ("first-counts(trans_stat) in webhook", "a success was not learned after P"),
        ("found-without(huifu_id) in webhook", "about an order of the same number of another merchant was believed"),
    ],
)
def test_the_failure_names_the_fault_of_a_made_mutant(name: str, words: str) -> None:
    (death,) = kill.kill_all([name], 1, everything=False)
    assert words in death.said


def test_a_mutant_that_does_nothing_wrong_survives(monkeypatch: pytest.MonkeyPatch) -> None:
    harmless = Mutant("nothing", "nothing", "close", Client, ("request/endpoint",))
    monkeypatch.setitem(table.mutants(), harmless.name, harmless)
    (death,) = kill.kill_all([harmless.name], 1, everything=False)
    assert death.case == ""


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


# A client whose code decides is graded in all cases in test_dg_sdk.py too, and fails what is written down there.
@pytest.mark.parametrize("name", ["unsorted-canon", *(["code-decides", "int-ids"] if EVERY else [])])
def test_a_mutant_fails_exactly_its_cases(name: str) -> None:
    with Server(port=0, orders=[]) as server:
        run = selftest.grade(name, server, timing=False, workers=6)
    seen = selftest.compare(name, run.cases, [run.exit], run.seconds)
    assert seen.wrong == ()


def test_a_mutant_that_fails_more_or_less_than_listed_is_told() -> None:
    with Server(port=0, orders=[]) as server:
        run = selftest.grade("no-echo-check", server, timing=False, everything=False)
    assert selftest.compare("no-verify", run.cases, [run.exit], 0.0).wrong
    assert selftest.compare("reference", run.cases, [run.exit], 0.0).wrong
    assert selftest.compare("always-closed", run.cases, [run.exit], 0.0).wrong


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("at", range(PARTS))
def test_made_mutants_are_killed_or_listed(at: int) -> None:
    chosen = table.mutants().keys() if EVERY else sample()
    deaths = kill.kill_all([name for name in table.shares(PARTS)[at] if name in chosen], 12, everything=False)
    assert [death.mutant for death in deaths if not death.case and not equivalent.reason(death.mutant)] == []
    assert [death for death in deaths if death.case and equivalent.reason(death.mutant)] == []


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("at", range(2))
def test_every_written_mutant_fails_the_cases_that_it_must_fail(at: int) -> None:
    written = [*selftest.wanted()][at::2]
    assert [(seen.name, seen.wrong) for seen in selftest.part(written, 8) if seen.wrong] == []
