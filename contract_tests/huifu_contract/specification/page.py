"""The coverage of the specification: as a page, and as lines of text."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import TypeVar

from huifu_contract import __version__
from huifu_contract.catalogue.registry import catalogue
from huifu_contract.server import registry as servers
from huifu_contract.specification.sentences import Sentence

STYLE = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")


def text(sentences: Sequence[Sentence]) -> str:
    """One line a sentence: how many rules, cases, mutants and tests stand for it."""
    lines = []
    for section, members in groupby(sentences, key=lambda sentence: sentence.section):
        lines.append(section)
        lines += [f"  {_mark(sentence):<6} {_counts(sentence)}  {sentence.text}" for sentence in members]
    return "\n".join((*lines, "", summary(sentences)))


def summary(sentences: Sequence[Sentence]) -> str:
    bare = sum(sentence.bare for sentence in sentences)
    promises = sum(not sentence.only for sentence in sentences)
    return f"{promises - bare} of {promises} sentences that promise something are stood for; {bare} are not"


def _mark(sentence: Sentence) -> str:
    return "-" if sentence.only else "RED" if sentence.bare else "ok"


def _counts(sentence: Sentence) -> str:
    named = (("R", sentence.rules), ("C", sentence.cases), ("M", sentence.mutants), ("T", sentence.tests))
    return " ".join(f"{letter}{len(what):<3}" for letter, what in named)


def page(sentences: Sequence[Sentence]) -> str:
    """One file without scripts; a sentence that nothing stands for is red."""
    body = []
    for section, members in groupby(sentences, key=lambda sentence: sentence.section):
        body.append(f'<section><h2 lang="zh">{html.escape(section)}</h2>')
        body += [_sentence(sentence) for sentence in members]
        body.append("</section>")
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Close contract: the specification, sentence by sentence</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<h1>The specification, sentence by sentence</h1>
<p class="lead">What stands for each sentence: rules of the fake gateway, cases of the contract kit, mutants that these
cases kill, and tests. {html.escape(summary(sentences))}. huifu-contract {html.escape(__version__)}</p>
{chr(10).join(body)}
</main>
</body>
</html>
"""


def _sentence(sentence: Sentence) -> str:
    state = "only" if sentence.only else "bare" if sentence.bare else "fine"
    told = {"only": sentence.only, "bare": "Nothing stands for this sentence.", "fine": ""}[state]
    says = {name: record.says for name, record in catalogue().items()}
    says |= {name: record.says for name, record in servers.catalogue().items()}
    parts = (
        _part("rule", sentence.rules, lambda rule: f"{rule.row}. {rule.outcome.name}: {rule.when}"),
        _part("case", sentence.cases, lambda name: f"{name}: {says[name]}"),
        _part("mutant", sentence.mutants, str),
        _part("test", sentence.tests, lambda name: name.partition("::")[2].removeprefix("test_").replace("_", " ")),
    )
    note = f"<p>{html.escape(told)}</p>" if told else ""
    return f'<article class="{state}"><h3 lang="zh">{html.escape(sentence.text)}</h3>{note}{"".join(parts)}</article>'


T = TypeVar("T")


def _part(name: str, members: Iterable[T], words: Callable[[T], str]) -> str:
    items = [f"<li>{html.escape(words(member))}</li>" for member in members]
    if not items:
        return ""
    title = f"{len(items)} {name}{'s' if len(items) > 1 else ''}"
    return f"<details><summary>{title}</summary><ul>{''.join(items)}</ul></details>"
