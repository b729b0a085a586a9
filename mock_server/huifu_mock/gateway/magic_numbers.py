"""Magic order numbers: `MOCK~23000004~anything` asks for an answer or a fault, for teams without a control API.

They count after the signature check, in closes only (assumed: a query has to tell the truth), and once for each
close's own number, so that a retry with the same number is answered truly.
"""

from datetime import timedelta
from typing import Any, Final

from huifu_mock.codes import Reason, reasons_of
from huifu_mock.faults import NO_FAULTS, ActiveFaults
from huifu_mock.faults.catalogue import ALL, KINDS, POINTS, RACES, is_answer
from huifu_mock.faults.prepared import Fault, understood
from huifu_mock.gateway.tenant import Tenant
from huifu_mock.request import Call
from huifu_mock.rules import Settle
from huifu_mock.schemas import Problem
from huifu_mock.state.orders import Order

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


OLD_ENOUGH = timedelta(seconds=120)


def asks(call: Call) -> bool:
    """Whether the call names a magic order."""
    return call.value("org_req_seq_id").startswith(PREFIX)


def order_from_magic_number(tenant: Tenant, call: Call, active_faults: ActiveFaults) -> ActiveFaults:
    """Who acts on a call that names a magic order.

    The order is made if it is not there: open, two minutes old (assumed). So what follows is true: a retry closes
    it or finds it closed. A number that asks for something unknown is a problem of the call.
    """
    number = call.value("org_req_seq_id")
    what = asked(number)
    wanted = fault(what)
    if wanted is None:
        right = "GET /_mock/about lists the magic numbers, for example MOCK~23000004~anything"
        call.problem = Problem("data.org_req_seq_id", f'no answer and no fault is called "{what}"', right)
        return active_faults
    huifu_id, req_date = call.value("huifu_id"), call.value("org_req_date")
    if tenant.orders.get((huifu_id, req_date, number)) is None:
        tenant.orders.add([_open_order(tenant, huifu_id, req_date, number)])
    if what in SETTLE or tenant.faults.met(call.key):
        return active_faults
    joined = ActiveFaults() if active_faults is NO_FAULTS else active_faults
    joined.join(wanted)
    return joined


def _open_order(tenant: Tenant, huifu_id: str, req_date: str, number: str) -> Order:
    now = tenant.clock.now()
    return Order(
        huifu_id=huifu_id,
        req_date=req_date,
        req_seq_id=number,
        hf_seq_id=tenant.hf_seq_ids.next(now),
        created_at=now - OLD_ENOUGH,
        settle=SETTLE.get(asked(number), tenant.settings.settle),
        settle_seconds=tenant.settings.settle_seconds,
    )
