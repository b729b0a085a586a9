"""Magic order numbers: `MOCK~23000004~anything` asks for an answer or a fault, for teams without a control plane.

They count after the signature check, in closes only (assumed: a query has to tell the truth), and once for each
close's own number, so that a retry with the same number is answered truly.
"""

from typing import Any, Final

from huifu_mock.codes import Reason, reasons_of
from huifu_mock.faults.answers import is_answer
from huifu_mock.faults.fault import Fault, understood
from huifu_mock.faults.races import POINTS, RACES
from huifu_mock.faults.table import ALL, KINDS
from huifu_mock.rules import Settle

PREFIX: Final = "MOCK~"


SETTLE: Final[dict[str, Settle]] = {
    "00000000": "immediate",
    "00000000.ACCEPTED": "accepted",
    "00000100": "processing",
}
"""Answers that need no fault: an order that is closed so gives them, and they are true."""


def asked(number: str) -> str:
    """What an order number that begins with `MOCK~` asks for."""
    return number.split("~", 2)[1]


def fault(what: str) -> Fault | None:
    """The fault or answer of that name; `None` where nothing is called so."""
    do = _do(what)
    if do is None:
        return None
    filled, layer, kind = understood(do)
    return Fault("magic", match={}, do=filled, layer=layer, kind=kind)


def _do(what: str) -> dict[str, Any] | None:
    if what in KINDS and KINDS[what].layer != "push":
        return {"fault": what}
    if is_answer(what):
        return {"answer": what}
    race, _, point = what.partition("@")
    if race in {row.id for row in RACES} and point in {row.id for row in POINTS}:
        return {"race": race, "at": point}
    return None


def rows() -> list[dict[str, str]]:
    """The table as `GET /_mock/about` shows it."""
    answers = [(_answer(reason), f"{reason.resp_desc} ({reason.trans_stat})") for reason in Reason]
    answers.append(("00000000.ACCEPTED", "交易成功 (P)"))
    faults = [(kind.id, kind.en) for kind in ALL if kind.layer != "push"]
    races = [(f"{race.id}@{point.id}", f"{race.en}: {point.en}") for race in RACES for point in POINTS]
    return [{"org_req_seq_id": f"{PREFIX}{what}~anything", "does": does} for what, does in answers + faults + races]


def _answer(reason: Reason) -> str:
    return f"{reason.resp_code}.{reason.name}" if len(reasons_of(reason.resp_code)) > 1 else reason.resp_code
