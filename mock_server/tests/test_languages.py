"""In which language the control API tells what is wrong: that of `Accept-Language`, English if it asks for none."""

import http.client
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huifu_mock import Server
from huifu_mock.client.transport import run_here
from huifu_mock.gateway.mock import Mock
from huifu_mock.http.control import router
from huifu_mock.http.languages import negotiated
from huifu_mock.schemas import schema

TENANT = "/_mock/tenants/6666000108854952"


@pytest.fixture(scope="module")
def mock() -> Mock:
    return Mock()


def answered(mock: Mock, method: str, path: str, body: Any, **asked: Any) -> Any:
    sent = router.MISSING if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    path, _, query = path.partition("?")
    pairs = dict(pair.split("=") for pair in query.split("&")) if query else {}
    return run_here(router.dispatch(mock, "http://127.0.0.1", method, path, query=pairs, body=sent, **asked))


@pytest.mark.parametrize(
    ("call", "body", "status", "detail"),
    [
        ("GET /_mock/nothing", None, 404, "路径：/_mock/nothing 没有接口；GET /_mock 列出全部路径"),
        (
            "GET /_mock/tenant",
            None,
            404,
            ("路径：/_mock/tenant 没有接口；"
            "是不是 /_mock/tenants？GET /_mock 列出全部路径"),
        ),
        ("GET /_mock/tenants/1", None, 404, "sys_id：没有租户 1；现有租户：6666000108854952"),
        ("DELETE /_mock/about", None, 405, "请求方法：/_mock/about 不接受 DELETE；可用：GET"),
        ("GET /_mock/about?a=1", None, 422, "?a：不是这个接口的查询参数；这个接口没有查询参数"),
        ("GET T/orders?limit=x", None, 422, 'limit："x" 不是合适的整数；应为 1 到 1000000，省略时为 1000000'),
        ("GET T/orders?sort=up", None, 422, 'sort：值为 "up"；可取 oldest, newest'),
        ("GET T/orders/no-such", None, 404, "req_seq_id：没有订单 no-such；GET …/orders 列出全部订单"),
        ("GET T/journal/call-99", None, 404, "id：调用记录中没有 call-99；GET …/journal 列出全部调用"),
        (
            "POST T/orders",
            b'{"a": 1',
            422,
            ("请求体：第 7 位起不是 JSON，附近为 '{\"a\": 1'；"
            "见 schemas/control/order-create.json"),
        ),
        (
            "POST T/orders",
            {"age_seconds": "x"},
            422,
            ("age_seconds：是字符串，不是数字；"
            "订单已创建多少秒，按租户的时钟：0 到 315576000（10 年）的数字"),
        ),
        (
            "POST T/orders",
            {"settle": "later"},
            422,
            ('settle：值为 "later"；'
            '可取 "immediate", "processing", "accepted", "refused"'),
        ),
        ("POST T/orders", {"trans_stat": "X"}, 422, 'trans_stat：值为 "X"；可取 "P", "S", "F"'),
        (
            "POST T/orders",
            {"huifu_id": None},
            422,
            ("huifu_id：是 null，不是字符串；"
            "商户号，String(32)，须为该租户的商户；"
            "省略时为其第一个"),
        ),
        (
            "POST T/orders",
            {"req_seq_id": "order-open", "req_date": "20260101"},
            409,
            ("req_seq_id：商户 6666000000000000 在 D 已有订单 order-open；"
            "请换一个，或不填"),
        ),
        (
            "PATCH T/orders/order-paid",
            {"trans_stat": "S"},
            409,
            ("trans_stat：订单 order-paid 已于 D 支付成功；"
            "终态不再改变，请换一笔订单"),
        ),
        ("POST T/faults", {"do": {"fault": "tamper"}}, 422, "do.fault：值为 \"tamper\"；是不是 tampered？"),
        ("POST T/faults", {"do": {"fault": "delay", "bytes": 1}}, 422, "do.bytes：不是 delay 的设置；可用：seconds"),
        (
            "POST T/clock/advance",
            {"second": 1},
            422,
            ("second：没有这个字段；"
            "是不是 seconds？可用的字段：seconds；"
            "seconds：缺少；"
            "时钟前进多少秒：0 到 3155760000（100 年）的数字，可带小数"),
        ),
        ("POST T/webhooks", {"url": "http://:80/"}, 422, "url：没有写主机；例如 http://127.0.0.1:9000/webhook"),
        (
            "POST T/events/trans.close",
            {"req_seq_id": "order-open"},
            409,
            ("webhooks：租户 6666000108854952 没有为 trans.close 登记接收端；"
            "请先 POST …/webhooks {\"url\": \"http://127.0.0.1:9000/webhook\"}"),
        ),
        (
            "POST /_mock/tenants",
            {"merchant_public_key": "x"},
            422,
            ("merchant_public_key：密钥不是 Base64；"
            "应为 X.509 公钥，写成单行 Base64 或 PEM；"
            "应为单行 Base64（X.509）或 PEM；"
            "是公钥，不是私钥"),
        ),
        (
            "POST /_mock/tenants",
            {"sys_id": "6666000108854952"},
            409,
            ("sys_id：租户 6666000108854952 已存在；"
            "请换一个，或不填"),
        ),
    ],
)  # fmt: skip
def test_a_refusal_is_told_in_chinese_and_what_programs_read_stays(
    call: str, body: Any, status: int, detail: str, mock: Mock
) -> None:
    method, _, path = call.partition(" ")
    path = path.replace("T/", f"{TENANT}/")
    english, chinese = answered(mock, method, path, body), answered(mock, method, path, body, language="zh")
    assert re.sub(r"20\d{6}|20\d\d-[-0-9T:.+]+", "D", chinese.body["detail"]) == detail
    assert (english.status, chinese.status) == (status, status)
    assert english.body["detail"].isascii() or "String(" in english.body["detail"] or "…" in english.body["detail"]
    for name in ("type", "status"):
        assert chinese.body[name] == english.body[name]
    assert [one["field"] for one in chinese.body["errors"]] == [one["field"] for one in english.body["errors"]]
    assert [*schema("control/problem").problems(chinese.body)] == []
    assert chinese.headers["Content-Language"] == "zh-CN"
    assert english.headers["Content-Language"] == "en"


