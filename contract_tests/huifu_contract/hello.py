"""Hello: how a client describes itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

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

    def __post_init__(self) -> None:
        _check("profiles", self.profiles, GRADES)
        _check("claims", self.claims, CLAIMS)
        if not self.profiles:
            raise ValueError(f"a client offers at least one profile of {', '.join(GRADES)}")
        if self.timeout_s <= 0:
            raise ValueError("timeout_s is the time of one whole close call in seconds, so it is more than 0")

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
        return reply


def _check(what: str, given: Iterable[str], known: tuple[str, ...]) -> None:
    wrong = sorted(set(given) - set(known))
    if wrong:
        raise ValueError(f"no {what} called {', '.join(wrong)}; there are {', '.join(known)}")
