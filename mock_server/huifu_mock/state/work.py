"""Units of work: what happens to a tenant in one is kept together, or not at all."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Final


class Unkept(Exception):
    """What was done could not be kept, and nothing of it remains. The message says why."""


class Unknown(Unkept):
    """It was broken off while it was being kept: whether it was kept will be seen when it is read again."""


Work = Callable[[], AbstractContextManager[object]]
"""Begins a unit of work. One within another is part of it. Raises `Unkept`, at its beginning or at its end."""

_IN_MEMORY: Final = nullcontext()


def in_memory() -> AbstractContextManager[object]:
    """The unit of work of what lives in memory: there is nothing to do."""
    return _IN_MEMORY
