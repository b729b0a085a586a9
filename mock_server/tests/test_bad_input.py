"""Whatever is sent: no exception, always a signed answer that is valid, 10000000 where it is due."""

import gzip
import hashlib
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from desk import Answered, Desk, opened
from hypothesis import example, given
from hypothesis import strategies as st
from wired import CLOSE, connected, head, post, received

import huifu_mock
from huifu_mock.request import KEPT

CALL = Desk()
"""One desk for all examples: nothing sent here is ever carried out."""
ORDER = CALL.order(trans_stat="S")
GOOD = CALL.data(ORDER)

EMPTY = {"huifu_id": "", "req_date": "", "req_seq_id": "", "org_req_date": ""}


def refused(body: bytes) -> Answered:
    """An answer that must be 10000000, with the rule that gave it."""
    answered = CALL.send(body)
    assert (answered.reply["resp_code"], answered.reply["trans_stat"]) == ("10000000", "F"), answered.reply
    assert answered.reply["resp_desc"] == "入参数据不符合接口要求"
    assert answered.exchange.hint
    assert answered.exchange.hint.isascii()
    assert answered.exchange.hint.isprintable()
    return answered


def echoed(answered: Answered) -> dict[str, str]:
    return {name: answered.reply[name] for name in EMPTY}


def near(**changes: Any) -> bytes:
    """A signed close in which something is wrong."""
    return CALL.body({**GOOD, **changes})


UNREADABLE = {
    "nothing": b"",
    "white space": b" \r\n\t ",
    "half an object": b'{"sys_id":"6666000108854952"',
    "a comma too many": b'{"sys_id":"6666000108854952",}',
    "two objects": b"{}{}",
    "a comment": b'{"a":1} // x',
    "single quotes": b"{'a':1}",
    "a list": b"[]",
    "a string": b'"{}"',
    "null": b"null",
    "a number": b"5",
    "NaN": b'{"a":NaN}',
    "infinity": b'{"a":-Infinity}',
    "a form": b"sys_id=6666000108854952&product_id=MCS&data=%7B%7D",
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "GBK": '{"sys_id":"中文"}'.encode("gbk"),
    "a stray byte": b'{"a":"\xff"}',
    "an overlong encoding": b'{"a":"\xc0\xaf"}',
    "a surrogate in UTF-8": b'{"a":"\xed\xa0\x80"}',
    "NUL": b"\x00",
    "NUL inside a string": b'{"a":"\x00"}',
    "a raw line end inside a string": b'{"a":"\n"}',
    "a bad escape": rb'{"a":"\x41"}',
    "what the Go SDK makes of an escape": rb'{"data":{"x":"\<"}}',
    "10,000 lists": b"[" * 10_000 + b"]" * 10_000,
    "10,000 objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "10,000 levels in data": b'{"data":{"x":' + b"[" * 10_000 + b"]" * 10_000 + b"}}",
    "10,000 levels that never end": b"[" * 10_000,
    "half of a pair": rb'{"data":{"x":"\ud800"}}',
    "half of a pair as a name": rb'{"data":{"\udfff":"x"}}',
    "half of a pair behind a repeated name": rb'{"sign":"AAAA","data":{"x":"\ud800","x":"y"}}',
    "a repeated name, then garbage": b'{"a":{"b":1,"b":2},,}',
    "a repeated name, then NaN": b'{"a":{"b":1,"b":2},"c":NaN}',
    "a string without an end after many brackets": b"[]" * 200 + b'"' + b'\\"[' * 200_000,
    "many quotes": b'"' * 100_001,
    "a huge number alone": b"9" * 100_000,
    "escapes without a string": rb"\u0000" * 1000,
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_is_refused_with_empty_echoes(body: bytes) -> None:
    answered = refused(body)
    assert answered.row == "1"
    assert echoed(answered) == EMPTY
    kept = answered.exchange.entry.sent
    assert (kept.length, kept.sha256) == (len(body), hashlib.sha256(body).hexdigest())
    assert kept.body == body[:KEPT]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "is empty"),
        (b"[]", "an array"),
        (b"a=1&b=2", "looks like a form"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        ('{"a":"中"}'.encode("gbk"), "UTF-8"),
        (b"[" * 200, "deeper than 100 levels"),
        (rb'{"x":"\ud800"}', "surrogate"),
        (rb'{"x":"\<"}', "Go SDK"),
        (b'{"sys_id":"x","sys_id":"y"}', "sys_id: stands twice"),
        (b'{"product_id":"MCS","data":{}}', "sys_id: is missing"),
        (b'{"sys_id":"","product_id":"MCS","data":{}}', "sys_id: is empty"),
        (b'{"sys_id":"66","product_id":"MCS","data":5}', "data: is a number"),
        (b'{"sys_id":"66","product_id":"MCS","data":"{}"}', "a string that holds JSON"),
        (b'{"sys_id":"66","product_id":"MCS","data":null}', "data: is null"),
        (b'{"sys_id":"66","product_id":"MCS","data":[]}', "data: is an array"),
        (b'{"sys_id":"66","product_id":"MCS","data":{}}', "data.req_date: is missing"),
    ],
)
def test_the_hint_says_what_is_wrong(body: bytes, says: str) -> None:
    assert says in refused(body).exchange.hint


