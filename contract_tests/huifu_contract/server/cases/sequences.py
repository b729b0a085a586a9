"""The stateful case: sequences over orders of every kind, compared step by step with a model of the specification."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from hypothesis.errors import Flaky

from huifu_contract.catalogue.record import Basis, Level
from huifu_contract.failures import KitTrouble
from huifu_contract.grading.profiles import case_seed
from huifu_contract.harness.laws import Skipped
from huifu_contract.server.harness import ServerHarness
from huifu_contract.server.model import BRANCHES, QUERY_BRANCHES
from huifu_contract.server.registry import case
from huifu_contract.server.sequences import CallSequence, Mismatch, shorter
from huifu_contract.server.state_machine import explore

ROUNDS = 8
"""How often the machine sets out again while a branch of the model was never met."""


@dataclass(frozen=True, slots=True)
class Effort:
    sequences: int
    steps: int


EFFORTS = {"quick": Effort(20, 6), "ci": Effort(40, 20), "deep": Effort(400, 40)}


@case(
    "state-machine",
    Level.MUST,
    Basis.SPEC,
    quote="**状态判断**：以 `trans_stat` 字段为准判断关单状态",
    says="in generated sequences of calls, payments, repetitions and waits, every answer is one that the model of "
    "the specification expects, and the server keeps every order as the model does",
    needs="a control API with orders, clock and faults",
    kind="M",
)
def state_machine(harness: ServerHarness) -> None:
    admin = harness.admin
    if admin is None:
        raise Skipped("generated sequences need a control API that makes orders and moves the clock")
    hits: Counter[str] = Counter()
    queries = harness.asker.query(harness.request()).business

    def fresh() -> CallSequence:
        return CallSequence(harness, admin, hits, queries)

    wanted = BRANCHES | {"lost", "at once"} | (QUERY_BRANCHES if queries else frozenset())
    effort = EFFORTS[harness.profile]
    for turn in range(ROUNDS):
        try:
            explore(fresh, effort.sequences, effort.steps, case_seed(harness.seed, "server/state-machine", turn))
        except Mismatch as mismatch:
            found = shorter(mismatch, fresh)
            harness.steps = (*found.transcript, f"again: {list(map(dict, found.steps))}")
            harness.check(False, "sequence", str(found), found.level)
            return
        except Flaky as flaky:
            harness.check(False, "sequence", f"the same sequence went differently the second time: {flaky}")
            return
        if not wanted - hits.keys():
            harness.judged += 1
            return
    missing = ", ".join(sorted(wanted - hits.keys()))
    raise KitTrouble(f"the sequences never met {missing}: they prove less than they claim")
