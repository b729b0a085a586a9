"""L4.

Attempts are bounded and spaced, and an attempt in doubt is followed only by a query or by the very same
request.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from huifu_contract.evidence import Evidence, Sent
from huifu_contract.laws.broken import Broken

PAUSE_S = 0.1
GROWTH = 0.9
"""A gap counts as grown if it is at least this much of the one before: clocks and schedulers jitter."""


def restraint(e: Evidence) -> list[Broken]:
    return [*bounded(e), *same_or_query(e)]


def bounded(e: Evidence) -> list[Broken]:
    """No more POSTs than the client declares for one call."""
    if len(e.sent) <= e.hello.max_attempts:
        return []
    return [Broken("L4", "more attempts than declared", f"{len(e.sent)} sent, {e.hello.max_attempts} declared")]


def same_or_query(e: Evidence) -> list[Broken]:
    """After a close whose fate the client cannot know, no other close of the order may be sent."""
    doubtful: Sent | None = None
    for sent in e.sent:
        if sent.op != "close":
            continue
        if doubtful is not None and sent.identity != doubtful.identity:
            return [Broken("L4", "a different close was sent after one in doubt", _numbers((doubtful, sent)))]
        if in_doubt(sent):
            doubtful = sent
    return []


def in_doubt(sent: Sent) -> bool:
    """No genuine S or F came back: it may have closed the order, or may still."""
    return not (sent.heard.genuine and sent.heard.trans_stat in ("S", "F"))


def growing_gaps(e: Evidence) -> list[Broken]:
    """Gaps between attempts, none shorter than the one before, and in the end at least a pause."""
    gaps = _gaps(e.sent)
    if gaps and gaps[-1] < PAUSE_S:
        return [Broken("L4", "attempts follow one another without a pause", _shown(gaps))]
    if any(later < GROWTH * sooner for sooner, later in pairwise(gaps)):
        return [Broken("L4", "gaps between attempts do not grow", _shown(gaps))]
    return []


def paused(e: Evidence) -> list[Broken]:
    """No close follows another sooner than a pause."""
    gaps = _gaps(e.closes)
    if any(gap < PAUSE_S for gap in gaps):
        return [Broken("L4", "closes follow one another without a pause", _shown(gaps))]
    return []


def _gaps(sent: Sequence[Sent]) -> list[float]:
    return [later.at - sooner.at for sooner, later in pairwise(sent)]


def _shown(gaps: Sequence[float]) -> str:
    return "gaps of " + ", ".join(f"{gap * 1000:.0f} ms" for gap in gaps)


def _numbers(sent: Sequence[Sent]) -> str:
    return " then ".join(str((one.data or {}).get("req_seq_id")) for one in sent)
