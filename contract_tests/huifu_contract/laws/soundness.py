"""L1.

`closed` only if it is closed and a genuine reply said so; `not_closed` only if it is and stays so;
`rejected` sent nothing.
"""

from __future__ import annotations

from huifu_contract.evidence import Evidence
from huifu_contract.laws.broken import Broken


def soundness(e: Evidence) -> list[Broken]:
    found = []
    if e.claim == "closed":
        if not e.truth.closed:
            found.append(Broken("L1", "claims closed, but the order is not closed", e.truth.words()))
        elif not e.genuine("S"):
            found.append(Broken("L1", "claims closed, but no genuine reply said so"))
    elif e.claim == "not_closed":
        if e.truth.closed:
            found.append(Broken("L1", "claims not_closed, but the order is closed", e.truth.words()))
        elif e.truth.in_flight:
            found.append(Broken("L1", "claims not_closed while a close is in flight"))
    elif e.claim == "rejected" and e.sent:
        found.append(Broken("L1", "claims rejected, but a request was sent", f"{len(e.sent)} requests"))
    elif e.claim == "crashed":
        error = e.outcome.error or {}
        kind = error.get("kind", "an exception")
        found.append(Broken("L1", f"crashed with {kind} instead of an outcome", error.get("message", "")))
    return found
