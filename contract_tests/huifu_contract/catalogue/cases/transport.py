"""transport/*: what a client makes of silence, resets, broken bodies and slowness."""

from __future__ import annotations

from hypothesis import strategies as st

from huifu_contract import strategies as hs
from huifu_contract.catalogue import record
from huifu_contract.catalogue.record import Basis, Example, Level
from huifu_contract.catalogue.registry import case
from huifu_contract.harness.evidence import Evidence
from huifu_contract.harness.harness import TOLERANCE, Harness, Law
from huifu_contract.harness.laws import Broken, bounded, growing_gaps, same_or_query
from huifu_contract.harness.prepared_answers import ALWAYS, NEVER, answer, fault, of

GRADE = "wire decision"
SLOW_S = 0.15
"""How long a slow answer takes: less than any client waits."""
SHAPES = (
    "null", "[]", "7", '"S"', "{}", '{"data":null,"sign":"x"}', '{"data":[],"sign":"x"}', '{"data":{},"sign":null}',
    '{"data":{"trans_stat":"S"},"sign":1}', "[" * 100_000, "\ufeff",
)  # fmt: skip
"""Bodies that are JSON, or nearly, and no signed reply."""
BROKEN = ("empty-body", "html", "truncated", "close-silently", "data-as-string", "duplicate-key", "numbers", "nulls")


@case(
    "transport/lost-after-close",
    Level.MUST,
    Basis.SAFETY,
    grade=GRADE,
    quote=record.TRUE,
    says="The order is closed, but no answer comes until the client gives up: whatever it claims is true.",
)
def lost_after_close(harness: Harness, _: Example) -> None:
    harness.judge(harness.close(None, fault("hang", when="after")))


@case(
    "transport/gives-up",
    Level.SHOULD,
    Basis.SAFETY,
    grade=GRADE,
    alone=True,
    quote="A client that waits for ever says nothing at all.",
    says="With a gateway that never answers, the call ends within the declared timeout_s and a fifth.",
    because="no claim is false; but a shop whose checkout waits for ever is down",
    latest=True,
    seconds=2.0,
)
def gives_up(harness: Harness, _: Example) -> None:
    in_time(harness, harness.close(None, fault("hang", endpoint=None, times=ALWAYS)))


def in_time(harness: Harness, e: Evidence) -> None:
    allowed = harness.hello.timeout_s * TOLERANCE
    late = Broken(
        "C", "the call took longer than declared", f"{e.seconds:.1f} s; {harness.hello.timeout_s:g} s declared"
    )
    harness.judge(e, also=[late] if e.seconds > allowed else [])


DOUBTS: tuple[Example, ...] = (
    {"fault": "reset-before-commit"},
    {"fault": "reset-after-commit"},
    {"fault": "hang"},
    {"fault": "close-silently"},
    {"fault": "status", "status": 502, "body": "html"},
    {"fault": "status", "status": 500, "body": "json"},
    {"fault": "html"},
    {"fault": "sign-missing"},
    {"fault": "stat-missing"},
    {"answer": "98888888", "trans_stat": "P", "when": "after"},
    {"answer": "99999999", "trans_stat": "P", "when": "after"},
    {"answer": "00000100", "trans_stat": "P", "when": "after"},
    {"answer": "98888888", "trans_stat": "F", "when": "after"},
    {"answer": "99999999", "trans_stat": "F", "when": "after"},
)
"""What leaves open whether the close was carried out."""


