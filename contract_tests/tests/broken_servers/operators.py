"""Broken servers made by machine: each operator on each field of a reply, its signature, its state and its limits.

A mutant is caught by a case whose message names what was changed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from broken_servers import seams
from broken_servers.bugs import sealed
from broken_servers.seams import Fields, Seam
from huifu_mock import signing
from huifu_mock.keys import published

Change = Callable[[str], Any]
GONE = object()
"""The field is left out."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """`caught` is a case of which the message holds `names`, or which shows it by failing alone."""

    operator: str
    what: str
    plant: Callable[[], Seam]
    caught: str
    names: str = ""

    def __str__(self) -> str:
        return f"{self.what}-{self.operator}"


# -- fields -----------------------------------------------------------------------------------------------------------

FIELDS: dict[str, Change] = {
    "dropped": lambda _: GONE,
    "emptied": lambda _: "",
    "cut": lambda text: text[:-1],
    "padded": lambda text: text + " ",
    "as-number": lambda text: int(text) if text.isascii() and text.isdigit() else 7,
    "as-null": lambda _: None,
    "as-array": lambda text: [text],
}
ECHOED = ("huifu_id", "req_date", "req_seq_id", "org_req_date")
SCHEMA_ONLY = ("as-number", "as-null", "as-array")


def changed(name: str, change: Change) -> Callable[[], Seam]:
    """That field of every reply, as the operator leaves it; a field that is not there stays away."""

    def field(given: Fields) -> Fields:
        if name not in given or not given[name]:
            return given
        made = change(given[name])
        kept = {other: value for other, value in given.items() if other != name}
        return kept if made is GONE else {**kept, name: made}

    return lambda: seams.fields(field)


def swapped(one: str, other: str) -> Callable[[], Seam]:
    """Two fields of every reply, each with the other's value."""

    def field(given: Fields) -> Fields:
        return {**given, one: given.get(other, ""), other: given.get(one, "")}

    return lambda: seams.fields(field)


def of_fields() -> Iterator[Mutant]:
    for operator, change in FIELDS.items():
        for name in ECHOED:
            case = "reply-schema" if operator in SCHEMA_ONLY else "echo-fields"
            yield Mutant(operator, name, changed(name, change), case, name)
        for name in ("org_req_seq_id", "org_hf_seq_id"):
            if operator in SCHEMA_ONLY:
                yield Mutant(operator, name, changed(name, change), "reply-schema", name)
            elif operator != "dropped":  # these need not come back
                yield Mutant(operator, name, changed(name, change), "echo-fields", name)
        for name in ("resp_code", "resp_desc"):
            if operator in ("cut", "padded"):  # of the right shape, and no answer of any rule
                yield Mutant(operator, name, changed(name, change), "unknown-order", "expected 23000001")
            else:
                yield Mutant(operator, name, changed(name, change), "reply-schema", name)
        yield Mutant(operator, "trans_stat", changed("trans_stat", change), "trans-stat-always", "trans_stat")
    for one, other in (("req_date", "org_req_date"), ("req_seq_id", "org_req_seq_id"), ("huifu_id", "req_seq_id")):
        yield Mutant(f"swapped-with-{other}", one, swapped(one, other), "echo-fields", one)
    for operator in (*SCHEMA_ONLY, "padded"):
        change = changed("org_trans_stat", FIELDS[operator])
        yield Mutant(operator, "org_trans_stat", change, "reply-schema", "org_trans_stat")


# -- signatures -------------------------------------------------------------------------------------------------------

Seal = Callable[[bytes, Any], bytes]
SIGNATURES: dict[str, Seal] = {
    "missing": lambda data, _key: b'{"data":' + data + b"}",
    "empty": lambda data, _key: sealed(data, ""),
    "null": lambda data, _key: b'{"data":' + data + b',"sign":null}',
    "of-another-key": lambda data, _key: sealed(data, signing.sign(published("foreign"), data)),
    "of-other-data": lambda data, key: sealed(data, signing.sign(key, b'{"a":"b"}')),
    "of-the-pretty-text": lambda data, key: sealed(data, signing.sign(key, json.dumps(json.loads(data)).encode())),
    "cut": lambda data, key: sealed(data, signing.sign(key, data)[:-4]),
    "one-bit-off": lambda data, key: sealed(data, _flipped(signing.sign(key, data))),
    "hexadecimal": lambda data, key: sealed(data, signing.sign(key, data).encode().hex()),
}


