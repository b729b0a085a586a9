"""What the pytest fixtures do: a server, a tenant for each test, the options of `@pytest.mark.huifu(…)`."""

import json
import os
import secrets
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

import pytest

from huifu_mock import _data
from huifu_mock._nearest import did_you_mean
from huifu_mock.client import tenant
from huifu_mock.client.environment import CONTROL_VARIABLE, direct
from huifu_mock.client.server import Connection, Server
from huifu_mock.client.transport import ControlError, OverHttp, Unreachable, path
from huifu_mock.gateway.store import BadStore
from huifu_mock.http.address import CannotListen

if TYPE_CHECKING:
    from huifu_contract.reference import Client


OURS = ("orders", "strict", "intercept")


class BadMark(ValueError):
    """A mark that cannot be followed; the message says what would be right."""


@dataclass(frozen=True, slots=True)
class TenantOptions:
    """What one test's tenant is made of."""

    settings: dict[str, Any] = field(default_factory=dict)
    """For the control API (`schemas/control/tenant-create.json`)."""
    orders: list[dict[str, Any]] = field(default_factory=list)
    """To be seeded before the test begins."""
    strict: bool = False
    """Whether a prepared fault that was never used fails the test."""
    intercept: bool = False
    """Whether code that calls Huifu's real hosts arrives at the gateway."""


@cache
def settings() -> tuple[str, ...]:
    """What a tenant can be made with."""
    return tuple(_data.read_json("schemas/control/tenant-create.json")["properties"])


def tenant_options(options: Mapping[str, Any], marks: Iterable[pytest.Mark]) -> TenantOptions:
    """The options of `huifu_tenant_options`, then those of the marks from the outermost to the nearest one.

    Raises `BadMark`.
    """
    given = _checked("huifu_tenant_options", options)
    for mark in marks:
        if mark.args:
            raise BadMark(f"@pytest.mark.huifu takes keywords only, not {mark.args[0]!r}: huifu(settle='refused')")
        given |= _checked("@pytest.mark.huifu", mark.kwargs)
    orders, strict, intercept = given.pop("orders", []), given.pop("strict", False), given.pop("intercept", False)
    return TenantOptions(given, [dict(order) for order in orders], strict, intercept)


LONGEST_NAME: Final = 128
"""As in `schemas/common.json`, `tenant_name`."""


def name_of(nodeid: str) -> str:
    """What the tenant of a test is called, so that a gateway that many share tells whose calls it received."""
    return "".join(char if char.isprintable() else "?" for char in nodeid[-LONGEST_NAME:])


