"""The sentences of the specification in their order, and what covers each: rules, cases, mutants, tests."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from huifu_contract.catalogue import registry
from huifu_contract.catalogue.record import Record
from huifu_contract.server import registry as servers
from huifu_mock.rules import RULES, Rule

FILE = Path(__file__).with_name("sentences.toml")
MUTANTS = Path(__file__).parents[1] / "mutants" / "mutants.toml"
LEAST = 6
"""A quote of fewer characters is no sentence that could be looked for."""
MARKS = re.compile(r"[`*\s]")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence. One that promises nothing to a program is exempt: `exempt` says why, in English and in Chinese."""

    section: str
    text: str
    rules: tuple[Rule, ...]
    cases: tuple[str, ...]
    mutants: tuple[str, ...]
    tests: tuple[str, ...]
    exempt: tuple[str, ...] = ()

    @property
    def uncovered(self) -> bool:
        """No case or no test covers it, although it promises something."""
        return not self.exempt and not (self.cases and self.tests)


@cache
def sentences() -> tuple[Sentence, ...]:
    """As sentences.toml has them; what cases quote is found by the words. Raises KeyError for an unknown name."""
    quotes = {record.id: _plain(record.quote) for record in registry.catalogue().values()}
    quotes |= {record.id: _plain(record.quote) for record in servers.catalogue().values()}
    rules = {rule.row: rule for rule in RULES}
    killed = {name: entry["fails"] for name, entry in tomllib.loads(MUTANTS.read_text(encoding="utf-8")).items()}
    found = []
    for entry in tomllib.loads(FILE.read_text(encoding="utf-8"))["sentence"]:
        words = [_plain(text) for text in (entry["text"], *entry.get("quoted", ()))]
        named = set(entry.get("cases", ()))
        cases = tuple(name for name, quote in quotes.items() if name in named or _quoted(quote, words))
        if named - set(cases):
            raise KeyError(f"no case is called {min(named - set(cases))}")
        found.append(
            Sentence(
                section=entry["section"],
                text=entry["text"],
                rules=tuple(rules[row] for row in entry.get("rules", ())),
                cases=cases,
                mutants=tuple(name for name, fails in killed.items() if not set(cases).isdisjoint(fails)),
                tests=tuple(entry.get("tests", ())),
                exempt=tuple(entry.get("exempt", ())),
            )
        )
    return tuple(found)


def unplaced() -> list[str]:
    """Cases that stand on the specification and quote none of its sentences."""
    placed = {case for sentence in sentences() for case in sentence.cases}
    every: Iterable[Record | servers.ServerCase] = (
        *registry.catalogue().values(),
        *servers.catalogue().values(),
    )
    return [record.id for record in every if record.basis.value == "spec" and record.id not in placed]


def _plain(text: str) -> str:
    return MARKS.sub("", text)


def _quoted(quote: str, words: Iterable[str]) -> bool:
    return any(word in quote or (len(quote) >= LEAST and quote in word) for word in words)
