"""What was done to a tenant between its calls, apart from moving its clock: what a replay of the calls has to do again.

It waits for the next call, whose journal entry keeps it. What follows the last call changes no reply, and what made
room for newer calls in the journal went with them.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from huifu_mock.state.orders import Order

MOST: Final = 1000
"""So many orders and other acts may wait for a call, whose entry is written in one go; of more it is only known that
there were some."""
BYTES: Final = 1024 * 1024
ORDER_BYTES: Final = 400
"""What an order as it was entered takes, once it has changed; about."""


@dataclass(frozen=True, slots=True)
class Act:
    """One call of the control API, or orders that were entered; neither, where it is not known any more."""

    at: datetime
    method: str = ""
    path: str = ""
    """Below the tenant's own, such as `/orders/order-1`."""
    query: dict[str, str] = field(default_factory=dict)
    body: str = ""
    """As JSON."""
    orders: tuple[Order, ...] = ()
    """As they were entered."""

    @property
    def is_known(self) -> bool:
        """Whether it can be done again."""
        return bool(self.method or self.orders)

    @property
    def size(self) -> int:
        """How many bytes it takes; about."""
        return len(self.body) + len(self.path) + ORDER_BYTES * len(self.orders)


class History:
    """What was done to one tenant since its last call."""

    def __init__(self) -> None:
        self._acts: list[Act] = []
        self._count = self._bytes = 0

    def add(self, act: Act) -> None:
        """One more."""
        self._count += max(1, len(act.orders))
        self._bytes += act.size
        if self._count > MOST or self._bytes > BYTES or (self._acts and not self._acts[0].is_known):
            self._acts = [Act(act.at)]
        else:
            self._acts.append(act)

    def take(self) -> tuple[Act, ...]:
        """All of it, for the call that came next."""
        if not self._acts:
            return ()
        taken = tuple(self._acts)
        self.clear()
        return taken

    def waiting(self, most: int = MOST) -> list[Act]:
        """All of it; where that is more than `most`, only that there was something."""
        return list(self._acts) if self._count <= most else [Act(self._acts[-1].at)]

    def forget_orders(self) -> None:
        """Those that were entered are gone again, and no call has seen them."""
        acts = [act for act in self._acts if not act.orders]
        self.clear()
        for act in acts:
            self.add(act)

    def share(self, other: "History") -> None:
        """Hold what another one holds."""
        self._acts, self._count, self._bytes = [*other._acts], other._count, other._bytes

    def clear(self) -> None:
        """The tenant begins anew."""
        self._acts = []
        self._count = self._bytes = 0
