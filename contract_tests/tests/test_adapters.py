"""Adapters in every language: written by `init`, run as they are, and with a small correct client behind each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import foreign
import pytest

from huifu_contract.catalogue.registry import catalogue
from huifu_contract.cli.init import LANGUAGES
from huifu_contract.cli.main import main
from huifu_contract.drivers.kinds import driver
from huifu_contract.drivers.subprocess import RemoteDriver
from huifu_contract.failures import AdapterTrouble
from huifu_contract.grading import runner
from huifu_contract.grading.options import Options
from huifu_contract.grading.profiles import Profile
from huifu_contract.grading.results import Exit, RunResult, Verdict
from huifu_contract.grading.runner import Runner
from huifu_contract.mutants import selftest
from huifu_mock import Server

CONFIG = dict.fromkeys(
    ("sys_id", "product_id", "huifu_id", "merchant_private_key", "huifu_public_key", "webhook_key"), "x"
)
WITH_CLIENT = ("node", "php", "go", "java")
MAY_SKIP = {"concurrency/each-is-answered", "concurrency/isolated-calls", "repeat/config-of-each-call"}
"""Only the Node client takes several calls at once, and a process has one config."""
FIRST = 3
"""Examples of each case, unless tests marked `extended` are run too; of texts all, since languages differ in these."""

# what stands in the marked place of each template, and the same place with an application that prints
PRINTS = {
    "python": [('raise NotImplementedError("put the call of your application here")',
                'print("order closed\\n{}"); return {"outcome": "unknown"}')],
    "node": [('throw new Error("put the call of your application here");',
              'console.log("order", "closed\\n{}"); return { outcome: "unknown" };')],
    "php": [("throw new LogicException('put the call of your application here');",
             "echo \"order closed\\n{}\\n\"; return ['outcome' => 'unknown'];")],
    "go": [('panic("put the call of your application here")',
            'fmt.Println("order closed\\n{}"); return map[string]any{"outcome": "unknown"}')],
    "java": [('throw new UnsupportedOperationException("put the call of your application here");',
              'System.out.println("order closed\\n{}"); return "unknown";')],
    "csharp": [('throw new NotImplementedException("put the call of your application here");',
                'Console.WriteLine("order closed\\n{}"); return new { outcome = "unknown" };')],
}  # fmt: skip


# -- a small correct client behind each adapter


@pytest.fixture(scope="module")
def graded(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[dict[str, Future[RunResult]]]:
    """All that were chosen and can run here, at once, each in two processes: they mostly wait for timeouts."""
    with_graded = [item for item in request.session.items if "graded" in getattr(item, "fixturenames", ())]
    chosen = {item.callspec.params["language"] for item in with_graded if isinstance(item, pytest.Function)}
    cases = dict(catalogue())
    if not any(item.get_closest_marker("extended") for item in with_graded):
        cases |= {
            id_: replace(one, fixed=one.fixed[:FIRST])
            for id_, one in cases.items()
            if not id_.endswith("/text-survives")
        }
    options = Options(profile=Profile("fixed", examples=0, steps=0), workers=2, reruns=1, key_bits=1024)
    with (
        pytest.MonkeyPatch.context() as patched,
        Server(port=0, orders=[]) as server,
        ThreadPoolExecutor(len(WITH_CLIENT)) as pool,
    ):
        patched.setattr(runner, "catalogue", lambda: cases)

        def grade(language: str) -> RunResult:
            folder = foreign.CLIENTS / language
            argv = foreign.TOOLCHAINS[language].argv(folder, made[language])
            return Runner(lambda: RemoteDriver(argv), options, language, server=server).run()

        able = [language for language in WITH_CLIENT if language in chosen and not foreign.missing(language)]
        made = {
            language: tmp_path_factory.mktemp(language) for language in able
        }  # here: two threads get in each other's way
        yield {language: pool.submit(grade, language) for language in able}


# Node takes several calls at once and PHP one; the other two prove the same of the kit with two more of our clients.
@pytest.mark.xdist_group("foreign-clients")
@pytest.mark.parametrize(
    "language", [*WITH_CLIENT[:2], *(pytest.param(name, marks=pytest.mark.extended) for name in WITH_CLIENT[2:])]
)
def test_a_correct_client_passes_everything_that_it_claims(language: str, graded: dict[str, Future[RunResult]]) -> None:
    foreign.need(language)
    found = graded[language].result()
    fine = (Verdict.PASS, Verdict.NOTE, Verdict.SKIP)
    assert {case.id: case.signature or case.root for case in found.cases if case.verdict not in fine} == {}
    assert {case.id for case in found.cases if case.verdict is Verdict.SKIP} <= MAY_SKIP
    assert (found.exit, found.grades) == (Exit.OK, ("decision", "wire"))
    assert found.client["language"] == language
    assert found.client["restarts"] == 0


@pytest.mark.parametrize("language", WITH_CLIENT)
def test_its_adapter_is_the_template_with_the_marked_place_filled(language: str) -> None:
    used = (foreign.CLIENTS / language / LANGUAGES[language].file).read_text(encoding="utf-8")
    around = [foreign.PLACE.sub(r"\1\3", text) for text in (foreign.template(language), used)]
    assert around[0] == around[1]
    assert "put the call of your application here" not in used


@pytest.mark.parametrize("language", WITH_CLIENT)
def test_a_client_brings_nothing_but_its_language(language: str) -> None:
    files = {path.name for path in (foreign.CLIENTS / language).iterdir()}
    assert len(files) == 2, files
    assert not files & {"package.json", "composer.json", "go.mod", "pom.xml"}


def test_the_selftest_knows_the_references_that_can_run_here() -> None:
    assert set(selftest.here()) == {name for name in selftest.SCRIPTS if not foreign.missing(name)}
    for name in selftest.here():
        assert Path(selftest.argv(name)[1]).exists()


# -- the templates as `init` writes them


@pytest.mark.parametrize("language", LANGUAGES)
def test_init_writes_an_adapter_and_says_how_to_use_it(
    language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init", "adapter", "--lang", language]) == 0
    written = tmp_path / LANGUAGES[language].file
    assert written.read_text(encoding="utf-8") == foreign.template(language)
    assert f"huifu-contract client --client '{LANGUAGES[language].client}'" in capsys.readouterr().out
    driver(LANGUAGES[language].client)
    assert main(["init", "adapter", "--lang", language]) == Exit.USAGE
    assert "is there already" in capsys.readouterr().err


def test_init_writes_where_it_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "adapter", "--lang", "php", "--out", str(tmp_path)]) == 0
    assert (tmp_path / "close_adapter.php").exists()
    assert main(["init", "adapter", "--lang", "php", "--out", str(tmp_path / "made" / "a.php")]) == 0
    assert (tmp_path / "made" / "a.php").exists()
    assert main(["init", "adapter", "--lang", "php", "--out", str(tmp_path / "made/a.php/b.php")]) == Exit.USAGE
    assert "cannot write" in capsys.readouterr().err


def test_init_speaks_the_language_of_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert main(["init", "adapter", "--lang", "php", "--out", str(tmp_path)]) == 0
    assert "在标有 `>>> your application` 的地方调用你的应用" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("what", "right"),
    [
        ("helper", "written by: huifu-mock init helper"),
        ("test", "'test' is unknown; write: huifu-contract init adapter"),
    ],
)
def test_what_it_does_not_write_is_answered_with_the_command_that_is_right(
    what: str, right: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", what, "--lang", "php"]) == Exit.USAGE
    assert right in capsys.readouterr().err


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_template_marks_one_place_and_decides_nothing(language: str) -> None:
    text = foreign.template(language)
    assert text.isascii()  # a compiler reads it in whatever code page the machine has
    (place,) = foreign.PLACE.findall(text)
    around = foreign.PLACE.sub(r"\1\3", text)
    assert "put the call of your application here" in place[1]
    for word in ("closed", "pending", "trans_stat", "resp_code", "rejected", "unknown"):
        assert not re.search(rf"\b{word}\b", around), f"{word} is the application's word"


@pytest.mark.parametrize("language", sorted(PRINTS))
def test_a_template_as_it_is_ends_as_a_crash_and_never_as_a_verdict(language: str, tmp_path: Path) -> None:
    toolchain = foreign.need(language)
    client = RemoteDriver(toolchain.argv(foreign.plugged(language, tmp_path / "in", ()), tmp_path))
    assert client.start(CONFIG).name == "my-shop"
    with pytest.raises(AdapterTrouble, match="put the call of your application here"):  # it is in the error of a crash
        client.close("http://127.0.0.1:1/s/a", {"req_seq_id": '"\\é😀\n'}, 20.0)
    assert client.order({"org_req_seq_id": "O1"}, 20.0).verdict == "unsupported"
    client.stop()


@pytest.mark.parametrize("language", sorted(PRINTS))
def test_what_the_application_prints_goes_to_stderr(language: str, tmp_path: Path) -> None:
    toolchain = foreign.need(language)
    client = RemoteDriver(toolchain.argv(foreign.plugged(language, tmp_path / "in", PRINTS[language]), tmp_path))
    client.start(CONFIG)
    for _ in range(2):
        assert client.close("http://127.0.0.1:1/s/a", {}, 20.0).verdict == "unknown"
    client.stop()
    assert client.restarts == 0
