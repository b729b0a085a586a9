"""All made mutants in one table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

from huifu_contract.mutants.operators import (
    checks,
    configs,
    decisions,
    flow,
    habits,
    hooks,
    letting_up,
    memory,
    on_the_wire,
    shortcuts,
    taken,
    text,
    webhooks,
)
from huifu_contract.mutants.operators.mutant import Mutant

KINDS: dict[str, Callable[[], Iterator[Mutant]]] = {
    "text": text.mutants,
    "checks": checks.mutants,
    "decisions": decisions.mutants,
    "flow": flow.mutants,
    "webhooks": webhooks.mutants,
    "hooks": hooks.mutants,
    "habits": habits.mutants,
    "memory": memory.mutants,
    "letting up": letting_up.mutants,
    "shortcuts": shortcuts.mutants,
    "taken": taken.mutants,
    "configs": configs.mutants,
    "on the wire": on_the_wire.mutants,
}


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


def shares(count: int) -> list[list[str]]:
    """All mutants in so many parts; those of an operator stay together, since what kills one kills its sisters."""
    operators = list(dict.fromkeys(mutant.operator for mutant in mutants().values()))
    part = {operator: at % count for at, operator in enumerate(operators)}
    return [[name for name, mutant in mutants().items() if part[mutant.operator] == at] for at in range(count)]
