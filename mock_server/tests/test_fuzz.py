"""Whatever bytes come over a socket: no 5xx, no traceback, every due answer signed, nothing hangs.

`FUZZ_REQUESTS=100000` sends as many that are mutated by a seed, which each run prints and `FUZZ_SEED` repeats;
`FUZZ_GENERATED=10000` as many that hypothesis generates. `make fuzz` is guided by what the code covers.
"""

import json
import logging
import os
import random
import socket
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rawclient import body
from wired import connected

import huifu_mock
from huifu_mock import signing
from huifu_mock.gateway.gateway import PATHS
from huifu_mock.http.control.router import ROUTES

REQUESTS = int(os.environ.get("FUZZ_REQUESTS", "1000"))
GENERATED = int(os.environ.get("FUZZ_GENERATED", "0"))
"""By hypothesis; 0: some, the same ones in every run."""
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


@dataclass(frozen=True)
class Sent:
    """Raw bytes, and whether a signed answer is due: an endpoint's path, POST, a true length."""

    raw: bytes
    is_due: bool = False
    is_stream: bool = False
    """Whether the answer goes on until the reader goes."""


def http(base_url: str, method: str, target: str, sent: bytes, length: int) -> bytes:
    host = base_url.removeprefix("http://")
    head = f"{method} {target} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    return head.encode() + sent


def control_target(server: huifu_mock.Server, tenant: huifu_mock.Tenant, template: str, method: str) -> str:
    """A path of the control API. Who is dropped is a tenant that is there for nothing else."""
    drops = method == "DELETE" and template.endswith("/{sys_id}")
    sys_id = server.tenant().sys_id if drops else tenant.sys_id
    return template.format(sys_id=sys_id, id="x-1", req_seq_id="o", event="trans.close")


CONTROL = (
    b"{}", b"[]", b'{"now":"2026-03-01"}', b'{"match":{"org_req_seq_id":"never"},"do":{"fault":"gzip"}}', b"",
)  # fmt: skip


def request(dice: random.Random, server: huifu_mock.Server, tenant: huifu_mock.Tenant, good: bytes) -> Sent:
    if dice.random() < 0.7:
        target, method = dice.choice([*PATHS]), "POST"
        sent = mutated(dice, good)
    else:
        route = dice.choice(ROUTES)
        method = route.method if dice.random() < 0.9 else dice.choice(("PATCH", "DELETE", "HEAD"))
        target = control_target(server, tenant, route.template, method)
        sent = mutated(dice, dice.choice(CONTROL))
    length = len(sent) if dice.random() < 0.95 else dice.choice((0, len(sent) // 2))
    whole, is_stream = http(tenant.base_url, method, target, sent, length), target.endswith("/events")
    if dice.random() < 0.2:
        return Sent(mutated(dice, whole), is_stream=is_stream)
    return Sent(whole, target in PATHS and length == len(sent), is_stream)


def answered(server: huifu_mock.Server, sent: Sent) -> bytes:
    """Whatever comes back until the other end closes; of a stream the beginning."""
    answer = b""
    with connected(server.base_url) as connection:
        connection.sendall(sent.raw)
        if not sent.is_due:
            connection.shutdown(socket.SHUT_WR)
        try:
            while part := connection.recv(65536):
                answer += part
                if sent.is_stream and b"\r\n\r\n" in answer:
                    break
        except ConnectionResetError:
            assert not sent.is_due, sent
    return answer


def check(server: huifu_mock.Server, tenant: huifu_mock.Tenant, sent: Sent) -> None:
    """No 5xx, and a signed answer where one is due."""
    answer = answered(server, sent)
    status = answer.split(b" ", 2)[1:2]
    assert not status or not status[0].startswith(b"5"), (sent, answer)
    if sent.is_due:
        text, _, sign = answer.partition(b"\r\n\r\n")[2].removeprefix(b'{"data":').rpartition(b',"sign":"')
        keys = (signing.load_public_key(one.huifu_public_key) for one in (tenant, server.default))
        assert any(signing.verify(key, text, sign[:-2].decode()) for key in keys), (sent, answer)
        assert json.loads(text)["resp_code"].isdigit()


@pytest.mark.slow
@pytest.mark.timeout(300 + REQUESTS // 20)
def test_no_bytes_crash_it_or_hang_it_or_get_an_unsigned_answer_where_a_signed_one_is_due(
    server: huifu_mock.Server, tenant: huifu_mock.Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    dice = random.Random(SEED)
    print(f"FUZZ_SEED={SEED} FUZZ_REQUESTS={REQUESTS}")
    good = body(tenant, tenant.orders.add())
    with caplog.at_level(logging.ERROR):
        for _ in range(REQUESTS):
            check(server, tenant, request(dice, server, tenant, good))
    assert [record.getMessage() for record in caplog.records] == []


# --- generated

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
METHODS = st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "FETCH"])
IN_TARGETS = st.text(st.characters(min_codepoint=33, max_codepoint=255, exclude_characters="\x7f"), max_size=12)


@st.composite
def bodies(draw: st.DrawFn, good: bytes) -> bytes:
    """A signed close, or one in which a member or the whole `data` is another, or any JSON, or any bytes."""
    kind = draw(st.sampled_from(("good", "member", "data", "json", "bytes")))
    whole = json.loads(good)
    if kind == "good":
        return good
    if kind == "bytes":
        return draw(st.binary(max_size=200))
    if kind == "json":
        whole = draw(JSON)
    elif kind == "data":
        whole["data"] = draw(JSON)
    else:
        name = draw(st.sampled_from([*whole["data"], *whole]))
        (whole["data"] if name in whole["data"] else whole)[name] = draw(JSON)
    return json.dumps(whole, ensure_ascii=draw(st.booleans())).encode(errors="surrogatepass")


@pytest.mark.slow
@pytest.mark.timeout(300 + GENERATED // 2)
def test_nothing_that_can_be_generated_crashes_it_either(
    server: huifu_mock.Server, tenant: huifu_mock.Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    good = body(tenant, tenant.orders.add())

    @settings(
        max_examples=GENERATED or 150, derandomize=not GENERATED, deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.data())
    def sends(data: st.DataObject) -> None:
        sent = data.draw(bodies(good))
        if is_due := data.draw(st.booleans()):
            method, target = "POST", data.draw(st.sampled_from([*PATHS]))
        else:
            route, method = data.draw(st.sampled_from(ROUTES)), data.draw(METHODS)
            target = control_target(server, tenant, route.template, method) + data.draw(st.just("") | IN_TARGETS)
            asked = "&".join(f"{name}={data.draw(IN_TARGETS)}" for name in route.query if name != "wait")
            target += data.draw(st.sampled_from(("", f"?{asked}")))
        raw = http(server.base_url, method, target, sent, len(sent))
        check(server, tenant, Sent(raw, is_due, is_stream="/events" in target))

    with caplog.at_level(logging.ERROR):
        sends()
    assert [record.getMessage() for record in caplog.records] == []
