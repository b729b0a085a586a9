"""Every refusal tells why, what the specification says, what was the state then, and what would have succeeded."""

import json
from dataclasses import replace
from typing import Any

import pytest
from counter import QUERY_V4, ask, named
from desk import Answered, Desk
from mistaken import CLIENTS, Client, b64, compact, envelope, right, rsa
from test_gateway import REACHED, Breaking

from huifu_mock import explain, signing
from huifu_mock.codes import Reason
from huifu_mock.explain.nearest_order import HOW, SCANNED
from huifu_mock.explain.refusal import LONGEST
from huifu_mock.gateway.gateway import PATHS
from huifu_mock.gateway.mock import seed
from huifu_mock.http.control.journal import shown
from huifu_mock.request import CLOSE, ReceivedBytes
from huifu_mock.rules import RULES
from huifu_mock.state.clock import parse
from huifu_mock.state.orders import Order, OrderTable

REFUSED = [reason for reason in Reason if reason not in (Reason.CLOSED, Reason.PROCESSING)]


def configure(desk: Desk, **settings: Any) -> None:
    """Change settings of the desk's tenant."""
    desk.tenant.settings = replace(desk.tenant.settings, **settings)


def reached(desk: Desk, reason: Reason) -> Answered:
    """A call that is answered so, and its reply."""
    fields, changes, products, queued, earlier = REACHED[reason]
    order = desk.order(**fields)
    if earlier:
        desk.close(order)
    configure(desk, product_ids=products)
    if queued:
        desk.tenant.faults.add({"do": {"answer": queued}, "times": 1})
    return desk.send(desk.body(desk.data(order, **changes)))


def explained(desk: Desk, answered: Answered) -> dict[str, Any]:
    """The journal entry's explanation."""
    told: dict[str, Any] = shown(desk.tenant, answered.exchange.entry)["explanation"]
    return told


def assert_whole(told: dict[str, Any], hint: str) -> None:
    assert hint.isascii()
    assert hint.isprintable()
    assert 10 < len(hint) <= LONGEST
    assert told["text"]["en"].strip()
    assert told["text"]["zh"].strip()
    refusal = told["refusal"]
    assert refusal["rules"][-1]["applied"]
    assert [rule["applied"] for rule in refusal["rules"][:-1]] == [False] * (len(refusal["rules"]) - 1)
    assert all(rule["when"]["en"] and rule["when"]["zh"] for rule in refusal["rules"])
    for part in ("specification", "remedy"):
        assert refusal[part]["en"].strip(), part
        assert refusal[part]["zh"].strip(), part
        assert refusal[part]["en"] in told["text"]["en"]
        assert refusal[part]["zh"] in told["text"]["zh"]
    assert refusal["now"]
    json.dumps(told, ensure_ascii=False, allow_nan=False).encode()


@pytest.mark.parametrize("legacy", [False, True], ids=["", "legacy"])
@pytest.mark.parametrize("reason", REFUSED, ids=lambda reason: reason.name)
def test_no_refusal_lacks_its_explanation(reason: Reason, legacy: bool, desk: Desk) -> None:
    configure(desk, legacy_codes=legacy)
    answered = reached(desk, reason)
    told = explained(desk, answered)
    assert told["reason"] == reason.name
    assert told["mistakes"] == []
    assert told["signed_text"] == told["expected_text"]
    assert_whole(told, answered.exchange.hint)


@pytest.mark.parametrize("reason", [Reason.CLOSED, Reason.PROCESSING], ids=lambda reason: reason.name)
def test_a_close_that_was_carried_out_is_told_so_and_has_no_hint(reason: Reason, desk: Desk) -> None:
    answered = reached(desk, reason)
    told = explained(desk, answered)
    assert answered.exchange.hint == ""
    assert told["refusal"] is None
    assert told["mistakes"] == []
    assert told["reason"] == reason.name
    assert told["signed_text"] == told["expected_text"] == right(json.loads(answered.exchange.entry.sent.body)["data"])


