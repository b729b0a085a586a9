"""The control API over HTTP: every call, and a refusal that names the field and what would be right."""

import http.client
import json
from collections.abc import Iterator
from typing import Any
from unittest.mock import ANY
from urllib.parse import quote, urlsplit

import pytest
from desk import opened
from hypothesis import given
from hypothesis import strategies as st
from test_schemas import validator
from wired import connected, head, post, received

import huifu_mock
from huifu_mock import signing
from huifu_mock.codes import Reason
from huifu_mock.http.control import faults
from huifu_mock.http.control.router import ROUTES
from huifu_mock.schemas import schema


class ControlApi:
    """A client that knows nothing but HTTP and JSON."""

    def __init__(self, base_url: str) -> None:
        self.netloc = urlsplit(base_url).netloc
        self.base_url = base_url

    def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any, dict[str, str]]:
        connection = http.client.HTTPConnection(self.netloc, timeout=30)
        sent = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        try:
            connection.request(method, path, sent, headers or {})
            response = connection.getresponse()
            told = {name.lower(): value for name, value in response.getheaders()}
            text = response.read()
        finally:
            connection.close()
        return response.status, json.loads(text) if text else None, told

    def answer(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        got, answer, _ = self.ask(method, path, body)
        assert got == status, answer
        return answer

    def refused(self, method: str, path: str, body: Any = None, status: int = 422) -> dict[str, Any]:
        """A problem document; the first error in it."""
        got, answer, headers = self.ask(method, path, body)
        assert got == status, answer
        assert headers["content-type"] == "application/problem+json"
        assert not list(schema("control/problem").problems(answer))
        assert answer["status"] == status
        assert answer["errors"]
        for error in answer["errors"]:
            assert error["problem"]
            assert error["expected"]
            assert error["field"] in answer["detail"]
        first: dict[str, Any] = answer["errors"][0]
        return first


@pytest.fixture
def control_api(server: huifu_mock.Server) -> ControlApi:
    return ControlApi(server.base_url)


@pytest.fixture
def at(tenant: huifu_mock.Tenant) -> str:
    """The path of a fresh tenant whose clock stands still."""
    return f"/_mock/tenants/{tenant.sys_id}"


def valid(name: str, body: Any) -> Any:
    """`body`, if the schema has nothing against it."""
    validator(f"control/{name}.json").validate(body)
    return body


# what it is


def test_health_and_ready_answer(control_api: ControlApi) -> None:
    assert control_api.answer("GET", "/_mock/health") == control_api.answer("GET", "/_mock/ready") == {"status": "ok"}


def test_about_tells_what_this_is(control_api: ControlApi) -> None:
    about = valid("about", control_api.answer("GET", "/_mock/about"))
    assert about["name"] == "huifu-mock"
    assert about["version"] == huifu_mock.__version__
    assert "/v2/trade/payment/scanpay/close" in about["endpoints"]
    assert [answer["reason"] for answer in about["answers"]] == [reason.name for reason in Reason]
    assert len(about["schema_digest"]) == 64


def test_every_reply_says_whose_it_is(control_api: ControlApi) -> None:
    for path in ("/_mock/about", "/_mock/nowhere", "/elsewhere"):
        assert control_api.ask("GET", path)[2]["server"] == "huifu-mock"


# tenants


def test_a_fresh_tenant_comes_with_all_that_a_client_needs(control_api: ControlApi) -> None:
    made = valid("tenant", control_api.answer("POST", "/_mock/tenants", {}, 201))
    assert made["base_url"] == control_api.base_url
    private = signing.load_private_key(made["merchant_private_key"])
    assert private.key_size == 2048
    assert signing.load_private_key(made["merchant_private_key_pem"]).private_numbers() == private.private_numbers()
    assert "BEGIN PRIVATE KEY" in made["merchant_private_key_pem"]
    assert signing.load_public_key(made["merchant_public_key"]) == private.public_key()
    huifu = signing.load_public_key(made["huifu_public_key"])
    assert signing.load_public_key(made["huifu_public_key_pem"]) == huifu
    for name in ("merchant_private_key", "merchant_public_key", "huifu_public_key"):
        assert "\n" not in made[name]
    assert control_api.answer("GET", f"/_mock/tenants/{made['sys_id']}") == made
    assert control_api.answer("DELETE", f"/_mock/tenants/{made['sys_id']}", None, 204) is None
    control_api.refused("GET", f"/_mock/tenants/{made['sys_id']}", None, 404)


def test_an_empty_body_makes_a_tenant_too(control_api: ControlApi) -> None:
    made = control_api.answer("POST", "/_mock/tenants", None, 201)
    assert made["sys_id"] in [one["sys_id"] for one in control_api.answer("GET", "/_mock/tenants")["items"]]
    control_api.answer("DELETE", f"/_mock/tenants/{made['sys_id']}", None, 204)


def test_a_tenant_may_be_made_as_it_is_wanted(control_api: ControlApi) -> None:
    wanted = {
        "sys_id": "team-a.1",
        "product_ids": {"YYZY": "active", "OLD": "suspended"},
        "huifu_ids": ["6666000000000007", "6666000000000008"],
        "webhook_key": "k" * 32,
        "settle": "processing",
        "settle_seconds": 1.5,
        "legacy_codes": True,
        "bad_signature": "http-922",
    }
    made = control_api.answer("POST", "/_mock/tenants", wanted, 201)
    assert {name: made[name] for name in wanted} == wanted
    assert (made["product_id"], made["huifu_id"]) == ("YYZY", "6666000000000007")
    assert control_api.refused("POST", "/_mock/tenants", wanted, 409)["field"] == "sys_id"
    order = control_api.answer("POST", "/_mock/tenants/team-a.1/orders", {}, 201)
    assert (order["settle"], order["settle_seconds"], order["huifu_id"]) == ("processing", 1.5, "6666000000000007")
    control_api.answer("DELETE", "/_mock/tenants/team-a.1", None, 204)


@pytest.mark.parametrize("key_bits", [1024, 3072])
def test_a_tenant_may_have_a_shorter_or_longer_key(key_bits: int, server: huifu_mock.Server) -> None:
    tenant = server.tenant(key_bits=key_bits)
    key = signing.load_private_key(tenant.merchant_private_key)
    huifu = signing.load_public_key(tenant.huifu_public_key)
    assert key.key_size == huifu.key_size == key_bits
    data = tenant.orders.add().close_params("close-1")
    raw = post(tenant.base_url, signing.envelope(tenant.sys_id, "MCS", data, key)).body
    assert opened(raw, huifu)["resp_code"] == "00000000"
    assert len(json.loads(raw)["sign"]) == {1024: 172, 3072: 512}[key_bits]
    tenant.drop()


@pytest.mark.parametrize("form", [signing.public_text, signing.public_pem])
def test_a_tenant_may_bring_its_own_public_key(form: Any, server: huifu_mock.Server) -> None:
    key = signing.generate(1024)
    tenant = server.tenant(merchant_public_key=form(key.public_key()))
    assert tenant.merchant_private_key is None
    data = tenant.orders.add().close_params("close-1")
    body = signing.envelope(tenant.sys_id, tenant.product_id, data, key)
    assert opened(post(tenant.base_url, body).body)["resp_code"] == "00000000"
    tenant.drop()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"sys_id": ""}, "sys_id"),
        ({"sys_id": "a/b"}, "sys_id"),
        ({"sys_id": "x" * 33}, "sys_id"),
        ({"sys_id": 5}, "sys_id"),
        ({"sysid": "x"}, "sysid"),
        ({"product_ids": {"MCS": "closed"}}, "product_ids.MCS"),
        ({"product_ids": {}}, "product_ids"),
        ({"product_ids": ["MCS"]}, "product_ids"),
        ({"huifu_ids": []}, "huifu_ids"),
        ({"huifu_ids": ["x", "x"]}, "huifu_ids"),
        ({"settle": "imediate"}, "settle"),
        ({"settle_seconds": -1}, "settle_seconds"),
        ({"legacy_codes": "yes"}, "legacy_codes"),
        ({"bad_signature": "http-400"}, "bad_signature"),
        ({"key_bits": 512}, "key_bits"),
        ({"webhook_key": "short"}, "webhook_key"),
        ({"merchant_public_key": "not a key"}, "merchant_public_key"),
        ([], "the body"),
        ("text", "the body"),
        (None, "the body"),
        (b"{", "the body"),
        (b"\xff", "the body"),
        (b"[" * 100_000, "the body"),
        (b'{"sys_id":"\\ud800"}', "the body"),
    ],
)
def test_a_tenant_that_cannot_be_made_is_refused_by_field(body: Any, field: str, control_api: ControlApi) -> None:
    before = control_api.answer("GET", "/_mock/about")["tenants"]
    sent = b"null" if body is None else body
    assert control_api.refused("POST", "/_mock/tenants", sent)["field"] == field
    assert control_api.answer("GET", "/_mock/about")["tenants"] == before


