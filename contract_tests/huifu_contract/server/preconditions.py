"""How a case gets the orders and the time that it needs: from the control API, the pool or the hook."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import huifu_mock
from huifu_contract import schemas
from huifu_contract.failures import SetupTrouble
from huifu_contract.harness.laws import Blocked
from huifu_contract.reference import Config
from huifu_contract.server.client import Time
from huifu_contract.server.target import Stored, Target, age, moment

OTHERS = ("6666000000000000", "6666000000000001")
NEEDED = frozenset({"orders", "clock", "faults", "tenants"})


class Admin:
    """One tenant behind a control API. Its clock stands still while it is graded."""

    def __init__(self, tenant: huifu_mock.Tenant, *, fresh: bool) -> None:
        self.tenant, self._fresh = tenant, fresh
        tenant.clock.freeze()
        settings = tenant.settings()
        mine = [name for name in settings["huifu_ids"] if name != tenant.huifu_id]
        self.other_huifu_id: str = mine[0] if mine else OTHERS[1]
        self.product_ids: dict[str, str] = settings["product_ids"]

    @property
    def config(self) -> Config:
        return Config.of(self.tenant.credentials())

    def now(self) -> datetime:
        return self.tenant.clock.now()

    def order(self, **settings: Any) -> huifu_mock.Order:
        return self.tenant.orders.add(**settings)

    def leave(self) -> None:
        """A tenant made for this run goes; a borrowed one gets its clock back."""
        if self._fresh:
            self.tenant.drop()
        else:
            self.tenant.clock.run()


def find(target: Target, connection: huifu_mock.Connection | None = None) -> Admin | None:
    """The control API of the target. Raises SetupTrouble if there must be one and there is none.

    A `connection` that is at hand already, such as a server of this process, is used as it is.

    It is looked for only on this machine, unless the target file says that it is there: a stranger's server gets no
    request that the endpoint's documents do not know.
    """
    if target.admin is False or (target.admin is None and not target.loopback):
        return None
    try:
        connection = connection or huifu_mock.connect(target.base_url, target.admin_token)
        about = connection.about()
        if about.get("name") != "huifu-mock" or not set(about.get("features", ())) >= NEEDED:
            raise ValueError("what answers at /_mock/about is another server")
        if target.config is None:
            return Admin(connection.tenant(huifu_ids=list(OTHERS)), fresh=True)
        return Admin(connection.find(target.config.sys_id), fresh=False)
    except (huifu_mock.ControlError, OSError, ValueError, AttributeError, KeyError, TypeError) as error:
        if target.admin is None and target.config is not None:
            return None
        why = f"no control API of huifu-mock at {target.base_url} ({error})"
        hint = "" if target.admin else "; a server without one needs the merchant's numbers and keys in a target file"
        raise SetupTrouble(why + hint) from None


STATES: Mapping[str, Mapping[str, Any]] = {
    "open": {},
    "paid": {"trans_stat": "S"},
    "failed": {"trans_stat": "F"},
    "union-pay": {"trade_type": "U_NATIVE"},
    "digital-currency": {"trade_type": "D_NATIVE"},
    "closing": {"settle": "processing", "settle_seconds": 3600},
    "other-merchant": {},
}
"""What an order can be asked for as, and how the control API makes one."""

OLD_ENOUGH_S = 120
SURE_S = 0.5
"""How much later than the wanted age an order without a frozen clock is closed, and how much earlier."""
LATE_S = 5.0


@dataclass(frozen=True, slots=True)
class Found:
    """An order that the server knows, by the names that a close gives it."""

    huifu_id: str
    org_req_date: str
    org_req_seq_id: str = ""
    org_hf_seq_id: str = ""

    def named(self, by: str = "") -> dict[str, str]:
        """The members that name it: by one number (the merchant's own, if known), or by `both`."""
        numbers = {"org_req_seq_id": self.org_req_seq_id, "org_hf_seq_id": self.org_hf_seq_id}
        wanted = by or ("org_req_seq_id" if self.org_req_seq_id else "org_hf_seq_id")
        given = {name: value for name, value in numbers.items() if value and wanted in (name, "both")}
        if not given or (by == "both" and len(given) < 2):
            raise Blocked(f"the order is not known by {'both numbers' if by == 'both' else by}")
        return {"huifu_id": self.huifu_id, "org_req_date": self.org_req_date, **given}


@dataclass(slots=True)
class Preconditions:
    """Where orders come from. The pool gets smaller: closing is destructive, so no order is given out twice."""

    target: Target
    huifu_id: str
    time: Time
    admin: Admin | None = None
    allow_wait: float = 0.0
    pool: list[Stored] = field(default_factory=list)

    def order(self, state: str, age_s: float | None = None, **settings: Any) -> Found:
        """An order in that state, old enough to be closed, or exactly of an age. Raises Blocked.

        `settings` shape what the control API makes; elsewhere one order of a state is like another.
        """
        if self.admin is not None:
            return self._made(state, OLD_ENOUGH_S if age_s is None else age_s, settings)
        wait, stored = self._pooled(state, age_s)
        if stored is None and self.target.hook:
            stored = self._hooked(state)
            wait = 0.0 if stored.created_at is None and age_s is None else self._wait(stored, age_s)
        if stored is None or wait is None:
            aged = "" if age_s is None else f" that is {age_s:g} s old"
            raise Blocked(
                f"no order in state {state}{aged}: put one into [[orders]] of the target file, or give a hook"
            )
        self._let_pass(wait)
        huifu_id = stored.huifu_id or (self.target.other_huifu_id if state == "other-merchant" else self.huifu_id)
        if not huifu_id:
            raise Blocked("the order of another merchant has no huifu_id")
        return Found(huifu_id, stored.org_req_date, stored.org_req_seq_id, stored.org_hf_seq_id)

    def _made(self, state: str, age_s: float, settings: Mapping[str, Any]) -> Found:
        assert self.admin is not None
        other = {"huifu_id": self.admin.other_huifu_id} if state == "other-merchant" else {}
        made = self.admin.order(**{"age_seconds": age_s, **STATES[state], **other, **settings})
        return Found(made.huifu_id, made.req_date, made.req_seq_id, made.hf_seq_id)

    def _pooled(self, state: str, age_s: float | None) -> tuple[float | None, Stored | None]:
        """The order of the pool that needs the shortest wait; orders of unknown age are taken as old enough."""
        fitting = []
        for stored in self.pool:
            wait = self._wait(stored, age_s) if stored.created_at or age_s is not None else 0.0
            if stored.state == state and wait is not None:
                fitting.append((wait, stored))
        if not fitting:
            return None, None
        wait, stored = min(fitting, key=lambda pair: pair[0])
        self.pool.remove(stored)
        return wait, stored

    def _wait(self, stored: Stored, age_s: float | None) -> float | None:
        """How long until the order has that age; None if its age is not known, or past it."""
        if stored.created_at is None:
            return None
        now = age(stored.created_at, self.time.now())
        if age_s is None:
            return max(0.0, 60 + SURE_S - now)
        wait = age_s - now + (-SURE_S if age_s < 60 else SURE_S)
        latest = -SURE_S if age_s < 60 else -LATE_S
        return max(0.0, wait) if wait >= latest else None

    def _let_pass(self, seconds: float) -> None:
        if seconds > self.allow_wait:
            raise Blocked(
                f"the order has to grow {seconds:.0f} s older: allow that with --allow-wait {seconds + 1:.0f}s"
            )
        if seconds > 0:
            self.time.wait(seconds)

    def _hooked(self, state: str) -> Stored:
        """A fresh order by the team's own command. Raises SetupTrouble that says what it did wrong."""
        command = self.target.hook
        asked = json.dumps({"state": state, "huifu_id": self.huifu_id})
        began = self.time.now()
        try:
            done = subprocess.run(
                command,
                input=asked,
                capture_output=True,
                text=True,
                encoding="utf-8",
                errors="replace",
                timeout=self.target.hook_timeout_s,
                check=False,
            )
        except OSError as error:
            raise SetupTrouble(f"the hook {command[0]} cannot be started: {error.strerror}") from None
        except subprocess.TimeoutExpired:
            raise SetupTrouble(f"the hook {command[0]} took longer than {self.target.hook_timeout_s:g} s") from None
        if done.returncode:
            raise SetupTrouble(f"the hook {command[0]} ended with {done.returncode}", stderr=done.stderr)
        told = _told(done.stdout, command[0])
        if told is None:
            raise Blocked(f"the hook has no order in state {state}")
        created_at: datetime = moment(told["created_at"]) if "created_at" in told else began
        return replace(Stored(**{**told, "state": state, "created_at": None}), created_at=created_at)


def _told(stdout: str, command: str) -> dict[str, Any] | None:
    """The order that a hook prints; None for `null`."""
    try:
        told = json.loads(stdout)
    except ValueError:
        raise SetupTrouble(f"the hook {command} printed {stdout[:80]!r}, and not one JSON object") from None
    if told is None:
        return None
    wrong = schemas.complaint("target", told, "hooked")
    if wrong is not None:
        raise SetupTrouble(f"what the hook {command} printed is no order: {wrong}")
    found: dict[str, Any] = told
    return found