def test_every_row_of_the_rules_has_a_sentence_and_a_remedy(desk: Desk) -> None:
    rows = {rule.row for rule in RULES} - {"replay", "14", "15"}
    assert rows <= set(explain.SENTENCES)
    for reason in REFUSED:
        told = explained(desk2 := Desk(), reached(desk2, reason))
        rows.discard(told["refusal"]["rule"])
    assert rows == {"2", "6"}  # these have tests of their own


def test_the_http_922_answer_carries_the_hint_and_the_explanation_too(desk: Desk) -> None:
    configure(desk, bad_signature="http-922")
    body = envelope(desk.data(desk.order()), b64(rsa("something")))
    exchange = desk.mock.gateway.receive(CLOSE, ReceivedBytes(body))
    assert exchange.status == 922
    assert exchange.hint.startswith("unknown: ")
    assert_whole(shown(desk.tenant, exchange.entry)["explanation"], exchange.hint)


def test_a_failure_inside_carries_a_hint(desk: Desk) -> None:
    store = desk.tenant.orders = Breaking()
    body = desk.body(desk.data(desk.order()))
    store.broken = "save"
    answered = desk.send(body)
    assert "failed inside" in answered.exchange.hint
    assert "failed inside" in explained(desk, answered)["text"]["en"]


def test_an_answer_that_hides_a_close_carries_a_hint(desk: Desk) -> None:
    desk.tenant.faults.add({"do": {"answer": "98888888", "when": "after"}})
    answered = desk.send(desk.body(desk.data(desk.order())))
    assert "98888888" in answered.exchange.hint


# what would have made it succeed


def test_an_order_that_is_too_young_is_told_how_long_to_wait(desk: Desk) -> None:
    answered = desk.send(desk.body(desk.data(desk.order(age_seconds=37))))
    assert "wait 23 s" in answered.exchange.hint
    assert "等待 23 秒" in explained(desk, answered)["text"]["zh"]
    assert "wait 1 s" in desk.send(desk.body(desk.data(desk.order(age_seconds=59.99)))).exchange.hint


def test_a_paid_order_is_to_be_refunded(desk: Desk) -> None:
    answered = desk.send(desk.body(desk.data(desk.order(trans_stat="S"))))
    at = desk.tenant.clock.now().isoformat(timespec="seconds")
    assert f"already paid at {at}; closing cannot succeed, refund it instead" in answered.exchange.hint
    assert f"该订单已于 {at} 支付；关单不会成功，请改用退款" in explained(desk, answered)["text"]["zh"]
    assert "failed" in desk.send(desk.body(desk.data(desk.order(trans_stat="F")))).exchange.hint


def test_a_second_close_is_told_which_one_is_in_progress(desk: Desk) -> None:
    order = desk.order(settle="processing")
    desk.close(order, req_seq_id="the-first")
    assert "the-first" in desk.send(desk.body(desk.data(order))).exchange.hint


def test_an_unknown_product_is_told_which_ones_there_are(desk: Desk) -> None:
    configure(desk, product_ids={"MCS": "active", "OLD": "suspended"})
    hint = desk.send(desk.body(desk.data(desk.order()), product_id="XYZ")).exchange.hint
    assert "XYZ" in hint
    assert "MCS (active), OLD (suspended)" in hint


def test_a_number_that_was_used_is_told_apart_from_a_repeat(desk: Desk) -> None:
    order = desk.order()
    desk.close(order, req_seq_id="n-1")
    answered = desk.send(desk.body(desk.data(order, req_seq_id="n-1", extra="x")))
    assert answered.row == "6"
    assert_whole(explained(desk, answered), answered.exchange.hint)
    assert "n-1" in answered.exchange.hint


def test_the_state_is_the_one_of_then_not_of_now(desk: Desk) -> None:
    order = desk.order(age_seconds=10)
    answered = desk.send(desk.body(desk.data(order)))
    desk.tenant.clock.advance(1000)
    desk.close(order)
    refusal = explained(desk, answered)["refusal"]
    assert refusal["order"]["trans_stat"] == "P"
    assert refusal["order"]["age_seconds"] == 10
    assert "wait 50 s" in refusal["remedy"]["en"]


