"""How a handle reaches its control API: inside this process, or over HTTP. The calls are the same."""

import asyncio
import atexit
import http.client
import json
from collections.abc import Coroutine
from datetime import datetime, timedelta
from queue import SimpleQueue
from typing import Any, Protocol, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from huifu_mock._language import language
from huifu_mock.client.environment import control_address
from huifu_mock.client.intercept.environment import InterceptEnvironment
from huifu_mock.http.control import router
from huifu_mock.http.control.route import INLINE
from huifu_mock.http.intercept.authority import BadAuthority
from huifu_mock.http.intercept.listener import InterceptOptions, Interceptor
from huifu_mock.http.server import HttpServer

T = TypeVar("T")


class Run(Protocol):
    """Takes a coroutine to the server's event loop and brings back its result."""

    def __call__(self, work: Coroutine[Any, Any, T]) -> T: ...


class ControlError(Exception):
    """The control API refused a call. `status` is the HTTP status, `problem` the problem document.

    What is said is in the language of the terminal; `type`, `status` and `field` are the same in every one.
    """

    def __init__(self, status: int, problem: Any) -> None:
        detail = problem.get("detail", problem) if isinstance(problem, dict) else problem
        super().__init__(f"{detail} ({status})")
        self.status, self.problem = status, problem


class Unreachable(ConnectionError):
    """Nothing answers at the control API's address."""


class NotIntercepting(Exception):
    """There is no listener for clients of Huifu's real hosts; the message says what would be right."""


class Link(Protocol):
    """One control API."""

    base_url: str

    def ask(self, method: str, path: str, body: Any = None, query: dict[str, Any] | None = None) -> Any:
        """One call under `/_mock`; the parsed answer. Raises `ControlError`."""

    def intercept_environment(self) -> InterceptEnvironment:
        """The listener for clients that call Huifu's real hosts, and the files that make them trust it.

        Raises `NotIntercepting`.
        """


def path(*parts: str) -> str:
    """A path under `/_mock` from parts that may hold any character."""
    return "/_mock/" + "/".join(quote(part, safe="") for part in parts)


def _query(query: dict[str, Any] | None) -> dict[str, str]:
    given = {name: value for name, value in (query or {}).items() if value is not None}
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in given.items()}


def _json(body: Any) -> bytes:
    """A `datetime` is written as ISO 8601, which is Beijing time where it has no offset, a `timedelta` as seconds."""
    return json.dumps(body, default=_plain).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


class InProcess:
    """The control API of a server in this process, reached without a socket.

    `run` takes a coroutine to the server's event loop and brings back its result.
    """

    def __init__(self, server: HttpServer, run: Run) -> None:
        self.base_url = server.base_url
        self._mock, self._server, self._run = server.mock, server, run
        self._environment: InterceptEnvironment | None = None

    def ask(self, method: str, path: str, body: Any = None, query: dict[str, Any] | None = None) -> Any:
        """See `Link`."""
        # as JSON text, so that nothing is accepted here that HTTP would refuse, and nothing of the caller's is kept
        sent = router.MISSING if body is None else _json(body)
        work = router.dispatch(
            self._mock, self.base_url, method, path, query=_query(query), body=sent, language=language()
        )
        answer = self._run(work)
        if answer.status >= 400:
            raise ControlError(answer.status, answer.body)
        return answer.body

    def intercept(self, options: InterceptOptions | None = None) -> InterceptEnvironment:
        """Listen for clients that call Huifu's real hosts, until the server stops; once is enough.

        Raises `CannotListen`, `BadAuthority`, `BadProxy`.
        """
        if self._environment is None:
            if self._mock.interception is None:
                self._run(Interceptor(self._server, options or InterceptOptions()).start())
            self._environment = _environment(self.base_url, self._mock.interception)
            self._server.on_stop.append(self._leave)
        return self._environment

    async def _leave(self) -> None:
        if self._environment is not None:
            self._environment.close()

    def intercept_environment(self) -> InterceptEnvironment:
        """See `Link`."""
        try:
            return self.intercept()
        except BadAuthority as error:
            raise NotIntercepting(str(error)) from error


