"""How clients change values between signing and sending: members left out, numbers rewritten, quotes added."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import partial
from itertools import combinations, product
from typing import Final

from huifu_mock.explain.layout import Change
from huifu_mock.explain.lexer import Arr, Node, Obj, leaves, mapped, plain

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


IDS: Final = ("number-reformatted",)

_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_LONGEST: Final = 40


def _is_number(text: str) -> bool:
    return len(text) <= _LONGEST and _NUMBER.fullmatch(text) is not None


def _python(text: str) -> str:
    return repr(float(text)) if re.search("[.eE]", text) else text


def _shortest(text: str) -> str:
    """As PHP, JavaScript and Go write it: no zeros at the end, no point."""
    value = float(text)
    if value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    return repr(value)


def _fixed(text: str) -> str:
    """Two digits behind the point, as amounts are written."""
    try:
        return f"{Decimal(text):.2f}" if abs(Decimal(text)) < 10**20 else text
    except InvalidOperation:
        return text


def _java(text: str) -> str:
    """`1.0E25`, as Java writes a large double."""
    return repr(float(text)).replace("e+", "E").replace("e", "E") if re.search("[.eE]", text) else text


WRITINGS: Final[tuple[Callable[[str], str], ...]] = (_python, _shortest, _fixed, _java)


def _rewritten(writing: Callable[[str], str], token: str) -> str:
    return writing(token) if token[0] != '"' and _is_number(token) else token


def _amounts(writing: Callable[[str], str], token: str) -> str:
    """The same for a number with a point that stands in a string, such as an amount."""
    if token[0] == '"' and "." in token and _is_number(text := plain(token)):
        return f'"{writing(text)}"'
    return token


def _quoted(writing: Callable[[str], str], token: str) -> str:
    return f'"{writing(token)}"' if token[0] != '"' and _is_number(token) else token


def _as_it_is(text: str) -> str:
    return text


def _bare(token: str) -> str:
    return text if token[0] == '"' and _is_number(text := plain(token)) else token


def _floated(token: str) -> str:
    return repr(float(token)) if token[0] != '"' and _is_number(token) else token


def _only(name: str, change: Callable[[str], str], node: Node) -> Node:
    """The change for one member alone."""
    if not isinstance(node, Obj):
        return node
    return Obj(tuple((raw, mapped(value, change) if raw == name else value) for raw, value in node.pairs))


def changes(data: Node) -> list[Changed]:
    """What may have become of the numbers in `data`: of all of them, then of each alone."""
    tokens = list(leaves(data))
    found: list[Callable[[str], str]] = []
    if any(token[0] != '"' and _is_number(token) for token in tokens):
        found += [partial(_rewritten, writing) for writing in WRITINGS]
        found += [partial(_quoted, writing) for writing in (_as_it_is, *WRITINGS)]
        found.append(_floated)
    if any(token[0] == '"' and "." in token and _is_number(plain(token)) for token in tokens):
        found += [partial(_amounts, writing) for writing in WRITINGS]
    found.append(_bare)
    everywhere = [Changed(IDS, partial(_mapped, change), i < 3) for i, change in enumerate(found)]
    if not isinstance(data, Obj) or len(data.pairs) > 12:
        return everywhere
    alone = [
        Changed(IDS, partial(_only, name, change))
        for change in found
        for name, value in data.pairs
        if isinstance(value, str) and change(value) != value
    ]
    return everywhere + alone


def _mapped(change: Callable[[str], str], node: Node) -> Node:
    return mapped(node, change)