@case(
    "transport/retry-same-or-query",
    Level.MUST,
    Basis.SAFETY,
    grade=GRADE,
    quote=record.SAME,
    says="After a lost answer, or one that settles nothing, only a query or the very same request follows, never a "
    "close with a new number or another day.",
    fixed=[
        *({"do": do} for do in DOUBTS),
        {"do": DOUBTS[0], "day": "20240425"},
        {"do": DOUBTS[0], "number": "generated", "found": "23000001"},
        {"do": DOUBTS[4], "found": "23000001"},
        {"do": DOUBTS[7], "found": "23000001"},
        {"settle": "processing"},
    ],
    rev=6,
)
def retry_same_or_query(harness: Harness, x: Example) -> None:
    if "settle" in x:  # and stays in progress, whoever asks
        harness.judge(harness.close(harness.order(settle=x["settle"], settle_seconds=NEVER)), same_or_query)
        return
    order, params = harness.order(), None
    if "day" in x:  # on another day than today a day made anew shows
        params = harness.params(order, req_date=x["day"])
    if "number" in x and "generates-seq" in harness.hello.claims:
        params = harness.params(order, req_seq_id=None)
    found = [answer(x["found"], endpoint="closequery")] if "found" in x else []  # who asks sends the close again
    e = harness.close(order, of(x["do"]), *found, params=params, must_act=not found)  # and not all ask
    harness.judge(e, same_or_query)


@case(
    "transport/sent-once",
    Level.SHOULD,
    Basis.SAFETY,
    grade=GRADE,
    quote="A close that was answered is not sent again, and one that may still be answered is not sent beside itself.",
    says="A close that succeeds, one that is refused for good and one that is answered slowly are each sent once.",
    because="a repeated close is refused or answered as the first: it costs a call, and hides mistakes",
    fixed=[{"what": "success"}, {"what": "refusal"}, {"what": "slow"}],
    since="1.1",
)
def sent_once(harness: Harness, x: Example) -> None:
    if x["what"] == "refusal":
        e = harness.close(harness.order(trade_type="U_NATIVE"))
    else:
        e = harness.close(None, *([fault("delay", seconds=SLOW_S)] if x["what"] == "slow" else []))
    often = len(e.closes)
    again = "a close was sent again although it was answered"
    wrong = [Broken("L4", f"{again} ({x['what']})", f"{often} closes", stable=again, timed=True)]
    harness.judge(e, also=wrong if often > 1 else [])


REFUSED: Example = {"do": {"answer": "23000004", "trans_stat": "F"}}


@case(
    "transport/silent-afterwards",
    Level.MUST,
    Basis.SAFETY,
    grade=GRADE,
    quote=record.TRUE + " What is sent after it was made can make it false.",
    says="Once the client has claimed something, nothing more is sent for that call.",
    fixed=[{"do": {"fault": "hang"}}, {"do": {"answer": "98888888", "trans_stat": "P"}}, REFUSED],
    since="1.1",
    seconds=1.5,
)
def silent_afterwards(harness: Harness, x: Example) -> None:
    e = harness.close(None, of(x["do"], ALWAYS), of(x["do"], ALWAYS, "closequery"), must_act=False)
    later = harness.close(None, fault("delay", seconds=2 * SLOW_S))  # passes the time
    more = len(harness.sent_during(later, e))
    late = [Broken("L4", "requests were sent after the outcome was reported", f"{more} of them", timed=True)]
    harness.judge(e, also=late if more else [])


@case(
    "transport/late-reply",
    Level.MUST,
    Basis.SAFETY,
    grade=GRADE,
    quote=record.TRUE,
    says="A reply that comes after the client gave up on it is not taken for the answer to the next call.",
    since="1.1",
    seconds=4.0,
)
def late_reply(harness: Harness, _: Example) -> None:
    harness.twin()
    hung = harness.close(None, fault("hang", endpoint=None, times=ALWAYS), must_act=False)
    harness.judge(hung, also=[] if hung.sent else [_ever_after(hung)])
    delay = fault("delay", endpoint=None, times=ALWAYS, seconds=round(hung.seconds + SLOW_S, 3))
    late = harness.judge(harness.close(None, delay, must_act=False))  # who waits on a dead connection sends nothing

    def judged(params: dict[str, str] | None = None) -> Evidence:
        e = harness.close(params=params)
        return harness.judge(e, cause=Broken("L5", TAKEN, _kept(hung, late, e)))

    judged(harness.unknown_order())
    later = [judged() for _ in range(2)]
    stuck = later[-1].claim != "closed"
    harness.judge(harness.close(), also=[_ever_after(hung, late, *later)] if stuck else [])


