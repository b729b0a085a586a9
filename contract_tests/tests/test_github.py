"""GitHub: few annotations, the worst first, nothing that a client says can break out of them."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from made_results import HOSTILE, L5, MIXED, SAMPLE, five, run

from huifu_contract.grading.results import Verdict
from huifu_contract.reports import github

LINE = re.compile(r"::(error|notice) title=[^:,\r\n]+::[^\r\n]+")


def test_a_clean_run_says_nothing() -> None:
    assert github.errors([run()]) == []


def test_at_most_ten_errors_then_a_count_of_the_rest() -> None:
    lines = github.errors(five())
    assert [line.split()[0] for line in lines] == ["::error"] * 10 + ["::notice"]
    assert re.search(r"::and \d+ more", lines[-1])


def test_ten_findings_need_no_count() -> None:
    nine = github.errors([run(broken=SAMPLE)])
    assert len(nine) == len(SAMPLE)
    assert all(line.startswith("::error") for line in nine)


def test_must_comes_before_should() -> None:
    levels = [re.search(r"Expected \((\w+)\)", line) for line in github.errors([run(broken=SAMPLE)])]
    assert [found[1] for found in levels if found] == ["MUST"] * 8 + ["SHOULD"]


def test_each_line_is_one_command_whatever_is_in_it() -> None:
    odd = run("a,b:c%\n::warning::x", {"security/sign-missing": f"L5: 100%\r\n::error::{HOSTILE}"})
    (line,) = github.errors([odd])
    assert LINE.fullmatch(line)
    assert "100%25%0D%0A::error" in line
    assert line.startswith("::error title=huifu-contract security/sign-missing::")


def test_what_one_cause_blocks_is_one_line() -> None:
    lines = [line for line in github.errors([run(verdicts=MIXED)]) if "blocked" in line]
    assert len(lines) == 1
    assert "2 blocked (transport/" in lines[0]
    assert "request/sign-key-order is red" in lines[0]


def test_known_failures_and_notes_are_no_errors() -> None:
    assert github.errors([run(verdicts={"security/foreign-reply": Verdict.KNOWN})]) == []


def test_the_summary_is_the_markdown_report() -> None:
    assert "security/sign-missing" in github.summary(five())


def test_a_long_summary_is_cut_between_lines_and_says_so() -> None:
    limit = 4000
    text = github.summary([run(broken=dict.fromkeys(SAMPLE, "L1: " + "长" * 900))], limit)
    assert len(text.encode()) <= limit
    assert text.endswith(github.cut())
    kept = text.removesuffix(github.cut()).splitlines()
    assert all(line.endswith("|") for line in kept if line.startswith("|"))


@pytest.mark.parametrize("limit", range(1000, 2000, 50))
def test_a_cut_summary_leaves_no_fold_open(limit: int) -> None:
    text = github.summary([run(), run()], limit)
    assert len(text.encode()) <= limit
    assert text.count("<details>") == text.count("</details>")


def test_the_summary_is_added_to_what_the_step_has_written(tmp_path: Path) -> None:
    place = tmp_path / "summary.md"
    place.write_text("before\n", encoding="utf-8")
    said: list[str] = []
    github.tell([run()], {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(place)}, said.append)
    assert place.read_text(encoding="utf-8").startswith("before\n## reference")
    assert said == []


def test_a_step_that_is_full_already_stays_as_it_is(tmp_path: Path) -> None:
    place = tmp_path / "summary.md"
    place.write_text("x" * github.SUMMARY_BYTES, encoding="utf-8")
    github.append_summary(place, [run()])
    assert place.stat().st_size == github.SUMMARY_BYTES


def test_the_whole_step_stays_below_one_mebibyte(tmp_path: Path) -> None:
    place = tmp_path / "summary.md"
    place.write_text("x" * (github.SUMMARY_BYTES - 3000), encoding="utf-8")
    github.append_summary(place, five() * 4)
    assert github.SUMMARY_BYTES - 3000 < place.stat().st_size <= github.SUMMARY_BYTES


def test_outside_github_nothing_is_said(tmp_path: Path) -> None:
    said: list[str] = []
    github.tell(five(), {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")}, said.append)
    assert said == []
    assert list(tmp_path.iterdir()) == []


def test_github_without_a_summary_file_gets_the_errors() -> None:
    said: list[str] = []
    github.tell([replace(five()[0])], {"GITHUB_ACTIONS": "true"}, said.append)
    assert said


def test_on_a_chinese_runner_annotations_and_summary_are_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    *_, line = github.errors([run(broken={"security/sign-missing": L5})])
    assert "reference 1.0.0：未通过 fail：L5：" in line
    assert "%0A期望（MUST）：" in line
    assert LINE.fullmatch(line)
    assert re.search(r"::另有 \d+ 条", github.errors(five())[-1])
    assert any("2 个受阻（transport/" in line for line in github.errors([run(verdicts=MIXED)]))
    text = github.summary(five(), 2000)
    assert text.endswith("完整的报告在结果文件中。*\n")
    assert len(text.encode()) <= 2000


def test_an_annotation_and_the_summary_tell_the_first_line_of_the_detail_in_either_language(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    detail = "trans_stat F says that the order was not closed; right: not_closed\nmore"
    made = run(broken={"response/stat-f-beats-code": SAMPLE["response/stat-f-beats-code"]})
    told = replace(made, cases=tuple(replace(case, detail=detail if case.detail else "") for case in made.cases))
    (line,) = github.errors([told])
    assert f"{SAMPLE['response/stat-f-beats-code']} ({detail.partition(chr(10))[0]})%0A" in line
    assert "right: not_closed)" in github.summary([told])
    monkeypatch.setattr(github, "language", lambda: "zh")
    (line,) = github.errors([told])
    assert "订单并未关单（trans_stat F 表示订单没有关单；应为：not_closed）%0A" in line
