"""Session.

Requests and replies over one child, matched by id; every breach of the protocol is the adapter's trouble.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from threading import Condition
from typing import Any

from huifu_contract import protocol
from huifu_contract.drivers.child import Child
from huifu_contract.failures import AdapterTrouble, ClientTrouble, Hung


class Session:
    """One life of one child. After any Trouble but a stray line it is dead and must be replaced."""

    def __init__(self, argv: Sequence[str], env: Mapping[str, str]) -> None:
        self._change = Condition()
        self._next = 1
        self._open: set[int] = set()
        self._replies: dict[int, dict[str, Any]] = {}
        self._breach: AdapterTrouble | None = None
        self._ended = False
        self.dead = False
        self.child = Child(argv, env, self._line, self._end)

    def _line(self, line: bytes) -> None:
        with self._change:
            try:
                reply = protocol.decode(line)
                number = reply["id"]
                if number not in self._open:
                    asked = 0 < number < self._next
                    raise AdapterTrouble(
                        f"a second reply to message {number}" if asked else f"a reply to message {number}, never sent"
                    )
                self._open.discard(number)
                self._replies[number] = reply
            except AdapterTrouble as breach:
                self._breach = self._breach or breach
            self._change.notify_all()

    def _end(self) -> None:
        with self._change:
            self._ended = True
            self._change.notify_all()

    def ask(self, op: str, deadline_s: float, **members: Any) -> dict[str, Any]:
        """The checked reply.

        Raises Hung, ClientTrouble (it ended) or AdapterTrouble, and kills the child then.
        """
        until = time.monotonic() + deadline_s
        with self._change:
            number, self._next = self._next, self._next + 1
            self._open.add(number)
        line = protocol.encode({"id": number, "op": op, **members})
        try:
            if not self.child.write(line, until) and not self._ended and time.monotonic() >= until:
                raise Hung(f"did not read {op} before its deadline")
            return protocol.check(op, self._wait(op, number, until))
        except (AdapterTrouble, ClientTrouble) as trouble:
            self.dead = True
            self.child.kill()
            trouble.stderr = self.child.stderr()
            raise

    def _wait(self, op: str, number: int, until: float) -> dict[str, Any]:
        with self._change:
            self._change.wait_for(
                lambda: self._breach is not None or number in self._replies or self._ended,
                max(0.0, until - time.monotonic()),
            )
            if self._breach is not None:
                raise self._breach
            if number in self._replies:
                return self._replies.pop(number)
            ended = self._ended
        if ended:
            raise ClientTrouble(f"{self.child.ended()} while {op} was open")
        raise Hung(f"gave no answer to {op} before its deadline")

    def finish(self) -> AdapterTrouble | None:
        """Says bye and ends the child; a breach that nobody has seen yet is given back."""
        if self.dead:  # what killed it was told then
            return None
        try:
            self.ask("bye", 2.0)
        except AdapterTrouble as breach:
            return breach
        except ClientTrouble:
            return None
        self.child.finish()
        return self._breach
