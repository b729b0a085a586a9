"""What a made mutant is, and the reference client that knows at which place of a call it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from huifu_contract.mutants.registry import Reply
from huifu_contract.reference.app import App
from huifu_contract.reference.client import Client

PLACES = ("close", "retry", "closequery")


class Placed(Client):
    """The reference client; `place` is the first close, a later one, or a closequery."""

    place = "close"

    def exchange(self, op: str, data: Mapping[str, str], until: float) -> Reply:
        if op != "close":
            self.place = op
        else:
            self.place = "retry" if self.closes else "close"
            self.closes += 1
        return super().exchange(op, data, until)

    closes = 0


@dataclass(frozen=True, slots=True)
class Mutant:
    """The reference with one operator applied. `likely`: the cases that are tried first."""

    operator: str
    target: str
    place: str
    made: type[Client] | type[App]
    likely: tuple[str, ...]
    change: Callable[[str], Any] | None = None
    """What it makes of a text, where that is all that is wrong with it."""

    def changes(self, example: Mapping[str, Any]) -> bool:
        """Whether a text of the example becomes another one."""
        texts = [value for value in example.values() if isinstance(value, str)]
        return self.change is not None and any(self.change(text) != text for text in texts)

    @property
    def name(self) -> str:
        return f"{self.operator}({self.target}) in {self.place}"


Make = Callable[..., Any]


def first(*cases: str, then: tuple[str, ...]) -> tuple[str, ...]:
    """The cases about such a mutant's fault, before those about its kind."""
    return tuple(dict.fromkeys((*cases, *then)))


def made(base: type[Any], **members: Any) -> type[Any]:
    """A subclass of the reference in which these members are others."""
    return type(f"Made{base.__name__}", (base,), members)
