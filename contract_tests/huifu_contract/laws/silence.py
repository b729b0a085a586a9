"""L5.

Nothing is claimed from a reply that is not authentic: unsigned, signed by another, changed, cut, or for
another call.
"""

from __future__ import annotations

from huifu_contract.evidence import Evidence
from huifu_contract.laws.broken import Broken

SAYS = {"closed": "S", "not_closed": "F"}


def silence(e: Evidence) -> list[Broken]:
    if not e.definite or e.genuine(SAYS[e.claim]):
        return []
    if any(sent.heard.delivered and not sent.heard.genuine for sent in e.sent):
        return [Broken("L5", f"claims {e.claim} from a reply that is not authentic")]
    return []
