"""Turns of a gateway at a database that others use too.

A turn is one transaction: it locks the rows of the tenants that are wanted, applies to memory what other gateways did
meanwhile, lets units of work run, writes what they changed, and commits. Whoever is to be told of it waits for that.
Locking and writing happen in a thread, beside the event loop; a unit of work that nobody announced holds the loop up
until its tenant is locked. No gateway waits for a lock while units of work of its own hold one and could be committed,
so two gateways do not wait for each other.
"""

import asyncio
import contextlib
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from typing import Any, Final, Literal, TypeVar

from sqlalchemy import Connection

from huifu_mock.gateway.tenant import Tenant
from huifu_mock.state.work import Unkept
from huifu_mock.store.postgresql import NEW, Locked, PostgreSql
from huifu_mock.store.units import Changes, Unit

AGAIN: Final = 1.0
"""Real seconds for which a database that failed is not asked again."""

Result = TypeVar("Result")

log = logging.getLogger("huifu_mock.store")


class Turn:
    """One transaction."""

    def __init__(self, wanted: dict[str, list[asyncio.Future[None]]]) -> None:
        self.wanted = wanted
        """Who waits for which tenant to be locked."""
        self.step: Literal["locking", "open", "writing"] = "locking"
        self.connection: Connection | None = None
        self.locked: dict[str, int] = {}
        """The tenants that no other gateway touches now, and the `seq` of each."""
        self.changes = Changes()
        self.over: list[asyncio.Future[Unkept | None]] = []
        """Who waits for the end."""
        self.made: list[Tenant] = []
        """Tenants that are new."""
        self.tried_out = False
        """Whether something was written to see that it can be."""
        self.work: Future[Any] | None = None
        """What the thread does for it."""
        self.unkept: Unkept | None = None
        """Why it failed."""

    def begun(self) -> None:
        """Wake who waits for a lock, or for the news that there is none."""
        for futures in self.wanted.values():
            for future in futures:
                if not future.done():
                    future.set_result(None)

    def ended(self, unkept: Unkept | None) -> None:
        """Wake who waits for the end."""
        for future in self.over:
            if not future.done():
                future.set_result(unkept)


