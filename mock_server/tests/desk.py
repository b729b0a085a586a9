"""A merchant at its desk: seeds orders, signs closes, and reads only replies whose signature verifies."""

import json
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from huifu_mock import signing
from huifu_mock.client.transport import run_here
from huifu_mock.gateway.gateway import Exchange
from huifu_mock.gateway.mock import Mock, seed
from huifu_mock.gateway.tenant import DEFAULT_SYS_ID, Tenant
from huifu_mock.http.control import router
from huifu_mock.keys import published
from huifu_mock.request import CLOSE, ReceivedBytes
from huifu_mock.schemas import schema
from huifu_mock.state.orders import Order

HUIFU = published("huifu").public_key()
REQUIRED = ("resp_code", "resp_desc", "huifu_id", "req_date", "req_seq_id", "org_req_date", "trans_stat")


def opened(reply: bytes, key: Any = HUIFU) -> dict[str, str]:
    """The `data` of a reply; raises `AssertionError` unless it is signed, canonical and valid."""
    head, _, tail = reply.rpartition(b',"sign":"')
    assert head.startswith(b'{"data":{'), reply
    assert tail.endswith(b'"}'), reply
    raw = head[len(b'{"data":') :]
    assert signing.verify(key, raw, tail[:-2].decode()), reply
    data: dict[str, str] = json.loads(raw)
    assert raw == json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    assert all(isinstance(value, str) for value in data.values()), data
    assert schema("envelope/response").accepts(json.loads(reply))
    assert not list(schema("close/response").problems(data)), data
    assert not [name for name in REQUIRED if name not in data]
    return data


def said(reply: dict[str, str]) -> tuple[str, str, str]:
    """What tells one answer from another."""
    return reply["resp_code"], reply["resp_desc"], reply["trans_stat"]


@dataclass(frozen=True)
class Answered:
    """An exchange and its opened reply."""

    exchange: Exchange
    raw: bytes
    reply: dict[str, str]

    @property
    def row(self) -> str:
        """The row of the rule table that decided; empty where none refused."""
        facts = self.exchange.entry.facts
        return facts.rule.row if facts else ""


class Desk:
    """The default tenant of a gateway of its own, without a socket. Its clock stands still until it is moved."""

    def __init__(self, mock: Mock | None = None) -> None:
        self.mock = mock or Mock([])
        self.tenant: Tenant = self.mock.gateway.tenant(DEFAULT_SYS_ID)  # type: ignore[assignment] # it is there
        self.tenant.clock.set(mode="frozen")
        self.key = published("merchant")
        self._numbers = count(1)

    def change(self, **settings: Any) -> None:
        """Change the tenant's settings."""
        self.tenant.settings = replace(self.tenant.settings, **settings)
        self.tenant.feed.tell("tenant", self.tenant)

    def order(self, **fields: Any) -> Order:
        """A seeded order."""
        return seed(self.tenant, [fields], single=True)[0]

    def kept(self, order: Order) -> Order:
        """The order as it is now."""
        found = self.tenant.orders.get(order.key)
        assert found is not None
        return found

    def data(self, order: Order | None = None, **changes: Any) -> dict[str, Any]:
        """The `data` of a close; `None` leaves a member out."""
        data = {
            "req_date": self.tenant.clock.today(),
            "req_seq_id": f"close-{next(self._numbers)}",
            "huifu_id": order.huifu_id if order else self.tenant.settings.huifu_ids[0],
            "org_req_date": order.req_date if order else "20260101",
            "org_req_seq_id": order.req_seq_id if order else "no-such-order",
            **changes,
        }
        return {name: value for name, value in data.items() if value is not None}

    def body(self, data: dict[str, Any], *, product_id: str = "MCS", sys_id: str = DEFAULT_SYS_ID) -> bytes:
        """A signed request."""
        return signing.envelope(sys_id, product_id, data, self.key)

    def send(self, body: bytes, headers: bytes = b"") -> Answered:
        """Send bytes; whatever they are, the reply is signed and valid."""
        exchange = self.mock.gateway.receive(CLOSE, ReceivedBytes(body, headers))
        assert exchange.status == 200
        raw = exchange.payload()
        return Answered(exchange, raw, opened(raw))

    def told(self) -> list[dict[str, Any]]:
        """The journal as the control API tells it, through JSON as other languages read it."""
        path = f"/_mock/tenants/{self.tenant.sys_id}/journal"
        told = run_here(router.dispatch(self.mock, "", "GET", path, query={}))
        assert told.status == 200, told.body
        text = json.dumps(told.body, allow_nan=False, ensure_ascii=False).encode(errors="replace")
        items: list[dict[str, Any]] = json.loads(text)["items"]
        return items

    def close(self, order: Order | None = None, **changes: Any) -> dict[str, str]:
        """The reply to a signed close."""
        return self.send(self.body(self.data(order, **changes))).reply
