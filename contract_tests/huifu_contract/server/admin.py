"""Admin: the fake's control plane, where there is one. It meets nearly every need; a real sandbox has none."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import huifu_mock
from huifu_contract.failures import SetupTrouble
from huifu_contract.reference import Config
from huifu_contract.server.target import Target

OTHERS = ("6666000000000000", "6666000000000001")
NEEDED = frozenset({"orders", "clock", "faults", "tenants"})


class Admin:
    """One tenant behind a control plane. Its clock stands still while it is graded."""

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
    """The control plane of the target. Raises SetupTrouble if there must be one and there is none.

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
        why = f"no control plane of huifu-mock at {target.base_url} ({error})"
        hint = "" if target.admin else "; a server without one needs the merchant's numbers and keys in a target file"
        raise SetupTrouble(why + hint) from None
