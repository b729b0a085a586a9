"""Prepared faults: which calls they wait for, how often they act, queued answers, strictness, isolation, magic."""

import random
from typing import Any

import pytest
from rawclient import Client, body, told

import huifu_mock
from huifu_mock.codes import Reason
from huifu_mock.faults.catalogue import ALL, KINDS, POINTS, RACES, is_answer, readme, readme_races
from huifu_mock.schemas import schema

CLOSE_PATH = "/v2/trade/payment/scanpay/close"


def data(client: Client) -> dict[str, Any]:
    found: dict[str, Any] = client.envelope["data"]
    return found


def said(client: Client) -> tuple[str, str]:
    return data(client)["resp_code"], data(client)["trans_stat"]


# --- which call


@pytest.mark.parametrize(
    ("match", "hits"),
    [
        ({}, True),
        ({"endpoint": "close"}, True),
        ({"endpoint": CLOSE_PATH}, True),
        ({"endpoint": "scanpay/close"}, True),
        ({"endpoint": "closequery"}, False),
        ({"endpoint": "ose"}, False),
        ({"req_seq_id": "one"}, True),
        ({"req_seq_id": "two"}, False),
        ({"org_req_seq_id": "no-such-order"}, True),
        ({"org_req_seq_id": "no-such"}, False),
        ({"huifu_id": "6666000000000000"}, False),
        ({"session": "a"}, True),
        ({"session": "b"}, False),
        ({"endpoint": "close", "req_seq_id": "one", "session": "a", "nth": 1}, True),
        ({"endpoint": "close", "req_seq_id": "two", "session": "a"}, False),
    ],
)
def test_all_that_is_asked_for_must_agree(tenant: huifu_mock.Tenant, match: dict[str, Any], hits: bool) -> None:
    fault = tenant.faults.add(answer="98888888", match=match)
    with Client(tenant, session="a") as client:
        client.send(body(tenant, req_seq_id="one")).whole()
    assert fault.used == hits
    assert said(client)[0] == ("98888888" if hits else "23000001")


def test_the_nth_of_the_matching_calls_is_hit(tenant: huifu_mock.Tenant) -> None:
    fault = tenant.faults.add(answer="98888888", match={"org_req_seq_id": "third-time", "nth": 3})
    codes = []
    for _ in range(4):
        told(tenant)  # does not match, and does not count
        codes.append(said(told(tenant, org_req_seq_id="third-time"))[0])
    assert codes == ["23000001", "23000001", "98888888", "23000001"]
    assert (fault.used, fault.left) == (1, 0)


def test_every_fault_counts_its_own_calls_even_when_another_acts(tenant: huifu_mock.Tenant) -> None:
    tenant.faults.add(answer="98888888")
    tenant.faults.add(answer="99999999", match={"nth": 2})
    assert [said(told(tenant))[0] for _ in range(3)] == ["98888888", "99999999", "23000001"]


def test_faults_of_one_layer_act_in_the_order_they_were_prepared(tenant: huifu_mock.Tenant) -> None:
    tenant.faults.add(fault="status", status=500)
    tenant.faults.add(fault="status", status=503, times=2)
    statuses = [told(tenant).status for _ in range(4)]
    assert statuses == [500, 503, 503, 200]


def test_several_faults_prepared_at_once_act_in_their_order(tenant: huifu_mock.Tenant) -> None:
    first, second = tenant.faults.add_many({"do": {"fault": "status", "status": status}} for status in (500, 503))
    assert [told(tenant).status for _ in range(3)] == [500, 503, 200]
    assert (first.used, second.used) == (1, 1)


def test_faults_of_different_layers_act_on_one_call(tenant: huifu_mock.Tenant) -> None:
    tenant.faults.add(answer="98888888")
    tenant.faults.add(fault="sign-empty")
    tenant.faults.add(fault="drip", bytes=500, seconds=0)
    client = told(tenant)
    assert (data(client)["resp_code"], client.envelope["sign"]) == ("98888888", "")
    assert tenant.journal.calls()[-1].faults == ("98888888", "sign-empty", "drip")