class OverHttp:
    """The control API of a server that runs somewhere else. Raises `Unreachable` when nothing answers."""

    def __init__(self, base_url: str, token: str | None = None, timeout: float = 630) -> None:
        base_url, _ = control_address(base_url)
        parts = urlsplit(base_url)
        if parts.scheme != "http" or not parts.hostname:
            raise ValueError(f'"{base_url}" is not the address of a huifu-mock server; http://127.0.0.1:8080 is one')
        self.base_url = base_url
        self._host, self._port = parts.hostname, parts.port or 80
        self._headers = {"Authorization": f"Bearer {token}".encode()} if token else {}
        self._timeout = timeout
        self._environment: InterceptEnvironment | None = None

    def ask(self, method: str, path: str, body: Any = None, query: dict[str, Any] | None = None) -> Any:
        """See `Link`."""
        target = f"{path}?{urlencode(given)}" if (given := _query(query)) else path
        sent = None if body is None else _json(body)
        connection = http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)
        try:
            headers = {"Content-Type": "application/json", "Accept-Language": language(), **self._headers}
            connection.request(method, target, sent, headers)
            response = connection.getresponse()
            text = response.read()
        except OSError as error:
            wanted = "start one with: huifu-mock serve"
            raise Unreachable(f"no huifu-mock answers at {self.base_url} ({error}); {wanted}") from error
        finally:
            connection.close()
        answer = _parsed(text)
        if response.status >= 400:
            raise ControlError(response.status, answer)
        return answer

    def intercept_environment(self) -> InterceptEnvironment:
        """See `Link`."""
        if self._environment is None:
            about = self.ask("GET", "/_mock/about").get("interception")
            self._environment = _environment(self.base_url, about)
            atexit.register(self._environment.close)
        return self._environment


def _environment(base_url: str, about: dict[str, Any] | None) -> InterceptEnvironment:
    """The environment that leads clients to the listener of a server. Raises `NotIntercepting`."""
    if about is None or about["port"] is None:
        does = "does not intercept" if about is None else "takes direct TLS alone"
        raise NotIntercepting(f"the server at {base_url} {does}: start it with huifu-mock serve --intercept")
    return InterceptEnvironment(about)


def _parsed(text: bytes) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return {"detail": f"this is not a huifu-mock server: it answers {text[:80]!r}"}


def run_here(work: Coroutine[Any, Any, T]) -> T:
    """Run a call from inside the server's own event loop, for as long as it need not wait for anything."""
    inline = INLINE.set(True)
    try:
        work.send(None)
    except StopIteration as stop:
        answer: T = stop.value
        return answer
    finally:
        INLINE.reset(inline)
    work.close()
    raise RuntimeError(
        "this call has to wait, and it was made in the server's own event loop, where waiting would block the "
        "server: make it with `await asyncio.to_thread(...)`"
    )


def run_in(loop: asyncio.AbstractEventLoop) -> Run:
    """Run calls in `loop`, from whichever thread they are made.

    `asyncio.run_coroutine_threadsafe` does the same in twice the time: its future has a condition and a chain.
    """

    def run(work: Coroutine[Any, Any, T]) -> T:
        try:
            here = asyncio.get_running_loop() is loop
        except RuntimeError:
            here = False
        if here:
            return run_here(work)
        if loop.is_closed():
            work.close()
            raise Unreachable("the server was stopped")
        done: SimpleQueue[asyncio.Task[T]] = SimpleQueue()
        task: asyncio.Task[T]  # the loop itself holds it weakly

        def begin() -> None:
            nonlocal task
            task = loop.create_task(work)
            task.add_done_callback(done.put)

        loop.call_soon_threadsafe(begin)
        finished = done.get()
        if finished.cancelled():
            raise Unreachable("the server was stopped")
        return finished.result()

    return run
