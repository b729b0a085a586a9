"""`make soak`: everything at once for a while; memory stays flat, nothing is left over, SIGTERM ends it in a second."""

import argparse
import json
import random
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Final
from urllib.request import Request, urlopen

import huifu_mock
from huifu_mock import signing
from huifu_mock.client.transport import ControlError
from huifu_mock.gateway.tenant import DEFAULT_SYS_ID
from huifu_mock.request import CLOSE

FLAT: Final = 1.05
"""How much more memory there may be at the end than after the first third."""
LONG_ENOUGH: Final = 20.0
"""Whether memory grows cannot be told within fewer seconds."""
END_SECONDS: Final = 1.0
"""In which SIGTERM ends the server."""
SETTLE_SECONDS: Final = 10.0
"""In which connections and descriptors are let go of."""


SERVE: Final = """
import asyncio, ctypes, gc, signal, sys
from huifu_mock.cli import main, serve

def told():
    gc.collect()
    if sys.platform == "linux":
        getattr(ctypes.CDLL(None), "malloc_trim", int)(0)
    print(len(asyncio.all_tasks()), flush=True)

async def counted(*given, served=serve._serve):
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, told)
    await served(*given)

serve._serve = counted
sys.exit(main.main(["serve", "-q", "--port", "0", "--ready-json"]))
"""
"""`huifu-mock serve`, which on SIGUSR1 gives back what it holds of free memory and tells the number of its tasks.

Between long bodies that come and go the allocator keeps holes: a process grows to about 200 MB in some minutes and
stays there, while what it uses is 110 MB all the time. A leak would show in what is used.
"""


