"""Outcome: what a client finally says about one close call.

The client says it itself, the kit never derives it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

VERDICTS = ("closed", "not_closed", "pending", "unknown", "rejected")
DEFINITE = ("closed", "not_closed")
NO_VERDICT = ("crashed", "unsupported")


@dataclass(frozen=True, slots=True)
class Outcome:
    """`verdict` is one of VERDICTS; `seen` the data of the reply that the client accepted, if any.

    `closed` and `not_closed` are promises; `pending` and `unknown` are always allowed; `rejected` says that
    the parameters were refused on purpose and nothing was sent.
    """

    verdict: str
    seen: Mapping[str, Any] | None = None
    error: Mapping[str, str] | None = None
    attempts: int | None = None

    def __post_init__(self) -> None:
        if self.verdict not in VERDICTS + NO_VERDICT:
            raise ValueError(f"no verdict is called {self.verdict!r}; there are {', '.join(VERDICTS)}")

    @property
    def definite(self) -> bool:
        return self.verdict in DEFINITE

    def message(self) -> dict[str, Any]:
        """The members of the adapter's reply, without the id."""
        seen = dict(self.seen or {})
        reply: dict[str, Any] = {
            "outcome": self.verdict,
            "seen": {name: _text_or_none(seen.get(name)) for name in ("resp_code", "trans_stat")},
        }
        if self.error is not None:
            reply["error"] = {name: str(value) for name, value in self.error.items()}
        if self.attempts is not None:
            reply["attempts"] = self.attempts
        return reply

    @classmethod
    def from_message(cls, reply: Mapping[str, Any]) -> Outcome:
        return cls(reply["outcome"], reply.get("seen"), reply.get("error"), reply.get("attempts"))


def _text_or_none(value: Any) -> str | None:
    return value if isinstance(value, str) else None
