"""repeat/*, concurrency/*, time/*: more than one call, more than one thread, more than one minute."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from hypothesis import strategies as st

from huifu_contract.catalogue import record
from huifu_contract.catalogue.record import Basis, Example, Level
from huifu_contract.catalogue.registry import case
from huifu_contract.harness.evidence import Evidence
from huifu_contract.harness.harness import Harness
from huifu_contract.harness.laws import Broken, bounded, paused, resolution
from huifu_contract.harness.prepared_answers import answer

YOUNG_S = 30


@case(
    "repeat/same-parameters",
    Level.MUST,
    Basis.SPEC,
    grade="decision",
    quote=record.SAME,
    says="The same parameters twice lead to the same claim.",
    fixed=[{"trade_type": "T_NATIVE"}, {"trade_type": "U_NATIVE"}],
)
def same_parameters(harness: Harness, x: Example) -> None:
    order = harness.order(trade_type=x["trade_type"])
    params = harness.params(order)
    first, second = (harness.judge(harness.close(order, params=params)) for _ in range(2))
    harness.demand(second, second.claim == first.claim, f"claims {first.claim}, then {second.claim}")


@case(
    "concurrency/conflict-retried",
    Level.SHOULD,
    Basis.SPEC,
    grade="decision",
    needs=["retry"],
    quote=record.CONFLICT,
    says="After 并发冲突 the client tries again, not at once, and claims closed when that succeeds.",
)
def conflict_retried(harness: Harness, _: Example) -> None:
    e = harness.close(None, answer("20000001.CONFLICT"))
    again = len(e.closes) > 1
    harness.judge(e, resolution, paused, also=[] if again else [Broken("C", "a conflict was not tried again")])


FATES = ("closed", "unionpay", "unknown")


@case(
    "concurrency/isolated-calls",
    Level.MUST,
    Basis.SAFETY,
    grade="decision",
    needs=["parallel"],
    quote=record.TRUE,
    says="Of several calls at once with different fates, each claim is about its own order.",
    fixed=[{"fates": ["closed", "unionpay", "unknown", "closed"]}],
    draw=lambda: st.fixed_dictionaries({"fates": st.lists(st.sampled_from(FATES), min_size=2, max_size=6)}),
)
def isolated_calls(harness: Harness, x: Example) -> None:
    fates = x["fates"]
    with ThreadPoolExecutor(max(1, min(len(fates), harness.hello.max_parallel))) as pool:
        calls = list(pool.map(lambda fate: _fated(harness, fate), fates))
    for fate, e in zip(fates, calls, strict=True):
        expected = {"closed": "closed", "unionpay": "not_closed", "unknown": "not_closed"}.get(fate)
        mixed = expected is not None and e.definite and e.claim != expected
        harness.judge(e, also=[Broken("C", "a claim belongs to another call")] if mixed else [])


def _fated(harness: Harness, fate: str) -> Evidence:
    match fate:
        case "unionpay":
            return harness.close(harness.order(trade_type="U_NATIVE"))
        case "unknown":
            return harness.close(params=harness.unknown_order())
        case _:
            return harness.close()


@case(
    "time/one-minute-backs-off",
    Level.SHOULD,
    Basis.SPEC,
    grade="decision",
    alone=True,
    quote=record.ONE_MINUTE,
    says="An order younger than a minute is not hammered: no other attempt before it is old enough.",
)
def one_minute_backs_off(harness: Harness, _: Example) -> None:
    harness.tenant.clock.freeze()
    try:
        e = harness.close(harness.order(age_seconds=YOUNG_S))
    finally:
        harness.tenant.clock.run()
    again = len(e.closes) > 1
    wrong = [Broken("L4", "the close was repeated before the order was a minute old")] if again else []
    harness.judge(e, bounded, also=wrong)
