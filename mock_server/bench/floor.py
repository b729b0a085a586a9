"""What a close cannot cost less than: a signature, a verification, and a bare aiohttp server that echoes the body."""

import asyncio
import re
import shutil
import subprocess
import sys
import timeit
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from aiohttp.web_request import BaseRequest

import measures
from huifu_mock import keys, signing
from load import Load, http_request, load

COUNT = 20_000
CORES = 2


@dataclass(frozen=True, slots=True)
class Floor:
    """Measured in one run. Times in seconds of CPU for one request, rates in requests a second."""

    sign: float
    verify: float
    echo: float
    echo_load: Load
    """16 connections."""
    round_trip: float
    """Median, one connection."""

    @property
    def cpu(self) -> float:
        """CPU time of one close."""
        return self.sign + self.verify + self.echo

    @property
    def rate(self) -> float:
        """Closes a second if both cores did nothing else."""
        return CORES / self.cpu


def openssl() -> tuple[float, float]:
    """Seconds of one RSA-2048 signature and of one verification, by `openssl speed` (by this library without it)."""
    if shutil.which("openssl"):
        out = subprocess.run(
            ["openssl", "speed", "-seconds", "2", "rsa2048"], capture_output=True, text=True, check=True
        )
        signs, verifies = re.findall(r"rsa\s+2048 bits\s+\S+\s+\S+\s+([\d.]+)\s+([\d.]+)", out.stdout)[-1]
        return 1 / float(signs), 1 / float(verifies)
    key, text = keys.published("huifu"), b"x" * 200
    sign = signing.sign(key, text)
    public = key.public_key()
    return (
        timeit.timeit(lambda: signing.sign(key, text), number=500) / 500,
        timeit.timeit(lambda: signing.verify(public, text, sign), number=5000) / 5000,
    )


async def _echo(request: BaseRequest) -> web.Response:
    return web.Response(body=await request.read(), headers={"Content-Type": "application/json"})


async def _serve() -> None:
    runner = web.ServerRunner(web.Server(_echo, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.get_running_loop().create_future()


@contextmanager
def echo_server() -> Iterator[tuple[str, int]]:
    """A bare aiohttp server in a process of its own; its address and process number."""
    command = [sys.executable, str(Path(__file__)), "serve"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=measures.ENVIRONMENT)
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}", process.pid
    finally:
        process.terminate()
        process.wait()


def floor() -> Floor:
    """Measure it now."""
    sign, verify = openssl()
    body = measures.body("c0", "o0")
    with echo_server() as (base_url, pid):
        request = [http_request(base_url, "/", body)]
        load(base_url, request * 2000, 16, b"org_req_seq_id")
        before = measures.cpu_seconds(pid) or 0.0
        many = load(base_url, request * COUNT, 16, b"org_req_seq_id")
        after = measures.cpu_seconds(pid) or 0.0
        one = load(base_url, request * 3000, 1, b"org_req_seq_id")
    echo = (after - before) / COUNT or 1 / many.rate
    return Floor(sign, verify, echo, many, one.percentile(0.5))


if __name__ == "__main__" and sys.argv[1:] == ["serve"]:
    asyncio.run(_serve())
