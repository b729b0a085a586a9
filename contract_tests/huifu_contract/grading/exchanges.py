"""The requests and replies of a failed case as a report shows them, without keys and signatures.

Signatures and keys leave the kit only as six hex digits that tell them apart.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping

from huifu_contract.harness.evidence import OK, Evidence, SentRequest, SignedReply

LONG = re.compile(r"[A-Za-z0-9+/=_-]{80,}")


def digest(secret: str) -> str:
    return f"<{hashlib.sha256(secret.encode()).hexdigest()[:6]}>"


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Known secrets, and everything that looks like a key or a signature, replaced by digests."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, digest(secret))
    return LONG.sub(lambda found: digest(found[0]), text)


MOST = 12
KEPT = 60


def sequence(e: Evidence) -> tuple[str, ...]:
    """One line a request with its answer, then the claim and the truth."""
    began = e.sent[0].at if e.sent else 0.0
    lines = [_line(sent, began) for sent in e.sent[:MOST]]
    if len(e.sent) > MOST:
        lines.append(f"  … {len(e.sent) - MOST} more requests")
    if not e.sent:
        lines.append("  (no request came)")
    lines.append(f"  client claims {e.claim}; truth: {e.truth.words()}")
    return tuple(redact(line) for line in lines)


def _line(sent: SentRequest, began: float) -> str:
    return f"  {sent.at - began:+7.3f}s  client -> {sent.op:<10} {_numbers(sent.data)}  |  {_reply(sent.heard)}"


def _numbers(data: Mapping[str, object] | None) -> str:
    if data is None:
        return "(no readable data)"
    order = data.get("org_req_seq_id") or data.get("org_hf_seq_id")
    return f"req_seq_id={short(data.get('req_seq_id'))} order={short(order)}"


def _reply(heard: SignedReply) -> str:
    status = "" if heard.status == OK else f"HTTP {heard.status} "
    if not heard.delivered:
        return f"{status}without a body" if status else "no reply"
    said = f"{status}{heard.resp_code or '-'} {heard.trans_stat or '-'}"
    return said if heard.genuine else f"{said} (not authentic)"


def short(value: object) -> str:
    """Control characters visible, long values cut."""
    text = ascii(value)[1:-1] if isinstance(value, str) else str(value)
    return text if len(text) <= KEPT else text[:KEPT] + "…"
