"""How numbers change on their way through a client: `1.00` becomes `1.0`, a text of digits a number."""

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Final

from huifu_mock.explain.members import Changed
from huifu_mock.explain.tree import Node, Obj, leaves, mapped, plain

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
