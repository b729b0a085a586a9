"""Mutants of the kit and of the gateway itself: none may be taken for the client's failure or, worse, for a pass."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from huifu_contract.catalogue.record import Record
from huifu_contract.catalogue.registry import catalogue
from huifu_contract.drivers.in_process import LocalDriver
from huifu_contract.failures import KitTrouble
from huifu_contract.grading.case import Grader
from huifu_contract.grading.profiles import Profile
from huifu_contract.grading.results import CaseResult, Exit, Verdict, exit_code
from huifu_contract.harness import evidence
from huifu_contract.harness.harness import Harness
from huifu_contract.reference import Client, Config
from huifu_mock import Call, Server


def close(config: dict[str, str], base_url: str, params: dict[str, str]) -> Any:
    return Client(base_url, Config.of(config), timeout_s=2.0, attempt_s=0.5).close(**params)


@pytest.fixture
def harness() -> Iterator[Harness]:
    with Server(port=0, orders=[]) as server:
        made = Harness(LocalDriver(close), server.tenant())
        made.driver.start(made.config)
        yield made


def grade(harness: Harness, record: Record) -> CaseResult:
    return Grader(Profile("t", 0, 0), reruns=0).grade(record, harness)


SUCCESS = "control/accepts-honest-success"


def test_an_honest_gateway_gives_a_pass(harness: Harness) -> None:
    assert grade(harness, catalogue()[SUCCESS]).verdict is Verdict.PASS


def test_a_gateway_that_signs_with_a_wrong_key_is_a_kit_error(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server(port=0, orders=[]) as other:
        monkeypatch.setattr(harness.tenant, "huifu_public_key", other.tenant(key_bits=1024).huifu_public_key)
    result = grade(harness, catalogue()[SUCCESS])
    assert (result.verdict, result.trouble) == (Verdict.KIT_ERROR, "kit")
    assert "not Huifu's" in result.signature


def test_a_gateway_that_breaks_its_schema_is_a_kit_error(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = harness.tenant.journal.calls

    def changed(**filters: Any) -> list[Call]:
        found: list[Call] = calls(**filters)
        return [replace(call, endpoint="close", response=_signed_nonsense(call)) for call in found]

    monkeypatch.setattr(harness.tenant.journal, "calls", changed)
    monkeypatch.setattr("huifu_contract.reference.wire.verifies", lambda *_: True)
    result = grade(harness, catalogue()[SUCCESS])
    assert result.verdict is Verdict.KIT_ERROR
    assert "breaks its schema" in result.signature


def _signed_nonsense(call: Call) -> str:
    return (call.response or "").replace('"trans_stat":"S"', '"trans_stat":"Q"')


def test_a_journal_that_drops_an_entry_is_a_kit_error(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = harness.tenant.journal
    calls, entries = journal.calls, journal.entries
    monkeypatch.setattr(journal, "calls", lambda **f: [one for one in calls(**f) if one.id != "call-2"])
    monkeypatch.setattr(journal, "entries", lambda **f: [one for one in entries(**f) if one["id"] != "call-2"])
    harness.close()
    harness.close()
    with pytest.raises(KitTrouble, match="lost 1 entries"):
        harness.close()


def test_a_gateway_without_an_answer_is_a_kit_error(harness: Harness) -> None:
    harness.close()
    call = harness.tenant.journal.calls()[0]
    with pytest.raises(KitTrouble, match="has no answer"):
        evidence.honest(replace(call, response=None), harness.tenant.huifu_public_key)


def test_a_case_without_an_assertion_is_a_kit_error(harness: Harness) -> None:
    empty = replace(catalogue()[SUCCESS], id="control/empty", run=lambda b, _: b.close() and None)
    result = grade(harness, empty)
    assert (result.verdict, result.signature) == (Verdict.KIT_ERROR, "control/empty judged nothing")


def test_a_bug_in_a_case_is_a_kit_error_and_exit_3(harness: Harness) -> None:
    def broken(_harness: Harness, _example: Any) -> None:
        raise ZeroDivisionError

    result = grade(harness, replace(catalogue()[SUCCESS], run=broken))
    assert result.verdict is Verdict.KIT_ERROR
    assert exit_code([result.verdict, Verdict.FAIL]) is Exit.INTERNAL