def test_a_private_key_in_the_place_of_a_public_one_is_called_by_its_name(
    control_api: ControlApi, tenant: huifu_mock.Tenant
) -> None:
    for text in (tenant.merchant_private_key, tenant.merchant_private_key_pem):
        error = control_api.refused("POST", "/_mock/tenants", {"merchant_public_key": text})
        assert "a private key" in error["problem"]


def test_a_tenant_is_changed_where_it_is_told(control_api: ControlApi, at: str) -> None:
    before = control_api.answer("GET", at)
    after = valid("tenant", control_api.answer("PATCH", at, {"product_ids": {"MCS": "suspended"}, "settle": "refused"}))
    assert after == {**before, "product_ids": {"MCS": "suspended"}, "settle": "refused"}
    for body, field in (
        ({"sys_id": "x"}, "sys_id"),
        ({"settle": 5}, "settle"),
        ({"name": "two\nlines"}, "name"),
        ({"merchant_public_key": "x"}, "merchant_public_key"),
    ):
        assert control_api.refused("PATCH", at, body)["field"] == field
    assert control_api.answer("GET", at) == after


def test_tenants_may_have_names_and_two_may_have_the_same(control_api: ControlApi) -> None:
    made = [control_api.answer("POST", "/_mock/tenants", {"name": "订单组"}, 201) for _ in range(2)]
    listed = valid("tenants", control_api.answer("GET", "/_mock/tenants"))["items"]
    names = {one["sys_id"]: one["name"] for one in listed}
    assert [names[one["sys_id"]] for one in made] == ["订单组", "订单组"]
    told = valid("about", control_api.answer("GET", "/_mock/about"))
    assert told["tenant_names"] == {one["sys_id"]: "订单组" for one in made}, "those without a name are not in it"
    for one in made:
        assert control_api.answer("PATCH", f"/_mock/tenants/{one['sys_id']}", {"name": ""})["name"] == ""
    assert control_api.answer("GET", "/_mock/about")["tenant_names"] == {}
    for one in made:
        control_api.answer("DELETE", f"/_mock/tenants/{one['sys_id']}", status=204)


