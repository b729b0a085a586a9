"""The header `Huifu-Mock-Hint`: one line of ASCII that says what was wrong and what would be right."""

import re
from typing import Final

from huifu_mock.explain.advice import ADVICE
from huifu_mock.explain.refusals import Scene, remedy
from huifu_mock.journal import Entry
from huifu_mock.schemas import Problem
from huifu_mock.wire import Call

LONGEST: Final = 500
ON_THE_WIRE: Final = frozenset({"data-as-string", "bom", "charset-gbk"})
"""Mistakes that break the request's shape as well."""


def hint(entry: Entry, call: Call, scene: Scene) -> str:
    """The line for a call's answer; empty for a call that was carried out."""
    if entry.went_well:
        return ""
    if entry.facts is None:
        return ascii_line(_without_facts(entry))
    mistakes = entry.finding.mistakes if entry.finding else ()
    row = entry.facts.rule.row
    if mistakes and (row == "2" or ON_THE_WIRE & set(mistakes)):
        return ascii_line(_mistaken(mistakes, call, scene))
    if row == "1":
        line = f"rule 1: {_english(call.problem) if call.problem else entry.facts.case.problem}"
    else:
        line = f"rule {row}: {entry.facts.rule.when}; {remedy(entry, call, scene)[0]}"
    return ascii_line(line + (f"; the signature is wrong too: {', '.join(mistakes)}" if mistakes else ""))


def _mistaken(mistakes: tuple[str, ...], call: Call, scene: Scene) -> str:
    what = "; ".join(ADVICE[id_].en for id_ in mistakes)
    right = "; ".join(dict.fromkeys(ADVICE[id_].fix_en for id_ in mistakes))
    unknown = "; no tenant here has this sys_id" if call.sys_id and call.sys_id != scene.sys_id else ""
    shape = f"{_english(call.problem)}; " if call.problem else ""
    return f"{', '.join(mistakes)}: {shape}{what}; {right}{unknown}"


_GLOSS: Final = re.compile(r"\(([^()]*)\)$")


def _english(problem: Problem) -> str:
    """A problem for a header: of what the schema says in two languages, the English gloss."""
    gloss = None if problem.expected.isascii() else _GLOSS.search(problem.expected)
    return f"{problem.field}: {problem.problem}; {gloss[1] if gloss else problem.expected}"


def _without_facts(entry: Entry) -> str:
    if prepared := [name for name in entry.faults if name[:1].isdigit()]:
        return f"a prepared answer was given: {', '.join(prepared)}"
    return "huifu-mock failed inside, see its log; the outcome is unknown: query before trying again"


def ascii_line(text: str) -> str:
    """A text that may stand in a header, cut if it is long."""
    line = " ".join(text.replace("…", "...").encode("ascii", "backslashreplace").decode().split())
    printable = "".join(c if " " <= c <= "~" else "?" for c in line)
    return printable if len(printable) <= LONGEST else printable[: LONGEST - 3] + "..."
