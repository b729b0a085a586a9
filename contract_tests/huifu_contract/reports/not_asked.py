"""Which cases of the catalogue a run did not ask of its client at all, and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from huifu_contract.catalogue.registry import catalogue
from huifu_contract.grading.results import RunResult
from huifu_contract.reports.words import say


@dataclass(frozen=True, slots=True)
class NotAsked:
    """Cases of one kind: `offered` says whether the client offers what they need, and --grade left it out."""

    offered: bool
    needs: tuple[str, ...]
    """One of these profiles."""
    groups: tuple[tuple[str, int], ...]
    """The groups of the cases, with how many of each."""

    @property
    def cases(self) -> int:
        return sum(count for _, count in self.groups)

    def words(self, language: str) -> str:
        """In one sentence."""
        where = ", ".join(f"{count} {group}" for group, count in self.groups)
        needs = say(language, "or").join(self.needs)
        why = say(language, "left out" if self.offered else "not listed", needs=needs)
        return say(language, "asked one" if self.cases == 1 else "asked more", count=self.cases, where=where, why=why)


def not_asked(run: RunResult) -> list[NotAsked]:
    """Nothing for a run of chosen cases, where it goes without saying, and for one that is no run of the catalogue."""
    ran, offers, grades = {case.id for case in run.cases}, set(run.client["profiles"]), set(run.grades)
    absent = [record for record in catalogue().values() if record.id not in ran]
    if not grades or str(run.client["spec"]).startswith(("passive:", "server ", "pytest:")):
        return []
    if any(record.grades & grades for record in absent):
        return []
    found: dict[tuple[bool, tuple[str, ...]], Counter[str]] = {}
    for record in absent:
        kind = bool(record.grades & offers), tuple(sorted(record.grades))
        found.setdefault(kind, Counter())[record.group] += 1
    return [NotAsked(offered, needs, tuple(groups.items())) for (offered, needs), groups in found.items()]
