"""Calls that reach no endpoint: each is told what is wrong, and kept in a journal."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from wired import CLOSE, connected, head, loop_held, post, received

import huifu_mock
from huifu_mock.client.server import Runner
from huifu_mock.gateway.mock import Mock
from huifu_mock.http import unmatched
from huifu_mock.http.server import HttpServer, Limits
from huifu_mock.http.unmatched import KINDS, nearest


@pytest.fixture(scope="module")
def strict() -> Iterator[huifu_mock.Server]:
    """A server of its own that takes two connections and waits a fifth of a second."""
    with huifu_mock.Server() as running:
        running._runner.stop()  # type: ignore[union-attr]  # it runs
        running._http = HttpServer(Mock(), "127.0.0.1", 0, None, Limits(connections=2, patience=0.2))
        running.mock = running._http.mock
        running._runner = Runner(running._http).start()
        yield running._linked(running._runner.loop)


def kept(server: huifu_mock.Server, kind: str) -> huifu_mock.Call:
    """The last call of that kind in the default tenant's journal."""
    server.default.journal.wait_for(timeout=10, unmatched=kind)
    call: huifu_mock.Call = server.default.journal.calls(unmatched=kind)[-1]
    told = call.explanation["text"]
    assert told["en"] == call.hint
    assert "；" in told["zh"]
    assert "{" not in told["zh"]
    assert call.endpoint == ""
    return call


def sent(server: huifu_mock.Server, raw: bytes) -> bytes:
    """What comes back for bytes, until the server hangs up."""
    with connected(server.base_url) as connection:
        connection.sendall(raw)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_a_wrong_path_is_kept_with_the_nearest_one(server: huifu_mock.Server) -> None:
    answer = post(server.base_url, b"{}", None, "/v2/v2/trade/payment/scanpay/close")
    call = kept(server, "path")
    assert (call.status, call.path, call.method) == (404, "/v2/v2/trade/payment/scanpay/close", "POST")
    assert f"did you mean {CLOSE}?" in call.hint
    assert f"是不是想用 {CLOSE}？" in call.explanation["text"]["zh"]
    assert call.id == answer.headers["huifu-mock-call"]
    assert call.hint == answer.headers["huifu-mock-hint"]
    assert call.response is not None
    assert call.response.encode() == answer.body


def test_a_wrong_path_with_a_body_is_kept_by_the_tenant_that_the_body_names(tenant: huifu_mock.Tenant) -> None:
    body = json.dumps({"sys_id": tenant.sys_id, "product_id": "MCS", "data": {"req_seq_id": "close-1"}}).encode()
    post(tenant.base_url, body, None, f"/s/phase-1{CLOSE}x")
    (call,) = tenant.journal.calls()
    assert (call.unmatched, call.session, call.body) == ("path", "phase-1", body)


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/v2/trade/payment/scanpay/close/", CLOSE),
        ("/V2/Trade/Payment/ScanPay/Close", CLOSE),
        ("/trade/payment/scanpay/close", CLOSE),
        ("/v3/trade/payment/scanpay/closequery", "/v2/trade/payment/scanpay/closequery"),
        ("/api/v2/trade/payment/jspay", "/v2/trade/payment/jspay"),
        ("/s/x/v2/trade/payment/scanpay/clos", CLOSE),
        ("/favicon.ico", ""),
        ("/", ""),
        ("/" + "a" * 100_000, ""),
    ],
)
def test_the_nearest_path_is_found_by_what_it_ends_with_or_resembles(path: str, meant: str) -> None:
    assert nearest(path) == meant


def test_another_method_is_kept(server: huifu_mock.Server) -> None:
    with connected(server.base_url) as connection:
        connection.sendall(head(server.base_url, [], method="GET"))
        received(connection)
    call = kept(server, "method")
    assert (call.status, call.method, call.path) == (405, "GET", CLOSE)


def test_a_body_that_is_too_large_is_kept_with_its_length(server: huifu_mock.Server) -> None:
    with connected(server.base_url) as connection:
        connection.sendall(head(server.base_url, [("Content-Length", "99999999"), ("Expect", "100-continue")]))
        received(connection)
    call = kept(server, "size")
    assert (call.status, call.body_length, call.body_cut, call.body_sha256) == (413, 99_999_999, True, None)


def test_chunks_that_are_none_are_kept(server: huifu_mock.Server) -> None:
    with connected(server.base_url) as connection:
        connection.sendall(head(server.base_url, [("Transfer-Encoding", "chunked"), ("Expect", "100-continue")]))
        assert connection.recv(100).startswith(b"HTTP/1.1 100")
        connection.sendall(b"zz\r\nhello\r\n0\r\n\r\n")
        assert received(connection).status == 400
    assert kept(server, "body").status == 400


def test_a_tls_hello_is_kept_and_told(server: huifu_mock.Server) -> None:
    sent(server, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500))
    call = kept(server, "tls")
    assert "this port speaks http, not https" in call.hint
    assert call.body.startswith(b"\x16\x03\x01")