class Soak:
    """A server in a process of its own, and the threads that keep it busy until they are told to stop."""

    def __init__(self) -> None:
        self.server = subprocess.Popen([sys.executable, "-c", SERVE], stdout=subprocess.PIPE, text=True)
        assert self.server.stdout is not None
        self._told = self.server.stdout
        self.base_url: str = json.loads(self._told.readline())["base_url"]
        self.stop = threading.Event()
        self.calls = 0
        self.hanging = socket.create_server(("127.0.0.1", 0), backlog=100)  # takes connections and never answers
        self.failures: list[str] = []

    def descriptors(self) -> int:
        """How many descriptors the server has open."""
        return len([*Path(f"/proc/{self.server.pid}/fd").iterdir()])

    def tasks(self) -> int:
        """How many tasks its event loop has."""
        self.server.send_signal(signal.SIGUSR1)
        return int(self._told.readline())

    def used_mb(self) -> float:
        """The server's memory, without what is free and not given back yet."""
        self.tasks()
        return self.resident_mb()

    def resident_mb(self) -> float:
        """The server's memory, with what is free and not given back yet."""
        pages = int(Path(f"/proc/{self.server.pid}/statm").read_text("ascii").split()[1])
        return pages * 4096 / 1024 / 1024

    def fill(self) -> None:
        """Fill the default tenant's journal to its bound: what grows from here on grows for ever.

        There are about as many short calls for each long one as come later.
        """
        while True:
            bound = huifu_mock.connect(self.base_url).about()["bounds"]["journal_bytes_of_a_tenant"]
            if bound["now"] > bound["most"] * 0.97:
                return
            for number in range(96):
                with suppress(OSError, HTTPException):
                    self.post(b"x" * (70_000 if number % 12 == 0 else 1), "/v2/nowhere")

    def busy(self, work: Callable[[random.Random], None], seed: int) -> threading.Thread:
        """A thread that does the work again and again."""

        def run() -> None:
            dice = random.Random(seed)
            while not self.stop.is_set():
                try:
                    work(dice)
                except (OSError, HTTPException, ControlError, TimeoutError):
                    continue  # a fault, a full queue, or the end
                except Exception as error:
                    self.failures.append(repr(error))
                    return

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread

    def post(self, sent: bytes, path: str = CLOSE.path) -> bytes:
        """One call of a client."""
        self.calls += 1
        with urlopen(Request(self.base_url + path, sent, {"Content-Type": "application/json"}), timeout=10) as answer:
            body: bytes = answer.read()
            return body

    def tenants(self, dice: random.Random) -> None:
        """A tenant from its making to its dropping: closes, repeats, faults, pushes, waits, wrong signatures."""
        with huifu_mock.connect(self.base_url).tenant() as tenant:
            tenant.webhooks.add(f"http://127.0.0.1:{self.hanging.getsockname()[1]}/hook")
            key = signing.load_private_key(tenant.merchant_private_key, trusted=True)
            for number in range(dice.randint(5, 30)):
                order = tenant.orders.add(settle=dice.choice(("immediate", "processing", "accepted", "refused")))
                if dice.random() < 0.2:
                    fault = dice.choice(("gzip", "reset-after-commit", "truncated", "sign-garbage", "html"))
                    tenant.faults.add(fault=fault)
                data = order.close_params(f"c-{number}")
                sent = signing.envelope(tenant.sys_id, tenant.product_id, data, key)
                if dice.random() < 0.3:
                    sent = sent.replace(b'"c-', b'"d-')
                with suppress(OSError, HTTPException):
                    self.post(sent)
                    self.post(sent)
            tenant.journal.calls(refused="true")  # each with its explanation
            tenant.clock.advance(3600)
            with suppress(TimeoutError):
                tenant.journal.wait_for(timeout=dice.choice((0.01, 0.2)), req_seq_id="never")

    def follow(self, dice: random.Random) -> None:
        """A reader of events, who follows them for a while and goes."""
        with urlopen(f"{self.base_url}/_mock/tenants/{DEFAULT_SYS_ID}/events", timeout=5) as events:
            for _ in range(dice.randint(1, 200)):
                if self.stop.is_set():
                    return
                events.readline()

    def large(self, dice: random.Random) -> None:
        """Bodies that are too large, and such as reach no endpoint."""
        members = ",".join(f'"m{i}":"{"x" * dice.choice((1, 1000))}"' for i in range(dice.choice((900, 20_000))))
        with suppress(OSError, HTTPException):
            self.post(f'{{"sys_id":"6666000108854952","product_id":"MCS","sign":"AAAA","data":{{{members}}}}}'.encode())
        with suppress(OSError, HTTPException):
            self.post(b"{}", "/v2/nowhere")

    def garbage(self, dice: random.Random) -> None:
        """Connections that say nothing, half of something, or what is no HTTP."""
        host, port = self.base_url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=5) as connection:
            connection.sendall(dice.choice((b"", b"POST /v2", b"\x16\x03\x01", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")))
        self.stop.wait(0.01)


def soaked(seconds: float, flat: float, end_seconds: float) -> list[str]:
    """What went wrong within that time; nothing is as it should be."""
    soak = Soak()
    before = Held(soak.descriptors(), soak.tasks())
    if seconds >= LONG_ENOUGH:
        soak.fill()
    works = [soak.tenants, soak.tenants, soak.follow, soak.large, soak.garbage]
    threads = [soak.busy(work, seed) for seed, work in enumerate(works)]
    samples: list[float] = []
    largest = 0.0
    until = time.monotonic() + seconds
    while time.monotonic() < until and not soak.failures:
        soak.stop.wait(seconds / 60)
        largest = max(largest, soak.resident_mb())
        samples.append(soak.used_mb())
    wrong = list(soak.failures)
    soak.stop.set()
    for thread in threads:
        thread.join(60)
    third = len(samples) // 3
    early, late = statistics.median(samples[third : 2 * third] or [1]), statistics.median(samples[2 * third :] or [1])
    print(
        f"  {soak.calls:,} calls; {early:.0f} MB used after the first third, {late:.0f} MB at the end; "
        f"{largest:.0f} MB resident at most",
        flush=True,
    )
    if seconds >= LONG_ENOUGH and late > early * flat:
        wrong.append(f"memory grew from {early:.0f} to {late:.0f} MB")
    wrong += _left_over(soak, before)
    began = time.monotonic()
    soak.server.send_signal(signal.SIGTERM)
    code = soak.server.wait(30)
    ended = time.monotonic() - began
    soak.hanging.close()
    soak.server.communicate()
    if code != 0 or ended > end_seconds:
        wrong.append(f"SIGTERM ended it with {code} after {ended:.1f} s")
    return wrong


@dataclass(frozen=True)
class Held:
    """What a server has open that nobody asked for."""

    descriptors: int
    tasks: int


def _left_over(soak: Soak, before: Held) -> list[str]:
    """What is still held although nobody asks for anything any more."""
    until = time.monotonic() + SETTLE_SECONDS
    while True:
        about = huifu_mock.connect(soak.base_url).about()
        held = {name: bound["now"] for name, bound in about["bounds"].items() if name in NOTHING_LEFT and bound["now"]}
        wrong = [f"{count} {name} are left over" for name, count in held.items()]
        if len(about["tenants"]) > 1:
            wrong.append(f"{len(about['tenants']) - 1} tenants are left over")
        # the connection of this very question, and the pushes' client
        if (more := soak.descriptors() - before.descriptors) > 3:
            wrong.append(f"{more} descriptors are left over")
        if (more := soak.tasks() - before.tasks) > 1:
            wrong.append(f"{more} tasks are left over")
        if not wrong or time.monotonic() > until:
            return wrong
        threading.Event().wait(0.2)


NOTHING_LEFT: Final = ("long_bodies", "journal_waits_of_a_tenant", "pushes_waiting")


def main() -> int:
    """Exit code 1 if anything went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=300, help="how long (default: %(default)g)")
    parser.add_argument(
        "--end-seconds", type=float, default=END_SECONDS, help="in which SIGTERM must end it (default: %(default)g)"
    )
    parser.add_argument(
        "--flat",
        type=float,
        default=FLAT,
        help="how much more memory there may be in the last third (default: %(default)g)",
    )
    args = parser.parse_args()
    wrong = soaked(args.seconds, args.flat, args.end_seconds)
    print("\n".join(wrong) if wrong else "  nothing grew, nothing was left over")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