def test_probability_draws_the_same_for_the_same_seed(tenant: huifu_mock.Tenant) -> None:
    tenant.faults.add(answer="98888888", times=1000, probability=0.4, seed=7)
    hits = [said(told(tenant))[0] == "98888888" for _ in range(20)]
    dice = random.Random(7)
    assert hits == [dice.random() < 0.4 for _ in range(20)]
    assert {True, False} == set(hits)


def test_a_fault_that_is_used_up_stays_listed_until_reset(tenant: huifu_mock.Tenant) -> None:
    fault = tenant.faults.add(fault="html", match={"endpoint": "close"})
    told(tenant)
    assert tenant.faults.list() == [
        {
            "id": fault.id,
            "match": {"endpoint": "close"},
            "do": {"fault": "html"},
            "times": 1,
            "probability": 1.0,
            "seed": 0,
            "used": 1,
            "left": 0,
            "without_effect": 0,
        }
    ]
    assert schema("control/fault").accepts(tenant.faults.list()[0])
    assert told(tenant).signature_holds
    tenant.reset()
    assert tenant.faults.list() == []


def test_a_listed_fault_shows_every_setting(tenant: huifu_mock.Tenant) -> None:
    tenant.faults.add(fault="drip", bytes=5)
    assert tenant.faults.list()[0]["do"] == {"fault": "drip", "bytes": 5, "seconds": 0.2}


def test_a_tenants_faults_never_act_on_anothers_calls(server: huifu_mock.Server, tenant: huifu_mock.Tenant) -> None:
    other = server.tenant()
    for kind in ALL:
        other.faults.add(fault=kind.id, times=100)
    for answer in ("98888888", "00000000"):
        other.faults.add(answer=answer, times=100)
    other.faults.add(race="pay", at="after_validate", times=100)
    order = tenant.orders.add()
    client = told(tenant, order)
    assert client.signature_holds
    assert said(client) == ("00000000", "S")
    assert tenant.journal.calls()[-1].faults == ()
    assert [fault["used"] for fault in other.faults.list() if fault["used"]] == []
    other.drop()


def test_a_fault_that_reads_nothing_cannot_wait_for_what_stands_in_the_body(tenant: huifu_mock.Tenant) -> None:
    with pytest.raises(huifu_mock.ControlError, match=r"match\.req_seq_id.*stands in the body"):
        tenant.faults.add(fault="reset-before-read", match={"endpoint": "close", "req_seq_id": "one"})


# --- what is refused


@pytest.mark.parametrize(
    ("do", "said_of_it"),
    [
        ({"fault": "html", "seconds": 1}, "do.seconds: is not a setting of html; it has no settings"),
        ({"fault": "drip", "status": 1}, "do.status: "),
        ({"fault": "drip", "bytes": 0}, "do.bytes: is 0; for drip it must be at least 1"),
        ({"answer": "20000001.CLOSED"}, "use 20000001.TOO_YOUNG, 20000001.CONFLICT"),
        ({"answer": "00000000.SUCCESS"}, "use 00000000.CLOSED, 00000000.ACCEPTED"),
        ({"answer": "12345678.ANY"}, "12345678 is not listed: give the code alone"),
        ({"answer": "98888888", "seconds": 1}, "it takes when, resp_desc, trans_stat"),
        ({"race": "pay", "seconds": 1}, "it takes at"),
        ({"fault": "droped"}, "do.fault: "),
        ({}, "do.fault: "),
        ({"fault": "extra-field", "value": "\ud800"}, "surrogates not allowed"),
        ({"fault": "extra-field", "value": float("nan")}, "cannot be written as JSON"),
        ({"fault": "extra-field", "text": "1.10.1"}, 'write a JSON value as text, for instance "1.10"'),
    ],
)
def test_what_cannot_be_prepared_is_refused_with_what_would_be_right(
    tenant: huifu_mock.Tenant, do: dict[str, Any], said_of_it: str
) -> None:
    with pytest.raises(huifu_mock.ControlError) as refused:
        tenant.faults.add({"do": do})
    assert refused.value.status == 422
    assert said_of_it in str(refused.value)
    assert tenant.faults.list() == []


