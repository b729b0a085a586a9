"""Lists in pages: from either end, without a gap or a repeat, in short or whole, and searched."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from desk import Desk
from hypothesis import given
from hypothesis import strategies as st
from test_schemas import validator

from huifu_mock.client.transport import run_here
from huifu_mock.http.control import router


def listed(desk: Desk, what: str, status: int = 200, **query: Any) -> dict[str, Any]:
    path = f"/_mock/tenants/{desk.tenant.sys_id}/{what}"
    asked = {name: str(value) for name, value in query.items()}
    told = run_here(router.dispatch(desk.mock, "", "GET", path, query=asked))
    assert told.status == status, told.body
    answer: dict[str, Any] = told.body
    return answer


def walked(desk: Desk, what: str, cursor: str, **query: Any) -> list[dict[str, Any]]:
    """The items of all pages, each gone on to by the `next` of the one before."""
    page = listed(desk, what, **query)
    found = list(page["items"])
    while page["next"] is not None:
        assert len(page["items"]) == query["limit"]
        page = listed(desk, what, **{**query, cursor: page["next"]})
        found += page["items"]
    return found


def filled(count: int) -> Desk:
    """A desk with so many orders, a call about each, and as many deliveries."""
    desk = Desk()
    desk.tenant.pushes.register("http://127.0.0.1:9/hook", ("trans.close",), "k" * 32)
    for index in range(count):
        desk.close(desk.order(req_seq_id=f"order-{index}"))
    return desk


@pytest.mark.parametrize(
    ("what", "body", "id_of"),
    [
        ("faults", {"do": {"fault": "html"}}, "id"),
        ("webhooks", {"url": "http://127.0.0.1:9/"}, "id"),
        ("", {}, "sys_id"),
    ],
    ids=["faults", "webhooks", "tenants"],
)
def test_short_lists_have_pages_too(what: str, body: dict[str, Any], id_of: str) -> None:
    desk = Desk()
    path = f"/_mock/tenants/{desk.tenant.sys_id}/{what}" if what else "/_mock/tenants"
    made = [asyncio.run(router.dispatch(desk.mock, "", "POST", path, query={}, body=body)).body[id_of] for _ in "12345"]

    def ids(*, newest: bool) -> list[str]:
        sort, cursor = ("newest", "before") if newest else ("oldest", "after")
        found, page = [], run_here(router.dispatch(desk.mock, "", "GET", path, query={"limit": "2", "sort": sort})).body
        while True:
            assert list(validator(f"control/{what or 'tenants'}.json").iter_errors(page)) == []
            found += [item[id_of] for item in page["items"]]
            if page["next"] is None:
                return found
            query = {"limit": "2", "sort": sort, cursor: page["next"]}
            page = run_here(router.dispatch(desk.mock, "", "GET", path, query=query)).body

    everything = made if what else [desk.tenant.sys_id, *made]
    assert ids(newest=False) == everything
    assert ids(newest=True) == everything[::-1]


@pytest.mark.parametrize(
    ("what", "id_of"),
    [
        ("journal", lambda item: item["org_req_seq_id"]),
        ("orders", lambda item: item["req_seq_id"]),
        ("deliveries", lambda item: item["order"]),
    ],
    ids=["journal", "orders", "deliveries"],
)
@given(count=st.integers(0, 7), limit=st.integers(1, 8))
def test_pages_hold_every_item_once_and_in_order(
    what: str, id_of: Callable[[dict[str, Any]], str], count: int, limit: int
) -> None:
    desk = filled(count)
    numbers = [f"order-{index}" for index in range(count)]
    view = {"view": "summary"} if what == "journal" else {}
    oldest = walked(desk, what, "after", limit=limit, sort="oldest", **view)
    assert [id_of(item) for item in oldest] == numbers
    newest = walked(desk, what, "before", limit=limit, sort="newest", **view)
    assert [id_of(item) for item in newest] == numbers[::-1]
    assert listed(desk, what, limit=1)["total"] == count


def test_whole_entries_come_oldest_first_and_short_ones_newest_first_unless_told_otherwise() -> None:
    desk = filled(3)
    assert [one["id"] for one in listed(desk, "journal")["items"]] == ["call-1", "call-2", "call-3"]
    assert [one["id"] for one in listed(desk, "journal", view="summary")["items"]] == ["call-3", "call-2", "call-1"]
    assert [one["id"] for one in listed(desk, "journal", before="call-3")["items"]] == ["call-2", "call-1"]
    assert [one["id"] for one in listed(desk, "journal", after="call-1")["items"]] == ["call-2", "call-3"]


def test_a_short_entry_fits_its_schema_and_has_no_body() -> None:
    desk = filled(1)
    desk.close(desk.order(age_seconds=10))
    page = listed(desk, "journal", view="summary")
    validator("control/journal.json").validate(page)
    for item in page["items"]:
        validator("control/call-summary.json").validate(item)
        assert not {"headers", "body_base64", "data", "response", "explanation"} & set(item)
    delivery = listed(desk, "deliveries", view="summary")["items"][0]
    assert "body" not in delivery
    assert listed(desk, "deliveries")["items"][0]["body"]


def test_calls_are_searched_by_any_word_and_by_whether_they_were_refused() -> None:
    desk = filled(2)
    desk.close(desk.order(req_seq_id="young", age_seconds=10))
    for text in ("young", "TOO_YOUNG", "too_young", "20000001", "call-3", "wait 50"):
        assert [one["id"] for one in listed(desk, "journal", q=text)["items"]] == ["call-3"], text
    assert [one["id"] for one in listed(desk, "journal", refused="true")["items"]] == ["call-3"]
    assert [one["id"] for one in listed(desk, "journal", refused="false", limit=1)["items"]] == ["call-1"]
    assert listed(desk, "journal", q="nowhere to be found")["items"] == []


@pytest.mark.parametrize(
    ("what", "query", "field"),
    [
        ("journal", {"before": "17"}, "before"),
        ("journal", {"after": "call-x"}, "after"),
        ("journal", {"before": "call-2", "after": "call-1"}, "before"),
        ("journal", {"sort": "newest", "after": "call-1"}, "after"),
        ("journal", {"sort": "oldest", "before": "call-1"}, "before"),
        ("journal", {"sort": "upwards"}, "sort"),
        ("journal", {"view": "long"}, "view"),
        ("journal", {"limit": 0}, "limit"),
        ("journal", {"refused": "maybe"}, "refused"),
        ("orders", {"after": "nothing"}, "after"),
        ("deliveries", {"before": "delivery-99"}, "before"),
        ("orders", {"limit": "many"}, "limit"),
    ],
)
def test_a_page_that_makes_no_sense_is_refused_by_the_name_of_the_parameter(
    what: str, query: dict[str, Any], field: str
) -> None:
    assert listed(filled(2), what, 422, **query)["errors"][0]["field"] == field
