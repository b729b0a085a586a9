"""The `http:` driver: an application that is already running answers the messages on one POST route.

It is never started, stopped or killed from here. It has one merchant, the one of hello, unless it says that it takes
the config of each message: then others are graded beside it.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
from collections.abc import Mapping
from itertools import count
from threading import BoundedSemaphore, Event, Lock, Timer
from typing import Any
from urllib.parse import urlsplit

from huifu_contract.drivers import protocol
from huifu_contract.drivers.driver import Driver
from huifu_contract.failures import AdapterTrouble, ClientTrouble, Gone, Hung, SetupTrouble
from huifu_contract.outcome import Hello, Outcome

START_S = 30.0
BYE_S = 2.0
HEADERS = {"Content-Type": "application/json", "Accept": "application/json", "Connection": "close"}


class HttpDriver(Driver):
    """Every message carries `config`: an application may remember nothing between two requests."""

    def __init__(self, url: str, start_s: float = START_S) -> None:
        parts = urlsplit(url)
        try:
            self._port = parts.port
        except ValueError:
            raise SetupTrouble(f"{url} names no port; a port is a number up to 65535") from None
        if not parts.hostname or parts.username is not None or parts.fragment:
            raise SetupTrouble(f"{url} is no address of a route; write for instance http://127.0.0.1:8080/_contract")
        self.url = url
        self.restarts = 0
        self.hello = Hello()
        self._connection = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._host = parts.hostname
        self._target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._start_s = start_s
        self._config: Mapping[str, str] = {}
        self._first = True
        """Whether it says hello and bye for all that work beside it."""
        self._numbers = count(1)
        self._lock = Lock()

    @classmethod
    def of(cls, scheme: str, rest: str) -> HttpDriver:
        if not rest.startswith("//"):
            raise SetupTrouble(f"{scheme}: is followed by //, as in {scheme}://127.0.0.1:8080/_contract")
        return cls(f"{scheme}:{rest}")

    def start(self, config: Mapping[str, str]) -> Hello:
        self._config = dict(config)
        if not self._first:
            return self.hello
        try:
            reply = self._ask("hello", self._start_s, protocol=protocol.VERSION)
        except Gone:
            raise SetupTrouble(
                f"nothing listens at {self.url}; start the application first, its route takes POST"
            ) from None
        except ClientTrouble as trouble:
            raise SetupTrouble(f"{self.url} did not answer hello: it {trouble}") from None
        if reply.get("outcome") == "unsupported":
            raise SetupTrouble(f"{self.url} answers `unsupported` to hello; it must describe the client")
        self.hello = Hello.from_message(reply)
        if self.hello.merchants_at_once > 1:
            self.turn = BoundedSemaphore(self.hello.max_parallel)
        return self.hello

    def close(self, base_url: str, params: Mapping[str, str], deadline_s: float, case: str | None = None) -> Outcome:
        reveal = {} if case is None else {"case": case}
        told = max(1, int(deadline_s * 1000))
        asked = self._ask("close", deadline_s, base_url=base_url, deadline_ms=told, params=dict(params), **reveal)
        return Outcome.from_message(asked)

    def order(self, refs: Mapping[str, str], deadline_s: float) -> Outcome:
        return Outcome.from_message(self._ask("order", deadline_s, **refs))

    def mark(self) -> int:
        return 0

    def stderr(self, since: int = 0) -> str:  # noqa: ARG002  # its stderr is not ours to read
        return ""

    def twin(self, env: Mapping[str, str] | None = None) -> None:  # noqa: ARG002  # we cannot start a second one
        return None

    def beside(self) -> HttpDriver:
        """The application was greeted already."""
        made = HttpDriver(self.url)
        made.hello, made.turn, made._first = self.hello, self.turn, False
        return made

    def at_once(self, wanted: int) -> int:
        return min(wanted, self.hello.merchants_at_once)

    def stop(self) -> None:
        """Says bye; an application that is gone already is no trouble any more."""
        if not self._first:
            return
        with contextlib.suppress(ClientTrouble, Gone):
            self._ask("bye", BYE_S)

    # -- one message ----------------------------------------------------------------------------------------------

    def _ask(self, op: str, deadline_s: float, **members: Any) -> dict[str, Any]:
        """The checked reply. Raises Gone (nobody listens), Hung, ClientTrouble or AdapterTrouble."""
        with self._lock:
            number = next(self._numbers)
        more = {} if op == "bye" else {"config": self._config}
        line = protocol.encode({"id": number, "op": op, **members, **more})
        status, body, server = self._post(op, line, deadline_s)
        if status != http.client.OK:
            mock = "; that is huifu-mock itself: give the address of your application" if server == "huifu-mock" else ""
            said = "a message is answered with 200, whatever it says"
            raise AdapterTrouble(f"HTTP {status} in answer to {op}; {said}{mock}")
        reply = protocol.decode(body.rstrip(b"\r\n") + b"\n", "the body of a reply")
        if reply["id"] != number:
            raise AdapterTrouble(f"the reply to message {number} carries the id {reply['id']}")
        return protocol.check(op, reply)

    def _post(self, op: str, line: bytes, deadline_s: float) -> tuple[int, bytes, str | None]:
        connection = self._connection(self._host, self._port, timeout=deadline_s)
        late = Event()
        watchdog: Timer | None = None
        try:
            try:
                connection.connect()
            except ConnectionRefusedError:
                raise Gone(f"nothing listens at {self.url} any more; the rest is not run") from None
            watchdog = Timer(deadline_s, _hang_up, (connection.sock, late))
            watchdog.daemon = True
            watchdog.start()
            connection.request("POST", self._target, line, HEADERS)
            response = connection.getresponse()
            return response.status, response.read(protocol.MAX_LINE + 1), response.getheader("Server")
        except (OSError, http.client.HTTPException) as error:
            if late.is_set() or isinstance(error, TimeoutError):
                raise Hung(f"no answer to {op} within {deadline_s:g} s") from None
            raise ClientTrouble(f"broke off while {op} was open ({type(error).__name__}: {error})") from None
        finally:
            if watchdog is not None:
                watchdog.cancel()
            connection.close()


def _hang_up(line: socket.socket, late: Event) -> None:
    late.set()
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