# --- answers


@pytest.mark.parametrize("reason", Reason, ids=lambda reason: reason.name)
def test_any_listed_answer_can_be_queued(tenant: huifu_mock.Tenant, reason: Reason) -> None:
    tenant.faults.add(answer=f"{reason.resp_code}.{reason.name}")
    order = tenant.orders.add()
    client = told(tenant, order)
    assert client.signature_holds
    assert said(client) == (reason.resp_code, reason.trans_stat)
    assert data(client)["resp_desc"] == reason.resp_desc
    assert "org_trans_stat" not in data(client)
    assert tenant.orders.get(order.req_seq_id).close_stat == ""
    assert tenant.journal.calls()[-1].reason == reason.name


@pytest.mark.parametrize(
    ("answer", "code", "stat"),
    [
        ("00000000.ACCEPTED", "00000000", "P"),
        ("10000016", "10000016", "F"),
        ("10000016.ALREADY_CLOSED", "10000016", "F"),
        ("12345678", "12345678", "F"),
        ("X1", "X1", "F"),
    ],
)
def test_other_answers_can_be_queued(tenant: huifu_mock.Tenant, answer: str, code: str, stat: str) -> None:
    tenant.faults.add(answer=answer)
    client = told(tenant, tenant.orders.add())
    assert client.signature_holds
    assert said(client) == (code, stat)
    assert ("sub_resp_code" in data(client)) == (answer == "00000000.ACCEPTED")


def test_a_queued_answer_may_have_its_own_words_and_result(tenant: huifu_mock.Tenant) -> None:
    tenant.faults.add(answer="00000000", resp_desc="好", trans_stat="F")
    client = told(tenant)
    assert (*said(client), data(client)["resp_desc"]) == ("00000000", "F", "好")


@pytest.mark.parametrize("code", ["98888888", "99999999", "90000000"])
@pytest.mark.parametrize(("when", "close_stat"), [("before", ""), ("after", "S")])
def test_a_system_error_comes_before_or_after_the_close_really_happened(
    tenant: huifu_mock.Tenant, code: str, when: str, close_stat: str
) -> None:
    order = tenant.orders.add()
    tenant.faults.add(answer=code, when=when)
    client = told(tenant, order, req_seq_id="the-same")
    assert data(client)["resp_code"] == code
    assert tenant.orders.get(order.req_seq_id).close_stat == close_stat
    call = tenant.journal.calls()[-1]
    assert call.faults == (code,)
    assert call.response == client.body.decode()
    if when == "after":
        assert (call.reason, call.resp_code) == ("CLOSED", "00000000")
    assert said(told(tenant, order, req_seq_id="the-same")) == ("00000000", "S")


def test_a_queued_answer_waits_for_a_call_that_is_right_in_itself(tenant: huifu_mock.Tenant) -> None:
    fault = tenant.faults.add(answer="98888888")
    assert said(told(tenant, org_req_date="20260230"))[0] == "10000000"
    assert fault.used == 0


@pytest.mark.parametrize(
    ("do", "lines"),
    [
        ({"fault": "reset-before-commit"}, ["The call was not carried out.", "It was not answered."]),
        ({"fault": "reset-after-commit"}, ["The call was carried out.", "It was not answered."]),
        ({"fault": "tampered"}, ["The call was carried out."]),
        ({"answer": "98888888", "when": "after"}, ["The call was carried out."]),
    ],
)
def test_the_journal_tells_what_acted_and_what_became_of_the_call(
    tenant: huifu_mock.Tenant, do: dict[str, Any], lines: list[str]
) -> None:
    tenant.faults.add({"do": do})
    with Client(tenant) as client:
        client.send(body(tenant, tenant.orders.add()), ("Connection", "close")).to_the_end()
    (call,) = tenant.journal.calls()
    (name,) = call.faults
    assert call.explanation["text"]["en"].splitlines() == [f"Fault applied: {name}.", *lines]
    assert call.explanation["mistakes"] == []


# --- in Python


