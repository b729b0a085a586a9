"""What the runner needs of a client, and which driver a `--client` value names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any, Protocol

from huifu_contract.drivers.http import HttpDriver
from huifu_contract.drivers.subprocess import RemoteDriver
from huifu_contract.failures import SetupTrouble
from huifu_contract.outcome import Hello, Outcome


class Driver(Protocol):
    """`start` comes first; each call may raise a Trouble. All calls block."""

    restarts: int
    hello: Hello
    """What the client said last; a process started again may listen elsewhere."""

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

    def stop(self) -> None: ...


KINDS: dict[str, tuple[Callable[[str], Driver], str]] = {
    "py":    (RemoteDriver.of_python,          "py:shop.pay:make_client"),
    "cmd":   (RemoteDriver.of_command,         "cmd:php tests/close_adapter.php"),
    "http":  (partial(HttpDriver.of, "http"),  "http://127.0.0.1:8080/_contract"),
    "https": (partial(HttpDriver.of, "https"), "https://shop.test/_contract"),
}  # fmt: skip


def driver(client: str) -> Driver:
    """Raises SetupTrouble with the kinds there are."""
    kind, colon, what = client.partition(":")
    if not colon or kind not in KINDS or not what.strip():
        examples = ", ".join(example for _, example in KINDS.values())
        raise SetupTrouble(f"--client {client!r} is not KIND:WHAT; write for instance {examples}")
    return KINDS[kind][0](what)


def beside(first: Driver) -> Driver | None:
    """For another merchant of the application that `first` drives; None where each has a process of its own."""
    return first.beside() if isinstance(first, HttpDriver) else None


def turn(one: Driver) -> AbstractContextManager[Any]:
    """Entered for the time of a call, so that an application of several merchants gets no more than it can do."""
    return one.turn if isinstance(one, HttpDriver) else nullcontext()


def at_once(first: Driver, wanted: int) -> int:
    """How many workers may drive that client, of so many wanted."""
    return min(wanted, first.most_workers) if isinstance(first, HttpDriver) else wanted
