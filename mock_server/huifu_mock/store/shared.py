"""Tenants in memory over a PostgreSQL database that any number of gateways serve."""

import asyncio
import contextlib
import re
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from huifu_mock import signing
from huifu_mock._version import VERSION
from huifu_mock.gateway.store import BadStore
from huifu_mock.gateway.tenant import Tenant
from huifu_mock.state.work import Unkept, in_memory
from huifu_mock.store import reading
from huifu_mock.store.follow import follow
from huifu_mock.store.postgresql import NEW, Locked, News, PostgreSql
from huifu_mock.store.turns import Turn, Turns, log
from huifu_mock.store.units import Unit, whole
from huifu_mock.store.watch import Watch

LATE: Final = 0.2
"""Real seconds until something is written that nobody waits for, such as how long a call took."""
FOLLOW: Final = 0.1
"""Real seconds after which memory follows what another gateway did, if nothing here asks for it earlier."""
SYS_ID: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._~-]{0,31}")
"""What may be the `sys_id` of a tenant; a client may send anything else."""


class Shared(Turns):
    """A `Store` in a database that any number of gateways serve."""

    def __init__(self, database: PostgreSql) -> None:
        super().__init__(database)
        self._known: dict[str, Tenant] = {}
        self._news: set[str] = set()
        """What other gateways changed, and nothing here asked for yet."""
        self._setting_up = False
        self._missing: set[int] = set()
        """Gateways that send something, and were not alive when that was seen last."""
        self._empty: Callable[..., Tenant] | None = None
        self._lost: Callable[[Tenant], None] | None = None
        self._private_key: Callable[[str], RSAPrivateKey] = partial(signing.load_private_key, trusted=True)
        self._watch: Watch | None = None

    def start(self) -> None:
        """Lock and commit beside this event loop."""
        self.flush()
        loop = self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, "huifu-mock-store")

        def told(action: Callable[..., None]) -> Callable[..., None]:
            def tell(*what: Any) -> None:
                with contextlib.suppress(RuntimeError):  # the loop is over
                    loop.call_soon_threadsafe(action, *what)

            return tell

        self._watch = Watch(self.database, told(partial(self._want, [""])), told(self._changed), told(self._living))
        self._watch.start()

    def stop(self) -> None:
        """Write what is left. Who waited for it was told nothing yet, so a failure is only logged."""
        try:
            for unit in [*self._late]:
                with unit:
                    pass
            self.flush()
        except Unkept as unkept:
            log.error("the last changes could not be kept: %s", unkept)
        for timer in self._timers.values():
            timer.cancel()
        if self._watch is not None:
            self._watch.stop()
        if self._thread is not None:
            self._thread.shutdown()
        self._loop = self._thread = self._watch = None
        self.database.close()

    # --- tenants

    def begin(self, empty: Callable[..., Tenant], lost: Callable[[Tenant], None]) -> Iterable[Tenant] | None:
        """Read them all."""
        self._empty, self._lost = empty, lost
        self._setting_up = self.database.first()
        if self._setting_up:
            return None
        load, self._private_key = self._private_key, cache(self._private_key)  # keys that tenants share stay shared
        try:
            with reading.no_collection():
                self._lock_now("")
                self._end_now()
        except BadStore:
            self.stop()
            raise
        self._private_key = load
        return [*self._known.values()]

    def add(self, tenant: Tenant) -> bool:
        """Write all of it."""
        self._lock_now()
        turn, changes, sys_id = self._turn, whole(tenant), tenant.sys_id
        assert turn is not None
        if not self._done(turn, lambda connection: self.database.claim(connection, sys_id, changes.tenants[sys_id])):
            return False
        changes.made.clear()
        changes.of.clear()
        turn.locked[sys_id] = 0
        turn.made.append(tenant)
        turn.changes.add(changes)
        if self._setting_up:
            turn.changes.facts["begun"] = VERSION
        self._take_in(tenant)
        if self._setting_up:
            self._end_now()
            self._setting_up = False
            self.database.begun()
        self._end_if_nobody_waits()
        return True

    def _take_in(self, tenant: Tenant) -> Unit:
        self._known[tenant.sys_id] = tenant
        unit = self._units[tenant] = Unit(tenant, self._enter, self._leave, self._undo, self._lag)
        unit.gateway, unit.now = self.database.gateway, self.database.now
        tenant.unit = lambda: unit
        tenant.feed.listen(unit.take)
        return unit

    def find(self, sys_id: str) -> Tenant | None:
        """One that another gateway made."""
        found, turn = self._known.get(sys_id), self._turn
        if found is not None or not SYS_ID.fullmatch(sys_id):
            return found
        if turn is None or turn.step != "open" or sys_id not in turn.wanted:
            self._lock_now(sys_id)
            self._end_if_nobody_waits()
        return self._known.get(sys_id)

    def drop(self, tenant: Tenant) -> None:
        """Delete all of it."""
        with tenant.work():
            assert self._turn is not None
            self._turn.changes.drop(tenant.sys_id)
            self._forget(tenant)
        self._end_if_nobody_waits()

    def _forget(self, tenant: Tenant) -> None:
        unit = self._units.pop(tenant)
        self._late.pop(unit, None)
        self._open.discard(unit)
        self._known.pop(tenant.sys_id, None)
        self._seen.pop(tenant.sys_id, None)
        tenant.feed.leave(unit.take)
        tenant.unit = in_memory

    # --- units of work

    async def ready(self, sys_id: str) -> None:
        """Have it locked, and know what other gateways did to it. Failures show in the unit of work.

        Whoever comes while this turn waits for the lock shares it: the more do, the fewer turns there are.
        """
        turn = self._turn
        if self._loop is None or (sys_id and not SYS_ID.fullmatch(sys_id)):
            return
        if turn is not None and turn.step == "open" and sys_id in turn.locked:
            return
        future = self._loop.create_future()
        if turn is not None and turn.step == "locking" and sys_id in turn.wanted:
            turn.wanted[sys_id].append(future)
        else:
            self._wanted.setdefault(sys_id, []).append(future)
            self._begin()
        await future

    def _enter(self, unit: Unit) -> None:
        sys_id = unit.tenant.sys_id
        self._lock_now(sys_id)
        if self._turn is None or sys_id not in self._turn.locked:
            raise Unkept(f"{self.database.name}: there is no tenant {sys_id} any more")
        self._open.add(unit)

    def _leave(self, unit: Unit) -> None:
        self._open.discard(unit)
        if unit.tenant not in self._units:
            return  # it was dropped in this very unit
        if self._turn is None or unit.tenant.sys_id not in self._turn.locked:
            self._undo(unit)
            raise Unkept(f"{self.database.name}: the lock was lost meanwhile")
        if unit:
            self._gather(self._turn, unit)
        self._end_if_nobody_waits()

    def _lag(self, unit: Unit) -> None:
        """Something changed outside a unit of work: nobody waits for it."""
        self._late[unit] = None
        self._in(LATE, self._write_late)

    def _write_late(self) -> None:
        self._want(unit.tenant.sys_id for unit in self._late)

    def _undo(self, unit: Unit) -> None:
        """What was done in a unit that broke off is not kept: the tenant is as it was before."""
        self._open.discard(unit)
        self._late.pop(unit, None)
        unit.forget()
        if unit.tenant in self._units:
            self._end_now()
            self._seen[unit.tenant.sys_id] = NEW
            self._lock_now(unit.tenant.sys_id)
            self._end_if_nobody_waits()

    # --- what other gateways do

    def _changed(self, gateway: int, sys_id: str) -> None:
        """A gateway has changed a tenant."""
        if gateway != self.database.gateway:
            self._news.add(sys_id)
            self._in(FOLLOW, self._hear)

    def _hear(self) -> None:
        news, self._news = self._news, set()
        self._want(news)

    def _living(self, alive: frozenset[int]) -> None:
        """Take over what gateways were sending that are gone; one that connects anew is missing for a moment only."""
        orphans = {tenant: tenant.pushes.orphans(alive) for tenant in self._known.values() if tenant.pushes.elsewhere}
        missing = {delivery.elsewhere for of_tenant in orphans.values() for delivery in of_tenant}
        gone, self._missing = missing & self._missing, missing
        for tenant, of_tenant in orphans.items():
            if any(delivery.elsewhere in gone for delivery in of_tenant):
                with contextlib.suppress(Unkept), tenant.work():
                    tenant.pushes.take_over(alive | (missing - gone))

    def _apply(self, turn: Turn, locked: Locked) -> None:
        """Memory becomes what the database is, for all that is locked now."""
        self._trouble = None
        for sys_id, found in locked.items():
            if found is not None:
                turn.locked[sys_id], news = found
                if news is not None:
                    self._follow(sys_id, news)
                self._seen[sys_id] = turn.locked[sys_id]
            elif (gone := self._known.get(sys_id)) is not None:
                self._unmade(gone)

    def _unmade(self, tenant: Tenant) -> None:
        self._forget(tenant)
        if self._lost is not None:
            self._lost(tenant)

    def _follow(self, sys_id: str, news: News) -> None:
        tenant, now = self._known.get(sys_id), self.database.now()
        if tenant is not None and not news.complete:
            unit = self._units[tenant]
            tenant.feed.leave(unit.take)
            follow(tenant, news, now)
            tenant.feed.listen(unit.take)
            return
        assert news.keys is not None
        for one in news.record["deliveries"]:
            if one.get("gateway") == self.database.gateway or one.get("gateway") not in news.alive:
                one["gateway"] = 0
        if tenant is None:
            assert self._empty is not None
            tenant = reading.made(self._empty, news.record, news.keys, self._private_key, self.database.name)
            unit = self._take_in(tenant)
            if self._loop is not None:
                tenant.clock.bind(self._loop)
        else:
            unit = self._units[tenant]
            self._late.pop(unit, None)
            tenant.feed.leave(unit.take)
            reading.again(tenant, news.record, news.keys)
            unit.forget()
            tenant.feed.listen(unit.take)
        reading.forget(unit, news.record)
        reading.go_on(tenant, news.record, now)

    # --- for who waits

    async def kept(self) -> None:
        """Wait for the turn in which the last change was made."""
        turn = self._turn
        if turn is not None and self._loop is not None and turn.step != "locking" and turn.changes:
            turn.over.append(future := self._loop.create_future())
            if (unkept := await future) is not None:
                raise unkept

    def flush(self) -> None:
        """Write all of it now; if that fails, undo it all."""
        turn = self._turn
        self._end_now()
        if turn is not None and turn.unkept is not None:
            raise turn.unkept

    def trouble(self) -> str:
        """See whether something could be written now."""
        try:
            self._lock_now()
            assert self._turn is not None
            self._done(self._turn, self.database.try_out)
            self._turn.tried_out = True
            self._end_now()
        except Unkept as unkept:
            return str(unkept)
        return ""