def test_what_is_no_http_is_kept_and_told(server: huifu_mock.Server) -> None:
    answer = sent(server, b"hello, is anybody there?\r\n\r\n")
    assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.0 400"))
    call = kept(server, "http")
    assert call.body.startswith(b"hello, is anybody")
    assert "is not HTTP" in call.hint


@pytest.mark.parametrize("more", [[], [("Connection", "close")]], ids=["kept alive", "closed"])
@pytest.mark.parametrize("parts", [1, 2], ids=["in one go", "the body later"])
def test_a_body_whose_characters_were_counted_for_its_length_is_kept_and_told(
    parts: int, more: list[tuple[str, str]], tenant: huifu_mock.Tenant, server: huifu_mock.Server
) -> None:
    text = json.dumps({"sys_id": tenant.sys_id, "data": {"remark": "关单"}, "sign": "x" * 344}, ensure_ascii=False)
    opening = head(server.base_url, [("Content-Length", str(len(text))), *more], f"/s/counted{CLOSE}")
    with connected(server.base_url) as connection:
        if parts == 2:
            connection.sendall(opening)
            connection.sendall(text.encode())
        else:
            connection.sendall(opening + text.encode())
        answer = received(connection)
    assert answer.status == 400
    assert f"longer than its Content-Length of {len(text)}; count its bytes in UTF-8" in answer.body.decode()
    # the bytes that are left over may be told once more, where they came with the head
    told = [*tenant.journal.calls(unmatched="length"), *server.default.journal.calls(session="counted")]
    assert {(call.session, call.path, call.method) for call in told} == {("counted", CLOSE, "POST")}


@pytest.mark.parametrize("digits", [20, 5000])
def test_a_length_that_no_body_has_is_kept_and_told(digits: int, server: huifu_mock.Server) -> None:
    answer = sent(server, head(server.base_url, [("Content-Length", "9" * digits)]) + b"{}")
    assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.0 400"))
    assert "Content-Length" in kept(server, "http").hint


def test_a_control_call_by_a_foreign_host_is_kept(server: huifu_mock.Server) -> None:
    raw = b"GET /_mock/about HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
    assert sent(server, raw).startswith(b"HTTP/1.1 403")
    assert 'is "evil.example"' in kept(server, "host").hint


def test_a_client_that_leaves_before_its_body_is_whole_is_kept(server: huifu_mock.Server) -> None:
    with connected(server.base_url) as connection:
        connection.sendall(head(server.base_url, [("Content-Length", "1000")]) + b"x" * 999)
    call = kept(server, "gone")
    assert (call.status, call.body_length, call.response) == (None, 1000, None)
    assert "999 of 1000 bytes came" in call.hint


@pytest.mark.parametrize("begun", [b"", b"POST /v2/trade"], ids=["nothing", "half a line"])
def test_a_head_that_takes_too_long_is_ended_and_kept(begun: bytes, strict: huifu_mock.Server) -> None:
    with connected(strict.base_url) as connection:
        connection.sendall(begun)
        assert received(connection).status == 408
    assert "did not arrive within 0.2 s" in kept(strict, "slow").hint


def test_a_body_that_takes_too_long_is_ended_and_kept(strict: huifu_mock.Server) -> None:
    with loop_held(strict):  # or the head itself might be late
        connection = connected(strict.base_url)
        connection.sendall(head(strict.base_url, [("Content-Length", "10")]) + b"12345")
    with connection:
        assert received(connection).status == 408
    assert "5 of 10 bytes came" in kept(strict, "slow").hint


def test_more_connections_than_may_be_are_told_so(strict: huifu_mock.Server) -> None:
    with loop_held(strict):  # or the first ones might be late, and gone
        one, two, three = (connected(strict.base_url) for _ in range(3))
        for connection in (one, two):
            connection.sendall(head(strict.base_url, [("Content-Length", "2")]) + b"{}")
    with one, two, three:
        assert [received(connection).status for connection in (one, two)] == [200, 200]
        answer = received(three)
        assert answer.status == 503
        assert "--max-connections" in json.loads(answer.body)["detail"]
    assert kept(strict, "connections").status == 503


def test_an_idle_connection_is_left_alone_between_two_requests(server: huifu_mock.Server) -> None:
    limits = server._http.limits
    assert limits.patience == 30
    with connected(server.base_url) as connection:
        for _ in range(2):
            connection.sendall(head(server.base_url, [("Content-Length", "2")]) + b"{}")
            assert received(connection).status == 200


def test_every_kind_is_explained_in_chinese() -> None:
    assert list(unmatched._ZH) == list(KINDS)


@pytest.mark.parametrize("name", ["journal-entry", "call-summary"])
def test_the_schemas_know_every_kind(name: str) -> None:
    from huifu_mock.schemas import schema

    known: list[Any] = schema(f"control/{name}").contents["properties"]["unmatched"]["enum"]
    assert known == [*KINDS, None]
