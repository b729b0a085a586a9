"""What one client can do to the others: the worst body of each kind in a loop, and how long a healthy client waits."""

import asyncio
import json
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlsplit

import measures
from huifu_mock import keys, signing
from huifu_mock.gateway.gateway import Gateway
from huifu_mock.gateway.mock import Mock, seed
from huifu_mock.gateway.tenant import DEFAULT_HUIFU_ID, DEFAULT_SYS_ID
from huifu_mock.http.server import APART, IN_THE_LOOP
from huifu_mock.request import CLOSE, ReceivedBytes, prepare
from huifu_mock.store import capsule
from load import http_request

SIGN: Final = signing.sign(keys.published("foreign"), b"nothing that is sent")
OWN_SIGN: Final = signing.sign(keys.published("merchant"), b"nothing that is sent")
MB: Final = 1024 * 1024
LARGE: Final = 9 * MB


def _request(data: str, sign: str = OWN_SIGN) -> bytes:
    head = f'{{"sys_id":"{DEFAULT_SYS_ID}","product_id":"MCS","sign":"{sign}","data":{{'
    fixed = f'"req_date":"20260101","req_seq_id":"x","huifu_id":"{DEFAULT_HUIFU_ID}","org_req_date":"20260101",'
    return f'{head}{fixed}"org_req_seq_id":"y",{data}}}}}'.encode()


def _members(count: int, value: str = '"1"') -> str:
    return ",".join(f'"m{i}":{value}' for i in range(count))


def _long(unit: str) -> str:
    return f'"remark":"{unit * (LARGE // len(unit.encode()))}"'


def _many_long(unit: str, count: int = 140) -> str:
    """Values as long as they may be, as many as fit into a body."""
    value = unit * (65_000 // len(unit.encode()))
    return ",".join(f'"m{i}":"{value}"' for i in range(count))


KINDS: Final[Mapping[str, Callable[[], bytes]]] = {
    "600,000 members": lambda: _request(_members(600_000)),
    "a million repeated names": lambda: _request(",".join(['"a":"1"'] * 1_000_000)),
    "one value, plain": lambda: _request(_long("a")),
    "one value, slashes": lambda: _request(_long("\\/")),
    "one value, Chinese": lambda: _request(_long("关")),
    "one value, HTML": lambda: _request(_long("<&>")),
    "140 values, plain": lambda: _request(_many_long("a")),
    "140 values, slashes": lambda: _request(_many_long("\\/")),
    "140 values, escapes": lambda: _request(_many_long("\\u5173")),
    "140 values, emoji": lambda: _request(_many_long("😀")),
    "an array of 4 million numbers": lambda: _request('"a":[' + ",".join(["1"] * 4_000_000) + "]"),
    "950 members of 100 bytes": lambda: _request(_members(950, '"<关/&>' + "x" * 80 + '"')),
    "950 numbers": lambda: _request(_members(950, "1.00")),
    "nested, 27 KB": lambda: _request(",".join(f'"n{i}":{{"a":["1.0",null,""],"关":"/"}}' for i in range(900))),
    "garbage": lambda: b'"\\' * (LARGE // 2),
    "brackets": lambda: b"[" * LARGE,
    "quotes": lambda: b'"' * LARGE,
}


TENANT: Final = f"/_mock/tenants/{DEFAULT_SYS_ID}"
DAY: Final = "20260101"


def _orders(count: int) -> list[dict[str, str]]:
    """Orders of which the last has the number of the first: all of them are made, and none is kept."""
    return [
        {"req_seq_id": f"w{i % (count - 1)}", "req_date": DAY, "notify_url": "http://127.0.0.1:9/"}
        for i in range(count)
    ]


def _capsule(count: int) -> bytes:
    """A capsule of so many orders of which two have one number: all is checked and read, and nothing is kept."""
    mock = Mock([])
    tenant = mock.tenant({})
    seed(tenant, [{"req_seq_id": f"o{i}"} for i in range(count)])
    made = capsule.of(tenant)
    made["tenant"]["before"] = []
    made["tenant"]["orders"].append(made["tenant"]["orders"][0])
    return json.dumps({"capsule": made}).encode()


CONTROL: Final[Mapping[str, tuple[str, Callable[[], bytes]]]] = {
    "10,000 orders to be seeded": (f"{TENANT}/orders", lambda: json.dumps(_orders(10_000)).encode()),
    "a capsule of 10,000 orders": ("/_mock/tenants", lambda: _capsule(10_000)),
    "a fault of 90,000 members": (f"{TENANT}/faults", f"{{{_members(90_000)}}}".encode),
    "a clock of 9 million digits": (f"{TENANT}/clock/advance", lambda: b'{"seconds":1' + b"0" * LARGE + b"}"),
    "a control body of brackets": (f"{TENANT}/faults", lambda: b"[" * LARGE),
    "a large capsule being made": (f"{TENANT}/capsule", lambda: b""),
    "a search of the whole journal": (f"{TENANT}/journal?q=nowhere", lambda: b""),
}
"""The worst calls of the control API: a path, and a body; those without one are reads."""


def blocked(gateway: Gateway, body: bytes) -> float:
    """CPU seconds of one call that the event loop spends on it, when a thread has prepared a long body."""
    sent = ReceivedBytes(body)
    call = prepare(CLOSE, sent) if len(body) > APART else None
    start = time.process_time()
    gateway.receive(CLOSE, sent, call, IN_THE_LOOP)
    return time.process_time() - start


def prepared(body: bytes) -> float:
    """CPU seconds of the thread that prepares a long body."""
    start = time.process_time()
    if len(body) > APART:
        prepare(CLOSE, ReceivedBytes(body))
    return time.process_time() - start


async def _healthy(base_url: str, requests: list[bytes], stop: threading.Event, least: int) -> list[float]:
    """How long each close of a client takes that goes on until it is stopped."""
    parts = urlsplit(base_url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    taken = []
    for request in requests:
        start = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
        taken.append(time.perf_counter() - start)
        if stop.is_set() and len(taken) >= least:
            break
    writer.close()
    return sorted(taken)


async def _attack(base_url: str, path: str, body: bytes, until: float) -> int:
    parts = urlsplit(base_url)
    request, sent = http_request(base_url, path, body), 0
    if not body:
        request = f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode()
    while time.perf_counter() < until:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        try:
            writer.write(request)
            await writer.drain()
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0]))
            sent += 1
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
    return sent


