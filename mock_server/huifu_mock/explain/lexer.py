"""JSON as lexemes: a text taken apart without losing a character, and written again in another layout."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, NamedTuple, TypeAlias

from huifu_mock import canonical

plain: Final = canonical.plain
"""The characters of a string lexeme."""


@dataclass(frozen=True, slots=True, eq=False)
class Obj:
    """An object: (name as written with its quotes, value), in the order received."""

    pairs: tuple[tuple[str, "Node"], ...]

    def get(self, name: str) -> "Node | None":
        """The last value of that name, as most parsers have it."""
        return next((value for raw, value in reversed(self.pairs) if plain(raw) == name), None)

    def without(self, *names: str) -> "Obj":
        return Obj(tuple(pair for pair in self.pairs if plain(pair[0]) not in names))

    @property
    def is_sorted(self) -> bool:
        return all(_name(a) <= _name(b) for a, b in pairwise(self.pairs))

    def sorted(self) -> "Obj":
        """Its own members sorted by name, those inside left alone."""
        return Obj(tuple(sorted(self.pairs, key=_name)))


def _name(pair: tuple[str, "Node"]) -> str:
    return plain(pair[0])


@dataclass(frozen=True, slots=True, eq=False)
class Arr:
    """An array."""

    items: tuple["Node", ...]


Node: TypeAlias = str | Obj | Arr
"""A scalar is its lexeme: `"text"`, `1.00`, `true`."""


def parse(text: str) -> Node:
    """The tree of valid JSON that nests no deeper than `canonical.MAX_DEPTH`."""
    tokens = canonical.tokens(text)
    node, _ = _node(tokens, 0)
    return node


def _node(tokens: list[str], at: int) -> tuple[Node, int]:
    token = tokens[at]
    if token == "{":
        return _object(tokens, at + 1)
    if token == "[":
        return _array(tokens, at + 1)
    return token, at + 1


def _object(tokens: list[str], at: int) -> tuple[Obj, int]:
    pairs: list[tuple[str, Node]] = []
    while tokens[at] != "}":
        if tokens[at] == ",":
            at += 1
        name = tokens[at]
        value, at = _node(tokens, at + 2)
        pairs.append((name, value))
    return Obj(tuple(pairs)), at + 1


def _array(tokens: list[str], at: int) -> tuple[Arr, int]:
    items: list[Node] = []
    while tokens[at] != "]":
        if tokens[at] == ",":
            at += 1
        item, at = _node(tokens, at)
        items.append(item)
    return Arr(tuple(items)), at + 1


def is_string(node: Node) -> bool:
    """Whether a node is a string."""
    return isinstance(node, str) and node[:1] == '"'


def leaves(node: Node) -> Iterable[str]:
    """Every scalar and every name, as lexemes."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, Arr):
        for item in node.items:
            yield from leaves(item)
    else:
        for name, value in node.pairs:
            yield name
            yield from leaves(value)


def mapped(node: Node, change: Callable[[str], str]) -> Node:
    """The same tree with every scalar changed; names stay."""
    if isinstance(node, str):
        return change(node)
    if isinstance(node, Arr):
        return Arr(tuple(mapped(item, change) for item in node.items))
    return Obj(tuple((name, mapped(value, change)) for name, value in node.pairs))


def sorted_deep(node: Node) -> Node:
    """Objects sorted at every level."""
    if isinstance(node, str):
        return node
    if isinstance(node, Arr):
        return Arr(tuple(sorted_deep(item) for item in node.items))
    return Obj(tuple((name, sorted_deep(value)) for name, value in node.sorted().pairs))


class Separators(NamedTuple):
    """What stands between the lexemes; `indent` puts every member on its own line."""

    item: str
    colon: str
    indent: str = ""


COMPACT: Final = Separators(",", ":")


def write(node: Node, escape: Callable[[str], str], between: Separators = COMPACT, level: int = 1) -> str:
    """The text of a tree; `escape` re-writes each lexeme."""
    if isinstance(node, str):
        return escape(node)
    if isinstance(node, Arr):
        parts = [write(item, escape, between, level + 1) for item in node.items]
        return _wrapped("[", parts, "]", between, level)
    colon = between.colon
    parts = [
        # most values are scalars, and this runs for every text that is tried
        escape(name) + colon + (escape(value) if type(value) is str else write(value, escape, between, level + 1))
        for name, value in node.pairs
    ]
    return _wrapped("{", parts, "}", between, level)


def _wrapped(first: str, parts: list[str], last: str, between: Separators, level: int) -> str:
    if not between.indent:
        return first + between.item.join(parts) + last
    if not parts:
        return first + last
    inner, outer = "\n" + between.indent * level, "\n" + between.indent * (level - 1)
    return first + inner + (between.item.rstrip() + inner).join(parts) + outer + last


_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Received:
    """What a signature could have been made over, as it came."""

    envelope: Obj
    data: Node
    """The tree of `data`; of what is in the string, if it was sent as a string that holds JSON."""
    data_text: str
    """`data` exactly as on the wire; if it was sent as a string, that string's characters."""
    sign: Any
    """The value of `sign`, `None` if it is missing."""
    wrong: tuple[str, ...] = ()
    """The mistakes that can be seen without opening the signature."""

    @property
    def as_string(self) -> bool:
        return "data-as-string" in self.wrong

    @property
    def expected(self) -> str:
        """What should have been signed: the first level sorted, compact, raw UTF-8."""
        root = self.data.sorted() if isinstance(self.data, Obj) else self.data
        return write(root, canonical.shortest)


def receive(body: bytes, name: str = "data") -> Received | None:
    """The parts of a request or reply; `None` if it is no JSON object that has a member of that name."""
    wrong: list[str] = []
    if body.startswith(_BOM):
        body = body[len(_BOM) :]
        wrong.append("bom")
    text = _decoded(body, wrong)
    if text is None or not _is_object(text):
        return None
    envelope = parse(text)
    assert isinstance(envelope, Obj)
    data = envelope.get(name)
    if data is None or data == "null":
        return None
    data_text = canonical.member_text(text, name) or ""
    if isinstance(data, str) and data[:1] == '"':
        wrong.append("data-as-string")
        data_text = canonical.plain(data)
        if _is_object(data_text):
            data = parse(data_text)
    read = Received(envelope, data, data_text, _value(envelope.get("sign")), tuple(wrong))
    # half of a surrogate pair is no character: such a text cannot have been signed, nor shown
    texts = (text, data_text, write(envelope, canonical.shortest), read.expected)
    return read if all(map(_encodable, texts)) else None


def _decoded(body: bytes, wrong: list[str]) -> str | None:
    try:
        return body.decode()
    except UnicodeDecodeError:
        pass
    try:
        text = body.decode("gb18030")
    except UnicodeDecodeError:
        return None
    wrong.append("charset-gbk")
    return text


def _is_object(text: str) -> bool:
    if canonical.too_deep(text):
        return False
    try:
        return isinstance(json.loads(text, parse_int=float, parse_constant=_refused), dict)
    except ValueError:
        return False


def _refused(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _value(sign: Node | None) -> Any:
    if sign is None or sign == "null":
        return None
    return canonical.plain(sign) if isinstance(sign, str) and sign[:1] == '"' else False
