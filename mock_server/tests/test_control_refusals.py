"""What the control API says to somebody who asked it wrongly leads to what would be right."""

import json
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

import huifu_mock
from huifu_mock._nearest import COMPARED
from huifu_mock.client.transport import ControlError


def refused(tenant: huifu_mock.Tenant, method: str, below: str, body: object = None, status: int = 422) -> list[str]:
    """The errors of a call below the tenant, each as one line."""
    with pytest.raises(ControlError) as error:
        tenant._link.ask(method, f"/_mock/tenants/{tenant.sys_id}{below}", body)
    assert error.value.status == status
    return [f"{one['field']}: {one['problem']}; {one['expected']}" for one in error.value.problem["errors"]]


@pytest.mark.parametrize(
    ("below", "like"),
    [("/order", "/orders"), ("/clock/advanced", "/clock/advance"), ("/ordrs/my-order", "/orders/my-order")],
)
def test_a_path_that_is_not_there_is_told_with_the_one_that_is_like_it(
    below: str, like: str, tenant: huifu_mock.Tenant
) -> None:
    (said,) = refused(tenant, "GET", below, status=404)
    assert said.endswith(f"did you mean /_mock/tenants/{tenant.sys_id}{like}? GET /_mock lists every path")


def test_a_path_like_no_other_is_told_with_where_all_are_listed(tenant: huifu_mock.Tenant) -> None:
    (said,) = refused(tenant, "GET", "/a/b/c/d/e", status=404)
    assert said.endswith("/a/b/c/d/e; GET /_mock lists every path")


def test_a_path_that_is_too_long_to_be_compared_holds_up_nobody(tenant: huifu_mock.Tenant) -> None:
    (said,) = refused(tenant, "GET", "/deliverys/" + "x" * COMPARED + "/resend", status=404)
    assert said.endswith("/resend; GET /_mock lists every path")


def test_a_value_of_another_type_is_told_with_the_right_one(tenant: huifu_mock.Tenant) -> None:
    (said,) = refused(tenant, "POST", "/orders", {"req_seq_id": 7})
    assert said.startswith("req_seq_id: is a number, not a string; ")
    (said,) = refused(tenant, "PUT", "/clock", {"mode": ["frozen"]})
    assert said == 'mode: is ["frozen"]; it must be one of "frozen", "running", "auto"'


def test_each_field_is_told_once_and_every_wrong_field_is_told(tenant: huifu_mock.Tenant) -> None:
    said = refused(tenant, "POST", "/orders", {"time_expire": "2026-01-01", "colour": 1, "size": 2})
    assert sorted(line.partition(":")[0] for line in said) == ["colour", "size", "time_expire"]


@pytest.mark.parametrize(
    ("do", "said"),
    [
        ({"fault": "delay", "second": 3}, "do.second: is not a setting of delay; it takes seconds"),
        ({"fault": "delay", "status": 500}, "do.status: is not a setting of delay; it takes seconds"),
        ({"fault": "empty-body", "colour": 1}, "do.colour: is not a setting of empty-body; it has no settings"),
        ({"race": "pay", "seconds": 3}, "do.seconds: is not a setting of race; it takes at"),
        ({"answer": "98888888", "x": 1}, "do.x: is not a setting of answer; it takes when, resp_desc, trans_stat"),
    ],
)
def test_a_setting_that_a_fault_does_not_have_is_told_with_those_that_it_has(
    do: dict[str, object], said: str, tenant: huifu_mock.Tenant
) -> None:
    assert refused(tenant, "POST", "/faults", {"do": do}) == [said]
    assert refused(tenant, "POST", "/faults", [{"do": {"answer": "98888888"}}, {"do": do}]) == [f"[1].{said}"]


@pytest.mark.parametrize("do", [7, [], {}, {"fault": 7}, {"fault": "nothing", "x": 1}, {"fault": []}])
def test_what_is_no_fault_at_all_is_refused(do: object, tenant: huifu_mock.Tenant) -> None:
    assert refused(tenant, "POST", "/faults", {"do": do})
    assert refused(tenant, "POST", "/faults", [do])


def test_an_answer_whose_code_has_two_meanings_is_shown_with_its_reason(tenant: huifu_mock.Tenant) -> None:
    tenant.faults.add(answer="20000001")
    tenant.faults.add(answer="98888888")
    assert [fault["do"]["answer"] for fault in tenant.faults.list()] == ["20000001.TOO_YOUNG", "98888888"]


