"""The things that are measured, each against a yardstick of the same run."""

import http.client
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import timeit
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import huifu_mock
from huifu_mock import keys, signing
from huifu_mock.gateway.gateway import Gateway
from huifu_mock.gateway.mock import Mock, seed
from huifu_mock.gateway.tenant import DEFAULT_HUIFU_ID, DEFAULT_PRODUCT_ID, DEFAULT_SYS_ID, Tenant
from huifu_mock.http.server import LOAD_AFTER
from huifu_mock.request import CLOSE, ReceivedBytes, read
from huifu_mock.schemas import schema
from huifu_mock.state.clock import Clock
from huifu_mock.store import capsule
from load import http_request

TODAY = f"{Clock().now():%Y%m%d}"
"""In Beijing: a close of another day gets a hint beside its answer."""
DAY = "20260101"
"""Of the orders, which are old enough to be closed."""
QUIET: Final = 0.3
"""Real seconds in which a server at rest uses no CPU time."""


def compiling() -> dict[str, str]:
    """An environment in which compiled modules are kept, as in an installation, whatever this shell says."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return environment | {"PYTHONPYCACHEPREFIX": tempfile.gettempdir() + "/huifu-mock-bench"}


ENVIRONMENT = compiling()


def openssl_signs(processes: int) -> float:
    """RSA-2048 signatures a second with so many processes, by `openssl speed` (by this library where it is missing)."""
    if shutil.which("openssl"):
        command = [
            "openssl",
            "speed",
            "-seconds",
            "3",
            *(["-multi", str(processes)] if processes > 1 else []),
            "rsa2048",
        ]
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return float(re.findall(r"rsa\s+2048 bits\s+\S+\s+\S+\s+([\d.]+)", out)[-1])
    with get_context("fork").Pool(processes) as pool:
        return sum(pool.map(_signs_a_second, range(processes)))


def _signs_a_second(_: int) -> float:
    key = keys.published("huifu")
    count = 1000
    return count / timeit.timeit(lambda: signing.sign(key, b"x" * 200), number=count)


def body(number: str, order: str) -> bytes:
    """A signed close."""
    data = {
        "req_date": TODAY,
        "req_seq_id": number,
        "huifu_id": DEFAULT_HUIFU_ID,
        "org_req_date": DAY,
        "org_req_seq_id": order,
    }
    return signing.envelope(DEFAULT_SYS_ID, DEFAULT_PRODUCT_ID, data, keys.published("merchant"))


def _bodies(span: range) -> list[bytes]:
    return [body(f"c{i}", f"o{i}") for i in span]


def bodies(count: int) -> list[bytes]:
    """Closes `c0` … of the orders `o0` …, signed by two processes."""
    half = count // 2
    with get_context("fork").Pool(2) as pool:
        first, second = pool.map(_bodies, [range(half), range(half, count)])
    return first + second


@contextmanager
def serving(orders: int, store: str = "memory:", workers: int = 1) -> Iterator[tuple[str, int]]:
    """A server in a process of its own with the orders `o0` …; its address and process number."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump([{"req_seq_id": f"o{i}", "req_date": DAY} for i in range(orders)], file)
        file.flush()
        command = [
            sys.executable,
            "-m",
            "huifu_mock",
            "serve",
            "-q",
            "--port",
            "0",
            "--ready-json",
            "--orders",
            file.name,
            "--store",
            store,
            "--workers",
            str(workers),
        ]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())["base_url"], process.pid
        finally:
            process.terminate()
            process.wait()


def wait_until_at_rest(pid: int) -> None:
    """Return when a server has loaded what it loads once it is up, which would be counted as a cost of closes."""
    time.sleep(LOAD_AFTER)  # noqa: TID251 - another program starts in real time
    before = None
    while (now := cpu_seconds(pid)) != before:
        before = now
        time.sleep(QUIET)  # noqa: TID251 - as above