TAKEN = "a late reply to one call was taken for the answer to the next"


def _ever_after(*calls: Evidence) -> Broken:
    return Broken("L2", f"claims {calls[-1].claim} ever after a late reply", _kept(*calls))


def _kept(*calls: Evidence) -> str:
    """What shows that the connection of a call that ran out of time was used for a later one; empty if nothing does."""
    if not all(e.sent for e in calls):
        return (
            "nothing of a later call came to the gateway, as on a connection that still waits for the reply to another"
        )
    before, now = ({one.port for one in e.sent} for e in (calls[-2], calls[-1]))
    return "it came over the connection of the call before, which had run out of time" if before & now else ""


@case(
    "transport/reset-before-and-after",
    Level.MUST,
    Basis.SAFETY,
    grade=GRADE,
    quote=record.TRUE,
    says="A connection reset before, while or after the close is carried out leads to no false claim.",
    fixed=[{"fault": name} for name in hs.RESETS],
    draw=lambda: st.fixed_dictionaries(
        {"fault": st.sampled_from([*hs.RESETS, "close-silently"]), "times": st.integers(1, 2)}
    ),
)
def reset_before_and_after(harness: Harness, x: Example) -> None:
    harness.twin()  # a client that keeps connections has one now
    harness.judge(harness.close(None, fault(x["fault"], times=x.get("times", 1)), must_act=False))


UNAVAILABLE: Example = {"fault": "status", "status": 503, "body": "html"}


@case(
    "transport/bounded-attempts",
    Level.SHOULD,
    Basis.SAFETY,
    grade=GRADE,
    alone=True,
    quote="A dead gateway is not brought back by asking it for ever.",
    says="With a gateway that resets every close and answers every closequery with 503: at most the declared attempts, "
    "with growing gaps, then unknown.",
    because="no claim is false; but a gateway that comes back is met by everybody who never stopped asking",
)
def bounded_attempts(harness: Harness, _: Example) -> None:
    def judged(*laws: Law) -> Evidence:
        script = fault("reset-before-commit", times=ALWAYS), of(UNAVAILABLE, ALWAYS, "closequery")
        e = harness.close(None, *script, must_act=False)
        doubt = e.claim in ("unknown", "pending")
        wrong = [] if doubt else [Broken("C", f"claims {e.claim} although nobody ever answered")]
        return harness.judge(e, bounded, *laws, also=wrong)

    if growing_gaps(judged()):  # a busy machine may have held up a request: what a client does, it does again
        judged(growing_gaps)


@case(
    "transport/status-codes",
    Level.MUST,
    Basis.SAFETY,
    grade=GRADE,
    quote=record.TRUE,
    says="201 to 299, 3xx, 4xx and 5xx with a page, JSON or nothing say nothing about the order.",
    fixed=[
        {"do": {"fault": "status", "status": status, "body": body}}
        for status, body in (
            *((302, "nothing"), (500, "json"), (404, "html"), (429, "nothing"), (503, "html")),
            *((202, "json"), (204, "nothing"), (409, "json"), (410, "nothing")),
        )
    ],
    rev=3,
    draw=lambda: st.fixed_dictionaries({"do": hs.statuses()}),
    seconds=0.05,
)
def status_codes(harness: Harness, x: Example) -> None:
    laws = [same_or_query] if x["do"]["status"] >= 500 else []  # with another the call may have been refused outright
    harness.judge(harness.close(None, of(x["do"])), *laws)


@case(
    "transport/broken-body",
    Level.MUST,
    Basis.SAFETY,
    grade=GRADE,
    quote=record.TRUE,
    says="A body that is empty, cut, no JSON, or JSON of the wrong shape says nothing and breaks nothing.",
    fixed=[
        *({"fault": name} for name in BROKEN),
        *({"fault": "other-body", "content": content} for content in SHAPES),
        {"fault": "other-body", "content": "系统繁忙", "charset": "gbk"},
    ],
    rev=2,
    draw=lambda: st.fixed_dictionaries({"fault": st.sampled_from(["truncated"]), "bytes": st.integers(0, 200)}),
    seconds=0.05,
)
def broken_body(harness: Harness, x: Example) -> None:
    settings = {name: value for name, value in x.items() if name != "fault"}
    harness.judge(harness.close(None, fault(x["fault"], **settings)), same_or_query)


