"""The one-file builds, tried where a user has them: alone in a folder, the binary with no Python on the PATH.

`make binary` takes a minute, so .ci/run makes the files first and names their folder in HUIFU_TEST_BUILDS.
"""

import json
import os
import shutil
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import huifu_mock
from huifu_mock.cli.welcome import example_close

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("builds")]

LARGEST = 60_000_000
"""Bytes that a build may have; it is about half of that."""


@dataclass
class Build:
    """A built file, how it is started, and the environment of somebody who has nothing else of us."""

    file: Path
    command: list[str]
    environment: dict[str, str]

    def run(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.command, *arguments],
            cwd=self.file.parent,
            env=self.environment | more,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


@pytest.fixture(scope="module", params=["huifu-mock", "huifu-mock.pyz"])
def build(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Build:
    made = Path(os.environ.get("HUIFU_TEST_BUILDS", "dist")) / request.param
    if "HUIFU_TEST_BUILDS" not in os.environ or not made.exists():
        pytest.skip(f"{request.param} was not built: run make binary pyz, and name the folder in HUIFU_TEST_BUILDS")
    folder = tmp_path_factory.mktemp("alone")
    alone = Path(shutil.copy2(made, folder))
    (folder / "bin").mkdir()
    for name in ("sh", "env"):
        (folder / "bin" / name).symlink_to(shutil.which(name) or name)
    environment = {"PATH": str(folder / "bin"), "HOME": str(folder), "TMPDIR": str(folder)}
    is_binary = alone.suffix == ""
    return Build(alone, [str(alone)] if is_binary else [sys.executable, "-I", str(alone)], environment)


def test_it_is_one_file_of_a_bearable_size(build: Build) -> None:
    assert build.file.stat().st_mode & stat.S_IXUSR
    assert build.file.stat().st_size < LARGEST


def test_it_knows_its_version(build: Build) -> None:
    assert build.run("--version").stdout == f"huifu-mock {huifu_mock.__version__}\n"


@pytest.fixture
def served(build: Build) -> Iterator[str]:
    """The address at which it serves, until its standard input ends."""
    command = [*build.command, "serve", "--port", "0", "--ready-json", "--until-eof"]
    with subprocess.Popen(
        command, cwd=build.file.parent, env=build.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        yield json.loads(server.stdout.readline())["base_url"]
        server.stdin.close()
        assert server.wait(30) == 0


def test_it_serves_closes_and_keeps_the_journal(build: Build, served: str) -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(f"{served}/v2/trade/payment/scanpay/close", example_close()) as answer:
        reply = json.load(answer)
    assert reply["data"]["trans_stat"] == "S"
    listed = build.run("journal", "--url", served)
    assert (listed.returncode, "CLOSED" in listed.stdout) == (0, True), listed.stdout + listed.stderr


def test_it_lends_a_command_a_gateway_and_its_own_environment(build: Build) -> None:
    told = build.run("exec", "--", "sh", "-c", "echo $HUIFU_SYS_ID; env", LD_LIBRARY_PATH="/theirs")
    first, *rest = told.stdout.splitlines()
    assert (first, told.returncode) == ("6666000108854952", 0), told.stderr
    assert "LD_LIBRARY_PATH=/theirs" in rest
    assert [line for line in rest if line.startswith("_PYI")] == []
    assert not any(line.startswith("LD_LIBRARY_PATH=") for line in build.run("exec", "--", "env").stdout.splitlines())


CLIENT = """
import os, ssl, sys
from urllib.request import urlopen
print(os.environ["HTTPS_PROXY"] == os.environ["https_proxy"], os.path.exists(os.environ["NODE_EXTRA_CA_CERTS"]))
sys.stdout.write(urlopen("https://api.huifu.com/v2/trade/payment/scanpay/close", sys.argv[1].encode()).read().decode())
"""


def test_it_intercepts_a_client_that_calls_huifu_s_own_address(build: Build) -> None:
    body = example_close().decode()
    done = build.run("exec", "--intercept", "--", sys.executable, "-I", "-c", CLIENT, body)
    first, _, reply = done.stdout.partition("\n")
    assert (first, done.returncode) == ("True True", 0), done.stderr
    assert json.loads(reply)["data"]["resp_code"] == "00000000"
    elsewhere = CLIENT.replace("api.huifu.com", "example.com")
    refused = build.run("exec", "--intercept", "--", sys.executable, "-I", "-c", elsewhere, body)
    assert "'example.com:443' is not Huifu's" in refused.stderr


def test_it_explains_a_wrong_signature(build: Build) -> None:
    body = json.loads(example_close())
    body["sign"] = body["sign"].replace("+", "-").replace("/", "_")
    (build.file.parent / "captured.json").write_text(json.dumps(body), "utf-8")
    keys = build.run("keys", "--json")
    key = json.loads(keys.stdout)["merchant_public_key"]
    said = build.run("explain", "captured.json", "--public-key", key)
    assert "The signature is wrong: base64-urlsafe." in said.stdout, said.stdout + said.stderr


def test_it_writes_a_helper_and_signs(build: Build) -> None:
    assert build.run("init", "helper", "--lang", "go", "--out", str(build.file.parent / "huifumock.go")).returncode == 0
    (build.file.parent / "data.json").write_text('{"b":"1","a":"2"}', "utf-8")
    assert build.run("sign", "data.json", "--text").stdout == '{"a":"2","b":"1"}\n'
