"""The five laws that every run of a client is judged by, and how a case ends that breaks one or cannot be judged."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from huifu_contract import schemas
from huifu_contract.harness import signed
from huifu_contract.harness.differences import Difference, between
from huifu_contract.harness.evidence import SAYS, Evidence, SentRequest
from huifu_contract.harness.readings import misread, unread, what_came
from huifu_contract.harness.signed import ORDERS_NUMBERS
from huifu_mock.gateway.gateway import PATHS

TITLES = {
    "L1": "an outcome that the client reports as certain is true",
    "L2": "where a genuine answer could be had, the outcome is certain",
    "L3": "every request sent is valid",
    "L4": "attempts are few and spaced, and no other close is sent after one whose result is unknown",
    "L5": "nothing is concluded from a reply that is not authentic",
    "C": "what this case asks for besides L1 to L5: see 'passes when'",
}


LAWS = {
    "soundness": "L1", "resolution": "L2", "wire": "L3", "signature": "L3", "unique": "L3", "restraint": "L4",
    "one_order": "L4", "bounded": "L4", "same_or_query": "L4", "growing_gaps": "L4", "paused": "L4", "silence": "L5",
}  # fmt: skip


def law_of(function: Callable[..., object]) -> str:
    """The law that a function of this module judges by; a condition of a case of its own is C."""
    return LAWS.get(function.__name__, "C")


@dataclass(frozen=True, slots=True)
class Broken:
    """`law` is L1 … L5, or C for the condition that one case adds.

    `detail` and `differs` vary from run to run, `message` does not. `detail_zh` is the detail in Chinese, where the
    gateway said it in both languages. `stable` is the part of the message that does not
    vary with the example either; empty where that is all of it. `timed`: it is read from when requests came, or from
    one that follows an answer, so that answers which came too late may be why.
    """

    law: str
    message: str
    detail: str = ""
    differs: tuple[Difference, ...] = ()
    stable: str = ""
    detail_zh: str = ""
    timed: bool = False

    @classmethod
    def explained(cls, law: str, message: str, sent: SentRequest) -> Broken:
        """With what the gateway says of that request for the detail."""
        return cls(law, message, sent.explanation.get("en", ""), detail_zh=sent.explanation.get("zh", ""))

    def __str__(self) -> str:
        return f"{self.law}: {self.message}"


def soundness(e: Evidence) -> list[Broken]:
    found = []
    if e.claim == "closed":
        if not e.truth.closed:
            found.append(Broken("L1", "claims closed, but the order is not closed", misread(e) or e.truth.words()))
        elif not e.genuine("S"):
            found.append(Broken("L1", "claims closed, but no genuine reply said so", misread(e)))
    elif e.claim == "not_closed":
        if e.truth.closed:
            found.append(Broken("L1", "claims not_closed, but the order is closed", misread(e) or e.truth.words()))
        elif e.truth.in_flight:
            found.append(Broken("L1", "claims not_closed while a close is in flight", misread(e)))
    elif e.claim == "rejected" and e.sent:
        found.append(Broken("L1", "claims rejected, but a request was sent", what_came(e)))
    elif e.claim == "crashed":
        error = e.outcome.error or {}
        kind = error.get("kind", "an exception")
        said = "; ".join(filter(None, (error.get("message", ""), what_came(e))))
        found.append(Broken("L1", f"crashed with {kind} instead of an outcome", said, stable="instead of an outcome"))
    return found


def resolution(e: Evidence) -> list[Broken]:
    if e.definite:
        return []
    had = "although an honest answer could be had"
    return [Broken("L2", f"claims {e.claim} {had}", unread(e) or e.truth.words(), stable=had)]


def silence(e: Evidence) -> list[Broken]:
    if not e.definite or e.genuine(SAYS[e.claim]):
        return []
    forged = [sent.heard for sent in e.sent if sent.heard.delivered and not sent.heard.genuine]
    if not forged:
        return []
    heard = next((one for one in forged if one.trans_stat == SAYS[e.claim]), forged[0])
    reply = "from a reply that is not authentic"
    why = misread(e) if heard is e.sent[-1].heard else ""
    return [Broken("L5", f"claims {e.claim} {reply}", why or heard.why, heard.differs, stable=reply)]


PAUSE_S = 0.1
GROWTH = 0.9
JITTER_S = 0.05
"""A gap counts as grown if it is at least this much of the one before, less this: clocks and schedulers jitter."""
FEW = 2
"""After a lost answer so many attempts may follow one another at once: a closequery, say, and that is the end."""


def restraint(e: Evidence) -> list[Broken]:
    return [*bounded(e), *same_or_query(e)]


def bounded(e: Evidence) -> list[Broken]:
    """No more POSTs than the client declares for one call."""
    if len(e.sent) <= e.hello.max_attempts:
        return []
    return [Broken("L4", "more attempts than declared", f"{len(e.sent)} sent, {e.hello.max_attempts} declared")]


def same_or_query(e: Evidence) -> list[Broken]:
    """After a close whose fate the client cannot know, no other close of the order may be sent."""
    doubtful: SentRequest | None = None
    for sent in e.sent:
        if sent.op != "close":
            continue
        if doubtful is not None and sent.identity != doubtful.identity:
            different = "a different close was sent after one in doubt"
            differs = between(doubtful.data or {}, sent.data or {})
            return [Broken("L4", different, _numbers((doubtful, sent)), differs)]
        if in_doubt(sent):
            doubtful = sent
    return []


ONE_ORDER = ("huifu_id", "org_req_date", "org_req_seq_id", "org_hf_seq_id")


def one_order(e: Evidence) -> list[Broken]:
    """What follows a close in the same call is a close of the same order."""
    closes = [dict(sent.data) for sent in e.closes if sent.data is not None]
    for later in closes[1:]:
        for name in ONE_ORDER:
            was, now = closes[0].get(name), later.get(name)
            moved = was is None and now in (closes[0].get(other) for other in ORDERS_NUMBERS)
            if now and now != was and (was is not None or moved):
                other = "a close of another order followed in the same call"
                differs = (Difference.of(name, was, now),)
                return [Broken("L4", f"{other}: with another {name}", differs=differs, stable=other)]
    return []


UNSETTLED = ("98888888", "99999999")
"""System errors: what became of the call the gateway itself does not know."""


def in_doubt(sent: SentRequest) -> bool:
    """No genuine S or F came back, or an F with a system error: it may have closed the order, or may still."""
    settled = sent.heard.genuine and sent.heard.trans_stat in ("S", "F")
    return not settled or (sent.heard.trans_stat == "F" and sent.heard.resp_code in UNSETTLED)


def growing_gaps(e: Evidence) -> list[Broken]:
    """Gaps between more than a few attempts, none shorter than the one before, and in the end at least a pause."""
    gaps = _gaps(e.sent)
    if len(e.sent) > FEW and gaps[-1] < PAUSE_S:
        return [Broken("L4", "attempts follow one another without a pause", _shown(gaps), timed=True)]
    if any(later < GROWTH * sooner - JITTER_S for sooner, later in pairwise(gaps)):
        return [Broken("L4", "gaps between attempts do not grow", _shown(gaps), timed=True)]
    return []


def paused(e: Evidence) -> list[Broken]:
    """No close follows another sooner than a pause."""
    gaps = _gaps(e.closes)
    if any(gap < PAUSE_S for gap in gaps):
        return [Broken("L4", "closes follow one another without a pause", _shown(gaps), timed=True)]
    return []


def _gaps(sent: Sequence[SentRequest]) -> list[float]:
    return [later.at - sooner.at for sooner, later in pairwise(sent)]


def _shown(gaps: Sequence[float]) -> str:
    return "gaps of " + ", ".join(f"{gap * 1000:.0f} ms" for gap in gaps)


def _numbers(sent: Sequence[SentRequest]) -> str:
    return " then ".join(str((one.data or {}).get("req_seq_id")) for one in sent)


NAMED = {endpoint.name: endpoint.request for endpoint in PATHS.values()}
NAMES_AN_ORDER = ("close", "closequery")
HAS_ITS_OWN_NUMBER = ("close", "closequery", "create")
"""A query of an order carries no number of its own: v4 calls the order's number `req_seq_id`."""
DATES = ("req_date", "org_req_date")
NOTHING_GIVEN: Mapping[str, str] = {}


