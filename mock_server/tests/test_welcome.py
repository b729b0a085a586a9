"""What `serve` prints once it answers: each example does what it says, with a control token and without."""

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
from huifu_mock.cli.welcome import welcome
from huifu_mock.client.environment import TOKEN_VARIABLE

TOKEN = "sesame"


@pytest.fixture(params=[None, TOKEN], ids=["open", "guarded"])
def printed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """What a server prints, in whose user's environment its token stands, if it has one."""
    with huifu_mock.Server(control_token=request.param) as server:
        if request.param:
            monkeypatch.setenv(TOKEN_VARIABLE, request.param)
        yield welcome(server.base_url, server.mock.cast, None, guarded=request.param is not None)


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
    (command,) = re.findall(r"\(or: (.* journal.*)\)", printed)
    _, *words = shlex.split(command)
    assert main(words) == 0
    assert capsys.readouterr().err == ""


def test_where_a_command_is_not_on_the_path_its_place_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(sys, "argv", [".venv/bin/huifu-mock", "serve"])
    assert "(or: .venv/bin/huifu-mock journal)" in welcome("http://127.0.0.1:8080", [], None, guarded=False)
