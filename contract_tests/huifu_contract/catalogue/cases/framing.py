"""webhook/framing: a genuine webhook is read in whatever way HTTP brings it."""

from __future__ import annotations

from huifu_contract.catalogue.cases.pushes import Answer, line, right
from huifu_contract.catalogue.cases.webhook import GRADE, NEEDS, awaited, compact, event, evidence, honest_twin, learns
from huifu_contract.catalogue.record import Basis, Example, Level
from huifu_contract.catalogue.registry import case
from huifu_contract.harness.harness import Harness

FRAMED = {
    "parts": "whose body comes in two parts",
    "charset": "that names a charset beside its media type",
    "refused": "that comes on the connection of a refused one",
}
"""How the webhook comes, in words."""


@case(
    "webhook/framing",
    Level.SHOULD,
    Basis.SAFETY,
    grade=GRADE,
    needs=NEEDS,
    quote="HTTP (RFC 9112) lets a body come in any number of segments, and on a connection that carried another "
    "request before; a media type may have parameters (RFC 9110).",
    says="A genuine webhook is read that comes in two parts, with a charset beside its media type, or on the "
    "connection of one that was refused.",
    because="nothing false is believed; but news that the application cannot read is sent to it for hours",
    fixed=[{"how": how} for how in FRAMED],
    since="1.1",
)
def framing(harness: Harness, x: Example) -> None:
    honest_twin(harness)
    order = awaited(harness)
    raw = compact(event(order))
    answer = _sent(harness, raw, x["how"])
    e = evidence(harness, order, learns(harness, order), ("S",))
    words = f"a genuine webhook {FRAMED[x['how']]}"
    harness.demand(e, answer.acknowledged, f"{words} was not acknowledged", f"HTTP {answer.status}")
    harness.demand(e, e.claim == "closed", f"{words} had no effect", f"the application believes {e.claim}")


def _sent(harness: Harness, raw: bytes, how: str) -> Answer:
    sign = {"sign": right(harness, raw)}
    with line(harness) as one:
        if how == "refused":
            one.post(raw, {})
            answer = one.post(raw, sign)
            return answer if answer.status else one.post(raw, sign)  # who closes the connection is asked on another
        if how == "charset":
            return one.post(raw, sign, content_type="application/json;charset=UTF-8")
        return one.post(raw, sign, in_parts=True)
