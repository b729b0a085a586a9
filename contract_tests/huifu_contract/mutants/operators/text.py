"""Operators on text: each field of a request, changed on the wire, before signing, or in both."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any
from urllib.parse import quote, unquote

from huifu_contract.mutants.operators.mutant import Mutant, Placed, first, made
from huifu_contract.reference.client import Refused

FIELDS = ("req_date", "req_seq_id", "huifu_id", "org_req_date", "org_req_seq_id", "org_hf_seq_id")
NUMBERS = ("req_seq_id", "huifu_id", "org_req_seq_id", "org_hf_seq_id")
DROPPED = None
Change = Callable[[str], Any]


def _number(text: str) -> Any:
    return int(text) if text.isascii() and text.isdigit() else text


def _fraction(text: str) -> Any:
    return float(text) if re.fullmatch(r"\d+\.\d+", text) else text


def _converted(text: str) -> str:
    """As what it looks like: a UUID, days, a truth value, no number."""
    bare = text.replace("-", "")
    if re.fullmatch("[0-9a-fA-F]{32}", bare):
        return bare
    words = {"true": "True", "NaN": "nan"}
    return words.get(text, re.sub(r"(\d{4})[-/](\d\d)[-/](\d\d)", r"\1\2\3", text))


PLAIN = str.maketrans("\u2018\u2019\u201c\u201d\u2013\u2014\uff0c\uff1a\uff08", "''\"\"--,:(")

TEXTS: dict[str, Change] = {
    "trimmed": str.strip,
    "trimmed-left": str.lstrip,
    "trimmed-right": str.rstrip,
    "trimmed-of-ascii-blanks": lambda text: text.strip(" "),
    "blanks-collapsed": lambda text: re.sub(r"\s+", " ", text),
    "inner-blanks-collapsed": lambda text: re.sub(r"(?<=\S) {2,}(?=\S)", " ", text),
    "controls-removed": lambda text: re.sub(r"[\x00-\x1f]", "", text),
    "tabs-made-blanks": lambda text: text.replace("\t", " "),
    "line-ends-unified": lambda text: text.replace("\r\n", "\n").replace("\r", "\n"),
    "invisible-removed": lambda text: re.sub("[\u200b-\u200f\ufeff]", "", text),
    "nfc": lambda text: unicodedata.normalize("NFC", text),
    "nfd": lambda text: unicodedata.normalize("NFD", text),
    "nfkc": lambda text: unicodedata.normalize("NFKC", text),
    "direction-marks-removed": lambda text: re.sub("[\u200e\u200f\u202a-\u202e]", "", text),
    "variation-selectors-removed": lambda text: re.sub("[\ufe0e\ufe0f]", "", text),
    "lower-case": str.lower,
    "upper-case": str.upper,
    "case-folded": str.casefold,
    "html-escaped": lambda text: html.escape(text, quote=False),
    "html-unescaped": html.unescape,
    "url-escaped": lambda text: quote(text, safe="*"),
    "url-unescaped": unquote,
    "slashes-escaped": lambda text: text.replace("/", "\\/"),
    "backslashes-doubled": lambda text: text.replace("\\", "\\\\"),
    "ascii-only": lambda text: text.encode("ascii", "ignore").decode(),
    "bmp-only": lambda text: re.sub("[\U00010000-\U0010ffff]", "\ufffd", text),
    "ended-at-an-astral": lambda text: re.split("[\U00010000-\U0010ffff]", text)[0] or text,
    "delete-removed": lambda text: re.sub(r"[\x7f-\x9f]", "", text),
    "ended-at-nul": lambda text: text.partition("\0")[0] or text,
    "moment-written-anew": lambda text: re.sub(r"^(\d{4})-(\d\d)-(\d\d)T([\d:]+)Z$", r"\2/\3/\1 \4", text),
    "stars-removed": lambda text: text.rstrip("*"),
    "converted-by-its-looks": _converted,
    "typeset-marks-made-plain": lambda text: text.translate(PLAIN),
    "marks-removed": lambda text: re.sub(r"[,;#{}()|~`^!=.]", "", text),
    "placeholders-filled": lambda text: re.sub(r"\$\{\w*\}|%s", "", text.replace("%%", "%")),
    "references-replaced": lambda text: re.sub(r"\\\d|\\g<\d+>", "", text.replace("$$", "$")),
    "null-dropped": lambda text: DROPPED if text == "null" else text,
    "zero-dropped": lambda text: DROPPED if text == "0" else text,
    "zeros-stripped": lambda text: (text.lstrip("0") or "0") if text.isdigit() else text,
    "made-number": _number,
    "made-fraction": _fraction,
    "cut": lambda text: text[:64] if len(text) > 64 else text[:30] if len(text) == 32 else text,
    "beginning-cut": lambda text: text[-64:] if len(text) > 64 else text[-31:] if len(text) == 32 else text,
}
"""What changes a text that a field may hold."""
DAYS: dict[str, Change] = {
    "made-number": int,
    "dashed": lambda text: f"{text[:4]}-{text[4:6]}-{text[6:]}",
    "two-digit-year": lambda text: text[2:],
    "next-day": lambda text: f"{int(text) + 1:08}",
    "week-year": lambda text: f"{date(int(text[:4]), int(text[4:6]), int(text[6:])):%G}{text[4:]}",
}
ALWAYS: dict[str, Change] = {"dropped": lambda _: DROPPED, "emptied": lambda _: ""}


def operators(field: str) -> dict[str, Change]:
    return {**(TEXTS if field in NUMBERS else DAYS), **ALWAYS}


def changed(data: Mapping[str, Any], field: str, change: Change) -> dict[str, Any]:
    """`data` with that field changed, where it is there."""
    value = data.get(field)
    if not isinstance(value, str):
        return dict(data)
    new = change(value)
    return {name: new if name == field else old for name, old in data.items() if name != field or new is not DROPPED}


def swapped(data: Mapping[str, Any], field: str) -> dict[str, Any]:
    """With its neighbour's value, and the other way round."""
    neighbours = [name for name in FIELDS if name in data]
    other = neighbours[(neighbours.index(field) + 1) % len(neighbours)] if field in neighbours else field
    return {name: data[{field: other, other: field}.get(name, name)] for name in data}