def restart_seconds(store: str, times: int = 3) -> float:
    """The least time from starting the command on a store that was used before to the first line that it prints."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        with serving(0, store):
            taken.append(time.perf_counter() - start)
    return min(taken)


def requests(base_url: str, signed: list[bytes]) -> list[bytes]:
    """Ready HTTP requests."""
    return [http_request(base_url, CLOSE.path, one) for one in signed]


def requests_of_tenants(base_url: str, tenants: int, each: int) -> list[list[bytes]]:
    """Ready HTTP requests for the closes of new tenants, which the server makes with so many orders each."""
    server, found = huifu_mock.connect(base_url), []
    for _ in range(tenants):
        tenant = server.tenant()
        key = signing.load_private_key(tenant.merchant_private_key, trusted=True)
        orders = tenant.orders.add_many([{"req_seq_id": f"o{i}", "req_date": DAY} for i in range(each)])
        data = [{**order.close_params(f"c{i}"), "req_date": TODAY} for i, order in enumerate(orders)]
        found.append(requests(base_url, [signing.envelope(tenant.sys_id, tenant.product_id, one, key) for one in data]))
    return found


def cpu_seconds(pid: int) -> float | None:
    """CPU time that a process and its children used so far, to the nanosecond; `None` where `/proc` does not tell.

    A thread that has ended counts no more.
    """
    children = Path(f"/proc/{pid}/task/{pid}/children")
    if not children.exists():
        return None
    threads = (path for one in (pid, *children.read_text().split()) for path in Path(f"/proc/{one}/task").iterdir())
    try:
        return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9
    except FileNotFoundError:
        return None


def resident_mb(pid: int) -> float | None:
    """Resident memory of a process in MB; `None` where `/proc` is missing."""
    status = Path(f"/proc/{pid}/status")
    return int(re.findall(r"VmRSS:\s+(\d+)", status.read_text())[0]) / 1024 if status.exists() else None


def seconds(command: list[str]) -> float:
    """The time that a command takes."""
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=ENVIRONMENT)
    return time.perf_counter() - start


def first_answer_seconds() -> float:
    """The time from starting the command to the first signed answer."""
    signed = body("first", "order-open")
    start = time.perf_counter()
    command = [sys.executable, "-m", "huifu_mock", "serve", "-q", "--port", "0", "--ready-json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)
    assert process.stdout is not None
    port = json.loads(process.stdout.readline())["port"]
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("POST", CLOSE.path, signed, {"Content-Type": "application/json"})
    assert b'"00000000"' in connection.getresponse().read()
    taken = time.perf_counter() - start
    process.terminate()
    process.wait()
    return taken


def _default(gateway: Gateway) -> Tenant:
    tenant = gateway.tenant(DEFAULT_SYS_ID)
    assert tenant is not None
    return tenant


def _filled(count: int) -> Gateway:
    mock = Mock([])
    seed(_default(mock.gateway), [{"req_seq_id": f"o{i}", "req_date": DAY} for i in range(count)])
    return mock.gateway


def order_bytes(count: int = 5000) -> float:
    """Memory for each open order."""
    tracemalloc.start()
    gateway = _filled(0)
    before = tracemalloc.get_traced_memory()[0]
    tenant = _default(gateway)
    seed(tenant, [{"req_seq_id": f"o{i}", "req_date": DAY} for i in range(count)])
    held = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return held / count


def close_bytes(count: int = 2000) -> tuple[float, float]:
    """Memory for each call that the journal keeps, with the headers of a real client; and for each close beside it.

    What a close holds beside its order. What the first close of all loads is not counted.
    """
    headers = b"Host: 127.0.0.1:8080\r\nUser-Agent: python-requests/2.34.2\r\nAccept-Encoding: gzip, deflate\r\n"
    headers += b"Accept: */*\r\nConnection: keep-alive\r\njpt-sdk_version: python_2.0.28\r\nsignType: RSA\r\n"
    headers += b"Content-Type: application/json;charset=utf-8\r\nContent-Length: 561"
    signed = bodies(count)
    _filled(1).close(signed[0])
    tracemalloc.start()
    gateway = _filled(count)
    filled = tracemalloc.get_traced_memory()[0]
    for one in signed:
        gateway.receive(CLOSE, ReceivedBytes(bytes(bytearray(one)), bytes(bytearray(headers)))).payload()
    full = tracemalloc.get_traced_memory()[0]
    _default(gateway).journal.clear()
    without_journal = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return (full - without_journal) / count, (without_journal - filled) / count


def tenant_seconds(count: int = 200) -> tuple[float, float]:
    """The time that a test's own tenant takes beside its one close, and the time of one signature."""
    mock = Mock([])
    mock.drop(mock.tenant({}).sys_id)  # makes the key pair that is lent again and again

    def close_of(tenant: Tenant) -> None:
        assert tenant.merchant_private_key is not None
        huifu_id = tenant.settings.huifu_ids[0]
        seed(tenant, [{"req_seq_id": "o", "req_date": DAY}])
        data = {"req_date": TODAY, "req_seq_id": "c", "huifu_id": huifu_id, "org_req_date": DAY, "org_req_seq_id": "o"}
        body = signing.envelope(tenant.sys_id, DEFAULT_PRODUCT_ID, data, tenant.merchant_private_key)
        assert b'"00000000"' in mock.gateway.close(body)

    def whole() -> None:
        tenant = mock.tenant({})
        close_of(tenant)
        mock.drop(tenant.sys_id)

    kept = mock.tenant({})

    def alone() -> None:
        close_of(kept)
        kept.reset()

    taken = timeit.timeit(whole, number=count) / count
    one = timeit.timeit(alone, number=count) / count
    key = keys.published("huifu")
    return taken - one, timeit.timeit(lambda: signing.sign(key, b"x" * 200), number=count) / count


def fork_seconds(count: int = 1000) -> float:
    """The time that a copy of a tenant with so many orders takes; the median of some."""
    gateway = _filled(count)
    mock, origin = Mock([]), _default(gateway)
    taken = []
    for _ in range(21):
        start = time.perf_counter()
        capsule.fork(mock, origin)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def shape_check_seconds() -> float:
    """The time that the schemas take for one close."""
    call = read(CLOSE, ReceivedBytes(body("c", "o")))
    envelope, data = schema("envelope/request").accepts, schema("close/request").accepts
    count = 20_000
    return timeit.timeit(lambda: (envelope(call.envelope), data(call.data)), number=count) / count


VERSION = huifu_mock.__version__
