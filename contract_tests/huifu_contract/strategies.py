"""Hypothesis strategies for the close: hand-written, and checked against the JSON schemas in both directions by a test.

All draw plain data. Named texts hold no control characters and no U+2028/9, because the schemas forbid them there;
`disputed_text` holds exactly those, for whoever wants to see what a client makes of them.
"""

from __future__ import annotations

import string
from datetime import date
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

REQUIRED = ("req_date", "req_seq_id", "huifu_id", "org_req_date")
REFS = ("org_req_seq_id", "org_hf_seq_id")
PLAIN = string.ascii_letters + string.digits + "-_"
DISPUTED = "\u2028\u2029\x7f\x80\x85\x9f\x01\x0b\x1f"
SPECIALS = "\"\\/<>&'"
FORBIDDEN = "\u2028\u2029"
CODES = (
    "00000000", "00000100", "10000000", "20000001.TOO_YOUNG", "20000001.CONFLICT", "21000000",
    "22000000.PRODUCT_UNKNOWN", "22000000.PRODUCT_SUSPENDED", "23000000.ORDER_FINISHED", "23000000.ALREADY_CLOSED",
    "23000001", "23000004", "90000000", "98888888", "99999999",
)  # fmt: skip
"""The fifteen listed answers, by the names that the fault language knows."""


def plain_text(min_size: int = 1, max_size: int = 32) -> SearchStrategy[str]:
    """Letters, digits, `-` and `_`: nothing that any client could spoil."""
    return st.text(PLAIN, min_size=min_size, max_size=max_size)


def tricky_text(min_size: int = 1, max_size: int = 128) -> SearchStrategy[str]:
    """Legal but awkward.

    CJK, accents in both normal forms, astral characters, JSON and HTML specials, spaces.
    """
    pieces = st.sampled_from(
        [
            *(*SPECIALS, "中", "文", "é", "e\u0301", "ﬁ", "😀", "𠮷", "ß", "İ", "ı", "\u00a0", "\u3000", "\ufeff"),
            *(" ", "%41", "+", "&amp;", "\\u003c", "\\n", "null", "0", "，", "～", "١"),
        ]
    )
    anything = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters=FORBIDDEN)
    mixed = st.lists(pieces | anything | st.sampled_from(PLAIN), min_size=min_size, max_size=max_size)
    drawn = mixed.map("".join).map(lambda text: fitting(text, max_size)).filter(lambda text: len(text) >= min_size)
    return drawn if max_size < 128 else drawn | drawn.map(lambda text: fitting(text * max_size, max_size))


def fitting(text: str, most: int) -> str:
    """Its beginning of at most so many UTF-16 units.

    Java, JavaScript and C# count these, Python and Go count characters, and the page says no more than String(128).
    """
    return text.encode("utf-16-le")[: 2 * most].decode("utf-16-le", "ignore")


def edgy_text() -> SearchStrategy[str]:
    """Legal text of at most 32 characters whose edges, blanks, normal form or case are easily lost."""
    blank = st.sampled_from(["", " ", "  ", "\u00a0", "\u3000", "\u2003", "\ufeff", "\u200b"])
    inner = st.sampled_from(
        ["a", "B", "e\u0301", "é", "ﬁ", "Ａ", "İ", "ß", "中", "😀", "  ", " ", "%20", "&lt;", "\\n", "00"]
    )
    texts = st.lists(inner, min_size=1).map("".join)
    return st.builds(lambda a, text, b: fitting(a + text, 31) + b[:1], blank, texts, blank)


def disputed_text() -> SearchStrategy[str]:
    """At least one character whose escaping real clients disagree on, or that the schemas forbid."""
    around = plain_text(0, 8)
    return st.builds(lambda a, c, b: a + c + b, around, st.sampled_from(DISPUTED), around)


def req_dates() -> SearchStrategy[str]:
    """Real days as yyyyMMdd, years 0002 to 9998, with single-digit months and days and leap days well
    represented.
    """
    days = st.dates(date(2, 1, 1), date(9998, 12, 31))
    awkward = st.sampled_from(
        [date(2024, 2, 29), date(2000, 2, 29), date(2025, 1, 1), date(999, 9, 9), date(2024, 12, 31)]
    )
    return (days | awkward).map(lambda day: f"{day.year:04}{day.month:02}{day.day:02}")


def order_refs(text: SearchStrategy[str] | None = None) -> SearchStrategy[dict[str, str]]:
    """What names an order: its day and one of the two numbers, sometimes both."""
    number = plain_text() if text is None else text
    named = st.one_of(
        st.fixed_dictionaries({"org_req_seq_id": number}),
        st.fixed_dictionaries({"org_hf_seq_id": number}),
        st.fixed_dictionaries({"org_req_seq_id": number, "org_hf_seq_id": number}),
    )
    return st.builds(lambda day, refs: {"org_req_date": day, **refs}, req_dates(), named)


