"""The command line from outside: exit codes, files, the replay command, and nothing green by mistake."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as Xml

import made_results
import pytest

from huifu_contract import schemas
from huifu_contract.catalogue.record import RANK
from huifu_contract.catalogue.registry import catalogue, select
from huifu_contract.cli.main import main
from huifu_contract.grading import results
from huifu_contract.grading.results import CaseResult, RunResult, Verdict
from huifu_contract.harness.laws import TITLES
from huifu_contract.reports import again as once_more
from huifu_contract.reports import junit, markdown
from huifu_contract.reports.words import say

HERE = Path(__file__).parent.parent
STDLIB = f"cmd:{sys.executable} {HERE / 'huifu_contract' / 'mutants' / 'stdlib_client.py'}"
DO_NOTHING = f"cmd:{sys.executable} -m huifu_contract.mutants.do_nothing"
FEW = ["--case", "request/by-*", "--seed", "0", "-n", "1"]


@pytest.fixture(autouse=True)
def somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    import os

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    monkeypatch.delenv("CI", raising=False)
    return tmp_path


def test_a_right_client_gives_0_and_all_files(somewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = ["--report", "out/r.json", "--junit", "out/r.xml", "--md", "out/r.md"]
    assert main(["client", "--client", STDLIB, *FEW, *files]) == 0
    shown = capsys.readouterr().out
    assert "seed 0" in shown
    assert "MUST 2/2" in shown
    document = json.loads((somewhere / "out/r.json").read_text())
    assert schemas.complaint("result", document) is None
    assert json.loads(json.dumps(results.read(somewhere / "out/r.json").document())) == document
    assert len(Xml.parse(somewhere / "out/r.xml").findall(".//testcase")) == 5
    assert "| MUST | 2 / 2 |" in (somewhere / "out/r.md").read_text()
    assert main(["report", "out/r.json"]) == 0


def test_without_a_command_it_says_where_to_start_and_is_not_green(
    somewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([]) == 4
    steps = capsys.readouterr().out.partition("start here:")[2].splitlines()[1:3]
    begin, grade = (shlex.split(step.partition("   ")[0] if "init" in step else step) for step in map(str.strip, steps))
    assert main(begin[1:]) == 0
    assert (somewhere / grade[-1].rpartition(" ")[2]).is_file()
    capsys.readouterr()
    assert main([*grade[1:-1], f"cmd:{sys.executable} close_adapter.py", "--case", "request/by-*"]) == 3
    report = capsys.readouterr().out
    written = (somewhere / "close_adapter.py").read_text().splitlines()
    line = next(number for number, text in enumerate(written, 1) if "put the call of your application here" in text)
    told = f"the adapter calls no application yet: put the call of your application here: close_adapter.py:{line}"
    assert [report.count("broken: "), report.count("\nBLOCKED")] == [1, 1]
    assert told in report


def test_a_command_that_does_not_exist_is_told_with_the_one_that_was_meant(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pasive"]) == 4
    assert "there is no command 'pasive'; did you mean passive?" in capsys.readouterr().err
    assert main(["grade"]) == 4
    assert "there is no command 'grade'; choose client, passive, server" in capsys.readouterr().err


def test_a_do_nothing_client_gives_1_one_root_cause_and_a_replay(
    somewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args = ["client", "--client", f"{DO_NOTHING} always-unknown", "--case", "security/*", "--seed", "0", "-n", "1"]
    assert main([*args, "--report", "r.json"]) == 1
    lines = capsys.readouterr().out.splitlines()
    blocked = f"BLOCKED {len(select(['security/*']))} cases, one cause: control/accepts-honest-success is red"
    assert any(blocked in line for line in lines)
    again, *_ = [shlex.split(line.partition("again:")[2]) for line in lines if line.startswith("  again:")]
    assert again[:2] == ["huifu-contract", "client"]
    assert "--replay" in again
    assert main(again[1:]) == 1
    assert main(["known", "--print", "r.json"]) == 0
    assert '[[known]]\ncase   = "control/accepts-honest-success"' in capsys.readouterr().out


def test_of_a_run_without_a_failure_nothing_is_listed_and_that_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    _run(_result(verdict=Verdict.PASS)).write(Path("r.json"))
    assert main(["known", "--print", "r.json"]) == 0
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "no case of r.json fails, so there is nothing to list\n")


def test_on_a_chinese_terminal_an_entry_asks_in_chinese_for_the_reason_and_matches_in_english(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    _run(_result(verdict=Verdict.FAIL, signature="L3: the body is empty")).write(Path("r.json"))
    assert main(["known", "--print", "r.json"]) == 0
    assert 'reason = "暂时接受它的原因"\nmatch  = "L3: the body is empty"\n' in capsys.readouterr().out
    _run(_result(verdict=Verdict.PASS)).write(Path("r.json"))
    assert main(["known", "--print", "r.json"]) == 0
    assert capsys.readouterr().err == "r.json 中没有未通过的用例，因此没有可登记的条目\n"


def test_garbage_on_stdout_gives_3(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["client", "--client", f"{DO_NOTHING} prints-garbage", *FEW]) == 3
    assert "for the protocol alone" in capsys.readouterr().out


@pytest.mark.parametrize(
    "args",
    [
        ["client"],
        ["client", "--client", "php x"],
        ["client", "--client", "cmd:/no/such/program"],
        ["client", "--client", f"{DO_NOTHING} crashes-at-start"],
        ["client", "--client", STDLIB, "--case", "no/such"],
        ["client", "--client", STDLIB, "--known", "missing.toml"],
        ["client", "--client", STDLIB, "--replay", "missing.json"],
        ["client", "--client", STDLIB, "--budget", "soon"],
        ["client", "--client", STDLIB, "-n", "0"],
        ["cases", "--show", "no/such"],
        ["known", "--print", "missing.json"],
        ["selftest", "unicorn"],
        ["no-such-command"],
    ],
)
def test_a_wrong_use_gives_4(args: list[str]) -> None:
    assert main(args) == 4


def test_a_grade_that_the_client_does_not_offer_gives_5(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["client", "--client", f"{DO_NOTHING} always-closed", "--grade", "hook", *FEW]) == 5
    assert "nothing was graded" in capsys.readouterr().out


def test_cases_that_the_client_does_not_offer_give_5_and_say_why(capsys: pytest.CaptureFixture[str]) -> None:
    """The controls pass, and nothing that was asked for is graded."""
    client = ["client", "--client", STDLIB, "--grade", "wire", "--grade", "decision"]
    assert main([*client, "--case", "webhook/*"]) == 5
    said = capsys.readouterr().out
    assert "cases that would count were skipped: of the grade hook, and graded are decision, wire alone" in said
    assert main([*client, "--case", "control/*"]) == 0


def test_the_catalogue_can_be_listed_and_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cases", "--list"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(catalogue())
    assert main(["cases", "--show", "security/sign-missing"]) == 0
    assert "建议对返回结果进行签名验证" in capsys.readouterr().out


@pytest.mark.parametrize(("language", "name"), [("en", "CASES.md"), ("zh", "CASES.zh-CN.md")])
def test_cases_md_is_what_the_records_say(language: str, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cases", "--md", language]) == 0
    assert (HERE / name).read_text(encoding="utf-8") == capsys.readouterr().out, (
        f"huifu-contract cases --md {language} > contract_tests/{name}"
    )


def test_the_cases_as_json_fit_their_schema_and_have_their_sentences_in_both_languages(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["cases", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert schemas.complaint("cases", told) is None
    assert [case["id"] for case in told["cases"]] == list(catalogue())
    assert told["count"] == len(catalogue())
    for case in told["cases"]:
        record = catalogue()[case["id"]]
        assert (case["says"]["en"], case["quote"]["en"]) == (record.says, record.quote)
        assert re.search("[\u3400-\u9fff]", case["says"]["zh"])
        assert case["graded"] is not record.recorder


def test_on_a_chinese_terminal_a_case_is_shown_in_chinese(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert main(["cases", "--show", "request/both-numbers"]) == 0
    assert capsys.readouterr().out.splitlines()[:4] == [
        "request/both-numbers",
        "  通过条件：   给出订单的两个号码时，两个都发送。",
        "  依据原文：   确定的结论必须为真。两个流水号是否指同一笔订单由网关判断，因此两个都要发送。",
        "  级别：       SHOULD（依据：safety）：文档只要求二选一；另一个是应用自加的保障",
    ]


def test_every_recorder_and_every_assumption_is_listed_alike_in_both_languages() -> None:
    text, chinese = (HERE.joinpath(name).read_text("utf-8") for name in ("ASSUMPTIONS.md", "ASSUMPTIONS.zh-CN.md"))
    assert sorted(re.findall("`[^`]+`", text)) == sorted(re.findall("`[^`]+`", chinese))
    assert text.count("\n- **") == chinese.count("\n- **")
    for record in catalogue().values():
        if RANK[record.level] == 0 or record.basis == "assume":
            assert record.id in text


def _result(**more: object) -> CaseResult:
    members: dict[str, object] = {
        "id": "request/endpoint", "verdict": Verdict.FAIL, "level": "MUST", "basis": "spec", "kind": "S", "rev": 1,
        "quote": "q", "says": "s",
    }  # fmt: skip
    return CaseResult(**{**members, **more})  # type: ignore[arg-type]  # a table of keywords


def _run(*cases: CaseResult) -> RunResult:
    client = {
        "spec": "cmd:x",
        "name": "a|b",
        "version": "1",
        "language": "x",
        "profiles": [],
        "claims": [],
        "restarts": 0,
    }
    return RunResult(
        "1", "6", "3", "2026-01-01T00:00:00+08:00", 1.0, client, "quick", ("wire",), "should", 0, True, 0, cases
    )


def test_hostile_text_breaks_no_report() -> None:
    nasty = 'a|b <script>&"\x00\x1b]\ud800`'
    run = _run(_result(signature=nasty, detail=nasty, traffic=(nasty,), stderr=nasty))
    case = Xml.fromstring(junit.render([run])).find(".//testcase")
    assert case is not None
    assert case.get("name") == "request/endpoint"
    assert "<script>" not in markdown.render([run])
    assert all(
        line.count("|") - line.count("\\|") in (0, 3, 5)
        for line in markdown.render([run]).splitlines()
        if line.startswith("|")
    )


def test_the_markdown_report_says_what_the_laws_are_that_were_broken() -> None:
    run = made_results.run("php", made_results.SAMPLE)
    laws = {law for case in run.cases for law in case.laws}
    lines = markdown.render([run]).splitlines()
    assert laws
    assert [line for line in lines if line.startswith("- ")] == [
        f"- {law}: {title}" for law, title in TITLES.items() if law in laws
    ]
    assert not any(line.startswith("- ") for line in markdown.render([made_results.run("php")]).splitlines())


def test_on_a_chinese_terminal_the_markdown_report_is_chinese_and_junit_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [made_results.run("php", made_results.SAMPLE, made_results.MIXED)]
    english = junit.render(runs)
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert junit.render(runs) == english
    written = markdown.render(runs)
    assert "| 级别 | 通过 / 计入得分 |\n|---|---|\n| MUST |" in written
    assert "| SHOULD | 未通过 fail | L2：" in written
    assert f"- L1: {say('zh', 'L1')}" in written
    prose = [line for line in written.splitlines() if not line.startswith(("huifu-contract", "## php", "`cmd:php"))]
    sample = "（the reply carried an empty sign[^）]*）|line 14 on .*Warning'|accepted for now"
    values = re.compile(f"`[^`]*`|signed raw|the helper re-encodes|bad date|{sample}")
    assert not [line for line in prose if re.search("[a-z]+ [a-z]+", values.sub("", line))]


def test_every_report_has_the_command_that_runs_a_failure_again() -> None:
    passes = _result(id="request/by-both", verdict=Verdict.PASS)
    run = _run(_result(signature="L3: no"), passes)
    command = "huifu-contract client --client cmd:x --case request/endpoint --seed 0 --profile quick"
    assert junit.render([run]).count(f"again: {command}") == 1
    assert f"```sh\n{command}\n```" in markdown.render([run])
    here = {
        spec: replace(run, client={**run.client, "spec": spec}) for spec in ("passive:shop", "server x", "pytest:me")
    }
    commands = [once_more.again(each, each.cases[0]) for each in here.values()]
    assert commands == ["", "", "pytest --huifu-case request/endpoint"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("known --print worse.json", 0),
        ("diff right.json worse.json --md changes.md", 1),
        ("report worse.json", 0),
        ("--help", 0),
    ],
)
def test_a_reader_that_has_had_enough_changes_no_exit_code_and_sees_no_traceback(
    words: str, code: int, somewhere: Path
) -> None:
    for name, verdict in (("right", Verdict.PASS), ("worse", Verdict.FAIL)):
        _run(*(_result(id=f"request/{number}", verdict=verdict) for number in range(500))).write(Path(f"{name}.json"))
    command = [sys.executable, "-m", "huifu_contract", *words.split()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        running.stdout.close()
        assert running.stderr is not None
        assert running.stderr.read() == b""
    assert running.returncode == code
    assert {path.suffix for path in somewhere.iterdir()} - {".json"} == {f".{one}" for one in ("md",) if one in words}


def test_blocked_stays_in_the_denominator_and_controls_do_not_count() -> None:
    run = _run(
        _result(verdict=Verdict.PASS),
        _result(id="request/envelope", verdict=Verdict.BLOCKED),
        _result(id="control/second-call", verdict=Verdict.PASS),
        _result(id="request/seq-unique", verdict=Verdict.SKIP),
    )
    assert run.score() == {"MUST": (1, 2)}
    assert run.exit == 1


@pytest.mark.parametrize(
    ("typed", "meant"), [("securty/*", "security/*"), ("security/sign-misssing", "security/sign-missing")]
)
def test_a_case_that_is_not_there_is_told_with_the_one_that_was_meant(
    typed: str, meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cases", "--show", typed]) == 4
    assert f"did you mean {meant}?" in capsys.readouterr().err
    assert main(["client", "--client", "py:anything:close", "--case", typed]) == 4
    assert f"did you mean {meant}?" in capsys.readouterr().err