def test_a_value_is_quoted_as_it_was_sent(mock: Mock) -> None:
    for number in ("is missing", "the body", "a string", "send null", "is empty."):
        told = answered(mock, "GET", f"{TENANT}/orders/{number}", None, language="zh")
        assert told.body["detail"].startswith(f"req_seq_id：没有订单 {number}；"), told.body


# --- over HTTP


def asked(server: Server, path: str, *languages: str, method: str = "GET") -> tuple[Any, http.client.HTTPMessage]:
    connection = http.client.HTTPConnection(server.base_url.removeprefix("http://"), timeout=20)
    connection.putrequest(method, path)
    for language in languages:
        connection.putheader("Accept-Language", language)
    connection.endheaders()
    answer = connection.getresponse()
    told = json.loads(answer.read())
    connection.close()
    return told, answer.headers


def test_a_browser_s_or_a_program_s_accept_language_decides() -> None:
    with Server() as server:
        for path, method in (
            (f"{TENANT}/orders/none", "GET"),
            ("/_mock/", "POST"),
            ("/_mock/assets/none", "GET"),
            ("/nothing", "GET"),
            ("/v2/trade/payment/scanpay/close", "GET"),
        ):
            told, headers = asked(server, path, "zh-CN,zh;q=0.9,en;q=0.8", method=method)
            assert told["detail"].startswith(("req_seq_id：没有订单", "请求方法：", "路径：")), told
            assert (headers["Content-Language"], headers["Vary"]) == ("zh-CN", "Accept-Language")
            plain, headers = asked(server, path, method=method)
            assert plain["detail"].isascii() or "…" in plain["detail"]
            assert headers["Content-Language"] == "en"
            assert (plain["status"], plain["type"]) == (told["status"], told["type"])
        told, _ = asked(server, "/_mock/none", "de", "zh;q=0.5")
        assert told["title"] == "未找到"


def test_who_is_kept_out_is_told_so_in_chinese() -> None:
    with Server(control_token="secret") as server:
        told, headers = asked(server, "/_mock/about", "zh")
        assert told["detail"] == (
            "Authorization：缺少控制 token，或 token 不对；请带请求头 Authorization: Bearer 加 --control-token 的值"
        )
        assert headers["WWW-Authenticate"] == 'Bearer realm="huifu-mock"'


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("zh", "zh"),
        ("ZH-hans-CN", "zh"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-US,en;q=0.9,zh-CN;q=0.8", "en"),
        ("zh, en", "zh"),
        ("en, zh", "en"),
        ("*", "en"),
        ("*;q=0.1, zh;q=0.05", "en"),
        ("en;q=0, *", "zh"),
        ("fr, zh;q=0.1", "zh"),
        ("fr", "en"),
        ("zh;q=0", "en"),
        ("zh;q=2, en;q=0.1", "en"),
        ("zh;q=nan", "en"),
        ("zhx", "en"),
        ("zh ; q=0.3 ,en;Q=0.2", "zh"),
    ],
)
def test_the_language_is_the_one_that_is_preferred(header: str, language: str) -> None:
    assert negotiated(header) == language


TAGS = st.sampled_from(["zh", "zh-CN", "zh-Hant-TW", "en", "en-GB", "fr", "x", "zha"])
RANGES = st.lists(st.tuples(TAGS, st.integers(0, 1000)), max_size=8)


@given(RANGES, st.randoms())
def test_the_order_of_the_ranges_decides_only_between_equals(ranges: list[tuple[str, int]], random: Any) -> None:
    most = {
        one: max((quality for tag, quality in ranges if tag.partition("-")[0] == one), default=0)
        for one in ("zh", "en")
    }
    random.shuffle(ranges)
    language = negotiated(", ".join(f"{tag};q={quality / 1000:.3f}" for tag, quality in ranges))
    if most["zh"] != most["en"]:
        assert language == max(most, key=lambda one: most[one])
    elif most["zh"] == 0:
        assert language == "en"


@given(st.text(max_size=200))
def test_whatever_the_header_holds_there_is_a_language(header: str) -> None:
    assert negotiated(header) in ("en", "zh")
