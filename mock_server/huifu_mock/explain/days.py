"""Dates are Beijing's: which day it is there, for a client that takes its own from UTC or from its machine."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final

from huifu_mock.request import Endpoint
from huifu_mock.state.clock import day

ABOUT_THE_ORDER: Final = "query/v4-request"
"""The request whose `req_date` is the day of the order, not its own."""


def which_day(now: datetime) -> tuple[str, str]:
    """The day in Beijing and in UTC, in English and Chinese: who takes UTC's is a day behind for 8 hours."""
    here, there = day(now), day(now.astimezone(UTC))
    return (
        f"dates are Beijing's, where it is {here} now (in UTC {there})",
        f"日期以北京时间为准，现在北京是 {here}（UTC 是 {there}）",
    )


def own_date(endpoint: Endpoint, req_date: str, now: datetime) -> tuple[str, str] | None:
    """The warning about a call's own `req_date` that is a day off; `None` for the right day, and for one far away."""
    if endpoint.request == ABOUT_THE_ORDER or req_date not in (_day(now.date(), -1), _day(now.date(), 1)):
        return None
    en, zh = which_day(now)
    return f"req_date {req_date} is a day off: {en}", f"req_date {req_date} 差了一天：{zh}"


@lru_cache(256)
def _day(today: date, away: int) -> str:
    try:
        return day(today + timedelta(days=away))
    except OverflowError:
        return ""
