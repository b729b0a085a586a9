"""Capsules: a whole tenant as one JSON value, from which the same tenant can be made anywhere."""

from dataclasses import replace
from typing import Any, Final

from huifu_mock import signing
from huifu_mock._version import VERSION
from huifu_mock.faults import BadFault
from huifu_mock.gateway.mock import Mock, Refused, check
from huifu_mock.gateway.tenant import Settings, Tenant
from huifu_mock.schemas import Problem
from huifu_mock.state.orders import Taken
from huifu_mock.store import document
from huifu_mock.store.records import Record

FORMAT: Final = 1


def of(tenant: Tenant, *, keys: bool = False) -> dict[str, Any]:
    """The capsule of a tenant. Its private keys are in it only if they are asked for."""
    return around(document.whole(tenant), document.keys(tenant) if keys else None)


def around(whole: Record, keys: Record | None) -> dict[str, Any]:
    """The capsule of a tenant's record."""
    made = {"capsule": FORMAT, "version": VERSION, "tenant": whole}
    return made if keys is None else {**made, "keys": keys}


def fork(mock: Mock, tenant: Tenant, sys_id: str | None = None, name: str | None = None) -> Tenant:
    """A copy of a tenant under another `sys_id`, taken in; it has the same keys, and the same name unless one is given.

    Raises `Refused` with 409 if the `sys_id` is taken.
    """
    made = mock.empty_tenant(
        sys_id or mock.fresh_id(),
        Settings(),
        merchant_public_key=tenant.merchant_public_key,
        merchant_private_key=tenant.merchant_private_key,
        huifu_key=tenant.huifu_key,
    )
    document.copy(tenant, made)
    if name is not None:
        made.settings, made.made_with = (replace(one, name=name) for one in (made.settings, made.made_with))
    mock.take_in(made)
    document.resume(made)
    return made


SOME: Final = 200
"""So many things are checked in one go: the schema holds the interpreter's lock meanwhile."""
MANY: Final = ("closes_met", "orders", "closes", "calls", "deliveries")


def _check(capsule: Any) -> None:
    """Raises `Refused` with 422 for what the schema complains of; that of many things, some at a time."""
    tenant = capsule.get("tenant") if isinstance(capsule, dict) else None
    if not isinstance(tenant, dict):
        check("capsule/capsule", capsule, "capsule")
        return
    long = {name: many for name in MANY if isinstance(many := tenant.get(name), list) and len(many) > SOME}
    few = {**tenant, **{name: [] for name in long}}
    check("capsule/capsule", {**capsule, "tenant": few}, "capsule")
    for name, many in long.items():
        for start in range(0, len(many), SOME):
            some = {**few, name: many[start : start + SOME]}
            try:
                check("capsule/capsule", {**capsule, "tenant": some}, "capsule")
            except Refused as refused:
                raise Refused(422, *(_further(problem, name, start) for problem in refused.problems)) from None


def _further(problem: Problem, name: str, start: int) -> Problem:
    """A problem of one of `some`, with its place among all of them."""
    before, _, rest = problem.field.partition(f".{name}.")
    index, dot, inside = rest.partition(".")
    return replace(problem, field=f"{before}.{name}.{start + int(index)}{dot}{inside}")


def load(mock: Mock, capsule: Any, sys_id: str | None = None) -> Tenant:
    """A tenant from a capsule, not taken in yet. May generate a key, so call it off the event loop.

    Raises `Refused`: 422 for what is no capsule, 409 where its `sys_id` is taken.
    """
    if isinstance(capsule, dict) and isinstance(capsule.get("capsule"), int) and capsule["capsule"] > FORMAT:
        said = f"is of format {capsule['capsule']}, and this huifu-mock reads formats up to {FORMAT}"
        raise Refused(422, Problem("capsule", said, f"use the huifu-mock that made it ({capsule.get('version')})"))
    _check(capsule)
    told, keys = capsule["tenant"], capsule.get("keys", {})
    wanted = sys_id or told["sys_id"]
    if mock.gateway.knows(wanted):
        said = f"{wanted} is a tenant already"
        raise Refused(409, Problem("sys_id", said, 'give the copy another: {"capsule": …, "sys_id": "…"}'))
    try:
        private, huifu = keys.get("merchant_private_key"), keys.get("huifu_private_key")
        made = mock.empty_tenant(
            wanted,
            Settings(),
            merchant_public_key=signing.load_public_key(told["merchant_public_key"]),
            merchant_private_key=signing.load_private_key(private) if private else None,
            huifu_key=signing.load_private_key(huifu) if huifu else mock.keys.huifu(told["key_bits"]),
        )
        document.fill(made, told)
    except (
        signing.BadKey,
        Taken,
        BadFault,
        ValueError,
        OverflowError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
    ) as error:
        said = f"contradicts itself: {type(error).__name__}: {error}"
        raise Refused(422, Problem("capsule", said, "take it as GET …/capsule gave it")) from error
    return made