def test_the_rules_are_told_in_order_up_to_the_one_that_applied(desk: Desk) -> None:
    refusal = explained(desk, desk.send(desk.body(desk.data(desk.order(trans_stat="S")))))["refusal"]
    assert [rule["row"] for rule in refusal["rules"]] == ["1", "2", "3", "4", "5", "replay", "6", "scripted", "7", "8",
                                                          "9", "10"]  # fmt: skip


# the nearest order


@pytest.mark.parametrize(
    ("how", "changes"),
    [
        ("other-day", {"org_req_date": "20260102"}),
        ("other-day", {"org_req_date": "20260131"}),
        ("other-day", {"org_req_date": "20250101"}),
        ("other-merchant", {"huifu_id": "6666000000000009"}),
        ("other-merchant-and-day", {"huifu_id": "6666000000000009", "org_req_date": "20260102"}),
        ("hf-as-req", {"org_req_seq_id": "HF"}),
        ("req-as-hf", {"org_req_seq_id": None, "org_hf_seq_id": "ORDER-0001"}),
        ("other-day", {"org_req_seq_id": None, "org_hf_seq_id": "HF", "org_req_date": "20260105"}),
        ("one-character", {"org_req_seq_id": "ORDER-0002"}),
        ("one-character", {"org_req_seq_id": "ORDER-001"}),
        ("one-character", {"org_req_seq_id": "ORDER-00001"}),
        ("one-character", {"org_req_seq_id": "ODRER-0001"}),
        ("letter-case", {"org_req_seq_id": "order-0001"}),
        ("letter-case", {"org_req_seq_id": "ORDER-0001 "}),
        ("numbers-disagree", {"org_hf_seq_id": "HF2"}),
        ("numbers-disagree", {"org_hf_seq_id": "nothing"}),
    ],
)
def test_the_nearest_order_is_told_with_what_differs(how: str, changes: dict[str, Any], desk: Desk) -> None:
    order = desk.order(req_seq_id="ORDER-0001", req_date="20260101", hf_seq_id="HF")
    desk.order(req_seq_id="something-else", req_date="20260101", hf_seq_id="HF2")
    answered = desk.send(desk.body(desk.data(order, **changes)))
    assert answered.row == "7"
    nearest = explained(desk, answered)["refusal"]["nearest"]
    assert nearest["how"]["id"] == how
    assert HOW[how][0] in answered.exchange.hint
    if changes.get("org_hf_seq_id") != "HF2":
        assert nearest["order"]["req_seq_id"] == "ORDER-0001"


def test_an_order_like_none_is_told_so(desk: Desk) -> None:
    desk.order(req_seq_id="ORDER-0001")
    answered = desk.send(desk.body(desk.data(org_req_seq_id="completely different")))
    assert explained(desk, answered)["refusal"]["nearest"] is None
    assert "no order like it" in answered.exchange.hint


def test_the_nearest_order_is_the_one_at_the_time_of_the_call(desk: Desk) -> None:
    desk.order(req_seq_id="ORDER-0001", req_date="20260101")
    answered = desk.send(desk.body(desk.data(org_req_seq_id="ORDER-0002")))
    desk.tenant.orders.clear()
    desk.order(req_seq_id="ORDER-0002", req_date="20260102")
    assert explained(desk, answered)["refusal"]["nearest"]["order"]["req_seq_id"] == "ORDER-0001"


class Counting(OrderTable):
    """A store that counts the orders it hands out one by one, and never hands out all."""

    handed = 0

    def newest(self, limit: int) -> Any:
        for order in super().newest(limit):
            self.handed += 1
            yield order

    def orders(self) -> Any:
        raise AssertionError("a refusal must not go through all orders")


def test_looking_for_the_nearest_order_is_bounded_work(desk: Desk) -> None:
    store = desk.tenant.orders = Counting()
    one = desk.order(req_seq_id="first")
    seeded = [replace(one, req_seq_id=f"n{i:06}", hf_seq_id=f"h{i:06}") for i in range(20_000)]
    store.add(seeded)
    answered = desk.send(desk.body(desk.data(org_req_seq_id="nothing like it at all")))
    assert answered.row == "7"
    assert store.handed == SCANNED