def test_a_strict_fault_must_have_acted(tenant: huifu_mock.Tenant) -> None:
    with (
        pytest.raises(AssertionError, match=r'prepared and not used at all:\n.*"html".*used 0 of 1 times'),
        tenant.faults.add(fault="html", strict=True),
    ):
        pass


def test_a_strict_fault_does_not_hide_the_test_s_own_error(tenant: huifu_mock.Tenant) -> None:
    with pytest.raises(ZeroDivisionError), tenant.faults.add(fault="html", strict=True):
        _ = 1 / 0
    assert tenant.faults.list() == []


def test_a_deleted_fault_acts_no_more_and_still_tells_how_often_it_did(tenant: huifu_mock.Tenant) -> None:
    with tenant.faults.add(fault="html", times=5) as fault:
        told(tenant)
    assert told(tenant).signature_holds
    assert (fault.used, fault.left) == (1, 4)
    fault.assert_used()
    fault.assert_used(1)
    with pytest.raises(AssertionError, match="not used 2 times"):
        fault.assert_used(2)
    fault.delete()


def test_all_faults_can_be_asked_for_at_once(tenant: huifu_mock.Tenant) -> None:
    tenant.faults.add(fault="html")
    told(tenant)
    tenant.faults.assert_all_used()
    tenant.faults.add(answer="98888888", match={"org_req_seq_id": "nobody-asks"})
    with pytest.raises(AssertionError, match=r"98888888.*nobody-asks"):
        tenant.faults.assert_all_used()


# --- the table


def test_every_setting_has_a_default_and_every_default_is_valid(tenant: huifu_mock.Tenant) -> None:
    for kind in ALL:
        with tenant.faults.add(fault=kind.id):
            pass
        given = {setting.name: setting.default for setting in kind.settings if setting.default not in (None, "")}
        assert not list(schema("control/fault-create").problems({"do": {"fault": kind.id, **given}}))


def test_the_schema_knows_the_same_faults_as_the_table() -> None:
    do = schema("control/fault-create").contents["properties"]["do"]["properties"]
    assert do["fault"]["enum"] == list(KINDS)
    settings = {setting.name for kind in ALL for setting in kind.settings}
    assert settings <= set(do)


def test_the_readme_s_table_has_a_line_for_every_fault_in_both_languages() -> None:
    for language in ("en", "zh"):
        lines = readme(language).splitlines()
        assert [line.split("`")[1] for line in lines[2:]] == list(KINDS)
        assert {line.count(" | ") for line in lines} == {2}


def test_the_readme_s_tables_of_races_name_every_race_and_point() -> None:
    for language in ("en", "zh"):
        named = [line.split("`")[1] for line in readme_races(language).splitlines() if "`" in line]
        assert [name for name in named if name in _ids(RACES) + _ids(POINTS)] == _ids(RACES) + _ids(POINTS)


def _ids(rows: Any) -> list[str]:
    return [row.id for row in rows]


def test_about_tells_the_same_table(server: huifu_mock.Server) -> None:
    about = server.about()
    assert schema("control/about").accepts(about)
    assert [row["fault"] for row in about["faults"]] == list(KINDS)


# --- magic numbers


def magic_close(tenant: huifu_mock.Tenant, number: str, **changes: Any) -> Client:
    return told(tenant, org_req_seq_id=number, **changes)


def test_a_magic_number_acts_once_for_each_number_of_a_close(tenant: huifu_mock.Tenant) -> None:
    number = "MOCK~20000001.TOO_YOUNG~x"
    assert said(magic_close(tenant, number, req_seq_id="one")) == ("20000001", "F")
    assert tenant.journal.calls()[-1].faults == ("20000001.TOO_YOUNG",)
    assert said(magic_close(tenant, number, req_seq_id="one")) == ("00000000", "S")
    assert said(magic_close(tenant, number, req_seq_id="one")) == ("00000000", "S")
    assert said(magic_close(tenant, number, req_seq_id="two")) == ("20000001", "F")
    assert said(magic_close(tenant, number, req_seq_id="two")) == ("23000000", "F")


