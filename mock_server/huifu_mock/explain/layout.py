r"""How clients write the strings inside JSON: each option re-writes one lexeme, and knows which mistake it is.

Only what would change something is offered: without `/` in the data nobody can have written `\/`.
"""

import html
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import permutations, product
from json.encoder import encode_basestring
from typing import Final
from urllib.parse import quote, quote_plus

from huifu_mock import canonical
from huifu_mock.explain.lexer import Node, Obj, Received, leaves, plain, sorted_deep, write

Escape = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Escaping:
    """One manner of writing lexemes, and the mistakes that it amounts to."""

    mistakes: tuple[str, ...]
    write: Escape
    common: bool = False


def _unicode(letters: str, character: str) -> str:
    units = character.encode("utf-16-be")
    return "".join(f"\\u{int.from_bytes(units[i : i + 2], 'big'):{letters}}" for i in range(0, len(units), 2))


class _Table(dict[int, str]):
    """A table for `str.translate` that escapes what is in it, and everything beyond ASCII if asked to."""

    def __init__(self, rows: dict[int, str], beyond: str, marks: str) -> None:
        super().__init__(rows)
        self.beyond, self.marks = beyond, marks

    def __missing__(self, code: int) -> str:
        raw = code < 0x7F or not self.beyond
        self[code] = written = chr(code) if raw else _unicode(self.beyond, chr(code))
        return written


_SLASH: Final = {ord("/"): "\\/"}
_HTML: Final[tuple[tuple[str, str], ...]] = (
    # the characters and the letters of the hexadecimal digits
    ("<>&", "04x"),  # Go
    ("<>&='", "04x"),  # Gson
    ("<>&'", "04X"),  # PHP's JSON_HEX_TAG | JSON_HEX_AMP | JSON_HEX_APOS
    ("<>&'+`", "04X"),  # System.Text.Json
    ("<>&", "04X"),
)


def _tables(found: set[str]) -> Iterator[tuple[tuple[str, ...], _Table]]:
    beyond = ("", "04x", "04X") if any(ord(c) >= 0x7F for c in found) else ("",)
    slashes = ({}, _SLASH) if "/" in found else ({},)
    marks: list[tuple[str, str]] = [("", "")]
    for characters, letters in _HTML:
        relevant = "".join(c for c in characters if c in found)
        if relevant and (relevant, letters) not in marks:
            marks.append((relevant, letters))
    for (characters, html_letters), slash, letters in product(marks, slashes, beyond):
        rows = {**slash, **{ord(c): _unicode(html_letters, c) for c in characters}}
        mistakes = (
            *(["unicode-escaped"] if letters else []),
            *(["slash-escaped"] if slash else []),
            *(["html-escaped"] if characters else []),
        )
        yield mistakes, _Table(rows, letters, html_letters)


def _translated(table: _Table, token: str) -> str:
    return canonical.shortest(token).translate(table)


def _entities(change: Callable[[str], str], token: str) -> str:
    return encode_basestring(change(canonical.plain(token))) if token[0] == '"' else token


ENTITIES: Final[tuple[Callable[[str], str], ...]] = (
    partial(html.escape, quote=False),
    html.escape,
    lambda text: html.escape(text).replace("&#x27;", "&#039;"),  # PHP's htmlspecialchars
    lambda text: html.escape(text).replace("&#x27;", "&#39;").replace("&quot;", "&#34;"),  # Go's html package
    lambda text: html.escape(text).replace("&#x27;", "&#39;"),
    lambda text: html.escape(text, quote=False).replace('"', "&quot;"),
)


def escapings(node: Node) -> list[Escaping]:
    """The manners that would write this tree differently, the right ones first."""
    tokens = set(leaves(node))
    found = {character for token in tokens for character in canonical.shortest(token)}
    options = [Escaping((), _kept(canonical.shortest), common=True)]
    if found & {"\u2028", "\u2029"}:
        options.append(Escaping((), lambda token: canonical.separators_escaped(canonical.shortest(token))))
    if any("\\" in token for token in tokens):
        options.append(Escaping((), _same))  # as on the wire
    options += _escaped(found)
    if found & set("<>&'") or any('\\"' in token for token in tokens):
        options.extend(Escaping(("html-entities",), _kept(partial(_entities, change))) for change in ENTITIES)
    if "&" in found and ";" in found:
        options.append(Escaping(("html-entities",), _kept(partial(_entities, html.unescape))))
    return sorted(options, key=lambda option: len(option.mistakes))


def _escaped(found: set[str]) -> Iterator[Escaping]:
    for mistakes, table in list(_tables(found))[1:]:
        # `04x` is what most libraries write
        common = len(mistakes) <= 2 and not any("04X" in letters for letters in (table.beyond, table.marks))
        yield Escaping(mistakes, _kept(partial(_translated, table)), common)


def _kept(escape: Escape) -> Escape:
    """The same, each lexeme written once."""
    return _Written(escape).__getitem__


