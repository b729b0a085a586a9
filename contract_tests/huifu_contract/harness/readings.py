"""What the last reply of a call says by the page, beside what the client made of it."""

from __future__ import annotations

from collections.abc import Sequence

from huifu_contract.harness.evidence import OK, SAYS, STATES, Evidence, SentRequest, SignedReply

SYSTEM = ("90000000", "98888888", "99999999")
FINAL = ("23000000", "10000016")
NO_CLOSE_KNOWN = "23000001"
BUSY_OR_YOUNG = "20000001"
RIGHT = {claim: f"right: {claim}" for claim in SAYS}
PENDING = "right: pending, unless closequery tells more"
UNKNOWN = "right: unknown, unless closequery tells more"
AGAIN = "right: unknown or pending, and the same close again after a pause"


def misread(e: Evidence) -> str:
    """After which reply a false outcome was reported, what that says, and what would have been right.

    Empty where no reply tells: nothing was sent, a webhook told, or the reply does say so.
    """
    named = _about_the_close(e)
    if not named or e.told:
        return ""
    says, right = reading(named)
    if right == RIGHT[e.claim]:
        return ""
    return "; ".join((f"reported {e.claim} {_after(named)}", says, *_beside(e.claim, named[-1].heard), right))


def unread(e: Evidence) -> str:
    """Which reply says what became of the order, of a client that reports nothing definite.

    Where none does, the last one; empty where nothing was sent.
    """
    named = _about_the_close(e)
    for at in range(len(named), 0, -1):
        says, right = reading(named[:at])
        if right in RIGHT.values():
            return "; ".join((f"reported {e.claim} {_after(named[:at])}", says, right))
    if not named:
        return ""
    return "; ".join((f"reported {e.claim} {_after(named)}", reading(named)[0], "closequery would have told more"))


def what_came(e: Evidence) -> str:
    """The last reply of a call, and what is wrong with it; empty where nothing was sent."""
    named = _about_the_close(e)
    if not named:
        return ""
    heard = named[-1].heard
    wrong = reading(named)[0] if heard.delivered and not heard.genuine else ""
    return "; ".join(filter(None, (_after(named), wrong)))


def reading(sent: Sequence[SentRequest]) -> tuple[str, str]:
    """What the reply to the last of these requests says, and what is right to report then."""
    heard, asked = sent[-1].heard, sent[-1].op == "closequery"
    if not heard.genuine:
        return _nothing(heard, asked=asked), UNKNOWN
    match heard.trans_stat:
        case "S":
            return "trans_stat S says that the order is closed", RIGHT["closed"]
        case "P":
            return "trans_stat P says that the close is in progress, and may succeed or fail", PENDING
        case "F":
            return _failed(sent, heard.resp_code or "", asked=asked)
    if heard.unlisted:
        return f"trans_stat {heard.unlisted} is none of P, S and F, and says nothing", UNKNOWN
    return "a reply without trans_stat says nothing of the close", UNKNOWN


def _nothing(heard: SignedReply, *, asked: bool) -> str:
    if heard.delivered:
        return f"that reply proves nothing: {heard.why}"
    if heard.status != OK:
        return f"HTTP {heard.status} says nothing of the order"
    return "no reply says nothing" if asked else "without a reply the close may have been carried out all the same"


def _failed(sent: Sequence[SentRequest], code: str, *, asked: bool) -> tuple[str, str]:
    if code in SYSTEM:
        return f"{code} is an error inside the gateway, and what became of the close is open", UNKNOWN
    if asked and code == NO_CLOSE_KNOWN:
        return f"{code} says that no close is known yet, and one that was sent may still be carried out", AGAIN
    if code == BUSY_OR_YOUNG:
        return f"{code} says that the order is too young, or that another close is in progress and may succeed", AGAIN
    if code in FINAL:
        return f"{code} says that the order is in a final state: paid, failed, or closed before", UNKNOWN
    if not asked and any(one.op == "close" and not one.heard.genuine for one in sent[:-1]):
        return "F says so of this attempt alone: one before it may have been carried out", UNKNOWN
    return "trans_stat F says that the order was not closed", RIGHT["not_closed"]


def _about_the_close(e: Evidence) -> list[SentRequest]:
    return [sent for sent in e.sent if sent.op in ("close", "closequery")]


def _after(sent: Sequence[SentRequest]) -> str:
    last, heard = sent[-1], sent[-1].heard
    again = last.op == "close" and any(one.op == "close" for one in sent[:-1])
    request = "a close that was sent again" if again else f"a {last.op}"
    if heard.delivered:
        members = _members(heard)
        return f"after the reply to {request}" + (f": {members}" if members else "")
    if heard.status != OK:
        return f"after {request} that was answered with HTTP {heard.status} alone"
    return f"after {request} without a reply"


def _members(heard: SignedReply) -> str:
    stat = heard.trans_stat if heard.trans_stat in STATES else heard.unlisted or None
    found = (("resp_code", heard.resp_code), ("trans_stat", stat), ("org_trans_stat", heard.org_trans_stat))
    return ", ".join(f"{name} {value}" for name, value in found if value is not None)


def _beside(claim: str, heard: SignedReply) -> list[str]:
    """Members that do not decide, and that may have been read where trans_stat is meant."""
    stat, code, payment = heard.trans_stat, heard.resp_code, heard.org_trans_stat
    found: list[str] = []
    if not heard.genuine or stat == SAYS[claim]:
        return found
    if payment and payment != stat:
        found.append(f"org_trans_stat {payment} is the state of the payment and not of the close")
    if claim == "closed" and code == "00000000":
        found.append(f"resp_code {code} says that the request was processed and not that the order is closed")
    if claim == "not_closed" and stat in ("P", "S") and code not in (None, "00000000", "00000100"):
        found.append(f"resp_code {code} does not decide where trans_stat is {stat}")
    return found
