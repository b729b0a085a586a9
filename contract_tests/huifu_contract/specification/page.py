"""The coverage of the specification: as a page in Chinese and English, and as lines of text."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import TypeVar

from huifu_contract import __version__
from huifu_contract.catalogue.registry import catalogue
from huifu_contract.catalogue.translations import in_chinese
from huifu_contract.reports.words import left, say
from huifu_contract.server import registry as servers
from huifu_contract.specification.sentences import Sentence
from huifu_mock.rules import Rule

CODE = re.compile("`([^`]+)`")
STYLE = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")


def text(sentences: Sequence[Sentence], language: str) -> str:
    """One line a sentence: how many rules, cases, mutants and tests cover it. The sentences are Chinese."""
    lines = [say(language, "spec legend")]
    for section, members in groupby(sentences, key=lambda sentence: sentence.section):
        lines.append(section)
        lines += [
            f"  {left(_mark(sentence, language), 6)} {_counts(sentence)}  {sentence.text}" for sentence in members
        ]
    return "\n".join((*lines, "", summary(sentences, language)))


def summary(sentences: Sequence[Sentence], language: str) -> str:
    """How many sentences are covered, of those that promise something."""
    covered, promises, uncovered = _totals(sentences)
    return say(language, "spec summary", covered=covered, promises=promises, uncovered=uncovered)


def _totals(sentences: Sequence[Sentence]) -> tuple[int, int, int]:
    promises = sum(not sentence.exempt for sentence in sentences)
    uncovered = sum(sentence.uncovered for sentence in sentences)
    return promises - uncovered, promises, uncovered


def _mark(sentence: Sentence, language: str) -> str:
    return "-" if sentence.exempt else say(language, "spec uncovered" if sentence.uncovered else "spec covered")


def _counts(sentence: Sentence) -> str:
    named = (("R", sentence.rules), ("C", sentence.cases), ("M", sentence.mutants), ("T", sentence.tests))
    return " ".join(f"{letter}{len(what):<3}" for letter, what in named)


def page(sentences: Sequence[Sentence]) -> str:
    """One file without scripts; a sentence that nothing covers is red."""
    body = []
    for section, members in groupby(sentences, key=lambda sentence: sentence.section):
        body.append(f"<section><h2>{html.escape(section)}</h2>")
        body += [_sentence(sentence) for sentence in members]
        body.append("</section>")
    title = _both("The specification, sentence by sentence", "规范逐句对照")
    lead = _both(
        "What covers each sentence: rules of the fake gateway, cases of the contract kit, mutants that these cases "
        f"kill, and tests. {summary(sentences, 'en')}",
        "每句话由什么保证：模拟网关的规则、契约测试套件的用例、被这些用例发现的变异体，以及测试。"
        f"{summary(sentences, 'zh')}",
    )
    return f"""<!doctype html>
<html lang="zh">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>规范覆盖 · Coverage of the specification</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<fieldset class="language" aria-label="语言 Language">
<label><input type="radio" name="language" id="zh" checked> 中文</label>
<label lang="en"><input type="radio" name="language" id="en"> English</label>
</fieldset>
<h1>{title}</h1>
<p class="lead">{lead} huifu-contract {html.escape(__version__)}</p>
{chr(10).join(body)}
</main>
</body>
</html>
"""


def _sentence(sentence: Sentence) -> str:
    state = "exempt" if sentence.exempt else "uncovered" if sentence.uncovered else "covered"
    note = sentence.exempt or (("Nothing covers this sentence.", "这句话还没有覆盖。") if sentence.uncovered else ())
    parts = (
        _part("rule", "条规则", sentence.rules, _rule),
        _part("case", "个用例", sentence.cases, _case),
        _part("mutant", "个变异体", sentence.mutants, html.escape),
        _part("test", "个测试", sentence.tests, _test),
    )
    told = f"<p>{_both(*note)}</p>" if note else ""
    return f'<article class="{state}"><h3>{_marked(sentence.text)}</h3>{told}{"".join(parts)}</article>'


def _marked(text: str) -> str:
    """A text in which names stand between backticks."""
    return CODE.sub(r"<code>\1</code>", html.escape(text))


def _rule(rule: Rule) -> str:
    return html.escape(f"{rule.row}. {rule.outcome.name}: ") + _both(rule.when, rule.when_zh)


def _case(name: str) -> str:
    says = (servers.catalogue()[name] if name in servers.catalogue() else catalogue()[name]).says
    return html.escape(f"{name}: ") + _both(says, in_chinese(says))


def _test(name: str) -> str:
    words = name.partition("::")[2].removeprefix("test_").replace("_", " ")
    return f'<span lang="en">{html.escape(words)}</span>'


def _both(english: str, chinese: str) -> str:
    """A text in both languages, of which the style shows one."""
    return f'<span class="en" lang="en">{_marked(english)}</span><span class="zh">{_marked(chinese)}</span>'


T = TypeVar("T")


def _part(name: str, in_chinese: str, members: Iterable[T], words: Callable[[T], str]) -> str:
    items = [f"<li>{words(member)}</li>" for member in members]
    if not items:
        return ""
    title = _both(f"{len(items)} {name}{'s' if len(items) > 1 else ''}", f"{len(items)} {in_chinese}")
    return f"<details><summary>{title}</summary><ul>{''.join(items)}</ul></details>"
