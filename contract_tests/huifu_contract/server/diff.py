"""Two results side by side: which case ended differently, and which answer differs in which field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from huifu_contract.server.results import ServerResult, ServerRun

NOT_THERE = "(not asked)"


@dataclass(frozen=True, slots=True)
class Difference:
    """One field. `label` is empty where the verdict itself differs."""

    case: str
    label: str
    field: str
    a: str
    b: str


def differences(a: ServerRun, b: ServerRun) -> list[Difference]:
    """Field by field, in the order of the cases; a question that only one of the two was asked is one line."""
    there = {case.id: case for case in b.cases}
    found: list[Difference] = []
    for case in a.cases:
        other = there.pop(case.id, None)
        found += _one(case, other) if other is not None else [Difference(case.id, "", "case", "run", NOT_THERE)]
    return found + [Difference(case, "", "case", NOT_THERE, "run") for case in there]


def _one(a: ServerResult, b: ServerResult) -> Iterator[Difference]:
    if a.verdict is not b.verdict:
        yield Difference(a.id, "", "verdict", a.verdict.value, b.verdict.value)
    mine, theirs = ({seen.label: seen.facts for seen in case.observed} for case in (a, b))
    for label in dict.fromkeys((*mine, *theirs)):
        if label not in mine or label not in theirs:
            said = [_brief(side.get(label)) for side in (mine, theirs)]
            yield Difference(a.id, label, "answer", *said)
            continue
        for field in dict.fromkeys((*mine[label], *theirs[label])):
            one, two = mine[label].get(field, ""), theirs[label].get(field, "")
            if one != two:
                yield Difference(a.id, label, field, one, two)


def _brief(facts: Mapping[str, str] | None) -> str:
    if facts is None:
        return NOT_THERE
    return facts.get("unreadable") or " ".join(filter(None, (facts["resp_code"], facts["trans_stat"])))


def text(a: ServerRun, b: ServerRun) -> str:
    """For a person: one block a case, one line a field."""
    found = differences(a, b)
    lines = [f"A {a.server['name']} ({a.server['base_url']})", f"B {b.server['name']} ({b.server['base_url']})"]
    if not found:
        return "\n".join((*lines, "", "no difference: every question was answered alike"))
    last = ""
    for each in found:
        head = f"{each.case} [{each.label}]" if each.label else each.case
        if head != last:
            lines += ["", head]
        last = head
        lines.append(f"  {each.field:<14} A {each.a or '(nothing)'}   B {each.b or '(nothing)'}")
    answers = len({(each.case, each.label) for each in found if each.label})
    verdicts = sum(each.field == "verdict" for each in found)
    return "\n".join((*lines, "", f"{answers} answers and {verdicts} verdicts differ"))
