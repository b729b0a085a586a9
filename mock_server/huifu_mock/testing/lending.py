"""Tenants and servers as tests get them: the library's own, with a client, and a story when something fails."""

from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from types import TracebackType
from typing import TYPE_CHECKING, Any

from huifu_mock.api import tenant
from huifu_mock.api.environment import direct
from huifu_mock.api.link import ControlError, OverHttp, Unreachable, path
from huifu_mock.api.server import Connection, Server
from huifu_mock.server import CannotListen

if TYPE_CHECKING:
    from huifu_contract.reference import Client


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
            from huifu_mock.testing.traffic import story

            error.add_note(story(self))
        super().__exit__(kind, error, trace)


class Lending(Connection):
    """A server that lends tenants to tests: `with huifu_server.tenant() as t:`."""

    notes = True

    def stop(self) -> None:
        """Stop the server, if it is ours; twice is fine."""

    def tenant(self, **settings: Any) -> Tenant:
        """A fresh, isolated tenant (settings: `schemas/control/tenant-create.json`)."""
        return self._lent(self.link.ask("POST", path("tenants"), settings))

    def find(self, sys_id: str) -> Tenant:
        """The tenant of that `sys_id`. Raises `ControlError` 404."""
        return self._lent(self.link.ask("GET", path("tenants", sys_id)))

    def _lent(self, told: Mapping[str, Any]) -> Tenant:
        made = Tenant(self.link, told)
        made.notes = self.notes
        return made


class Started(Server, Lending):
    """A server of this process."""


def lend(url: str | None, token: str | None, options: Mapping[str, Any]) -> Lending:
    """The server at `url`, or one of our own, started with `options`. Raises `CannotStart`."""
    return _started(options) if url is None else _connected(url, token)


def _connected(url: str, token: str | None) -> Lending:
    try:
        connection = Lending(OverHttp(url, token))
        connection.about()
    except (Unreachable, ValueError) as error:
        raise CannotStart(f"--huifu-url: {error}") from error
    except ControlError as error:
        wanted = "; give it with --huifu-token" if error.status == HTTPStatus.UNAUTHORIZED else ""
        raise CannotStart(f"--huifu-url: {error}{wanted}") from error
    return connection


def _started(options: Mapping[str, Any]) -> Started:
    try:
        server = Started(**options)
        server.start()
    except TypeError as error:
        wanted = "it may give host, port, orders, control_token and push_allow"
        raise CannotStart(f"huifu_server_options does not fit: {error}; {wanted}") from error
    except CannotListen as error:
        raise CannotStart(f"huifu_server_options: {error}") from error
    return server


def proxies_aside() -> dict[str, str]:
    """The variables that keep calls to this machine away from a proxy."""
    return direct("127.0.0.1,localhost")
