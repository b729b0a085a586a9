"""Every sentence of the specification is covered by cases and tests, and every case on the specification has one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import browser
import pytest
from console_page import AXE, VIOLATIONS

from huifu_contract.catalogue import registry
from huifu_contract.cli.main import main
from huifu_contract.specification import page as report
from huifu_contract.specification import sentences as specification
from huifu_contract.specification.sentences import sentences, unplaced
from huifu_mock.rules import RULES

ROOT = Path(__file__).parents[2]


def test_every_sentence_is_covered() -> None:
    assert [sentence.text for sentence in sentences() if sentence.uncovered] == []


def test_every_case_that_rests_on_the_specification_is_found_at_a_sentence() -> None:
    assert unplaced() == [], "quote a sentence of specification/sentences.toml word for word, or add it there"


def test_every_rule_covers_a_sentence() -> None:
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


def test_names_between_backticks_are_marked_as_code_on_the_page() -> None:
    shown = report.page(sentences())
    assert "`" not in shown
    assert "<code>org_hf_seq_id</code>" in shown


def test_a_sentence_without_a_case_or_without_a_test_is_red_on_the_page() -> None:
    one = sentences()[0]
    for uncovered in (replace(one, cases=()), replace(one, tests=())):
        assert uncovered.uncovered
        assert 'class="uncovered"' in report.page([uncovered])
        assert "\n  RED " in report.text([uncovered], "en")
    assert not replace(one, cases=(), tests=(), exempt=("it promises nothing", "没有承诺")).uncovered
    assert 'class="uncovered"' not in report.page(sentences())


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
    assert "sentences that promise something are covered; 0 are not" in capsys.readouterr().out


@pytest.mark.xdist_group("chromium")
def test_the_page_is_in_chinese_or_in_english_as_its_reader_chooses(chromium: browser.Browser, tmp_path: Path) -> None:
    place = tmp_path / "spec.html"
    place.write_text(report.page(sentences()), encoding="utf-8")
    assert '<span class="zh"></span>' not in place.read_text("utf-8")
    chromium.show(place, width=360)
    chromium.eval("document.querySelectorAll('details').forEach((one) => { one.open = true; }); 0")
    assert "3 个用例" in (chinese := str(chromium.eval("document.body.innerText")))
    assert "银联、数字货币订单不支持关单" in chinese
    assert "3 cases" not in chinese
    chromium.eval(AXE.read_text(encoding="utf-8") + ";0")
    assert chromium.eval(VIOLATIONS) == []
    chromium.eval("document.querySelector('#en').click()")
    assert "3 cases" in (english := str(chromium.eval("document.body.innerText")))
    assert "3 个用例" not in english


def test_the_command_ends_with_1_while_a_sentence_is_not_covered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(specification, "sentences", lambda: (replace(sentences()[0], cases=()),))
    assert main(["spec"]) == 1
