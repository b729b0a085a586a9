"""Where tenants are kept. In memory, which is the default, they are where they are; a database keeps a copy.

With a database, what was done is visible at once and committed a moment later, with what others did meanwhile. Nobody
is told of it, and no push leaves, before `kept` has returned.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

from huifu_mock.gateway.tenant import Tenant


class BadStore(ValueError):
    """A store that cannot be used. The message says why, and what would be right."""


class Store(Protocol):
    """Keeps the tenants of a gateway. Changes to one are made in its `work()` and kept at the end of it."""

    @property
    def kept(self) -> Callable[[], Awaitable[None]] | None:
        """Returns when all that was done up to now is kept. Raises `Unkept`: it was undone. `None`: it is at once."""

    @property
    def ready(self) -> Callable[[str], Awaitable[None]] | None:
        """Returns when a unit of work of that tenant can begin at once, with all that other gateways did.

        `None` where there are none. With an empty `sys_id`: when it is known which tenants there are.
        """

    def begin(self, empty: Callable[..., Tenant], lost: Callable[[Tenant], None], /) -> Iterable[Tenant] | None:
        """The tenants that are kept, each made from `empty`; `None` where the store was never used. Raises `Unkept`.

        `lost` is called with one that another gateway dropped.
        """

    def start(self) -> None:
        """From now on commit beside the running event loop; before, at the end of each unit of work."""

    def stop(self) -> None:
        """Keep what is not kept yet, and let go of everything. Raises `Unkept`."""

    def flush(self) -> None:
        """Keep what is not kept yet, now: for who cannot wait for `kept`. Raises `Unkept`."""

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

    kept: None = None
    ready: None = None

    def begin(self, _: Callable[..., Tenant], __: Callable[[Tenant], None]) -> Iterable[Tenant] | None:
        """It is always new."""
        return None

    def start(self) -> None:
        """There is nothing to commit."""

    def stop(self) -> None:
        """It goes with the last reference."""

    def flush(self) -> None:
        """There is nothing to commit."""

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
