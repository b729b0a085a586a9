"""The terminal report, word for word, for a run that has every verdict.

`python contract_tests/tests/test_terminal.py` writes the golden files anew.
"""

from __future__ import annotations

import io
import re
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path

import made_results
import pytest
from rich.cells import cell_len
from rich.console import Console

from huifu_contract.catalogue.registry import catalogue
from huifu_contract.grading.results import RunResult, Verdict
from huifu_contract.reports import terminal

GOLDEN = Path(__file__).parent / "golden" / "terminal.txt"
CHINESE = GOLDEN.with_name("terminal.zh.txt")


def shown() -> str:
    """What a pipe gets: no colours, no progress, no line that is wrapped."""
    broken = {"request/sign-key-order": "L3: the signature does not verify", "response/p-then-query": made_results.L5}
    return piped(made_results.run("php", broken, made_results.MIXED, ("webhook",), language="php", known=1))


def piped(run: RunResult) -> str:
    out = io.StringIO()
    with redirect_stdout(out):
        terminal.show(terminal.console(), run)
    return out.getvalue()


def test_the_report_reads_as_it_was_written_down() -> None:
    assert shown() == GOLDEN.read_text("utf-8")


def test_each_broken_law_has_a_line_of_its_own_and_match_is_told_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    both = f"{made_results.L1}; {made_results.L5}"
    run = made_results.run("php", {"security/foreign-reply": both}, language="php")
    set_in = " " * len("  broken:      ")
    assert f"\n  broken:      {made_results.L1}\n{set_in}{made_results.L5}\n  detail:" in piped(run)
    monkeypatch.setattr(terminal, "language", lambda: "zh")
    told = piped(run)
    assert f"\n{set_in}L5：依据不可信的应答得出结论 closed\n" in told
    assert f" {both}\n" in told


def test_on_a_chinese_terminal_the_report_is_in_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "language", lambda: "zh")
    assert shown() == CHINESE.read_text("utf-8")


