"""`--help` and refusals of both commands in Chinese: nothing is left in English, nothing is wider than a terminal."""

import argparse
import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pytest

from huifu_contract.cli import main as kit
from huifu_contract.cli.parser import Parser
from huifu_mock import ControlError, Server, _chinese, _commands
from huifu_mock._columns import columns
from huifu_mock.cli import main as mock

ROOT = Path(__file__).parents[2]
SAYING = [
    ROOT / "mock_server/huifu_mock/client/transport.py",
    ROOT / "mock_server/huifu_mock/http/address.py",
    ROOT / "mock_server/huifu_mock/push/http.py",
    ROOT / "mock_server/huifu_mock/store/database.py",
    ROOT / "mock_server/huifu_mock/store/opening.py",
    ROOT / "mock_server/huifu_mock/store/sqlite.py",
    *(
        ROOT / f"contract_tests/huifu_contract/{name}.py"
        for name in (
            "catalogue/registry", "grading/checkpoint", "grading/kit_process_main", "grading/known_failures",
            "grading/profiles", "grading/replay", "grading/runner", "mutants/selftest", "settings_file", "vectors",
        )
    ),
]  # fmt: skip
OURS = [*(ROOT / "mock_server/huifu_mock/cli").glob("*.py"), *(ROOT / "contract_tests/huifu_contract/cli").glob("*.py")]
HELP = [ROOT / "mock_server/huifu_mock/cli/help.zh.toml", ROOT / "contract_tests/huifu_contract/cli/help.zh.toml"]
FILES = [*_commands.Parser.files, *HELP, *Parser.files]
MOST_COLUMNS = 100
WORDS = re.compile(r"[A-Za-z]+,? [a-z]+")
"""What a sentence has, and a name or an address has not."""
MAIN: dict[str, Callable[[list[str]], int]] = {"huifu-mock": mock.main, "huifu-contract": kit.main}


def below(parser: argparse.ArgumentParser, *words: str) -> Iterator[tuple[str, ...]]:
    """A command and its subcommands, by what is typed."""
    yield words
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, command in action.choices.items():
                yield from below(command, *words, name)


def commands() -> list[tuple[str, ...]]:
    parsers = {name: argparse.ArgumentParser(name) for name in MAIN}
    inside = {name: parser.add_subparsers() for name, parser in parsers.items()}
    for module, _ in mock.COMMANDS.values():
        import_module(f"huifu_mock.cli.{module}").add_parser(inside["huifu-mock"])
    for add in kit.COMMANDS:
        add(inside["huifu-contract"])
    return [command for name, parser in parsers.items() for command in below(parser, name)]


