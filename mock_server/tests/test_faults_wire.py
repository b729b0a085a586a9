"""Faults on the wire, seen from the other end of a socket."""

import asyncio
import gzip
import logging
import socket
import struct
import threading
from typing import Any

import pytest
from rawclient import Client, body, headers_of, told

import huifu_mock
from huifu_mock.faults.wire import WIRE
from huifu_mock.signing import Reply

FOR_EVER = 3600
"""Longer than any test: what waits for it has not come."""


def only_call(tenant: huifu_mock.Tenant) -> huifu_mock.Call:
    (call,) = tenant.journal.calls()
    return call


def test_delay_carries_out_the_close_before_the_answer_comes(tenant: huifu_mock.Tenant) -> None:
    order = tenant.orders.add()
    tenant.faults.add(fault="delay", seconds=FOR_EVER, strict=True)
    with Client(tenant) as client:
        client.send(body(tenant, order))
        call = tenant.journal.wait_for(org_req_seq_id=order.req_seq_id)
        assert client.silent
        assert tenant.orders.get(order.req_seq_id).close_stat == "S"
        assert (call.reason, call.response, call.faults) == ("CLOSED", None, ("delay",))


def test_a_delayed_answer_arrives_whole(tenant: huifu_mock.Tenant) -> None:
    tenant.faults.add(fault="delay", seconds=0.001)
    client = told(tenant, tenant.orders.add())
    assert client.signature_holds
    assert only_call(tenant).response == client.body.decode()


