"""The gateway with all its tenants and their seeded orders, without a socket."""

import secrets
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, get_type_hints

from huifu_mock import _data, signing
from huifu_mock.gateway import lifecycle
from huifu_mock.gateway.gateway import Gateway
from huifu_mock.gateway.store import InMemory, Store
from huifu_mock.gateway.tenant import DEFAULT_SYS_ID, Settings, Tenant
from huifu_mock.keys import PUBLISHED_BITS, KeyRing, published
from huifu_mock.push.delivery import CAPACITY as DELIVERIES
from huifu_mock.push.dispatcher import TIMEOUT as PUSH_TIMEOUT
from huifu_mock.push.dispatcher import Dispatcher
from huifu_mock.push.http import Targets
from huifu_mock.schemas import Problem, schema
from huifu_mock.state.clock import BEIJING, LAST, Mode, MovedBack, day, parse, wall_clock
from huifu_mock.state.history import Act
from huifu_mock.state.journal import Room
from huifu_mock.state.orders import Order, Taken
from huifu_mock.state.waiting import MOST_WAITING

WEBHOOK_KEY: Final = "0123456789abcdef0123456789abcdef"
"""The default tenant's endpoint key: 32 characters, published like its RSA keys."""


MOST_FAULTS: Final = 1000
MOST_WEBHOOKS: Final = 100
MOST_ORDERS: Final = 10_000
"""In one call that seeds them."""


class Refused(ValueError):
    """An input that cannot be taken: what is wrong with it, and the HTTP status that says so."""

    def __init__(self, status: int, *problems: Problem) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.status, self.problems = status, problems

    @property
    def chinese(self) -> str:
        """The same in Chinese."""
        return "；".join(problem.chinese for problem in self.problems)


def check(name: str, body: Any, prefix: str = "") -> None:
    """Raises `Refused` with everything that the schema complains of."""
    if not schema(name).accepts(body):
        problems = [*schema(name).problems(_shortened(body), prefix)] or [*schema(name).problems(body, prefix)]
        raise Refused(422, *problems)


LONGEST_SHOWN: Final = 64 * 1024
"""Longer than any text that a schema of the control API allows."""


def _shortened(value: Any, levels: int = 3) -> Any:
    """A body with long texts cut: the validator copies what it complains of, which takes 50 ms for 10 MB."""
    if isinstance(value, str):
        return value[:LONGEST_SHOWN]
    if not levels or not isinstance(value, list | dict):
        return value
    if isinstance(value, list):
        return [_shortened(item, levels - 1) for item in value]
    return {name[:LONGEST_SHOWN]: _shortened(item, levels - 1) for name, item in value.items()}


