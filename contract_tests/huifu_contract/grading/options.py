"""How a client is graded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from huifu_contract.catalogue.record import Example
from huifu_contract.grading.known_failures import KnownFailure
from huifu_contract.grading.profiles import PROFILES, Profile


@dataclass(frozen=True, slots=True)
class Options:
    """The defaults are those of the command line."""

    profile: Profile = PROFILES["quick"]
    grades: frozenset[str] = frozenset({"wire", "decision", "hook"})
    cases: tuple[str, ...] = ()
    level: str = "should"
    seed: int = 0
    portable_seed: bool = True
    known: tuple[KnownFailure, ...] = ()
    folder: Path | None = None
    only: tuple[str, Example] | None = None
    budget_s: float | None = None
    workers: int = 1
    most_workers: int | None = None
    """How many there may be of a client that only waits; None: no more than `workers`."""
    processes: int = 1
    """How many processes of the kit share the work of a run that is not of a few cases only, where the client is named
    by a spec and each worker has a process of it."""
    reveal: bool = False
    keep: bool = False
    """Whether the tenants of failing cases stay on the server, with the failing calls in their journals."""
    reruns: int = 5
    key_bits: int = 2048