WRONG: dict[str, tuple[str, Any]] = {
    "a number where text belongs": ("req_seq_id", 5),
    "a boolean": ("huifu_id", True),
    "null": ("req_date", None),
    "an object": ("org_req_date", {"y": 2026}),
    "a list": ("org_req_seq_id", ["x"]),
    "a number as original": ("org_hf_seq_id", 1e300),
    "an empty number": ("req_seq_id", ""),
    "an empty merchant": ("huifu_id", ""),
    "129 characters": ("req_seq_id", "x" * 129),
    "129 characters of original": ("org_hf_seq_id", "中" * 129),
    "33 characters of merchant": ("huifu_id", "6" * 33),
    "sixty thousand characters": ("org_req_seq_id", "x" * 60_000),
    "the 30th of February": ("org_req_date", "20260230"),
    "the 29th of February in a common year": ("req_date", "20260229"),
    "no leap year": ("req_date", "19000229"),
    "month 13": ("req_date", "20261301"),
    "day 0": ("req_date", "20260100"),
    "year 0": ("req_date", "00000101"),
    "dashes": ("req_date", "2026-01-01"),
    "seven digits": ("req_date", "2026010"),
    "nine digits": ("req_date", "202601011"),
    "full-width digits": ("req_date", "２０２６０１０１"),
    "a line end behind a date": ("req_date", "20260101\n"),
    "a line end behind seven digits": ("req_date", "2026010\n"),
    "NUL": ("req_seq_id", "a\x00b"),
    "a line end": ("req_seq_id", "a\nb"),
    "DEL": ("huifu_id", "a\x7f"),
    "NEL": ("req_seq_id", "a\x85"),
    "a line separator": ("req_seq_id", "a\u2028b"),
    "a paragraph separator": ("org_req_seq_id", "a\u2029b"),
}


@pytest.mark.parametrize(("name", "value"), WRONG.values(), ids=WRONG)
def test_a_wrong_value_is_refused_by_name_and_is_not_echoed(name: str, value: Any) -> None:
    answered = refused(near(**{name: value}))
    assert answered.row == "1"
    assert answered.exchange.entry.signature_ok is True
    assert f"data.{name}" in answered.exchange.hint
    assert answered.reply.get(name) in (None, "", getattr(ORDER, name.removeprefix("org_"), None))
    for other in EMPTY.keys() - {name}:
        assert answered.reply[other] == GOOD[other]


@pytest.mark.parametrize("name", EMPTY)
def test_each_mandatory_member_is_missed_by_name(name: str) -> None:
    answered = refused(CALL.body({key: value for key, value in GOOD.items() if key != name}))
    assert f"data.{name}: is missing" in answered.exchange.hint


@pytest.mark.parametrize("number", ["1e999", "-1e999", "9" * 5000, "0." + "1" * 5000, "1E+400", "-0"])
def test_a_huge_number_is_kept_as_it_was_written(number: str) -> None:
    """It is signed as text, so its size is no reason to fail; as a value it has the wrong type."""
    from huifu_mock import canonical, signing

    text = canonical.p1(canonical.members(json.dumps({**GOOD, "zzz": 0}))).replace('"zzz":0', f'"zzz":{number}')
    sign = signing.sign(CALL.key, text.encode())
    body = f'{{"sys_id":"{CALL.tenant.sys_id}","product_id":"MCS","data":{text},"sign":"{sign}"}}'
    answered = CALL.send(body.encode())
    assert answered.exchange.entry.signature_ok is True
    assert answered.reply["resp_code"] == "23000000"
    as_number = body.replace(f'"req_seq_id":"{GOOD["req_seq_id"]}"', f'"req_seq_id":{number}')
    assert as_number != body
    assert refused(as_number.encode()).row == "1"