def test_an_order_far_back_is_still_found_by_day_and_by_huifus_number(desk: Desk) -> None:
    first: Order = desk.order(req_seq_id="first", req_date="20260101", hf_seq_id="HF-first")
    desk.tenant.orders.add([replace(first, req_seq_id=f"n{i}", hf_seq_id=f"h{i}") for i in range(2 * SCANNED)])
    for changes in ({"org_req_date": "20260115"}, {"org_req_seq_id": "HF-first"}):
        answered = desk.send(desk.body(desk.data(first, **changes)))
        assert explained(desk, answered)["refusal"]["nearest"]["order"]["req_seq_id"] == "first"


# other endpoints


def test_the_neighbours_refusals_are_explained_too(desk: Desk) -> None:
    order = desk.order(req_seq_id="ORDER-0001", req_date="20260101")
    close = desk.data(order)
    amount = {"req_date": "20260101", "req_seq_id": "ORDER-0001", "huifu_id": order.huifu_id, "trade_type": "T_NATIVE",
              "trans_amt": "1.00", "goods_desc": "x"}  # fmt: skip
    query = {"huifu_id": order.huifu_id, "org_req_date": "20260101", "org_req_seq_id": "ORDER-0002"}
    calls: tuple[tuple[str, dict[str, Any]], ...] = (
        ("/v2/trade/payment/scanpay/closequery", close),
        ("/v2/trade/payment/scanpay/closequery", {**close, "org_req_seq_id": "ORDER-0002"}),
        ("/v2/trade/payment/scanpay/closequery", {**close, "org_req_seq_id": ""}),
        ("/v2/trade/payment/scanpay/query", query),
        ("/v3/trade/payment/scanpay/query", {**query, "org_req_seq_id": ""}),
        ("/v2/trade/payment/scanpay/query", {"huifu_id": order.huifu_id, "org_req_seq_id": "ORDER-0001"}),
        ("/v4/trade/payment/create", amount),
        ("/v4/trade/payment/create", {**amount, "req_seq_id": "new", "time_expire": "20200101000000"}),
        ("/v4/trade/payment/create", {}),
    )
    for path, data in calls:
        exchange = desk.mock.gateway.receive(PATHS[path], ReceivedBytes(desk.body(data)))
        told = shown(desk.tenant, exchange.entry)["explanation"]
        assert exchange.entry.facts is not None, path
        assert_whole(told, exchange.hint)
    wrong_number = desk.mock.gateway.receive(PATHS[calls[3][0]], ReceivedBytes(desk.body(query)))
    assert shown(desk.tenant, wrong_number.entry)["explanation"]["refusal"]["nearest"]["how"]["id"] == "one-character"


# signatures, over the gateway


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.mistakes.replace(" ", "+"))
def test_a_mistaken_client_reads_the_ids_first_in_the_hint_and_all_in_the_journal(client: Client, desk: Desk) -> None:
    exchange = desk.mock.gateway.receive(CLOSE, ReceivedBytes(client.body()))
    told = shown(desk.tenant, exchange.entry)["explanation"]
    assert told["mistakes"] == [id_ for id_ in explain.MISTAKES if id_ in client.mistakes.split()]
    assert exchange.hint.startswith(", ".join(told["mistakes"]) + ": ")
    assert told["reason"] == "BAD_PARAMETERS"
    assert exchange.entry.signature_ok is not True
    assert_whole(told, exchange.hint)


def test_the_library_and_the_journal_tell_the_same(desk: Desk) -> None:
    for client in CLIENTS[::7]:
        exchange = desk.mock.gateway.receive(CLOSE, ReceivedBytes(client.body()))
        told = shown(desk.tenant, exchange.entry)["explanation"]
        alone = explain.explain_request(client.body(), (), desk.tenant.merchant_public_key).as_json()
        for name in ("reason", "mistakes", "signed_text", "expected_text", "differs_at", "fixes", "warnings"):
            assert told[name] == alone[name]


def test_a_stale_signature_names_the_call_that_it_is_of(desk: Desk) -> None:
    order = desk.order()
    first = desk.body(desk.data(order))
    call = desk.send(first).exchange.entry.id
    stale = envelope(desk.data(order), json.loads(first)["sign"])
    answered = desk.send(stale)
    assert answered.exchange.hint.startswith("stale-signature: ")
    assert call in explained(desk, answered)["text"]["en"]


