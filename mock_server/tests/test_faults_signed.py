"""Faults in the signed layer, seen from the other end of a socket by a client that verifies the bytes it received."""

import json
from typing import Any

import pytest
from rawclient import Client, body, told

import huifu_mock
from huifu_mock import signing
from huifu_mock.faults.signed import SIGNED
from huifu_mock.keys import published


def spoilt(tenant: huifu_mock.Tenant, fault: str, order: huifu_mock.Order | None = None, **settings: Any) -> Any:
    """The reply to a close of an open order, spoilt; the journal is checked on the way."""
    order = order or tenant.orders.add()
    with tenant.faults.add(fault=fault, match={"org_req_seq_id": order.req_seq_id}, strict=True, **settings):
        client = told(tenant, order)
    call = tenant.journal.calls()[-1]
    assert call.response == client.body.decode()
    assert call.faults == (fault,)
    return client


def data(client: Any) -> dict[str, Any]:
    found: dict[str, Any] = client.envelope["data"]
    return found


@pytest.mark.parametrize("kind", SIGNED, ids=lambda kind: kind.id)
def test_a_signed_fault_spoils_the_answer_and_never_the_close(tenant: huifu_mock.Tenant, kind: Any) -> None:
    order = tenant.orders.add()
    sent = body(tenant, order)
    client = spoilt(tenant, kind.id, order)
    assert client.status == 200
    call = tenant.journal.calls()[-1]
    assert (call.reason, call.resp_code, call.signature_ok) == ("CLOSED", "00000000", True)
    assert tenant.orders.get(order.req_seq_id).close_stat == "S"
    assert sent != call.body


@pytest.mark.parametrize("kind", SIGNED, ids=lambda kind: kind.id)
def test_a_repeat_of_a_spoilt_close_gets_the_genuine_answer(tenant: huifu_mock.Tenant, kind: Any) -> None:
    order = tenant.orders.add()
    tenant.faults.add(fault=kind.id)
    first, second = (told(tenant, order, req_seq_id="the-same") for _ in range(2))
    assert first.body != second.body
    assert second.signature_holds
    assert data(second)["trans_stat"] == "S"


def test_sign_missing_leaves_it_out(tenant: huifu_mock.Tenant) -> None:
    assert list(spoilt(tenant, "sign-missing").envelope) == ["data"]


def test_sign_empty_leaves_nothing_in_it(tenant: huifu_mock.Tenant) -> None:
    assert spoilt(tenant, "sign-empty").envelope["sign"] == ""


def test_sign_garbage_is_not_base64(tenant: huifu_mock.Tenant) -> None:
    assert signing.unbase64(spoilt(tenant, "sign-garbage").envelope["sign"]) is None


@pytest.mark.parametrize("text", ["true", "7", '" "', '"AA=="'])
def test_sign_garbage_is_what_is_given(tenant: huifu_mock.Tenant, text: str) -> None:
    client = spoilt(tenant, "sign-garbage", text=text)
    assert client.body == b'{"data":' + client.data_bytes + b',"sign":' + text.encode() + b"}"
    assert data(client)["trans_stat"] == "S"


def test_sign_foreign_is_of_a_key_that_nobody_trusts(tenant: huifu_mock.Tenant) -> None:
    client = spoilt(tenant, "sign-foreign")
    assert not client.signature_holds
    assert signing.verify(published("foreign").public_key(), client.data_bytes, client.envelope["sign"])


def test_sign_foreign_can_be_of_the_clients_own_key(tenant: huifu_mock.Tenant) -> None:
    client = spoilt(tenant, "sign-foreign", key="merchant")
    own = signing.load_private_key(tenant.merchant_private_key).public_key()
    assert not client.signature_holds
    assert signing.verify(own, client.data_bytes, client.envelope["sign"])


def test_sign_foreign_falls_back_where_the_client_keeps_its_key(server: huifu_mock.Server) -> None:
    private = published("merchant")
    tenant = server.tenant(merchant_public_key=signing.public_text(private.public_key()))
    tenant.merchant_private_key = signing.private_text(private)
    client = spoilt(tenant, "sign-foreign", key="merchant")
    assert signing.verify(published("foreign").public_key(), client.data_bytes, client.envelope["sign"])
    tenant.drop()