def test_in_a_pipe_no_line_is_wrapped_and_none_ends_in_a_blank(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    assert shown() == GOLDEN.read_text("utf-8")
    assert " \n" not in GOLDEN.read_text("utf-8")


@pytest.mark.parametrize("width", [60, 80])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_on_a_terminal_lines_fit_and_no_number_is_parted_from_what_it_counts(
    language: str, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal, "language", lambda: language)
    broken = {"request/sign-key-order": "L3: the signature does not verify over the data that was sent"}
    run = made_results.run("php", broken, made_results.MIXED, ("webhook",), language="php", known=1)
    out = io.StringIO()
    terminal.show(Console(file=out, width=width, force_terminal=True, color_system=None), run)
    text = out.getvalue()
    whole = re.compile(r"( {4}|  +(英文|detail|详情|claim|结论|again|重新运行)\b)")  # sent, or to be pasted
    assert [line for line in text.splitlines() if cell_len(line) > width and not whole.match(line)] == []
    assert not re.search(r"\b[0-9]+ *$", text, re.MULTILINE)
    assert not re.search(r" $", text, re.MULTILINE)
    unbroken = piped(run).splitlines()
    place = next(at for at, line in enumerate(unbroken) if line.startswith("MUST "))
    assert " ".join(unbroken[place:]).split()[:8] == text[text.index("\nMUST ") :].split()[:8]


@pytest.mark.parametrize(("language", "said"), [("en", "detail:      not this"), ("zh", "详情：       签名有误：")])
def test_what_the_gateway_explains_is_in_the_language_of_the_terminal(
    language: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal, "language", lambda: language)
    run = made_results.run("php", {"request/endpoint": made_results.L1})
    explained = {"detail": "not this\n- but that", "detail_zh": "签名有误：\n- 应为那个"}
    told = piped(replace(run, cases=tuple(replace(case, **explained) if case.detail else case for case in run.cases)))
    assert f"  {said}\n{' ' * 15}- " in told


def test_every_failure_ends_with_the_command_that_repeats_it() -> None:
    run = made_results.run("php", made_results.SAMPLE)
    commands = [line for line in piped(run).splitlines() if line.startswith("  again: ")]
    failing = [case for case in run.cases if case.verdict is Verdict.FAIL]
    assert len(commands) == len(failing) == len(made_results.SAMPLE)
    for command, case in zip(commands, failing, strict=True):
        assert f"--case {case.id} " in command
        assert (case.replay or "--seed 0 --profile ci") in command


def test_what_fails_as_a_control_does_is_named_under_it_and_shown_once() -> None:
    names = ("control/accepts-honest-success", "request/endpoint", "request/envelope", "request/sign-verifies")
    run = made_results.run("php", dict.fromkeys(names, made_results.L1))
    changes: dict[str, dict[str, str]] = {
        name: {"root": "the same as in control/accepts-honest-success", "detail": "no key"} for name in names[1:]
    }
    changes[names[0]] = {"detail": "no key\nsigned: this"}
    changes[names[3]]["detail"] = "the key is wrong"
    told = piped(replace(run, cases=tuple(replace(case, **changes.get(case.id, {})) for case in run.cases)))
    assert "  2 more cases fail in the same way: request/endpoint, request/envelope\n" in told
    assert [line for line in told.splitlines() if line.startswith("FAIL ")] == [
        "FAIL MUST control/accepts-honest-success",
        "FAIL MUST request/sign-verifies",
    ]


def test_what_the_client_prints_with_every_example_is_shown_once() -> None:
    run = made_results.run("php", {"security/sign-missing": made_results.L5})
    noise = "".join(f"warning: slow\nhint of call-{number}: sign `/` as it is\n" for number in range(1, 31))
    cases = tuple(replace(case, stderr=noise + "the end\n") if case.stderr else case for case in run.cases)
    told = piped(replace(run, cases=cases)).partition("stderr of the client:\n")[2].splitlines()
    assert [line.strip() for line in told[:3]] == [
        "warning: slow  (30 times)",
        "hint of call-…: sign `/` as it is  (30 times)",
        "the end",
    ]


def test_of_what_the_client_prints_the_last_block_stays_whole() -> None:
    run = made_results.run("php", {"security/sign-missing": made_results.L5})
    noise = "".join(f"sent {{\n  number: {number}\n}}\n" for number in range(1, 31))
    cases = tuple(replace(case, stderr=noise) if case.stderr else case for case in run.cases)
    told = (
        piped(replace(run, cases=cases)).partition("stderr of the client:\n")[2].partition("  again:")[0].splitlines()
    )
    assert [line.strip() for line in told[-3:]] == ["sent {  (30 times)", "number: 30", "}  (30 times)"]


def _only(*verdicts: Verdict) -> RunResult:
    run = made_results.run("php", verdicts=dict.fromkeys(catalogue(), Verdict.NOTE), without=("webhook",))
    return replace(run, cases=tuple(case for case in run.cases if case.verdict in verdicts))


@pytest.mark.parametrize(
    ("run", "why"),
    [
        (replace(_only(), grades=()), "The client offers decision, hook, wire, and --grade asks for something else"),
        (_only(), "No case that --case names is of a grade that the client offers"),
        (
            _only(Verdict.SKIP),
            "were skipped: the client does not claim webhook. Add what it can do to its `claims` and",
        ),
        (_only(Verdict.NOTE), "findings that are only recorded do not count"),
    ],
)
def test_a_run_without_a_score_says_why_and_what_to_do(run: RunResult, why: str) -> None:
    told = piped(run)
    assert why in told
    assert "()" not in told


def test_a_passive_run_that_heard_nothing_says_so() -> None:
    run = made_results.run("php")
    told = piped(replace(run, cases=(), client={**run.client, "spec": "passive:agent"}))
    assert "No call was received" in told
    assert "--case" not in told


def test_what_an_interrupted_run_did_not_reach_is_one_block_and_the_last_line_names_resume() -> None:
    run = made_results.run("php")
    left = tuple(replace(case, verdict=Verdict.NOT_RUN, root="interrupted") for case in run.cases[5:])
    lines = piped(replace(run, cases=(*run.cases[:5], *left), interrupted=True)).splitlines()
    assert [line for line in lines if "NOT-RUN" in line] == [f"NOT-RUN {len(left)} cases, one cause: interrupted"]
    assert "--resume FILE.jsonl" in lines[-1]


def test_an_interrupted_run_of_resume_names_its_file_and_does_not_advise_what_was_done() -> None:
    run, out = replace(made_results.run("php"), interrupted=True), io.StringIO()
    with redirect_stdout(out):
        terminal.show(terminal.console(), run, Path("deep.jsonl"))
    assert out.getvalue().splitlines()[-1] == "Interrupted. The same command goes on from deep.jsonl."


def test_the_last_line_says_what_to_do_next_if_anything_is_not_ok() -> None:
    assert "known --print" in piped(made_results.run("php", made_results.SAMPLE)).splitlines()[-1]
    assert piped(made_results.run("php")).splitlines()[-1].startswith("MUST")


def test_cases_that_were_not_asked_are_told() -> None:
    run = made_results.run("php")
    cases = tuple(case for case in run.cases if case.group != "webhook")
    offers = {**run.client, "profiles": ["decision", "wire"]}
    told = piped(replace(run, cases=cases, grades=("decision", "wire"), client=offers))
    assert "(9 webhook): the client lists no hook in its `profiles`" in told


def test_the_chance_of_a_miss_is_told_in_words() -> None:
    run = made_results.run("php")
    cases = tuple(replace(case, judged=("L1",), inputs=10, drawn=5) for case in run.cases[:3])
    lines = piped(replace(run, cases=cases)).splitlines()
    at = lines.index("The chance that this run missed a fault that shows in some inputs only:")
    heads, first = (re.split("  +", line.strip()) for line in lines[at + 1 : at + 3])
    assert heads == ["law", "in 1 of 20", "in 1 of 100", "in 1 of 1000", "inputs tried"]
    assert first[:5] == ["L1", "46 %", "86 %", "99 %", "30, 15 of them random"]


def test_the_table_of_chances_has_its_columns_apart_in_chinese_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "language", lambda: "zh")
    run = made_results.run("php")
    cases = tuple(replace(case, judged=("L1",), inputs=10, drawn=5) for case in run.cases[:3])
    lines = piped(replace(run, cases=cases)).splitlines()
    heads = lines[lines.index("只在部分输入中出现的错误，本次运行漏过它的概率：") + 1]
    assert heads.split() == ["1/20", "1/100", "1/1000", "已试的输入"]


if __name__ == "__main__":
    for terminal.language, golden in ((lambda: "en", GOLDEN), (lambda: "zh", CHINESE)):
        golden.write_text(shown(), "utf-8")
