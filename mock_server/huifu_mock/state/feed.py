"""What changes in a tenant, for whoever watches it live. While nobody does, a change costs a look at one attribute."""

from collections.abc import Callable
from typing import Any, Literal

Kind = Literal["call", "order", "delivery", "fault", "webhook", "clock", "tenant", "cleared", "gone"]


class Feed:
    """Told of each change by those who make it; tells the one listener, if there is one, which must be quick."""

    __slots__ = ("listener",)

    def __init__(self) -> None:
        self.listener: Callable[[Kind, Any], None] | None = None

    def tell(self, kind: Kind, changed: Any = None) -> None:
        """`changed` is the thing as it is now; of what was deleted, its id."""
        if self.listener is not None:
            self.listener(kind, changed)
