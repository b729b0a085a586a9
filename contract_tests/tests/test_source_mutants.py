"""`make mutate`: a change of the reference client's source is graded by itself, once, and told."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import source_mutants
from source_mutants import REFERENCE, Death, SourceMutant

from huifu_contract.catalogue.record import Record
from huifu_contract.grading.case import Grader, blank_result
from huifu_contract.grading.results import CaseResult, Verdict
from huifu_contract.mutants.operators.equivalent import SOURCE, source_reason
from huifu_contract.outcome import Hello


def changed(module: str, old: str, new: str) -> SourceMutant:
    source = (REFERENCE / f"{module}.py").read_text(encoding="utf-8")
    assert old in source
    return SourceMutant(module, "by hand", source.replace(old, new), f"{module}: {old} -> {new}")


DASHES = changed("client", '"%Y%m%d"', '"%Y-%m-%d"')
CRASHES = changed("wire", "from __future__ import annotations", "from __future__ import annotations\n1 / 0")


def test_a_change_is_graded_in_a_process_of_its_own_until_a_case_fails_and_never_again(tmp_path: Path) -> None:
    file = tmp_path / "results.jsonl"
    found = source_mutants.run([DASHES, CRASHES], file, math.inf, workers=2)
    assert {name: death.case for name, death in found.items()} == {
        DASHES.name: "request/date-format",
        CRASHES.name: "start",
    }
    again = source_mutants.run([DASHES, CRASHES], file, math.inf, workers=2)
    assert (again, len(file.read_text().splitlines())) == (found, 2)


@pytest.mark.parametrize("trouble", ["set-up", "kit"])
def test_a_mutant_of_which_no_second_process_starts_is_dead_and_trouble_of_the_kit_is_told(
    trouble: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def grade(_self: Grader, record: Record, _harness: Any) -> CaseResult:
        return replace(blank_result(record, Verdict.KIT_ERROR), trouble=trouble, signature="it cannot be started")

    monkeypatch.setattr(Grader, "grade", grade)
    killer, harness = source_mutants.Killer(None, tmp_path), SimpleNamespace(hello=Hello())
    if trouble == "set-up":
        assert killer._graded(harness, everything=False) == (source_mutants.FIRST[0], "it cannot be started")
    else:
        with pytest.raises(RuntimeError, match="it cannot be started"):
            killer._graded(harness, everything=False)


def test_no_mutant_begins_when_the_time_is_over(tmp_path: Path) -> None:
    assert source_mutants.run([DASHES], tmp_path / "results.jsonl", 0.0, workers=1) == {}


@pytest.mark.parametrize(
    ("found", "code", "says"),
    [
        ({DASHES.name: Death(DASHES.name, "by hand", "request/date-format")}, 0, "1 of 1 mutants killed"),
        ({DASHES.name: Death(DASHES.name, "by hand")}, 1, f"SURVIVES {DASHES.name}"),
        ({}, 1, "1 not graded yet"),
        ({DASHES.name: Death(DASHES.name, "by hand", whole=False)}, 1, "1 not graded yet"),
    ],
)
def test_only_when_every_mutant_is_killed_or_argued_all_is_well(
    found: dict[str, Death], code: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert source_mutants.tell([DASHES], found) == code
    assert says in capsys.readouterr().out


def test_a_name_tells_where_a_change_is_and_what_became_of_what() -> None:
    source = (REFERENCE / "client.py").read_text(encoding="utf-8")
    name = source_mutants.name_of("client", source, source.replace("status == 200", "status != 200"))
    assert name == "client.Client.check_status: return status == 200 -> return status != 200"


def test_a_change_that_nothing_runs_is_none() -> None:
    source = (REFERENCE / "client.py").read_text(encoding="utf-8")
    annotated = source.replace("-> Mapping[str, Any] | None:", "-> Mapping[str, Any] & None:")
    assert annotated != source
    assert source_mutants.what_runs(annotated) == source_mutants.what_runs(source)
    assert source_mutants.what_runs("if") == ""


def test_what_may_survive_is_argued_in_a_sentence() -> None:
    assert source_reason('decide: PATIENCE = {"busy": 3, "pending": 3} -> PATIENCE = {"busy": 4, "pending": 3}')
    assert not source_reason(DASHES.name)
    for why in SOURCE.values():
        assert len(why.split()) > 5
