"""The badge tells the score and is coloured by the worst thing that is not ok."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest
from made_results import L1, L5, SAMPLE, run

from huifu_contract.catalogue.record import Level
from huifu_contract.catalogue.registry import catalogue
from huifu_contract.cli.main import main
from huifu_contract.grading.results import Exit, RunResult, Verdict
from huifu_contract.reports import badge

SHOULD = {"response/p-then-query": L1}
ALL, MUST = (
    len([one for one in catalogue().values() if one.level in levels and one.group != "control"])
    for levels in ((Level.MUST, Level.SHOULD), (Level.MUST,))
)
NAME = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(
    ("made", "message", "colour"),
    [
        (run(), f"{ALL}/{ALL}", "brightgreen"),
        (run(verdicts={"security/foreign-reply": Verdict.KNOWN}), f"{ALL - 1}/{ALL}", "green"),
        (run(broken=SHOULD), f"{ALL - 1}/{ALL}", "yellow"),
        (run(broken=SAMPLE), f"{ALL - 9}/{ALL}", "red"),
        (run(broken=SHOULD, level="must"), f"{MUST}/{MUST}", "yellow"),
        (run(verdicts={"control/second-call": Verdict.FAIL}), f"{ALL}/{ALL}", "red"),
        (run(interrupted=True), "interrupted", "lightgrey"),
        (run(cases=()), "nothing graded", "lightgrey"),
    ],
)
def test_score_and_colour(made: RunResult, message: str, colour: str) -> None:
    assert badge.message(made) == message
    assert badge.colour(made) == colour


def test_the_endpoint_document_is_what_shields_reads() -> None:
    wanted = {"schemaVersion": 1, "label": "close contract", "message": f"{ALL}/{ALL}", "color": "brightgreen"}
    assert badge.endpoint(run()) == wanted


def test_a_kit_error_is_an_error_badge() -> None:
    assert badge.endpoint(run(verdicts={"security/sign-missing": Verdict.KIT_ERROR}))["isError"] is True


def test_the_svg_is_well_formed_and_says_its_words_to_screen_readers() -> None:
    root = Xml.fromstring(badge.svg(run(broken={"security/sign-missing": L5}), label="关单 <&>"))
    assert root.get("role") == "img"
    assert root.get("aria-label") == f"关单 <&>: {ALL - 1}/{ALL}"
    assert [text.text for text in root.iter(f"{NAME}text")] == ["关单 <&>", f"{ALL - 1}/{ALL}"]


def test_the_svg_has_nothing_from_outside() -> None:
    assert badge.svg(run()).replace("http://www.w3.org/2000/svg", "").count("://") == 0


@pytest.fixture
def result(tmp_path: Path) -> Path:
    run().write(tmp_path / "result.json")
    return tmp_path / "result.json"


def test_the_command_writes_both_forms(result: Path, tmp_path: Path) -> None:
    svg, endpoint = tmp_path / "out" / "badge.svg", tmp_path / "out" / "badge.json"
    assert main(["badge", str(result), "--svg", str(svg), "--endpoint", str(endpoint)]) == Exit.OK
    assert svg.read_text(encoding="utf-8").startswith("<svg")
    said: dict[str, Any] = json.loads(endpoint.read_text(encoding="utf-8"))
    assert said["message"] == f"{ALL}/{ALL}"


def test_the_command_prints_the_document_if_no_file_is_asked_for(
    result: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["badge", str(result), "--label", "关单"]) == Exit.OK
    assert json.loads(capsys.readouterr().out)["label"] == "关单"


def test_a_file_that_is_no_result_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.json").write_text("{}", encoding="utf-8")
    assert main(["badge", str(tmp_path / "x.json")]) == Exit.USAGE
    assert "no result file" in capsys.readouterr().err
