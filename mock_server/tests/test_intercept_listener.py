"""The intercepting listener, byte by byte: what it serves, what it refuses, what it tells whoever opens it wrongly."""

import contextlib
import gc
import json
import os
import random
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from rawclient import body
from wired import loop_held

import huifu_mock
import ports
from huifu_mock.http.intercept.diagnosis import _WHY, explained
from huifu_mock.http.intercept.listener import InterceptOptions

CLOSE = "/v2/trade/payment/scanpay/close"


class Running:
    """A server that intercepts, and what a client of it needs."""

    def __init__(self, server: huifu_mock.Server, **options: Any) -> None:
        self.server = server
        server.intercept(InterceptOptions(tls_port=0, **options))
        self.about = server.about()["interception"]
        self.context = ssl.create_default_context(cadata=self.about["ca_pem"])

    def connected(self, port: str = "port") -> socket.socket:
        return socket.create_connection((self.about["host"], self.about[port]), timeout=30)

    def refusals(self, kind: str) -> list[dict]:
        """The journal's entries of calls that were not served, of one kind."""
        tenant = self.server.default
        found = tenant._link.ask("GET", f"/_mock/tenants/{tenant.sys_id}/journal")["items"]
        return [entry for entry in found if entry["unmatched"] == kind]


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with huifu_mock.Server() as server:
        yield Running(server)


@pytest.fixture(scope="module")
def hasty() -> Iterator[Running]:
    """One that does not wait long for an opening."""
    with huifu_mock.Server() as server:
        yield Running(server, patience=0.2)


@pytest.fixture
def fresh(running: Running) -> Running:
    """`running` with an empty journal."""
    return emptied(running)


def emptied(running: Running) -> Running:
    tenant = running.server.default
    tenant._link.ask("DELETE", f"/_mock/tenants/{tenant.sys_id}/journal")
    return running


def everything(sock: socket.socket) -> bytes:
    """What comes until the other end closes; a reset is an end too."""
    received = b""
    with contextlib.suppress(ConnectionResetError, ssl.SSLEOFError):
        while part := sock.recv(65536):
            received += part
    return received


def posted(sent: bytes, target: str = CLOSE, host: str = "api.huifu.com") -> bytes:
    head = f"POST {target} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(sent)}\r\nConnection: close\r\n\r\n"
    return head.encode() + sent


def asked(sock: socket.socket, sent: bytes) -> bytes:
    sock.sendall(sent)
    return everything(sock)


def connect(sock: socket.socket, target: str) -> bytes:
    """The first line that a proxy answers to CONNECT."""
    sock.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
    return sock.recv(4096)


def socks(sock: socket.socket, host: str, port: int = 443) -> bytes:
    sock.sendall(b"\x05\x01\x00")
    assert sock.recv(2) == b"\x05\x00"
    sock.sendall(b"\x05\x01\x00\x03" + bytes((len(host),)) + host.encode() + port.to_bytes(2))
    return sock.recv(10)


# --- what is served


def by_connect(running: Running) -> socket.socket:
    sock = running.connected()
    assert connect(sock, "api.huifu.com:443").startswith(b"HTTP/1.1 200 ")
    return running.context.wrap_socket(sock, server_hostname="api.huifu.com")


def by_socks(running: Running, host: str = "api.huifu.com") -> socket.socket:
    sock = running.connected()
    assert socks(sock, host)[1] == 0
    return running.context.wrap_socket(sock, server_hostname="api.huifu.com")


def by_tls(running: Running) -> socket.socket:
    return running.context.wrap_socket(running.connected(), server_hostname="spin-test.cloudpnr.com")


def by_tls_port(running: Running) -> socket.socket:
    return running.context.wrap_socket(running.connected("tls_port"), server_hostname="api.huifu.com")


def by_a_deeper_name(running: Running) -> socket.socket:
    return running.context.wrap_socket(running.connected(), server_hostname="a.b.huifu.com")


def without_a_name(running: Running) -> socket.socket:
    context = ssl.create_default_context(cadata=running.about["ca_pem"])
    context.check_hostname = False
    return context.wrap_socket(running.connected())


def by_the_address_of_javas_hosts_file(running: Running) -> socket.socket:
    return by_socks(running, "192.0.2.1")


