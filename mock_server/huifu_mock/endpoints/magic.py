"""Magic order numbers at work: the order that nobody had to seed, and the fault that nobody had to prepare."""

from datetime import timedelta

from huifu_mock.faults import NOBODY, Acting
from huifu_mock.faults.magic import PREFIX, SETTLE, asked, fault
from huifu_mock.orders import Order
from huifu_mock.schemas import Problem
from huifu_mock.tenant import Tenant
from huifu_mock.wire import Call

OLD_ENOUGH = timedelta(seconds=120)


def asks(call: Call) -> bool:
    """Whether the call names a magic order."""
    return call.value("org_req_seq_id").startswith(PREFIX)


def conjured(tenant: Tenant, call: Call, acting: Acting) -> Acting:
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
        return acting
    huifu_id, req_date = call.value("huifu_id"), call.value("org_req_date")
    if tenant.store.get((huifu_id, req_date, number)) is None:
        tenant.store.add([_open_order(tenant, huifu_id, req_date, number)])
    if what in SETTLE or tenant.faults.met((huifu_id, call.value("req_date"), call.value("req_seq_id"))):
        return acting
    joined = Acting() if acting is NOBODY else acting
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
