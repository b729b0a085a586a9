"""Strategies and schemas are checked against each other.

Whatever is drawn as valid is, whatever as invalid is not.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from huifu_contract import schemas
from huifu_contract import strategies as hs
from huifu_mock import signing

few = settings(max_examples=150, deadline=None, database=None)


@few
@given(st.one_of(hs.close_params(), hs.close_params(hs.tricky_text())))
def test_every_drawn_request_is_valid(params: dict[str, str]) -> None:
    assert schemas.complaint("close/request", params) is None
    assert params.get("org_req_seq_id") or params.get("org_hf_seq_id")


@few
@given(hs.invalid_close_params())
def test_every_drawn_mistake_is_refused(params: dict[str, Any]) -> None:
    assert schemas.complaint("close/request", params) is not None


@few
@given(hs.disputed_text())
def test_disputed_text_is_what_the_schema_keeps_out(text: str) -> None:
    params = {"req_date": "20240405", "req_seq_id": text, "huifu_id": "6", "org_req_date": "20240405"}
    assert schemas.complaint("close/request", params) is not None


@few
@given(hs.orders())
def test_every_drawn_order_can_be_seeded(order: dict[str, Any]) -> None:
    assert schemas.complaint("control/order-create", order) is None


@few
@given(hs.fault_scripts())
def test_every_drawn_script_is_one_of_the_fault_language(do: dict[str, Any]) -> None:
    assert schemas.complaint("control/fault-create", {"do": do}) is None


@few
@given(hs.tricky_text(), hs.edgy_text())
def test_a_text_fits_its_member_for_who_counts_utf_16_units_too(number: str, merchant: str) -> None:
    assert len(number.encode("utf-16-le")) <= 2 * 128
    assert len(merchant.encode("utf-16-le")) <= 2 * 32


@given(hs.tricky_text())
def test_tricky_text_can_be_signed(text: str) -> None:
    assert json.loads(signing.canonical({"x": text})) == {"x": text}


REACHED: list[tuple[SearchStrategy[Any], Any]] = [
    (hs.tricky_text(), lambda text: any(ord(char) > 0xFFFF for char in text)),
    (hs.tricky_text(), lambda text: "<" in text),
    (hs.tricky_text(), lambda text: text != text.strip()),
    (hs.tricky_text(), lambda text: len(text) == 128),
    (hs.close_params(), lambda params: list(params) != sorted(params)),
    (hs.close_params(), lambda params: "org_hf_seq_id" in params and "org_req_seq_id" in params),
    (hs.req_dates(), lambda day: day.endswith("0229")),
    (hs.unlisted_codes(), lambda code: not code.isdigit()),
    (hs.unlisted_codes(), lambda code: code == "10000016"),
    (hs.replies(), lambda reply: reply["trans_stat"] == "S" and reply.get("when") == "after"),
    (hs.invalid_close_params(), lambda params: "req_date" not in params),
]


@pytest.mark.parametrize("number", range(len(REACHED)))
def test_what_matters_is_really_drawn(number: int) -> None:
    strategy, wanted = REACHED[number]
    among = settings(max_examples=400, deadline=None, database=None, phases=[Phase.generate])
    find(strategy, wanted, settings=among)  # raises NoSuchExample if there is none
