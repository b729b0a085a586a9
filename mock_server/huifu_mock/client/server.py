"""A server in its own thread and event loop, for tests without an event loop."""

import asyncio
import threading
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from huifu_mock.client.intercept.environment import InterceptEnvironment
from huifu_mock.client.tenant import Tenant, made_with
from huifu_mock.client.transport import InProcess, Link, OverHttp, path, run_in
from huifu_mock.gateway.mock import Mock
from huifu_mock.http.intercept.listener import InterceptOptions
from huifu_mock.http.server import HttpServer
from huifu_mock.store.opening import opened


class Runner:
    """An `HttpServer` in its own thread and event loop."""

    def __init__(self, server: HttpServer) -> None:
        self._server = server
        self._started = threading.Event()
        self._error: BaseException | None = None
        self.loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="huifu-mock", daemon=True)

    def start(self) -> Self:
        """Return when the port answers. Raises `CannotListen`."""
        self._thread.start()
        self._started.wait()
        if self._error is not None:
            self._thread.join()
            raise self._error
        return self

    def stop(self) -> None:
        """Stop the server and its thread; twice is fine."""
        if self._thread.is_alive():
            self.loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self.loop) as runner:
            runner.run(self._main())

    async def _main(self) -> None:
        try:
            await self._server.start()
        except BaseException as error:
            self._error = error
            return
        finally:
            self._started.set()
        await self._stop.wait()
        await self._server.stop()


class Connection:
    """A control API that answers: its tenants, and what it is."""

    def __init__(self, link: Link) -> None:
        self.link = link

    @property
    def base_url(self) -> str:
        """What stands in for https://api.huifu.com."""
        return self.link.base_url

    def about(self) -> dict[str, Any]:
        """Version, features, tenants, answers, schema digest."""
        told: dict[str, Any] = self.link.ask("GET", path("about"))
        return told

    @property
    def default(self) -> Tenant:
        """The tenant with the published keys and the cast of orders."""
        return self.find(self.about()["default_tenant"])

    def find(self, sys_id: str) -> Tenant:
        """The tenant of that `sys_id`. Raises `ControlError` 404."""
        return Tenant(self.link, self.link.ask("GET", path("tenants", sys_id)))

    def tenant(self, **settings: Any) -> Tenant:
        """A fresh, isolated tenant (settings: `schemas/control/tenant-create.json`)."""
        return Tenant(self.link, self.link.ask("POST", path("tenants"), made_with(settings)))

    def from_capsule(self, capsule: Mapping[str, Any], sys_id: str | None = None) -> Tenant:
        """A tenant from a capsule, under the `sys_id` in it or another one."""
        named = {"sys_id": sys_id} if sys_id else {}
        return Tenant(self.link, self.link.ask("POST", path("tenants"), {"capsule": dict(capsule), **named}))


def connect(base_url: str, token: str | None = None) -> Connection:
    """A server that runs already. Raises `Unreachable` if nothing answers there."""
    connection = Connection(OverHttp(base_url, token))
    connection.about()
    return connection


class Server(Connection):
    """A fake gateway in this process. `with Server()` runs it in a thread, `async with Server()` in the running loop.

    `port` 0 picks a free one; `orders` are what the default tenant begins with (its usual cast if `None`).
    Pushes go to this machine and to what `push_allow` names: HOST[:PORT], an address or a network; a
    receiver has `push_timeout` real seconds to answer. `store` is where everything is kept: `memory:`, `sqlite:PATH` or
    `postgresql://…`.
    Raises `CannotListen` when the address cannot be had, `BadStore` when the store cannot be used.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        orders: Sequence[Mapping[str, Any]] | None = None,
        control_token: str | None = None,
        push_allow: Sequence[str] = (),
        push_timeout: float = 5.0,
        store: str = "memory:",
    ) -> None:
        cast = None if orders is None else [dict(order) for order in orders]
        self.mock = Mock(cast, push_allow, push_timeout, store=opened(store))
        self._http = HttpServer(self.mock, host, port, control_token)
        self._runner: Runner | None = None

    def start(self) -> Self:
        """Run in its own thread; returns when the port answers."""
        self._runner = Runner(self._http).start()
        return self._linked(self._runner.loop)

    def stop(self) -> None:
        """Stop the thread; twice is fine."""
        if self._runner is not None:
            self._runner.stop()

    def intercept(self, options: InterceptOptions | None = None) -> InterceptEnvironment:
        """Listen for clients that call Huifu's real hosts too, until it stops; the environment that leads them here.

        Raises `CannotListen`, `BadAuthority`, `BadProxy`.
        """
        assert isinstance(self.link, InProcess)
        return self.link.intercept(options)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        await self._http.start()
        return self._linked(asyncio.get_running_loop())

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.stop()

    def _linked(self, loop: asyncio.AbstractEventLoop) -> Self:
        self.link = InProcess(self._http, run_in(loop))
        return self
