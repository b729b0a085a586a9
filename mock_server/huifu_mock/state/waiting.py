"""Waiting, in real time, for a journal entry or a delivery that is still to come."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")

MOST_WAITING = 1000
"""So many may wait at once for the calls, or for the deliveries, of a tenant."""


class Waiters(Generic[Item]):
    """Those who wait for an item, each with its own condition."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Callable[[Item], bool], asyncio.Future[None]]] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def notify(self, item: Item) -> None:
        """Wake who waited for this one."""
        for wanted, future in self._waiting:
            if not future.done() and wanted(item):
                future.set_result(None)

    async def wait(self, wanted: Callable[[Item], bool], seconds: float) -> None:
        """Return when a wanted item comes, or when `seconds` are over."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.append((wanted, future))
        try:
            await asyncio.wait_for(future, seconds)
        except TimeoutError:
            return
        finally:
            self._waiting = [waiting for waiting in self._waiting if waiting[1] is not future]
