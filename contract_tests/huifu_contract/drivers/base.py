"""Driver: what the runner needs of a client, wherever it runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from huifu_contract.hello import Hello
from huifu_contract.outcome import Outcome


class Driver(Protocol):
    """`start` comes first; each call may raise a Trouble. All calls block."""

    restarts: int
    hello: Hello
    """What the client said last; a process started again may listen elsewhere."""

    def start(self, config: Mapping[str, str]) -> Hello: ...

    def close(
        self, base_url: str, params: Mapping[str, str], deadline_s: float, case: str | None = None
    ) -> Outcome: ...

    def order(self, refs: Mapping[str, str], deadline_s: float) -> Outcome: ...

    def mark(self) -> int:
        """A place in stderr; `stderr(since)` gives what was written after it."""

    def stderr(self, since: int = 0) -> str: ...

    def twin(self, env: Mapping[str, str] | None = None) -> Driver | None:
        """Another, independent process of the same client, or None where there can be none."""

    def stop(self) -> None: ...