def test_a_new_merchant_key_replaces_the_old_one(tenant: huifu_mock.Tenant) -> None:
    old = signing.load_private_key(tenant.merchant_private_key, trusted=True)
    new = signing.generate(1024)
    tenant.patch(merchant_public_key=signing.public_text(new.public_key()))
    for key, resp_code in ((old, "10000000"), (new, "00000000")):
        data = tenant.orders.add().close_params("close-1")
        body = signing.envelope(tenant.sys_id, tenant.product_id, data, key)
        assert opened(post(tenant.base_url, body).body)["resp_code"] == resp_code


@pytest.mark.parametrize(
    ("method", "rest"),
    [
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/reset"),
        ("POST", "/orders"),
        ("GET", "/orders/x"),
        ("GET", "/clock"),
        ("POST", "/clock/advance"),
        ("GET", "/faults"),
        ("GET", "/journal"),
    ],
)
def test_a_tenant_that_is_not_there_is_404(method: str, rest: str, control_api: ControlApi) -> None:
    error = control_api.refused(
        method, f"/_mock/tenants/nobody{rest}", {} if method in ("POST", "PATCH") else None, 404
    )
    assert error["field"] == "sys_id"
    assert "6666000108854952" in error["expected"]


# orders


def test_a_seeded_order_is_told_with_every_field(control_api: ControlApi, at: str) -> None:
    order = valid("order", control_api.answer("POST", f"{at}/orders", {}, 201))
    assert (order["trade_type"], order["trans_stat"], order["close_stat"]) == ("T_NATIVE", "P", "")
    assert (order["settle"], order["age_seconds"], order["closes"]) == ("immediate", 120, [])
    assert len(order["hf_seq_id"]) == 40
    assert control_api.answer("GET", f"{at}/orders/{order['req_seq_id']}") == order
    assert control_api.answer("GET", f"{at}/orders")["items"] == [order]


def test_a_list_of_orders_is_seeded_whole_or_not_at_all(control_api: ControlApi, at: str) -> None:
    orders = control_api.answer("POST", f"{at}/orders", [{"req_seq_id": "a"}, {"req_seq_id": "b"}], 201)
    assert [order["req_seq_id"] for order in orders] == ["a", "b"]
    taken = control_api.refused("POST", f"{at}/orders", [{"req_seq_id": "c"}, {"req_seq_id": "a"}], 409)
    assert taken["field"] == "[1].req_seq_id"
    wrong = control_api.refused("POST", f"{at}/orders", [{"req_seq_id": "c"}, {"settle": "x"}])
    assert wrong["field"] == "[1].settle"
    assert len(control_api.answer("GET", f"{at}/orders")["items"]) == 2
    assert control_api.answer("POST", f"{at}/orders", [], 201) == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"req_seq_id": ""}, "req_seq_id"),
        ({"req_seq_id": "x" * 129}, "req_seq_id"),
        ({"req_seq_id": "a\nb"}, "req_seq_id"),
        ({"req_date": "20260230"}, "req_date"),
        ({"req_date": 20260228}, "req_date"),
        ({"age_seconds": -1}, "age_seconds"),
        ({"age_seconds": "61"}, "age_seconds"),
        (b'{"age_seconds":NaN}', "age_seconds"),
        (b'{"age_seconds":1e999}', "age_seconds"),
        ({"trade_type": "WECHAT"}, "trade_type"),
        ({"trans_stat": "X"}, "trans_stat"),
        ({"settle": "droped"}, "settle"),
        ({"settle_seconds": 1e10}, "settle_seconds"),
        ({"trans_amt": "1"}, "trans_amt"),
        ({"trans_amt": 1.0}, "trans_amt"),
        ({"notify_url": "ftp://x"}, "notify_url"),
        ({"age": 61}, "age"),
        (5, "the body"),
    ],
)
def test_an_order_that_cannot_be_seeded_is_refused_by_field(
    body: Any, field: str, control_api: ControlApi, at: str
) -> None:
    assert control_api.refused("POST", f"{at}/orders", body)["field"] == field
    assert control_api.answer("GET", f"{at}/orders")["items"] == []


