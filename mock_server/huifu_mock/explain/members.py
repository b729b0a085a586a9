"""Which members took part: empties that were sent but not signed, or signed but not sent."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations, product
from typing import Final

from huifu_mock.explain.arrangements import Change
from huifu_mock.explain.tree import Arr, Node, Obj, leaves, plain

NOTHING: Final = ('""', "null")


@dataclass(frozen=True, slots=True)
class Changed:
    """One way to change `data` before it is written, and the mistakes that it is."""

    mistakes: tuple[str, ...]
    do: Change
    common: bool = False


def kept(data: Node) -> Iterator[Changed]:
    """Empties on the wire left out of the signed text."""
    empty = [token for token in NOTHING if token in set(leaves(data))]
    brackets = isinstance(data, Obj) and any(_is_hollow(value) for _, value in data.pairs)
    if not empty and not brackets:
        return
    nested = isinstance(data, Obj) and any(not isinstance(value, str) for _, value in data.pairs)
    for deep, hollow in product((False, True) if nested else (False,), (False, True) if brackets else (False,)):
        for what in ((*empty,), *(((one,) for one in empty) if len(empty) > 1 else ())):
            yield Changed(("empty-kept",), partial(_dropped, frozenset(what), hollow, deep), common=not deep)


def _is_hollow(node: Node) -> bool:
    return not isinstance(node, str) and not (node.pairs if isinstance(node, Obj) else node.items)


def _dropped(what: frozenset[str], hollow: bool, deep: bool, node: Node) -> Node:
    """Members whose value is nothing, left out."""
    if isinstance(node, Arr):
        return Arr(tuple(_dropped(what, hollow, deep, item) for item in node.items)) if deep else node
    if not isinstance(node, Obj):
        return node
    pairs = ((name, _dropped(what, hollow, deep, value) if deep else value) for name, value in node.pairs)
    return Obj(tuple(pair for pair in pairs if pair[1] not in what and not (hollow and _is_hollow(pair[1]))))


def dropped(data: Node, optional: Sequence[str]) -> Iterator[Changed]:
    """Known optional members put back in, as nothing."""
    if not isinstance(data, Obj):
        return
    there = {plain(name) for name, _ in data.pairs}
    absent = [f'"{name}"' for name in optional if name not in there]
    for extra in _extras(absent):
        same_nothing = len({nothing for _, nothing in extra}) == 1
        common = same_nothing and len(absent) <= 4 and len(extra) in (1, len(absent))
        yield Changed(("empty-dropped",), partial(_added, extra), common=common)


def _added(extra: tuple[tuple[str, str], ...], node: Node) -> Node:
    return Obj((*node.pairs, *extra)) if isinstance(node, Obj) else node


def _extras(absent: Sequence[str]) -> Iterator[tuple[tuple[str, str], ...]]:
    """Which of the absent members may have been there, and as what."""
    for name in absent:
        yield from (((name, nothing),) for nothing in NOTHING)
    if len(absent) > 1:
        yield from (tuple((name, nothing) for name in absent) for nothing in NOTHING)
    sizes = range(2, len(absent)) if len(absent) <= 4 else (2,) if len(absent) <= 10 else ()
    for size in sizes:
        for names in combinations(absent, size):
            yield from (tuple((name, nothing) for name in names) for nothing in NOTHING)
    if len(absent) <= 3:
        for mixed in product(NOTHING, repeat=len(absent)):
            if len(set(mixed)) > 1:
                yield tuple(zip(absent, mixed, strict=True))
