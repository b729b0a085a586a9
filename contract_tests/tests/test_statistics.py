"""What a run says of its own power: inputs for each law, the chance of a miss, the same inputs from the same seed."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import made_results
import pytest
from hypothesis.internal.conjecture.providers import Constants
from test_time_bounds import graded, right

from huifu_contract import schemas
from huifu_contract.grading.results import RunResult, Verdict, parse
from huifu_contract.grading.statistics import ONE_IN, by_law, percent, pooled

DRAW = """
import sys
sys.path.insert(0, sys.argv[1])
try:
    import decoy
except ImportError:
    pass
from huifu_contract.catalogue.registry import catalogue
from huifu_contract.grading.failure_budget import FailureBudget
from huifu_contract.grading.generate import portable, search
from huifu_contract.grading.profiles import PROFILES
assert portable()
for name in ("request/values-unchanged", "response/unlisted-codes", "transport/broken-body"):
    found = search(catalogue()[name], lambda example: None, PROFILES["ci"], 100, seed=7, budget=FailureBudget())
    print(name, *found.tried)
"""


def test_the_same_seed_draws_the_same_inputs_whatever_else_is_imported_and_wherever_it_lies(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "decoy.py").write_text(
        "\n".join(f"X{n} = 'constant {n * 7919}', {n * 7919}" for n in range(500))
    )
    (tmp_path / "other").mkdir()
    drawn = [
        subprocess.run(
            [sys.executable, "-c", DRAW, str(tmp_path / place)], check=True, capture_output=True, cwd=tmp_path / place
        ).stdout
        for place in ("shop", "other")
    ]
    assert drawn[0] == drawn[1]
    assert len(drawn[0].splitlines()) == 3


@pytest.fixture(scope="module")
def twice() -> tuple[RunResult, RunResult]:
    """Without the constants of local modules, of which the first run may load some that the second finds."""
    cases = ("request/values-unchanged", "request/date-format")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hypothesis.internal.conjecture.providers._get_local_constants", Constants)
        first, second = (graded(right, cases=cases, seed=3)[0] for _ in range(2))
    return first, second


def test_two_runs_with_one_seed_have_the_same_digests_and_another_seed_has_others(
    twice: tuple[RunResult, RunResult],
) -> None:
    digests = [{case.id: case.digest for case in run.cases} for run in twice]
    assert digests[0] == digests[1]
    assert digests[0]["request/values-unchanged"]
    other, _ = graded(right, cases=("request/values-unchanged",), seed=4)
    assert {case.id: case.digest for case in other.cases}["request/values-unchanged"] not in digests[0].values()


def test_the_numbers_of_requests_come_from_the_seed_too() -> None:
    sent: list[list[Any]] = []
    for seed in (3, 3, 4):
        numbers: list[Any] = []

        def close(config: Any, base_url: str, params: Any, into: list[Any] = numbers) -> Any:
            into.append((params.get("req_seq_id"), params.get("org_req_seq_id")))
            return right(config, base_url, params)

        graded(close, cases=("response/stat-p-pending",), seed=seed)
        sent.append(numbers)
    assert sent[0] == sent[1] != sent[2]
    assert len(set(sent[0])) == len(sent[0])


def test_a_run_tells_for_each_law_what_was_tried(twice: tuple[RunResult, RunResult]) -> None:
    run = twice[0]
    tried = {each.law: each for each in by_law(run.cases)}
    unchanged = next(case for case in run.cases if case.id == "request/values-unchanged")
    assert tried["L3"].drawn >= unchanged.drawn > 10
    assert tried["L3"].inputs > tried["L3"].drawn, "the fixed examples are inputs too"
    assert tried["L3"].missed(20) == pytest.approx(0.95 ** tried["L3"].drawn)
    document = json.loads(json.dumps(run.document()))
    assert document["statistics"]["L3"]["missed"].keys() == {f"1/{one_in}" for one_in in ONE_IN}
    assert schemas.complaint("result", document) is None
    assert parse(document) == run


def test_result_files_of_an_older_kit_are_still_read() -> None:
    document = json.loads(json.dumps(made_results.run().document()))
    del document["statistics"]
    for case in document["cases"]:
        for name in ("judged", "inputs", "drawn", "digest", "reruns", "failed_reruns"):
            del case[name]
    assert schemas.complaint("result", document) is None
    assert parse(document).counts == made_results.run().counts


def test_what_was_not_tried_proves_nothing() -> None:
    case = replace(made_results.run().cases[0], judged=("L1",), inputs=5, drawn=4)
    assert [each.inputs for each in by_law([case])] == [5]
    assert by_law([replace(case, verdict=Verdict.BLOCKED)]) == []


def test_the_rate_of_a_flaky_client_is_that_of_all_its_flaky_examples() -> None:
    case = replace(made_results.run().cases[0], verdict=Verdict.FLAKY, reruns=100, failed_reruns=3)
    assert pooled([case, replace(case, failed_reruns=1), replace(case, verdict=Verdict.FAIL)]) == (4, 200)


@pytest.mark.parametrize(("chance", "words"), [(0.366, "37 %"), (0.0059, "0.59 %"), (1e-9, "<0.01 %"), (1.0, "100 %")])
def test_chances_are_told_in_two_digits(chance: float, words: str) -> None:
    assert percent(chance) == words
