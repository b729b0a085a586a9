"""A request whose head came before is answered as by aiohttp, however its bytes are cut, and whatever comes between."""

import socket
from typing import Final

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st
from rawclient import body
from wired import CLOSE, connected, head, received

import huifu_mock
from huifu_mock.http.connection import can_answer_beside

CHUNKED: Final = [("Transfer-Encoding", "chunked")]
UNKNOWN_PATH: Final = CLOSE + "d"


def chunks(sent: bytes) -> bytes:
    return b"%x\r\n%b\r\n0\r\n\r\n" % (len(sent), sent)


def requests(base_url: str, close: bytes, refused: bytes) -> dict[str, bytes]:
    """One of each kind, as bytes; a replay needs no signature, a refusal needs one each time."""

    def plain(sent: bytes, *more: tuple[str, str], target: str = CLOSE) -> bytes:
        return head(base_url, [("Content-Length", str(len(sent))), *more], target) + sent

    return {
        "replay": plain(close),
        "refused": plain(refused),
        "session": plain(refused, target="/s/run-1" + CLOSE),
        "no JSON": plain(b"{}}"),
        "empty": plain(b""),
        "chunked": head(base_url, CHUNKED) + chunks(close),
        "unknown path": plain(close, target=UNKNOWN_PATH),
        "health": head(base_url, [], "/_mock/health", "GET"),
        "bad signature": plain(close.replace(b'"sign":"', b'"sign":"A')),
    }


NAMES: Final = tuple(requests("http://127.0.0.1", b"", b""))


Answer = tuple[bytes, list[bytes], bytes]


def answers(connection: socket.socket, count: int) -> list[Answer]:
    """Status line, names of the headers and body of so many answers, which may come all at once."""
    found: list[Answer] = []
    with connection.makefile("rb") as file:
        for _ in range(count):
            status, *lines = iter(file.readline, b"\r\n")
            headers = dict(line.lower().split(b": ", 1) for line in lines)
            found.append((status, sorted(headers), file.read(int(headers[b"content-length"]))))
    return found


@pytest.fixture
def kinds(tenant: huifu_mock.Tenant) -> dict[str, bytes]:
    closed, young = tenant.orders.add(), tenant.orders.add(age_seconds=1)
    close = body(tenant, closed)
    with connected(tenant.base_url) as connection:
        connection.sendall(head(tenant.base_url, [("Content-Length", str(len(close)))]) + close)
        assert b"00000000" in received(connection).body
    return requests(tenant.base_url, close, body(tenant, young))


def test_requests_on_one_connection_are_answered_as_each_on_its_own(
    tenant: huifu_mock.Tenant, kinds: dict[str, bytes]
) -> None:
    alone = {}
    for name, sent in kinds.items():
        with connected(tenant.base_url) as connection:
            connection.sendall(sent)
            (alone[name],) = answers(connection, 1)

    @settings(max_examples=40)
    @given(st.lists(st.sampled_from(NAMES), min_size=2, max_size=6), st.data())
    def check(names: list[str], data: st.DataObject) -> None:
        whole = b"".join(kinds[name] for name in names)
        ends = [sum(len(kinds[name]) for name in names[:count]) for count in range(len(names))]
        cuts = data.draw(st.lists(st.integers(0, len(whole)) | st.sampled_from(ends), max_size=6).map(sorted))
        with connected(tenant.base_url) as other, connected(tenant.base_url) as connection:
            assert other.fileno() != connection.fileno()  # while two are open, a thread signs
            for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True):
                connection.sendall(whole[start:end])
            assert answers(connection, len(names)) == [alone[name] for name in names]

    check()


@pytest.mark.parametrize("name", ["replay", "refused", "session"])
def test_a_known_head_needs_no_parser_and_its_call_is_kept_like_the_first(
    name: str,
    server: huifu_mock.Server,
    tenant: huifu_mock.Tenant,
    kinds: dict[str, bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answered = []
    answer_known = server._http.answer_known
    listener = server._http._listeners[0]

    def counted(*known: object) -> bool:
        answered.append(known)
        return answer_known(*known)  # type: ignore[arg-type]  # it is handed what it is called with

    monkeypatch.setattr(listener, "answer_known", counted)
    with connected(tenant.base_url) as connection:
        for _ in range(3):
            connection.sendall(kinds[name])
            assert received(connection).status == 200
    first, *later = [*tenant.journal.entries()][-3:]
    assert len(answered) >= 2
    for call in later:
        assert {**call, "id": "", "duration_ms": 0} == {**first, "id": "", "duration_ms": 0}


def test_a_prepared_fault_is_applied_to_a_request_with_a_known_head(
    tenant: huifu_mock.Tenant, kinds: dict[str, bytes]
) -> None:
    with connected(tenant.base_url) as connection:
        connection.sendall(kinds["replay"])
        assert received(connection).status == 200
        tenant.faults.add(fault="status", status=502)
        connection.sendall(kinds["replay"])
        assert received(connection).status == 502
        connection.sendall(kinds["replay"])
        assert b"00000000" in received(connection).body


def test_a_client_that_leaves_before_its_reply_is_signed_leaves_its_call_in_the_journal(
    tenant: huifu_mock.Tenant, kinds: dict[str, bytes]
) -> None:
    before = len(tenant.journal.calls())
    with connected(tenant.base_url) as other, connected(tenant.base_url) as leaving:
        leaving.sendall(kinds["refused"])
        received(leaving)
        leaving.sendall(kinds["refused"])
        leaving.close()
        other.sendall(kinds["refused"])  # the server goes on
        assert received(other).status == 200
    assert len(tenant.journal.calls()) == before + 3


def test_where_aiohttp_does_not_tell_what_is_needed_it_answers_everything() -> None:
    class Other:
        _waiter = None

    assert can_answer_beside(web.RequestHandler)
    assert not can_answer_beside(Other)
