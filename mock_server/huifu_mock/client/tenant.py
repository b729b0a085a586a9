"""A tenant as a test holds it: credentials, orders, clock, faults, journal, webhooks, deliveries."""

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

from huifu_mock.client.environment import CREDENTIALS, Configured, configure, environment
from huifu_mock.client.faults import Faults
from huifu_mock.client.intercept.this_process import intercept_here
from huifu_mock.client.journal import Journal
from huifu_mock.client.pushes import Deliveries, Webhooks
from huifu_mock.client.records import Order
from huifu_mock.client.transport import ControlError, Link, Unreachable, path


def made_with(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as the control API takes them: `clock` may be a time too, at which the clock stands still."""
    clock = settings.get("clock")
    if clock is None:
        return {name: value for name, value in settings.items() if name != "clock"}
    return {**settings, "clock": dict(clock) if isinstance(clock, Mapping) else {"now": clock, "mode": "frozen"}}


class Tenant:
    """A merchant at the gateway, alone in its world. Keys are test keys; see `credentials()`.

    As a context manager it is dropped at the end.
    The merchant's private key is `None` if the tenant brought its own public key.
    """

    base_url: str
    """What stands in for https://api.huifu.com."""
    sys_id: str
    product_id: str
    huifu_id: str
    merchant_private_key: str
    """What the client signs with: PKCS8 as one line of Base64."""
    merchant_private_key_pem: str
    huifu_public_key: str
    """What the client verifies with: X.509 as one line of Base64."""
    huifu_public_key_pem: str
    webhook_key: str

    def __init__(self, link: Link, told: Mapping[str, Any]) -> None:
        self._link = link
        for name in CREDENTIALS:
            setattr(self, name, told[name])
        self.orders = Orders(link, self.sys_id)
        self.clock = Clock(link, self.sys_id)
        self.faults = Faults(link, self.sys_id)
        self.journal = Journal(link, self.sys_id)
        self.webhooks = Webhooks(link, self.sys_id)
        self.deliveries = Deliveries(link, self.sys_id)
        self._undo = ExitStack()
        self._dropped = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.drop()

    def __repr__(self) -> str:
        return f"<Tenant {self.sys_id} at {self.base_url}>"

    def credentials(self) -> dict[str, str]:
        """Everything that a client needs, by the control API's names."""
        return {name: getattr(self, name) for name in CREDENTIALS}

    def env(self, *, intercept: bool = False, **extra: str) -> dict[str, str]:
        """Environment variables for code that reads them: HUIFU_BASE_URL, HUIFU_SYS_ID, HUIFU_ID …

        Code that reads other names gets them too: `env(PAY_URL="base_url", PAY_KEY="merchant_private_key")`.
        With `intercept`, a child process that calls Huifu's real hosts arrives here. Raises `NotIntercepting`.
        """
        given = environment(self.credentials(), extra)
        return given | self._link.intercept_environment().variables() if intercept else given

    def intercept(self) -> Configured:
        """Let code in this process that calls Huifu's real hosts arrive here until the tenant is dropped, or until the
        end of `with tenant.intercept():`. Its `sys_id` tells whose call it is. Raises `NotIntercepting`.
        """
        return self._undo.enter_context(intercept_here(self._link.intercept_environment().about))

    def configure_dg_sdk(self) -> Configured:
        """Point dg-sdk at this tenant until it is dropped, or until the end of `with tenant.configure_dg_sdk():`."""
        return self._undo.enter_context(configure(self))

    def settings(self) -> dict[str, Any]:
        """The tenant as the control API tells it."""
        told: dict[str, Any] = self._link.ask("GET", path("tenants", self.sys_id))
        return told

    def patch(self, **settings: Any) -> None:
        """Change settings, such as `product_ids={"MCS": "suspended"}`, `settle`, `legacy_codes`."""
        self._link.ask("PATCH", path("tenants", self.sys_id), settings)

    def capsule(self, *, keys: bool = False) -> dict[str, Any]:
        """All that the tenant has, as `from_capsule` of any server takes it; with its private keys if asked for."""
        query = {"keys": "true"} if keys else None
        told: dict[str, Any] = self._link.ask("GET", path("tenants", self.sys_id, "capsule"), query=query)
        return told

    def fork(self, sys_id: str | None = None, name: str | None = None) -> Self:
        """A copy with all that the tenant has, under another `sys_id`; a context manager like any tenant.

        `name` is what lists and logs call it, in place of this tenant's.
        """
        given = {key: value for key, value in (("sys_id", sys_id), ("name", name)) if value is not None}
        return type(self)(self._link, self._link.ask("POST", path("tenants", self.sys_id, "fork"), given))

    def reset(self) -> None:
        """As it was made: its first settings, no orders, faults, calls or timers, and a running clock."""
        self._link.ask("POST", path("tenants", self.sys_id, "reset"))

    def undo(self) -> None:
        """Undo what it configured; twice is fine."""
        self._undo.close()

    def drop(self) -> None:
        """Drop the tenant, and undo what it configured; twice is fine."""
        self.undo()
        if not self._dropped:
            self._link.ask("DELETE", path("tenants", self.sys_id))
            self._dropped = True


class Orders:
    """The orders of one tenant."""

    def __init__(self, link: Link, sys_id: str) -> None:
        self._link, self._sys_id = link, sys_id

    def add(self, **order: Any) -> Order:
        """Seed an order. Every field may be left out (`schemas/control/order-create.json` describes each).

        Which one: req_seq_id, hf_seq_id, req_date, huifu_id. How old: age_seconds (120) or created_at. Its state:
        trade_type (T_NATIVE), trans_stat (P), trans_amt, time_expire, notify_url. How a close of it runs: settle
        (immediate, processing, accepted, refused), settle_seconds.
        """
        return Order.of(self._link.ask("POST", path("tenants", self._sys_id, "orders"), order))

    def add_many(self, orders: Iterable[Mapping[str, Any]]) -> list[Order]:
        """Seed several orders: all of them or, if one is refused, none."""
        bodies = [dict(order) for order in orders]
        return [Order.of(told) for told in self._link.ask("POST", path("tenants", self._sys_id, "orders"), bodies)]

    def get(self, req_seq_id: str | Order, **which: str) -> Order:
        """An order as it is now. `huifu_id` and `req_date` tell apart orders of one number."""
        target, query = self._named(req_seq_id, which)
        return Order.of(self._link.ask("GET", target, query=query))

    def list(self, **filters: str) -> list[Order]:
        """The orders that match, all of them without filters."""
        told = self._link.ask("GET", path("tenants", self._sys_id, "orders"), query=filters)
        return [Order.of(order) for order in told["items"]]

    def pay(self, req_seq_id: str | Order, after_seconds: float = 0, **which: str) -> Order:
        """The customer pays, now or so many seconds later. Raises `ControlError` 409 if the order is final."""
        return self._finish(req_seq_id, "S", after_seconds, which)

    def fail(self, req_seq_id: str | Order, after_seconds: float = 0, **which: str) -> Order:
        """The payment fails, now or so many seconds later. Raises `ControlError` 409 if the order is final."""
        return self._finish(req_seq_id, "F", after_seconds, which)

    def _finish(self, order: str | Order, trans_stat: str, after_seconds: float, which: Mapping[str, str]) -> Order:
        later = {"after_seconds": after_seconds} if after_seconds else {}
        return self.patch(order, which, trans_stat=trans_stat, **later)

    def patch(self, req_seq_id: str | Order, which: Mapping[str, str] | None = None, **changes: Any) -> Order:
        """Change an order, such as `settle="refused"`."""
        target, query = self._named(req_seq_id, which or {})
        return Order.of(self._link.ask("PATCH", target, changes, query))

    def _named(self, order: str | Order, which: Mapping[str, str]) -> tuple[str, dict[str, str]]:
        """Where an order is that is given by its number, or as it was once read."""
        if isinstance(order, Order):
            which = {"huifu_id": order.huifu_id, "req_date": order.req_date, **which}
            order = order.req_seq_id
        return path("tenants", self._sys_id, "orders", order), dict(which)


class Clock:
    """The time of one tenant. Times are aware datetimes in Beijing time."""

    def __init__(self, link: Link, sys_id: str) -> None:
        self._link, self._path = link, path("tenants", sys_id, "clock")

    def __repr__(self) -> str:
        try:
            told = self._link.ask("GET", self._path)
        except (ControlError, Unreachable) as error:
            return f"<Clock: {error}>"
        return f"<Clock {told['mode']} at {told['now']}>"

    def now(self) -> datetime:
        """The time it is for the tenant."""
        return datetime.fromisoformat(self._link.ask("GET", self._path)["now"])

    @property
    def mode(self) -> str:
        """frozen, running or auto."""
        return str(self._link.ask("GET", self._path)["mode"])

    def freeze(self, at: datetime | str | None = None) -> datetime:
        """Stand still, from now or from a later time; timers on the way fire in order.

        An earlier time is fine as long as the tenant has received nothing and holds no order that a test made.
        """
        return self._set("frozen", at)

    def run(self, at: datetime | str | None = None) -> datetime:
        """Follow the wall clock's pace."""
        return self._set("running", at)

    def auto(self, at: datetime | str | None = None) -> datetime:
        """Stand still, and jump to the next timer whenever nothing else is going on."""
        return self._set("auto", at)

    def advance(self, seconds: float | timedelta) -> datetime:
        """Let `seconds` pass at once; everything that falls due happens, in order."""
        told = self._link.ask("POST", f"{self._path}/advance", {"seconds": seconds})
        return datetime.fromisoformat(told["now"])

    def _set(self, mode: str, at: datetime | str | None) -> datetime:
        body = {"mode": mode} if at is None else {"mode": mode, "now": at}
        return datetime.fromisoformat(self._link.ask("PUT", self._path, body)["now"])