def test_another_tenants_key_is_recognised_and_the_tenant_not_named(desk: Desk) -> None:
    other = desk.mock.tenant({})
    assert other.merchant_private_key is not None
    data = desk.data(desk.order())
    answered = desk.send(envelope(data, b64(rsa(right(data), other.merchant_private_key))))
    told = explained(desk, answered)
    assert told["mistakes"] == ["other-tenant-key"]
    assert other.sys_id not in json.dumps(told)
    assert other.sys_id not in answered.exchange.hint


def test_an_unknown_sys_id_is_told_as_what_it_is(desk: Desk) -> None:
    stranger = signing.generate(2048)
    data = desk.data(desk.order())
    answered = desk.send(signing.envelope("6666000000000123", "MCS", data, stranger))
    told = explained(desk, answered)
    assert told["mistakes"] == []
    assert "no tenant here has the sys_id 6666000000000123" in answered.exchange.hint
    mine = desk.send(desk.body(data, sys_id="6666000000000123"))
    assert explained(desk, mine)["mistakes"] == []
    unsorted = compact({"sys_id": "6666000000000123", "product_id": "MCS", "data": data,
                        "sign": b64(rsa(compact(data)))}).encode()  # fmt: skip
    assert explained(desk, desk.send(unsorted))["mistakes"] == ["unsorted"]


def test_a_body_with_a_bom_is_examined_with_its_own_tenants_key(desk: Desk) -> None:
    other = desk.mock.tenant({})
    assert other.merchant_private_key is not None
    order = seed(other, [{}])[0]
    data = {**desk.data(order), "org_req_date": order.req_date}
    body = b"\xef\xbb\xbf" + signing.envelope(other.sys_id, "MCS", data, other.merchant_private_key)
    assert desk.send(body).exchange.hint.startswith("bom: ")


def test_a_wrong_shape_comes_first_and_a_wrong_signature_is_told_too(desk: Desk) -> None:
    data = {**desk.data(desk.order()), "req_date": "tomorrow"}
    answered = desk.send(envelope(data, b64(rsa(compact(data)))))
    assert answered.row == "1"
    assert answered.exchange.hint.startswith("rule 1: data.req_date")
    assert answered.exchange.hint.endswith("the signature is wrong too: unsorted")
    assert explained(desk, answered)["mistakes"] == ["unsorted"]
    right_one = desk.send(desk.body(data))
    assert explained(desk, right_one)["mistakes"] == []


@pytest.mark.parametrize(
    ("change", "en", "zh"),
    [
        (
            {"req_date": None},
            "data.req_date: is null, not a string; day of this request: a real calendar day of exactly 8 digits",
            "data.req_date：是 null，不是字符串；请求日期，格式yyyyMMdd，示例：20220905",
        ),
        (
            {"huifu_id": ...},
            "data.huifu_id: is missing; merchant number",
            "data.huifu_id：缺少；商户号，String(32)，开户后自动生成，示例：6666000000000000",
        ),
        (
            {"huifu_id": "商户; 一" * 40},
            "data.huifu_id: has 200 characters; merchant number",
            "data.huifu_id：有 200 个字符；商户号，String(32)，开户后自动生成，示例：6666000000000000",
        ),
    ],
)
def test_what_a_field_should_hold_is_said_in_the_language_of_the_reader(
    change: dict[str, Any], en: str, zh: str, desk: Desk
) -> None:
    data = {name: value for name, value in {**desk.data(desk.order()), **change}.items() if value is not ...}
    told = explained(desk, desk.send(desk.body(data)))
    assert told["refusal"]["remedy"] == {"en": en, "zh": zh}


def test_a_long_request_is_not_searched(desk: Desk) -> None:
    data = {**desk.data(desk.order()), **{f"remark-{i}": "x" * 60_000 for i in range(5)}}
    answered = desk.send(envelope(data, b64(rsa(compact(data)))))
    assert explained(desk, answered)["mistakes"] == ["unknown"]
    assert "too long to be looked into" in answered.exchange.hint
    assert desk.send(envelope(data, "")).exchange.hint.startswith("sign-empty")
    assert desk.send(desk.body(data)).reply["resp_code"] == "00000000"


