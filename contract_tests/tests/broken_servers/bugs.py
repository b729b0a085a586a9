"""The planted bugs, and the cases that each of them must fail: exactly these and no others."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from broken_servers import seams
from broken_servers.seams import Fields, Seam
from huifu_mock import signing
from huifu_mock.keys import published
from huifu_mock.schemas import Problem

WALK = "state-machine"


@dataclass(frozen=True, slots=True)
class Bug:
    """`plant` gives the seam that makes the server wrong."""

    name: str
    plant: Callable[[], Seam]
    fails: frozenset[str]


def bug(name: str, plant: Callable[[], Seam], *fails: str) -> Bug:
    return Bug(name, plant, frozenset(f"server/{each}" for each in fails))


# -- replies ----------------------------------------------------------------------------------------------------------


def sealed(data: bytes, sign: str) -> bytes:
    return b'{"data":' + data + b',"sign":"' + sign.encode() + b'"}'


def unsigned(data: bytes, _key: Any) -> bytes:
    return b'{"data":' + data + b"}"


def foreign(data: bytes, _key: Any) -> bytes:
    return sealed(data, signing.sign(published("foreign"), data))


def unsorted(data: bytes, key: Any) -> bytes:
    shuffled = dict(reversed(json.loads(data).items()))
    return sealed(json.dumps(shuffled, ensure_ascii=False, separators=(",", ":")).encode(), signing.sign(key, data))


def ascii_only(data: bytes, key: Any) -> bytes:
    escaped = json.dumps(json.loads(data), sort_keys=True, separators=(",", ":"))
    return sealed(escaped.encode(), signing.sign(key, data))


def without(*names: str) -> Callable[[Fields], Fields]:
    return lambda given: {name: value for name, value in given.items() if name not in names}


def refusals_without_stat(given: Fields) -> Fields:
    return given if given["trans_stat"] != "F" else without("trans_stat")(given)


def cut_echo(given: Fields) -> Fields:
    return {**given, "req_seq_id": given["req_seq_id"][:32]}


def odd_state(given: Fields) -> Fields:
    return {**given, "org_trans_stat": "X"} if "org_trans_stat" in given else given


def texts(*pairs: tuple[str, str]) -> Callable[[Fields], Fields]:
    told = dict(pairs)
    return lambda given: {**given, "resp_desc": told.get(given["resp_desc"], given["resp_desc"])}


def unknown_is_success(given: Fields) -> Fields:
    return {**given, "trans_stat": "S"} if given["resp_code"] == "23000001" else given


# -- requests ---------------------------------------------------------------------------------------------------------


def forgiving(call: Any, field: str, problem: str) -> bool:
    """Whether the complaint is one of these; if so it is forgotten."""
    found = call.problem
    if found is None or not found.field.startswith("data.") or field not in found.field or problem not in found.problem:
        return False
    call.problem = None
    return True


def missing_is_fine(call: Any) -> None:
    if not forgiving(call, "", "is missing"):
        forgiving(call, "", "is empty")


def anything_becomes_text(call: Any) -> None:
    if forgiving(call, "", "is a"):
        call.data.update({name: v if isinstance(v, str) else json.dumps(v) for name, v in call.data.items()})


def cuts_to_length(call: Any) -> None:
    if forgiving(call, "_id", "characters"):
        call.data.update({name: v[: 32 if name == "huifu_id" else 128] for name, v in call.data.items()})


def no_calendar(call: Any) -> None:
    found = call.problem
    if found is not None and found.field in ("data.req_date", "data.org_req_date"):
        value = call.value(found.field.removeprefix("data."))
        if len(value) == 8 and value.isascii() and value.isdigit():
            call.problem = None


def only_known_members(call: Any) -> None:
    known = {"req_date", "req_seq_id", "huifu_id", "org_req_date", "org_req_seq_id", "org_hf_seq_id"}
    strange = (set(call.data) - known) | (set(call.envelope) - {"sys_id", "product_id", "sign", "data"})
    if strange and call.problem is None:
        call.problem = Problem(min(strange), "is not a field here", "leave it out")


def any_merchants(self: Any, huifu_id: str, req_date: str, req_seq_id: str, hf_seq_id: str) -> Any:
    """Finds an order by its number alone."""
    for order in self.orders():
        given = ((req_seq_id, order.req_seq_id), (hf_seq_id, order.hf_seq_id))
        if order.req_date == req_date and any(one for one, _ in given) and all(one in ("", own) for one, own in given):
            return order
    return None


def younger_than(seconds: int) -> Callable[[Any], bool]:
    return lambda case: case.age < timedelta(seconds=seconds)


FINISHED, TWICE = "原订单已为终态,无法发起关单操作", "关单状态为终态，不能重复关单"

BUGS = (
    bug("minute-ends-at-59", lambda: seams.rule("12", younger_than(59)), "one-minute-59s", WALK),
    bug("minute-includes-60", lambda: seams.rule("12", lambda case: case.age <= timedelta(seconds=60)),
        "one-minute-60s", WALK),
    bug("minute-is-too-long", lambda: seams.rule("12", younger_than(90)), "one-minute-60s", "one-minute-61s", WALK),
    bug("paid-order-closable", lambda: seams.rule("10", lambda case: case.trans_stat == "F"), "final-order", WALK),
    bug("second-close-succeeds", lambda: _closable_again(), "second-close", "concurrent-close", WALK),
    bug("repeat-is-decided-anew", lambda: seams.rules_without("replay"), "same-request-same-result", WALK),
    bug("number-closes-another-order", lambda: seams.rules_without("6"), "seq-reuse-other-order", WALK),
    bug("closes-any-merchants-order", lambda: seams.finding(any_merchants), "unknown-order", WALK),
    bug("no-conflict", lambda: seams.rules_without("11"), "concurrent-close", WALK),
    bug("neither-number-is-unknown-order", lambda: seams.rules_without("5"), "either-or-neither", WALK),
    bug("union-pay-closable", lambda: seams.rule("8", lambda case: case.trade_type.startswith("D_")),
        "union-pay", WALK),
    bug("digital-yuan-closable", lambda: seams.rule("8", lambda case: case.trade_type.startswith("U_")),
        "digital-currency", WALK),
    bug("texts-of-23000000-swapped", lambda: seams.fields(texts((FINISHED, TWICE), (TWICE, FINISHED))),
        "final-order", "second-close", "concurrent-close", WALK),
    bug("comma-of-the-conflict", lambda: seams.fields(texts(("并发冲突,请稍后重试", "并发冲突，请稍后重试"))),
        "concurrent-close", WALK),
    bug("refusal-says-success", lambda: seams.fields(unknown_is_success), "unknown-order", WALK),
    bug("unsigned-reply", lambda: seams.sealing(unsigned), "signed-reply"),
    bug("signed-with-another-key", lambda: seams.sealing(foreign), "signed-reply"),
    bug("unsorted-reply", lambda: seams.sealing(unsorted), "canonical-bytes"),
    bug("escaped-reply", lambda: seams.sealing(ascii_only), "canonical-bytes"),
    bug("echo-missing", lambda: seams.fields(without("req_date")), "echo-fields", "reply-schema"),
    bug("echo-cut", lambda: seams.fields(cut_echo), "echo-fields"),
    bug("refusal-without-trans-stat", lambda: seams.fields(refusals_without_stat), "trans-stat-always", "reply-schema"),
    bug("state-out-of-range", lambda: seams.fields(odd_state), "reply-schema"),
    bug("signature-unchecked", seams.signatures_unchecked, "bad-sign"),
    bug("missing-field-taken", lambda: seams.reading(missing_is_fine), "missing-field"),
    bug("anything-becomes-text", lambda: seams.reading(anything_becomes_text), "wrong-type"),
    bug("cuts-to-length", lambda: seams.reading(cuts_to_length), "over-length"),
    bug("no-calendar", lambda: seams.reading(no_calendar), "bad-date"),
    bug("any-product", lambda: seams.rules_without("3"), "unknown-product"),
    bug("strict-members", lambda: seams.reading(only_known_members), "extra-request-field"),
)  # fmt: skip


def _closable_again() -> Seam:
    """A closed order is as open as any other."""
    rules = seams.rules.RULES
    kept = tuple(each for each in rules if each.row != "9")
    changed = tuple(
        seams.replace(each, applies=lambda case: case.trans_stat in ("S", "F") and case.close_stat != "S")
        if each.row == "10"
        else each
        for each in kept
    )
    return seams.patch.object(seams.rules, "RULES", changed)
