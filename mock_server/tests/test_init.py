"""`huifu-mock init helper` writes the helper of a language, and `serve` fits what the helpers do with it."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from huifu_mock import _data
from huifu_mock.cli import main
from huifu_mock.cli.init import HELPERS


@pytest.mark.parametrize("language", HELPERS)
def test_it_writes_the_files_of_a_language_and_never_over_one(
    language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main.main(["init", "helper", "--lang", language]) == 0
    assert HELPERS[language].use in capsys.readouterr().out
    for name in HELPERS[language].files:
        assert (tmp_path / (HELPERS[language].folder or "") / name).read_text("utf-8") == _data.read_text(
            f"fixtures/helpers/{language}/{name}"
        )
    assert main.main(["init", "helper", "--lang", language]) == 2
    assert "is there already; name another file with --out" in capsys.readouterr().err


def test_every_helper_is_of_a_language() -> None:
    folder = _data.path("fixtures/helpers")
    found = {path.name: {file.name for file in path.iterdir()} for path in folder.iterdir() if path.is_dir()}
    assert found == {language: set(helper.files) for language, helper in HELPERS.items()}


def test_a_place_that_cannot_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    for out in ("file/A.java", "file/deep/A.java", "file/deep"):
        assert main.main(["init", "helper", "--lang", "java", "--out", out]) == 2
        assert f"cannot write {out}" in capsys.readouterr().err


@pytest.mark.parametrize("language", HELPERS)
def test_folders_that_are_not_there_are_made(
    language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main.main(["init", "helper", "--lang", language, "--out", "src/test"]) == 0
    assert {path.name for path in (tmp_path / "src/test").iterdir()} == set(HELPERS[language].files)
    assert capsys.readouterr().out.startswith("wrote src/test/")


@pytest.mark.parametrize("language", HELPERS)
def test_on_a_chinese_terminal_it_says_where_the_file_belongs_in_chinese(
    language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert main.main(["init", "helper", "--lang", language]) == 0
    said = capsys.readouterr().out
    assert said.startswith("已写入 ")
    assert f"用法：{HELPERS[language].use_zh}" in said


def test_a_helper_of_two_files_goes_into_a_folder(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["init", "helper", "--lang", "node", "--out", "huifu.js"]) == 2
    assert "has 2 files: name a folder" in capsys.readouterr().err


def test_the_control_token_may_stand_in_the_environment_of_both_sides(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HUIFU_CONTROL_TOKEN", "secret")
    with serving() as (_, ready):
        assert main.main(["orders", "list", "--url", ready["base_url"]]) == 0
        assert "order-open" in capsys.readouterr().out
        assert main.main(["orders", "list", "--url", ready["base_url"], "--token", "wrong"]) == 1
        assert "the server asks for its token" in capsys.readouterr().err


def test_a_probe_needs_no_token() -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with serving("--control-token", "secret") as (_, ready):
        for name in ("health", "ready"):
            with direct.open(f"{ready['control_url']}/{name}") as answer:
                assert answer.status == 200
        with pytest.raises(urllib.error.HTTPError, match="401"):
            direct.open(f"{ready['control_url']}/about")


@contextmanager
def serving(*options: str) -> Iterator[tuple[Any, dict[str, Any]]]:
    command = [sys.executable, "-m", "huifu_mock", "serve", "--port", "0", "--ready-json", *options]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield server, json.loads(server.stdout.readline())
        finally:
            server.terminate()


def test_a_server_stops_when_its_standard_input_ends() -> None:
    with serving("--until-eof") as (server, _):
        server.stdin.write("anything\n")
        server.stdin.flush()
        assert server.poll() is None
        server.stdin.close()
        assert server.wait(20) == 0


def test_on_all_addresses_a_tenant_is_told_the_address_that_was_called() -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with serving("--host", "0.0.0.0", "--control-token", "secret") as (_, ready):
        for named, told in (({}, ready["base_url"]), ({"Host": "gateway:8080"}, "http://gateway:8080")):
            headers = {"Authorization": "Bearer secret", **named}
            with direct.open(urllib.request.Request(f"{ready['control_url']}/tenants", b"{}", headers)) as answer:
                assert json.load(answer)["base_url"] == told


@pytest.mark.parametrize(
    ("what", "right"),
    [
        ("adapter", "written by: huifu-contract init adapter"),
        ("test", "'test' is unknown; write: huifu-mock init helper"),
    ],
)
def test_what_it_does_not_write_is_answered_with_the_command_that_is_right(
    what: str, right: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main.main(["init", what, "--lang", "php"])
    assert right in capsys.readouterr().err
