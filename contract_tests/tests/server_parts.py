"""What the tests of the server direction share: time that a test moves, and a tenant as a stranger's server."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import huifu_mock
from huifu_contract.reference import Config
from huifu_contract.server.target import Stored, Target
from huifu_mock.state.clock import BEIJING


@dataclass(slots=True)
class MovedTime:
    """Waiting moves it, and the tenant's clock with it; nothing sleeps."""

    tenant: huifu_mock.Tenant | None = None
    moment: datetime = field(default_factory=lambda: datetime(2026, 1, 31, 12, tzinfo=BEIJING))
    waited: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.moment if self.tenant is None else self.tenant.clock.now()

    def monotonic(self) -> float:
        return self.now().timestamp()

    def wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.moment += timedelta(seconds=seconds)
        if self.tenant is not None:
            self.tenant.clock.advance(seconds)


def stranger(tenant: huifu_mock.Tenant, **more: Any) -> Target:
    """A target without a control API: what a sandbox looks like."""
    return Target(tenant.base_url, config=Config.of(tenant.credentials()), admin=False, **more)


def stored(state: str, order: huifu_mock.Order, **more: Any) -> Stored:
    return Stored(state, order.req_date, order.req_seq_id, order.hf_seq_id, order.huifu_id, **more)