def omitted_emptied(data: Mapping[str, Any], field: str) -> dict[str, Any]:
    return {**data, field: data.get(field, "")}


LIKELY = {
    "close": (
        "request/text-survives",
        "request/values-are-strings",
        "request/length-limits",
        "request/date-format",
        "request/by-org-hf-seq-id",
        "request/by-org-req-seq-id",
        "request/envelope",
    ),
    "closequery": ("query/text-survives", "query/names-the-order", "query/own-number"),
}
DAYS_FIRST = {"close": ("request/date-format", "request/values-are-strings"), "closequery": ("query/names-the-order",)}
NOT_GIVEN = {
    "close": ("request/by-org-hf-seq-id", "request/by-org-req-seq-id"),
    "closequery": ("query/names-the-order",),
}
CUT_FIRST = {"close": ("request/length-limits",), "closequery": ("query/names-the-order",)}


def likely(operator: str, field: str, op: str) -> tuple[str, ...]:
    own: tuple[str, ...] = ()
    if (op, field) == ("closequery", "req_seq_id"):
        own = ("query/own-number", "query/stat-decides")
    elif field not in NUMBERS:
        own = DAYS_FIRST[op]
    elif operator == "sent-empty-if-not-given":
        own = NOT_GIVEN[op]
    elif operator in ("cut", "beginning-cut"):
        own = CUT_FIRST[op]
    return first(*own, then=LIKELY[op])


