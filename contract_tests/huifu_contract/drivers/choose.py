"""`KIND:WHAT` on a command line -> a driver."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from huifu_contract.drivers.base import Driver
from huifu_contract.drivers.http import HttpDriver
from huifu_contract.drivers.remote import RemoteDriver
from huifu_contract.failures import SetupTrouble

KINDS: dict[str, tuple[Callable[[str], Driver], str]] = {
    "py":    (RemoteDriver.of_python,          "py:shop.pay:make_client"),
    "cmd":   (RemoteDriver.of_command,         "cmd:php tests/close_adapter.php"),
    "http":  (partial(HttpDriver.of, "http"),  "http://127.0.0.1:8080/_contract"),
    "https": (partial(HttpDriver.of, "https"), "https://shop.test/_contract"),
}  # fmt: skip
ONE_WORKER = ("http", "https")
"""The kit cannot start another of these, and one application has one merchant."""


def driver(client: str) -> Driver:
    """Raises SetupTrouble with the kinds there are."""
    kind, colon, what = client.partition(":")
    if not colon or kind not in KINDS or not what.strip():
        examples = ", ".join(example for _, example in KINDS.values())
        raise SetupTrouble(f"--client {client!r} is not KIND:WHAT; write for instance {examples}")
    return KINDS[kind][0](what)


def workers(client: str, wanted: int) -> int:
    """How many workers may drive that client at once."""
    return 1 if client.partition(":")[0] in ONE_WORKER else wanted
