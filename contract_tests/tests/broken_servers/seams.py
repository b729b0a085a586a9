"""The seams of the fake gateway at which a bug can be planted from outside, for as long as a `with` block lasts."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from huifu_mock import rules
from huifu_mock.gateway import close, gateway
from huifu_mock.rules import Case, Rule
from huifu_mock.schemas import Problem
from huifu_mock.signing import Reply
from huifu_mock.state.orders import OrderTable

Seam = AbstractContextManager[Any]
Fields = dict[str, str]


def rule(row: str, applies: Callable[[Case], bool] | None = None) -> Seam:
    """One row of the table applies to other cases, or is gone."""
    changed: list[Rule] = []
    for each in rules.RULES:
        if each.row != row:
            changed.append(each)
        elif applies is not None:
            changed.append(replace(each, applies=applies))
    assert changed != list(rules.RULES), f"there is no rule {row}"
    return patch.object(rules, "RULES", tuple(changed))


def rules_without(*rows: str) -> Seam:
    """Several rows are gone."""
    return patch.object(rules, "RULES", tuple(each for each in rules.RULES if each.row not in rows))


def reading(change: Callable[[Any], None]) -> Seam:
    """What was read of a request is changed before anything is decided."""
    real = gateway.read

    def read(endpoint: Any, sent: Any) -> Any:
        call = real(endpoint, sent)
        change(call)
        return call

    return patch.object(gateway, "read", read)


def fields(change: Callable[[Fields], Fields]) -> Seam:
    """The fields of a reply to a close are changed before it is signed."""
    real = close.write

    def write(tenant: Any, wording: Any, given: Fields) -> Reply:
        reply = real(tenant, wording, given)
        return Reply(change(json.loads(reply.data)), reply.key)

    return patch.object(close, "write", write)


def sealing(seal: Callable[[bytes, Any], bytes]) -> Seam:
    """The bytes that are sent, made of the canonical bytes of `data` and the key."""
    return patch.object(Reply, "signed", lambda self: seal(self.data, self.key))


def signatures_unchecked() -> Seam:
    return patch.object(gateway, "verified", lambda _tenant, _call: True)


def finding(find: Callable[..., Any]) -> Seam:
    """How an order is found in the store."""
    return patch.object(OrderTable, "find", find)


def problem(field: str, most: int) -> Problem:
    """What the gateway says of a value that is too long."""
    return Problem(field, f"has more than {most} characters", f"at most {most} characters")