def one_of_two(kept: str, left: str) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Given both numbers of an order, sends one."""
    return lambda data: {name: value for name, value in data.items() if name != left or not data.get(kept)}


def by_beginning(field: str) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Takes the first eight digits of a number for the day of the order."""

    def change(data: Mapping[str, Any]) -> dict[str, Any]:
        day = str(data.get(field, ""))[:8]
        return {**data, "org_req_date": day} if re.fullmatch(r"20\d{6}", day) else dict(data)

    return change


PARTICULAR: dict[str, Callable[[str], bool]] = {
    "what is not ASCII": lambda text: not text.isascii(),
    "marks": lambda text: bool(re.search(r"[^\w*. -]", text)),
    "the word null": lambda text: text == "null",
    "zero": lambda text: text == "0",
}
"""What a client may find odd in a legal number."""


def refusing(odd: Callable[[str], bool]) -> type[Placed]:
    """Refuses a close whose number is odd."""

    def data(self: Placed, params: Mapping[str, str]) -> dict[str, str]:
        if any(odd(params.get(name, "")) for name in NUMBERS):
            raise Refused("an odd number")
        return Placed.data(self, params)

    return made(Placed, data=data)


def mutants() -> Iterator[Mutant]:
    for what, odd in PARTICULAR.items():
        yield Mutant("refused", what, "close", refusing(odd), ("request/text-survives",))
    for kept, left in (("org_req_seq_id", "org_hf_seq_id"), ("org_hf_seq_id", "org_req_seq_id")):
        made_ = both("close", one_of_two(kept, left))
        yield Mutant("one-of-two-sent", kept, "close, both", made_, ("request/both-numbers",))
    for field in ("req_seq_id", "org_req_seq_id"):
        made_ = both("close", by_beginning(field))
        yield Mutant("day-read-from-a-number", field, "close, both", made_, ("request/date-format",))
    for field in FIELDS:
        whole: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
            name: lambda data, change=change, field=field: changed(data, field, change)  # type: ignore[misc]  # bound now
            for name, change in operators(field).items()
        }
        whole["swapped"] = lambda data, field=field: swapped(data, field)  # type: ignore[misc]  # bound now
        if field.startswith("org_") and field in NUMBERS:
            whole["sent-empty-if-not-given"] = lambda data, field=field: omitted_emptied(data, field)  # type: ignore[misc]  # bound now
        for operator, change in whole.items():
            for op in ("close", "closequery"):
                if op == "closequery" and field == "req_seq_id" and operator in TEXTS:
                    continue  # a number that the client made up: letters and digits, nothing to change
                if op == "closequery" and (field, operator) == ("req_date", "week-year"):
                    continue  # today, which has another week-year on a few days only
                shows = TEXTS.get(operator) if field in NUMBERS else None
                for where, client in (("wire", wire), ("signing", signing), ("both", both)):
                    cases = likely(operator, field, op)
                    yield Mutant(operator, field, f"{op}, {where}", client(op, change), cases, shows)


def wire(op: str, change: Callable[..., Any]) -> type[Placed]:
    """Signs the honest data and sends other."""

    def body(self: Placed, data: Mapping[str, Any]) -> bytes:
        return self.envelope(change(data) if _at(self, op) else data, self.canon(data))

    return made(Placed, body=body)


def signing(op: str, change: Callable[..., Any]) -> type[Placed]:
    """Signs other data than it sends."""

    def body(self: Placed, data: Mapping[str, Any]) -> bytes:
        return self.envelope(data, self.canon(change(data) if _at(self, op) else data))

    return made(Placed, body=body)


def both(op: str, change: Callable[..., Any]) -> type[Placed]:
    """Signs and sends other data than was given, and expects that back."""

    def of_close(self: Placed, params: Mapping[str, str]) -> dict[str, str]:
        return dict(change(Placed.data(self, params)))

    def of_query(self: Placed, data: Mapping[str, str]) -> dict[str, str]:
        return dict(change(Placed.query(self, data)))

    return made(Placed, data=of_close) if op == "close" else made(Placed, query=of_query)


def _at(client: Placed, op: str) -> bool:
    return (client.place == "closequery") == (op == "closequery")