def test_a_request_with_nothing_to_verify_has_no_mistakes(desk: Desk) -> None:
    for body in (b"", b"[]", b"hello", b"{}", b'{"data":null}', b"x" * 300_000):
        answered = desk.send(body)
        told = explained(desk, answered)
        assert told["mistakes"] == []
        assert answered.exchange.hint.startswith("rule 1: ")


def test_warnings_are_in_the_journal_of_a_close_that_was_carried_out(desk: Desk) -> None:
    answered = desk.send(desk.body({**desk.data(desk.order()), "extra": {"a": 1}}))
    told = explained(desk, answered)
    assert told["reason"] == "CLOSED"
    assert [warned["id"] for warned in told["warnings"]] == ["nested"]
    assert "Warning: `extra`" in told["text"]["en"]


def test_a_call_that_a_fault_cut_off_is_examined_when_it_is_read(desk: Desk) -> None:
    desk.tenant.faults.add({"do": {"fault": "reset-before-commit"}})
    data = desk.data(desk.order())
    exchange = desk.mock.gateway.receive(CLOSE, ReceivedBytes(envelope(data, b64(rsa(compact(data))))))
    told = shown(desk.tenant, exchange.entry)["explanation"]
    assert told["mistakes"] == ["unsorted"]
    assert "not answered" in told["text"]["en"]


def test_a_hint_is_one_line_of_ascii_whatever_was_sent(desk: Desk) -> None:
    for number in ("关单\u3000x", "a" * 128, "<script>"):
        hint = desk.send(desk.body(desk.data(desk.order(), org_req_seq_id=number))).exchange.hint
        assert hint.isascii()
        assert hint.isprintable()
        assert len(hint) <= LONGEST
    assert explain.ascii_line("a\r\nb\x00中") == "a b?\\u4e2d"


@pytest.mark.parametrize("given", ["application/x-www-form-urlencoded", "text/plain; charset=utf-8"])
def test_a_content_type_that_others_refuse_is_a_warning(given: str, desk: Desk) -> None:
    answered = desk.send(desk.body(desk.data(desk.order())), f"Host: x\r\ncontent-type: {given}".encode())
    assert answered.reply["resp_code"] == "00000000"
    assert answered.exchange.hint.startswith(
        f"warning: Content-Type {given} is accepted here, other gateways answer 415"
    )
    told = explained(desk, answered)
    assert [one["id"] for one in told["warnings"]] == ["content-type"]
    assert "415" in told["text"]["zh"]
    refused = desk.send(desk.body(desk.data()), f"Content-Type: {given}".encode())
    assert refused.exchange.hint.startswith("rule 7")
    assert "other gateways answer 415" in refused.exchange.hint


def written(text: str) -> bytes:
    """A request that holds `data` as it is written here, and signs just that."""
    return envelope("@", b64(rsa(text))).replace(b'"@"', text.encode())


@pytest.mark.parametrize(
    ("remark", "escape"),
    [
        ("https:\\/\\/shop.example", r"\/"),
        (r"\u8ba2\u5355", r"\u8ba2, \u5355"),
        (r"\ud83d\ude00", r"\ud83d, \ude00"),
        (r"a\u003cb", r"\u003c"),
        ("\\\\" + r"\u8ba2", r"\u8ba2"),
    ],
)
def test_a_signed_text_that_official_sdks_write_without_escapes_is_a_warning(
    remark: str, escape: str, desk: Desk
) -> None:
    text = right(desk.data(desk.order(), remark="@")).replace("@", remark)
    answered = desk.send(written(text))
    assert answered.reply["resp_code"] == "00000000"
    assert answered.exchange.hint.startswith(f"warning: the signature is of {escape}, accepted here")
    told = explained(desk, answered)
    assert [(one["id"], one["member"]) for one in told["warnings"]] == [("escapes", "remark")]
    assert "官方 SDK 对未转义的字符加签" in told["text"]["zh"]
    assert told["mistakes"] == []


