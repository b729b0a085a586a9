"""The texts that clients sign: `data` put into canonical form from the received text, never from decoded values.

Only the first level is sorted. Three candidate forms cover what real clients sign (see `forms`). Numbers and
literals keep the characters they came in: `1.00` stays `1.00`.
"""

import json
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from json.encoder import encode_basestring
from typing import Any, Final

_TOKEN: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
# a string that never ends is taken whole: trying each of its quotes as a beginning would take hours
_BRACKET: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[{]|[\]}]', re.DOTALL)
_OPEN: Final = frozenset("{[")
_CLOSE: Final = frozenset("}]")

MAX_DEPTH: Final = 100
"""Nothing real nests deeper; what does is refused before a recursive parser sees it."""


def too_deep(text: str) -> bool:
    """Whether brackets nest deeper than `MAX_DEPTH`; `text` need not be JSON."""
    if text.count("{") + text.count("[") <= MAX_DEPTH:
        return False
    depth = 0
    for match in _BRACKET.finditer(text):
        mark = match[0]
        if mark in _OPEN:
            depth += 1
            if depth > MAX_DEPTH:
                return True
        elif mark in _CLOSE:
            depth -= 1
    return False


def tokens(text: str) -> list[str]:
    """The lexemes of a JSON text, white space left out."""
    return _TOKEN.findall(text)


def plain(token: str) -> str:
    """The characters of a string lexeme; another lexeme as it is."""
    if token[:1] != '"':
        return token
    decoded: str = json.loads(token) if "\\" in token else token[1:-1]
    return decoded


def member_text(text: str, name: str) -> str | None:
    """The last member of that name of a JSON object, exactly as it stands in the text."""
    depth, start, found, wanted, last = 0, -1, None, "", ""
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token in _CLOSE:
            depth -= 1
        if depth == 1 and token == ":":
            wanted, start = last, match.end()
        elif (token == "," and depth == 1) or (depth == 0 and token == "}"):
            if start >= 0 and plain(wanted) == name:
                found = text[start : match.start()].strip()
            start = -1
        elif token in _OPEN:
            depth += 1
        last = token
    return found


class Value:
    """A member's value as received: the lexemes it is written with."""

    __slots__ = ("tokens",)

    def __init__(self, tokens: Sequence[str]) -> None:
        self.tokens = tokens

    def lexemes(self) -> str:
        """As on the wire, without the white space outside strings."""
        return "".join(self.tokens)

    def shortest(self) -> str:
        """With every string re-written with the shortest escapes."""
        return "".join(map(shortest, self.tokens))


def shortest(token: str) -> str:
    r"""A lexeme with `\" \\ \b \f \n \r \t` and other controls as `\u00xx`; everything else raw."""
    if token[0] != '"' or "\\" not in token:
        return token
    written: str = encode_basestring(json.loads(token))
    return written


Members = list[tuple[str, str, Value]]
"""(decoded name, name as written, value), in the order received; repeated names stay."""


def members(text: str) -> Members:
    """The members of a JSON object. `text` must be valid JSON whose first token is `{`."""
    return members_of(_TOKEN.findall(text))


def members_of(tokens: Sequence[str]) -> Members:
    """The same from the object's `tokens`."""
    names, values = tokens[1:-1:4], tokens[3:-1:4]
    if len(tokens) == 4 * len(names) + 1 and _OPEN.isdisjoint(values):  # a flat object, as real ones are
        return [(plain(name), name, Value((value,))) for name, value in zip(names, values, strict=True)]
    found: Members = []
    i = 1
    while tokens[i] != "}":
        if tokens[i] == ",":
            i += 1
        name = tokens[i]
        start = i + 2
        i = _end(tokens, start)
        found.append((plain(name), name, Value(tokens[start:i])))
    return found


def _end(tokens: Sequence[str], start: int) -> int:
    """The index behind the value that starts at `start`."""
    if tokens[start] not in _OPEN:
        return start + 1
    depth = 0
    for i in range(start, len(tokens)):
        if tokens[i] in _OPEN:
            depth += 1
        elif tokens[i] in _CLOSE:
            depth -= 1
            if not depth:
                return i + 1
    raise ValueError("not JSON: a bracket is not closed")


def inner(value: Value) -> Members:
    """The members of a value that is an object."""
    return members_of(value.tokens)


def lex(data: Members) -> str:
    """`LEX`: sorted by name, each member exactly as written, no white space outside strings."""
    return "{" + ",".join(f"{raw}:{value.lexemes()}" for _, raw, value in _sorted(data)) + "}"


def p1(data: Members) -> str:
    """`P1`: sorted by name, strings with the shortest escapes and raw UTF-8."""
    return "{" + ",".join(f"{shortest(raw)}:{value.shortest()}" for _, raw, value in _sorted(data)) + "}"


def separators_escaped(text: str) -> str:
    """`P1+ls` of a `P1`: U+2028 and U+2029 as PHP, Go and Java write them."""
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def forms(data: Members, first: str | None = None) -> Iterator[str]:
    """The texts a correct client may have signed, the likeliest first; `first` is the P1 form if it is at hand."""
    plain = p1(data) if first is None else first
    yield plain
    if (escaped := separators_escaped(plain)) != plain:
        yield escaped
    if (as_written := lex(data)) != plain:
        yield as_written


def _sorted(data: Members) -> Members:
    if all(a[0] <= b[0] for a, b in pairwise(data)):
        return data
    return sorted(data, key=lambda member: member[0])


def p1_flat(data: dict[str, str]) -> str:
    """`P1` of a flat object of strings, which needs no lexemes.

    Member by member, so that other threads get their turns with a long one; `json.JSONEncoder`, which makes an encoder
    for every text, took twice as long.
    """
    return "{" + ",".join([f"{encode_basestring(name)}:{encode_basestring(data[name])}" for name in sorted(data)]) + "}"


def dump(data: dict[str, Any]) -> bytes:
    """The one shape of a reply that every real client accepts: flat, sorted, compact, raw UTF-8.

    Honest replies hold texts alone; a fault may ask for a value of another JSON type.
    """
    try:
        return p1_flat(data).encode()
    except TypeError:
        return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
