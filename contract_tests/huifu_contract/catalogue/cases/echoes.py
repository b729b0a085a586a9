"""Replies to another request: genuine ones in which one member that echoes the request differs in one way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from unicodedata import normalize

from huifu_contract.catalogue.record import Example
from huifu_contract.harness.harness import Harness
from huifu_contract.harness.laws import Broken

if TYPE_CHECKING:
    from huifu_mock import Order

LONGEST = 128
HOW = {
    "last": "its last character",
    "first": "its first character",
    "longer": "a character at its end",
    "shorter": "the lack of its last character",
    "padded": "a leading zero",
    "blank": "a blank at its end",
    "case": "its case",
    "wide": "the width of its last character",
    "missing": "its absence",
    "null": "being null",
    "empty": "being empty",
    "earlier": "being that of an earlier call",
    "normal": "its normal form",
    "another": "being another member of the request",
}
"""In what a member of a reply differs from what was sent."""
TEXTS = ("last", "first", "longer", "shorter", "padded", "blank", "case", "wide")
LONG_NUMBERS = ("req_seq_id", "org_req_seq_id", "org_hf_seq_id")
FOREIGN = (
    *({"field": "req_seq_id", "how": how} for how in TEXTS),
    *({"field": "org_req_seq_id", "how": how} for how in TEXTS),
    *({"field": "org_hf_seq_id", "how": how} for how in TEXTS),
    *({"field": "huifu_id", "how": how} for how in ("last", "first", "longer", "shorter", "padded", "blank")),
    *({"field": name, "how": how} for name in ("req_date", "org_req_date") for how in ("last", "first", "blank")),
    *({"field": name, "how": "last", "number": "of digits"} for name in LONG_NUMBERS),
    *({"field": name, "how": "earlier"} for name in ("req_seq_id", "org_req_seq_id")),
    *({"field": name, "how": how} for name in LONG_NUMBERS for how in ("normal", "another")),
    *({"field": name, "how": "last", "number": "beside another"} for name in ("org_req_seq_id", "org_hf_seq_id")),
)
"""Each member that echoes the request, different in one way."""


def spoiling(x: Example, params: Mapping[str, str]) -> dict[str, str]:
    """The fault that makes one member of a genuine reply differ; `params` are those of the close, or of an earlier."""
    if x["how"] == "earlier":
        return {"fault": "extra-field", "field": x["field"], "value": params[x["field"]]}
    if x["how"] == "normal":
        return {"fault": "extra-field", "field": x["field"], "value": normalize("NFD", params[x["field"]])}
    if x["how"] == "another":
        other = next(name for name in LONG_NUMBERS if name in params and name != x["field"])
        return {"fault": "extra-field", "field": x["field"], "value": params[other]}
    if x["how"] == "missing":
        return {"fault": "field-missing", "field": x["field"]}
    if x["how"] == "null":
        return {"fault": "nulls", "field": x["field"]}
    return {"fault": "echo-changed", "field": x["field"], "how": x["how"]}


def not_compared(x: Example) -> Broken:
    return Broken("L5", f"a reply was believed whose {x['field']} is not the one sent: it differs in {HOW[x['how']]}")


def lettered(harness: Harness, x: Example) -> tuple[Order, dict[str, str]]:
    """An order and a close of it by the number that the example is about, or by its own number.

    `number` "of digits": all numbers are as long as they may be and of digits alone, so that two of them are the same
    where they are compared as numbers, or by their beginnings. "beside another": the order is named by both numbers.
    """
    letter = "\u00e9" if x.get("how") == "normal" else ""

    def number(prefix: str) -> str:
        if x.get("number") == "of digits":
            return str(int(harness.number()[1:], 16)).ljust(LONGEST, "7")
        return f"{prefix}{letter}{harness.number()}k7"

    found = harness.order(req_seq_id=number("Order"), hf_seq_id=number("0029"))
    named: dict[str, str | None] = {}
    if x.get("number") == "beside another" or x.get("field") == "org_hf_seq_id":
        named["org_hf_seq_id"] = found.hf_seq_id
    if named and x.get("number") != "beside another":
        named["org_req_seq_id"] = None
    return found, harness.params(found, req_seq_id=number(""), **named)
