"""Events on demand: a webhook for an order, whether or not it was closed."""

from huifu_mock.control import deliveries
from huifu_mock.control.orders import one_of
from huifu_mock.control.route import Ask, Route, Told
from huifu_mock.mock import Refused, check
from huifu_mock.push.events import TRANS_CLOSE
from huifu_mock.schemas import Problem


def _send(ask: Ask) -> Told:
    tenant, body = ask.tenant, ask.body
    if ask.path["event"] != TRANS_CLOSE:
        raise Refused(404, Problem("event", f'there is no event "{ask.path["event"]}"', f"there is {TRANS_CLOSE}"))
    check("control/event-send", body)
    which = {name: body[name] for name in ("huifu_id", "req_date") if name in body}
    order = one_of(tenant, body["req_seq_id"], which)
    # assumed: for an order that no close has ended, the event that a close would have led to
    trans_stat = body.get("trans_stat") or (order.close_stat if order.close_stat == "F" else "S")
    org_trans_stat = "F" if trans_stat == "S" else order.trans_stat
    made = tenant.pushes.trans_close(order, trans_stat, org_trans_stat, dos=[body["do"]] if "do" in body else [])
    if not made:
        said = f"no endpoint of {tenant.sys_id} is registered for {TRANS_CLOSE}"
        raise Refused(409, Problem("webhooks", said, 'POST …/webhooks {"url": "http://127.0.0.1:9000/webhook"} first'))
    return Told(201, [deliveries.shown(delivery) for delivery in made])


ROUTES = (
    Route("POST", "/_mock/tenants/{sys_id}/events/{event}", _send, "send trans.close for an order to every endpoint",
          "control/event-send"),
)  # fmt: skip
