"""The driver for clients in a process: started with a clean environment, restarted when it dies."""

from __future__ import annotations

import os
import shlex
import sys
import time
from collections.abc import Mapping, Sequence
from threading import Condition, Lock
from typing import Any

from huifu_contract.drivers import protocol
from huifu_contract.drivers.child_process import Child
from huifu_contract.drivers.driver import Driver
from huifu_contract.drivers.protocol import VERSION
from huifu_contract.drivers.unfilled import filled
from huifu_contract.failures import AdapterTrouble, ClientTrouble, Gone, Hung, SetupTrouble, Trouble
from huifu_contract.outcome import Hello, Outcome

PROXIES = ("http_proxy", "https_proxy", "all_proxy", "ftp_proxy", "no_proxy")
LOCALE = ("LANG", "LANGUAGE")


def clean(extra: Mapping[str, str] | None = None, base: Mapping[str, str] | None = None) -> dict[str, str]:
    """A copy of the environment with TZ and locale fixed and no proxy; `extra` wins."""
    given = os.environ if base is None else base
    kept = {
        name: value
        for name, value in given.items()
        if name.lower() not in PROXIES and name not in LOCALE and not name.startswith("LC_")
    }
    fixed = {
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }
    return {**kept, **fixed, **(extra or {})}


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
                raise self._told(op, self._breach)
            if number in self._replies:
                return self._replies.pop(number)
            ended = self._ended
        if ended:
            raise ClientTrouble(f"{self.child.ended()} while {op} was open")
        raise Hung(f"gave no answer to {op} before its deadline")

    def _told(self, op: str, breach: AdapterTrouble) -> AdapterTrouble:
        """With how a program ended that never said hello: what it printed was no reply but its complaint."""
        ended = self.child.ended(ENDS_S) if op == "hello" else ""
        if not ended.startswith("exited"):
            return breach
        return AdapterTrouble(f"{breach}; the program {ended} before it answered: is its command line right?")

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


ENDS_S = 0.5
"""So long a program that printed something else than a reply has to end."""
MAX_RESTARTS = 10
START_S = 30.0
FIRST_S = 5.0


class RemoteDriver(Driver):
    """`argv` is run without a shell.

    In its first call a process loads its classes, which on a busy machine can take a virtual machine seconds: that
    call may take `first_s` seconds more than its deadline.
    """

    def __init__(
        self,
        argv: Sequence[str],
        env: Mapping[str, str] | None = None,
        start_s: float = START_S,
        first_s: float = FIRST_S,
    ) -> None:
        self.argv = list(argv)
        self.extra_env = dict(env or {})
        self.start_s = start_s
        self.first_s = first_s
        self.restarts = 0
        self.hello = Hello()
        self._session: Session | None = None
        self._config: Mapping[str, str] = {}
        self._kept = ""
        self._called = False
        self._lock = Lock()

    @classmethod
    def of_command(cls, command: str) -> RemoteDriver:
        """`cmd:` clients: split like a shell would, run without one."""
        argv = shlex.split(command)
        if not argv:
            raise SetupTrouble("cmd: names no program; write for instance cmd:php tests/close_adapter.php")
        return cls(argv)

    @classmethod
    def of_python(cls, where: str) -> RemoteDriver:
        """`py:` clients.

        Our own child, so that a hang can be killed and the team's modules stay out of this process.
        """
        return cls([sys.executable, "-m", "huifu_contract.drivers.host", where])

    def start(self, config: Mapping[str, str]) -> Hello:
        self._config = dict(config)
        try:
            return self._open()
        except ClientTrouble as trouble:
            raise SetupTrouble(f"the client could not be started: it {trouble}", stderr=trouble.stderr) from None

    def _open(self) -> Hello:
        session = Session(self.argv, clean(self.extra_env))
        self._session = session
        reply = session.ask("hello", self.start_s, protocol=VERSION, config=self._config)
        if reply.get("outcome") == "unsupported":
            session.finish()
            raise SetupTrouble("the adapter answers `unsupported` to hello; it must describe the client")
        self.hello = Hello.from_message(reply)
        return self.hello

    def _live(self) -> Session:
        with self._lock:
            if self._session is not None and not self._session.dead:
                return self._session
            if self._session is not None:
                self._kept += self._session.child.stderr()
            if self.restarts >= MAX_RESTARTS:
                raise Gone(f"the client was started again {MAX_RESTARTS} times; the rest is not run")
            self.restarts += 1
            self._open()
            if self._session is None:  # _open either sets it or raises
                raise SetupTrouble("the client could not be started again")
            return self._session

    def _ask(self, op: str, deadline_s: float, **members: Any) -> Outcome:
        return Outcome.from_message(self._live().ask(op, deadline_s, **members))

    def close(self, base_url: str, params: Mapping[str, str], deadline_s: float, case: str | None = None) -> Outcome:
        reveal = {} if case is None else {"case": case}
        told = max(1, int(deadline_s * 1000))
        first, self._called = not self._called, True
        wait_s = deadline_s + self.first_s if first else deadline_s
        said = self._ask("close", wait_s, base_url=base_url, deadline_ms=told, params=dict(params), **reveal)
        return filled(said, self.argv)

    def order(self, refs: Mapping[str, str], deadline_s: float) -> Outcome:
        return self._ask("order", deadline_s, **refs)

    def mark(self) -> int:
        return len(self._kept) + (0 if self._session is None else self._session.child.mark)

    def stderr(self, since: int = 0) -> str:
        now = "" if self._session is None else self._session.child.stderr(max(0, since - len(self._kept)))
        return self._kept[since:] + now

    def twin(self, env: Mapping[str, str] | None = None) -> RemoteDriver:
        return RemoteDriver(self.argv, {**self.extra_env, **(env or {})}, self.start_s, self.first_s)

    def stop(self) -> None:
        """A reply too many that came after the last case is still told, and what was printed is kept."""
        if self._session is not None:
            breach: Trouble | None = self._session.finish()
            self._kept += self._session.child.stderr()
            self._session = None
            if isinstance(breach, AdapterTrouble):
                raise breach
