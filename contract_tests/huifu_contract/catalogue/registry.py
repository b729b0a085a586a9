"""The registry of cases: each by its id, in reading order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from huifu_contract.catalogue.record import Basis, Example, Level, Record
from huifu_contract.failures import SetupTrouble
from huifu_mock._nearest import nearest

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from huifu_contract.harness.harness import Harness


GROUPS = (
    "control",
    "request",
    "response",
    "security",
    "query",
    "transport",
    "repeat",
    "concurrency",
    "time",
    "webhook",
)
MODULES = (
    "control",
    "request",
    "text",
    "generated",
    "response",
    "wording",
    "security",
    "statuses",
    "forged",
    "leaks",
    "named",
    "query",
    "transport",
    "doubt",
    "flow",
    "merchants",
    "webhook",
    "repeated_news",
    "other_news",
    "framing",
    "sequences",
)
_found: dict[str, Record] = {}
Run = Callable[["Harness", Example], None]


def case(
    id: str,  # noqa: A002  # the word of the catalogue
    level: Level,
    basis: Basis,
    *,
    grade: str,
    quote: str,
    says: str,
    needs: Iterable[str] = (),
    because: str = "",
    fixed: Sequence[Example] = ({},),
    draw: Callable[[], SearchStrategy[dict[str, Any]]] | None = None,
    kind: str | None = None,
    alone: bool = False,
    latest: bool = False,
    seconds: float | None = None,
    control: bool = False,
    since: str = "1.0",
    rev: int = 1,
) -> Callable[[Run], Run]:
    """Registers the decorated function as the case `id`; `grade` is one or more of wire, decision, hook."""

    def keep(run: Run) -> Run:
        record = Record(
            id=id,
            level=level,
            basis=basis,
            kind=kind or ("P" if draw else "S"),
            grades=frozenset(grade.split()),
            quote=quote,
            says=says,
            run=run,
            needs=frozenset(needs),
            because=because,
            fixed=tuple(fixed),
            draw=draw,
            alone=alone,
            latest=latest,
            seconds=seconds,
            control=control,
            since=since,
            rev=rev,
        )
        if id in _found:
            raise ValueError(f"two cases are called {id}; an id is never used again")
        _found[id] = record
        return run

    return keep


@cache
def catalogue() -> dict[str, Record]:
    """All cases, controls first."""
    for name in MODULES:
        import_module(f"huifu_contract.catalogue.cases.{name}")
    order = {group: place for place, group in enumerate(GROUPS)}
    return dict(sorted(_found.items(), key=lambda item: order[item[1].group]))  # stable: as written within a group


def select(globs: Sequence[str] = (), among: Iterable[Record] | None = None) -> list[Record]:
    """The cases that match any glob (all without one). A glob that matches nothing is a mistake."""
    records = list(catalogue().values() if among is None else among)
    if not globs:
        return records
    for glob in globs:
        if not any(_matches(record, glob) for record in catalogue().values()):
            raise no_case(glob)
    return [record for record in records if any(_matches(record, glob) for glob in globs)]


def no_case(name: str) -> SetupTrouble:
    """What to say of an id or a glob that names no case: the one that was meant, if one is near."""
    known = [*catalogue(), *(f"{group}/*" for group in GROUPS)]
    if near := nearest(name, known, 0.8):
        return SetupTrouble(f"no case is called {name!r}; did you mean {near}?")
    return SetupTrouble(f"no case is called {name!r}; `huifu-contract cases --list` lists them")


def _matches(record: Record, glob: str) -> bool:
    return any(fnmatchcase(name, glob) for name in (record.id, *record.aliases))
