"""Which members were signed, and in which order: `data` alone, the whole envelope, `k=v&k=v`."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import permutations, product
from urllib.parse import quote, quote_plus

from huifu_mock import canonical
from huifu_mock.explain.escapes import literal
from huifu_mock.explain.received import Received
from huifu_mock.explain.tree import Node, Obj, plain, sorted_deep, write

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