def test_a_taken_number_is_409(control_api: ControlApi, at: str) -> None:
    order = control_api.answer("POST", f"{at}/orders", {"req_seq_id": "a", "hf_seq_id": "h"}, 201)
    assert control_api.refused("POST", f"{at}/orders", {"req_seq_id": "a"}, 409)["field"] == "req_seq_id"
    assert control_api.refused("POST", f"{at}/orders", {"hf_seq_id": "h"}, 409)["field"] == "hf_seq_id"
    control_api.answer("POST", f"{at}/orders", {"req_seq_id": "a", "req_date": "20200101"}, 201)
    ambiguous = control_api.refused("GET", f"{at}/orders/a", None, 409)
    assert "20200101" in ambiguous["expected"]
    assert control_api.answer("GET", f"{at}/orders/a?req_date={order['req_date']}") == order
    assert control_api.refused("GET", f"{at}/orders/b", None, 404)["field"] == "req_seq_id"


def test_an_order_is_paid_or_fails_once(control_api: ControlApi, at: str) -> None:
    for trans_stat, word in (("S", "paid"), ("F", "failed")):
        number = control_api.answer("POST", f"{at}/orders", {}, 201)["req_seq_id"]
        finished = valid("order", control_api.answer("PATCH", f"{at}/orders/{number}", {"trans_stat": trans_stat}))
        assert finished["trans_stat"] == trans_stat
        assert finished["finished_at"]
        for again in "SF":
            error = control_api.refused("PATCH", f"{at}/orders/{number}", {"trans_stat": again}, 409)
            assert error["field"] == "trans_stat"
            assert word in error["problem"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"trans_stat": "P"}, "trans_stat"),
        ({"settle": "x"}, "settle"),
        ({"req_seq_id": "x"}, "req_seq_id"),
        ({}, "the body"),
        ([1], "the body"),
        ("S", "the body"),
    ],
)
def test_a_change_that_cannot_be_made_is_refused_by_field(
    body: Any, field: str, control_api: ControlApi, at: str
) -> None:
    order = control_api.answer("POST", f"{at}/orders", {"req_seq_id": "a"}, 201)
    assert control_api.refused("PATCH", f"{at}/orders/a", body)["field"] == field
    assert control_api.answer("GET", f"{at}/orders/a") == order


def test_how_a_later_close_runs_can_be_changed(control_api: ControlApi, at: str, tenant: huifu_mock.Tenant) -> None:
    control_api.answer("POST", f"{at}/orders", {"req_seq_id": "a"}, 201)
    changed = control_api.answer("PATCH", f"{at}/orders/a", {"settle": "processing", "settle_seconds": 9})
    assert (changed["settle"], changed["settle_seconds"]) == ("processing", 9)
    key = signing.load_private_key(tenant.merchant_private_key, trusted=True)
    data = tenant.orders.get("a").close_params("close-1")
    post(control_api.base_url, signing.envelope(tenant.sys_id, "MCS", data, key))
    closing = valid("order", control_api.answer("GET", f"{at}/orders/a"))
    assert closing["close_stat"] == "P"
    assert [(close["req_seq_id"], close["stat"]) for close in closing["closes"]] == [("close-1", "P")]
    control_api.answer("POST", f"{at}/clock/advance", {"seconds": 9})
    closed = control_api.answer("GET", f"{at}/orders/a")
    assert (closed["trans_stat"], closed["close_stat"], closed["closes"][0]["stat"]) == ("F", "S", "S")


def test_paying_while_a_close_is_in_progress_wins(control_api: ControlApi, at: str, tenant: huifu_mock.Tenant) -> None:
    order = tenant.orders.add(req_seq_id="a", settle="processing")
    key = signing.load_private_key(tenant.merchant_private_key, trusted=True)
    post(control_api.base_url, signing.envelope(tenant.sys_id, "MCS", order.close_params("close-1"), key))
    paid = control_api.answer("PATCH", f"{at}/orders/a", {"trans_stat": "S"})
    assert (paid["trans_stat"], paid["close_stat"], paid["closes"][0]["stat"]) == ("S", "F", "F")
    control_api.answer("POST", f"{at}/clock/advance", {"seconds": 3600})
    assert control_api.answer("GET", f"{at}/orders/a")["trans_stat"] == "S"


def test_a_close_in_progress_ends_when_it_is_told_to(
    control_api: ControlApi, at: str, tenant: huifu_mock.Tenant
) -> None:
    order = tenant.orders.add(req_seq_id="a", settle="processing")
    refused = control_api.refused("PATCH", f"{at}/orders/a", {"close_stat": "S"}, 409)
    assert (refused["field"], "in progress" in refused["problem"]) == ("close_stat", True)
    key = signing.load_private_key(tenant.merchant_private_key, trusted=True)
    post(control_api.base_url, signing.envelope(tenant.sys_id, "MCS", order.close_params("close-1"), key))
    closed = valid("order", control_api.answer("PATCH", f"{at}/orders/a", {"close_stat": "S"}))
    assert (closed["trans_stat"], closed["close_stat"], closed["closes"][0]["stat"]) == ("F", "S", "S")
    control_api.answer("POST", f"{at}/clock/advance", {"seconds": 3600})
    assert control_api.answer("GET", f"{at}/orders/a") == {**closed, "age_seconds": ANY}