class _Written(dict[str, str]):
    """Lexemes and what becomes of them."""

    def __init__(self, escape: Escape) -> None:
        super().__init__()
        self._escape = escape

    def __missing__(self, token: str) -> str:
        self[token] = written = self._escape(token)
        return written


def _same(token: str) -> str:
    return token


def literal(text: str) -> str:
    """A text as a JSON string."""
    return json.dumps(text, ensure_ascii=False)


Change = Callable[[Node], Node]


@dataclass(frozen=True, slots=True)
class Query:
    """Not JSON: `k=v` joined by `&`."""

    root: Obj
    quote: Callable[[str], str] = str


Root = Node | Query


@dataclass(frozen=True, slots=True)
class Arrangement:
    """How `data`, as the other steps have changed it, is put into the text that is signed."""

    mistakes: tuple[str, ...]
    build: Callable[[Node], Root]
    common: bool = False
    """Likely enough to be tried together with another mistake."""


def arrangements(received: Received, names: Sequence[str]) -> list[Arrangement]:
    """Every arrangement of this request, the right one first; `names` is the order of the specification's table."""
    if not isinstance(received.data, Obj):
        return [Arrangement((), same), *_envelopes(received)]
    return [
        Arrangement((), in_order, common=True),
        Arrangement(("unsorted",), same, common=True),
        *([Arrangement(("sorted-deep",), sorted_deep, common=True)] if _is_nested(received.data) else []),
        *_envelopes(received),
        *_queries(received),
        Arrangement(("unsorted",), partial(_by_table, names)),
        Arrangement(("unsorted",), _backwards),
    ]


def same(node: Node) -> Node:
    """As sent."""
    return node


def in_order(node: Node) -> Node:
    """The first level sorted by name."""
    return node.sorted() if isinstance(node, Obj) else node


def _backwards(node: Node) -> Node:
    return Obj(node.sorted().pairs[::-1]) if isinstance(node, Obj) else node


def _by_table(names: Sequence[str], node: Node) -> Node:
    if not isinstance(node, Obj):
        return node
    place = {name: i for i, name in enumerate(names)}
    return Obj(tuple(sorted(node.pairs, key=lambda pair: place.get(plain(pair[0]), len(place)))))


def _is_nested(data: Obj) -> bool:
    return not all(isinstance(value, str) for _, value in data.pairs)


def _envelopes(received: Received) -> Iterator[Arrangement]:
    """The envelope in any order, `data` in any order, with `sign` empty or left out."""
    ids = ("envelope-signed",)
    bare = received.envelope.without("sign")
    for head, order in ((bare, same), (bare, in_order), (bare.sorted(), in_order), (bare.sorted(), sorted_deep)):
        yield Arrangement(ids, partial(_enveloped, head, order), common=True)
    heads: list[Obj] = []
    if received.envelope.get("sign") is not None:
        emptied = [(name, '""' if plain(name) == "sign" else value) for name, value in received.envelope.pairs]
        heads.append(Obj(tuple(emptied)))
    if len(bare.pairs) <= 3:
        heads += [Obj(pairs) for pairs in permutations(bare.pairs)]
    for head, order in product(heads, (same, in_order)):
        yield Arrangement(ids, partial(_enveloped, head, order))
    # `data` as a string, as in version 1 of the protocol
    for head, order in product((bare, bare.sorted()), (same, in_order)):
        yield Arrangement(("envelope-signed", "data-as-string"), partial(_stringed, head, order))


def _enveloped(head: Obj, order: Change, data: Node) -> Obj:
    return Obj(tuple((name, order(data) if plain(name) == "data" else value) for name, value in head.pairs))


def _stringed(head: Obj, order: Change, data: Node) -> Obj:
    text = literal(write(order(data), canonical.shortest))
    return Obj(tuple((name, text if plain(name) == "data" else value) for name, value in head.pairs))


def _queries(received: Received) -> Iterator[Arrangement]:
    """`data`, the envelope, or both merged, as a query string."""
    bare = received.envelope.without("sign")
    ids = ("query-string",)
    for order in (in_order, same):
        yield Arrangement(ids, partial(_flat, order, str), common=True)
    quotes: tuple[Callable[[str], str], ...] = (str, quote_plus, partial(quote, safe=""))
    for order, quoting in product((in_order, same), quotes):
        yield Arrangement(ids, partial(_flat, order, quoting))
        yield Arrangement(ids, partial(_whole, bare, order, quoting))
        yield Arrangement(ids, partial(_merged, bare, order, quoting))


def _object(node: Node) -> Obj:
    return node if isinstance(node, Obj) else Obj(())


def _flat(order: Change, quoting: Callable[[str], str], data: Node) -> Query:
    return Query(_object(order(data)), quoting)


def _whole(bare: Obj, order: Change, quoting: Callable[[str], str], data: Node) -> Query:
    return Query(_enveloped(bare, order, data).sorted(), quoting)


def _merged(bare: Obj, order: Change, quoting: Callable[[str], str], data: Node) -> Query:
    pairs = (*bare.without("data").pairs, *_object(data).pairs)
    return Query(_object(order(Obj(pairs))), quoting)