class Mock:
    """A gateway with its tenants. `cast` is the list of orders that the default tenant begins with.

    Pushes go to this machine, and to what `push_allow` names. Raises `BadTarget` where that is no target.
    A receiver has `push_timeout` real seconds to answer. `now` is the time at which it begins; tenants that are made
    later begin as much later. A `store` that was used before brings its tenants, and `cast` is left alone.
    `room` is what journals may hold. Of orders that are final, a tenant keeps the last `keep_orders`; all if `None`.
    """

    def __init__(
        self,
        cast: list[dict[str, Any]] | None = None,
        push_allow: Iterable[str] = (),
        push_timeout: float = PUSH_TIMEOUT,
        now: datetime | None = None,
        *,
        store: Store | None = None,
        room: Room | None = None,
        keep_orders: int | None = None,
    ) -> None:
        self._ahead: Final = now - wall_clock() if now is not None else timedelta()
        self.dispatcher: Final = Dispatcher(Targets(push_allow), timeout=push_timeout)
        self.keys: Final = KeyRing()
        self.room: Final = room or Room()
        self._keep_orders: Final = keep_orders
        self.cast: Final = _data.read_json("fixtures/orders.json") if cast is None else cast
        default = self.empty_tenant(
            DEFAULT_SYS_ID,
            Settings(webhook_key=WEBHOOK_KEY),
            merchant_public_key=published("merchant").public_key(),
            merchant_private_key=published("merchant"),
            huifu_key=self.keys.huifu(PUBLISHED_BITS),
        )
        self.store: Final = store or InMemory()
        kept = self.store.begin(self.empty_tenant, self._lose)
        self.gateway: Final = Gateway(default, self.store, kept)
        self.dispatcher.kept = self.store.kept
        self.bounds: Final[dict[str, Callable[[], tuple[int, int]]]] = {
            "journal_bytes": lambda: (self.room.limit, self.room.held),
            "journal_bytes_of_a_tenant": lambda: (self.room.tenant_limit, self._most(lambda one: one.journal.held)),
            "journal_entries_of_a_tenant": lambda: (self.room.entries, self._most(lambda one: len(one.journal))),
            "journal_waits_of_a_tenant": lambda: (MOST_WAITING, self._most(lambda one: one.journal.waiting)),
            "deliveries_of_a_tenant": lambda: (DELIVERIES, self._most(lambda one: len([*one.pushes.deliveries]))),
            "delivery_waits_of_a_tenant": lambda: (MOST_WAITING, self._most(lambda one: one.pushes.deliveries.waiting)),
            "faults_of_a_tenant": lambda: (MOST_FAULTS, self._most(lambda one: len([*one.faults]))),
            "webhooks_of_a_tenant": lambda: (MOST_WEBHOOKS, self._most(lambda one: len(one.pushes.webhooks))),
            "pushes_waiting": lambda: (self.dispatcher.limit, self.dispatcher.waiting),
        }
        """What is bounded: how much there may be, and how much there is; of what each tenant has, the fullest."""
        if keep_orders is not None:
            self.bounds["final_orders_of_a_tenant"] = lambda: (keep_orders, self._most(lambda one: one.orders.final))
        self.interception: dict[str, Any] | None = None
        """Where clients of Huifu's real hosts are intercepted; see `schemas/control/about.json`."""
        if kept is None:
            self._start_clock(default)
            seed(default, self.cast, bounded=False)
            self.store.add(default)

    def _most(self, count: Callable[[Tenant], int]) -> int:
        return max(map(count, self.gateway), default=0)

    def tenant(self, body: dict[str, Any]) -> Tenant:
        """A fresh tenant from a `tenant-create` body, taken in. Raises `Refused`, as its two steps do."""
        made = self.new_tenant(body)
        self.take_in(made)
        return made

    def new_tenant(self, body: dict[str, Any]) -> Tenant:
        """A fresh tenant that nobody knows yet; generates a key, so call it off the event loop.

        Raises `Refused`: 422 for a body that breaks the schema or a key that is none, 409 for a taken `sys_id`.
        """
        check("control/tenant-create", body)
        begin = instant(body.get("clock", {}).get("now"), "clock.now")
        sys_id = body.get("sys_id") or self.fresh_id()
        if self.gateway.knows(sys_id):
            raise _taken(sys_id)
        bits = body.get("key_bits", PUBLISHED_BITS)
        own_key = body.get("merchant_public_key")
        private = None if own_key else self.keys.merchant(bits)
        public = _public_key(own_key) if own_key else private.public_key()  # type: ignore[union-attr] # one of the two is there
        made = self.empty_tenant(
            sys_id,
            replace(Settings(huifu_ids=[self.fresh_id()], webhook_key=secrets.token_hex(16)), **_settings(body)),
            merchant_public_key=public,
            merchant_private_key=private,
            huifu_key=self.keys.huifu(bits),
        )
        self._start_clock(made, begin, body.get("clock", {}).get("mode"))
        return made

    def _start_clock(self, tenant: Tenant, now: datetime | None = None, mode: Mode | None = None) -> None:
        if now is not None or mode is not None or self._ahead:
            tenant.clock.begin(now or wall_clock() + self._ahead, mode)
        tenant.begins = (now, mode)

    def move_clock(self, tenant: Tenant, now: datetime | None, mode: Mode | None) -> None:
        """Set a tenant's clock; back only as long as nothing has happened to the tenant. Raises `MovedBack`."""
        if now is None or now >= tenant.clock.now():
            tenant.clock.set(now, mode)
            return
        cast = self.cast if tenant.sys_id == self.gateway.default else []
        if not tenant.journal.untouched or len(tenant.orders) > len(cast):
            moment, wanted = tenant.clock.now().isoformat(), now.isoformat()
            said = "the tenant has received calls or holds orders"
            raise MovedBack(f"the clock is at {moment} and cannot move back to {wanted}: {said}")
        tenant.orders.clear()
        tenant.history.forget_orders()
        tenant.clock.begin(now, mode)
        seed(tenant, cast)

    def empty_tenant(self, sys_id: str, settings: Settings, **keys: Any) -> Tenant:
        """A tenant with those keys that nobody knows yet; its pushes are sent as all are."""
        shared: Any = {"dispatcher": self.dispatcher, "room": self.room, "keep_orders": self._keep_orders}
        return Tenant(sys_id, settings, **shared, **keys)

    def take_in(self, tenant: Tenant) -> None:
        """Let a new tenant be called. Raises `Refused` with 409 where another was faster to take its `sys_id`."""
        if not self.gateway.add(tenant):
            self._give_back(tenant)
            raise _taken(tenant.sys_id)

    @staticmethod
    def fresh_id() -> str:
        """An id that nobody has, in the shape of Huifu's."""
        return "6666" + str(secrets.randbelow(10**12)).zfill(12)

    def change(self, tenant: Tenant, body: dict[str, Any]) -> None:
        """Change a living tenant's settings, or its merchant key. Raises `Refused`."""
        check("control/tenant-patch", body)
        if own_key := body.get("merchant_public_key"):
            tenant.merchant_public_key, tenant.merchant_private_key = _public_key(own_key), None
        tenant.settings = replace(tenant.settings, **_settings(body))
        tenant.feed.tell("tenant", tenant)

    def drop(self, sys_id: str) -> None:
        """Drop a tenant with everything that is its own."""
        self._give_back(self.gateway.remove(sys_id))

    def _lose(self, tenant: Tenant) -> None:
        """Another gateway dropped it."""
        self.gateway.lose(tenant)

    def _give_back(self, tenant: Tenant) -> None:
        """Its key may be lent again, unless a living copy of the tenant has it."""
        if not any(other.merchant_private_key is tenant.merchant_private_key for other in self.gateway):
            self.keys.give_back(tenant.merchant_private_key)

    def reset(self, tenant: Tenant) -> None:
        """Back to the start: the default tenant has its cast again, the others nothing."""
        tenant.reset()
        self._start_clock(tenant, *tenant.begins)
        if tenant.sys_id == self.gateway.default:
            seed(tenant, self.cast, bounded=False)


