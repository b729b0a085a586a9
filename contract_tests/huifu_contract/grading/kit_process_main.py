"""What runs in another process of the kit: workers for the parts that are left of somebody else's run."""

from __future__ import annotations

import gc
import signal
import sys
from contextlib import suppress
from multiprocessing.connection import Connection

from huifu_contract.catalogue.registry import catalogue
from huifu_contract.drivers.kinds import driver
from huifu_contract.failures import Trouble
from huifu_contract.grading.failure_budget import FailureBudget
from huifu_contract.grading.generate import portable
from huifu_contract.grading.kit_process import Ended, Key, Setup, Stub, Task, key
from huifu_contract.grading.parts import Part
from huifu_contract.grading.plan import Plan
from huifu_contract.grading.progress import Progress
from huifu_contract.grading.results import CaseResult
from huifu_contract.grading.work import Work
from huifu_contract.grading.workers import Workers, parts_of
from huifu_mock import Server


class RemoteBudget(FailureBudget):
    """The failure budget of the whole run, which the first process keeps."""

    def __init__(self, stub: Stub) -> None:
        super().__init__()
        self._stub = stub

    def first(self, signature: str, case: str) -> str:
        return str(self._stub.ask("failures.first", signature, case))

    def left(self, signature: str) -> float:
        return float(self._stub.ask("failures.left", signature))

    def untouched(self, signature: str) -> bool:
        return bool(self._stub.ask("failures.untouched", signature))

    def spend(self, signature: str, seconds: float) -> None:
        self._stub.tell("failures.spend", signature, seconds)

    def came_again(self, signature: str) -> None:
        self._stub.tell("failures.came_again", signature)

    def comes_again(self, signature: str) -> bool:
        return bool(self._stub.ask("failures.comes_again", signature))

    def hung(self, seconds: float) -> int:
        return int(self._stub.ask("failures.hung", seconds))

    def lose(self, trouble: str, case: str, seconds: float) -> None:
        self._stub.tell("failures.lose", trouble, case, seconds)

    def exhausted(self) -> str:
        return str(self._stub.ask("failures.exhausted"))


class RemoteProgress(Progress):
    """Tells the first process, which shows it."""

    def __init__(self, stub: Stub) -> None:
        super().__init__()
        self._stub = stub

    def began(self, case: str) -> None:
        self._stub.tell("progress.began", case)

    def ran(self, case: str) -> None:
        self._stub.tell("progress.ran", case)


class RemoteWork(Work):
    """The work that the first process hands out. Nothing is left once that process is gone."""

    def __init__(self, stub: Stub, progress: Progress, parts: list[Part]) -> None:
        super().__init__(lambda _: None, progress)
        self._stub, self._parts = stub, {key(part): part for part in parts}

    def take(self, *, first: bool = False) -> Part | None:  # noqa: ARG002  # the first worker is in the first process
        wanted: Key | None = None
        with suppress(EOFError, OSError):
            wanted = self._stub.ask("take")
        return None if wanted is None else self._parts[wanted]

    def bring(self, part: Part, result: CaseResult | None) -> None:
        self._stub.tell("bring", key(part), result)

    def left(self) -> int:
        with suppress(EOFError, OSError):
            return int(self._stub.ask("left"))
        return 0


def take_part(server: Server, stub: Stub, setup: Setup, task: Task) -> Ended:
    """Works until nothing is left."""
    workers = Workers(lambda: driver(setup.client), setup.options, RemoteBudget(stub), setup.usual, setup.most)
    progress, lost = RemoteProgress(stub), ""
    try:
        workers.start(server)
        plan = Plan(workers.grader(progress.ran), "", task.budget, task.share, crowd=True)
        parts = parts_of([catalogue()[name] for name in task.cases], plan)
        workers.prepare(server, len(parts))
        workers.run(server, plan, RemoteWork(stub, progress, parts))
    except Trouble as trouble:
        lost = f"could go no further: {trouble}"
    finally:
        troubles = workers.stop()
    return Ended(workers.figures(), tuple(troubles), lost)


def main(number: str) -> int:
    """`number` is that of the socket to the first process."""
    stub = Stub(Connection(int(number)))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # so that clients are ended
    gc.freeze()  # as in the first process
    with suppress(EOFError, OSError), Server(port=0, orders=[]) as server:
        setup: Setup = stub.receive()
        if setup.options.portable_seed:
            portable()
        stub.tell("end", take_part(server, stub, setup, stub.receive()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