def wire(e: Evidence) -> list[Broken]:
    return [broken for sent in e.sent for broken in (*_shape(sent), *signature(sent, e.params))] + unique(e.sent)


def _shape(sent: SentRequest) -> list[Broken]:
    if sent.data is None:
        return [Broken.explained("L3", "the body holds no data object", sent)]
    found = []
    if twice := _twice(sent.body):
        found.append(Broken("L3", f"a member stands twice in the body: {twice}"))
    schema = schema_of(sent)
    wrong = None if schema is None else schemas.complaint(schema, dict(sent.data))
    if wrong is not None:
        found.append(Broken("L3", "the request breaks the schema", wrong))
    for name in DATES:
        value = sent.data.get(name)
        if isinstance(value, str) and not real_date(value):
            day = "is not a day written yyyyMMdd"
            found.append(Broken("L3", f"{name} {day}", value, stable=day))
    if sent.op in NAMES_AN_ORDER and not any(sent.data.get(name) for name in ORDERS_NUMBERS):
        found.append(Broken("L3", "neither org_req_seq_id nor org_hf_seq_id was sent"))
    return found


def _twice(body: bytes) -> str:
    """The first name that stands twice in one object of the body; a reader is free to take the one or the other."""
    found: list[str] = []

    def look(pairs: list[tuple[str, object]]) -> None:
        names = [name for name, _ in pairs]
        found.extend(name for at, name in enumerate(names) if name in names[:at])

    try:
        json.loads(body, object_pairs_hook=look)
    except ValueError:
        return ""
    return found[0] if found else ""