@pytest.mark.parametrize("fault", ["html", "drip", "truncated", "empty-body"])
async def test_a_client_that_hangs_up_before_the_head_leaves_no_failure_in_the_log(
    fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with huifu_mock.Server() as server:
        tenant = server.tenant()
        for number in "123":
            tenant.faults.add(fault=fault)
            client = Client(tenant)
            client.send(body(tenant, req_seq_id=number))  # the server's loop is ours: it reads this afterwards
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.socket.close()
        for number in "123":
            call = await asyncio.to_thread(tenant.journal.wait_for, req_seq_id=number)
            assert (call.faults, call.response) == ((fault,), None)
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_hang_carries_nothing_out_and_says_nothing(tenant: huifu_mock.Tenant) -> None:
    order = tenant.orders.add()
    tenant.faults.add(fault="hang")
    with Client(tenant) as client:
        client.send(body(tenant, order))
        call = tenant.journal.wait_for(org_req_seq_id=order.req_seq_id)
        assert client.silent
    assert (call.reason, call.resp_code, call.response, call.faults) == (None, "", None, ("hang",))
    assert tenant.orders.get(order.req_seq_id).close_stat == ""
    assert told(tenant, order).envelope["data"]["trans_stat"] == "S"


def test_hang_may_come_after_the_close_was_carried_out(tenant: huifu_mock.Tenant) -> None:
    order = tenant.orders.add()
    tenant.faults.add(fault="hang", when="after")
    with Client(tenant) as client:
        client.send(body(tenant, order))
        assert tenant.journal.wait_for(org_req_seq_id=order.req_seq_id).reason == "CLOSED"
        assert client.silent
    assert tenant.orders.get(order.req_seq_id).close_stat == "S"


def test_a_hanging_call_ends_with_the_server() -> None:
    with huifu_mock.Server() as server:
        tenant = server.tenant()
        tenant.faults.add(fault="hang")
        client = Client(tenant).send(body(tenant))
        tenant.journal.wait_for()
    assert client.to_the_end() in ("closed", "reset")
    client.socket.close()


def test_a_hanging_call_does_not_hold_an_auto_clock(tenant: huifu_mock.Tenant) -> None:
    tenant.clock.auto()
    slow = tenant.orders.add(settle="processing", settle_seconds=5)
    tenant.faults.add(fault="hang", match={"org_req_seq_id": "no-such-order"})
    before = tenant.clock.now()
    with Client(tenant) as client:
        client.send(body(tenant))
        tenant.journal.wait_for()
        assert told(tenant, slow).envelope["data"]["trans_stat"] == "P"
        told(tenant, tenant.orders.add())  # the loop has gone round
        assert tenant.orders.get(slow.req_seq_id).close_stat == "S"
        assert (tenant.clock.now() - before).total_seconds() == 5


def test_drip_sends_the_body_piece_by_piece(tenant: huifu_mock.Tenant) -> None:
    tenant.faults.add(fault="drip", bytes=3, seconds=FOR_EVER)
    with Client(tenant) as client:
        client.send(body(tenant, tenant.orders.add()))
        assert client.until(lambda got: len(got.partition(b"\r\n\r\n")[2]) >= 3) == "enough"
        assert client.body == b'{"d'
        assert int(client.header("Content-Length")) > 600
    assert only_call(tenant).response == '{"d'


def test_a_dripped_answer_arrives_whole_in_the_end(tenant: huifu_mock.Tenant) -> None:
    tenant.faults.add(fault="drip", bytes=100, seconds=0)
    client = told(tenant, tenant.orders.add())
    assert client.signature_holds
    assert only_call(tenant).response == client.body.decode()


@pytest.mark.parametrize("fault", ["reset-before-read", "reset-before-commit"])
def test_a_reset_before_leaves_the_order_open_and_the_request_in_the_journal(
    tenant: huifu_mock.Tenant, fault: str
) -> None:
    order = tenant.orders.add()
    tenant.faults.add(fault=fault)
    sent = body(tenant, order)
    with Client(tenant) as client:
        assert client.send(sent).to_the_end() == "reset"
        assert client.received == b""
    call = only_call(tenant)
    assert (call.body, call.reason, call.response, call.faults) == (sent, None, None, (fault,))
    assert tenant.orders.get(order.req_seq_id).close_stat == ""


def test_reset_after_commit_loses_the_answer_of_a_close_that_happened(tenant: huifu_mock.Tenant) -> None:
    order = tenant.orders.add()
    tenant.faults.add(fault="reset-after-commit")
    sent = body(tenant, order)
    with Client(tenant) as client:
        assert client.send(sent).to_the_end() == "reset"
        assert client.received == b""
    call = only_call(tenant)
    assert (call.reason, call.resp_code, call.response) == ("CLOSED", "00000000", None)
    with Client(tenant) as client:
        client.send(sent).whole()
        assert client.envelope["data"]["trans_stat"] == "S"


def test_close_silently_ends_the_connection_in_order(tenant: huifu_mock.Tenant) -> None:
    order = tenant.orders.add()
    tenant.faults.add(fault="close-silently")
    with Client(tenant) as client:
        assert client.send(body(tenant, order)).to_the_end() == "closed"
        assert client.received == b""
    assert only_call(tenant).response is None
    assert tenant.orders.get(order.req_seq_id).close_stat == "S"


def test_empty_body_is_http_200_with_nothing(tenant: huifu_mock.Tenant) -> None:
    tenant.faults.add(fault="empty-body")
    client = told(tenant, tenant.orders.add())
    assert (client.status, client.header("Content-Length"), client.body) == (200, "0", b"")
    assert only_call(tenant).response == ""


def test_truncated_promises_more_than_it_sends(tenant: huifu_mock.Tenant) -> None:
    tenant.faults.add(fault="truncated", bytes=11)
    with Client(tenant) as client:
        assert client.send(body(tenant, tenant.orders.add())).to_the_end() == "closed"
        assert client.body == b'{"data":{"h'
        assert int(client.header("Content-Length")) > 600


def test_truncated_never_sends_the_whole(tenant: huifu_mock.Tenant) -> None:
    tenant.faults.add(fault="truncated", bytes=100_000)
    with Client(tenant) as client:
        assert client.send(body(tenant, tenant.orders.add())).to_the_end() == "closed"
        assert len(client.body) == int(client.header("Content-Length")) - 1


def test_html_is_a_page_with_200(tenant: huifu_mock.Tenant) -> None:
    tenant.faults.add(fault="html")
    client = told(tenant, tenant.orders.add())
    assert (client.status, client.header("Content-Type")) == (200, "text/html; charset=UTF-8")
    assert client.body.startswith(b"<html>")
    assert only_call(tenant).response == client.body.decode()


@pytest.mark.parametrize(
    ("status", "kind", "content_type", "begins"),
    [
        (502, "html", "text/html; charset=UTF-8", b"<html>\n<head><title>502 Bad Gateway"),
        (500, "json", "application/json;charset=UTF-8", b'{"resp_code":"99999999"'),
        (503, "nothing", "application/json;charset=UTF-8", b""),
        (401, "json", "application/json;charset=UTF-8", b'{"resp_code":"99999999"'),
        (922, "json", "application/json;charset=UTF-8", b'{"resp_code":"40002"'),
        (302, "html", "text/html; charset=UTF-8", b"<html>"),
        (999, "html", "text/html; charset=UTF-8", b"<html>\n<head><title>999<"),
        (502, "signed", "application/json;charset=UTF-8", b'{"data":{"huifu_id":'),
        (204, "html", "", b""),
    ],
)
def test_status_answers_with_any_status(
    tenant: huifu_mock.Tenant, status: int, kind: str, content_type: str, begins: bytes
) -> None:
    order = tenant.orders.add()
    tenant.faults.add(fault="status", status=status, body=kind)
    with Client(tenant) as client:
        client.send(body(tenant, order)).until(lambda got: b"\r\n\r\n" in got and (status == 204 or _complete(got)))
        assert client.status == status
        assert client.body.startswith(begins)
        if content_type:
            assert client.header("Content-Type") == content_type
        assert client.header("Location") == ("/" if status == 302 else "")
    assert tenant.orders.get(order.req_seq_id).close_stat == "S"


def _complete(got: bytes) -> bool:
    return len(got.partition(b"\r\n\r\n")[2]) >= int(headers_of(got)["content-length"])


def test_a_redirect_leads_where_it_is_told(tenant: huifu_mock.Tenant) -> None:
    tenant.faults.add(fault="status", status=307, location="https://login.invalid/")
    assert told(tenant, tenant.orders.add()).header("Location") == "https://login.invalid/"


def test_stale_keep_alive_promises_what_it_does_not_keep(tenant: huifu_mock.Tenant) -> None:
    tenant.faults.add(fault="stale-keep-alive")
    with Client(tenant) as client:
        assert client.send(body(tenant, tenant.orders.add())).whole() == "enough"
        assert client.signature_holds
        assert client.header("Connection").lower() == "keep-alive"
        assert client.to_the_end() == "closed"


def test_without_a_fault_the_connection_stays_open(tenant: huifu_mock.Tenant) -> None:
    with Client(tenant) as client:
        client.send(body(tenant, tenant.orders.add())).whole()
        client.received = b""
        assert client.send(body(tenant)).whole() == "enough"


@pytest.mark.parametrize(
    ("asked", "packed"),
    [("gzip", True), ("deflate, GZIP;q=0.5", True), ("*", True), ("gzip;q=0", False), ("identity", False), ("", False)],
)
def test_gzip_comes_only_if_it_is_asked_for(tenant: huifu_mock.Tenant, asked: str, packed: bool) -> None:
    fault = tenant.faults.add(fault="gzip")
    client = told(tenant, tenant.orders.add(), *([("Accept-Encoding", asked)] if asked else []))
    assert client.header("Content-Encoding") == ("gzip" if packed else "")
    assert fault.used == packed
    plain = gzip.decompress(client.body) if packed else client.body
    assert only_call(tenant).response == plain.decode()


@pytest.mark.parametrize(("charset", "sent"), [("utf-8", "关单".encode()), ("gbk", "关单".encode("gbk"))])
def test_other_body_is_what_the_test_gives(tenant: huifu_mock.Tenant, charset: str, sent: bytes) -> None:
    tenant.faults.add(fault="other-body", content="关单", charset=charset)
    client = told(tenant, tenant.orders.add())
    assert (client.status, client.body) == (200, sent)


def test_chunked_sends_the_whole_reply_in_pieces_without_its_length(tenant: huifu_mock.Tenant) -> None:
    tenant.faults.add(fault="chunked", bytes=100)
    with Client(tenant) as client:
        client.send(body(tenant, tenant.orders.add()), ("Connection", "close")).to_the_end()
    whole = (only_call(tenant).response or "").encode()
    assert client.header("Transfer-Encoding") == "chunked"
    assert not client.header("Content-Length")
    pieces = [whole[at : at + 100] for at in range(0, len(whole), 100)]
    assert client.body == b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


@pytest.mark.parametrize("status", [100, 102, 103])
def test_interim_comes_before_the_reply_and_changes_nothing_in_it(tenant: huifu_mock.Tenant, status: int) -> None:
    tenant.faults.add(fault="interim", interim_status=status)
    with Client(tenant) as client:
        client.send(body(tenant, tenant.orders.add()), ("Connection", "close")).to_the_end()
    first, _, client.received = client.received.partition(b"\r\n\r\n")
    assert first.split(b" ", 2)[:2] == [b"HTTP/1.1", str(status).encode()]
    assert (client.status, client.signature_holds) == (200, True)
    call = only_call(tenant)
    assert (call.status, call.response) == (200, client.body.decode())


@pytest.mark.parametrize("fault", ["interim", "chunked"])
def test_what_http_1_0_does_not_know_is_not_sent_to_it(tenant: huifu_mock.Tenant, fault: str) -> None:
    waiting = tenant.faults.add(fault=fault)
    with Client(tenant) as client:
        client.send(body(tenant, tenant.orders.add()), version="HTTP/1.0").to_the_end()
    assert (client.status, int(client.header("Content-Length"))) == (200, len(client.body))
    assert client.signature_holds
    assert (waiting.used, waiting.left) == (0, 1)


def test_lower_case_headers_changes_their_names_alone(tenant: huifu_mock.Tenant) -> None:
    tenant.faults.add(fault="lower-case-headers")
    client = told(tenant, tenant.orders.add())
    names = [line.partition(b":")[0] for line in client.received.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]]
    assert {b"content-type", b"content-length", b"huifu-mock-call"} <= set(names)
    assert {b"Content-Type", b"Content-Length", b"Huifu-Mock-Call"}.isdisjoint(names)
    assert (client.status, client.signature_holds) == (200, True)


