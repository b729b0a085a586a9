"""request/* about what the client makes up itself, and about bytes that real clients disagree on."""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import chain, cycle, islice
from statistics import median

from huifu_contract.catalogue import record
from huifu_contract.catalogue.cases.request import Refused, check, sent_close
from huifu_contract.catalogue.cases.sent import full, order_of, unchanged
from huifu_contract.catalogue.record import Basis, Example, Level
from huifu_contract.catalogue.registry import case
from huifu_contract.drivers.driver import Driver
from huifu_contract.harness.evidence import SentRequest
from huifu_contract.harness.harness import Harness
from huifu_contract.harness.laws import Skipped, signature
from huifu_contract.harness.prepared_answers import answer
from huifu_contract.reference import wire
from huifu_mock.state.clock import Clock

CALLS = 200
LEAST = 20
SECONDS = 30.0
"""So long the calls of a slow client may take; it makes fewer then, and not fewer than LEAST."""
PROCESSES = 2
AT_ONCE = 8
"""So many calls are open at a time, of a client that can."""
DAYS = [f"2024{month:02}{day:02}" for day in range(1, 29) for month in range(1, 13)]
ZONES = range(-12, 15)
"""Hours that the zones of this world are ahead of UTC."""


def calls(harness: Harness) -> int:
    """As many as the profile allows, at most CALLS, and as fit into SECONDS."""
    usual = median(harness.call_s or [0.0])
    affordable = CALLS if usual * CALLS <= SECONDS else int(SECONDS / usual)
    return max(LEAST, min(CALLS, affordable, 10 * harness.examples))


Number = tuple[str, str, str]


def numbers(harness: Harness, count: int, driver: Driver | None = None) -> list[Number]:
    """What identifies each request of so many calls whose numbers the client makes up.

    Of a process of its own the calls are made one by one, so that the order of its numbers tells something. Each is of
    an order of another number and day.
    """
    found: list[Number] = []
    able = driver is None and "parallel" in harness.hello.claims
    at_once = min(AT_ONCE, harness.hello.max_parallel) if able else 1
    given = [full(harness, req_seq_id=None, org_req_date=day) for day in islice(cycle(DAYS), count)]
    with ThreadPoolExecutor(at_once) as pool:
        made = list(pool.map(lambda params: harness.close(params=params, driver=driver), given))
    for e in made:
        if not e.sent:
            raise harness.unsent(e)
        harness.last = e
        unchanged(harness, e.sent[0], order_of(e.params), which="a close names another order")
        harness.check_wire(signature(e.sent[0]))
        distinct = {one.identity: one for one in e.sent}
        found += [_number(one) for one in distinct.values()]
    return found


def _number(one: SentRequest) -> Number:
    data = one.data or {}
    return str(data.get("huifu_id")), str(data.get("req_date")), str(data.get("req_seq_id"))


def _all_distinct(harness: Harness, found: list[Number]) -> None:
    twice = [number for number, count in Counter(found).items() if count > 1]
    check(harness, not twice, "a req_seq_id was generated twice on one day", f"{len(twice)} of {len(found)}")


@case(
    "request/seq-unique",
    Level.MUST,
    Basis.SPEC,
    grade="wire",
    needs=["generates-seq"],
    quote=record.UNIQUE,
    says=f"The numbers of {CALLS} quick calls, or of {LEAST} slow ones, queries included, are all different, and are "
    f"signed as they are sent; each call names its own order. {AT_ONCE} are made at a time where the client is able.",
    rev=3,
    seconds=2.5,
)
def seq_unique(harness: Harness, _: Example) -> None:
    _all_distinct(harness, numbers(harness, calls(harness)))