def test_a_repeated_name_is_refused_and_named() -> None:
    body = near().replace(b'"req_date"', b'"req_date":"20200101","req_date"', 1)
    assert "req_date: stands twice" in refused(body).exchange.hint


@given(st.binary(max_size=200))
def test_any_bytes_get_a_signed_refusal(body: bytes) -> None:
    assert refused(body).row in "12"


@given(st.text(max_size=100))
@example('{"data":')
def test_any_text_gets_a_signed_refusal(body: str) -> None:
    refused(body.encode(errors="surrogatepass"))


text = st.text(st.characters(exclude_categories=[]), max_size=140)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)


@given(anything)
def test_any_json_gets_a_signed_refusal(body: Any) -> None:
    refused(json.dumps(body).encode())


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "sys_id": st.just(CALL.tenant.sys_id) | anything,
            "product_id": st.just("MCS") | anything,
            "sign": anything,
            "data": st.fixed_dictionaries({}, optional={name: st.just(GOOD[name]) | anything for name in GOOD})
            | anything,
        },
    )
)
def test_any_nearly_valid_request_without_a_signature_is_refused(body: Any) -> None:
    answered = refused(json.dumps(body, ensure_ascii=True).encode())
    data = body.get("data")
    for name, value in echoed(answered).items():
        assert value in ("", data.get(name) if isinstance(data, dict) else "")


@given(st.sampled_from(sorted({*GOOD, "org_hf_seq_id"})), anything)
def test_any_signed_value_is_answered_by_the_rules(name: str, value: Any) -> None:
    data = {**GOOD, name: value}
    try:
        body = CALL.body(data)
    except UnicodeEncodeError:  # half of a pair cannot be signed
        return
    answered = CALL.send(body)
    assert answered.row in ("1", "5", "7", "10"), answered.reply
    assert answered.reply["resp_code"] in ("10000000", "21000000", "23000001", "23000000")


@given(st.data())
def test_one_changed_byte_is_never_carried_out(data: st.DataObject) -> None:
    body = bytearray(near(settle="x"))
    at = data.draw(st.integers(0, len(body) - 1))
    body[at] = data.draw(st.integers(0, 255).filter(lambda byte: byte != body[at]))
    answered = CALL.send(bytes(body))
    assert answered.reply["resp_code"] in ("10000000", "22000000", "23000000")


def test_the_journal_shows_everything_that_was_sent_here_as_json() -> None:
    """Another language reads it, so neither infinity nor half of a pair may be in it."""
    assert len(CALL.told()) == len(CALL.tenant.journal)


# over HTTP


@pytest.fixture
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """What a client sends is no reason for a traceback, a warning or an error in the server's log."""
    caplog.set_level(logging.DEBUG)
    yield
    told = [record for record in caplog.get_records("call") if record.levelno > logging.DEBUG]
    assert [record for record in told if record.exc_info or record.levelno >= logging.WARNING] == []


MIB = 1024 * 1024


@pytest.mark.usefixtures("quiet")
def test_exactly_ten_mebibytes_are_read(tenant: huifu_mock.Tenant) -> None:
    body = b'{"x":"' + b"x" * (10 * MIB - 8) + b'"}'
    assert len(body) == 10 * MIB
    answer = post(tenant.base_url, body)
    assert answer.status == 200
    assert opened(answer.body)["resp_code"] == "10000000"


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("chunked", [False, True])
def test_one_byte_more_is_413(chunked: bool, tenant: huifu_mock.Tenant) -> None:
    body = b"x" * (10 * MIB + 1)
    headers = [("Content-Length", str(len(body)))]
    if chunked:
        headers, body = [("Transfer-Encoding", "chunked")], b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    answer = post(tenant.base_url, body, headers)
    assert answer.status == 413
    assert json.loads(answer.body)["errors"][0]["field"] == "the body"
    assert "10 MiB" in json.loads(answer.body)["detail"]


