"""webhook/*: what an application makes of `trans.close`, genuine, forged, oddly written, late and twice."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from threading import Event
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from huifu_contract import strategies as hs
from huifu_contract.catalogue import record
from huifu_contract.catalogue.cases.pushes import ACK_S, genuine, push, right
from huifu_contract.catalogue.record import Basis, Example, Level
from huifu_contract.catalogue.registry import case
from huifu_contract.harness.evidence import Evidence, Truth
from huifu_contract.harness.harness import Harness
from huifu_contract.harness.laws import Blocked
from huifu_contract.harness.prepared_answers import ALWAYS, answer
from huifu_contract.outcome import Outcome
from huifu_contract.reference.wire import webhook_sign

if TYPE_CHECKING:
    from huifu_contract.drivers.driver import Driver
    from huifu_mock import Order

GRADE = "hook"
NEEDS = ("webhook", "order")
LEARNS_S = 1.0
"""So long an application may take to believe a webhook that it has acknowledged: it may put it in a queue first."""
MEMBERS = (
    "org_req_date", "org_req_seq_id", "trans_stat", "namespace", "huifu_id", "event_define_no", "org_mer_ord_id",
    "trans_type", "org_trans_stat",
)  # fmt: skip

BESIDE = ("namespace", "org_mer_ord_id", "trans_type", "org_trans_stat")
"""Those of them that name neither the order nor what became of its close."""


UNHEARD_OF = "of an order that the application heard nothing of it says how its close ended"
SAID = {"S": "closed", "F": "not_closed"}


def event(order: Order, stat: str = "S", **more: str) -> dict[str, str]:
    """The nine members of `trans.close`, in the order in which the gateway sends them."""
    values = {
        "org_req_date": order.req_date,
        "org_req_seq_id": order.req_seq_id,
        "trans_stat": stat,
        "namespace": "opps-webhook",
        "huifu_id": order.huifu_id,
        "event_define_no": "trans.close",
        "org_mer_ord_id": order.req_seq_id,
        "trans_type": order.trade_type,
        "org_trans_stat": "F" if stat == "S" else "P",
        **more,
    }
    return {name: values[name] for name in (*MEMBERS, *(name for name in values if name not in MEMBERS))}


def compact(members: Mapping[str, str]) -> bytes:
    return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def learns(harness: Harness, order: Order, process: Driver | None = None) -> str:
    """What the application says of an order that a webhook called closed: at once, or when it had the time for it."""
    began = time.monotonic()
    said = _says(harness, order, process)
    while said != "closed" and time.monotonic() < began + LEARNS_S:
        Event().wait(LEARNS_S / 20)
        said = _says(harness, order, process)
        if said == "closed":
            harness.learns_s = max(harness.learns_s, time.monotonic() - began)
    return said


def believes(harness: Harness, order: Order) -> str:
    """What the application says of the order when it has had twice the time that it needs."""
    if harness.learns_s:
        Event().wait(2 * harness.learns_s)
    return _says(harness, order)


def _says(harness: Harness, order: Order, process: Driver | None = None) -> str:
    refs = {"huifu_id": order.huifu_id, "org_req_date": order.req_date, "org_req_seq_id": order.req_seq_id}
    with harness.turn:
        outcome = (process or harness.driver).order(refs, harness.deadline_s)
    if outcome.verdict == "unsupported":
        raise Blocked("the client claims `order` and answers `unsupported`")
    return outcome.verdict


IN_PROGRESS = tuple(answer("00000100", "P", endpoint=op, times=ALWAYS) for op in ("close", "closequery"))


def awaited(harness: Harness, **wanted: Any) -> Order:
    """An order of which the application takes news.

    Most take them of any; some look an order up among those that they know, and have to close it first.
    """
    if not harness.news:
        harness.news = "any"
        if not _takes(harness, harness.order()):
            harness.news = "own" if _takes(harness, _closing(harness)) else "any"
    return _closing(harness, **wanted) if harness.news == "own" else harness.order(**wanted)


def _takes(harness: Harness, order: Order) -> bool:
    """Whether a genuine webhook about that order is acknowledged and believed."""
    return genuine(harness, compact(event(order))).acknowledged and learns(harness, order) == "closed"


def _closing(harness: Harness, **wanted: Any) -> Order:
    """An order whose close was in progress when the application last heard of it."""
    order = harness.order(**wanted)
    harness.close(order, *IN_PROGRESS, must_act=False)
    return order


def evidence(harness: Harness, order: Order, claim: str, told: tuple[str, ...]) -> Evidence:
    """A webhook case has no call of its own: the claim is what the application believes."""
    closed = "S" in told
    truth = Truth(closed=closed, trans_stat="F" if closed else "P")
    return Evidence(Outcome(claim), {"org_req_seq_id": order.req_seq_id}, (), truth, harness.hello, told=told)


def accepted(harness: Harness, order: Order, raw: bytes, says: str) -> None:
    """A genuine S is acknowledged in time and believed."""
    answered = genuine(harness, raw)
    e = evidence(harness, order, learns(harness, order), ("S",))
    harness.demand(e, answered.acknowledged, f"{says} was not acknowledged", f"HTTP {answered.status}")
    harness.demand(e, answered.seconds <= ACK_S, f"{says} was acknowledged too late", f"{answered.seconds:.1f} s")
    harness.demand(e, e.claim == "closed", f"{says} had no effect", f"the application believes {e.claim}")


@case(
    "webhook/valid-acknowledged",
    Level.MUST,
    Basis.VENDOR,
    grade=GRADE,
    needs=NEEDS,
    quote=record.WEBHOOK + " " + record.MD5,
    says="A genuine trans.close is answered with 2xx within 5 s, and the application believes it within a second more; "
    "before that it says nothing definite of the order. A process that starts later believes it too, if it knows how a "
    "close ended. One without the members that name neither order nor outcome is believed, or refused.",
    fixed=[{}, {"asked": "a later process"}, {"without": list(BESIDE)}],
    rev=5,
)
def valid_acknowledged(harness: Harness, x: Example) -> None:
    if "asked" in x:
        _kept(harness)
        return
    order = awaited(harness)
    if "without" in x:
        _not_lost(harness, order, x["without"])
        return
    e = evidence(harness, order, _says(harness, order), ())
    harness.demand(e, not e.definite, UNHEARD_OF, f"the application says {e.claim}")
    accepted(harness, order, compact(event(order)), "a genuine webhook")


def _not_lost(harness: Harness, order: Order, without: Sequence[str]) -> None:
    """Who cannot read a genuine S without these members must not acknowledge it."""
    members = {name: value for name, value in event(order).items() if name not in without}
    acknowledged = genuine(harness, compact(members)).acknowledged
    e = evidence(harness, order, (learns if acknowledged else _says)(harness, order), ("S",))
    lost = f"a genuine webhook without {', '.join(without)} was acknowledged and had no effect: it is not sent again"
    harness.demand(e, not acknowledged or e.claim == "closed", lost, f"the application believes {e.claim}")


FORGOTTEN = "a later process knows how a close ended and not what a genuine webhook told"


def _kept(harness: Harness) -> None:
    """Whoever keeps the end of a close for its next process has to keep a webhook: it is not sent again."""
    order, closed = awaited(harness), harness.order()
    told_by_a_reply = harness.judge(harness.close(closed)).claim == "closed"
    accepted(harness, order, compact(event(order)), "a genuine webhook")
    later = harness.driver.twin() if told_by_a_reply else None
    if later is None:
        return
    later.start(harness.config)
    try:
        if _says(harness, closed, later) == "closed":
            said = learns(harness, order, later)
            harness.demand(
                evidence(harness, order, said, ("S",)), said == "closed", FORGOTTEN, f"the application believes {said}"
            )
    finally:
        later.stop()


def honest_twin(harness: Harness) -> Order:
    """A genuine webhook first: an application that ignores this one proves nothing by ignoring the rest."""
    order = awaited(harness)
    if _takes(harness, order):
        harness.took_news = True
        return order
    if harness.took_news:
        harness.demand(evidence(harness, order, "unknown", ("S",)), False, NO_MORE)
    raise Blocked("the honest twin was not accepted: a genuine webhook has no effect")


NO_MORE = "no genuine webhook has an effect any more, after one that cannot be read or is not about a close"


FORGED = {
    "missing": "is missing",
    "empty": "is empty",
    "garbage": "is that of something else",
    "other-key": "was made with another key",
    "other-body": "is that of a longer body",
    "no-key": "was made without the key",
    "key-first": "was made with the key before the body",
    "beginning": "is right in its first eight digits only",
    "ending": "is right but for its last digit",
    "shortened": "is cut in half",
    "lengthened": "has one digit more",
    "of-another": "is that of another webhook",
    "in-body": "stands in the body",
    "as-a-list": "comes as a list, which some comparisons hold equal to every text",
}
"""What is wrong with a signature."""


@case(
    "webhook/bad-or-missing-sign",
    Level.MUST,
    Basis.SAFETY,
    grade=GRADE,
    needs=NEEDS,
    quote=record.MD5,
    says="Without a signature, with a wrong one, or with that of another body or key, a webhook has no effect.",
    fixed=[*({"how": how} for how in FORGED), {"how": "garbage", "stat": "F"}],
    rev=6,
    draw=lambda: st.fixed_dictionaries(
        {"how": st.sampled_from(["garbage", "other-key", "other-body"]), "salt": hs.plain_text(1, 16)}
    ),
)
def bad_or_missing_sign(harness: Harness, x: Example) -> None:
    honest = honest_twin(harness)
    order = awaited(harness)
    raw = compact(event(order, x.get("stat", "S")))
    key, salt = harness.tenant.webhook_key, x.get("salt", "x")
    wanted = right(harness, raw)
    if x["how"] == "in-body":
        raw = compact(event(order, sign=wanted))
    signature = {
        "in-body": None,
        "as-a-list": None,
        "missing": None,
        "empty": "",
        "garbage": hashlib.md5(salt.encode(), usedforsecurity=False).hexdigest().upper(),
        "other-key": webhook_sign(raw, key[::-1] + salt),
        "other-body": webhook_sign(raw + salt.encode(), key),
        "no-key": webhook_sign(raw, ""),
        "key-first": webhook_sign(key.encode() + raw, ""),
        "beginning": wanted[:8] + webhook_sign(raw, "")[8:],
        "ending": wanted[:-1] + ("0" if wanted[-1] != "0" else "1"),
        "shortened": wanted[:16],
        "lengthened": wanted + "0",
        "of-another": right(harness, compact(event(honest))),
    }[x["how"]]
    push(harness, raw, signature, **({"sign[]": salt} if x["how"] == "as-a-list" else {}))
    e = evidence(harness, order, believes(harness, order), ())
    forged = "a webhook was believed whose signature"
    believed = f"{forged} {FORGED[x['how']]}" if e.claim == SAID[x.get("stat", "S")] else UNHEARD_OF
    stable = forged if believed != UNHEARD_OF else ""
    harness.demand(e, not e.definite, believed, f"the application believes {e.claim}", stable)


@case(
    "webhook/stat-decides",
    Level.MUST,
    Basis.SPEC,
    grade=GRADE,
    needs=NEEDS,
    quote=record.TRANS_STAT,
    says="trans_stat of a genuine webhook decides: F is not closed, P and anything else settles nothing; a trans_stat "
    "in the address, where no signature covers it, does not count.",
    fixed=[
        *({"stat": stat} for stat in ("F", "P", "X", "s", "", None)),
        *({"stat": stat, "code": "00000000"} for stat in "FP"),
        *({"stat": stat, "order": "F"} for stat in "FP"),
        {"stat": "P", "beside": "S"},
    ],
    since="1.1",
    rev=2,
)
def stat_decides(harness: Harness, x: Example) -> None:
    honest_twin(harness)
    order = awaited(harness)
    also = {"resp_code": x.get("code"), "org_trans_stat": x.get("order")}
    members = event(order, x["stat"] or "", **{name: value for name, value in also.items() if value})
    if x["stat"] is None:
        del members["trans_stat"]
    genuine(harness, compact(members), **({"trans_stat": x["beside"]} if "beside" in x else {}))
    e = evidence(harness, order, believes(harness, order), ())
    taken = (
        "a trans_stat in the address went before the signed one"
        if "beside" in x
        else "a webhook that does not say S was taken for a success"
    )
    harness.demand(e, e.claim != "closed", taken, f"the application believes {e.claim}")
    settled = e.definite and x["stat"] != "F"
    harness.demand(e, not settled, "a webhook that settles nothing was believed", f"the application believes {e.claim}")


WRITTEN = {
    "": "",
    "spaces": " with blanks between its members",
    "indent": " over several lines",
    "ascii": " with escapes for what is not ASCII",
    "reverse": " with its members in another order",
    "lower": " with its signature in lower case",
    "extra": " with one member more",
    "end": " with a line end after it",
}


@case(
    "webhook/raw-bytes",
    Level.MUST,
    Basis.VENDOR,
    grade=GRADE,
    needs=NEEDS,
    quote=record.MD5,
    says="The signature covers the bytes as they came: spacing, escapes and member order do not matter.",
    fixed=[
        {"indent": 2, "ascii": True, "reverse": True, "lower": True, "extra": "0.00"},
        {"indent": None, "ascii": False, "reverse": False, "lower": False, "extra": "关单\U0001f600"},
        {"indent": None, "ascii": True, "reverse": False, "lower": False, "extra": "", "end": "\r\n"},
    ],
    draw=lambda: st.fixed_dictionaries(
        {
            "indent": st.sampled_from([None, 0, 1, 4]),
            "ascii": st.booleans(),
            "reverse": st.booleans(),
            "lower": st.booleans(),
            "extra": st.sampled_from(["0.00", "a/b", "关单", "<&>", ""]),
        }
    ),
)
def raw_bytes(harness: Harness, x: Example) -> None:
    order = awaited(harness)
    status = written(harness, order, x)
    e = evidence(harness, order, learns(harness, order), ("S",))
    how = "" if 200 <= status < 300 and e.claim == "closed" else _culprit(harness, x)
    harness.demand(e, 200 <= status < 300, f"a genuine webhook{how} was refused", f"HTTP {status}")
    harness.demand(
        e, e.claim == "closed", f"a genuine webhook{how} had no effect", f"the application believes {e.claim}"
    )


def written(harness: Harness, order: Order, x: Example) -> int:
    """The status of the answer to a genuine S in these bytes; one member more has a name that nobody can know."""
    members = event(order, **({harness.number(): x["extra"]} if x.get("extra") else {}))
    names = reversed(members) if x.get("reverse") else iter(members)
    between = (",", ":") if x.get("compact") else None
    told = {name: members[name] for name in names}
    text = json.dumps(told, ensure_ascii=x.get("ascii", False), indent=x.get("indent"), separators=between)
    raw = (text + x.get("end", "")).encode("utf-8")
    signature = right(harness, raw)
    return push(harness, raw, signature.lower() if x.get("lower") else signature).status


def _culprit(harness: Harness, x: Example) -> str:
    """Of several ways to write it the first that has no effect even alone; empty if none has."""
    ways = {name: {"compact": True, name: x[name]} for name in x if x[name] not in (None, False, "")}
    for name, way in {"": {"compact": True}, "spaces": {}, **ways}.items():
        order = awaited(harness)
        written(harness, order, way)
        if learns(harness, order) != "closed":
            return WRITTEN[name]
    return " in unusual bytes"