def test_content_type_changes_the_header_alone(tenant: huifu_mock.Tenant) -> None:
    tenant.faults.add(fault="content-type", content_type="text/json")
    client = told(tenant, tenant.orders.add())
    assert client.header("Content-Type") == "text/json"
    assert client.signature_holds


def test_every_wire_fault_has_a_test_of_its_own_here() -> None:
    with open(__file__, encoding="utf-8") as here:
        text = here.read()
    assert [kind.id for kind in WIRE if f'"{kind.id}"' not in text] == []


@pytest.mark.parametrize("kind", [kind for kind in WIRE if not kind.stops], ids=lambda kind: kind.id)
def test_a_wire_fault_spoils_the_answer_and_never_the_close(tenant: huifu_mock.Tenant, kind: object) -> None:
    id_ = kind.id  # type: ignore[attr-defined] # a row of the table
    seconds = {"seconds": 0} if id_ in ("delay", "drip", "stale-keep-alive") else {}
    order = tenant.orders.add()
    with (
        tenant.faults.add(fault=id_, strict=True, **seconds),
        Client(tenant) as client,
    ):
        client.send(body(tenant, order), ("Accept-Encoding", "gzip"), ("Connection", "close")).to_the_end()
    call = only_call(tenant)
    assert (call.reason, call.resp_code, call.signature_ok) == ("CLOSED", "00000000", True)
    assert call.faults == (id_,)
    assert tenant.orders.get(order.req_seq_id).close_stat == "S"
    if client.received and id_ not in ("gzip", "chunked", "interim"):
        assert call.response == client.body.decode()