def test_an_order_expires_when_its_new_time_comes(control_api: ControlApi, at: str) -> None:
    control_api.answer("PUT", f"{at}/clock", {"now": "2030-01-01T00:00:00", "mode": "frozen"})
    soon, later, past = "20300101000100", "20300101000200", "20291231235959"
    control_api.answer("POST", f"{at}/orders", {"req_seq_id": "a", "time_expire": soon}, 201)
    assert control_api.answer("PATCH", f"{at}/orders/a", {"time_expire": later})["time_expire"] == later
    control_api.answer("POST", f"{at}/clock/advance", {"seconds": 119})
    assert control_api.answer("GET", f"{at}/orders/a")["trans_stat"] == "P"
    control_api.answer("POST", f"{at}/clock/advance", {"seconds": 1})
    assert control_api.answer("GET", f"{at}/orders/a")["trans_stat"] == "F"
    control_api.answer("POST", f"{at}/orders", {"req_seq_id": "b"}, 201)
    assert control_api.answer("PATCH", f"{at}/orders/b", {"time_expire": past})["trans_stat"] == "F"
    assert control_api.refused("PATCH", f"{at}/orders/b", {"time_expire": past}, 409)["field"] == "time_expire"


def test_a_request_is_signed_on_demand(control_api: ControlApi, at: str, tenant: huifu_mock.Tenant) -> None:
    order = tenant.orders.add()
    data = {**order.close_params("close-1"), "remark": "中文"}
    wrong = json.dumps(data)
    signed = valid("signed", control_api.answer("POST", f"{at}/sign", {"data": data, "text": wrong}))
    assert signed["text"] == wrong
    post(control_api.base_url, signed["body"].encode())
    [call] = tenant.journal.closes()
    assert (call.reason, call.explanation["signed_text"]) == ("BAD_PARAMETERS", wrong)
    signed = control_api.answer("POST", f"{at}/sign", {"data": data})
    assert signed["text"] == signing.canonical(data).decode()
    post(control_api.base_url, signed["body"].encode())
    assert tenant.journal.closes()[-1].reason == "CLOSED"


def test_nobody_signs_for_a_tenant_whose_private_key_is_not_known(control_api: ControlApi) -> None:
    own = signing.public_text(signing.generate().public_key())
    sys_id = control_api.answer("POST", "/_mock/tenants", {"merchant_public_key": own}, 201)["sys_id"]
    refused = control_api.refused("POST", f"/_mock/tenants/{sys_id}/sign", {"data": {}}, 409)
    assert refused["field"] == "merchant_private_key"
    control_api.answer("DELETE", f"/_mock/tenants/{sys_id}", None, 204)


def test_a_failed_close_whose_number_went_to_another_order_is_not_told_as_its_success(
    tenant: huifu_mock.Tenant,
) -> None:
    key = signing.load_private_key(tenant.merchant_private_key, trusted=True)
    refused, other = tenant.orders.add(settle="refused"), tenant.orders.add()
    for order in (refused, other):
        post(tenant.base_url, signing.envelope(tenant.sys_id, "MCS", order.close_params("same"), key))
    assert [close.stat for close in tenant.orders.get(other.req_seq_id).closes] == ["S"]
    assert "S" not in [close.stat for close in tenant.orders.get(refused.req_seq_id).closes]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["a", "b", "c"]),
        ("?trans_stat=S", ["b"]),
        ("?trade_type=A_NATIVE", ["c"]),
        ("?trans_stat=P&trade_type=T_NATIVE", ["a"]),
        ("?close_stat=", ["a", "b", "c"]),
        ("?settle=refused", []),
        ("?req_seq_id=c", ["c"]),
        ("?hf_seq_id=none", []),
    ],
)
def test_orders_are_found_by_what_they_are(query: str, found: list[str], control_api: ControlApi, at: str) -> None:
    seeds = [
        {"req_seq_id": "a"},
        {"req_seq_id": "b", "trans_stat": "S"},
        {"req_seq_id": "c", "trade_type": "A_NATIVE"},
    ]
    control_api.answer("POST", f"{at}/orders", seeds, 201)
    assert [order["req_seq_id"] for order in control_api.answer("GET", f"{at}/orders{query}")["items"]] == found


def test_a_number_may_hold_any_character_of_a_url(control_api: ControlApi, tenant: huifu_mock.Tenant) -> None:
    for number in ("a/b", "单?x=1&y", "50%", "a b", "..", "#", "😀"):
        assert tenant.orders.add(req_seq_id=number).req_seq_id == number
        assert tenant.orders.get(number).req_seq_id == number
        over_http = huifu_mock.connect(control_api.base_url).find(tenant.sys_id)
        assert over_http.orders.get(number).req_seq_id == number


# the clock


