"""Whatever bytes come over a socket: no 5xx, no traceback, every due answer signed, nothing hangs.

`FUZZ_REQUESTS=100000` sends as many; each run prints its seed, and `FUZZ_SEED` repeats one.
"""

import json
import logging
import os
import random
import socket
from collections.abc import Callable

import pytest
from rawclient import body
from wired import connected

import huifu_mock
from huifu_mock import signing
from huifu_mock.gateway.gateway import PATHS
from huifu_mock.http.control.router import ROUTES

REQUESTS = int(os.environ.get("FUZZ_REQUESTS", "1500"))
SEED = int(os.environ.get("FUZZ_SEED", "20260301"))
BYTES = (
    b"\0",
    b"\xff",
    b'"',
    b"\\",
    b"{",
    b"}",
    b"[",
    b",",
    b":",
    b"\r\n",
    b"\r\n\r\n",
    b"\\ud800",
    b"1e999",
    b"\xf0\x9f\x98\x80",
)


def mutated(dice: random.Random, sent: bytes) -> bytes:
    """The bytes with a few of them replaced, removed, repeated or moved."""
    for _ in range(dice.randint(0, 4)):
        at, end = sorted((dice.randint(0, len(sent)), dice.randint(0, len(sent))))
        end = min(end, at + dice.choice((0, 1, 8, 200)))
        change: Callable[[], bytes] = dice.choice(
            (
                lambda: dice.choice(BYTES),
                lambda: b"",
                lambda: sent[at:end] * dice.choice((2, 50)),  # noqa: B023 - called before the next turn
                lambda: dice.randbytes(end - at),  # noqa: B023 - called before the next turn
            )
        )
        sent = sent[:at] + change() + sent[end:]
    return sent


def request(dice: random.Random, tenant: huifu_mock.Tenant, good: bytes) -> tuple[bytes, bool]:
    """Raw bytes, and whether a signed answer is due: an endpoint's path, POST, a true length."""
    host = tenant.base_url.removeprefix("http://")
    if dice.random() < 0.7:
        path, method = dice.choice([*PATHS]), "POST"
        sent = mutated(dice, good)
    else:
        route = dice.choice(ROUTES)
        path = route.template.format(sys_id=tenant.sys_id, id="x-1", req_seq_id="o", event="trans.close")
        method = route.method if not path.endswith("/events") and "DELETE" not in route.method else "PATCH"
        sent = mutated(dice, dice.choice((b"{}", b"[]", b'{"now":"2026-03-01"}', b'{"do":{"fault":"gzip"}}', b"")))
    length = len(sent) if dice.random() < 0.95 else dice.choice((0, len(sent) // 2))
    head = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n".encode()
    whole = head + sent
    if dice.random() < 0.2:
        return mutated(dice, whole), False
    return whole, path in PATHS and length == len(sent)


@pytest.mark.slow
def test_no_bytes_crash_it_or_hang_it_or_get_an_unsigned_answer_where_a_signed_one_is_due(
    server: huifu_mock.Server, tenant: huifu_mock.Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    dice = random.Random(SEED)
    print(f"FUZZ_SEED={SEED} FUZZ_REQUESTS={REQUESTS}")
    good = body(tenant, tenant.orders.add())
    own, default = (signing.load_public_key(one.huifu_public_key) for one in (tenant, server.default))
    with caplog.at_level(logging.ERROR):
        for number in range(REQUESTS):
            raw, is_due = request(dice, tenant, good)
            with connected(server.base_url) as connection:
                connection.sendall(raw)
                if not is_due:
                    connection.shutdown(socket.SHUT_WR)
                answer = b""
                try:
                    while part := connection.recv(65536):
                        answer += part
                except ConnectionResetError:
                    assert not is_due, (number, raw)
            status = answer.split(b" ", 2)[1:2]
            assert not status or not status[0].startswith(b"5"), (number, raw, answer)
            if is_due:
                text, _, sign = answer.partition(b"\r\n\r\n")[2].removeprefix(b'{"data":').rpartition(b',"sign":"')
                assert any(signing.verify(key, text, sign[:-2].decode()) for key in (own, default)), (
                    number,
                    raw,
                    answer,
                )
                assert json.loads(text)["resp_code"].isdigit()
    assert [record.getMessage() for record in caplog.records] == []