def test_a_change_that_an_order_does_not_allow_is_told_with_how_it_would(tenant: huifu_mock.Tenant) -> None:
    order = tenant.orders.add()
    (said,) = refused(tenant, "PATCH", f"/orders/{order.req_seq_id}", {"close_stat": "S"}, 409)
    assert said.endswith(
        'is in progress; seed an order with {"settle":"processing"} and close it: that close is in progress'
    )
    assert tenant.orders.pay(order).trans_stat == "S"
    (said,) = refused(tenant, "PATCH", f"/orders/{order.req_seq_id}", {"trans_stat": "F"}, 409)
    assert said.endswith("a final state never changes: use another order")


def test_a_call_that_is_not_in_the_journal_is_told_with_where_to_look(tenant: huifu_mock.Tenant) -> None:
    assert refused(tenant, "GET", "/journal/call-99", status=404) == [
        "id: there is no call call-99 in the journal; GET …/journal lists them"
    ]


def test_a_default_tenant_that_was_dropped_is_not_told_as_if_it_were_there() -> None:
    with huifu_mock.Server() as server:
        assert server.about()["default_tenant"] == server.default.sys_id
        server.default.drop()
        assert server.about()["default_tenant"] is None


@pytest.mark.parametrize(
    ("below", "body", "said"),
    [
        ("/faults", {"do": {"fault": "reset_after_commit"}}, "did you mean reset-after-commit?"),
        ("/faults", {"fault": "reset-after-commit"}, "it stands in do; known fields: match, do"),
        ("/orders", {"age": 10}, "did you mean age_seconds? known fields: req_seq_id"),
        ("/orders", {"age_seconds": 1e12}, "is 1000000000000;"),
    ],
)
def test_a_word_that_is_nearly_right_is_told_with_the_right_one(
    below: str, body: object, said: str, tenant: huifu_mock.Tenant
) -> None:
    assert said in refused(tenant, "POST", below, body)[0]


@pytest.mark.parametrize("below", ["/orders", "/clock/advance", "/journal/call-1"])
def test_a_path_without_its_tenant_is_told_whole(below: str, server: huifu_mock.Server) -> None:
    with pytest.raises(ControlError) as error:
        server.default._link.ask("GET", f"/_mock{below}")
    whole = f"/_mock/tenants/{server.default.sys_id}{below}"
    assert str(error.value.problem["detail"]).endswith(f"it is a tenant's: {whole}")


@pytest.mark.parametrize(
    ("sent", "says_how"),
    [("{'age_seconds': 10}", True), ("'{age_seconds:10}'", True), ("{age_seconds:10}", True), ('{"age":}', False)],
)
def test_a_body_that_is_no_json_is_told_where_and_with_which_quotes(
    sent: str, says_how: bool, server: huifu_mock.Server
) -> None:
    url = f"{server.base_url}/_mock/tenants/{server.default.sys_id}/orders"
    with pytest.raises(HTTPError) as error, urlopen(Request(url, sent.encode()), timeout=30):
        pass
    detail = json.loads(error.value.read())["detail"]
    assert "is not JSON from position" in detail
    assert sent[:8] in detail
    assert ("double quotes" in detail) is says_how


def test_a_time_may_be_written_with_a_blank_as_on_the_command_line(tenant: huifu_mock.Tenant) -> None:
    tenant.clock.freeze("2026-03-01 00:00:30")
    assert tenant.clock.now().isoformat() == "2026-03-01T00:00:30+08:00"


def test_an_endpoint_on_another_machine_is_told_with_what_it_takes(tenant: huifu_mock.Tenant) -> None:
    path = f"/_mock/tenants/{tenant.sys_id}/webhooks"
    told = tenant._link.ask("POST", path, {"url": "http://no-such-host.invalid/hook"})
    for name in ("hint", "hint_zh"):
        assert "--push-allow no-such-host.invalid:80" in told[name]
    assert "hint" not in tenant._link.ask("POST", path, {"url": "http://127.0.0.1:9/hook"})


def test_no_event_says_that_a_paid_order_was_closed(tenant: huifu_mock.Tenant) -> None:
    tenant.webhooks.add("http://127.0.0.1:9/hook")
    tenant.orders.add(req_seq_id="paid", trans_stat="S")
    (sent,) = tenant.deliveries.send("paid")
    event = json.loads(sent.body)
    assert (event["trans_stat"], event["org_trans_stat"]) == ("F", "S")
    (said,) = refused(tenant, "POST", "/events/trans.close", {"req_seq_id": "paid", "trans_stat": "S"}, status=409)
    assert said.endswith("send F, or leave it out")
