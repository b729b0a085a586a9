"""The ready workflow files: every command in them is run here, as a runner would run it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest
import yaml

from huifu_contract.cli.init import LANGUAGES
from huifu_contract.grading import results
from huifu_contract.grading.results import Exit

CI = Path(__file__).parents[1] / "ci"
ROOT = CI.parents[1]
RIGHT = "py:huifu_contract.reference.app:make_client"
WRONG = "py:wrong:close"
FILES = ("badge.json", "badge.svg", "junit.xml", "matrix.html", "result.json")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def github(language: str = "") -> dict[str, Any]:
    text = (CI / f"github-actions{language}.yml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text)["jobs"]["close-contract"])


def gitlab(language: str = "") -> dict[str, Any]:
    return dict(yaml.safe_load((CI / f"gitlab-ci{language}.yml").read_text(encoding="utf-8"))["close-contract"])


def github_steps(language: str = "") -> list[tuple[str, bool]]:
    """The commands, and whether they run after a failure too."""
    return [(step["run"], step.get("if") == "always()") for step in github(language)["steps"] if "run" in step]


def gitlab_steps(language: str = "") -> list[tuple[str, bool]]:
    job = gitlab(language)
    first = [(line, False) for line in (*job["before_script"], *job["script"])]
    return first + [(line, True) for line in job["after_script"]]


@pytest.fixture
def machine(tmp_path: Path) -> dict[str, str]:
    """An environment in which this checkout is what `pip install` installs."""
    commands = tmp_path / "bin"
    commands.mkdir()
    for name, body in {
        "pip": 'echo "$@" >> "$PIP_LOG"',
        "huifu-contract": f'exec "{sys.executable}" -m huifu_contract "$@"',
    }.items():
        (commands / name).write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        (commands / name).chmod(0o755)
    (tmp_path / "wrong.py").write_text(
        "from huifu_contract import Outcome\n\n\ndef close(config, base_url, params):\n    return Outcome('closed')\n",
        encoding="utf-8",
    )
    path = os.pathsep.join((str(commands), os.environ["PATH"]))
    sources = os.pathsep.join(str(place) for place in (ROOT / "mock_server", ROOT / "contract_tests", tmp_path))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "HUIFU_", "PYTEST"))}
    return {**kept, "PATH": path, "PYTHONPATH": sources, "PIP_LOG": str(tmp_path / "pip.log"), "CI": "true"}


def work(steps: Sequence[tuple[str, bool]], environment: dict[str, str], place: Path) -> tuple[int, str]:
    """The first bad exit code, as a runner does it, and all that was printed."""
    ended, said = 0, ""
    for command, always in steps:
        if ended and not always:
            continue
        shell = ["bash", "-e", "-o", "pipefail", "-c", command]
        done = subprocess.run(shell, cwd=place, env=environment, capture_output=True, text=True, check=False)
        ended, said = ended or done.returncode, said + done.stdout + done.stderr
    return ended, said


def files(place: Path) -> tuple[str, ...]:
    return tuple(sorted(path.name for path in (place / "close-contract").iterdir()))


def installed(place: Path) -> list[str]:
    return (place / "pip.log").read_text(encoding="utf-8").split()


@pytest.mark.extended  # the wrong client below goes through the same commands, and test_cli.py grades a right one
def test_the_commands_grade_a_right_client(machine: dict[str, str], tmp_path: Path) -> None:
    """One file will do: both give the same commands, as another test says."""
    source = "file:///srv/huifu-mock"
    ended, said = work(github_steps(), {**machine, "CLIENT": RIGHT, "PROFILE": "quick", "HUIFU_MOCK": source}, tmp_path)
    assert ended == Exit.OK, said
    assert files(tmp_path) == FILES
    assert results.read(tmp_path / "close-contract/result.json").exit is Exit.OK
    assert Xml.parse(tmp_path / "close-contract/junit.xml").getroot().tag == "testsuites"
    assert installed(tmp_path) == ["install", "huifu-mock[contract]", "@", source]


def test_on_github_a_wrong_client_fails_the_job_and_is_annotated(machine: dict[str, str], tmp_path: Path) -> None:
    summary, source = tmp_path / "summary.md", "file:///srv/huifu-mock"
    runner = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary), "CLIENT": WRONG, "PROFILE": "quick"}
    ended, said = work(github_steps(), {**machine, **runner, "HUIFU_MOCK": source}, tmp_path)
    assert ended == Exit.NOT_OK, said
    assert installed(tmp_path) == ["install", "huifu-mock[contract]", "@", source]
    assert results.read(tmp_path / "close-contract/result.json").exit is Exit.NOT_OK
    assert Xml.parse(tmp_path / "close-contract/junit.xml").getroot().tag == "testsuites"
    assert files(tmp_path) == FILES
    errors = [line for line in said.splitlines() if line.startswith("::error ")]
    assert 1 <= len(errors) <= 10
    assert any("huifu-contract control/" in line for line in errors)
    assert "| case | level | verdict | what |" in summary.read_text(encoding="utf-8")


def test_on_gitlab_a_wrong_client_fails_the_job_and_leaves_its_report(machine: dict[str, str], tmp_path: Path) -> None:
    ended, said = work(gitlab_steps(), {**machine, "CLIENT": WRONG, "PROFILE": "quick"}, tmp_path)
    assert ended == Exit.NOT_OK, said
    assert files(tmp_path) == FILES
    assert "::error" not in said


def test_what_is_kept_is_what_the_commands_write() -> None:
    kept = next(step["with"]["path"] for step in github()["steps"] if "upload-artifact" in step.get("uses", ""))
    assert kept.split() == gitlab()["artifacts"]["paths"] == ["close-contract/", "huifu-replays/"]
    assert gitlab()["artifacts"]["reports"]["junit"] == "close-contract/junit.xml"


def test_both_files_give_the_same_commands() -> None:
    flat = [" ".join(" ".join(command.split()) for command, _ in steps) for steps in (github_steps(), gitlab_steps())]
    assert flat[0] == flat[1]


@pytest.mark.parametrize("language", ["java", "php", "node", "go"])
def test_a_file_for_another_language_grades_as_the_python_one_does(language: str) -> None:
    """Its build comes before; on GitLab Python itself too, which the image of that language lacks."""
    hosts = ((github_steps, github, "env"), (gitlab_steps, gitlab, "variables"))
    builds = []
    for steps, job, variables in hosts:
        plain, ours = steps(), steps(f"-{language}")
        assert ours[-len(plain) :] == plain
        builds.append(" ".join(command.strip() for command, _ in ours[: -len(plain)]).split())
        client = job(f"-{language}")[variables]["CLIENT"]
        file = Path(LANGUAGES[language].file)
        assert client.split()[-1].rpartition("/")[2].split(".")[0] == file.stem
    on_github, on_gitlab = builds
    assert on_github
    assert on_gitlab[-len(on_github) :] == on_github
    assert {"python3-venv", "/opt/huifu/bin/huifu-contract"} <= set(on_gitlab)


WITH_GIT = {"python:3.12", "golang:1.23-bookworm", "node:22-bookworm"}
"""Images made from buildpack-deps, which has it; those called slim have not."""


@pytest.mark.parametrize("file", sorted(CI.glob("gitlab-ci*.yml")), ids=lambda file: file.stem)
def test_an_image_has_git_or_installs_it_since_pip_needs_it_for_the_address_that_the_file_shows(file: Path) -> None:
    ((_, job),) = yaml.safe_load(file.read_text(encoding="utf-8")).items()
    assert job["variables"]["HUIFU_MOCK"].startswith("git+")
    installs = " ".join(job["before_script"]).partition("apt-get install")[2].partition("&&")[0].split()
    assert job["image"] in WITH_GIT or "git" in installs


@pytest.mark.parametrize("name", ["github-actions.yml", "gitlab-ci.yml"])
@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md"])
def test_the_documentation_shows_the_files_as_they_are(name: str, page: str) -> None:
    shown = (CI / page).read_text(encoding="utf-8")
    assert f"```yaml\n{(CI / name).read_text(encoding='utf-8').rstrip()}\n```" in shown
