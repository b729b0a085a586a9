"""What open pages cost: a server whose events 50 readers follow, beside one that nobody watches."""

import asyncio
import statistics
import subprocess
import sys
from urllib.parse import urlsplit

import measures
from huifu_mock.gateway.tenant import DEFAULT_SYS_ID
from load import load

READERS = 50
ROUNDS = 5
EACH = 2000


class _Reader(asyncio.Protocol):
    """Takes whatever comes, as a page does that only shows it."""

    def __init__(self, head: bytes, opened: asyncio.Future[None]) -> None:
        self._head, self._opened = head, opened
        self._latest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        transport.write(self._head)

    def data_received(self, data: bytes) -> None:
        self._latest = data[-400:]
        if b"event: ready" in data and not self._opened.done():
            self._opened.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        """A page would connect again; here every reader must be one to the end. The event loop prints this."""
        raise ConnectionError(f"the server hung up on a reader ({error}), after {self._latest!r}")


async def _read(base_url: str) -> None:
    """Open the streams, say so in one line, and read until the standard input ends."""
    loop = asyncio.get_running_loop()
    parts = urlsplit(base_url)
    head = f"GET /_mock/tenants/{DEFAULT_SYS_ID}/events HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode()
    opened = [loop.create_future() for _ in range(READERS)]
    for one in opened:
        await loop.create_connection(lambda one=one: _Reader(head, one), parts.hostname or "", parts.port or 80)  # type: ignore[misc] # mypy cannot infer the default
    await asyncio.gather(*opened)
    print("reading", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


def kept() -> float | None:
    """How many closes a watched server answers with the processor time of one that an unwatched server answers.

    Processor time, so that what the readers and the load take for themselves, and whatever else runs, does not count.
    Both answer the same load in turn; the median of some rounds. `None` where `/proc` is missing.
    """
    signed = measures.bodies(EACH * (ROUNDS + 1))
    with measures.serving(len(signed)) as alone, measures.serving(len(signed)) as watched:
        command = [sys.executable, __file__, watched[0]]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as readers:
            assert readers.stdin is not None
            assert readers.stdout is not None
            assert readers.stdout.readline() == "reading\n"
            shares = []
            for number in range(ROUNDS + 1):
                part = signed[number * EACH : (number + 1) * EACH]
                without, beside = _cost(*alone, part), _cost(*watched, part)
                shares.append(without / beside if without and beside else None)
            readers.stdin.close()
    known = [share for share in shares[1:] if share is not None]  # the first round warms up
    return statistics.median(known) if known else None


def _cost(base_url: str, pid: int, part: list[bytes]) -> float | None:
    """The processor seconds that a server takes for a load."""
    before = measures.cpu_seconds(pid)
    load(base_url, measures.requests(base_url, part), 16, b'"00000000"')
    after = measures.cpu_seconds(pid)
    return None if before is None or after is None else after - before


if __name__ == "__main__":
    asyncio.run(_read(sys.argv[1]))
