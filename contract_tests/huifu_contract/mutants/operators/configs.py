"""What an application that closes for several merchants keeps of the config of one for the calls of another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from threading import Event
from typing import Any, ClassVar
from urllib.parse import urlsplit

from huifu_contract.mutants.operators.mutant import Mutant, made
from huifu_contract.reference import wire
from huifu_contract.reference.client import Client, Config
from huifu_contract.reference.wire import Envelope

FIELDS = ("sys_id", "product_id", "huifu_id", "merchant_private_key", "huifu_public_key")
KEPT_BY: dict[str, Callable[[str], str]] = {
    "every call": lambda _: "",
    "every call of one host": lambda base_url: urlsplit(base_url).netloc,
}


def keeping(field: str, key: Callable[[str], str]) -> type[Client]:
    """Takes one member from the config of the first call."""
    kept: dict[str, str] = {}

    def begun(self: Client, base_url: str, config: Config, **more: Any) -> None:
        first = kept.setdefault(key(base_url), getattr(config, field))
        Client.__init__(self, base_url, replace(config, **{field: first}), **more)

    return made(Client, __init__=begun)


def sharing(field: str) -> type[Client]:
    """Has one member on the class, where a call that begins meanwhile puts its own."""
    shared: dict[str, str] = {}

    def data(self: Client, params: Any) -> dict[str, str]:
        shared[field] = getattr(self.config, field)
        Event().wait(0.01)
        self.config = replace(self.config, **shared)
        return Client.data(self, params)

    return made(Client, data=data)


class KnowsAllKeys(Client):
    """Verifies a reply with each key of Huifu's that it has seen."""

    keys: ClassVar[dict[str, None]] = {}

    def check_sign(self, envelope: Envelope) -> bool:
        self.keys[self.config.huifu_public_key] = None
        keys, text = [wire.public(key) for key in [*self.keys]], envelope.raw.encode("utf-8", "surrogatepass")
        return any(wire.verifies(key, text, envelope.sign) for key in keys) or super().check_sign(envelope)


CASE = ("repeat/config-of-each-call",)


def mutants() -> Iterator[Mutant]:
    for field in FIELDS:
        for place, key in KEPT_BY.items():
            yield Mutant("kept-from-the-first", field, place, keeping(field, key), CASE)
    for field in ("sys_id", "product_id", "merchant_private_key", "huifu_public_key"):
        yield Mutant("shared", f"the {field}", "calls at once", sharing(field), CASE)
    yield Mutant("verified-with-any-key", "sign", "every call", KnowsAllKeys, CASE)
