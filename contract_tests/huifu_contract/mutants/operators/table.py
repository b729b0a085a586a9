"""All made mutants in one table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

from huifu_contract.mutants.operators import checks, decisions, flow, text, webhooks
from huifu_contract.mutants.operators.mutant import Mutant

KINDS: dict[str, Callable[[], Iterator[Mutant]]] = {
    "text": text.mutants,
    "checks": checks.mutants,
    "decisions": decisions.mutants,
    "flow": flow.mutants,
    "webhooks": webhooks.mutants,
}


STEPS = {"text": 8, "checks": 4, "decisions": 3, "flow": 1, "webhooks": 1}
"""Every how manieth mutant of a kind stands for the others in a quick self-test."""


@cache
def mutants() -> dict[str, Mutant]:
    """By name, which says the operator, the target and the place."""
    found: dict[str, Mutant] = {}
    for mutant in (mutant for make in KINDS.values() for mutant in make()):
        if mutant.name in found:
            raise ValueError(f"two mutants are called {mutant.name}")
        found[mutant.name] = mutant
    return found


@cache
def kinds() -> dict[str, tuple[str, ...]]:
    """The names of all mutants of each kind."""
    return {kind: tuple(mutant.name for mutant in make()) for kind, make in KINDS.items()}


def representatives() -> list[str]:
    """So many of each kind, and at least one of each operator."""
    chosen = [name for kind, names in kinds().items() for name in names[:: STEPS[kind]]]
    there = {mutants()[name].operator for name in chosen}
    first = {mutant.operator: name for name, mutant in reversed(mutants().items()) if mutant.operator not in there}
    return [*chosen, *first.values()]