def _checked(where: str, given: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        raise BadMark(f"{where} gives {given!r}; it must give a dict such as {{'settle': 'refused'}}")
    known = (*OURS, *settings())
    for name in given:
        if name not in known:
            raise BadMark(f"{where} knows no {name!r}; {did_you_mean(name, known)}There are {', '.join(known)}")
    orders = given.get("orders", [])
    if not isinstance(orders, list | tuple) or not all(isinstance(order, Mapping) for order in orders):
        raise BadMark(f"{where}: orders={orders!r} is no list of orders; [{{'age_seconds': 61}}] is one")
    for name in ("strict", "intercept"):
        if not isinstance(given.get(name, False), bool):
            raise BadMark(f"{where}: {name}={given[name]!r} is neither True nor False")
    return dict(given)


class CannotStart(Exception):
    """There is no server for this test run; the message says why."""


class Tenant(tenant.Tenant):
    """A tenant of a test. An exception that leaves its `with` block carries the traffic as a note."""

    notes = True

    def client(self, **options: Any) -> "Client":
        """A small, correct client for this tenant, to prepare things with or to compare with yours.

        It takes its days from the tenant's clock. `options` are `huifu_contract.reference.Client`'s.
        """
        from huifu_contract.reference import Client, Config

        return Client(self.base_url, Config.of(self.credentials()), **{"now": self.clock.now, **options})

    def leave(self) -> None:
        """Drop it, if it and its server are still there."""
        with suppress(ControlError, Unreachable):
            self.drop()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.notes and isinstance(error, Exception):
            from huifu_mock.testing.traffic_report import traffic_report

            error.add_note(traffic_report(self))
        super().__exit__(kind, error, trace)


class TenantFixtures(Connection):
    """A server that creates tenants for tests: `with huifu_server.tenant() as t:`."""

    notes = True

    def stop(self) -> None:
        """Stop the server, if it is ours; twice is fine."""

    def tenant(self, **settings: Any) -> Tenant:
        """A fresh, isolated tenant (settings: `schemas/control/tenant-create.json`)."""
        return self._lent(self.link.ask("POST", path("tenants"), tenant.made_with(settings)))

    def find(self, sys_id: str) -> Tenant:
        """The tenant of that `sys_id`. Raises `ControlError` 404."""
        return self._lent(self.link.ask("GET", path("tenants", sys_id)))

    def from_capsule(self, capsule: Mapping[str, Any], sys_id: str | None = None) -> Tenant:
        """A tenant from a capsule, under the `sys_id` in it or another one."""
        return self._lent(super().from_capsule(capsule, sys_id).settings())

    def _lent(self, told: Mapping[str, Any]) -> Tenant:
        made = Tenant(self.link, told)
        made.notes = self.notes
        return made


class Started(Server, TenantFixtures):
    """A server of this process."""


Preparation = Callable[[Tenant], object] | str | Path | Mapping[str, Any]
"""What a prepared tenant is made by: a function that is given a fresh one, or a capsule or the file of one."""


class BadPreparation(ValueError):
    """A prepared tenant that cannot be had; the message says what would be right."""


class Prepared:
    """Tenants that are made once, when a test first asks for a copy of one."""

    def __init__(self, server: TenantFixtures, preparations: Mapping[str, Preparation]) -> None:
        self._server, self._preparations = server, preparations
        self._made: dict[str, Tenant] = {}

    def fork(self, name: str, nodeid: str) -> Tenant:
        """A copy of the tenant of that name, called like the test.

        Raises `BadPreparation`, and what its preparation raises.
        """
        if name not in self._made:
            self._made[name] = self._make(name)
        made = self._made[name].fork(name=name_of(nodeid))
        made.notes = self._server.notes
        return made

    def _make(self, name: str) -> Tenant:
        if name not in self._preparations:
            known = ", ".join(self._preparations) or 'none: override it, as return {"paid-orders": a_function}'
            meant = did_you_mean(name, self._preparations)
            raise BadPreparation(f"there is no {name!r}; {meant}huifu_prepared gives {known}")
        preparation = self._preparations[name]
        if callable(preparation):
            return self._prepared(name, preparation)
        try:
            saved = preparation if isinstance(preparation, Mapping) else json.loads(Path(preparation).read_bytes())
            return self._server.from_capsule(saved, f"6666{secrets.randbelow(10**12):012}")
        except (OSError, ValueError, TypeError, ControlError) as error:
            wanted = "huifu_prepared gives a function that takes a tenant, or a capsule or the path of one"
            raise BadPreparation(f"{name!r}: {error}; {wanted}") from error

    def _prepared(self, name: str, prepare: Callable[[Tenant], object]) -> Tenant:
        made = self._server.tenant(name=name_of(name))
        try:
            prepare(made)
        except BaseException:
            made.leave()
            raise
        made.undo()
        return made

    def leave(self) -> None:
        """Drop them all."""
        for made in self._made.values():
            made.leave()


def tenant_fixtures(url: str | None, token: str | None, options: Mapping[str, Any]) -> TenantFixtures:
    """The server at `url`, or one of our own, started with `options`. Raises `CannotStart`."""
    return _started(options) if url is None else _connected(url, token)


def _connected(url: str, token: str | None) -> TenantFixtures:
    where = CONTROL_VARIABLE if url == os.environ.get(CONTROL_VARIABLE) else "--huifu-url"
    try:
        connection = TenantFixtures(OverHttp(url, token))
        connection.about()
    except (Unreachable, ValueError) as error:
        raise CannotStart(f"{where}: {error}") from None
    except ControlError as error:
        wanted = "; give it with --huifu-token" if error.status == HTTPStatus.UNAUTHORIZED else ""
        raise CannotStart(f"{where}: {error}{wanted}") from None
    return connection


def _started(options: Mapping[str, Any]) -> Started:
    try:
        server = Started(**options)
        server.start()
    except TypeError as error:
        raise CannotStart(
            f"huifu_server_options does not fit: {error}; "
            "it may give host, port, orders, control_token, push_allow and store"
        ) from error
    except (BadStore, CannotListen) as error:
        raise CannotStart(f"huifu_server_options: {error}") from error
    return server


def proxies_aside() -> dict[str, str]:
    """The variables that keep calls to this machine away from a proxy."""
    return direct("127.0.0.1,localhost")