ROUTES = [
    by_connect, by_socks, by_tls, by_tls_port, by_a_deeper_name, without_a_name, by_the_address_of_javas_hosts_file,
]  # fmt: skip


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.__name__)
def test_a_close_is_answered_by_every_route(route, running: Running):
    with running.server.tenant() as tenant, route(running) as sock:
        reply = asked(sock, posted(body(tenant, tenant.orders.add())))
    assert b'"resp_code":"00000000"' in reply


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_is_asked_with_the_whole_address_too(scheme: str, running: Running):
    """curl does so for http, axios for https."""
    with running.server.tenant() as tenant, running.connected() as sock:
        reply = asked(sock, posted(body(tenant, tenant.orders.add()), f"{scheme}://api.huifu.com{CLOSE}"))
    assert b'"resp_code":"00000000"' in reply


def test_a_connection_is_used_again(running: Running):
    with running.server.tenant() as tenant, by_connect(running) as sock:
        for _ in range(2):
            sock.sendall(posted(body(tenant, tenant.orders.add())).replace(b"Connection: close\r\n", b""))
            received = b""
            while not received.endswith(b'"}'):
                received += sock.recv(65536)
            assert b'"resp_code":"00000000"' in received


def test_faults_act_through_tls(running: Running):
    with running.server.tenant() as tenant, by_connect(running) as sock:
        order = tenant.orders.add()
        tenant.faults.add(fault="reset-after-commit")
        sock.sendall(posted(body(tenant, order)))
        assert everything(sock) == b""
        assert tenant.orders.get(order.req_seq_id).close_stat == "S"


def test_http_1_1_is_what_alpn_tells(running: Running):
    context = ssl.create_default_context(cadata=running.about["ca_pem"])
    context.set_alpn_protocols(["h2", "http/1.1"])
    with context.wrap_socket(running.connected(), server_hostname="api.huifu.com") as sock:
        assert sock.selected_alpn_protocol() == "http/1.1"


# --- what is refused


def test_another_host_is_refused_with_a_reason_and_an_entry(fresh: Running):
    with fresh.connected() as sock:
        reply = connect(sock, "example.com:443") + everything(sock)
    assert reply.startswith(b"HTTP/1.1 403 ")
    problem = json.loads(reply.partition(b"\r\n\r\n")[2])
    assert "'example.com:443' is not Huifu's" in problem["detail"]
    assert "--intercept-others tunnel" in problem["detail"]
    [entry] = fresh.refusals("elsewhere")
    assert (entry["method"], entry["path"], entry["status"]) == ("CONNECT", "example.com:443", 403)
    assert f"Huifu-Mock-Call: {entry['id']}".encode() in reply


def test_another_host_is_refused_by_socks(fresh: Running):
    with fresh.connected() as sock:
        assert socks(sock, "example.com")[:2] == b"\x05\x02"
    assert fresh.refusals("elsewhere")[0]["method"] == "SOCKS5"


def test_another_host_is_refused_for_plain_http(fresh: Running):
    with fresh.connected() as sock:
        assert asked(sock, posted(b"{}", "http://example.com/x")).startswith(b"HTTP/1.1 403 ")
    assert fresh.refusals("elsewhere")[0]["path"] == "http://example.com/x"


def test_a_name_that_only_ends_like_huifu_s_is_another_host(running: Running):
    for host in ("nothuifu.com", "huifu.com.example", "api.huifu.com.evil.example"):
        with running.connected() as sock:
            assert connect(sock, f"{host}:443").startswith(b"HTTP/1.1 403 ")


def test_a_wrong_name_in_tls_gets_no_certificate_for_it(fresh: Running):
    with fresh.connected() as sock, pytest.raises(ssl.SSLCertVerificationError, match="example"):
        fresh.context.wrap_socket(sock, server_hostname="example.com")
    assert fresh.refusals("elsewhere")[0]["path"] == "example.com"


def test_a_wrong_name_in_tls_is_refused_even_if_the_client_checks_nothing(running: Running):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with context.wrap_socket(running.connected(), server_hostname="example.com") as sock:
        assert asked(sock, posted(b"{}")).startswith(b"HTTP/1.1 403 ")


def test_the_port_itself_says_what_it_is(running: Running):
    with running.connected() as sock:
        reply = asked(sock, posted(b"{}", host="127.0.0.1"))
    assert reply.startswith(b"HTTP/1.1 421 ")
    assert running.server.base_url.encode() in reply


# --- bad openings

