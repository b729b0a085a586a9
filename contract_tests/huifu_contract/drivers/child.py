"""Child: one process of a client with its pipes.

Lines out, bytes in, stderr kept; killed with its whole group.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence

from huifu_contract.drivers.pump import Pump
from huifu_contract.failures import SetupTrouble
from huifu_contract.protocol import MAX_LINE

KEPT_STDERR = 64 * 1024


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
            raise SetupTrouble(f"could not start {argv[0]!r}: {error.strerror or error}") from None
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
        while view:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([], [self._in], [], left)[1]:
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
        if status < 0:
            with contextlib.suppress(ValueError):
                return f"was killed by {signal.Signals(-status).name}"
        return f"exited with status {status}"

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