def test_the_clock_is_read_set_and_advanced(control_api: ControlApi, at: str) -> None:
    told = valid("clock", control_api.answer("PUT", f"{at}/clock", {"now": "2099-02-28T23:59:59.5", "mode": "frozen"}))
    assert told == {"now": "2099-02-28T23:59:59.500000+08:00", "mode": "frozen"}
    assert control_api.answer("GET", f"{at}/clock") == told
    advanced = valid("clock", control_api.answer("POST", f"{at}/clock/advance", {"seconds": 0.5}))
    assert advanced == {"now": "2099-03-01T00:00:00+08:00", "mode": "frozen"}
    assert control_api.answer("PUT", f"{at}/clock", {"mode": "running"})["mode"] == "running"
    assert control_api.answer("PUT", f"{at}/clock", {"mode": "auto"})["mode"] == "auto"
    moved = control_api.answer("PUT", f"{at}/clock", {"now": "2100-01-01T00:00:00Z", "mode": "frozen"})
    assert moved["now"] == "2100-01-01T08:00:00+08:00"


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("PUT", "", {"now": "2001-01-01T00:00:00"}, "now"),
        ("PUT", "", {"now": "2026-02-30T00:00:00"}, "now"),
        ("PUT", "", {"now": "tomorrow"}, "now"),
        ("PUT", "", {"now": 5}, "now"),
        ("PUT", "", {"mode": "fast"}, "mode"),
        ("PUT", "", {"time": "x"}, "time"),
        ("PUT", "", {}, "the body"),
        ("POST", "/advance", {"seconds": -1}, "seconds"),
        ("POST", "/advance", {"seconds": "61"}, "seconds"),
        ("POST", "/advance", {"seconds": None}, "seconds"),
        ("POST", "/advance", {"seconds": 1e300}, "seconds"),
        ("POST", "/advance", b'{"seconds":NaN}', "seconds"),
        ("POST", "/advance", b'{"seconds":1e999}', "seconds"),
        ("POST", "/advance", {}, "seconds"),
        ("POST", "/advance", {"minutes": 1, "seconds": 1}, "minutes"),
    ],
)
def test_a_clock_that_cannot_be_set_so_is_refused_by_field(  # noqa: PLR0917 # pytest passes them by name
    method: str, path: str, body: Any, field: str, control_api: ControlApi, at: str
) -> None:
    control_api.answer("POST", f"{at}/orders", {}, 201)  # from now on it cannot go back
    before = control_api.answer("GET", f"{at}/clock")
    assert control_api.refused(method, f"{at}/clock{path}", body)["field"] == field
    assert control_api.answer("GET", f"{at}/clock") == before


def test_the_end_of_the_calendar_is_no_crash(control_api: ControlApi, at: str) -> None:
    for _ in range(100):
        status, told, _ = control_api.ask("POST", f"{at}/clock/advance", {"seconds": 3155760000})
        if status == 422:
            assert "calendar" in told["detail"]
            break
    control_api.answer("POST", f"{at}/orders", {}, 201)


# faults, journal, reset


def test_prepared_answers_are_listed_read_and_forgotten(control_api: ControlApi, at: str) -> None:
    made = valid("fault", control_api.answer("POST", f"{at}/faults", {"do": {"answer": "98888888"}}, 201))
    assert (made["times"], made["used"], made["left"]) == (1, 0, 1)
    assert control_api.answer("GET", f"{at}/faults/{made['id']}") == made
    assert control_api.answer("GET", f"{at}/faults")["items"] == [made]
    assert control_api.answer("DELETE", f"{at}/faults/{made['id']}", None, 204) is None
    assert control_api.refused("GET", f"{at}/faults/{made['id']}", None, 404)["field"] == "id"
    control_api.answer("POST", f"{at}/faults", {"do": {"answer": "99999999"}, "times": 3}, 201)
    control_api.answer("DELETE", f"{at}/faults", None, 204)
    assert control_api.answer("GET", f"{at}/faults")["items"] == []