def _flipped(sign: str) -> str:
    return ("B" if sign[0] == "A" else "A") + sign[1:]


def of_signatures() -> Iterator[Mutant]:
    for operator, seal in SIGNATURES.items():
        yield Mutant(operator, "sign", lambda seal=seal: seams.sealing(seal), "signed-reply")


# -- states -----------------------------------------------------------------------------------------------------------

REASONS = {
    "closed": ("00000000", "S", "交易成功"),
    "unknown-order": ("23000001", "F", "原交易不存在"),
    "final-order": ("23000000", "F", "原订单已为终态,无法发起关单操作"),
    "second-close": ("23000000", "F", "关单状态为终态，不能重复关单"),
    "union-pay": ("23000004", "F", "原订单为银联二维码交易，不支持关单"),
    "one-minute-59s": ("20000001", "F", "不允许关闭一分钟以内的订单"),
    "either-or-neither": ("21000000", "F", "原请求流水号和原全局流水号不能同时为空"),
    "unknown-product": ("22000000", "F", "产品号不存在"),
    "missing-field": ("10000000", "F", ""),
}
"""The case that asks for each answer, and the answer."""


def answered(code: str, text: str, **instead: str) -> Callable[[], Seam]:
    """That answer, with members of it replaced."""

    def field(given: Fields) -> Fields:
        mine = given["resp_code"] == code and given["resp_desc"].startswith(text)
        return {**given, **instead} if mine else given

    return lambda: seams.fields(field)


def of_states() -> Iterator[Mutant]:
    for case, (code, stat, text) in REASONS.items():
        caught = "one-minute-61s" if case == "closed" else case
        for other in "SPF":
            if other == stat or (case == "second-close" and other == "S") or (case, other) == ("closed", "P"):
                continue  # the same, or as true
            yield Mutant(f"says-{other}", case, answered(code, text, trans_stat=other), caught, f" {other}; expected")
        success = "00000000" if case != "closed" else "90000000"
        yield Mutant("another-code", case, answered(code, text, resp_code=success), caught, "expected")
        yield Mutant("unlisted-code", case, answered(code, text, resp_code="30000000"), caught, "30000000")
        if case != "missing-field":
            yield Mutant("cut-text", case, answered(code, text, resp_desc=text[:-1]), caught, text[:-1])


# -- limits -----------------------------------------------------------------------------------------------------------


def limit(name: str, most: int) -> Callable[[], Seam]:
    """Values of that field are refused, or taken, from another length on."""

    def read(call: Any) -> None:
        value = call.data.get(name)
        if not isinstance(value, str):
            return
        if len(value) <= most and call.problem is not None and call.problem.field == f"data.{name}":
            call.problem = None
        elif len(value) > most and call.problem is None:
            call.problem = seams.problem(f"data.{name}", most)

    return lambda: seams.reading(read)


def younger_than(seconds: float) -> Callable[[], Seam]:
    return lambda: seams.rule("12", lambda case: case.age < timedelta(seconds=seconds))


def of_limits() -> Iterator[Mutant]:
    for name in ("org_req_seq_id", "org_hf_seq_id", "req_seq_id"):
        yield Mutant("one-too-short", name, limit(name, 127), "over-length", f"{name} of 128")
        yield Mutant("one-too-long", name, limit(name, 129), "over-length", name)
    yield Mutant("one-too-long", "huifu_id", limit("huifu_id", 33), "over-length", "huifu_id")
    for seconds, case in (
        (59, "59s"),
        (58, "59s"),
        (0, "59s"),
        (60.5, "60s"),
        (61, "60s"),
        (61.5, "61s"),
        (3600, "61s"),
    ):
        yield Mutant(f"ends-at-{seconds:g}", "minute", younger_than(seconds), f"one-minute-{case}", f"{case[:-1]} s")


MUTANTS = (*of_fields(), *of_signatures(), *of_states(), *of_limits())
