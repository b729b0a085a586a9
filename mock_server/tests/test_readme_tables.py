"""What the READMEs generate from the code is up to date, and every guess in the code is confessed in them."""

import re
from pathlib import Path

import pytest
import readme_tables

SOURCES = readme_tables.ROOT / "mock_server" / "huifu_mock"
HEADINGS = {"en": "## What is assumed", "zh": "## 我们的推测"}


@pytest.mark.parametrize("language", readme_tables.READMES)
def test_generated_parts_are_up_to_date(language: str) -> None:
    text = readme_tables.READMES[language].read_text(encoding="utf-8")
    assert {part[2] for part in readme_tables.PART.finditer(text)} == set(readme_tables.PARTS)
    assert readme_tables.written(text, language) == text, "run: python mock_server/tests/readme_tables.py"


def test_sources_speak_chinese_in_the_chinese_table() -> None:
    assert "assumed" not in readme_tables.rules("zh")
    assert set(readme_tables.SOURCE_ZH) <= {rule.source for rule in readme_tables.RULES}


def test_a_stale_part_is_noticed() -> None:
    stale = "<!-- generated: rules -->\nold\n<!-- end of rules -->"
    assert readme_tables.written(stale, "en") != stale


def marking(folder: Path) -> set[str]:
    """The files that mark a guess."""
    return {path.name for path in folder.rglob("*.py") if re.search(r"\bassumed\b", path.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("language", readme_tables.READMES)
def test_every_file_that_marks_a_guess_is_named_in_the_list_of_guesses(language: str) -> None:
    text = readme_tables.READMES[language].read_text(encoding="utf-8")
    confessed = text.partition(HEADINGS[language])[2].partition("\n## ")[0]
    assert set(re.findall(r"`(\w+\.py)`", confessed)) == marking(SOURCES)


def test_a_file_that_marks_a_guess_is_found(tmp_path: Path) -> None:
    (tmp_path / "guess.py").write_text("# assumed: nobody knows\n", encoding="utf-8")
    (tmp_path / "sure.py").write_text("# it is written\n", encoding="utf-8")
    assert marking(tmp_path) == {"guess.py"}
