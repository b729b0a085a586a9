"""What a receiver answered to a push, or why it did not."""

from dataclasses import dataclass
from typing import Literal

Trouble = Literal[
    "", "refused", "queue", "url", "timeout", "unknown-host", "unreachable", "disconnected", "tls", "http"
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answered:
    """The outcome of one try. With `trouble` there was no HTTP answer, and `detail` says more."""

    status: int | None = None
    content_type: str = ""
    location: str = ""
    body: bytes = b""
    """The beginning of it."""
    trouble: Trouble = ""
    detail: str = ""

    @property
    def text(self) -> str | None:
        """The beginning of the body as text; `None` if there was no answer."""
        return None if self.status is None else self.body.decode(errors="replace")
