"""The traffic of one call as a short sequence for people."""

from __future__ import annotations

from collections.abc import Mapping

from huifu_contract.evidence import Evidence, Heard, Sent
from huifu_contract.redact import redact

MOST = 12
KEPT = 60


def sequence(e: Evidence) -> tuple[str, ...]:
    """One line a request with its answer, then the claim and the truth."""
    began = e.sent[0].at if e.sent else 0.0
    lines = [_line(sent, began) for sent in e.sent[:MOST]]
    if len(e.sent) > MOST:
        lines.append(f"  … {len(e.sent) - MOST} more requests")
    if not e.sent:
        lines.append("  (nothing was sent)")
    lines.append(f"  client claims {e.claim}; truth: {e.truth.words()}")
    return tuple(redact(line) for line in lines)


def _line(sent: Sent, began: float) -> str:
    return f"  {sent.at - began:+7.3f}s  client -> {sent.op:<10} {_numbers(sent.data)}  |  {_reply(sent.heard)}"


def _numbers(data: Mapping[str, object] | None) -> str:
    if data is None:
        return "(no readable data)"
    order = data.get("org_req_seq_id") or data.get("org_hf_seq_id")
    return f"req_seq_id={short(data.get('req_seq_id'))} order={short(order)}"


def _reply(heard: Heard) -> str:
    if not heard.delivered:
        return "no reply"
    said = f"{heard.resp_code or '-'} {heard.trans_stat or '-'}"
    return said if heard.genuine else f"{said} (not authentic)"


def short(value: object) -> str:
    """Control characters visible, long values cut."""
    text = ascii(value)[1:-1] if isinstance(value, str) else str(value)
    return text if len(text) <= KEPT else text[:KEPT] + "…"
