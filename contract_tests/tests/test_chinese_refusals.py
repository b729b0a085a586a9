"""On a Chinese terminal the kit says in Chinese what is wrong with a file, with an adapter, and with the kit itself."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from huifu_contract.cli import selftest as told
from huifu_contract.cli.main import main
from huifu_contract.mutants.selftest import Found, Made, Seen, Wrong
from huifu_contract.reports import failures
from huifu_contract.specification import page
from huifu_contract.specification.sentences import sentences

ROOT = Path(__file__).parents[2]
SCHEMAS = ("known", "replay", "checkpoint", "result", "server-result", "target", "adapter/from-client")
SENTENCE = re.compile(r"(?<!huifu-)\b[A-Za-z]+ [a-z]+")
"""What a sentence has, and a name or a value has not."""
KNOWN = '[[known]]\ncase = "security/sign-missing"\n'
CLIENT = ("client", "--client", "py:nowhere:close")
REPLAY = {
    "format": 1, "case": "security/sign-missing", "rev": 99, "example": {}, "signature": "s", "kit": "1",
    "hypothesis": "6", "sequence": [],
}  # fmt: skip


@pytest.fixture(autouse=True)
def chinese(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (KNOWN, "known.0：缺少 'reason'"),
        (f'{KNOWN}reason = ""', 'known.0.reason: "" 不能为空（接受它的理由）'),
        (f'{KNOWN}reason = " "', "security/sign-missing 的条目没有写理由"),
        (f'{KNOWN}reason = "r"\nwhy = "w"', "known.0：不认识的字段：'why'"),
        (f'{KNOWN}reason = "r"\nflaky = "no"', '"no" 不是 boolean 类型（true：它也可以通过）'),
        (f'{KNOWN}reason = "r"\nclient = "x@2.x"', "'2.x' 不是版本范围"),
        (f'{KNOWN}reason = "r"\n{KNOWN}reason = "r"', "有两条都涉及 security/sign-missing"),
        ('[[known]]\ncase = "securty/x"\nreason = "r"', "没有 'securty/x' 这个用例"),
        ('[[known]]\ncase = "request/*"\nreason = "r"', "'request/*' 包括全部 "),
        ("[[known]\n", "不是 TOML：数组表名之后应为 ]]（第 1 行第 8 列）"),
    ],
)
def test_what_is_wrong_with_a_list_of_known_failures(
    text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tmp_path.joinpath("known.toml").write_text(text, "utf-8")
    _refused((*CLIENT, "--known", "known.toml"), said, capsys)


@pytest.mark.parametrize(
    ("words", "text", "said"),
    [
        (("--replay",), "{}", "不是重放文件：缺少 'format'"),
        (("--replay",), "none", "不是 JSON，因此不是重放文件"),
        (("--replay",), json.dumps(REPLAY), "已过时：它属于第 99 版，而 security/sign-missing 现为第 "),
        (("--replay",), json.dumps({**REPLAY, "format": 2}), "format: 2 应为 1"),
        (("--replay",), json.dumps({**REPLAY, "case": "a/b"}), "没有 a/b 这个用例"),
        (("--resume",), "none", "不是 --resume 的文件"),
        (("--resume",), '{"checkpoint": 1}\n', "第 1 行不是 --resume 文件的内容：缺少 'started'"),
    ],
)
def test_what_is_wrong_with_a_replay_or_a_file_of_resume(
    words: tuple[str, ...], text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tmp_path.joinpath("file").write_text(text, "utf-8")
    _refused((*CLIENT, *words, "file"), said, capsys)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("report", "file"), "不是格式 1 的结果文件：缺少 'format'"),
        (("server", "--diff", "file", "file"), "不是 huifu-contract server 的结果文件：缺少 'format'"),
        (("report", "none"), "none：没有这个文件或文件夹"),
        (("vectors", "--out", "file"), "无法写入 "),
        (("spec", "--html", "none/spec.html"), "无法写入 none/spec.html：没有这个文件或文件夹"),
        (("selftest", "unicorn"), "没有 unicorn 这个客户端；可选：reference, "),
        ((*CLIENT, "--budget", "soon"), "--budget 'soon' 不是时长"),
        (("passive", "--agent", "a", "--port", "99999"), "--port 99999 不是端口；请用 0 到 65535"),
        (("server", "--base-url", "http://127.0.0.1:1"), "（http://127.0.0.1:1 没有 huifu-mock 应答（"),
    ],
)
def test_what_is_wrong_with_a_result_or_an_option(
    words: tuple[str, ...], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tmp_path.joinpath("file").write_text("{}", "utf-8")
    _refused(words, said, capsys)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('clint = "x"', "没有 'clint' 这个键；可用的键：budget, "),
        ("seed = -1", "seed 应为不小于 0 的整数，而不是 -1"),
        ("client = 1", "client 应为字符串或字符串列表，而不是 1"),
        ("md = 3", "md 应为字符串，而不是 3"),
        ('level = "may"', "level 可取 must, should，不能是 'may'"),
    ],
)
def test_what_is_wrong_with_the_settings(
    settings: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tmp_path.joinpath("huifu-contract.toml").write_text(settings, "utf-8")
    _refused(("client",), said, capsys)


def _refused(words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words]) == 4
    error = capsys.readouterr().err
    assert said in error
    assert not SENTENCE.search(error)


def test_another_run_in_the_file_of_resume_is_told_member_by_member() -> None:
    from huifu_contract.cli.parser import Parser

    english = 'r.jsonl is of another run: seed 1 there, 2 here; client "py:a" there, "py:b" here; '
    said = Parser.say(f"{english}give what is there, or name another file")
    assert said == (
        'r.jsonl 属于另一次运行：seed 在文件中为 1，这里为 2；client 在文件中为 "py:a"，这里为 "py:b"；'
        "请照文件中的给出，或指定另一个文件"
    )


def described(node: Any) -> Iterator[str]:
    """What the members of a schema say of themselves in English alone."""
    if isinstance(node, dict):
        for members in (node.get("properties", {}), node.get("$defs", {})):
            for member in members.values():
                text = member.get("description", "")
                if SENTENCE.search(text) and not re.search("[\u3400-\u9fff]", text):
                    yield text.rstrip(".")
        for below in node.values():
            yield from described(below)
    elif isinstance(node, list):
        for below in node:
            yield from described(below)


@pytest.mark.parametrize("name", SCHEMAS)
def test_what_a_schema_says_of_a_member_is_there_in_chinese(name: str) -> None:
    schema = json.loads((ROOT / f"schemas/{name}.json").read_text("utf-8"))
    known = tomllib.loads(failures.FILES[1].read_text("utf-8"))
    assert set(described(schema)) - set(known) - {"ISO 8601 with offset"} == set()


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("print('1')", "回答的 id 不是整数：'1'"),
        ("print('x')", "不是 JSON"),
        ("print('{\"id\": 9}')", "回答了从未发送的消息 9"),
        ("print('{\"id\": 1}')", "对 hello 的回答无效：缺少 "),
    ],
)
def test_an_adapter_that_breaks_the_protocol_is_told_in_chinese(
    reply: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tmp_path.joinpath("adapter.py").write_text(f"input(); {reply}; input()", "utf-8")
    assert main(["client", "--client", "cmd:python adapter.py", "--case", "control/*"]) in (3, 4)
    printed = capsys.readouterr()
    assert said in printed.out + printed.err


def test_what_selftest_finds_is_told_in_chinese() -> None:
    wrong = (Wrong("a/b fails too", "L1: claims closed, but the order is not closed"), Wrong("a/b passes"))
    made = Made((("checks", 9, 30, 31),), (Wrong("x is killed by no case"),), 31)
    assert told.lines(
        Found((Seen("one", wrong, frozenset({"a/b"}), 1.5), Seen("two", (), frozenset(), 2.0)), made, 4.0)
    ) == [
        "错误  one                           1.5 秒  失败用例 1 个",
        "      a/b 也失败了：L1：结论为 closed，但订单并未关单",
        "      a/b 通过了",
        "正确  two                           2.0 秒  失败用例 0 个",
        "      checks       9 种变异算子，31 个变异体发现了 30 个",
        "错误  x 没有被任何用例发现",
        "2 个客户端和 31 个生成的变异体，用时 4 秒：有 2 处与应有的结果不符",
    ]
    assert told.lines(Found((), None, 4.0)) == ["0 个客户端，用时 4 秒：评判全部正确"]


def test_the_coverage_of_the_specification_is_told_in_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["spec"]) == 0
    assert not SENTENCE.search(re.sub("`[^`]*`", "", capsys.readouterr().out))
    assert SENTENCE.search(page.text(sentences(), "en"))


def test_what_is_written_is_named_in_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["vectors", "--out", "v"]) == 0
    assert all(line.startswith("已写入 v") for line in capsys.readouterr().out.splitlines())
