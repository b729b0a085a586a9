"""request/* and query/* about awkward text: what an order is called arrives, and is signed, as it is called."""

from __future__ import annotations

from collections.abc import Iterator

from huifu_contract import strategies as hs
from huifu_contract.catalogue import record
from huifu_contract.catalogue.cases.request import Refused, sent_close
from huifu_contract.catalogue.cases.sent import asked, drawn, full, given, unchanged
from huifu_contract.catalogue.record import Basis, Example, Level
from huifu_contract.catalogue.registry import case
from huifu_contract.harness.differences import CONTROL
from huifu_contract.harness.harness import Harness
from huifu_contract.harness.laws import signature
from huifu_contract.harness.prepared_answers import answer

MERCHANT = 32
EDGES = {
    "blanks-at-the-end": "a ",
    "blanks-at-the-beginning": "  a",
    "blanks-inside": "a  b   c",
    "wide-blanks": "\u3000a\u00a0\u00a0b\u2003",
    "invisible": "\ufeffa\u200bb\u200dc\u200ed\u202ee\u00adf\u2060",
    "composed": "\u00e9\ud55c\u00c5",
    "decomposed": "e\u0301\u1112\u1161\u11abA\u030a",
    "compatible": "\ufb01\uff21\uff11\u2460\u212b\u00bd",
    "letter-case": "aB\u00df\u0130\u017f\u212a",
    "escapes-html": "&amp;<b>&#65;'\"",
    "escapes-url": "%41%2B+%20a%",
    "escapes-json": '\\u0041\\n\\/\\\\"',
    "slashes": "a/b//c\\d",
    "astral": "a\U0001f600\u2764\ufe0f\U00020bb7b",
    "word-of-json": "null",
    "zero": "0",
    "numeric": "+01.50e3",
    "digits": "0066",
    "fraction": "1.10",
    "ends-in-a-star": "20211021001210****",
    "looks-like-a-uuid": "550e8400-E29B-41d4-a716-446655440000",
    "looks-like-dates": "2024-04-05 2024/04/05 10:30:00",
    "looks-like-a-moment": "2024-04-05T10:30:00Z",
    "looks-like-an-address": "Joe.Doe+a@Shop.Example.",
    "looks-like-a-number": "12345678901234567890",
    "looks-like-a-truth-value": "true",
    "looks-like-no-number": "NaN",
    "looks-like-a-template": "%%s ${x} {0} $1 %(a)s {{b}}",
    "looks-like-a-replacement": "a$$b$&c$`d$'e\\1f\\g<0>h#{i}<%j%>",
    "marks": "-1,234;a#b$c{d}[e](f)|g~h`i^j!_k.=",
    "marks-of-typesetters": "\u2018a\u2019\u201cb\u201d\u2013c\u2014d\u2026\uff0c\uff1a\uff08",
}
"""Legal text in which one kind of change, each, would show; a merchant has the first 32 characters of it."""
CONTROLS = {
    "tab-at-the-end": "a\t",
    "tab-inside": "a\tb",
    "line-feed-at-the-end": "a\n",
    "line-feed-inside": "\na\nb",
    "carriage-return": "a\r\nb\r",
    "delete-and-c1": "a\x7fb\x85",
    "nul-inside": "a\0b",
}
"""The specification forbids no character; a client may refuse these, but not change them."""


ITS_DAY = "20240206"
"""The day of the orders that a closequery calls closed: who remembers that sends no close of their numbers any more."""


def named(text: str) -> Iterator[dict[str, str | None]]:
    """Every identifier with that text, in as few closes as name one order each."""
    yield {"req_seq_id": text, "huifu_id": text[:MERCHANT], "org_req_seq_id": text}
    yield {"org_hf_seq_id": text, "org_req_seq_id": None}


@case(
    "request/text-survives",
    Level.MUST,
    Basis.SAFETY,
    grade="wire",
    quote=record.TRUE + " A close of another number is a close of another order.",
    says="Blanks at the edges, runs of blanks, normal forms, case and escapes survive in every identifier, and are "
    "signed as they are sent.",
    fixed=[{"text": text} for text in (*EDGES.values(), *CONTROLS.values())],
    draw=lambda: drawn(text=hs.edgy_text()),
    since="1.1",
    seconds=0.1,
)
def text_survives(harness: Harness, x: Example) -> None:
    odd = bool(CONTROL.search(x["text"]))
    for changes in named(x["text"]):
        try:
            one = sent_close(harness, full(harness, **changes), legal=not odd)
        except Refused:
            if not odd:
                raise
            harness.check_wire([])
            continue
        unchanged(harness, one, given(changes))
        harness.check_wire(signature(one))


@case(
    "query/text-survives",
    Level.MUST,
    Basis.SAFETY,
    grade="wire",
    needs=["query"],
    quote=record.TRUE + " A query about another number tells of another order.",
    says="What names the order survives in a closequery as it does in a close, and is signed as it is sent.",
    fixed=[{"text": text} for text in EDGES.values()],
    since="1.1",
)
def query_text_survives(harness: Harness, x: Example) -> None:
    for changes in named(x["text"]):
        kept = {name: value for name, value in given(changes).items() if name != "req_seq_id"}
        script = answer("00000100", "P"), answer("00000000", "S", endpoint="closequery")
        params = full(harness, **changes, org_req_date=ITS_DAY)
        e = asked(harness.close(None, *script, params=params, must_act=False))
        unchanged(harness, e.queries[0], kept)
        harness.check_wire(signature(e.queries[0]))
