"""RemoteDriver.

A client in a child process that lives for the whole run and is started again after a crash or a hang.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any

from huifu_contract.drivers.env import clean
from huifu_contract.drivers.lines import Session
from huifu_contract.failures import AdapterTrouble, ClientTrouble, Gone, SetupTrouble, Trouble
from huifu_contract.hello import Hello
from huifu_contract.outcome import Outcome
from huifu_contract.protocol import VERSION

MAX_RESTARTS = 10
START_S = 30.0


class RemoteDriver:
    """`argv` is run without a shell."""

    def __init__(self, argv: Sequence[str], env: Mapping[str, str] | None = None, start_s: float = START_S) -> None:
        self.argv = list(argv)
        self.extra_env = dict(env or {})
        self.start_s = start_s
        self.restarts = 0
        self.hello = Hello()
        self._session: Session | None = None
        self._config: Mapping[str, str] = {}
        self._kept = ""
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
        return cls([sys.executable, "-m", "huifu_contract.host", where])

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
        return self._ask("close", deadline_s, base_url=base_url, deadline_ms=told, params=dict(params), **reveal)

    def order(self, refs: Mapping[str, str], deadline_s: float) -> Outcome:
        return self._ask("order", deadline_s, **refs)

    def mark(self) -> int:
        return len(self._kept) + (0 if self._session is None else self._session.child.mark)

    def stderr(self, since: int = 0) -> str:
        now = "" if self._session is None else self._session.child.stderr(max(0, since - len(self._kept)))
        return self._kept[since:] + now

    def twin(self, env: Mapping[str, str] | None = None) -> RemoteDriver:
        return RemoteDriver(self.argv, {**self.extra_env, **(env or {})}, self.start_s)

    def stop(self) -> None:
        """A reply too many that came after the last case is still told."""
        if self._session is not None:
            breach: Trouble | None = self._session.finish()
            self._session = None
            if isinstance(breach, AdapterTrouble):
                raise breach
