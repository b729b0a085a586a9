"""A close beside what it cannot cost less than, in turn: each round takes seconds and measures everything once.

The speed of a shared machine changes by a tenth within a minute, so a ratio is one round's, and a row is the median of
them. All servers run from the first round to the last; those that are not measured wait for a request.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from typing import Final

import measures
from floor import echo_server, openssl
from load import Load, http_request, load

ROUNDS: Final = 10
WARM: Final = 1000
"""Closes before the first round; their replays are measured."""
FRESH: Final = 480
"""Closes of a round over 16 connections; a bare server answers as many requests."""
WIDE: Final = 1024
"""Over 256 connections: the first request of each waits for fewer than the others, so those must not be the median."""
SINGLE: Final = 160
"""Over one connection."""
ECHOES: Final = 1600
"""Requests of a round to the bare server that only echoes."""
COUNT: Final = WARM + ROUNDS * (FRESH + WIDE + SINGLE)
CORES: Final = 2
CLOSED: Final = b'"00000000"'
ECHOED: Final = b"org_req_seq_id"


@dataclass(frozen=True, slots=True)
class Measured:
    """One load on one server."""

    load: Load
    cpu: float | None
    """The server's CPU seconds for each request; `None` where they cannot be known."""

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.load.rate

    @property
    def p50(self) -> float:
        """Seconds that half of the answers take."""
        return self.load.percentile(0.5)

    @property
    def p99(self) -> float:
        """Seconds that 99 of a hundred answers take."""
        return self.load.percentile(0.99)

    @property
    def tail(self) -> float:
        """How much longer than most the slowest of a hundred take."""
        return self.p99 / self.p50


@dataclass(frozen=True, slots=True)
class Round:
    """Everything once; 16 connections where nothing else is said."""

    sign: float
    """CPU seconds of one signature by `openssl speed`: the mean of before and after this round, like `verify`."""
    verify: float
    echo: Measured
    """Bare aiohttp."""
    echo_single: Measured
    """One connection."""
    signing: Measured
    """Bare aiohttp that verifies and signs, in its event loop."""
    signing_single: Measured
    threads: Measured
    """Likewise, and each signature in a thread: more than one core can do."""
    threads_wide: Measured
    """256 connections."""
    fresh: Measured
    """Closes."""
    wide: Measured
    """Closes over 256 connections."""
    single: Measured
    """Closes over one connection."""
    again: Measured
    """Replays."""

    @property
    def floor(self) -> float:
        """CPU seconds that one close cannot go below."""
        return self.sign + self.verify + (self.echo.cpu or 1 / self.echo.rate)

    @property
    def floor_rate(self) -> float:
        """Closes a second if both cores did nothing else."""
        return CORES / self.floor


def _measured(server: tuple[str, int], requests: list[bytes], connections: int, wanted: bytes) -> Measured:
    base_url, pid = server
    before = measures.cpu_seconds(pid)
    found = load(base_url, requests, connections, wanted)
    after = measures.cpu_seconds(pid)
    return Measured(found, None if before is None or after is None else (after - before) / len(requests))


def rounds() -> Iterator[Round]:
    """Measure one after the other."""
    signed = measures.bodies(COUNT)
    with ExitStack() as servers:
        ours = servers.enter_context(measures.serving(COUNT))
        echo = servers.enter_context(echo_server())
        signing = servers.enter_context(echo_server("sign"))
        threads = servers.enter_context(echo_server("sign-in-thread"))
        requests = measures.requests(ours[0], signed)
        first, fresh = requests[:WARM], iter(requests[WARM:])

        def closes(count: int, connections: int) -> Measured:
            return _measured(ours, [*islice(fresh, count)], connections, CLOSED)

        def bare(server: tuple[str, int], count: int, connections: int) -> Measured:
            return _measured(server, [http_request(server[0], "/", signed[0])] * count, connections, ECHOED)

        parts: dict[str, Callable[[], Measured]] = {  # what is compared stands side by side
            "echo": lambda: bare(echo, ECHOES, 16),
            "again": lambda: _measured(ours, first, 16, CLOSED),
            "echo_single": lambda: bare(echo, SINGLE, 1),
            "single": lambda: closes(SINGLE, 1),
            "signing_single": lambda: bare(signing, SINGLE, 1),
            "signing": lambda: bare(signing, FRESH // 2, 16),
            "fresh": lambda: closes(FRESH, 16),
            "threads": lambda: bare(threads, FRESH, 16),
            "wide": lambda: closes(WIDE, 256),
            "threads_wide": lambda: bare(threads, WIDE, 256),
        }
        load(ours[0], first, 16, CLOSED)
        for server in (echo, signing, threads):
            bare(server, FRESH // 2, 16)
        measures.wait_until_at_rest(ours[1])
        before = openssl()
        for number in range(ROUNDS):
            names = list(parts) if number % 2 == 0 else list(reversed(parts))
            found = {name: parts[name]() for name in names}
            after = openssl()
            sign, verify = ((one + other) / 2 for one, other in zip(before, after, strict=True))
            before = after
            yield Round(sign, verify, **found)