HTTP2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
BAD = {
    "no proxy's line": (b"CONNECT api.huifu.com HTTP/1.1\r\n\r\n", b"HTTP/1.1 400 ", "opening"),
    "a port too high": (b"CONNECT api.huifu.com:65536 HTTP/1.1\r\n\r\n", b"HTTP/1.1 400 ", "opening"),
    "half a CONNECT": (b"CONNECT api.hui", b"HTTP/1.1 408 ", "slow"),
    "an endless CONNECT": (b"CONNECT " + b"a" * 20_000, b"HTTP/1.1 431 ", "opening"),
    "SOCKS4": (b"\x04\x01\x01\xbb\x7f\x00\x00\x01\x00", b"\x00\x5b", "opening"),
    "SOCKS5 with a password": (b"\x05\x01\x02", b"\x05\xff", "opening"),
    "SOCKS5, BIND": (b"\x05\x01\x00\x05\x02\x00\x01\x7f\x00\x00\x01\x01\xbb", b"\x05\x00\x05\x07", "opening"),
    "SOCKS5, address of no kind": (b"\x05\x01\x00\x05\x01\x00\x09", b"\x05\x00\x05\x08", "opening"),
    "half a SOCKS5": (b"\x05\x03\x00", b"", "slow"),
    "half a TLS hello": (b"\x16\x03\x01\x02\x00\x01", b"", "slow"),
    "TLS that is none": (b"\x16\x03\x01\x00\x05hello", b"", "certificate"),
    "neither": (b"\x00\x01\x02", b"", "opening"),
    "HTTP/2": (HTTP2, b"\x00\x00\x00\x04", "opening"),
    "a first line that is none": (b"GET\r\n\r\n", b"HTTP/1.0 400 ", "http"),
    "talk of another kind in a tunnel": (
        b"CONNECT api.huifu.com:443 HTTP/1.1\r\n\r\n\x00",
        b"HTTP/1.1 200 ",
        "opening",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_opening_gets_a_clear_answer_or_a_closed_connection(case: str, running: Running, hasty: Running):
    sent, answer, kind = BAD[case]
    asking = emptied(hasty if kind == "slow" else running)
    with loop_held(asking.server):  # or the first byte itself might be late
        sock = asking.connected()
        sock.sendall(sent)
    with sock:
        reply = everything(sock)
    assert reply.startswith(answer)
    assert reply == b"" or answer != b""
    [entry] = asking.refusals(kind)
    assert entry["hint"]


def test_plain_http_to_the_tls_port_is_told_so(fresh: Running):
    with fresh.connected("tls_port") as sock:
        reply = asked(sock, posted(b"{}"))
    assert reply.startswith(b"HTTP/1.1 400 ")
    assert b"speaks TLS alone; call it as https://" in reply


def test_a_client_that_does_not_trust_the_ca_is_explained(fresh: Running):
    with fresh.connected() as sock, pytest.raises(ssl.SSLCertVerificationError):
        ssl.create_default_context().wrap_socket(sock, server_hostname="api.huifu.com")
    tenant = fresh.server.default
    path = f"/_mock/tenants/{tenant.sys_id}/journal"
    found = tenant._link.ask("GET", path, query={"unmatched": "certificate", "wait": 10})["items"]
    assert "does not trust the CA (alert unknown_ca); give it the CA: `huifu-mock ca`" in found[0]["hint"]


def test_every_alert_of_a_pinning_client_is_put_in_words():
    for reason in _WHY:
        error = ssl.SSLError(1, f"[SSL: {reason}] words")
        error.reason = reason
        assert explained(error) is not None
    assert explained(ConnectionResetError()) is None


# --- other hosts let through


class Elsewhere(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"got " + sent)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def elsewhere() -> Iterator[int]:
    """A server on this machine that is not ours."""
    with HTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("way", ["connect", "socks", "absolute"])
def test_this_machine_is_always_let_through(way: str, running: Running, elsewhere: int):
    with running.connected() as sock:
        if way == "connect":
            assert connect(sock, f"127.0.0.1:{elsewhere}").startswith(b"HTTP/1.1 200 ")
        elif way == "socks":
            assert socks(sock, "127.0.0.1", elsewhere)[1] == 0
        target = f"http://127.0.0.1:{elsewhere}/x" if way == "absolute" else "/x"
        assert asked(sock, posted(b"hello", target, "127.0.0.1")).endswith(b"got hello")


def test_a_dead_host_is_named(running: Running):
    holder, port = ports.held()
    with holder, running.connected() as sock:
        reply = connect(sock, f"127.0.0.1:{port}") + everything(sock)
    assert reply.startswith(b"HTTP/1.1 502 ")
    assert f"127.0.0.1:{port} cannot be reached".encode() in reply


class Upstream:
    """A proxy that notes the first line of what it is asked, and passes nobody on."""

    def __init__(self) -> None:
        self.server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://user:pass%21@127.0.0.1:{self.server.getsockname()[1]}"
        self.heads: list[bytes] = []
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self) -> None:
        for _ in range(2):
            sock, _ = self.server.accept()
            with sock:
                self.heads.append(sock.recv(4096))
                sock.sendall(b"HTTP/1.1 407 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


def test_other_hosts_go_on_to_the_proxy_that_was_set_before():
    upstream = Upstream()
    with huifu_mock.Server() as server:
        running = Running(server, tunnel=True, proxy=upstream.url)
        with running.connected() as sock:
            reply = connect(sock, "example.com:443") + everything(sock)
        with running.connected() as sock:
            plain = asked(sock, posted(b"x", "http://example.com/y", "example.com"))
    upstream.thread.join()
    assert reply.startswith(b"HTTP/1.1 502 ")
    assert b"answers HTTP/1.1 407" in reply
    assert plain.startswith(b"HTTP/1.1 407 ")
    assert upstream.heads[0].startswith(b"CONNECT example.com:443 HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic dXNlcjpwYXNzIQ==" in upstream.heads[0]
    assert upstream.heads[1].startswith(b"POST http://example.com/y HTTP/1.1\r\n")
    upstream.server.close()


def test_an_open_proxy_for_everybody_is_refused():
    with huifu_mock.Server() as server, pytest.raises(huifu_mock.CannotListen, match="an open proxy for everybody"):
        server.intercept(InterceptOptions(host="0.0.0.0", tunnel=True))


# --- ports


def test_a_taken_port_is_named_with_its_option(running: Running):
    with huifu_mock.Server() as server, pytest.raises(huifu_mock.CannotListen, match="choose another with --intercept"):
        server.intercept(InterceptOptions(port=running.about["port"]))


def test_a_privileged_port_is_refused_with_the_two_ways_out(monkeypatch):
    def no(address: tuple[str, int], original: Any = socket.create_server, **more: Any) -> socket.socket:
        if address[1] == 443:
            raise PermissionError(13, "Permission denied")
        return original(address, **more)

    with huifu_mock.Server() as server:
        monkeypatch.setattr(socket, "create_server", no)
        with pytest.raises(
            huifu_mock.CannotListen, match=r"two ways out: .*ip_unprivileged_port_start=443.*--tls-port out"
        ):
            server.intercept(InterceptOptions(tls_port=443))


# --- thousands


def garbage(chance: random.Random) -> bytes:
    """An opening that begins like anything, and goes on like nothing."""
    starts = [
        b"",
        b"CONNECT ",
        b"CONNECT a:1 HTTP/1.1\r\n\r\n",
        b"\x05\x01\x00",
        b"\x04",
        b"\x16\x03\x01",
        b"GET / ",
        b"\xff",
        HTTP2,
    ]
    return chance.choice(starts) + chance.randbytes(chance.randrange(40))


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_thousands_of_garbage_openings_leave_nothing_behind(caplog: pytest.LogCaptureFixture):
    chance, open_files = random.Random(13), Path("/proc/self/fd")
    with huifu_mock.Server() as server:
        running = Running(server, patience=0.5)
        before = len(list(open_files.iterdir())) if open_files.exists() else 0
        reset = struct.pack("ii", 1, 0)
        for number in range(3_000):
            with running.connected() as sock:
                sock.send(garbage(chance))
                if number % 2:  # half of them are cut, the others closed in order
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
        with running.server.tenant() as tenant, by_connect(running) as sock:
            assert b'"resp_code":"00000000"' in asked(sock, posted(body(tenant, tenant.orders.add())))
        with running.connected() as sock:  # the last ones may still be waited for
            everything(sock)
        gc.collect()
        if open_files.exists():
            assert len(list(open_files.iterdir())) <= before + 2
    assert not [record for record in caplog.records if record.exc_info]


# --- secrets


def test_the_ca_s_key_is_nowhere_to_be_read(fresh: Running, tmp_path: Path, caplog: pytest.LogCaptureFixture):
    with huifu_mock.Server() as server:
        running = Running(server, ca_dir=tmp_path / "ca")
        key = (tmp_path / "ca" / "ca-key.pem").read_text()
        with running.connected() as sock:
            connect(sock, "example.com:443")
        told = json.dumps([server.about(), running.refusals("elsewhere")]) + caplog.text
        environment = json.dumps(server.intercept().variables())
        files = "".join(
            path.read_text("utf-8", "replace") for path in server.intercept()._folder.rglob("*") if path.is_file()
        )
    assert "PRIVATE KEY" in key
    assert "PRIVATE KEY" not in told + environment + files
    assert key.splitlines()[1] not in told + environment + files


def test_the_files_are_gone_with_the_server():
    with huifu_mock.Server() as server:
        folder = server.intercept()._folder
        assert folder.is_dir()
    assert not os.path.exists(folder)
