"""What is printed reaches its reader as long as there is one: `huifu-contract diff a.json b.json | head`.

After that it goes nowhere, without a word, and the command does its work to the end: it writes its files, and its
exit code says what it found.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any, TextIO, cast


@contextmanager
def to_whoever_reads() -> Iterator[None]:
    """Stdout and stderr in this way, up to what is still in their buffers at the end."""
    out, err = (_Printed(stream) for stream in (sys.stdout, sys.stderr))
    with redirect_stdout(cast("TextIO", out)), redirect_stderr(cast("TextIO", err)):
        try:
            yield
        finally:
            out.flush()
            err.flush()


class _Printed:
    """A text stream that takes everything, also when its pipe is broken."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except BrokenPipeError:
            self._to_nowhere()
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except BrokenPipeError:
            self._to_nowhere()

    def _to_nowhere(self) -> None:
        """Also what waits in the buffer, which Python would try to write once more at its end."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)