def test_a_delay_and_another_fault_act_on_one_call(tenant: huifu_mock.Tenant) -> None:
    tenant.faults.add(fault="html")
    tenant.faults.add(fault="delay", seconds=0)
    assert told(tenant, tenant.orders.add()).body.startswith(b"<html>")
    assert only_call(tenant).faults == ("delay", "html")


def test_a_fault_that_waits_is_not_taken_by_a_second_call(tenant: huifu_mock.Tenant) -> None:
    tenant.faults.add(fault="delay", seconds=FOR_EVER)
    with Client(tenant) as first:
        first.send(body(tenant))
        tenant.journal.wait_for()
        assert told(tenant).signature_holds
        assert first.silent


def test_faults_act_on_an_unsigned_refusal_with_its_own_status(tenant: huifu_mock.Tenant) -> None:
    tenant.patch(bad_signature="http-922")
    tenant.faults.add(fault="drip", bytes=50, seconds=0)
    sent = body(tenant).replace(b'"sign":"', b'"sign":"AAAA')
    with Client(tenant) as client:
        client.send(sent).whole()
        assert client.status == 922


@pytest.mark.parametrize("order_of", ["pay", "advance"])
def test_a_race_comes_between_the_reply_and_the_webhook(tenant: huifu_mock.Tenant, order_of: str) -> None:
    order = tenant.orders.add(settle="processing", settle_seconds=5)
    seconds = {"seconds": 5} if order_of == "advance" else {}
    fault = tenant.faults.add(race=order_of, at="between_reply_and_webhook", **seconds)
    assert told(tenant, order).envelope["data"]["trans_stat"] == "P"
    fault.assert_used(1)
    assert tenant.orders.get(order.req_seq_id).close_stat == {"pay": "F", "advance": "S"}[order_of]


