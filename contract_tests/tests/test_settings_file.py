"""The settings file: what it may hold, what is said of a mistake, and that the command line wins."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from huifu_contract.cli.main import main
from huifu_contract.failures import SetupTrouble
from huifu_contract.settings_file import KEYS, Settings, find

EVERY = {
    "client": "py:shop:close",
    "grades": ["wire", "decision"],
    "profile": "ci",
    "level": "must",
    "budget": "90s",
    "seed": 7,
    "workers": 2,
    "known": "listed.toml",
    "replays": "kept",
    "report": "out/r.json",
    "junit": "out/r.xml",
    "md": "out/r.md",
    "html": "out/r.html",
}
STDLIB = f"cmd:{sys.executable} {Path(__file__).parent.parent / 'huifu_contract' / 'mutants' / 'stdlib_client.py'}"


def toml(table: dict[str, object]) -> str:
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in table.items())


def test_every_key_is_read_and_paths_are_seen_from_the_file(tmp_path: Path) -> None:
    assert set(EVERY) == set(KEYS)
    (tmp_path / "huifu-contract.toml").write_text(toml(EVERY), "utf-8")
    found = find(tmp_path)
    assert (found.client, found.grades, found.profile) == (("py:shop:close",), ("wire", "decision"), "ci")
    assert (found.level, found.budget, found.seed, found.workers) == ("must", "90s", 7, 2)
    assert (found.known, found.html) == (tmp_path / "listed.toml", tmp_path / "out" / "r.html")
    assert found.place == tmp_path / "huifu-contract.toml"


def test_the_table_of_a_pyproject_says_the_same(tmp_path: Path) -> None:
    place = tmp_path / "pyproject.toml"
    place.write_text("[project]\nname = 'shop'\n[tool.huifu-contract]\n" + toml(EVERY), "utf-8")
    shared = find(tmp_path)
    place.rename(tmp_path / "kept.toml")
    (tmp_path / "huifu-contract.toml").write_text(toml(EVERY), "utf-8")
    own = find(tmp_path)
    assert all(getattr(own, name) == getattr(shared, name) for name in KEYS)


@pytest.mark.parametrize("text", [None, "[project]\nname = 'shop'\ndependencies = ['huifu-contract']\n", "[["])
def test_a_folder_without_settings_has_none(text: str | None, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "pyproject.toml").write_text(text, "utf-8")
    assert find(tmp_path) == Settings()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("colour = 'red'", "no key is called 'colour'; there are budget, client, grades"),
        ("client = 7", "client is a text or a list of texts, not 7"),
        ("client = []", "client is a text or a list of texts"),
        ("client = ['']", "client is a text or a list of texts"),
        ("profile = 'fast'", "profile is one of quick, ci, deep, not 'fast'"),
        ("grades = ['wire', 'all']", "grades is one of wire, decision, hook, not 'all'"),
        ("profile = ['ci']", "profile is a text, not"),
        ("seed = -1", "seed is a whole number of at least 0, not -1"),
        ("workers = true", "workers is a whole number of at least 1, not True"),
        ("known = ", "huifu-contract.toml is not TOML"),
    ],
)
def test_a_mistake_is_told_with_what_would_be_right(text: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "huifu-contract.toml").write_text(text, "utf-8")
    with pytest.raises(SetupTrouble) as caught:
        find(tmp_path)
    assert says in str(caught.value)


def test_two_places_for_settings_are_one_too_many(tmp_path: Path) -> None:
    (tmp_path / "huifu-contract.toml").touch()
    (tmp_path / "pyproject.toml").write_text("[tool.huifu-contract]\n", "utf-8")
    with pytest.raises(SetupTrouble, match="keep one of them"):
        find(tmp_path)


def test_a_table_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool]\nhuifu-contract = 1\n", "utf-8")
    with pytest.raises(SetupTrouble, match="is a table"):
        find(tmp_path)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    monkeypatch.delenv("CI", raising=False)
    return tmp_path


def test_the_command_grades_what_the_file_names_and_its_options_win(here: Path) -> None:
    table = {"client": STDLIB, "profile": "ci", "seed": 5, "workers": 1, "report": "r.json", "junit": "r.xml"}
    (here / "huifu-contract.toml").write_text(toml(table), "utf-8")
    assert main(["client", "--case", "repeat/*", "--profile", "quick"]) == 0
    document = json.loads((here / "r.json").read_text("utf-8"))
    assert (document["profile"], document["seed"], document["client"]["spec"]) == ("quick", 5, STDLIB)
    assert (here / "r.xml").exists()


def test_a_wrong_key_and_a_missing_client_end_with_4(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["client"]) == 4
    assert "no client is named: give --client KIND:WHAT" in capsys.readouterr().err
    (here / "huifu-contract.toml").write_text("clients = []", "utf-8")
    assert main(["client", "--client", STDLIB]) == 4
    assert "no key is called 'clients'" in capsys.readouterr().err
