"""What the pytest plugin costs: a run that does not use it, and a tenant for each test that does."""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

import huifu_mock

ROUNDS = 25
OURS = ("huifu", "huifu-contract")
PYTEST = [sys.executable, "-m", "pytest", "-q", "--collect-only", "-p", "no:cacheprovider"]


def start_seconds(rounds: int = ROUNDS) -> tuple[float, float, float]:
    """The least CPU time of a pytest start with our plugins, of one without them, and of `import pytest` alone.

    The three take turns, so that a busy machine slows them alike; other plugins stay away; compiled modules are kept.
    """
    others = {point.name for point in metadata.entry_points(group="pytest11")} - {*OURS}
    pytest = [*PYTEST, *_without(others)]
    commands = [pytest, [*pytest, *_without(OURS)], [sys.executable, "-c", "import pytest"]]
    taken: list[list[float]] = [[] for _ in commands]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "test_nothing.py").write_text("def test_nothing(): pass\n", "utf-8")
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = str(Path(folder) / "compiled")
        for turn in range(rounds + 1):
            for command, times in zip(commands, taken, strict=True):
                before = _cpu_of_children()
                subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
                if turn:  # the first one compiles
                    times.append(_cpu_of_children() - before)
    with_it, without, imported = map(min, taken)
    return with_it, without, imported


def listing_seconds() -> float:
    """The time in which pytest reads the list of this distribution's files, as it does for every plugin's."""
    distribution = metadata.distribution("huifu-mock")
    taken = []
    for _ in range(20):
        start = time.perf_counter()
        _ = [str(file) for file in distribution.files or []]
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def tenant_seconds(count: int = 500) -> float:
    """The median time to make a tenant and to drop it, which is what each test pays."""
    taken = []
    with huifu_mock.Server() as server:
        server.tenant().drop()  # its key is lent again
        for _ in range(count):
            start = time.perf_counter()
            server.tenant().drop()
            taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def _without(plugins: Iterable[str]) -> list[str]:
    return [word for name in sorted(plugins) for word in ("-p", f"no:{name}")]


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Print them all."""
    with_it, without, imported = start_seconds()
    added, files = with_it - without, len(metadata.files("huifu-mock") or [])
    print(f"  pytest starts in {without * 1000:.1f} ms of CPU; our plugins add {added * 1000:.1f} ms")
    print(f"  that is {added / imported:.3f} of python -c 'import pytest' ({imported * 1000:.1f} ms)")
    print(f"  reading the list of {files} installed files: {listing_seconds() * 1000:.1f} ms (a wheel has some 600)")
    print(f"  a tenant for a test: {tenant_seconds() * 1000:.2f} ms")


if __name__ == "__main__":
    main()
