"""Orders and journal entries as values with attributes, read from JSON."""

import base64
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Close:
    """One close of an order that passed every rule. `stat` is P in progress, S closed it, F did not."""

    req_date: str
    req_seq_id: str
    stat: str
    at: str


@dataclass(frozen=True, slots=True)
class Order:
    """An order as it was when it was read."""

    req_seq_id: str
    hf_seq_id: str
    req_date: str
    huifu_id: str
    trade_type: str
    trans_amt: str
    trans_stat: str
    """P, S (paid) or F (failed, expired or closed)."""
    close_stat: str
    """Empty before any close; P in progress, S closed, F the last close failed."""
    settle: str
    settle_seconds: float
    notify_url: str
    time_expire: str
    """yyyyMMddHHmmss, Beijing time; empty if it never expires."""
    age_seconds: float
    created_at: datetime
    finished_at: datetime | None
    closes: tuple[Close, ...]

    @classmethod
    def of(cls, listed: dict[str, Any]) -> Self:
        """From the control API's JSON."""
        known = {field.name: listed[field.name] for field in fields(cls)}
        known["created_at"] = datetime.fromisoformat(listed["created_at"])
        finished = listed["finished_at"]
        known["finished_at"] = datetime.fromisoformat(finished) if finished else None
        known["closes"] = tuple(Close(**close) for close in listed["closes"])
        return cls(**known)

    def close_params(self, req_seq_id: str, req_date: str | None = None) -> dict[str, str]:
        """The `data` of a close of this order; `req_date` is the order's own day if it is not given."""
        return {
            "req_date": req_date or self.req_date,
            "req_seq_id": req_seq_id,
            "huifu_id": self.huifu_id,
            "org_req_date": self.req_date,
            "org_req_seq_id": self.req_seq_id,
        }


@dataclass(frozen=True, slots=True)
class Call:
    """A received call, as the journal keeps it."""

    id: str
    at: datetime
    endpoint: str
    path: str
    session: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    data: dict[str, Any] | None
    signature_ok: bool | None
    reason: str | None
    resp_code: str
    response: str | None
    faults: tuple[str, ...]
    """What was prepared and applied to the call, such as `reset-after-commit` or `98888888`."""
    explanation: dict[str, Any]
    method: str = "POST"
    unmatched: str | None = None
    """Why the call reached no endpoint: path, method, size, body, http, tls …; `None` for one that did."""
    status: int | None = None
    """The HTTP status; `None` where nothing was answered."""
    duration_ms: float | None = None
    """Real time from the request's arrival to its answer; `None` until then."""
    replay: bool = False
    """Whether the answer is the kept one of an earlier call."""
    hint: str = ""
    """One line that says what was wrong; empty when nothing was."""
    peer_host: str | None = None
    """The client's address, or that of a proxy in between; `None` for a call that an earlier version kept, too."""
    peer_port: int | None = None
    """The client's port: calls of one connection share it."""
    body_length: int = 0
    body_sha256: str | None = None
    body_cut: bool = False
    """Whether `body` is only the beginning of what came, because that had more than 64 KB."""

    @classmethod
    def of(cls, listed: dict[str, Any]) -> Self:
        """From the control API's JSON."""
        known = {field.name: listed[field.name] for field in fields(cls) if field.name in listed}
        known["at"] = datetime.fromisoformat(listed["at"])
        known["headers"] = tuple((name, value) for name, value in listed["headers"])
        known["faults"] = tuple(listed["faults"])
        return cls(body=base64.b64decode(listed["body_base64"]), **known)

    def value(self, name: str) -> Any:
        """A member of `data`, `None` if it was not sent."""
        return (self.data or {}).get(name)