def seed(tenant: Tenant, bodies: list[dict[str, Any]], *, single: bool = False, bounded: bool = True) -> list[Order]:
    """Put orders into a tenant from `order-create` bodies: all of them, or none. Who starts a server is not bounded.

    Raises `Refused`: 422 for a body that breaks the schema, 409 for a number that is taken.
    """
    check_orders(bodies, single=single, bounded=bounded)
    return keep_orders(tenant, [order_of(tenant, body) for body in bodies], single=single)


def check_orders(bodies: list[dict[str, Any]], *, single: bool = False, bounded: bool = True) -> None:
    """Raises `Refused` with 422 for a body that breaks the schema, and for too many of them."""
    if bounded and len(bodies) > MOST_ORDERS:
        wanted = f"seed at most {MOST_ORDERS:,} in a call"
        raise Refused(422, Problem("the body", f"has {len(bodies):,} orders", wanted))
    for i, body in enumerate(bodies):
        check("control/order-create", body, "" if single else f"[{i}]")


def keep_orders(tenant: Tenant, made: list[Order], *, single: bool = False) -> list[Order]:
    """Put all orders into a tenant; they are given back as they are then. Raises `Refused` with 409, and keeps none."""
    try:
        tenant.orders.add(made)
    except Taken as taken:
        named = taken.field if single else f"[{taken.index}].{taken.field}"
        raise Refused(409, Problem(named, str(taken), "choose another, or leave it out")) from taken
    if made:
        tenant.history.add(Act(tenant.clock.now(), orders=tuple(made)))
    for order in made:
        lifecycle.watch(tenant, order)
    return [tenant.orders.get(order.key) or order for order in made]


def order_of(tenant: Tenant, body: dict[str, Any]) -> Order:
    """The order that an `order-create` body describes, not kept yet."""
    now = tenant.clock.now()
    created_at = now - timedelta(seconds=body.get("age_seconds", 120))
    if (given := instant(body.get("created_at"), "created_at")) is not None:
        created_at = min(given, now)
    final = body.get("trans_stat", "P") != "P"
    return Order(
        huifu_id=body.get("huifu_id", tenant.settings.huifu_ids[0]),
        req_date=body.get("req_date") or day(created_at),
        req_seq_id=body.get("req_seq_id") or f"order-{secrets.token_hex(8)}",
        hf_seq_id=body.get("hf_seq_id") or tenant.hf_seq_ids.next(min(created_at, LAST)),
        created_at=created_at,
        expires_at=moment(body["time_expire"]) if "time_expire" in body else None,
        finished_at=now if final else None,
        **{
            "settle": tenant.settings.settle,
            "settle_seconds": tenant.settings.settle_seconds,
            **{name: body[name] for name in _PLAIN if name in body},
        },
    )


_PLAIN: Final = ("trade_type", "trans_stat", "settle", "settle_seconds", "notify_url", "trans_amt")
_SETTINGS: Final = tuple(get_type_hints(Settings))


def instant(text: str | None, field: str) -> datetime | None:
    """A time of the control API; `None` if it is not given. Raises `Refused` with 422."""
    try:
        return None if text is None else parse(text)
    except ValueError as error:
        wanted = "ISO 8601, such as 2026-02-28T23:59:59.5 (Beijing time) or 2026-02-28T15:59:59Z"
        raise Refused(422, Problem(field, f'"{text}" is not a time: {error}', wanted)) from error


def moment(text: str) -> datetime:
    """A time as Huifu writes it: yyyyMMddHHmmss, Beijing time."""
    return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=BEIJING)


def _settings(body: dict[str, Any]) -> dict[str, Any]:
    return {name: body[name] for name in _SETTINGS if name in body}


def _taken(sys_id: str) -> Refused:
    return Refused(409, Problem("sys_id", f"{sys_id} is a tenant already", "choose another, or leave it out"))


def _public_key(text: str) -> Any:
    try:
        return signing.load_public_key(text)
    except signing.BadKey as error:
        wanted = "one line of Base64 (X.509), or PEM; the public key, not the private one"
        raise Refused(422, Problem("merchant_public_key", str(error), wanted)) from error
