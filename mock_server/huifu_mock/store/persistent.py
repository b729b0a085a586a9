"""Tenants in memory, with a copy in a database that is never behind what anybody was told.

A unit of work changes the tenant in memory. What changed is written in one transaction with what other units change
until the one before is on the disk; whoever is to be told of it waits for that. If it fails, all that was not written
is undone: the tenants that it touched are read again. Only the wait for the disk is a thread's: one that writes would
wait for the interpreter's lock at every row, for as long as the event loop is busy.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import cache, partial
from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from huifu_mock import signing
from huifu_mock._version import VERSION
from huifu_mock.gateway.tenant import Tenant
from huifu_mock.state.clock import wall_clock
from huifu_mock.state.work import Unkept, in_memory
from huifu_mock.store import reading
from huifu_mock.store.database import Database
from huifu_mock.store.records import Record
from huifu_mock.store.units import Changes, Unit, whole

LATE: Final = 0.2
"""Real seconds until something is written that nobody waits for, such as how long a call took."""

log = logging.getLogger("huifu_mock.store")


class _Group:
    """Units of work that are written together."""

    def __init__(self, loop: asyncio.AbstractEventLoop | None) -> None:
        self.changes = Changes()
        self.over: asyncio.Future[str] | None = loop.create_future() if loop is not None else None
        """Done when they are written; with the reason, if they cannot be."""
        self.written: Future[None] | None = None

    def end(self, trouble: str) -> None:
        """Let go on who waited."""
        if self.over is not None and not self.over.done():
            self.over.set_result(trouble)


class Persistent:
    """A `Store` in a database that is this process's alone."""

    def __init__(self, database: Database) -> None:
        self.database: Final = database
        self._units: dict[Tenant, Unit] = {}
        self._late: dict[Unit, None] = {}
        self._trouble = ""
        self._begun = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._next = _Group(None)
        self._now: _Group | None = None
        """The group that is being committed."""
        self._planned: asyncio.Handle | None = None
        self._later: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Commit beside this event loop."""
        self.flush()
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, "huifu-mock-store")
        self._next = _Group(self._loop)

    def stop(self) -> None:
        """Write what is left. Who waited for it was told nothing yet, so a failure is only logged."""
        try:
            self.flush()
        except Unkept as unkept:
            log.error("the last changes could not be kept: %s", unkept)
        for handle in (self._planned, self._later):
            if handle is not None:
                handle.cancel()
        self._loop = self._planned = self._later = None
        self._next = _Group(None)
        if self._thread is not None:
            self._thread.shutdown()
            self._thread = None
        self.database.close()

    # --- tenants

    ready: None = None

    def begin(self, empty: Callable[..., Tenant], _: Callable[[Tenant], None]) -> Iterable[Tenant] | None:
        """Read them all."""
        self._begun = self.database.fact("begun") is not None
        private_key = cache(partial(signing.load_private_key, trusted=True))  # tenants that share a key share it still
        with reading.no_collection():
            return [self._read(empty, one, private_key) for one in self.database.tenants()] if self._begun else None

    def _read(self, empty: Callable[..., Tenant], sys_id: str, private_key: Callable[[str], RSAPrivateKey]) -> Tenant:
        record, keys = self._record(sys_id)
        tenant = reading.made(empty, record, keys, private_key, self.database.name)
        unit = self._watch(tenant)
        reading.forget(unit, record)
        reading.go_on(tenant, record, wall_clock())
        return tenant

    def _record(self, sys_id: str) -> tuple[Record, Record]:
        found = self.database.read(sys_id)
        if found is None:
            raise Unkept(f"{self.database.name}: there is no tenant {sys_id} any more")
        return found

    def _watch(self, tenant: Tenant) -> Unit:
        unit = self._units[tenant] = Unit(tenant, self._enter, self._leave, self._undo, self._lag)
        tenant.unit = lambda: unit
        tenant.feed.listen(unit.take)
        return unit

    def add(self, tenant: Tenant) -> bool:
        """Write all of it."""
        self.flush()
        changes = whole(tenant)
        if not self._begun:
            changes.facts["begun"] = VERSION
        self._write(changes)
        self._begun = True
        self._watch(tenant)
        return True

    def find(self, _: str) -> Tenant | None:
        """Nobody else can have made it."""
        return None

    def drop(self, tenant: Tenant) -> None:
        """Delete all of it."""
        self.flush()
        self._write(Changes(gone={tenant.sys_id}))
        unit = self._units.pop(tenant)
        self._late.pop(unit, None)
        tenant.feed.leave(unit.take)
        tenant.unit = in_memory

    # --- units of work

    def _enter(self, unit: Unit) -> None:
        """After a failure nothing is begun before it is known that it could be kept."""
        if self._trouble:
            self._try()
        if unit.stale:
            self._read_again(unit)

    def _leave(self, unit: Unit) -> None:
        if not unit or unit.tenant not in self._units:
            return  # nothing has changed, or it was dropped in this very unit
        self._gather(unit)
        if self._loop is None:
            self.flush()
        elif self._planned is None and self._now is None:
            self._planned = self._loop.call_soon(self._commit)  # after all that is ready to run

    def _lag(self, unit: Unit) -> None:
        """Something changed outside a unit of work: nobody waits for it."""
        self._late[unit] = None
        if self._loop is not None and self._later is None:
            self._later = self._loop.call_later(LATE, self._catch_up)

    def _catch_up(self) -> None:
        self._later = None
        if self._planned is None and self._now is None and not self._trouble:
            self._commit()

    def _gather(self, unit: Unit) -> None:
        self._late.pop(unit, None)
        self._next.changes.add(unit.changes())

    def _undo(self, unit: Unit) -> None:
        """What was done in a unit that broke off is not kept: the tenant is as it was before."""
        self._late.pop(unit, None)
        unit.forget()
        unit.stale = True
        self.flush()
        self._read_again(unit)

    # --- writing

    async def kept(self) -> None:
        """Wait for the group with the last change; those before it are written by then."""
        group = self._next if self._next.changes else self._now
        if group is not None and group.over is not None and (trouble := await asyncio.shield(group.over)):
            raise Unkept(trouble)

    def _take_all(self) -> _Group:
        """All that has changed since the last group, also what nobody waits for; nothing of a unit that is not over."""
        if self._planned is not None:
            self._planned.cancel()
            self._planned = None
        for unit in [unit for unit in self._late if not unit.open]:
            self._gather(unit)
        group, self._next = self._next, _Group(self._loop)
        return group

    def _commit(self) -> None:
        """Write the next group; the thread waits for the disk."""
        if self._loop is None or self._thread is None:
            return
        group, loop = self._take_all(), self._loop
        if not group.changes:
            return
        try:
            group.written = self.database.write_beside(self._thread, group.changes)
        except Unkept as unkept:
            self._failed(group, str(unkept))
            return
        self._now = group
        group.written.add_done_callback(lambda _: _in(loop, self._written, group))

    def _written(self, group: _Group) -> None:
        """The thread is done with a group; the next one follows."""
        if group is self._now:
            self._settle(group)
            if self._next.changes:
                self._commit()

    def _settle(self, group: _Group) -> None:
        assert group.written is not None
        self._now = None
        if (error := group.written.exception()) is not None:
            self._failed(group, str(error))
        else:
            self._trouble = ""
            group.end("")

    def flush(self) -> None:
        """Write all of it now; if that fails, undo it all."""
        if (now := self._now) is not None and now.written is not None:
            wait([now.written])
            self._settle(now)
            if self._trouble:
                raise Unkept(self._trouble)
        group = self._take_all()
        if not group.changes:
            return
        try:
            self._write(group.changes)
        except Unkept as unkept:
            self._failed(group, str(unkept))
            raise
        group.end("")

    def _failed(self, group: _Group, trouble: str) -> None:
        """Undo what is not written, of this group and of what was built on it, and say so to who waits."""
        log.error("nothing can be kept: %s", trouble)
        self._trouble = trouble
        later = self._take_all()
        for tenant in {**group.changes.of, **later.changes.of}:
            if (unit := self._units.get(tenant)) is not None:
                self._take_back(unit)
        group.end(trouble)
        later.end(trouble)

    def _take_back(self, unit: Unit) -> None:
        unit.stale = True
        try:
            self._read_again(unit)
        except Unkept as unkept:
            log.error("the tenant %s is read again later: %s", unit.tenant.sys_id, unkept)

    def _write(self, changes: Changes) -> None:
        try:
            self.database.write(changes)
        except Unkept as unkept:
            self._trouble = str(unkept)
            raise
        self._trouble = ""

    def _read_again(self, unit: Unit) -> None:
        """Make a tenant what it is in the database. Raises `Unkept`."""
        tenant = unit.tenant
        record, keys = self._record(tenant.sys_id)
        self._late.pop(unit, None)
        tenant.feed.leave(unit.take)
        reading.again(tenant, record, keys)
        unit.forget()
        unit.stale = False
        tenant.feed.listen(unit.take)
        reading.go_on(tenant, record, wall_clock())

    # --- trouble

    def trouble(self) -> str:
        """See whether something could be written now."""
        try:
            self._try()
        except Unkept as unkept:
            return str(unkept)
        return ""

    def _try(self) -> None:
        try:
            self.database.probe()
        except Unkept as unkept:
            self._trouble = str(unkept)
            raise
        self._trouble = ""


def _in(loop: asyncio.AbstractEventLoop, action: Callable[[_Group], None], group: _Group) -> None:
    """Go on in the event loop, if that still runs."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(action, group)