@case(
    "request/seq-unique-across-processes",
    Level.SHOULD,
    Basis.SPEC,
    grade="wire",
    needs=["generates-seq"],
    quote=record.UNIQUE,
    says="Two processes of the application at once never make up the same number, and do not draw the last four digits "
    "of what is otherwise one number, as the page's own example does.",
    because="the page wants the numbers unique; that two processes meet on one is rare, and the gateway refuses the "
    "second",
    rev=2,
    seconds=3.0,
)
def seq_unique_across_processes(harness: Harness, _: Example) -> None:
    drivers = [twin(harness) for _ in range(PROCESSES)]
    try:
        with ThreadPoolExecutor(PROCESSES) as pool:
            found = list(pool.map(lambda driver: numbers(harness, calls(harness) // PROCESSES, driver), drivers))
    finally:
        for driver in drivers:
            driver.stop()
    _all_distinct(harness, list(chain.from_iterable(found)))
    alike = _drawn_behind_one_beginning(found)
    check(harness, not alike, "two processes draw four digits behind one beginning", f"{alike}####")


DIGITS = 4
"""`date('YmdHis') . rand(1000, 9999)`: of 112 calls in a second two are alike as likely as not."""
ENOUGH = 4


def _drawn_behind_one_beginning(found: list[list[Number]]) -> str:
    """Where each process put four digits behind the same text, in no order: then nothing keeps them apart but luck."""
    drawn: list[dict[str, list[str]]] = [{} for _ in found]
    for process, made in zip(drawn, found, strict=True):
        for _, _, number in made:
            if number[-DIGITS:].isdecimal() and number.isascii():
                process.setdefault(number[:-DIGITS], []).append(number[-DIGITS:])
    for beginning in drawn[0].keys() & drawn[1].keys():
        one, other = (process[beginning] for process in drawn)
        in_no_order = all(len(digits) >= ENOUGH and digits != sorted(digits) for digits in (one, other))
        if in_no_order and max(min(one), min(other)) < min(max(one), max(other)):  # no digit tells the processes apart
            return beginning
    return ""


def twin(harness: Harness, env: dict[str, str] | None = None) -> Driver:
    """Another process of the client with the same credentials."""
    driver = harness.driver.twin(env)
    if driver is None:
        raise Skipped("the client shares this process; the command line starts others")
    driver.start(harness.config)
    return driver


@case(
    "request/date-in-china-time",
    Level.MAY,
    Basis.ASSUME,
    grade="wire",
    needs=["generates-date"],
    quote=record.OPEN,
    says="Recorded: whether a generated req_date, also of a closequery, is the day in Beijing when the process runs in "
    "another zone.",
    rev=2,
    seconds=0.75,
)
def date_in_china_time(harness: Harness, _: Example) -> None:
    before = Clock().now()
    zone = next(z for z in ZONES if (before + timedelta(hours=z - 8)).date() != before.date())
    driver = twin(harness, {"TZ": f"Etc/GMT{-zone:+d}"})  # which counts hours west of Greenwich, and Java and Go know
    try:
        script = answer("00000100", "P"), answer("00000000", "S", endpoint="closequery")
        e = harness.close(None, *script, params=full(harness, req_date=None), driver=driver, must_act=False)
    finally:
        driver.stop()
    days = {f"{now:%Y%m%d}" for now in (before, Clock().now())}

    def in_beijing(one: SentRequest) -> bool:
        return (one.data or {}).get("req_date") in days

    if not e.sent:
        raise harness.unsent(e)
    first, *others = e.sent
    harness.note(f"UTC{zone:+d}: req_date is {'the day in Beijing' if in_beijing(first) else 'the local day'}")
    if in_beijing(first) and not all(map(in_beijing, others)):
        harness.note(f"UTC{zone:+d}: req_date of a closequery is the local day")


DISPUTED = {
    "U+2028": "a\u2028b",
    "U+2029": "a\u2029b",
    "U+007F": "a\x7fb",
    "U+0085": "a\x85b",
    "U+000B": "a\x0bb",
    "U+0001": "a\x01b",
}
ESCAPED_BY_SOME = {"/": "a/b", "beyond ASCII": "a关b"}
"""What every official SDK signs as it is, and others escaped: JSON means the same, a signature does not."""
UNESCAPED = "PHP: JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE, Python: ensure_ascii=False"


@case(
    "request/sign-disputed-characters",
    Level.MAY,
    Basis.ASSUME,
    grade="wire",
    quote=record.OPEN,
    says="Recorded: which bytes the client signs for characters that the official SDKs escape differently, and whether "
    "it signs / or characters beyond ASCII escaped, which no official SDK does.",
    fixed=[*({"name": name} for name in DISPUTED), *({"name": name} for name in ESCAPED_BY_SOME)],
    rev=2,
)
def sign_disputed_characters(harness: Harness, x: Example) -> None:
    if x["name"] in ESCAPED_BY_SOME:
        _escaped(harness, ESCAPED_BY_SOME[x["name"]])
        return
    try:
        one = sent_close(harness, full(harness, org_req_seq_id=DISPUTED[x["name"]]))
    except Refused:
        harness.note(f"{x['name']}: refused")
    else:
        harness.note(f"{x['name']}: {_reading(harness, one)}")


def _escaped(harness: Harness, text: str) -> None:
    """A note where the client signs what it need not escape as an escape; its request is valid here."""
    one = sent_close(harness, full(harness, org_req_seq_id=text))
    harness.check_wire(signature(one))
    plain = wire.canonical(one.data or {})
    escapes = {r"\/": plain.replace("/", r"\/"), r"\uXXXX": json.dumps(json.loads(plain), separators=(",", ":"))}
    for written, signed in escapes.items():
        if signed != plain and _signs(harness, one, signed):
            harness.note(f"signs {written} for the character itself, as no official SDK does: accepted here, but "
                         f"whether the real gateway accepts it is not known ({UNESCAPED})")  # fmt: skip


def _signs(harness: Harness, one: SentRequest, text: str) -> bool:
    sign = str(json.loads(one.body).get("sign"))
    return wire.verifies(wire.private(harness.tenant.merchant_private_key).public_key(), text.encode("utf-8"), sign)


def _reading(harness: Harness, one: SentRequest) -> str:
    data = dict(sorted((one.data or {}).items()))
    raw = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    escaped = "".join(
        char if char < "\x7f" or (char > "\x9f" and char not in "\u2028\u2029") else f"\\u{ord(char):04x}"
        for char in raw
    )
    for name, text in (("signed raw", raw), ("signed escaped", escaped), ("signed in capitals", _capitals(raw))):
        if _signs(harness, one, text):
            return name
    return "signed in a way of its own"


def _capitals(raw: str) -> str:
    """As fastjson writes it: control characters, U+007F to U+009F and the separators with capital digits."""
    json_escaped = raw.replace("\\u000b", "\\u000B")
    return "".join(
        f"\\u{ord(char):04X}" if "\x7f" <= char <= "\x9f" or char in "\u2028\u2029" else char for char in json_escaped
    )
