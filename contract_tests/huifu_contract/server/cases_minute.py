"""Cases about the first minute of an order, on the server's clock or by really waiting for it."""

from __future__ import annotations

from huifu_contract.records import Basis, Level
from huifu_contract.server import answers
from huifu_contract.server.registry import case
from huifu_contract.server.stand import Stand

ONE_MINUTE = "**时间限制**：不允许关闭一分钟以内的订单"
NEEDS = "an open order of that age: a clock that can be set, or --allow-wait 75s and a fresh order"


@case(
    "one-minute-59s",
    Level.MUST,
    Basis.SPEC,
    quote=ONE_MINUTE,
    says="an order 59 s old is not closed: 20000001 with the text of the one minute",
    needs=NEEDS,
)
def one_minute_59s(stand: Stand) -> None:
    stand.expect("59 s", stand.ask("59 s", stand.request(stand.needs.order("open", 59))), answers.MINUTE)


@case(
    "one-minute-60s",
    Level.SHOULD,
    Basis.SPEC,
    quote=ONE_MINUTE,
    says="an order of exactly 60 s can be closed (assumed: the minute is over then; on a clock that cannot be frozen "
    "it is a moment older)",
    needs=NEEDS,
)
def one_minute_60s(stand: Stand) -> None:
    stand.expect("60 s", stand.ask("60 s", stand.request(stand.needs.order("open", 60))), *answers.SUCCESSES)


@case(
    "one-minute-61s",
    Level.MUST,
    Basis.SPEC,
    quote=ONE_MINUTE,
    says="an order 61 s old can be closed",
    needs=NEEDS,
)
def one_minute_61s(stand: Stand) -> None:
    stand.expect("61 s", stand.ask("61 s", stand.request(stand.needs.order("open", 61))), *answers.SUCCESSES)
