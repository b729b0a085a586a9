"""More processes of the kit for one run, since one interpreter uses one processor.

Each has a gateway and workers of its own and takes parts of the same work, which it asks for over a pair of sockets
that it inherits.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, Pipe
from operator import attrgetter
from subprocess import DEVNULL, Popen, TimeoutExpired
from threading import Lock, Thread
from typing import Any

from huifu_contract.catalogue.record import Record
from huifu_contract.catalogue.registry import select
from huifu_contract.drivers.child_process import ending
from huifu_contract.failures import Trouble
from huifu_contract.grading.failure_budget import FailureBudget
from huifu_contract.grading.options import Options
from huifu_contract.grading.parts import Part
from huifu_contract.grading.plan import Plan
from huifu_contract.grading.profiles import Budget
from huifu_contract.grading.results import CaseResult
from huifu_contract.grading.work import Work
from huifu_contract.grading.workers import Figures

MAIN = "huifu_contract.grading.kit_process_main"
STOPS_S = 10.0
"""So long it has to end its clients."""
MANY = 20
"""For fewer cases no other process is started: it would only have loaded what it needs by the time they are done."""
EACH = 2
"""So many workers each process has at least."""


def shares(options: Options) -> list[tuple[int, int]]:
    """For each process, this one first, how many workers it has and how many it may have."""
    few = options.only is not None or len(select(options.cases)) < MANY
    count = 1 if few else max(1, min(options.processes, options.workers // EACH))
    return list(zip(_split(options.workers, count), _split(options.most_workers or 0, count), strict=True))


def _split(number: int, count: int) -> list[int]:
    return [number // count + (at < number % count) for at in range(count)]


@dataclass(frozen=True, slots=True)
class Setup:
    """What it is told at its start: it loads what it needs while the controls run."""

    client: str
    options: Options
    usual: int
    most: int


@dataclass(frozen=True, slots=True)
class Task:
    """What it is told when it is known what is to be done."""

    cases: tuple[str, ...]
    budget: Budget
    share: int


@dataclass(frozen=True, slots=True)
class Ended:
    """What it tells at its end; `troubles` are of clients that were ended, `lost` is why it took no more part."""

    figures: Figures = field(default_factory=Figures)
    troubles: tuple[Trouble, ...] = ()
    lost: str = ""


Key = tuple[str, int]
"""The case of a part and its number."""


class Stub:
    """The first process, seen from another one: `ask` is answered, `tell` is not. Any thread may call both."""

    def __init__(self, connection: Connection[Any, Any]) -> None:
        self._connection, self._lock = connection, Lock()

    def receive(self) -> Any:
        """Raises OSError or EOFError if the first process is gone."""
        return self._connection.recv()

    def tell(self, name: str, *args: object) -> None:
        with self._lock, suppress(OSError):  # whoever asks next is told that the first process is gone
            self._connection.send((False, name, args))

    def ask(self, name: str, *args: object) -> Any:
        """Raises OSError or EOFError if the first process is gone."""
        with self._lock:
            self._connection.send((True, name, args))
            return self._connection.recv()


class Service:
    """What another process may ask for by name: parts of the work, the failure budget, the progress."""

    def __init__(self, work: Work, failures: FailureBudget, parts: Sequence[Part]) -> None:
        self.failures, self.progress, self.left = failures, work.progress, work.left
        self._work, self._parts = work, {key(part): part for part in parts}
        self.ended: Ended | None = None

    def take(self) -> Key | None:
        part = self._work.take()
        return None if part is None else key(part)

    def bring(self, part: Key, result: CaseResult | None) -> None:
        self._work.bring(self._parts[part], result)

    def end(self, ended: Ended) -> None:
        self.ended = ended


def key(part: Part) -> Key:
    return part.record.id, part.number


class KitProcess:
    """Another process of the kit, from this one."""

    def __init__(self, setup: Setup) -> None:
        self._connection, other = Pipe()
        with other:
            self._process = Popen(  # -P: the team's modules in this folder are none of the kit's
                [sys.executable, "-P", "-m", MAIN, str(other.fileno())],
                stdin=DEVNULL,
                pass_fds=[other.fileno()],
                start_new_session=True,  # Ctrl-C is this one's to answer
            )
        self._service: Service | None = None
        self._thread: Thread | None = None
        self._send(setup)

    def prepare(self, plan: Plan, records: Sequence[Record]) -> None:
        """Lets it start its workers; returns at once."""
        self._send(Task(tuple(record.id for record in records), plan.budget, plan.share))

    def work_on(self, work: Work, failures: FailureBudget, parts: Sequence[Part]) -> None:
        """Lets it take part, after `prepare` for the same records; returns at once."""
        self._service = Service(work, failures, parts)
        self._thread = Thread(target=self._serve, args=(self._service,), daemon=True, name="huifu-contract-kit-process")
        self._thread.start()

    def wait(self) -> Ended:
        """What it told at its end, once it has ended; after `work_on`."""
        if self._thread is not None:
            self._thread.join()
        status = self._process.wait()
        told = self._service and self._service.ended
        return told or Ended(lost=ending(status))

    def stop(self) -> None:
        """Ends it, wherever it is; nothing happens if it has ended."""
        with suppress(OSError):
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOPS_S)
        except TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._thread is not None:
            self._thread.join()
        self._connection.close()

    def _send(self, message: object) -> None:
        with suppress(OSError):  # it is gone, which `wait` tells
            self._connection.send(message)

    def _serve(self, service: Service) -> None:
        try:
            while service.ended is None:
                wanted, name, args = self._connection.recv()
                found: Callable[..., Any] = attrgetter(name)(service)
                result = found(*args)
                if wanted:
                    self._connection.send(result)
        except (EOFError, OSError):
            pass  # it is gone, which `wait` tells
        finally:
            self._connection.close()  # where it still waits for an answer it ends now