def test_a_magic_number_can_lose_the_answer(tenant: huifu_mock.Tenant) -> None:
    sent = body(tenant, org_req_seq_id="MOCK~reset-after-commit~anything at all")
    with Client(tenant) as client:
        assert client.send(sent).to_the_end() == "reset"
    with Client(tenant) as client:
        client.send(sent).whole()
        assert said(client) == ("00000000", "S")


def test_a_magic_number_can_race(tenant: huifu_mock.Tenant) -> None:
    assert said(magic_close(tenant, "MOCK~pay@after_accept~1")) == ("90000000", "F")
    assert tenant.orders.get("MOCK~pay@after_accept~1").trans_stat == "S"


def test_a_magic_number_counts_only_after_the_signature_check(tenant: huifu_mock.Tenant) -> None:
    sent = body(tenant, org_req_seq_id="MOCK~98888888~x").replace(b'"sign":"', b'"sign":"AAAA')
    with Client(tenant) as client:
        client.send(sent).whole()
        assert said(client) == ("10000000", "F")
    assert tenant.orders.list() == []


def test_a_magic_order_is_a_true_one(tenant: huifu_mock.Tenant) -> None:
    for what, reply, close_stat in [
        ("00000000", ("00000000", "S"), "S"),
        ("00000100", ("00000100", "P"), "P"),
        ("00000000.ACCEPTED", ("00000000", "P"), "P"),
    ]:
        number = f"MOCK~{what}~true"
        assert said(magic_close(tenant, number)) == reply
        assert tenant.orders.get(number).close_stat == close_stat
    tenant.clock.advance(10)
    assert tenant.orders.get("MOCK~00000100~true").close_stat == "S"


def test_an_order_of_that_number_which_is_there_is_kept(tenant: huifu_mock.Tenant) -> None:
    order = tenant.orders.add(req_seq_id="MOCK~html~paid", trans_stat="S")
    assert told(tenant, order).body.startswith(b"<html>")
    assert tenant.orders.get(order.req_seq_id).trans_stat == "S"


def test_a_prepared_fault_comes_before_a_magic_one(tenant: huifu_mock.Tenant) -> None:
    tenant.faults.add(answer="99999999")
    assert said(magic_close(tenant, "MOCK~98888888~x"))[0] == "99999999"


@pytest.mark.parametrize("number", ["MOCK~98888889~x", "MOCK~droped~x", "MOCK~~", "MOCK~", "MOCK~push-drop~x"])
def test_a_magic_number_that_asks_for_nothing_known_says_so(tenant: huifu_mock.Tenant, number: str) -> None:
    client = magic_close(tenant, number)
    assert said(client) == ("10000000", "F")
    assert 'no answer and no fault is called "' in client.header("Huifu-Mock-Hint")


def test_every_magic_number_of_the_table_does_what_it_says(server: huifu_mock.Server) -> None:
    tenant = server.tenant()
    tenant.clock.freeze()
    rows = server.about()["magic"]
    for row in rows:
        what = row["org_req_seq_id"].split("~")[1]
        if what in ("hang", "delay", "drip"):
            continue
        with Client(tenant) as client:
            sent = body(tenant, org_req_seq_id=row["org_req_seq_id"])
            client.send(sent, ("Accept-Encoding", "gzip"), ("Connection", "close")).to_the_end()
        call = tenant.journal.calls()[-1]
        if is_answer(what):
            assert said(client)[0] == what.partition(".")[0]
        else:
            assert call.faults[0].removesuffix(":no-effect") == what
    tenant.drop()
    assert {"MOCK~23000004~anything", "MOCK~reset-after-commit~anything"} <= {row["org_req_seq_id"] for row in rows}


def test_magic_numbers_forget_the_oldest_of_very_many_closes(monkeypatch: pytest.MonkeyPatch) -> None:
    from huifu_mock.faults import Faults, prepared

    monkeypatch.setattr(prepared, "REMEMBERED", 2)
    faults = Faults()
    assert [faults.met((name,)) for name in "abcab"] == [False, False, False, False, False]
    assert faults.met(("b",))
