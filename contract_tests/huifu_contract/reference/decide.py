"""What a reply means: `trans_stat` decides, the code says how certain an F is and what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FINAL = {"closed": "closed", "not_closed": "not_closed", "young": "pending"}
"""Standings that end the call, and the claim that goes with them."""
NEXT = {"busy": "close", "resend": "close", "pending": "closequery", "doubt": "closequery", "refused": "closequery"}
MEANWHILE = {"busy": "unknown", "resend": "unknown", "pending": "pending", "doubt": "unknown", "refused": "unknown"}
"""The claim when time or attempts run out."""

PATIENCE = {"busy": 3, "pending": 3}
"""After how many attempts it is enough.

These get clear with time, and the application can ask again later.
"""

CERTAIN = ("10000000", "21000000", "22000000", "23000001", "23000004")
"""With F these say for certain that nothing was done; 23000000 may mean that an earlier close succeeded."""
SYSTEM = ("90000000", "98888888", "99999999")
"""Trouble inside the gateway: what became of the close is open whatever else the reply says."""


def close(reply: Mapping[str, Any] | None) -> str:
    """The standing after an answer to a close; None is no answer that counts."""
    stat, code = _read(reply)
    match stat:
        case "S":
            return "closed"
        case "P":
            return "pending"
        case "F" if code == "20000001":
            return "young" if "一分钟" in str((reply or {}).get("resp_desc")) else "busy"
        case "F" if code in CERTAIN:
            return "not_closed"
        case "F" if code not in SYSTEM:
            return "refused"
        case _:
            return "doubt"


def query(reply: Mapping[str, Any] | None, standing: str) -> str:
    """The standing after an answer to a closequery; 23000001 there says that no close is known (assumed)."""
    stat, code = _read(reply)
    match stat:
        case "S":
            return "closed"
        case "P":
            return "pending"
        case "F" if code == "23000001":
            return "not_closed" if standing == "refused" else "resend"
        case "F" if code in ("00000000", "00000100"):
            return "not_closed"
        case _:
            return standing


def _read(reply: Mapping[str, Any] | None) -> tuple[str, str]:
    found = reply or {}
    stat, code = found.get("trans_stat"), found.get("resp_code")
    return (stat if isinstance(stat, str) else "", code if isinstance(code, str) else "")
