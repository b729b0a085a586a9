"""What grading costs: the reference client in `quick` and `ci`, a process against in-process, and the selftest."""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from huifu_contract.drivers.driver import Driver
from huifu_contract.drivers.in_process import LocalDriver
from huifu_contract.drivers.subprocess import RemoteDriver
from huifu_contract.grading.options import Options
from huifu_contract.grading.profiles import PROFILES
from huifu_contract.grading.results import Exit
from huifu_contract.grading.runner import Runner
from huifu_contract.reference.app import make_client

REFERENCE = "py:huifu_contract.reference.app:make_client"
HOST = [sys.executable, "-m", "huifu_contract.drivers.host", "huifu_contract.reference.app:make_client"]
SAME = ("request/values-*", "request/sign-*", "request/date-format", "request/by-*", "response/extra-fields")
"""Cases in which nobody waits: what is left is the work, and the way that messages take."""
ROUNDS = 3


def graded_seconds(profile: str) -> float:
    """A whole `huifu-contract client` of the reference, from its start to its end."""
    command = [sys.executable, "-m", "huifu_contract", "client", "--client", REFERENCE]
    start = time.perf_counter()
    subprocess.run(
        [*command, "--profile", profile, "--seed", "0"], check=True, capture_output=True, cwd=Path(__file__).parent
    )
    return time.perf_counter() - start


def _case_seconds(make: Callable[[], Driver]) -> float:
    """What the same cases took one after the other; the start of the client does not count."""
    run = Runner(make, Options(PROFILES["quick"], cases=SAME), REFERENCE).run()
    if run.exit is not Exit.OK:
        raise RuntimeError(f"the reference did not pass: {run.counts}")
    return sum(case.seconds for case in run.cases)


def driver_ratio(rounds: int = ROUNDS) -> float:
    """`cmd:` ÷ in-process; both take turns, so that a busy machine slows them alike."""
    taken = [
        (_case_seconds(lambda: RemoteDriver(HOST)), _case_seconds(lambda: LocalDriver(make_client)))
        for _ in range(rounds)
    ]
    there: float = statistics.median(one for one, _ in taken)
    return there / statistics.median(other for _, other in taken)


def selftest_seconds() -> float:
    """The mutants, as `huifu-contract selftest` grades it at the user's site."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "huifu_contract", "selftest"], check=True, capture_output=True)
    return time.perf_counter() - start


def measures() -> Iterable[tuple[str, float, float]]:
    """What, how much, and the most that is allowed."""
    yield "reference, profile quick, seconds", graded_seconds("quick"), 15
    yield "reference, profile ci, seconds", graded_seconds("ci"), 60
    yield "the same cases: cmd: ÷ in-process", driver_ratio(), 1.3
    yield "selftest, seconds", selftest_seconds(), 90


def main() -> int:
    """Print every measure; exit code 1 if one is above what is allowed."""
    missed = 0
    for what, value, most in measures():
        met = value <= most
        missed += not met
        print(f"{what:<58}{value:>10.3f}{f'≤{most:g}':>9}{'' if met else '  missed'}", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