COMMANDS = commands()


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A Chinese terminal; what was asked for in Chinese, and what was found."""
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    monkeypatch.setenv("COLUMNS", str(MOST_COLUMNS))
    asked: dict[str, str] = {}
    say = _chinese.Sentences.say

    def noted(sentences: _chinese.Sentences, english: str) -> str:
        asked[english] = say(sentences, english)
        return asked[english]

    monkeypatch.setattr(_chinese.Sentences, "say", noted)
    return asked


def ended(program: str, *words: str) -> object:
    """The exit code, whether a command returns it or argparse ends the program."""
    try:
        return MAIN[program]([*words])
    except SystemExit as stop:
        return stop.code


def shown(command: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> str:
    assert ended(*command, "--help") == 0
    return capsys.readouterr().out


def english(said: dict[str, str]) -> list[str]:
    return [sentence for sentence, chinese in said.items() if chinese == sentence and WORDS.search(sentence)]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_sentence_of_a_help_has_its_chinese_one(
    command: tuple[str, ...], said: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    text = shown(command, capsys)
    assert english(said) == []
    assert text.startswith(f"用法：{' '.join(command)}")
    assert {line for line in text.splitlines() if columns(line) > MOST_COLUMNS} == set()


def test_a_sentence_without_a_chinese_one_is_noticed(said: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    parser = _commands.Parser("prog", description="Does what it can.")
    parser.add_argument("--ready", help="when it is ready")
    parser.print_help()
    assert english(said) == ["Does what it can.", "when it is ready"]
    assert "选项：" in capsys.readouterr().out


RAISED = {
    "argparse.ArgumentTypeError",
    "BadOrdersFile",
    "BadStore",
    "BadTarget",
    "Failure",
    "NotWritten",
    "SetupTrouble",
    "Trouble",
    "Wrong",  # what selftest finds
    "tell",
}


def refusals() -> list[str]:
    """What the commands' own code says of what is wrong, with a word for each value."""
    calls = [
        node
        for file in (*OURS, *SAYING, ROOT / "mock_server/huifu_mock/_commands.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in RAISED
    ]
    texts = [
        "".join(
            str(part.value) if isinstance(part, ast.Constant) else "--value" for part in getattr(text, "values", [text])
        )
        for call in calls
        for text in ast.walk(call.args[0])
        if isinstance(text, ast.JoinedStr) or (text is call.args[0] and isinstance(text, ast.Constant))
    ]
    return [text for text in texts if WORDS.search(text)]


def test_every_refusal_has_its_chinese_one() -> None:
    sentences = _chinese.Sentences(FILES)
    assert len(refusals()) >= 50
    assert [text for text in refusals() if WORDS.search(sentences.say(text).partition("huifu-")[0])] == []


def test_no_chinese_sentence_is_left_of_one_that_nobody_says(
    said: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    for command in COMMANDS:
        shown(command, capsys)
    written = re.sub(r"""(["'])\s+f?\1""", "", " ".join(file.read_text("utf-8") for file in (*OURS, *SAYING)))
    begun = {text[0].lower() + text[1:].removesuffix(".") for text in said}
    every = [*said, *refusals()]
    left = [
        text
        for file in HELP
        for text in tomllib.loads(file.read_text("utf-8"))
        if text not in begun
        and not any(re.fullmatch(re.escape(text).replace(r"\{\}", ".+"), one) for one in every)
        and not all(part in written for part in text.split("{}"))
    ]
    assert left == []


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("huifu-mock serv", "没有 'serv' 这个命令，是不是 serve？"),
        ("huifu-mock xyz", "没有 'xyz' 这个命令，可选：serve, console"),
        ("huifu-mock serve --prot 1", "没有 --prot 这个选项，是不是 --port？"),
        ("huifu-mock clock freeze --zzzz", "没有 --zzzz 这个选项"),
        ("huifu-mock keys more", "多出了无法理解的 more"),
        ("huifu-mock orders add", "没有 'add' 这个操作，是不是 create？"),
        ("huifu-mock init helper --lang ruby", "参数 --lang：没有 'ruby' 这个值，可选："),
        ("huifu-mock init helper", "缺少必需的参数：--lang"),
        ("huifu-mock init adapter --lang go", "huifu-contract init adapter --lang LANG"),
        ("huifu-mock init thing --lang go", "不认识 'thing'，应写：huifu-mock init helper --lang LANG"),
        ("huifu-mock exec --port x -- true", "参数 --port：'x' 不是整数"),
        ("huifu-mock serve --port", "参数 --port：需要一个值"),
        ("huifu-mock serve -q -v", "不能与 -q/--quiet 同时使用"),
        ("huifu-mock serve --in 1", "选项 --in 有歧义，可能是 --intercept"),
        ("huifu-mock serve --quiet=1", "参数 -q/--quiet：不接受值 '1'"),
        ("huifu-mock serve --now noon", "“noon”不是时间；需要 ISO 8601 格式"),
        ("huifu-mock clock advance soon", "“soon”不是时长；请写秒数"),
        ("huifu-contract clinet", "没有 'clinet' 这个命令，是不是 client？"),
        ("huifu-contract client --profile fast", "参数 --profile：没有 'fast' 这个值，可选："),
        ("huifu-contract passive --agent a --timeout x", "参数 --timeout：'x' 不是数字"),
        ("huifu-contract server --diff a", "参数 --diff：需要 2 个值"),
        ("huifu-contract report", "缺少必需的参数：FILE.json"),
    ],
)
def test_what_is_mistaken_is_told_in_chinese(
    line: str, wanted: str, said: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    program, *words = line.split()
    assert ended(program, *words) == (2 if program == "huifu-mock" else 4)
    told = capsys.readouterr()
    assert told.out == ""
    wrong, usage = told.err.splitlines()
    assert wrong.startswith(program)
    assert wanted in wrong
    assert usage == f"用法：{wrong.partition(': ')[0]} --help"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("huifu-mock exec", "huifu-mock exec: 没有写要执行的命令；请写在 -- 之后，如：huifu-mock exec -- npm test"),
        ("huifu-mock sign missing.json", "huifu-mock sign: 无法读取 missing.json：没有这个文件或文件夹"),
        (
            "huifu-mock serve --workers 2",
            "huifu-mock serve: --workers 2 需要多个进程共用的存储，而 memory: 随进程消失",
        ),
        ("huifu-contract client -n 0 --client py:a:b", "huifu-contract: -n 至少为 1"),
        (
            "huifu-contract cases --show a/b",
            "huifu-contract: 没有 'a/b' 这个用例；huifu-contract cases --list",
        ),
    ],
)
def test_what_could_not_be_done_is_told_in_chinese(
    line: str, told: str, said: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(*line.split()) in (2, 4)
    assert capsys.readouterr().err.startswith(told)


def test_elsewhere_the_help_is_the_one_that_argparse_writes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    text = shown(("huifu-mock", "serve"), capsys)
    assert text.startswith("usage: huifu-mock serve")
    assert text.isascii() or "用法" not in text


def test_a_command_that_says_nothing_loads_no_chinese() -> None:
    script = (
        "import sys; from huifu_mock.cli.main import main; main(['keys']); print('huifu_mock._chinese' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env={"LC_ALL": "zh_CN.UTF-8", "PYTHONUTF8": "1"},
        check=True, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "False"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("一二三四五", ["一二三四", "五"]),
        ("一二三四，五", ["一二三", "四，五"]),
        ("（一二三四）", ["（一二三", "四）"]),
        ("用 --port 选端口", ["用 --port", "选端口"]),
        ("", [""]),
    ],
)
def test_lines_break_where_chinese_may(text: str, lines: list[str]) -> None:
    assert _chinese.wrapped(text, 9) == lines


