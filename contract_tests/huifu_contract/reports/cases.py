"""The cases in words, in English or in Chinese: one line, one case, and CASES.md; in both as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from huifu_contract import __version__
from huifu_contract.catalogue.record import Record
from huifu_contract.catalogue.translations import in_chinese
from huifu_contract.reports import quotes
from huifu_contract.reports.markdown import own_words
from huifu_contract.reports.words import heading, say


def line(record: Record, language: str) -> str:
    needs = f"  {say(language, 'needs')} {', '.join(sorted(record.needs))}" if record.needs else ""
    return f"{record.level:<6} {record.basis:<6} {record.kind}  {record.id}{needs}"


def one(record: Record, language: str) -> str:
    says, quote, argument = _sentences(record, language)
    rows = {
        "passes when": says,
        "stands on": quote,
        "level": say(language, "level words", level=record.level, basis=record.basis, argument=argument),
        "kind": say(language, record.kind),
        "grades": ", ".join(sorted(record.grades)),
        "needs": ", ".join(sorted(record.needs)) or say(language, "nothing"),
        "since": say(language, "since words", since=record.since, rev=record.rev),
    }
    return "\n".join((record.id, *(f"  {heading(language, name)}{value}" for name, value in rows.items())))


def markdown(records: Sequence[Record], language: str) -> str:
    """Written by `huifu-contract cases --md`; a test compares the file with this."""
    graded = sum(not record.recorder for record in records)
    lines = [
        f"# {say(language, 'cases')}",
        "",
        say(language, "generated"),
        "",
        say(language, "how many", all=len(records), graded=graded, recorded=len(records) - graded),
        say(language, "kinds"),
        say(language, "bases"),
    ]
    for group, members in groupby(records, key=lambda record: record.group):
        lines += ["", f"## {group}", "", say(language, "columns"), "|---|---|---|---|---|---|---|---|"]
        lines += [_row(record, language) for record in members]
    return "\n".join(lines) + "\n"


def document(records: Sequence[Record]) -> dict[str, Any]:
    """As `schemas/cases.json` describes it."""
    return {"format": 1, "kit": __version__, "count": len(records), "cases": [_told(record) for record in records]}


def _told(record: Record) -> dict[str, Any]:
    both = zip(_sentences(record, "en"), _sentences(record, "zh"), strict=True)
    says, quote, because = ({"en": english, "zh": chinese} for english, chinese in both)
    return {
        "id": record.id,
        "level": record.level.value,
        "basis": record.basis.value,
        "graded": not record.recorder,
        "kind": record.kind,
        "grades": sorted(record.grades),
        "needs": sorted(record.needs),
        "says": says,
        "quote": quote,
        "because": because,
        "since": record.since,
        "rev": record.rev,
    }


def _row(record: Record, language: str) -> str:
    cells = (f"`{record.id}`", record.level, record.basis, record.kind, ", ".join(sorted(record.needs)))
    return f"| {' | '.join((*cells, *map(own_words, _sentences(record, language))))} |"


def _sentences(record: Record, language: str) -> tuple[str, str, str]:
    """What it says, what it stands on, and why its level is what it is."""
    if language == "zh":
        return in_chinese(record.says), quotes.in_chinese(record.quote), in_chinese(record.argument)
    return record.says, record.quote, record.argument
