"""The rendezvous between a case that needs a close and an agent that asks for the next one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Condition

from huifu_contract.drivers.driver import Driver
from huifu_contract.failures import Gone
from huifu_contract.outcome import Hello, Outcome
from huifu_contract.passive.harness import UNSAID


@dataclass(slots=True, eq=False)
class Rendezvous:
    """One close that the agent is asked to make."""

    case: str
    base_url: str
    params: Mapping[str, str]
    taken: bool = False
    over: bool = False
    outcome: Outcome = UNSAID


@dataclass(slots=True, eq=False)
class Question:
    """An agent that asks for the next close; it may hang up before there is one."""

    left: bool = False


class Waiting:
    """A rendezvous is over with its claim, or when the agent asks for the next one."""

    def __init__(self) -> None:
        self._change = Condition()
        self._offered: Rendezvous | None = None
        self._taken: Rendezvous | None = None
        self._ended = False

    @property
    def ended(self) -> bool:
        return self._ended

    def play(self, rendezvous: Rendezvous, deadline_s: float) -> Outcome:
        """The case's side: until an agent made that close. Raises Gone if none ever comes."""
        with self._change:
            self._offered = rendezvous
            self._change.notify_all()
            self._change.wait_for(lambda: rendezvous.taken or self._ended)
            if not rendezvous.taken:
                raise Gone("no agent asked for it")
            self._change.wait_for(lambda: rendezvous.over or self._ended, deadline_s)
            rendezvous.over = True
            return rendezvous.outcome

    def next(self, question: Question) -> Rendezvous | None:
        """The agent's side: the next close, or None when there is no more."""
        with self._change:
            self._finish()
            self._change.wait_for(lambda: self._offered is not None or self._ended or question.left)
            if question.left:
                return None
            rendezvous, self._offered = self._offered, None
            if rendezvous is not None:
                rendezvous.taken = True
            self._taken = rendezvous
            self._change.notify_all()
            return rendezvous

    def leave(self, question: Question) -> None:
        """Nobody reads the answer any more, so the next close is for the next who asks."""
        with self._change:
            question.left = True
            self._change.notify_all()

    def claim(self, outcome: Outcome) -> bool:
        """False if no close is open that this could be about."""
        with self._change:
            if self._taken is None or self._taken.over:
                return False
            self._taken.outcome = outcome
            self._finish()
            return True

    def end(self) -> None:
        with self._change:
            self._ended = True
            self._change.notify_all()

    def _finish(self) -> None:
        if self._taken is not None:
            self._taken.over = True
            self._change.notify_all()


class PassiveDriver(Driver):
    """Drives nobody: what is asked of it waits for the agent."""

    def __init__(self, waiting: Waiting, hello: Hello) -> None:
        self.waiting = waiting
        self.hello = hello
        self.restarts = 0

    def start(self, config: Mapping[str, str]) -> Hello:  # noqa: ARG002  # the agent has its own
        return self.hello

    def close(self, base_url: str, params: Mapping[str, str], deadline_s: float, case: str | None = None) -> Outcome:
        return self.waiting.play(Rendezvous(case or "", base_url, dict(params)), deadline_s)

    def order(self, refs: Mapping[str, str], deadline_s: float) -> Outcome:  # noqa: ARG002  # nobody to ask
        return Outcome("unsupported")

    def mark(self) -> int:
        return 0

    def stderr(self, since: int = 0) -> str:  # noqa: ARG002  # nobody's
        return ""

    def twin(self, env: Mapping[str, str] | None = None) -> None:  # noqa: ARG002  # agents start themselves
        return None

    def stop(self) -> None: ...
