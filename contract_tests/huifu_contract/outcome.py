"""What a client reports: the outcome of a close, and in `hello` what it can do.

The client says it itself, the kit never derives it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
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
            "seen": {name: _json_or_text(seen.get(name)) for name in ("resp_code", "trans_stat")},
        }
        if self.error is not None:
            reply["error"] = {name: str(value) for name, value in self.error.items()}
        if self.attempts is not None:
            reply["attempts"] = self.attempts
        return reply

    @classmethod
    def from_message(cls, reply: Mapping[str, Any]) -> Outcome:
        return cls(reply["outcome"], reply.get("seen"), reply.get("error"), reply.get("attempts"))


def _json_or_text(value: Any) -> Any:
    """A client may show what it read in any type; what JSON does not know is shown in words."""
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return str(value)
    return value


GRADES = ("wire", "decision", "hook")
CLAIMS = ("query", "retry", "generates-seq", "generates-date", "parallel", "webhook", "order")


@dataclass(frozen=True, slots=True)
class Hello:
    """The defaults describe a plain callable: two grades, no claims, one call at a time."""

    name: str = "client"
    version: str = ""
    language: str = "python"
    profiles: frozenset[str] = frozenset({"wire", "decision"})
    claims: frozenset[str] = frozenset()
    timeout_s: float = 15.0
    max_attempts: int = 5
    max_parallel: int = 1
    webhook_url: str | None = None
    config_of_each_message: bool = False
    """Over HTTP, or of a callable: whether each call is made with the config that comes with it, so that merchants can
    be mixed."""

    def __post_init__(self) -> None:
        _check("profiles", self.profiles, GRADES)
        _check("claims", self.claims, CLAIMS)
        if not self.profiles:
            raise ValueError(f"a client offers at least one profile of {', '.join(GRADES)}")
        if self.timeout_s <= 0:
            raise ValueError("timeout_s is the time of one whole close call in seconds, so it is more than 0")

    @property
    def merchants_at_once(self) -> int:
        """Half of the calls that it takes at once, because a case may have several open; else one."""
        able = self.config_of_each_message and "parallel" in self.claims
        return max(1, self.max_parallel // 2) if able else 1

    @classmethod
    def of(cls, about: Mapping[str, Any]) -> Hello:
        """From the keywords of `describes`: profiles and claims may be any iterable."""
        wanted = dict(about)
        for name in ("profiles", "claims"):
            if name in wanted:
                wanted[name] = frozenset(wanted[name])
        known = set(cls.__dataclass_fields__)
        wrong = sorted(set(wanted) - known)
        if wrong:
            raise ValueError(f"a client has no {', '.join(wrong)}; there are {', '.join(sorted(known))}")
        return cls(**wanted)

    @classmethod
    def from_message(cls, reply: Mapping[str, Any]) -> Hello:
        client = reply["client"]
        return cls(
            name=client["name"],
            version=client["version"],
            language=client["language"],
            profiles=frozenset(reply["profiles"]),
            claims=frozenset(reply.get("claims", ())),
            timeout_s=float(reply["timeout_s"]),
            max_attempts=int(reply.get("max_attempts", 5)),
            max_parallel=int(reply.get("max_parallel", 1)),
            webhook_url=reply.get("webhook_url"),
            config_of_each_message=bool(reply.get("config_of_each_message", False)),
        )

    def message(self) -> dict[str, Any]:
        reply: dict[str, Any] = {
            "client": {"name": self.name, "version": self.version, "language": self.language},
            "profiles": sorted(self.profiles),
            "claims": sorted(self.claims),
            "timeout_s": self.timeout_s,
            "max_attempts": self.max_attempts,
            "max_parallel": self.max_parallel,
        }
        if self.webhook_url is not None:
            reply["webhook_url"] = self.webhook_url
        if self.config_of_each_message:
            reply["config_of_each_message"] = True
        return reply


def _check(what: str, given: Iterable[str], known: tuple[str, ...]) -> None:
    wrong = sorted(set(given) - set(known))
    if wrong:
        raise ValueError(f"no {what} called {', '.join(wrong)}; there are {', '.join(known)}")
