"""`@pytest.mark.huifu(…)`: what a test wants of its tenant, gathered from its marks and told clearly when wrong."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from typing import Any

import pytest

from huifu_mock import _data

OURS = ("orders", "strict")


class BadMark(ValueError):
    """A mark that cannot be followed; the message says what would be right."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one test's tenant is made of."""

    settings: dict[str, Any] = field(default_factory=dict)
    """For the control plane (`schemas/control/tenant-create.json`)."""
    orders: list[dict[str, Any]] = field(default_factory=list)
    """To be seeded before the test begins."""
    strict: bool = False
    """Whether a prepared fault that was never used fails the test."""


@cache
def settings() -> tuple[str, ...]:
    """What a tenant can be made with."""
    return tuple(_data.read_json("schemas/control/tenant-create.json")["properties"])


def wanted(options: Mapping[str, Any], marks: Iterable[pytest.Mark]) -> Wanted:
    """The options of `huifu_tenant_options`, then those of the marks from the outermost to the nearest one.

    Raises `BadMark`.
    """
    given = _checked("huifu_tenant_options", options)
    for mark in marks:
        if mark.args:
            raise BadMark(f"@pytest.mark.huifu takes keywords only, not {mark.args[0]!r}: huifu(settle='refused')")
        given |= _checked("@pytest.mark.huifu", mark.kwargs)
    orders, strict = given.pop("orders", []), given.pop("strict", False)
    return Wanted(given, [dict(order) for order in orders], strict)


def _checked(where: str, given: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        raise BadMark(f"{where} gives {given!r}; it must give a dict such as {{'settle': 'refused'}}")
    known = (*OURS, *settings())
    for name in given:
        if name not in known:
            near = get_close_matches(name, known, 1)
            meant = f"did you mean {near[0]}? " if near else ""
            raise BadMark(f"{where} knows no {name!r}; {meant}There are {', '.join(known)}")
    orders = given.get("orders", [])
    if not isinstance(orders, list | tuple) or not all(isinstance(order, Mapping) for order in orders):
        raise BadMark(f"{where}: orders={orders!r} is no list of orders; [{{'age_seconds': 61}}] is one")
    if not isinstance(given.get("strict", False), bool):
        raise BadMark(f"{where}: strict={given['strict']!r} is neither True nor False")
    return dict(given)