def test_the_reply_is_sent_before_the_webhook_and_the_race_comes_in_between(tenant: huifu_mock.Tenant) -> None:
    with socket.create_server(("127.0.0.1", 0)) as receiver, Client(tenant) as client:
        receiver.settimeout(30)
        tenant.webhooks.add(f"http://127.0.0.1:{receiver.getsockname()[1]}/")
        fault = tenant.faults.add(race="advance", at="between_reply_and_webhook", seconds=1)
        client.send(body(tenant, tenant.orders.add()))
        pushed, _ = receiver.accept()
        with pushed:
            assert not client.silent
            fault.assert_used(1)


def test_the_clock_may_move_on_just_as_a_close_settles(tenant: huifu_mock.Tenant) -> None:
    order = tenant.orders.add(settle="processing", settle_seconds=5)
    fault = tenant.faults.add(race="advance", at="before_settle", seconds=100)
    before = tenant.clock.now()
    told(tenant, order)
    tenant.clock.advance(5)
    told(tenant)  # the loop has gone round
    assert (tenant.clock.now() - before).total_seconds() == 105
    assert (fault.used, fault.without_effect) == (1, 0)
    assert tenant.orders.get(order.req_seq_id).close_stat == "S"


@pytest.mark.parametrize("fault", [{"fault": "delay", "seconds": 0.001}, {"fault": "status", "status": 503}])
def test_a_spoilt_reply_is_signed_in_a_thread_while_another_client_is_connected(
    tenant: huifu_mock.Tenant, monkeypatch: pytest.MonkeyPatch, fault: dict[str, Any]
) -> None:
    signing: list[str] = []
    sign = Reply.sign

    def noted(reply: Reply) -> bytes:
        if not reply.is_signed:
            signing.append(threading.current_thread().name)
        return sign(reply)

    monkeypatch.setattr(Reply, "sign", noted)
    tenant.faults.add(**fault)
    with Client(tenant):
        told(tenant, tenant.orders.add())
    assert len(signing) == 1
    assert signing != ["huifu-mock"]
