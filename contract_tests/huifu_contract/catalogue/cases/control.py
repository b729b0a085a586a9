"""control/*: an honest success and an honest failure.

Everything else means nothing while one of these is red.
"""

from __future__ import annotations

from huifu_contract.catalogue import record
from huifu_contract.catalogue.record import Basis, Example, Level
from huifu_contract.catalogue.registry import case
from huifu_contract.harness.harness import Harness
from huifu_contract.harness.laws import Broken, wire

ALL = "wire decision hook"


def honest_success(harness: Harness) -> None:
    e = harness.close()
    harness.demand(e, bool(e.closes), "no close reached the gateway")
    harness.judge(e, wire)
    if harness.decides:
        what = "a genuine success" if e.genuine("S") else "a close that the gateway refused"
        wrong = Broken.explained("C", f"claims {e.claim} after {what}", e.closes[0])
        harness.demanded(e, [] if e.claim == "closed" else [wrong])


@case(
    "control/accepts-honest-success",
    Level.MUST,
    Basis.SPEC,
    grade=ALL,
    control=True,
    quote=record.TRANS_STAT,
    says="A close that the gateway carries out and signs honestly is sent, valid, and claimed as closed.",
)
def accepts_honest_success(harness: Harness, _: Example) -> None:
    honest_success(harness)


@case(
    "control/reports-honest-failure",
    Level.MUST,
    Basis.SPEC,
    grade="decision",
    control=True,
    quote=record.NO_ORDER,
    says="An order that does not exist (23000001, F) is claimed as not_closed: no client is always sure or unsure.",
)
def reports_honest_failure(harness: Harness, _: Example) -> None:
    e = harness.close(params=harness.unknown_order())
    harness.demand(e, e.claim == "not_closed", f"claims {e.claim} after a genuine refusal")


@case(
    "control/second-call",
    Level.MUST,
    Basis.SAFETY,
    grade=ALL,
    control=True,
    quote=record.TRUE,
    says="A second, different close in the same process goes as well as the first.",
)
def second_call(harness: Harness, _: Example) -> None:
    honest_success(harness)
    honest_success(harness)