@case(
    "transport/slow-drip",
    Level.SHOULD,
    Basis.SAFETY,
    grade=GRADE,
    alone=True,
    quote="A timeout that starts anew with every byte is none.",
    says="With replies that come one byte in 200 ms, the call ends within the declared timeout_s and a fifth.",
    because="no claim is false; but a shop whose checkout waits for ever is down",
    latest=True,
    seconds=2.0,
)
def slow_drip(harness: Harness, _: Example) -> None:
    in_time(harness, harness.close(None, fault("drip", endpoint=None, times=ALWAYS, bytes=1, seconds=0.2)))


@case(
    "transport/gzip-if-asked",
    Level.MAY,
    Basis.ASSUME,
    grade=GRADE,
    quote=record.OPEN,
    says="Recorded: whether the client asks for compressed replies, and whether it reads one.",
)
def gzip_if_asked(harness: Harness, _: Example) -> None:
    e = harness.close(None, fault("gzip", times=ALWAYS), must_act=False)
    if not e.sent:
        raise harness.unsent(e)
    asked = any(name.lower() == "accept-encoding" and "gzip" in value for name, value in e.sent[0].headers)
    harness.note(f"gzip: {'asked for' if asked else 'not asked for'}, claims {e.claim}")


FRAMED: dict[str, Example] = {
    "in chunks": {"fault": "chunked"},
    "in parts, one after the other": {"fault": "drip", "bytes": 300, "seconds": 0.02},
    "compressed, as the client asked for it": {"fault": "gzip"},
    "after an interim response 100": {"fault": "interim"},
    "with the names of its headers in lower case": {"fault": "lower-case-headers"},
    "with sign before data": {"fault": "sign-first"},
    "as application/json": {"fault": "content-type", "content_type": "application/json"},
    "as application/json; charset=utf-8": {"fault": "content-type", "content_type": "application/json; charset=utf-8"},
}


@case(
    "transport/reply-framing",
    Level.SHOULD,
    Basis.SAFETY,
    grade="decision",
    quote=record.JSON
    + ". HTTP (RFC 9110, 9112) lets a reply come in chunks, in any number of segments and after interim "
    "responses, with header names in either case; JSON (RFC 8259) is UTF-8, its members have no order, and its media "
    "type needs no charset.",
    says="A genuine reply is read that comes in chunks, in parts, compressed where the client asks for that, after a "
    "100 Continue, with header names in lower case, with sign before data, or with a Content-Type without a charset.",
    because="a genuine reply is not read, so the client knows less than it could, and claims nothing false",
    fixed=[{"how": how} for how in FRAMED],
    since="1.1",
    rev=3,
)
def reply_framing(harness: Harness, x: Example) -> None:
    harness.twin()
    do = FRAMED[x["how"]]
    e = harness.close(None, of(do, ALWAYS), of(do, ALWAYS, "closequery"), must_act=False)
    unread = Broken("L2", f"a genuine reply was not read that comes {x['how']}")
    harness.judge(e, also=[] if e.claim == "closed" else [unread])


@case(
    "transport/stale-keep-alive",
    Level.MUST,
    Basis.SAFETY,
    grade=GRADE,
    quote=record.TRUE,
    says="A connection that the gateway closed between two calls spoils neither, and no late answer is mistaken.",
)
def stale_keep_alive(harness: Harness, _: Example) -> None:
    harness.judge(harness.close(None, fault("stale-keep-alive")))
    after = harness.close()
    harness.demand(after, after.claim in ("closed", "unknown"), f"claims {after.claim} on a connection that went stale")
    harness.judge(harness.close(None, fault("hang", when="after")))
    refused = harness.close(params=harness.unknown_order())
    harness.judge(refused)