def test_sign_replayed_is_a_true_signature_of_another_reply(tenant: huifu_mock.Tenant) -> None:
    client = spoilt(tenant, "sign-replayed")
    assert not client.signature_holds
    numbers = ("req_seq_id", "org_req_seq_id", "org_hf_seq_id")
    other = {**data(client), **{name: _next(data(client)[name]) for name in numbers}}
    key = signing.load_public_key(tenant.huifu_public_key)
    assert signing.verify(key, signing.canonical(other), client.envelope["sign"])


def _next(number: str) -> str:
    last = number[-1]
    return number[:-1] + (str((int(last) + 1) % 10) if last.isdigit() else "X")


@pytest.mark.parametrize(
    ("order", "true", "told_instead"),
    [({"trans_stat": "S"}, "F", "S"), ({"settle": "processing"}, "P", "S"), ({}, "S", "F")],
    ids=["F to S", "P to S", "S to F"],
)
def test_tampered_turns_the_result_after_signing(
    tenant: huifu_mock.Tenant, order: dict[str, Any], true: str, told_instead: str
) -> None:
    client = spoilt(tenant, "tampered", tenant.orders.add(**order))
    assert data(client)["trans_stat"] == told_instead
    assert not client.signature_holds
    key = signing.load_public_key(tenant.huifu_public_key)
    genuine = signing.canonical({**data(client), "trans_stat": true})
    assert signing.verify(key, genuine, client.envelope["sign"])


@pytest.mark.parametrize("field", ["resp_code", "resp_desc", "huifu_id", "req_date", "req_seq_id", "org_req_date"])
def test_tampered_changes_any_field(tenant: huifu_mock.Tenant, field: str) -> None:
    order = tenant.orders.add()
    true = data(told(tenant, order, req_seq_id="the-same"))
    tenant.faults.add(fault="tampered", field=field)
    client = told(tenant, order, req_seq_id="the-same")
    assert not client.signature_holds
    assert [name for name in true if true[name] != data(client)[name]] == [field]


def test_tampered_puts_in_what_it_is_told(tenant: huifu_mock.Tenant) -> None:
    assert data(spoilt(tenant, "tampered", field="resp_code", value="00000100"))["resp_code"] == "00000100"


def test_tampered_writes_json_text_as_it_is_given_so_that_half_a_character_can_be_told(
    tenant: huifu_mock.Tenant,
) -> None:
    client = spoilt(tenant, "tampered", field="resp_desc", text=r'"ok\ud800"')
    assert data(client)["resp_desc"] == "ok\ud800"
    assert not client.signature_holds


def test_foreign_reply_is_genuine_and_about_something_else(tenant: huifu_mock.Tenant) -> None:
    order = tenant.orders.add(trans_stat="S")
    client = spoilt(tenant, "foreign-reply", order)
    assert client.signature_holds
    assert (data(client)["resp_code"], data(client)["trans_stat"]) == ("00000000", "S")
    assert data(client)["req_seq_id"] != tenant.journal.calls()[-1].value("req_seq_id")
    assert data(client)["org_req_seq_id"] != order.req_seq_id


@pytest.mark.parametrize("field", ["req_seq_id", "huifu_id", "org_req_seq_id", "req_date"])
def test_foreign_reply_may_differ_in_one_field_alone(tenant: huifu_mock.Tenant, field: str) -> None:
    client = spoilt(tenant, "foreign-reply", field=field, trans_stat="S")
    assert client.signature_holds
    asked = tenant.journal.calls()[-1]
    echoed = ("req_seq_id", "huifu_id", "org_req_seq_id", "req_date")
    assert [name for name in echoed if data(client)[name] != asked.value(name)] == [field]


def test_unsorted_is_truly_signed_in_reverse_order(tenant: huifu_mock.Tenant) -> None:
    client = spoilt(tenant, "unsorted")
    assert client.signature_holds
    assert list(data(client)) == sorted(data(client), reverse=True)


def test_pretty_is_truly_signed_over_several_lines(tenant: huifu_mock.Tenant) -> None:
    client = spoilt(tenant, "pretty")
    assert client.signature_holds
    assert client.data_bytes.startswith(b'{\n  "huifu_id": "')


