"""The stateful case: walks over orders of every kind, compared step by step with a model of the specification."""

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
    walks: int
    steps: int


EFFORTS = {"quick": Effort(20, 6), "ci": Effort(40, 20), "deep": Effort(400, 40)}


@case(
    "state-machine",
    Level.MUST,
    Basis.SPEC,
    quote="**状态判断**：以 `trans_stat` 字段为准判断关单状态",
    says="over random walks of making, paying, closing, repeating and waiting, every answer is one that the model of "
    "the specification expects, and the server keeps every order as the model does",
    needs="a control plane with orders, clock and faults",
    kind="M",
)
def state_machine(stand: ServerHarness) -> None:
    admin = stand.admin
    if admin is None:
        raise Skipped("random walks need a control plane that makes orders and moves the clock")
    hits: Counter[str] = Counter()
    queries = stand.asker.query(stand.request()).business

    def fresh() -> CallSequence:
        return CallSequence(stand, admin, hits, queries)

    wanted = BRANCHES | {"lost", "at once"} | (QUERY_BRANCHES if queries else frozenset())
    effort = EFFORTS[stand.profile]
    for turn in range(ROUNDS):
        try:
            explore(fresh, effort.walks, effort.steps, case_seed(stand.seed, "server/state-machine", turn))
        except Mismatch as mismatch:
            found = shorter(mismatch, fresh)
            stand.steps = (*found.story, f"again: {list(map(dict, found.steps))}")
            stand.check(False, "walk", str(found), found.level)
            return
        except Flaky as flaky:
            stand.check(False, "walk", f"the same walk went differently the second time: {flaky}")
            return
        if not wanted - hits.keys():
            stand.judged += 1
            return
    missing = ", ".join(sorted(wanted - hits.keys()))
    raise KitTrouble(f"the walks never met {missing}: they prove less than they claim")
