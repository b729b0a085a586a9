"""From what the fake gateway keeps to Evidence: journal entries become Sent, orders become Truth."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from huifu_contract import schemas
from huifu_contract.evidence import NOTHING, Heard, Sent, Truth
from huifu_contract.failures import KitTrouble
from huifu_contract.reference import keys
from huifu_contract.reference.envelope import NotReadable, read

if TYPE_CHECKING:
    from huifu_mock import Call, Order

ECHOED = ("req_seq_id", "req_date", "huifu_id")


MOST_LINES = 4


def sent(call: Call, huifu_public_key: str, merchant: str | None = None) -> Sent:
    """One journalled call with what was really written in answer to it.

    `merchant` is the private key of the client for a call that named no tenant: the gateway could not know whose
    signature to expect there, so the kit checks it.
    """
    return Sent(
        op=call.endpoint,
        at=call.at.timestamp(),
        data=call.data,
        body=call.body,
        headers=call.headers,
        path=call.path,
        signature_ok=call.signature_ok is True if merchant is None else _signed(call, merchant),
        explanation=explained(call),
        heard=heard(call.response, call.data or {}, huifu_public_key),
    )


def explained(call: Call) -> str:
    """What was wrong with a request in the gateway's words, the first few lines of them."""
    if call.signature_ok and call.reason in (None, "CLOSED", "PROCESSING"):
        return ""
    found = call.explanation or {}
    mistakes = ", ".join(found.get("mistakes") or ())
    said = str((found.get("text") or {}).get("en") or found.get("reason") or "")
    lines = [line for line in said.splitlines() if line.strip()][:MOST_LINES]
    return " / ".join(filter(None, (mistakes, *lines)))


def _signed(call: Call, merchant: str) -> bool:
    try:
        sign = str(json.loads(call.body).get("sign"))
    except (ValueError, AttributeError):
        return False
    text = json.dumps(dict(sorted((call.data or {}).items())), ensure_ascii=False, separators=(",", ":"))
    return keys.verifies(keys.private(merchant).public_key(), text.encode("utf-8", "replace"), sign)


def heard(response: str | None, request: Mapping[str, Any], huifu_public_key: str) -> Heard:
    """What the client can have read, judged by the kit itself and not by the gateway's word."""
    if not response:
        return NOTHING
    try:
        envelope = read(response.encode("utf-8"))
    except NotReadable:
        return Heard(genuine=False)
    data = envelope.data
    signed = keys.verifies(keys.public(huifu_public_key), envelope.raw.encode("utf-8"), envelope.sign)
    return Heard(
        genuine=signed and all(str(data.get(n)) in (str(request.get(n)), "") for n in ECHOED),
        resp_code=data.get("resp_code") if isinstance(data.get("resp_code"), str) else None,
        trans_stat=data.get("trans_stat") if isinstance(data.get("trans_stat"), str) else None,
    )


def truth(order: Order | None, age_s: float = 0.0) -> Truth:
    """None is an order that does not exist."""
    if order is None:
        return Truth(trans_stat="F")
    winners = [close.req_seq_id for close in order.closes if close.stat == "S"]
    return Truth(
        closed=order.close_stat == "S",
        in_flight=order.close_stat == "P",
        trans_stat=order.trans_stat,
        closed_by=winners[-1] if winners else "",
        age_s=age_s,
    )


def honest(call: Call, huifu_public_key: str) -> None:
    """The gateway's own promises for a reply that nothing was to spoil; a broken one is the kit's trouble."""
    if call.response is None:
        raise KitTrouble(f"the fake gateway has no answer for {call.id} although nothing was to spoil it")
    try:
        envelope = read(call.response.encode("utf-8"))
    except NotReadable as error:
        raise KitTrouble(f"the fake gateway sent an unreadable answer ({error})") from None
    if not keys.verifies(keys.public(huifu_public_key), envelope.raw.encode("utf-8"), envelope.sign):
        raise KitTrouble("the fake gateway signed an answer with a key that is not Huifu's")
    if call.endpoint == "close":
        wrong = schemas.complaint("close/response", envelope.data)
        if wrong is not None:
            raise KitTrouble(f"the fake gateway's answer breaks its schema: {wrong}")
