"""`huifu-contract diff`: what changed between two result files."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import made_results
import pytest

from huifu_contract.cli.main import main
from huifu_contract.grading.results import RunResult, Verdict
from huifu_contract.reports import changes

OLD = made_results.run("shop", {"security/sign-missing": made_results.L5, "response/p-then-query": made_results.L1})
NEW = made_results.run(
    "shop",
    {"response/p-then-query": made_results.L4, "transport/lost-after-close": made_results.L1},
    version="2.0.0",
)


def kinds(a: RunResult, b: RunResult) -> dict[str, str]:
    return {change.case: change.kind for change in changes.changes(a, b)}


def test_what_got_worse_what_is_ok_now_and_what_fails_in_another_way_are_told_apart() -> None:
    assert kinds(OLD, NEW) == {
        "transport/lost-after-close": "worse",
        "security/sign-missing": "better",
        "response/p-then-query": "other",
    }
    assert changes.worse(changes.changes(OLD, NEW))


def test_what_was_not_run_or_blocked_is_told_apart_from_what_fails() -> None:
    passed, failed = (next(c for c in OLD.cases if c.verdict is v) for v in (Verdict.PASS, Verdict.FAIL))
    for verdict in (Verdict.NOT_RUN, Verdict.BLOCKED):
        left_out = {case.id: replace(case, verdict=verdict, root="the budget is used up") for case in (passed, failed)}
        later = replace(OLD, cases=tuple(left_out.get(case.id, case) for case in OLD.cases))
        assert kinds(OLD, later) == dict.fromkeys(left_out, "unrun")
        assert changes.worse(changes.changes(OLD, later))
        assert "Not ok any more" not in changes.text(OLD, later)
        assert kinds(later, later) == {}


def test_two_equal_runs_differ_in_nothing() -> None:
    assert kinds(OLD, replace(OLD, seconds=1.0)) == {}
    assert "No case ended otherwise" in changes.text(OLD, OLD)
    assert "No case ended otherwise" in changes.markdown(OLD, OLD)


def test_cases_of_another_kit_are_new_or_gone_and_a_new_one_that_fails_is_worse() -> None:
    older = replace(OLD, cases=OLD.cases[1:])
    assert kinds(older, OLD) == {OLD.cases[0].id: "new"}
    assert not changes.worse(changes.changes(older, OLD))
    assert kinds(OLD, older) == {OLD.cases[0].id: "gone"}
    failing = replace(OLD, cases=(replace(OLD.cases[0], verdict=Verdict.FAIL), *OLD.cases[1:]))
    assert changes.worse(changes.changes(older, failing))


def test_a_recorded_finding_that_changed_is_told_and_a_pass_that_took_longer_is_not() -> None:
    note = next(case for case in OLD.cases if case.verdict is Verdict.NOTE)
    other = tuple(replace(case, signature="U+2028: signed escaped") if case is note else case for case in OLD.cases)
    assert kinds(OLD, replace(OLD, cases=other)) == {note.id: "verdict"}


def test_what_makes_two_runs_hard_to_compare_is_said_first() -> None:
    assert "two different clients" in changes.text(OLD, replace(NEW, client={**NEW.client, "name": "other"}))
    assert "other inputs were tried" in changes.text(OLD, replace(NEW, seed=9))
    drawn = replace(NEW, cases=tuple(replace(case, digest="abc") for case in NEW.cases))
    assert "the same seed drew other inputs" in changes.text(NEW, drawn)


def test_the_command_prints_the_changes_writes_markdown_and_ends_with_1_if_something_got_worse(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a, b, md = tmp_path / "a.json", tmp_path / "b.json", tmp_path / "changes.md"
    OLD.write(a)
    NEW.write(b)
    assert main(["diff", str(a), str(b), "--md", str(md)]) == 1
    told = capsys.readouterr().out
    assert "Not ok any more (1)\n  MUST   transport/lost-after-close" in told
    assert f"B fail: {made_results.L1}" in told
    assert "### Ok now (1)" in md.read_text("utf-8")
    assert main(["diff", str(a), str(a)]) == 0
    assert main(["diff", str(a), str(tmp_path / "none.json")]) == 4


def test_on_a_chinese_terminal_what_changed_is_told_in_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    told = changes.text(replace(OLD, cases=OLD.cases[1:]), NEW)
    assert "变差：原来通过，现在未通过（1）" in told
    assert "         B 未通过 fail：L1：结论为 closed，但订单并未关单" in told
    assert "         A （没有这个用例）" in told
    assert changes.text(OLD, OLD).endswith("所有用例的结果都没有变化。")


def test_on_a_chinese_terminal_the_markdown_of_what_changed_is_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    written = changes.markdown(OLD, replace(NEW, seed=9))
    assert "### 变差：原来通过，现在未通过（1）\n\n| 用例 | 级别 | 之前 | 之后 |\n|---|---|---|---|\n" in written
    assert "| 未通过 fail：L1：结论为 closed，但订单并未关单 |" in written
    prose = re.sub(r"`[^`]*`|MUST|SHOULD|shop", "", written)
    assert not re.search(r"[a-z]+ [a-z]+", prose)
    assert "没有变化" in changes.markdown(OLD, OLD)