def _attacker(base_url: str, path: str, body: bytes, seconds: float) -> None:
    asyncio.run(_attack(base_url, path, body, time.perf_counter() + seconds))


def waits(seconds: float = 3.0) -> tuple[float, dict[str, float], float]:
    """The p99 of a healthy client alone, its p99 beside each kind of body, and the server's memory in MB after it."""
    from multiprocessing import get_context

    signed = measures.bodies(1000)
    found: dict[str, float] = {}
    with measures.serving(1000) as (base_url, pid):
        requests = measures.requests(base_url, signed) * 1000
        never = threading.Event()
        never.set()

        def p99(taken: list[float]) -> float:
            return taken[min(int(len(taken) * 0.99), len(taken) - 1)]

        alone = p99(asyncio.run(_healthy(base_url, requests, never, 1000)))
        memory = 0.0
        kinds = {**{name: (CLOSE.path, make) for name, make in KINDS.items()}, **CONTROL}
        for name, (path, make) in kinds.items():
            attacker = get_context("spawn").Process(target=_attacker, args=(base_url, path, make(), seconds))
            attacker.start()
            stop = threading.Event()
            threading.Thread(target=lambda a=attacker, s=stop: (a.join(), s.set()), daemon=True).start()
            found[name] = p99(asyncio.run(_healthy(base_url, requests, stop, 1)))
            memory = max(memory, measures.resident_mb(pid) or 0)
    return alone, found, memory


def main() -> None:
    """Print both: what one body costs in process, and what the others feel of it."""
    gateway = Mock([]).gateway
    for name, make in KINDS.items():
        body = make()
        thread, loop = prepared(body) * 1000, blocked(gateway, body) * 1000
        print(
            f"{name:<32}{len(body) / MB:>6.2f} MB{thread:>7.0f} ms in a thread{loop:>6.0f} ms in the loop", flush=True
        )
    if "--served" in sys.argv:
        alone, found, memory = waits()
        print(f"alone: p99 {alone * 1000:.1f} ms; memory at most {memory:.0f} MB")
        for name, p99 in found.items():
            print(f"{name:<34}p99 {p99 * 1000:>8.1f} ms", flush=True)


if __name__ == "__main__":
    main()
