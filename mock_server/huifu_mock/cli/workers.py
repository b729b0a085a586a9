"""`serve --workers N`: several processes that listen on one port and serve the tenants of one database."""

import contextlib
import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Final, NoReturn

from huifu_mock.cli.main import Failure
from huifu_mock.http.address import cannot_listen

QUICKLY: Final = 1.0
"""Real seconds that a worker has to live before another one takes its place at once."""

Work = Callable[[int, Callable[[], None]], int]
"""Serves on a port until it is told to stop, and says when it answers. Gives the exit code."""


def check(count: int, store: str, *, intercepts: bool) -> None:
    """Raises `Failure` where there cannot be several workers."""
    if not hasattr(os, "fork") or not hasattr(socket, "SO_REUSEPORT"):
        raise Failure("--workers needs fork and SO_REUSEPORT, which this system has not; leave it out here")
    if not store.startswith("postgresql:"):
        owner = "is gone with its process" if store == "memory:" else "is one process's alone"
        wanted = "--store postgresql://USER:PASSWORD@HOST/DATABASE"
        raise Failure(f"--workers {count} needs a store that processes share, and {store} {owner}: give {wanted}")
    if intercepts:
        raise Failure("--workers and --intercept do not go together: intercept with a gateway of one process")


class _Stop(Exception):
    """A signal came."""


def run(count: int, host: str, port: int, work: Work, ready: Callable[[int], None]) -> int:
    """Keep so many workers until a signal comes; `ready` is called with the port once all of them answer."""
    with _reserved(host, port) as taken:
        return _Workers(count, taken, work).run(ready)


class _Workers:
    def __init__(self, count: int, port: int, work: Work) -> None:
        self._count, self._port, self._work = count, port, work
        self._began: dict[int, float] = {}
        """When each was started, by its process number."""
        self._answering, self._answers = os.pipe()
        self._alive, self._hold = os.pipe()
        """Nobody writes here: it ends with this process, and the workers end with it."""

    def run(self, ready: Callable[[int], None]) -> int:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, _stop)
        try:
            for _ in range(self._count):
                self._start()
            code = self._wait_for_answers()
            if code is None:
                ready(self._port)
                self._replace_for_ever()
        except _Stop:
            code = 0
        return self._end(code or 0)

    def _start(self) -> None:
        pid = os.fork()
        if pid:
            self._began[pid] = time.monotonic()
            return
        code = 1
        try:
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            os.close(self._hold)
            threading.Thread(target=_end_with, args=(self._alive,), daemon=True).start()
            code = self._work(self._port, self._answer)
        except Failure as failure:
            print(f"huifu-mock serve: {failure}", file=sys.stderr)
            code = failure.code
        finally:
            sys.stderr.flush()
            os._exit(code)

    def _answer(self) -> None:
        os.write(self._answers, b"1")

    def _wait_for_answers(self) -> int | None:
        """`None` once all answer; the exit code of one that ended before."""
        missing = self._count
        while missing > 0:
            if select.select([self._answering], [], [], 0.05)[0]:
                missing -= len(os.read(self._answering, 64))
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid:
                del self._began[pid]
                return os.waitstatus_to_exitcode(status) or 1
        return None

    def _replace_for_ever(self) -> NoReturn:
        while True:
            pid, status = os.wait()
            lived = time.monotonic() - self._began.pop(pid)
            code = os.waitstatus_to_exitcode(status)
            print(f"worker {pid} ended with {code}; another one takes its place", file=sys.stderr, flush=True)
            if lived < QUICKLY:
                threading.Event().wait(QUICKLY - lived)
            self._start()

    def _end(self, code: int) -> int:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        for pid in self._began:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        for pid in self._began:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)
        return code


def _stop(*_: object) -> NoReturn:
    raise _Stop


def _end_with(alive: int) -> None:
    """End when the process has ended that started this one, by whatever cause."""
    os.read(alive, 1)
    os.kill(os.getpid(), signal.SIGTERM)


@contextlib.contextmanager
def _reserved(host: str, port: int) -> Iterator[int]:
    """The port, which nobody else listens on, for sockets of this user that share it. Raises `CannotListen`."""
    with contextlib.ExitStack() as opened:
        try:
            family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            with socket.socket(family, kind) as alone:  # sharing would succeed beside another one that shares
                alone.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                alone.bind(address)
                address = alone.getsockname()
            shared = opened.enter_context(socket.socket(family, kind))
            shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            shared.bind(address)
        except OSError as error:
            raise cannot_listen(host, port, error) from error
        yield int(address[1])