def test_a_list_of_faults_is_prepared_whole_or_not_at_all(
    control_api: ControlApi, at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy, html = {"do": {"answer": "98888888"}, "times": 2}, {"do": {"fault": "html"}}
    made = control_api.answer("POST", f"{at}/faults", [busy, html], 201)
    assert [valid("fault", fault)["do"] for fault in made] == [{"answer": "98888888", "when": "before"}, html["do"]]
    unread = {"match": {"req_seq_id": "x"}, "do": {"fault": "reset-before-read"}}
    for wrong, field in (
        ({"do": {}}, "[1].do"),
        ({**html, "times": 0}, "[1].times"),
        ({"do": {"answer": "20000001.TOO_OLD"}}, "[1].do.answer"),
        (unread, "[1].match.req_seq_id"),
        (7, "[1]"),
    ):
        assert control_api.refused("POST", f"{at}/faults", [html, wrong])["field"].startswith(field)
    assert control_api.answer("POST", f"{at}/faults", [], 201) == []
    monkeypatch.setattr(faults, "MOST_FAULTS", 3)
    assert control_api.refused("POST", f"{at}/faults", [html, html], 429)["field"] == "faults"
    assert control_api.answer("GET", f"{at}/faults")["items"] == made
    third = control_api.answer("POST", f"{at}/faults", [html], 201)
    assert [fault["id"] for fault in (*made, *third)] == ["fault-1", "fault-2", "fault-3"]


def test_a_queued_answer_that_does_not_exist_is_refused(control_api: ControlApi, at: str) -> None:
    error = control_api.refused("POST", f"{at}/faults", {"do": {"answer": "20000001.TOO_OLD"}})
    assert "TOO_YOUNG" in error["expected"]
    control_api.refused("POST", f"{at}/faults", {"do": {}})
    control_api.refused("POST", f"{at}/faults", {"do": {"answer": "98888888"}, "times": 0})
    assert control_api.answer("GET", f"{at}/faults")["items"] == []


def test_the_journal_is_searched_read_and_cleared(control_api: ControlApi, at: str, tenant: huifu_mock.Tenant) -> None:
    key = signing.load_private_key(tenant.merchant_private_key, trusted=True)
    data = tenant.orders.add().close_params("close-1")
    answer = post(control_api.base_url, signing.envelope(tenant.sys_id, "MCS", data, key))
    told = valid("journal", control_api.answer("GET", f"{at}/journal?reason=CLOSED&wait=5"))
    assert told["dropped"] == 0
    (entry,) = told["items"]
    assert valid("journal-entry", control_api.answer("GET", f"{at}/journal/{entry['id']}")) == entry
    assert entry["id"] == answer.headers["huifu-mock-call"]
    assert control_api.answer("GET", f"{at}/journal?reason=TOO_YOUNG&wait=0.01") == {
        "items": [],
        "next": None,
        "dropped": 0,
        "total": 1,
    }
    assert control_api.answer("DELETE", f"{at}/journal", None, 204) is None
    assert control_api.refused("GET", f"{at}/journal/{entry['id']}", None, 404)["field"] == "id"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("journal?wait=x", "wait"),
        ("journal?wait=-1", "wait"),
        ("journal?wait=nan", "wait"),
        ("journal?wait=601", "wait"),
        ("journal?reasons=CLOSED", "?reasons"),
        ("journal?reason=CLOSD", "reason"),
        ("journal?endpoint=clos", "endpoint"),
        ("journal?signature_ok=maybe", "signature_ok"),
        ("orders?state=P", "?state"),
        ("orders?trans_stat=X", "trans_stat"),
        ("orders?settle=x", "settle"),
        ("clock?x=1", "?x"),
    ],
)
def test_an_unknown_query_parameter_or_value_is_refused(
    query: str, field: str, control_api: ControlApi, at: str
) -> None:
    assert control_api.refused("GET", f"{at}/{query}")["field"] == field


def test_reset_makes_a_tenant_as_it_was_made(control_api: ControlApi, at: str, tenant: huifu_mock.Tenant) -> None:
    before = control_api.answer("GET", at)
    tenant.patch(settle="refused", product_ids={"MCS": "suspended"})
    tenant.orders.add(settle="processing")
    tenant.faults.add(answer="98888888")
    tenant.clock.advance(10**9)
    assert valid("tenant", control_api.answer("POST", f"{at}/reset")) == before
    assert control_api.answer("GET", f"{at}/orders")["items"] == []
    assert control_api.answer("GET", f"{at}/faults")["items"] == []
    assert control_api.answer("GET", f"{at}/journal") == {"items": [], "next": None, "dropped": 0, "total": 0}
    clock = control_api.answer("GET", f"{at}/clock")
    assert clock["mode"] == "running"


def test_reset_brings_the_default_tenants_cast_back() -> None:
    with huifu_mock.Server() as server:
        cast = [order.req_seq_id for order in server.default.orders.list()]
        assert len(cast) >= 10
        server.default.orders.add(req_seq_id="mine")
        server.default.orders.pay(cast[0])
        server.default.reset()
        assert [order.req_seq_id for order in server.default.orders.list()] == cast
        assert server.default.orders.get(cast[0]).trans_stat == "P"


# what is not there, and who may ask


def test_every_call_is_in_the_table_once() -> None:
    rows = [(route.method, route.template) for route in ROUTES]
    assert len(rows) == len(set(rows))
    assert all(route.says for route in ROUTES)


@pytest.mark.parametrize(
    "path", ["/_mock/nothing", "/_mock/tenants/", "/_mock/tenants/x/y/z/w", "/_mock/tenants/x/clock/"]
)
def test_a_path_that_is_not_there_is_404(path: str, control_api: ControlApi) -> None:
    assert control_api.refused("GET", path, None, 404)["field"] in ("the path", "sys_id")


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/_mock/about"), ("PUT", "/_mock/tenants"), ("DELETE", "/_mock/health")]
)
def test_a_method_that_is_not_for_it_is_405_and_says_what_is(method: str, path: str, control_api: ControlApi) -> None:
    assert "GET" in control_api.refused(method, path, None, 405)["expected"]


def test_head_is_get_without_the_body(server: huifu_mock.Server) -> None:
    with connected(server.base_url) as connection:
        connection.sendall(head(server.base_url, [], "/_mock/about", "HEAD"))
        answer = received(connection, "HEAD")
    assert (answer.status, answer.body) == (200, b"")