def close_params(text: SearchStrategy[str] | None = None) -> SearchStrategy[dict[str, str]]:
    """Valid members of a close's `data`, in any order. `text` draws the two free numbers."""
    number = plain_text() if text is None else text
    own = st.fixed_dictionaries(
        {"req_date": req_dates(), "req_seq_id": number, "huifu_id": st.text(string.digits, min_size=16, max_size=16)}
    )
    return st.builds(lambda a, b: {**a, **b}, own, order_refs(text)).flatmap(shuffled)


def shuffled(params: dict[str, str]) -> SearchStrategy[dict[str, str]]:
    return st.permutations(list(params)).map(lambda names: {name: params[name] for name in names})


@st.composite
def invalid_close_params(draw: st.DrawFn) -> dict[str, Any]:
    """A close's `data` with exactly one mistake that the schema knows."""
    params: dict[str, Any] = dict(draw(close_params()))
    match draw(st.sampled_from(["missing", "type", "long", "empty", "date", "control"])):
        case "missing":
            del params[draw(st.sampled_from(REQUIRED))]
        case "type":
            name = draw(st.sampled_from(sorted(params)))
            params[name] = draw(st.sampled_from([7, 1.5, True, [], {}, *([None] if name in REQUIRED else [])]))
        case "long":
            name = draw(st.sampled_from([name for name in params if not name.endswith("date")]))
            params[name] = "x" * draw(st.integers(33 if name == "huifu_id" else 129, 300))
        case "empty":
            params[draw(st.sampled_from(REQUIRED))] = ""
        case "date":
            params[draw(st.sampled_from(["req_date", "org_req_date"]))] = draw(no_dates())
        case _:
            name = draw(st.sampled_from([name for name in params if not name.endswith("date")]))
            params[name] = draw(disputed_text())
    return params


def no_dates() -> SearchStrategy[str]:
    """Text that is not a day written yyyyMMdd."""
    fixed = [
        "20260230",
        "20230229",
        "2024-04-05",
        "240405",
        "202404051",
        "20241301",
        "00000101",
        "٢٠٢٤٠٤٠٥",
        "20240405 ",
    ]
    return st.sampled_from([*fixed, "20240405\n", "abcdefgh"])


def replies() -> SearchStrategy[dict[str, Any]]:
    """What a gateway may be told to answer: a listed or unlisted code, any of the three states, any text."""
    return st.fixed_dictionaries(
        {"answer": st.sampled_from(CODES) | unlisted_codes(), "trans_stat": st.sampled_from("PSF")},
        optional={"resp_desc": descriptions(), "when": st.sampled_from(["before", "after"])},
    )


def unlisted_codes() -> SearchStrategy[str]:
    """Codes that the specification does not list: of the older family, eight digits, short ones, letters."""
    listed = {code.partition(".")[0] for code in CODES}
    older = st.sampled_from(["10000015", "10000016", "10000018", "91111119", "00000103", "20000"])
    made = st.text(string.digits, min_size=8, max_size=8) | st.text(
        string.ascii_letters + string.digits, min_size=1, max_size=8
    )
    return (older | made).filter(lambda code: code not in listed)


def descriptions() -> SearchStrategy[str]:
    """A `resp_desc`: reworded, with full-width punctuation, quotes, up to 512 characters."""
    worded = st.sampled_from(
        ["成功", "关单成功", "关单失败", "系统异常，请稍后重试", '"S"', "success", "{}", "关" * 512]
    )
    return worded | tricky_text(1, 60)


def orders() -> SearchStrategy[dict[str, Any]]:
    """An order to seed: who pays how, in which state, how old, and how a close of it runs."""
    return st.fixed_dictionaries(
        {
            "trade_type": st.sampled_from(["T_NATIVE", "T_JSAPI", "A_NATIVE", "A_JSAPI", "U_NATIVE", "D_NATIVE"]),
            "trans_stat": st.sampled_from("PSF"),
            "age_seconds": st.sampled_from([0, 59, 60, 61, 86400]) | st.integers(0, 86400),
            "settle": st.sampled_from(["immediate", "processing", "accepted", "refused"]),
        }
    )


RESETS = ("reset-before-read", "reset-before-commit", "reset-after-commit")
CUTS = ("empty-body", "truncated", "html", "close-silently", "duplicate-key", "data-as-string")


def fault_scripts() -> SearchStrategy[dict[str, Any]]:
    """One thing that goes wrong with the answer to a close, as the fault language writes it."""
    wire = st.sampled_from((*RESETS, *CUTS)).map(lambda fault: {"fault": fault})
    signed = st.sampled_from(("sign-missing", "sign-empty", "sign-garbage", "sign-foreign", "sign-replayed"))
    return st.one_of(wire, signed.map(lambda fault: {"fault": fault}), statuses(), replies())


def statuses() -> SearchStrategy[dict[str, Any]]:
    """An HTTP status that is no 200, with a page, JSON or nothing."""
    accepted, redirects = (201, 202, 204), (301, 302, 307, 308)
    refused = (400, 401, 403, 404, 405, 409, 410, 412, 415, 429)
    failed = (500, 502, 503, 504, 911, 921, 922)
    status = st.sampled_from((*accepted, *redirects, *refused, *failed))
    body = st.sampled_from(["html", "json", "nothing"])
    return st.builds(lambda s, b: {"fault": "status", "status": s, "body": b}, status, body)
