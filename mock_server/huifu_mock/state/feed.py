"""What changes in a tenant, for whoever watches it live or keeps it. While nobody does, a change costs nothing."""

from collections.abc import Callable
from typing import Any, Literal

Kind = Literal[
    "call", "order", "close", "forgotten", "delivery", "fault", "met", "webhook", "clock", "tenant", "cleared", "gone"
]  # fmt: skip
Listener = Callable[[Kind, Any], None]


class Feed:
    """Told of each change by those who make it; tells the listeners, which must be quick."""

    __slots__ = ("listeners",)

    def __init__(self) -> None:
        self.listeners: tuple[Listener, ...] = ()

    def listen(self, listener: Listener) -> None:
        """Tell it of every change from now on."""
        self.listeners = (*self.listeners, listener)

    def leave(self, listener: Listener) -> None:
        """Tell it no more."""
        self.listeners = tuple(one for one in self.listeners if one != listener)

    def tell(self, kind: Kind, changed: Any = None) -> None:
        """`changed` is the thing as it is now; of what was deleted, its id."""
        for listener in self.listeners:
            listener(kind, changed)
