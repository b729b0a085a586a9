"""The registry of mutants: the reference client, or its application, with exactly one wrong decision each.

`mutants.toml` says which cases each must fail.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from huifu_contract.reference.app import App
from huifu_contract.reference.client import Client

Reply = Mapping[str, Any] | None
CLIENTS: dict[str, type[Client]] = {"reference": Client}
APPS: dict[str, type[App]] = {}


def mutant(name: str) -> Callable[[type[Any]], type[Any]]:
    """Registers a client or an application under the name that mutants.toml knows."""

    def keep(made: type[Any]) -> type[Any]:
        if issubclass(made, App):
            APPS[name] = made
        else:
            CLIENTS[name] = made
        return made

    return keep