def asked(base_url: str, headers: list[tuple[str, str]], target: str = "/_mock/about") -> int:
    """The status of a GET with exactly these headers."""
    lines = [f"GET {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
    with connected(base_url) as connection:
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        return received(connection, "GET").status


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("localhost", 200),
        ("localhost:8080", 200),
        ("[::1]:8080", 200),
        ("127.9.9.9", 200),
        ("evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("localhost.evil.example", 403),
        ("192.168.1.1", 403),
        ("", 403),
        ("[", 403),
        ("[x]", 403),
        ("\xff", 403),
    ],
)
def test_a_foreign_host_header_is_refused(host: str, status: int, server: huifu_mock.Server) -> None:
    got = asked(server.base_url, [("Host", host)])
    assert got == status or (status == 403 and got == 400)


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://127.0.0.1:3000", 200),
        ("http://localhost", 200),
        ("http://evil.example", 403),
        ("null", 403),
        ("http://[", 403),
        ("", 403),
    ],
)
def test_a_foreign_origin_header_is_refused(origin: str, status: int, server: huifu_mock.Server) -> None:
    host = urlsplit(server.base_url).netloc
    assert asked(server.base_url, [("Host", host), ("Origin", origin)]) == status


def test_huifus_own_paths_are_for_any_host(tenant: huifu_mock.Tenant) -> None:
    """A client may reach them under the name of the real gateway, by its hosts file."""
    with connected(tenant.base_url) as connection:
        connection.sendall(
            b"POST /v2/trade/payment/scanpay/close HTTP/1.1\r\nHost: api.huifu.com\r\nContent-Length: 2\r\n\r\n{}"
        )
        assert opened(received(connection).body)["resp_code"] == "10000000"


@pytest.fixture(scope="module")
def guarded() -> Iterator[huifu_mock.Server]:
    """A server that others can reach, and that wants a token for its control API."""
    with huifu_mock.Server("0.0.0.0", control_token="s3cret-令牌") as server:
        yield server


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        ("Bearer s3cret-令牌", 200),
        ("Bearer s3cret", 401),
        ("bearer s3cret-令牌", 401),
        ("s3cret-令牌", 401),
        ("Bearer ", 401),
        ("Bearer \udcff", 401),
        (None, 401),
    ],
)
def test_a_token_is_wanted_where_others_can_reach_it(
    authorization: str | None, status: int, guarded: huifu_mock.Server
) -> None:
    sent = [("Host", "mock.internal")]
    if authorization is not None:
        sent.append(("Authorization", authorization.encode(errors="surrogateescape").decode("latin-1")))
    assert asked(guarded.base_url, sent) == status


def test_a_token_is_no_concern_of_huifus_paths(guarded: huifu_mock.Server) -> None:
    assert opened(post(guarded.base_url, b"{}").body)["resp_code"] == "10000000"


def test_connect_carries_the_token(guarded: huifu_mock.Server) -> None:
    assert huifu_mock.connect(guarded.base_url, token="s3cret-令牌").about()["name"] == "huifu-mock"
    with pytest.raises(huifu_mock.ControlError, match="token") as error:
        huifu_mock.connect(guarded.base_url)
    assert error.value.status == 401


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.1", "example.com"])
def test_without_a_token_it_does_not_listen_where_others_can_reach_it(host: str) -> None:
    with pytest.raises(huifu_mock.CannotListen, match="control-token"):
        huifu_mock.Server(host)


def test_a_body_that_is_too_large_is_413(control_api: ControlApi, at: str) -> None:
    with connected(control_api.base_url) as connection:
        headers = [("Content-Length", str(11 * 1024 * 1024)), ("Expect", "100-continue")]
        connection.sendall(head(control_api.base_url, headers, f"{at}/orders"))
        assert received(connection).status == 413


# any input at all


text = st.text(st.characters(exclude_categories=[]), max_size=40)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
FIELDS = sorted({name for route in ROUTES if route.body for name in schema(route.body).contents.get("properties", {})})
nearly = st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=5), anything, max_size=4)


@given(
    route=st.sampled_from([route for route in ROUTES if not route.template.endswith(("/deliveries", "/events"))]),
    body=anything | nearly | st.lists(nearly, max_size=2),
    parts=st.lists(st.text(min_size=1, max_size=6), min_size=3, max_size=3),
)
def test_no_body_and_no_path_makes_it_fail_inside(route: Any, body: Any, parts: list[str], scratch: ControlApi) -> None:
    names = {"{sys_id}": quote("6666000108854952"), "{id}": quote(parts[1], safe=""), "{event}": "trans.close"}
    other = quote(parts[0], safe="")
    path = "/".join(names.get(part, other if part[:1] == "{" else part) for part in route.template.split("/"))
    if route.method == "DELETE" and path.endswith("6666000108854952"):
        path = path.replace("6666000108854952", "nobody")
    status, answer, _ = scratch.ask(route.method, path, json.dumps(body).encode())
    assert status < 500, (route.method, path, body, answer)


@pytest.fixture(scope="module")
def scratch() -> Iterator[ControlApi]:
    """A server for input that may change anything."""
    with huifu_mock.Server() as server:
        yield ControlApi(server.base_url)


def test_a_taken_port_is_told_with_what_would_be_right(server: huifu_mock.Server) -> None:
    port = urlsplit(server.base_url).port
    with pytest.raises(huifu_mock.CannotListen, match=f"port {port} of 127.0.0.1 is taken"):
        huifu_mock.Server(port=port or 0).start()
