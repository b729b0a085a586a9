"""Evidence: what was sent, what really happened and what the client claims. The laws look at nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from huifu_contract.hello import Hello
from huifu_contract.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Heard:
    """What the client could read in answer to one request."""

    delivered: bool = True
    """Anything at all came back."""
    genuine: bool = True
    """It came whole, is signed by Huifu over these bytes, and answers this very request."""
    resp_code: str | None = None
    trans_stat: str | None = None


NOTHING = Heard(delivered=False, genuine=False)


@dataclass(frozen=True, slots=True)
class Sent:
    """One request that the fake gateway received."""

    op: str = "close"
    """The last part of its path: close, closequery, …"""
    at: float = 0.0
    """Seconds; only differences mean anything."""
    data: Mapping[str, Any] | None = None
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    path: str = ""
    method: str = "POST"
    signature_ok: bool = True
    explanation: str = ""
    """Why the gateway refused it, in words."""
    heard: Heard = field(default_factory=Heard)

    @property
    def identity(self) -> tuple[str, str]:
        """Equal for requests that are the same request sent again."""
        return self.op, "" if self.data is None else repr(sorted(self.data.items()))


@dataclass(frozen=True, slots=True)
class Truth:
    """What really happened to the order."""

    closed: bool = False
    in_flight: bool = False
    """A close of it may still succeed."""
    trans_stat: str = "P"
    closed_by: str = ""
    age_s: float = 120.0
    """Its age on the gateway's clock when the call began."""

    def words(self) -> str:
        if self.closed:
            return f"closed by {self.closed_by}" if self.closed_by else "closed"
        if self.in_flight:
            return "not closed, a close is in flight"
        return {"S": "paid, not closed", "F": "failed, not closed"}.get(self.trans_stat, "open, not closed")


@dataclass(frozen=True, slots=True)
class Evidence:
    """One call of the client under test."""

    outcome: Outcome
    params: Mapping[str, str] = field(default_factory=dict)
    sent: tuple[Sent, ...] = ()
    truth: Truth = field(default_factory=Truth)
    hello: Hello = field(default_factory=Hello)
    seconds: float = 0.0
    told: tuple[str, ...] = ()
    """trans_stat of genuine webhooks that reached the client."""

    @property
    def claim(self) -> str:
        """The client's own word.

        Of a client that only offers `wire`, what it shows as read counts as its word.
        """
        if "decision" in self.hello.profiles or self.outcome.verdict in ("crashed", "rejected"):
            return self.outcome.verdict
        return {"S": "closed", "F": "not_closed"}.get((self.outcome.seen or {}).get("trans_stat") or "", "unknown")

    @property
    def definite(self) -> bool:
        return self.claim in ("closed", "not_closed")

    @property
    def closes(self) -> tuple[Sent, ...]:
        return tuple(sent for sent in self.sent if sent.op == "close")

    @property
    def queries(self) -> tuple[Sent, ...]:
        return tuple(sent for sent in self.sent if sent.op == "closequery")

    def genuine(self, trans_stat: str) -> bool:
        """Whether a genuine reply or webhook said so."""
        heard = any(s.heard.genuine and s.heard.trans_stat == trans_stat for s in self.sent)
        return heard or trans_stat in self.told