@pytest.mark.parametrize("remark", [r"\"a\"", r"a\\/b", r"a\\u8ba2", r"\u000B", r"\u007F", r"\u2028", "a/b", "订单"])
def test_what_some_official_sdk_signs_so_is_no_reason_to_warn(remark: str, desk: Desk) -> None:
    text = right(desk.data(desk.order(), remark="@")).replace("@", remark)
    answered = desk.send(written(text))
    assert answered.reply["resp_code"] == "00000000"
    assert answered.exchange.hint == ""
    assert "escapes" not in [one["id"] for one in explained(desk, answered)["warnings"]]


def test_escapes_on_the_wire_alone_are_no_reason_to_warn(desk: Desk) -> None:
    text = right(desk.data(desk.order(), remark="a/订"))
    body = written(text).replace("a/订".encode(), rb"a\/\u8ba2")
    assert desk.send(body).exchange.hint == ""


@pytest.mark.parametrize("headers", [b"", b"Content-Type: application/json", b"content-type: Application/JSON"])
def test_json_and_nothing_are_no_reason_to_warn(headers: bytes, desk: Desk) -> None:
    assert desk.send(desk.body(desk.data(desk.order())), headers).exchange.hint == ""


def test_an_order_of_another_day_is_told_with_the_day_in_beijing_and_in_utc(desk: Desk) -> None:
    desk.tenant.clock.begin(parse("2026-03-01T00:30:00"))
    order = desk.order(age_seconds=120)
    assert order.req_date == "20260301"
    hint = desk.send(desk.body(desk.data(order, org_req_date="20260228"))).exchange.hint
    assert "dates are Beijing's, where it is 20260301 now (in UTC 20260228)" in hint


def test_a_missing_signature_names_both_forms_of_a_key(desk: Desk) -> None:
    answered = desk.send(envelope(desk.data(desk.order()), ""))
    assert "PEM for openssl_sign" in answered.exchange.hint
    assert "one line of Base64 for the official SDKs" in answered.exchange.hint


@pytest.mark.parametrize("off", ["20260228", "20260302"])
def test_a_call_whose_own_date_is_a_day_off_is_told_which_day_it_is(off: str, desk: Desk) -> None:
    desk.tenant.clock.begin(parse("2026-03-01T00:30:00"))
    answered = desk.send(desk.body(desk.data(desk.order(), req_date=off)))
    assert answered.reply["resp_code"] == "00000000"
    warning = f"req_date {off} is a day off: dates are Beijing's, where it is 20260301 now (in UTC 20260228)"
    assert answered.exchange.hint == f"warning: {warning}"
    (entry,) = desk.told()
    assert warning in entry["explanation"]["text"]["en"]
    assert f"req_date {off} 差了一天：日期以北京时间为准，现在北京是 20260301" in entry["explanation"]["text"]["zh"]
    assert [one["id"] for one in entry["explanation"]["warnings"]] == ["req-date"]


def test_the_right_day_and_one_that_a_test_chose_are_no_reason_to_warn(desk: Desk) -> None:
    desk.tenant.clock.begin(parse("2026-03-01T00:30:00"))
    for day in ("20260301", "20260227", "20250301"):
        assert desk.send(desk.body(desk.data(desk.order(), req_date=day))).exchange.hint == ""


def test_a_repeat_on_the_next_day_and_the_day_of_a_queried_order_are_no_reason_to_warn(desk: Desk) -> None:
    order = desk.order()
    sent = desk.body(desk.data(order))
    desk.send(sent)
    desk.tenant.clock.advance(86_400)
    assert desk.send(sent).exchange.hint == ""
    asked = ask(desk, QUERY_V4, named(QUERY_V4, order))
    assert (asked.reply["resp_code"], asked.exchange.hint) == ("00000000", "")


def test_a_refusal_by_another_rule_is_told_the_day_too(desk: Desk) -> None:
    desk.tenant.clock.begin(parse("2026-03-01T00:30:00"))
    hint = desk.send(desk.body(desk.data(desk.order(age_seconds=5), req_date="20260228"))).exchange.hint
    assert hint.startswith("rule 12: ")
    assert "; warning: req_date 20260228 is a day off: dates are Beijing's, where it is 20260301 now" in hint