def test_escaped_is_truly_signed_in_ascii(tenant: huifu_mock.Tenant) -> None:
    client = spoilt(tenant, "escaped")
    assert client.signature_holds
    assert b'"resp_desc":"\\u4ea4\\u6613\\u6210\\u529f"' in client.data_bytes


def test_sign_first_changes_the_order_alone(tenant: huifu_mock.Tenant) -> None:
    client = spoilt(tenant, "sign-first")
    assert list(client.envelope) == ["sign", "data"]
    text = client.body.partition(b',"data":')[2][:-1]
    assert signing.verify(signing.load_public_key(tenant.huifu_public_key), text, client.envelope["sign"])
    assert json.loads(text)["trans_stat"] == "S"


def test_data_as_string_holds_the_signed_text(tenant: huifu_mock.Tenant) -> None:
    client = spoilt(tenant, "data-as-string")
    text = client.envelope["data"]
    assert isinstance(text, str)
    key = signing.load_public_key(tenant.huifu_public_key)
    assert signing.verify(key, text.encode(), client.envelope["sign"])
    assert json.loads(text)["trans_stat"] == "S"


def test_duplicate_key_says_the_truth_first_and_then_a_lie(tenant: huifu_mock.Tenant) -> None:
    client = spoilt(tenant, "duplicate-key", tenant.orders.add(trans_stat="S"))
    assert client.signature_holds
    assert b'"trans_stat":"F","trans_stat":"S"' in client.data_bytes


@pytest.mark.parametrize(
    ("how", "echoed"),
    [
        ("last", "Ab12"), ("first", "2b13"), ("longer", "Ab130"), ("shorter", "Ab1"), ("padded", "0Ab13"),
        ("blank", "Ab13 "), ("case", "aB13"), ("wide", "Ab1３"),
    ],
)  # fmt: skip
def test_echo_changed_differs_in_one_member_and_keeps_the_outcome(
    tenant: huifu_mock.Tenant, how: str, echoed: str
) -> None:
    order = tenant.orders.add(req_seq_id="Ab13")
    client = spoilt(tenant, "echo-changed", order, field="org_req_seq_id", how=how)
    assert client.signature_holds
    assert (data(client)["org_req_seq_id"], data(client)["trans_stat"]) == (echoed, "S")


def test_extra_field_takes_any_json(tenant: huifu_mock.Tenant) -> None:
    client = spoilt(tenant, "extra-field", field="新", value={"b": [1, None], "a": "中"})
    assert client.signature_holds
    assert data(client)["新"] == {"b": [1, None], "a": "中"}


def test_extra_field_writes_json_text_as_it_is_given(tenant: huifu_mock.Tenant) -> None:
    client = spoilt(tenant, "extra-field", field="rate", text="1.10")
    assert b'"rate":1.10,' in client.body
    assert client.signature_holds


def test_extra_field_has_one_at_hand(tenant: huifu_mock.Tenant) -> None:
    assert data(spoilt(tenant, "extra-field"))["mock_extra"] == "extra"


def test_beside_data_says_the_contrary_where_no_signature_covers_it(tenant: huifu_mock.Tenant) -> None:
    client = spoilt(tenant, "beside-data")
    assert client.signature_holds
    assert (data(client)["trans_stat"], json.loads(client.body)["trans_stat"]) == ("S", "F")


def test_beside_data_takes_any_json(tenant: huifu_mock.Tenant) -> None:
    client = spoilt(tenant, "beside-data", field="新", value=[1])
    assert client.signature_holds
    assert json.loads(client.body)["新"] == [1]


def test_beside_data_may_be_the_only_place_of_a_member(tenant: huifu_mock.Tenant) -> None:
    client = spoilt(tenant, "beside-data", moved=True, value="S")
    assert client.signature_holds
    assert "trans_stat" not in data(client)
    assert json.loads(client.body)["trans_stat"] == "S"