def test_a_wrong_file_of_orders_is_told_in_chinese(
    said: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "orders.json"
    for text, told in (
        ('[{"settle": "later"}]', '第 1 行，第 1 笔订单，settle：值为 "later"；可取 "immediate", "processing"'),
        (
            '[{"settle" 1}]',
            "第 1 行第 12 列，第 11 位起不是 JSON，附近为 '[{\"settle\" 1}]'；见 schemas/control/order-create",
        ),
        ("{}", "第 1 行：应为订单列表"),
    ):
        file.write_text(text, "utf-8")
        assert ended("huifu-mock", "serve", "--orders", str(file)) == 2
        error = capsys.readouterr().err
        assert error.startswith(f"huifu-mock serve: {file}，{told}"), error


def test_what_the_server_refuses_is_told_in_chinese(said: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    with Server() as server:
        assert ended("huifu-mock", "orders", "pay", "order-failed", "--url", server.base_url) == 1
        error = capsys.readouterr().err
        assert error.startswith("huifu-mock orders: trans_stat：订单 order-failed 已于 "), error
        with pytest.raises(ControlError, match="req_seq_id：没有订单 none；GET …/orders 列出全部订单") as refused:
            server.default.orders.get("none")
        assert refused.value.problem["errors"][0]["field"] == "req_seq_id"
