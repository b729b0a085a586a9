"""What the runner needs of a client, however it is reached.

Import-light: the child process that hosts a team's client imports this.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

from huifu_contract.outcome import Hello, Outcome


class Driver(Protocol):
    """`start` comes first; each call may raise a Trouble. All calls block."""

    restarts: int
    hello: Hello
    """What the client said last; a process started again may listen elsewhere."""
    turn: AbstractContextManager[Any] = nullcontext()
    """Entered for the time of a call, where several merchants share an application that takes only so many at once."""

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

    def beside(self) -> Driver | None:
        """A driver of the same application for another merchant; None where each merchant has a process of its own."""
        return None

    def at_once(self, wanted: int) -> int:
        """How many workers may drive the client at once, of so many wanted."""
        return wanted

    def stop(self) -> None: ...
