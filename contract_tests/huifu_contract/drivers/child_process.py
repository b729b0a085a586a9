"""A client's child process: its lines on stdin and stdout, its last lines on stderr, its end.

A thread that empties one pipe until its end or until told to stop, so that a child never blocks on us.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Thread

from huifu_contract.drivers.protocol import MAX_LINE
from huifu_contract.failures import SetupTrouble


class Pump:
    """Calls `sink` with each piece read from `fd`, and `ended` once, when nothing more can come."""

    def __init__(self, fd: int, sink: Callable[[bytes], None], ended: Callable[[], None]) -> None:
        self.fd = fd
        self.sink = sink
        self.ended = ended
        self._stopped = False
        self._wake_r, self._wake_w = os.pipe()
        self._thread = Thread(target=self._run, daemon=True, name="huifu-contract-pump")
        self._thread.start()

    def _run(self) -> None:
        poll = select.poll()
        poll.register(self.fd, select.POLLIN)
        poll.register(self._wake_r, select.POLLIN)
        try:
            while True:
                ready = dict(poll.poll())
                if self.fd in ready:
                    piece = os.read(self.fd, 65536)
                    if not piece:
                        return
                    self.sink(piece)
                elif self._wake_r in ready:
                    return
        except OSError:
            return  # the pipe is gone, which is an end too
        finally:
            self.ended()

    def wait(self, seconds: float) -> bool:
        """Whether the pipe ended by itself in that time (a grandchild may hold it open for ever)."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def stop(self) -> None:
        """Twice is fine: a number closed twice could be somebody else's file by then."""
        if self._stopped:
            return
        self._stopped = True
        with contextlib.suppress(OSError):
            os.write(self._wake_w, b"x")
        self._thread.join(1)
        for fd in (self._wake_r, self._wake_w):
            with contextlib.suppress(OSError):
                os.close(fd)


KEPT_STDERR = 64 * 1024


def _remedy(error: OSError) -> str:
    match error:
        case FileNotFoundError():
            return f"; it is looked for in PATH, or from {Path.cwd()} if there is a / in it; is it built?"
        case PermissionError():
            return "; a program that is run by another is named behind it, as in cmd:php close_adapter.php"
    return ""


def ending(status: int) -> str:
    """How a process ended, in words."""
    if status < 0:
        with contextlib.suppress(ValueError):
            return f"was killed by {signal.Signals(-status).name}"
    return f"exited with status {status}"


class Child:
    """`on_line` gets every line of stdout (an overlong one cut, without LF).

    `on_end` is called at its end.
    """

    def __init__(
        self,
        argv: Sequence[str],
        env: Mapping[str, str],
        on_line: Callable[[bytes], None],
        on_end: Callable[[], None],
    ) -> None:
        try:
            self.process = subprocess.Popen(
                list(argv),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                env=dict(env),
                start_new_session=True,  # its own process group, so that its children die with it
            )
        except OSError as error:
            raise SetupTrouble(f"could not start {argv[0]!r}: {error.strerror or error}{_remedy(error)}") from None
        pipes = (self.process.stdin, self.process.stdout, self.process.stderr)
        self._in, out, err = (pipe.fileno() for pipe in pipes if pipe is not None)
        os.set_blocking(self._in, False)
        self._on_line = on_line
        self._partial = b""
        self._stderr = bytearray()
        self._dropped = 0
        self._pumps = (
            Pump(out, self._lines, on_end),
            Pump(err, self._errors, lambda: None),
        )

    def _lines(self, piece: bytes) -> None:
        *lines, self._partial = (self._partial + piece).split(b"\n")
        for line in lines:
            self._on_line(line + b"\n")
        if len(self._partial) > MAX_LINE:
            self._on_line(self._partial[: MAX_LINE + 1])
            self._partial = b""

    def _errors(self, piece: bytes) -> None:
        self._stderr += piece
        extra = len(self._stderr) - KEPT_STDERR
        if extra > 0:
            del self._stderr[:extra]
            self._dropped += extra

    @property
    def mark(self) -> int:
        return self._dropped + len(self._stderr)

    def stderr(self, since: int = 0) -> str:
        return bytes(self._stderr[max(0, since - self._dropped) :]).decode("utf-8", "replace")

    def write(self, data: bytes, deadline: float) -> bool:
        """False if the child did not take it all before `deadline` (monotonic seconds) or is gone."""
        view = memoryview(data)
        poll = select.poll()  # select knows no number over 1023, and a client may leave that many connections open
        poll.register(self._in, select.POLLOUT)
        while view:
            left = deadline - time.monotonic()
            if left <= 0 or not poll.poll(left * 1000):
                return False
            try:
                view = view[os.write(self._in, view) :]
            except BlockingIOError:
                continue
            except OSError:
                return False
        return True

    def ended(self, seconds: float = 1.0) -> str:
        """How it ended, in words, waiting at most that long."""
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return "closed its stdout and went on running"
        return ending(status)

    def finish(self, seconds: float = 1.0) -> None:
        """End of stdin is the sign to go; what does not go in time is killed."""
        self._close_stdin()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)
        self.kill()

    def kill(self) -> None:
        """Ends the whole process group and waits for the pipes for at most 1 s."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(1)
        self._close_stdin()
        until = time.monotonic() + 1
        for pump in self._pumps:
            pump.wait(max(0.0, until - time.monotonic()))
            pump.stop()
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()

    def _close_stdin(self) -> None:
        if self.process.stdin is not None:
            with contextlib.suppress(OSError):
                self.process.stdin.close()
