"""`make bench ARGS=--peers`: other mock servers under the same load, in the same run.

They give one fixed answer of the size of a signed reply: no signature, no state. What is missing is installed for the
run into a temporary folder, outside the checkout; a peer that cannot be had is named and left out.
"""

import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import measures
import ports
from floor import echo_server
from huifu_mock.request import CLOSE
from load import Load, http_request, load

COUNT: Final = 6000
CONNECTIONS: Final = 16
WIREMOCK: Final = "wiremock@3.13.2"
ANSWER: Final = json.dumps({"data": {"resp_code": "00000000", "resp_desc": "x" * 150}, "sign": "x" * 344})

PYTEST_HTTPSERVER: Final = f"""
from pytest_httpserver import HTTPServer
server = HTTPServer(threaded=True)
server.expect_request({CLOSE.path!r}, method="POST").respond_with_data({ANSWER!r}, content_type="application/json")
server.start()
print(server.port, flush=True)
input()
"""


class Missing(Exception):
    """A peer that cannot be had here; the message says why."""


@contextmanager
def _running(command: list[str], folder: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate()


def _installed(command: list[str], what: str) -> None:
    """Run an installer. Raises `Missing`."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Missing(f"{what} could not be installed: {(done.stderr or done.stdout).strip().splitlines()[-1:]}")


@contextmanager
def pytest_httpserver(folder: Path) -> Iterator[str]:
    """One answer by pytest-httpserver, in a virtual environment of its own."""
    venv.create(folder / "venv", with_pip=True)
    python = str(folder / "venv" / ("Scripts" if sys.platform == "win32" else "bin") / "python")
    _installed([python, "-m", "pip", "install", "-qq", "pytest-httpserver"], "pytest-httpserver")
    with _running([python, "-c", PYTEST_HTTPSERVER], folder) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"


@contextmanager
def wiremock(folder: Path) -> Iterator[str]:
    """One answer by WireMock, whose jar the npm package carries."""
    java, npm = shutil.which("java"), shutil.which("npm")
    if java is None or npm is None:
        raise Missing(f"WireMock needs {'Java' if java is None else 'npm, whose package carries it'}")
    _installed([npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), WIREMOCK], "WireMock")
    jar = next((folder / "node_modules/wiremock/build").glob("*.jar"))
    mapping = {
        "request": {"method": "POST", "url": CLOSE.path},
        "response": {"status": 200, "body": ANSWER, "headers": {"Content-Type": "application/json"}},
    }
    (folder / "mappings").mkdir()
    (folder / "mappings" / "close.json").write_text(json.dumps(mapping), "utf-8")
    holder, port = ports.held()
    options = ["--port", str(port), "--bind-address", "127.0.0.1", "--root-dir", str(folder), "--no-request-journal"]
    options += ["--use-chunked-encoding", "never", "--disable-banner"]
    with holder, _running([java, "-jar", str(jar), *options], folder) as process:
        _wait_for(port, process)
        yield f"http://127.0.0.1:{port}"


def _wait_for(port: int, process: subprocess.Popen[str]) -> None:
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if process.poll() is not None:
                raise Missing(f"WireMock ended with code {process.returncode}") from None
            time.sleep(0.1)  # noqa: TID251 - another program starts in real time
        else:
            return
    raise Missing("WireMock did not listen within a minute")


@contextmanager
def floor_server(_: Path) -> Iterator[str]:
    """The bare aiohttp server of the floor."""
    with echo_server() as (base_url, _pid):
        yield base_url


PEERS: Final[dict[str, Callable[..., object]]] = {
    "bare aiohttp": floor_server,
    "pytest-httpserver": pytest_httpserver,
    "WireMock": wiremock,
}


def _measured(base_url: str) -> Load:
    """The second half of a load: a server that compiles while it runs is warm by then."""
    request = http_request(base_url, CLOSE.path, ANSWER.encode())
    load(base_url, [request] * COUNT, CONNECTIONS, b'"00000000"')
    return load(base_url, [request] * COUNT, CONNECTIONS, b'"00000000"')


def main() -> None:
    """Print how each does, and how ours does beside it."""
    signed = measures.bodies(2 * COUNT)
    with measures.serving(2 * COUNT) as (base_url, pid):
        ready = measures.requests(base_url, signed)
        load(base_url, ready[:COUNT], CONNECTIONS, b'"00000000"')
        measures.wait_until_at_rest(pid)
        ours = {
            "fresh closes": load(base_url, ready[COUNT:], CONNECTIONS, b'"00000000"'),
            "replays": load(base_url, ready[COUNT:], CONNECTIONS, b'"00000000"'),
        }
    print(f"{'peers, ' + str(CONNECTIONS) + ' connections':<28}{'a second':>10}{'p99 ms':>9}", end="")
    print("".join(f"{what + ' ÷ it':>20}" for what in ours))
    for what, run in ours.items():
        print(f"{'huifu-mock, ' + what:<28}{run.rate:>10.0f}{run.percentile(0.99) * 1000:>9.2f}")
    for name, peer in PEERS.items():
        with tempfile.TemporaryDirectory() as folder:
            try:
                with peer(Path(folder)) as base_url:  # type: ignore[attr-defined]  # each is a context manager
                    found = _measured(base_url)
            except Missing as missing:
                print(f"{name:<28} left out: {missing}")
                continue
        ratios = "".join(f"{run.rate / found.rate:>20.2f}" for run in ours.values())
        print(f"{name:<28}{found.rate:>10.0f}{found.percentile(0.99) * 1000:>9.2f}{ratios}", flush=True)
