"""All mutants: importing this registers them."""

from __future__ import annotations

from huifu_contract.mutants import replies, requests, transport, webhooks  # noqa: F401 - they register themselves
from huifu_contract.mutants.registry import APPS, CLIENTS
from huifu_contract.reference import app as reference
from huifu_contract.reference.app import App
from huifu_contract.reference.client import Client

TIMEOUT_S = 1.5
ATTEMPT_S = 0.5


def described(name: str) -> App:
    """A fresh application with that client, or that application with the reference client."""
    made = APPS.get(name, App)()
    made.client = CLIENTS.get(name, Client)
    made.timeout_s, made.attempt_s, made.name = TIMEOUT_S, ATTEMPT_S, name
    return reference.described(made)