def schema_of(sent: SentRequest) -> str | None:
    """The schema of what was really called: by its path, for v2, v3 and v4 of a name differ; else by its name."""
    called = PATHS.get(sent.path)
    return NAMED.get(sent.op) if called is None else called.request


def signature(sent: SentRequest, given: Mapping[str, str] = NOTHING_GIVEN) -> list[Broken]:
    """`given` is what the client may have signed before it changed it."""
    if sent.signature_ok:
        return []
    wrong = "the signature does not verify over the data that was sent"
    found = signed.instead(sent.signed, sent.data or {}, given) if sent.signed else None
    if found is None:
        return [Broken.explained("L3", wrong, sent)]
    return [Broken("L3", f"{wrong}: {found.words}", differs=found.differs, stable=wrong)]


def unique(sent: tuple[SentRequest, ...]) -> list[Broken]:
    """(huifu_id, req_date, req_seq_id) names one request; the same bytes again are the same request."""
    named: dict[tuple[object, ...], set[tuple[str, str]]] = defaultdict(set)
    for one in sent:
        if one.data is not None and one.op in HAS_ITS_OWN_NUMBER:
            number = tuple(one.data.get(name) for name in ("huifu_id", "req_date", "req_seq_id"))
            named[number].add(one.identity)
    twice = [number for number, requests in named.items() if len(requests) > 1]
    return [Broken("L3", "one req_seq_id was used for two different requests", str(twice[0][2]))] if twice else []


def real_date(text: str) -> bool:
    """Eight digits that name a day of the calendar."""
    if len(text) != 8 or not (text.isascii() and text.isdigit()):
        return False
    try:
        date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return False
    return True


__all__ = [
    "Broken",
    "bounded",
    "growing_gaps",
    "one_order",
    "paused",
    "resolution",
    "restraint",
    "same_or_query",
    "silence",
    "soundness",
    "wire",
]


class CaseBroken(Exception):
    """A law, or the case's own condition, is broken."""

    def __init__(self, found: Sequence[Broken], evidence: Evidence) -> None:
        super().__init__(failure_signature(found))
        self.found = tuple(found)
        self.evidence = evidence


class Blocked(Exception):
    """The case could not be exercised: the message is the root cause."""


class Skipped(Exception):
    """The case cannot be run in this way, and that is nobody's fault."""


TELLING = ("L4", "L3", "C", "L1", "L5", "L2")
"""The laws, from what a failure is told by to what comes of it, or comes with it in some examples only."""
CLAIMS = "L1: claims"
"""How the signature of a false outcome begins, whichever it is: an example may call for the one or for the other."""


def stable_part(found: Sequence[Broken]) -> str:
    """A part of the signature that another example of the same failure has too."""
    told = min(found, key=lambda broken: TELLING.index(broken.law))
    return told.stable or (CLAIMS if str(told).startswith(CLAIMS) else str(told))


def failure_signature(found: Sequence[Broken]) -> str:
    """The broken laws in words that stay the same from run to run."""
    return "; ".join(dict.fromkeys(str(broken) for broken in found))
