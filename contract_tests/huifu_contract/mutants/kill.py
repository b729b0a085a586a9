"""Kills made mutants: each is graded, likely cases first, until a case fails."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from threading import local
from typing import TYPE_CHECKING

from huifu_contract.catalogue.record import Example, Record
from huifu_contract.catalogue.registry import catalogue
from huifu_contract.drivers.in_process import LocalDriver
from huifu_contract.failures import KitTrouble
from huifu_contract.grading.case import Grader
from huifu_contract.grading.profiles import Profile
from huifu_contract.grading.results import Verdict
from huifu_contract.harness.harness import Harness
from huifu_contract.mutants.operators import equivalent, table
from huifu_contract.mutants.operators.mutant import Mutant
from huifu_contract.reference import app as reference
from huifu_contract.reference.app import App
from huifu_contract.reference.client import Client
from huifu_mock import Server

if TYPE_CHECKING:
    from huifu_mock import Tenant

PROFILE = Profile("selftest", examples=0, steps=0)
"""The fixed examples alone."""
KEY_BITS = 1024
TIMEOUT_S = 1.5
ATTEMPT_S = 0.5
FIRST = ("control/accepts-honest-success", "control/reports-honest-failure")


@dataclass(frozen=True, slots=True)
class Death:
    """How a mutant ended: the case that killed it and what the case said; empty for a survivor."""

    mutant: str
    case: str = ""
    said: str = ""
    seconds: float = 0.0


def application(mutant: Mutant) -> App:
    made = mutant.made() if issubclass(mutant.made, App) else App()
    made.client = mutant.made if issubclass(mutant.made, Client) else Client
    made.timeout_s, made.attempt_s, made.name = TIMEOUT_S, ATTEMPT_S, "mutant"
    return reference.described(made, config_of_each_message=True)


@dataclass(slots=True)
class Killers:
    """What killed the mutants of an operator before: their sisters mostly die of the same example of the same case."""

    case: dict[tuple[str, str, tuple[str, ...]], str] = field(default_factory=dict)
    example: dict[tuple[str, str], Example] = field(default_factory=dict)

    def order(self, mutant: Mutant, *, everything: bool) -> list[Record]:
        """The likely cases, then the controls, then all others, those that take long last."""
        records = catalogue()
        before = self.case.get((mutant.operator, mutant.place, mutant.likely))
        names = dict.fromkeys((*((before,) if before else ()), *mutant.likely, *FIRST))
        if everything:
            names.update(dict.fromkeys(sorted(records, key=lambda name: records[name].alone)))
        return [self._sorted(mutant, records[name]) for name in names if not records[name].recorder]

    def _sorted(self, mutant: Mutant, record: Record) -> Record:
        """That which killed a sister first, then those whose text it changes, then those about its member or code."""
        before = self.example.get((mutant.operator, record.id))

        def rank(example: Example) -> tuple[bool, bool, bool]:
            about = any(isinstance(value, str) and value and value in mutant.target for value in example.values())
            return example != before, not mutant.changes(example), not about

        return replace(record, fixed=tuple(sorted(record.fixed, key=rank)))

    def learn(self, mutant: Mutant, record: Record, example: Example) -> None:
        self.case[mutant.operator, mutant.place, mutant.likely] = record.id
        self.example[mutant.operator, record.id] = example


@dataclass(slots=True)
class Killer:
    """Grades one mutant after another with a tenant of its own."""

    tenant: Tenant
    elsewhere: Tenant
    killers: Killers
    merchants: Callable[..., Tenant]
    """Makes another tenant of the gateway."""
    made: Counter[str] = field(default_factory=Counter)

    def kill(self, mutant: Mutant, *, everything: bool = True) -> Death:
        """Grades it until a case fails; with `everything` a survivor has been through all of them."""
        began = time.monotonic()
        driver = LocalDriver(lambda: application(mutant))
        harness = Harness(driver, self.tenant, 0, elsewhere=self.elsewhere, merchants=self.merchants, made=self.made)
        harness.driver.start(harness.config)
        grader = Grader(PROFILE, reruns=0)
        try:
            for record in self.killers.order(mutant, everything=everything):
                if not record.needs <= harness.hello.claims:
                    continue
                found = grader.grade(record, harness)
                if found.verdict is Verdict.KIT_ERROR:
                    raise KitTrouble(f"{mutant.name}: {record.id}: {found.signature} {found.detail}")
                if found.verdict is Verdict.FAIL:
                    self.killers.learn(mutant, record, record.fixed[found.examples - 1])
                    return Death(mutant.name, record.id, found.signature, time.monotonic() - began)
        finally:
            harness.driver.stop()
        return Death(mutant.name, seconds=time.monotonic() - began)


def kill_all(names: Sequence[str], workers: int, *, everything: bool = True) -> list[Death]:
    """Several at once in this process, each thread with a tenant of its own; then each survivor once more by itself.

    A mutant that starves because the machine is busy is not graded, and must not count as one that nothing kills. With
    `everything` a survivor goes through all cases then, otherwise through the likely ones. The equivalent ones, which
    nothing may kill, go through all cases side by side.
    """
    own, killers = local(), Killers()
    with Server(port=0, orders=[]) as server, ThreadPoolExecutor(workers) as pool:

        def one(name: str, *, everything: bool = False) -> Death:
            if not hasattr(own, "killer"):
                own.killer = Killer(server.tenant(key_bits=KEY_BITS), server.default, killers, server.tenant)
            killer: Killer = own.killer
            return killer.kill(table.mutants()[name], everything=everything)

        first = list(pool.map(one, names))
        alone = Killer(server.tenant(key_bits=KEY_BITS), server.default, killers, server.tenant)
        alive = [death.mutant for death in first if not death.case]
        argued = [name for name in alive if equivalent.reason(name)]
        again = {name: alone.kill(table.mutants()[name], everything=everything) for name in alive if name not in argued}
        if everything:
            again.update(zip(argued, pool.map(lambda name: one(name, everything=True), argued), strict=True))
        return [again.get(death.mutant, death) for death in first]