class Turns(ABC):
    """One after the other; at most one is under way."""

    def __init__(self, database: PostgreSql) -> None:
        self.database: Final = database
        self._units: dict[Tenant, Unit] = {}
        self._seen: dict[str, int] = {}
        """The `seq` up to which memory is as the database is."""
        self._late: dict[Unit, None] = {}
        """What changed outside a unit of work, and is written with the next turn of its tenant."""
        self._open: set[Unit] = set()
        """The units of work that have begun and are not over."""
        self._turn: Turn | None = None
        self._wanted: dict[str, list[asyncio.Future[None]]] = {}
        """What the next turn locks, and who waits for it; an empty `sys_id` stands for all that others changed."""
        self._trouble: Unkept | None = None
        self._again_at = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._timers: dict[str, asyncio.TimerHandle] = {}

    @abstractmethod
    def _apply(self, turn: Turn, locked: Locked) -> None:
        """Memory becomes what the database is, for all that is locked now."""

    @abstractmethod
    def _unmade(self, tenant: Tenant) -> None:
        """A tenant that was new in a turn that failed."""

    def _in(self, seconds: float, action: Callable[[], None]) -> None:
        """Do it in a moment, once however often that is said."""
        name = action.__name__
        if self._loop is not None and name not in self._timers:
            self._timers[name] = self._loop.call_later(seconds, self._due, name, action)

    def _due(self, name: str, action: Callable[[], None]) -> None:
        del self._timers[name]
        action()

    def _want(self, sys_ids: Iterable[str]) -> None:
        """Lock them in the next turn, though nobody waits."""
        for sys_id in sys_ids:
            self._wanted.setdefault(sys_id, [])
        self._begin()

    def _begin(self) -> None:
        """The next turn, if there is none now and somebody wants one."""
        if self._turn is None and self._wanted and self._thread is not None:
            turn = self._turn = Turn(self._wanted)
            self._wanted = {}
            turn.work = self._thread.submit(self._lock, turn, *self._behind(turn.wanted))
            turn.work.add_done_callback(partial(self._then, self._locked, turn))

    def _behind(self, wanted: Iterable[str]) -> tuple[dict[str, int], dict[str, int] | None]:
        seen = {sys_id: self._seen.get(sys_id, NEW) for sys_id in wanted if sys_id}
        return seen, dict(self._seen) if "" in wanted else None

    def _then(self, action: Callable[[Turn], None], turn: Turn, _: Future[Any]) -> None:
        if (loop := self._loop) is not None:
            with contextlib.suppress(RuntimeError):  # the loop is over
                loop.call_soon_threadsafe(action, turn)

    def _lock(self, turn: Turn, seen: dict[str, int], known: dict[str, int] | None) -> Locked:
        """Raises `Unkept`. A connection that broke off since the last turn is made anew."""
        if self._trouble is not None and self._loop is not None and time.monotonic() < self._again_at:
            raise self._trouble
        for last in (False, True):
            try:
                turn.connection = self.database.begin()
                return self.database.lock(turn.connection, seen, known)
            except self.database.errors as error:
                if turn.connection is None or last or not getattr(error, "connection_invalidated", False):
                    raise self.database.unkept(error) from error
                self.database.roll_back(turn.connection)
        raise AssertionError("the last time it returned or raised")

    def _locked(self, turn: Turn) -> None:
        """The thread has locked what is wanted: units of work may run, until the event loop comes to the end."""
        if turn is self._turn and turn.step == "locking" and turn.work is not None:
            turn.step = "open"
            if (error := turn.work.exception()) is not None:
                self._failed(turn, error if isinstance(error, Unkept) else Unkept(f"{type(error).__name__}: {error}"))
                return
            self._apply(turn, turn.work.result())
            turn.begun()
            self._end_soon(turn)

    def _lock_now(self, *wanted: str) -> None:
        """The same without a thread, for who cannot wait. Raises `Unkept`."""
        self._settle()
        turn = self._turn
        if turn is not None:
            missing = [sys_id for sys_id in wanted if sys_id not in turn.locked]
            if not missing:
                return
            seen, known = self._behind(missing)
            waits = bool(self._open)  # what has begun cannot be committed, so its locks have to stay
            self._apply(turn, self._done(turn, lambda one: self.database.lock(one, seen, known, wait=waits)))
            if waits or all(sys_id in turn.locked for sys_id in missing):
                return
            self._end_now()
        turn = self._turn = Turn({})
        turn.step = "open"
        try:
            locked = self._lock(turn, *self._behind(wanted))
        except Unkept as unkept:
            self._failed(turn, unkept)
            raise
        self._apply(turn, locked)
        self._end_soon(turn)

    def _done(self, turn: Turn, action: Callable[[Connection], Result]) -> Result:
        assert turn.connection is not None
        try:
            return action(turn.connection)
        except self.database.errors as error:
            self._failed(turn, unkept := self.database.unkept(error))
            raise unkept from error

    def _settle(self) -> None:
        """Wait for the thread: then no turn is under way, or one that is open."""
        while (turn := self._turn) is not None and turn.work is not None and turn.step != "open":
            wait([turn.work])
            (self._locked if turn.step == "locking" else self._written)(turn)

    def _end_soon(self, turn: Turn) -> None:
        if self._loop is not None:
            self._loop.call_soon(self._end, turn)

    def _end(self, turn: Turn) -> None:
        """Write what was done, and commit it, beside the event loop."""
        if turn is self._turn and turn.step == "open" and self._thread is not None:
            self._gather_late(turn)
            turn.step = "writing"
            turn.work = self._thread.submit(self._write, turn)
            turn.work.add_done_callback(partial(self._then, self._written, turn))

    def _gather_late(self, turn: Turn) -> None:
        for unit in [one for one in self._late if one.tenant.sys_id in turn.locked and not one.open]:
            self._gather(turn, unit)

    def _write(self, turn: Turn) -> None:
        """Raises `Unkept`."""
        if turn.connection is None:
            return
        if not turn.changes and not turn.tried_out:
            self.database.roll_back(turn.connection)
            return
        try:
            self.database.put(turn.connection, turn.changes, turn.locked)
        except self.database.errors as error:
            raise self.database.unkept(error) from error
        self.database.commit(turn.connection)

    def _written(self, turn: Turn) -> None:
        """The thread is done with a turn; the next one follows."""
        if turn is self._turn and turn.step == "writing" and turn.work is not None:
            if (error := turn.work.exception()) is not None:
                self._failed(turn, error if isinstance(error, Unkept) else Unkept(f"{type(error).__name__}: {error}"))
            else:
                self._ended(turn)

    def _end_if_nobody_waits(self) -> None:
        """Without an event loop, each unit of work is a turn."""
        if self._loop is None and not self._open:
            self._end_now()

    def _end_now(self) -> None:
        """Commit without a thread. Raises `Unkept`."""
        self._settle()
        if (turn := self._turn) is None:
            return
        self._gather_late(turn)
        try:
            self._write(turn)
        except Unkept as unkept:
            self._failed(turn, unkept)
            raise
        self._ended(turn)

    def _ended(self, turn: Turn) -> None:
        self._turn = None
        for sys_id in turn.changes.tenants:
            self._seen[sys_id] = turn.locked[sys_id] + 1
        turn.ended(None)
        self._begin()

    def _failed(self, turn: Turn, unkept: Unkept) -> None:
        """What was done in a turn is undone: read anew before it is used again. Say so to who waits."""
        if unkept is not self._trouble:
            log.error("nothing can be kept: %s", unkept)
            self._trouble, self._again_at = unkept, time.monotonic() + AGAIN
        self._turn = None
        turn.unkept = unkept
        if turn.connection is not None:
            self.database.roll_back(turn.connection)
        for tenant in {**turn.changes.of, **{unit.tenant: None for unit in self._open}}:
            if (unit := self._units.get(tenant)) is not None:
                self._late.pop(unit, None)
                unit.forget()
                tenant.pushes.halt()
                self._seen[tenant.sys_id] = NEW
        for tenant in turn.made:
            if tenant in self._units:
                self._unmade(tenant)
        turn.begun()
        turn.ended(unkept)
        self._in(AGAIN, self._recover)

    def _recover(self) -> None:
        """See whether it is well again, and read anew what was undone."""
        self._want(["", *(sys_id for sys_id, seen in self._seen.items() if seen == NEW)])

    def _gather(self, turn: Turn, unit: Unit) -> None:
        self._late.pop(unit, None)
        turn.changes.add(unit.changes())
