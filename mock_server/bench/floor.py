"""What a close cannot cost less than: a signature, a verification, and a bare aiohttp server that echoes the body.

`openssl speed` has a core to itself and a library of its own, and a server shares its core with the load generator. So
a bare aiohttp server that verifies and signs as well is measured under the same load: it tells what the machine and
the library cost, and not our code.
"""

import asyncio
import re
import shutil
import subprocess
import sys
import timeit
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from aiohttp import web
from aiohttp.web_request import BaseRequest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

import measures
from huifu_mock import keys, signing

Handler = Callable[[BaseRequest], Awaitable[web.Response]]
Kind = Literal["echo", "sign", "sign-in-thread"]


def openssl() -> tuple[float, float]:
    """Seconds of one RSA-2048 signature and of one verification, by `openssl speed` (by this library without it)."""
    if shutil.which("openssl"):
        out = subprocess.run(
            ["openssl", "speed", "-seconds", "1", "rsa2048"], capture_output=True, text=True, check=True
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


def _signing(key: RSAPrivateKey, text: bytes, *, in_thread: bool) -> Handler:
    public, sign = key.public_key(), signing.sign(key, text)

    async def signed_echo(request: BaseRequest) -> web.Response:
        signing.verify(public, text, sign)
        if in_thread:
            await asyncio.to_thread(signing.sign, key, text)
        else:
            signing.sign(key, text)
        return await _echo(request)

    return signed_echo


async def _serve(handler: Handler) -> None:
    runner = web.ServerRunner(web.Server(handler, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.get_running_loop().create_future()


@contextmanager
def echo_server(kind: Kind = "echo") -> Iterator[tuple[str, int]]:
    """A bare aiohttp server in a process of its own, which verifies and signs if asked; its address and number."""
    command = [sys.executable, str(Path(__file__)), kind]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=measures.ENVIRONMENT)
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}", process.pid
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__" and sys.argv[1:]:
    key, text = keys.published("huifu"), b"x" * 200
    servers: dict[Kind, Handler] = {
        "echo": _echo,
        "sign": _signing(key, text, in_thread=False),
        "sign-in-thread": _signing(key, text, in_thread=True),
    }
    asyncio.run(_serve(servers[sys.argv[1]]))  # type: ignore[index]  # it is one of the three
