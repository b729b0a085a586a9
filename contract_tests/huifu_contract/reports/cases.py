"""The cases in words: one line, one case, and CASES.md; in English or in Chinese."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

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


def _row(record: Record, language: str) -> str:
    cells = (f"`{record.id}`", record.level, record.basis, record.kind, ", ".join(sorted(record.needs)))
    return f"| {' | '.join((*cells, *map(own_words, _sentences(record, language))))} |"


def _sentences(record: Record, language: str) -> tuple[str, str, str]:
    """What it says, what it stands on, and why its level is what it is."""
    if language == "zh":
        return in_chinese(record.says), quotes.in_chinese(record.quote), in_chinese(record.argument)
    return record.says, record.quote, record.argument
