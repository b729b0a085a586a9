"""How much work an explanation may be: counted, so that it is the same everywhere, and timed, so that nobody waits."""

import time
from typing import Final

from huifu_mock.request import Call
from huifu_mock.state.journal import Finding

TEXTS: Final = 3000
"""Candidates tried."""
BYTES: Final = 1_000_000
"""Bytes written and hashed."""
LEXEMES: Final = 400_000
"""Lexemes written."""
COMPARED: Final = 16 * 1024 * 1024
"""Bytes of earlier requests looked through."""
PATIENCE: Final = 30.0
"""Real seconds, where nobody else waits for it: on a busy machine too, the work that is allowed ends before."""


class Spent(Exception):
    """The work was not finished within its budget."""


class Budget:
    """What is left for one explanation. Raises `Spent` when nothing is."""

    def __init__(self, seconds: float = PATIENCE) -> None:
        self.texts = self.bytes = self.lexemes = self.compared = 0
        self._until = time.perf_counter() + seconds

    def stop(self) -> None:
        """Let it end soon; may be called from another thread."""
        self._until = 0.0

    def write(self, lexemes: int) -> None:
        """A text of so many lexemes is to be written."""
        self.lexemes += lexemes
        self._check(self.lexemes > LEXEMES)

    def hash(self, length: int) -> None:
        """A candidate of so many bytes is to be tried; eight are always tried, however long they are."""
        self.texts += 1
        self.bytes += length
        self._check(self.texts > TEXTS or (self.bytes > BYTES and self.texts > 8))

    def compare(self, length: int) -> None:
        """An earlier request of so many bytes is to be looked at."""
        self.compared += length
        self._check(self.compared > COMPARED)

    def _check(self, spent: bool) -> None:
        if spent or time.perf_counter() > self._until:
            raise Spent


def untried(call: Call, note: str) -> Finding | None:
    """The finding for a call that was not looked into, with the id of the remark that says why."""
    if not call.is_signable:
        return None
    return Finding(("unknown",), notes=(note,)) if call.sign else Finding(("sign-empty",))
