"""The order that a call probably meant when none was found: looked up and, among the newest, searched for."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from functools import lru_cache
from operator import ne
from typing import Final

from huifu_mock.state.journal import Nearest
from huifu_mock.state.orders import Order, OrderTable

SCANNED: Final = 1000
"""How many of the newest orders are looked at one by one, however many there are."""
DAYS: Final = 31
"""How many days before and after are looked up."""
SHORTEST, LONGEST = 3, 128
"""How long a number is that is compared with others character by character."""

HOW: Final[dict[str, tuple[str, str]]] = {
    "numbers-disagree": ("the two numbers name different orders", "两个流水号指向不同的订单"),
    "other-day": ("it is an order of another day", "它是另一天的订单"),
    "other-merchant": ("it is an order of another merchant", "它属于另一个商户"),
    "other-merchant-and-day": ("it is an order of another merchant and day", "它属于另一个商户、另一天"),
    "hf-as-req": ("`hf_seq_id` was given as `org_req_seq_id`", "把 `hf_seq_id` 当作 `org_req_seq_id` 传入"),
    "req-as-hf": ("`req_seq_id` was given as `org_hf_seq_id`", "把 `req_seq_id` 当作 `org_hf_seq_id` 传入"),
    "letter-case": ("only upper and lower case or white space differ", "仅大小写或空白不同"),
    "one-character": ("one character of the number differs", "流水号相差一个字符"),
}
"""How an order that is there differs from what was asked for."""


def nearest(orders: OrderTable, huifu_id: str, req_date: str, req_seq_id: str, hf_seq_id: str) -> Nearest | None:
    """The order that those numbers nearly name, with what is different. Bounded work, however many orders there are."""
    return next(_found(orders, huifu_id, req_date, req_seq_id, hf_seq_id), None)


def _found(orders: OrderTable, huifu_id: str, req_date: str, req_seq_id: str, hf_seq_id: str) -> Iterator[Nearest]:
    by_hf = orders.by_hf_seq_id(hf_seq_id) if hf_seq_id else None
    if by_hf is not None and req_seq_id and by_hf.req_seq_id != req_seq_id:
        yield Nearest(by_hf, "numbers-disagree")
    if by_hf is not None:
        yield Nearest(by_hf, _where(by_hf, huifu_id, req_date))
    exact = orders.get((huifu_id, req_date, req_seq_id)) if req_seq_id else None
    if exact is not None:
        yield Nearest(exact, "numbers-disagree")
    if req_seq_id and (swapped := orders.by_hf_seq_id(req_seq_id)) is not None:
        yield Nearest(swapped, "hf-as-req")
    for day in _days(req_date):
        if hf_seq_id and (order := orders.get((huifu_id, day, hf_seq_id))) is not None:
            yield Nearest(order, "req-as-hf")
        if req_seq_id and (order := orders.get((huifu_id, day, req_seq_id))) is not None:
            yield Nearest(order, "other-day")
    yield from _scanned(orders, huifu_id, req_date, req_seq_id, hf_seq_id)


def _where(order: Order, huifu_id: str, req_date: str) -> str:
    if order.huifu_id == huifu_id:
        return "other-day"
    return "other-merchant" if order.req_date == req_date else "other-merchant-and-day"


@lru_cache(256)
def _days(req_date: str) -> tuple[str, ...]:
    """The days around a day, the nearest first."""
    try:
        day = datetime.strptime(req_date, "%Y%m%d")
    except ValueError:
        return ()
    return tuple(_existing(day, sorted(range(-DAYS, DAYS + 1), key=abs)))


def _existing(day: datetime, away: Iterable[int]) -> Iterator[str]:
    for days in away:
        with suppress(OverflowError):
            yield (day + timedelta(days=days)).strftime("%Y%m%d")


def _scanned(orders: OrderTable, huifu_id: str, req_date: str, req_seq_id: str, hf_seq_id: str) -> Iterator[Nearest]:
    """Among the newest orders: the same number elsewhere is nearer than a similar number."""
    similar: Nearest | None = None
    is_alike = [_alike(number) for number in (req_seq_id, hf_seq_id)]
    for order in orders.newest(SCANNED):
        if req_seq_id and order.req_seq_id == req_seq_id:
            yield Nearest(order, _where(order, huifu_id, req_date))
        if hf_seq_id and order.req_seq_id == hf_seq_id:
            yield Nearest(order, "req-as-hf")
        if similar is None and order.huifu_id == huifu_id:
            how = is_alike[0](order.req_seq_id) or is_alike[1](order.hf_seq_id)
            similar = Nearest(order, how) if how else None
    if similar is not None:
        yield similar


def _alike(wanted: str) -> Callable[[str], str]:
    """A test that tells how a number resembles the wanted one, empty if it does not. Quick for those that do not."""
    size = len(wanted)
    if size < SHORTEST:
        return lambda _number: ""
    half = size // 2
    head, tail, folded = wanted[:half].casefold(), wanted[half + 1 :].casefold(), wanted.strip().casefold()

    def alike(number: str) -> str:
        lowered = number.casefold()
        if lowered == folded:
            return "letter-case"
        if size > LONGEST or not -1 <= len(number) - size <= 1:
            return ""
        # a single difference leaves one of the halves alone
        if not (lowered.startswith(head) or lowered.endswith(tail)):
            return ""
        return "one-character" if _one_apart(wanted, number) else ""

    return alike


def _one_apart(one: str, other: str) -> bool:
    """Whether one character was replaced, inserted or left out, or two neighbours swapped."""
    if len(one) == len(other):
        different = sum(map(ne, one, other))
        return different == 1 or (different == 2 and _swapped(one, other))
    short, long = sorted((one, other), key=len)
    at = next((i for i, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    return short[at:] == long[at + 1 :]


def _swapped(one: str, other: str) -> bool:
    at = next(i for i, (a, b) in enumerate(zip(one, other, strict=True)) if a != b)
    return one[at : at + 2] == other[at : at + 2][::-1]
