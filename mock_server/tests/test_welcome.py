"""What `serve` prints once it answers: each example does what it says, with a control token and without."""

import io
import re
import shlex
import shutil
import subprocess
import sys
import types
from collections.abc import Iterator
from typing import Any

import pytest

import huifu_mock
from huifu_mock.cli.main import main
from huifu_mock.cli.welcome import WORDS, welcome
from huifu_mock.client.environment import TOKEN_VARIABLE

TOKEN = "sesame"


@pytest.fixture(
    params=[(None, "C.UTF-8"), (TOKEN, "C.UTF-8"), (TOKEN, "zh_CN.UTF-8")], ids=["open", "guarded", "chinese"]
)
def printed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """What a server prints, in whose user's environment its token stands, if it has one."""
    token, locale = request.param
    monkeypatch.setenv("LC_ALL", locale)
    with huifu_mock.Server(control_token=token) as server:
        if token:
            monkeypatch.setenv(TOKEN_VARIABLE, token)
        numbers = [order["req_seq_id"] for order in server.mock.cast]
        yield welcome(server.base_url, numbers, None, guarded=token is not None)


def test_the_example_in_python_configures_the_sdk_with_the_tenants_keys(
    printed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = printed.splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("import json"))
    sdk: Any = types.ModuleType("dg_sdk")
    sdk.DGClient, sdk.MerConfig = types.SimpleNamespace(), lambda *given: given
    monkeypatch.setitem(sys.modules, "dg_sdk", sdk)
    exec("\n".join(lines[first : lines.index("", first)]), {})
    private_key, public_key, *names = sdk.DGClient.mer_config
    assert names == ["6666000108854952", "MCS"]
    assert "" not in (private_key, public_key)
    assert sdk.DGClient.BASE_URL in printed


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_example_with_curl_closes_an_order(printed: str) -> None:
    (command,) = (line for line in printed.splitlines() if line.startswith("curl "))
    answered = subprocess.run(command, shell=True, capture_output=True, text=True, check=True, timeout=60).stdout
    assert '"resp_code":"00000000"' in answered


def test_a_token_is_asked_for_and_not_printed(printed: str) -> None:
    assert (TOKEN_VARIABLE in printed) == ("--control-token" in printed)
    assert TOKEN not in printed


def test_the_command_for_the_journal_asks_the_server_that_printed_it(
    printed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (command,) = re.findall(r"(?:\(or: |用命令： )(.* journal.*?)(?:\)| ）)", printed)
    _, *words = shlex.split(command)
    assert main(words) == 0
    assert capsys.readouterr().err == ""


def test_where_a_command_is_not_on_the_path_its_place_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(sys, "argv", [".venv/bin/huifu-mock", "serve"])
    assert "(or: .venv/bin/huifu-mock journal)" in welcome("http://127.0.0.1:8080", [], None, guarded=False)


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_both_languages_say_the_same_of_the_same(words: tuple[str, str]) -> None:
    english, chinese = (re.findall(r"{\w+}|https?://[\w.]+|--[a-z-]+", text) for text in words)
    assert sorted(english) == sorted(chinese)


def test_a_terminal_that_cannot_show_chinese_is_spoken_to_in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert "启动" in welcome("http://127.0.0.1:8080", [], None, guarded=False)
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="latin-1"))
    assert welcome("http://127.0.0.1:8080", [], None, guarded=False).isascii()


def test_of_a_store_without_the_default_tenant_nothing_is_printed_that_names_it() -> None:
    printed = welcome("http://127.0.0.1:8080", None, None, guarded=False)
    assert "The tenant 6666000108854952" in printed
    assert "http://127.0.0.1:8080/_mock/tenants (POST makes one)" in printed
    assert not any(word in printed for word in ("curl", "dg_sdk", "orders:", "journal:"))


def test_whoever_listens_on_every_address_is_told_how_others_call_it() -> None:
    assert "other machines" in welcome("http://127.0.0.1:8080", [], None, guarded=True, host="0.0.0.0")
    assert "other machines" not in welcome("http://127.0.0.1:8080", [], None, guarded=False)


def test_of_many_orders_the_first_are_named() -> None:
    printed = welcome("http://127.0.0.1:8080", [f"o{i}" for i in range(1000)], None, guarded=False)
    assert ", o19, …\n" in printed
