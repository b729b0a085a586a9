"""The 26 cases towards a server, each with the sentence of the specification that it stands on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from huifu_contract.catalogue.record import HIGHEST, ID, KINDS, RANK, Basis, Level
from huifu_contract.failures import SetupTrouble

if TYPE_CHECKING:
    from huifu_contract.server.harness import ServerHarness

MODULES = ("replies", "orders", "requests", "sequences")
Run = Callable[["ServerHarness"], None]
_found: dict[str, ServerCase] = {}


@dataclass(frozen=True, slots=True)
class ServerCase:
    """One case as data. Its level can never be higher than its basis allows."""

    id: str
    level: Level
    basis: Basis
    quote: str
    """A sentence of the specification, word for word."""
    says: str
    run: Run
    needs: str = "nothing"
    kind: str = "S"
    since: str = "1.0"
    rev: int = 1

    def __post_init__(self) -> None:
        if not ID.fullmatch(self.id) or not self.id.startswith("server/"):
            raise ValueError(f"{self.id!r} is no case id; ids are server/kebab-name")
        if RANK[self.level] > RANK[HIGHEST[self.basis]]:
            raise ValueError(f"{self.id}: a case based on {self.basis} is at most {HIGHEST[self.basis]}")
        if self.kind not in KINDS or not self.quote.strip() or not self.says.strip():
            raise ValueError(f"{self.id}: a case has a kind, a sentence to stand on, and says when it passes")


def case(
    name: str,
    level: Level,
    basis: Basis,
    *,
    quote: str,
    says: str,
    needs: str = "nothing",
    kind: str = "S",
) -> Callable[[Run], Run]:
    """Registers the decorated function as the case `server/<name>`."""

    def keep(run: Run) -> Run:
        made = ServerCase(f"server/{name}", level, basis, quote, says, run, needs, kind)
        if made.id in _found:
            raise ValueError(f"two cases are called {made.id}; an id is never used again")
        _found[made.id] = made
        return run

    return keep


@cache
def catalogue() -> dict[str, ServerCase]:
    for name in MODULES:
        import_module(f"huifu_contract.server.cases.{name}")
    return dict(_found)


def select(globs: Sequence[str] = ()) -> list[ServerCase]:
    """The cases that match any glob (all without one). A glob that matches nothing is a mistake."""
    records = list(catalogue().values())
    for glob in globs:
        if not any(fnmatchcase(record.id, glob) for record in records):
            raise SetupTrouble(f"no case is called {glob!r}; `huifu-contract server --list` lists them")
    return [record for record in records if not globs or any(fnmatchcase(record.id, glob) for glob in globs)]
