"""Every sentence of the specification is stood for by cases and tests, and every case on the specification has one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from huifu_contract.catalogue import registry
from huifu_contract.cli.main import main
from huifu_contract.specification import page as report
from huifu_contract.specification import sentences as specification
from huifu_contract.specification.sentences import sentences, unplaced
from huifu_mock.rules import RULES

ROOT = Path(__file__).parents[2]


def test_no_sentence_is_bare() -> None:
    assert [sentence.text for sentence in sentences() if sentence.bare] == []


def test_every_case_that_stands_on_the_specification_is_found_at_a_sentence() -> None:
    assert unplaced() == [], "quote a sentence of specification/sentences.toml word for word, or add it there"


def test_every_rule_stands_for_a_sentence() -> None:
    assert {rule.row for sentence in sentences() for rule in sentence.rules} == {rule.row for rule in RULES}


def test_every_test_that_is_named_is_there() -> None:
    for name in {test for sentence in sentences() for test in sentence.tests}:
        file, _, function = name.partition("::")
        text = (ROOT / file).read_text("utf-8")
        assert f"def {function}(" in text, f"{name} is gone or renamed: put it right in specification/sentences.toml"


def test_each_sentence_that_a_client_can_break_has_a_mutant() -> None:
    clients = set(registry.catalogue())
    without = [
        sentence.text
        for sentence in sentences()
        if not sentence.mutants
        and any(case in clients and not registry.catalogue()[case].recorder for case in sentence.cases)
    ]
    assert without == []


def test_a_sentence_without_a_case_or_without_a_test_is_red_on_the_page() -> None:
    one = sentences()[0]
    for bare in (replace(one, cases=()), replace(one, tests=())):
        assert bare.bare
        assert 'class="bare"' in report.page([bare])
        assert "RED" in report.text([bare])
    assert not replace(one, cases=(), tests=(), only="it promises nothing").bare
    assert 'class="bare"' not in report.page(sentences())


def test_the_page_shows_the_sentences_in_their_order_and_needs_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "spec.html"
    assert main(["spec", "--html", str(place)]) == 0
    page = place.read_text("utf-8")
    places = [
        page.index(f">{text}<") for text in ("不允许关闭一分钟以内的订单", "时间限制：不允许关闭一分钟以内的订单")
    ]
    assert places == sorted(places)
    assert "src=" not in page
    assert "href=" not in page
    assert "sentences that promise something are stood for; 0 are not" in capsys.readouterr().out


def test_the_command_ends_with_1_while_a_sentence_is_bare(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(specification, "sentences", lambda: (replace(sentences()[0], cases=()),))
    assert main(["spec"]) == 1