@pytest.mark.usefixtures("quiet")
def test_what_is_too_large_is_refused_before_it_is_sent(tenant: huifu_mock.Tenant) -> None:
    with connected(tenant.base_url) as connection:
        headers = [("Content-Length", "99999999999"), ("Expect", "100-continue")]
        connection.sendall(head(tenant.base_url, headers))
        assert received(connection).status == 413


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("target", ["/", "/v2", "/v2/trade/payment/scanpay/close/", "/s/x", "/s//v2", "/v2/%00", "//"])
def test_another_path_is_404_and_says_what_there_is(target: str, tenant: huifu_mock.Tenant) -> None:
    answer = post(tenant.base_url, b"{}", None, target)
    assert answer.status == 404
    assert CLOSE in json.loads(answer.body)["detail"]
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
def test_another_method_is_405_and_says_which_is_right(method: str, tenant: huifu_mock.Tenant) -> None:
    with connected(tenant.base_url) as connection:
        connection.sendall(head(tenant.base_url, [("Content-Length", "0")], method=method))
        answer = received(connection, method)
    assert answer.status == 405
    assert answer.headers["allow"] == "POST"
    assert method == "HEAD" or "POST" in json.loads(answer.body)["detail"]


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\x00" * 100 + b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"POST / HTTP/9.9\r\n\r\n",
        b"POST " + CLOSE.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST " + CLOSE.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST " + CLOSE.encode() + b" HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n",
        b"POST " + CLOSE.encode() + b" HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 20_000 + b"\r\n\r\n",
    ],
    ids=["TLS", "NUL", "no target", "HTTP 9.9", "negative length", "two lengths", "no colon", "a long header"],
)
def test_what_is_not_http_is_answered_400_or_not_at_all(sent: bytes, tenant: huifu_mock.Tenant) -> None:
    with connected(tenant.base_url) as connection:
        connection.sendall(sent)
        connection.shutdown(1)
        answer = b""
        while part := connection.recv(65536):
            answer += part
    assert answer == b"" or answer.startswith((b"HTTP/1.0 400", b"HTTP/1.1 400"))
    assert tenant.journal.calls() == []


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "identity", "UTF-8"])
def test_a_content_encoding_is_never_a_reason_not_to_answer(encoding: str, tenant: huifu_mock.Tenant) -> None:
    for body in (b"hello", gzip.compress(b"{}"), b""):
        answer = post(tenant.base_url, body, [("Content-Encoding", encoding), ("Content-Length", str(len(body)))])
        assert opened(answer.body)["resp_code"] == "10000000"
        if body[:1] == b"\x1f":
            assert "gzip" in answer.headers["huifu-mock-hint"]


@pytest.mark.usefixtures("quiet")
def test_chunks_that_are_none_are_400(tenant: huifu_mock.Tenant) -> None:
    answer = post(tenant.base_url, b"zz\r\nhello\r\n0\r\n\r\n", [("Transfer-Encoding", "chunked")])
    assert answer.status == 400


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("after", [0, 1, 300])
def test_a_client_that_leaves_early_harms_nobody(after: int, tenant: huifu_mock.Tenant) -> None:
    whole = head(tenant.base_url, [("Content-Length", "1000")]) + b"x" * 999
    with connected(tenant.base_url) as connection:
        connection.sendall(whole[: after or len(whole)])
    assert post(tenant.base_url, b"{}").status == 200
    assert len(tenant.journal.calls()) == 0  # it names no tenant, so it is in the default one's journal


@pytest.mark.usefixtures("quiet")
def test_odd_bytes_in_the_request_line_and_headers_are_answered(tenant: huifu_mock.Tenant) -> None:
    host = head(tenant.base_url, [("Content-Length", "0")]).split(b"\r\n")[1]
    for target, expected in ((b"/\xff", (400, 404)), (b"/_mock/\xff\xfe", (400, 403, 404)), (b"/%ff%00%0d%0a", (404,))):
        with connected(tenant.base_url) as connection:
            connection.sendall(b"GET " + target + b" HTTP/1.1\r\n" + host + b"\r\nX: \xff\xfe\r\n\r\n")
            assert received(connection, "GET").status in expected


@pytest.mark.usefixtures("quiet")
def test_many_requests_on_one_connection_are_answered_in_order(tenant: huifu_mock.Tenant) -> None:
    bodies = [b"{}", b"[", b"", b"\xff" * 10, near()]
    with connected(tenant.base_url) as connection:
        replies = []
        for body in bodies:
            connection.sendall(head(tenant.base_url, [("Content-Length", str(len(body)))]) + body)
            replies.append(opened(received(connection).body))
    assert [reply["resp_code"] for reply in replies] == ["10000000"] * 4 + ["23000001"]
