"""Where tenants are kept. In memory, which is the default, they are where they are; a database keeps a copy."""

from typing import Protocol

from huifu_mock.gateway.tenant import Tenant


class Store(Protocol):
    """Keeps the tenants of a gateway. Changes to one are made in its `work()` and kept at the end of it."""

    def add(self, tenant: Tenant, /) -> bool:
        """Keep a new tenant; `False`, and nothing is changed, if its `sys_id` is taken. Raises `Unkept`."""

    def find(self, sys_id: str, /) -> Tenant | None:
        """A tenant that this gateway does not know yet, because another one made it. Raises `Unkept`."""

    def drop(self, tenant: Tenant, /) -> None:
        """Keep it no longer. Raises `Unkept`."""

    def trouble(self) -> str:
        """Why nothing could be kept now; empty if all is well."""


class InMemory:
    """Nothing is kept beyond the process."""

    def add(self, _: Tenant) -> bool:
        """Nobody else can have taken its `sys_id`."""
        return True

    def find(self, _: str) -> Tenant | None:
        """There is no other gateway."""
        return None

    def drop(self, _: Tenant) -> None:
        """It goes with the last reference."""

    def trouble(self) -> str:
        """Memory has none."""
        return ""
