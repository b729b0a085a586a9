"""Which driver a `--client` value names."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from huifu_contract.drivers.driver import Driver
from huifu_contract.drivers.http import HttpDriver
from huifu_contract.drivers.subprocess import RemoteDriver
from huifu_contract.failures import SetupTrouble

KINDS: dict[str, tuple[Callable[[str], Driver], str]] = {
    "py":    (RemoteDriver.of_python,          "py:shop.pay:make_client"),
    "cmd":   (RemoteDriver.of_command,         "cmd:php tests/close_adapter.php"),
    "http":  (partial(HttpDriver.of, "http"),  "http://127.0.0.1:8080/_contract"),
    "https": (partial(HttpDriver.of, "https"), "https://shop.test/_contract"),
}  # fmt: skip


def apart(client: str) -> bool:
    """Whether every worker has a process of that client of its own, and none knows of the others."""
    return isinstance(driver(client), RemoteDriver)


def driver(client: str) -> Driver:
    """Raises SetupTrouble with the kinds there are."""
    kind, colon, what = client.partition(":")
    if not colon or kind not in KINDS or not what.strip():
        examples = ", ".join(example for _, example in KINDS.values())
        meant = f"cmd:{client} if it is a command, or for instance " if client.strip() and kind not in KINDS else ""
        raise SetupTrouble(f"--client {client!r} is not KIND:WHAT; write {meant or 'for instance '}{examples}")
    return KINDS[kind][0](what)