@pytest.mark.parametrize("place", ["inside", "before", "after"])
def test_second_data_has_the_signature_of_the_one_and_the_contrary_in_the_other(
    tenant: huifu_mock.Tenant, place: str
) -> None:
    client = spoilt(tenant, "second-data", place=place)
    text = client.body.decode()
    signed, lie = (text.index(f'"trans_stat":"{stat}"') for stat in "SF")
    assert (signed < lie) == (place != "after")
    begin = text.rindex('"data":', 0, signed) + len('"data":')
    genuine = text[begin : text.index("}", begin) + 1].encode()
    key = signing.load_public_key(tenant.huifu_public_key)
    assert signing.verify(key, genuine, client.envelope["sign"])


def test_second_data_can_have_the_signed_text_as_a_notification_has_it(tenant: huifu_mock.Tenant) -> None:
    client = spoilt(tenant, "second-data", place="text")
    signed, key = client.envelope["resp_data"], signing.load_public_key(tenant.huifu_public_key)
    assert signing.verify(key, signed.encode(), client.envelope["sign"])
    assert (json.loads(signed)["trans_stat"], data(client)["trans_stat"]) == ("S", "F")


def test_second_data_may_be_called_otherwise(tenant: huifu_mock.Tenant) -> None:
    client = spoilt(tenant, "second-data", place="before", called="Data")
    assert list(client.envelope) == ["data", "Data", "sign"]
    assert [client.envelope[name]["trans_stat"] for name in ("data", "Data")] == ["S", "F"]


def test_numbers_stand_where_strings_of_digits_were(tenant: huifu_mock.Tenant) -> None:
    client = spoilt(tenant, "numbers")
    assert client.signature_holds
    assert (data(client)["resp_code"], data(client)["huifu_id"]) == (0, int(tenant.huifu_id))
    assert isinstance(data(client)["req_seq_id"], str)


def test_numbers_may_be_one(tenant: huifu_mock.Tenant) -> None:
    client = spoilt(tenant, "numbers", field="req_date")
    assert [name for name, value in data(client).items() if isinstance(value, int)] == ["req_date"]


def test_nulls_stand_in_optional_members(tenant: huifu_mock.Tenant) -> None:
    client = spoilt(tenant, "nulls")
    assert client.signature_holds
    assert [name for name, value in data(client).items() if value is None] == [
        "org_hf_seq_id",
        "org_req_seq_id",
        "org_trans_stat",
    ]


def test_nulls_may_stand_in_the_result(tenant: huifu_mock.Tenant) -> None:
    assert data(spoilt(tenant, "nulls", field="trans_stat"))["trans_stat"] is None


def test_stat_missing_has_no_result(tenant: huifu_mock.Tenant) -> None:
    client = spoilt(tenant, "stat-missing")
    assert client.signature_holds
    assert "trans_stat" not in data(client)


@pytest.mark.parametrize("value", ["X", "", "s", None, 1])
def test_stat_unknown_is_anything_but_p_s_or_f(tenant: huifu_mock.Tenant, value: Any) -> None:
    client = spoilt(tenant, "stat-unknown", value=value)
    assert client.signature_holds
    assert data(client)["trans_stat"] == value


@pytest.mark.parametrize("field", [None, "resp_code", "huifu_id", "trans_stat"])
def test_field_missing_leaves_out_what_is_mandatory(tenant: huifu_mock.Tenant, field: str | None) -> None:
    client = spoilt(tenant, "field-missing", **({"field": field} if field else {}))
    assert client.signature_holds
    assert (field or "req_seq_id") not in data(client)


def test_every_signed_fault_has_a_test_of_its_own_here() -> None:
    with open(__file__, encoding="utf-8") as here:
        text = here.read()
    assert [kind.id for kind in SIGNED if f'tenant, "{kind.id}"' not in text] == []


def test_an_unsigned_refusal_has_no_signature_to_spoil(tenant: huifu_mock.Tenant) -> None:
    tenant.patch(bad_signature="http-922")
    fault = tenant.faults.add(fault="tampered")
    sent = body(tenant).replace(b'"sign":"', b'"sign":"AAAA')
    with Client(tenant) as client:
        client.send(sent).whole()
        assert client.body == '{"resp_code":"40002","resp_desc":"验签失败"}'.encode()
    assert fault.used == 0
