"""`huifu-contract server`: files, exit codes, and how two servers differ field by field."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from broken_servers.bugs import BUGS

import huifu_mock
from huifu_contract.cli.main import main
from huifu_contract.server import results
from huifu_contract.server.grade import Options, grade
from huifu_contract.server.target import Target


@pytest.fixture(scope="module")
def server() -> Iterator[huifu_mock.Server]:
    with huifu_mock.Server(orders=[]) as running:
        yield running


def graded(server: huifu_mock.Server, place: Path, *cases: str) -> Path:
    grade(Target(server.base_url), Options(cases=cases), connection=server).write(place)
    return place


def test_a_graded_server_leaves_its_files(
    server: huifu_mock.Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {name: tmp_path / f"result.{name}" for name in ("json", "xml", "md")}
    words = ["server", "--base-url", server.base_url, "--case", "server/e*", "--report", str(files["json"])]
    assert main([*words, "--junit", str(files["xml"]), "--md", str(files["md"])]) == 0
    out = capsys.readouterr().out
    assert "server/either-or-neither" in out
    assert "control API" in out
    assert 'name="server/echo-fields"' in files["xml"].read_text(encoding="utf-8")
    assert "either-or-both" in files["md"].read_text(encoding="utf-8")
    found = results.read(files["json"])
    assert [case.id.partition("/")[2][0] for case in found.cases] == ["e"] * 4


def test_a_broken_server_is_exit_1_with_the_sentence_it_breaks(
    server: huifu_mock.Server, capsys: pytest.CaptureFixture[str]
) -> None:
    bug = next(bug for bug in BUGS if bug.name == "union-pay-closable")
    with bug.plant():
        assert main(["server", "--base-url", server.base_url, "--case", "server/union-pay"]) == 1
    out = capsys.readouterr().out
    assert "23000004" in out
    assert "原订单为银联二维码交易，不支持关单" in out
    assert re.search("  again: +huifu-contract server .* --case server/union-pay\n", out)


def test_on_a_chinese_terminal_a_server_is_reported_on_in_chinese_and_its_files_stay_english(
    server: huifu_mock.Server, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    right, wrong = (str(tmp_path / name) for name in ("right.json", "wrong.json"))
    words = ["server", "--base-url", server.base_url, "--case", "server/union-pay", "--report"]
    assert main(["server", "--base-url", server.base_url, "--case", "server/either-or-both"]) == 0
    assert "server/either-or-both：分属两笔订单：23000001 原交易不存在 F；同属一笔订单：" in capsys.readouterr().out
    assert main([*words, right]) == 0
    with next(bug for bug in BUGS if bug.name == "union-pay-closable").plant():
        assert main([*words, wrong]) == 1
    out = capsys.readouterr().out
    assert "  通过条件：   银联订单关单得到 23000004。\n" in out
    assert "  问题：       [U_NATIVE]：应答为 00000000 交易成功 S；期望 23000004 " in out
    assert "; expected 23000004 " in results.read(Path(wrong)).cases[0].signature
    assert main(["server", "--diff", right, wrong]) == 1
    assert "3 个应答和 1 个判定不同" in capsys.readouterr().out
    assert main(["server", "--diff", right, right]) == 0
    assert "没有差异" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--base-url", "127.0.0.1:8080"],
        ["--base-url", "https://api.huifu.com"],
        ["--base-url", "https://sandbox.example.com"],
        ["--base-url", "http://127.0.0.1:9"],
        ["--base-url", "http://127.0.0.1:9", "--target", "nowhere.toml"],
        ["--base-url", "http://127.0.0.1:9", "--rate", "0"],
        ["--base-url", "http://127.0.0.1:9", "--allow-wait", "soon"],
        ["--base-url", "http://127.0.0.1:9", "--case", "server/nonsense"],
        ["--show", "server/nonsense"],
        ["--diff", "nowhere.json", "nowhere.json"],
    ],
)
def test_what_cannot_be_done_is_exit_4(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["server", *words]) == 4
    assert "huifu-contract: " in capsys.readouterr().err


def test_the_catalogue_is_listed_and_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["server", "--list"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 26
    assert main(["server", "--show", "server/one-minute-60s"]) == 0
    assert "不允许关闭一分钟以内的订单" in capsys.readouterr().out


def test_the_same_server_twice_does_not_differ(
    server: huifu_mock.Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = ("server/[!s]*",)
    a, b = (str(graded(server, tmp_path / name, *cases)) for name in ("a.json", "b.json"))
    assert main(["server", "--diff", a, b]) == 0
    assert "no difference" in capsys.readouterr().out


def test_two_servers_that_differ_are_told_apart_field_by_field(
    server: huifu_mock.Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = ("server/final-order", "server/unknown-order")
    a = graded(server, tmp_path / "a.json", *cases)
    bug = next(bug for bug in BUGS if bug.name == "texts-of-23000000-swapped")
    with bug.plant():
        b = graded(server, tmp_path / "b.json", *cases)
    found = results.differences(results.read(a), results.read(b))
    said = "原订单已为终态,无法发起关单操作", "关单状态为终态，不能重复关单"
    assert found == [
        results.Difference("server/final-order", "", "verdict", "pass", "fail"),
        results.Difference("server/final-order", "paid", "resp_desc", *said),
        results.Difference("server/final-order", "failed", "resp_desc", *said),
    ]
    assert main(["server", "--diff", str(a), str(b)]) == 1
    out = capsys.readouterr().out
    assert "server/final-order [paid]" in out
    assert "2 answers and 1 verdicts differ" in out


def test_a_question_that_only_one_was_asked_is_one_difference(server: huifu_mock.Server, tmp_path: Path) -> None:
    a = results.read(graded(server, tmp_path / "a.json", "server/union-pay", "server/bad-date"))
    b = results.read(graded(server, tmp_path / "b.json", "server/union-pay"))
    assert results.differences(a, b) == [results.Difference("server/bad-date", "", "case", "run", "(not asked)")]


def test_another_kind_of_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "x.json"
    place.write_text(json.dumps({"format": 1}), encoding="utf-8")
    assert main(["server", "--diff", str(place), str(place)]) == 4
    assert "huifu-contract server" in capsys.readouterr().err
