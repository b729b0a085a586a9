"""The search for the text that a client signed: combinations of layout, values and character sets."""

import base64
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import combinations, permutations, product
from typing import Final, Protocol
from urllib.parse import quote, quote_plus

from huifu_mock import canonical
from huifu_mock.explain import values
from huifu_mock.explain.budget import Budget, Spent
from huifu_mock.explain.layout import (
    ENTITIES,
    Arrangement,
    Escaping,
    Query,
    Root,
    arrangements,
    escapings,
    literal,
    same,
)
from huifu_mock.explain.lexer import COMPACT, Obj, Received, Separators, is_string, leaves, plain, write
from huifu_mock.explain.values import Changed


def oddities(received: Received) -> Iterator[tuple[str, str]]:
    """(text, id of the remark in `advice.NOTES`)."""
    for text in ("", "null", "undefined", "[object Object]", "Array", "None", "{}", "[]"):
        yield text, "signed-nothing"
    right = received.expected
    for note, change in _CHANGES:
        yield change(right), note
    if isinstance(received.data, Obj):
        yield from _of_members(received.data)


def _of_members(data: Obj) -> Iterator[tuple[str, str]]:
    root = data.sorted()
    for i in range(min(len(root.pairs), 12)):
        rest = Obj(root.pairs[:i] + root.pairs[i + 1 :])
        yield write(rest, canonical.shortest), "member-added"
    for order in (data, root):
        pairs = [(plain(name), _characters(value)) for name, value in order.pairs]
        yield str(dict(pairs)), "map-printed"
        yield "{" + ", ".join(f"{name}={value}" for name, value in pairs) + "}", "map-printed"
    yield "".join(_characters(value) for _, value in root.pairs), "values-joined"


def _characters(value: object) -> str:
    if isinstance(value, str) and is_string(value):
        return plain(value)
    return write(value, canonical.shortest)  # type: ignore[arg-type] # a value of a pair is a node


def _hexed(name: str, upper: bool, text: str) -> str:
    digest = hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()
    return digest.upper() if upper else digest


_CHANGES: Final[tuple[tuple[str, Callable[[str], str]], ...]] = (
    ("hashed-twice", partial(_hexed, "sha256", False)),
    ("hashed-twice", partial(_hexed, "sha256", True)),
    ("hashed-twice", partial(_hexed, "md5", False)),
    ("hashed-twice", partial(_hexed, "md5", True)),
    ("base64-signed", lambda text: base64.b64encode(text.encode()).decode()),
    ("url-encoded", partial(quote, safe="")),
    ("url-encoded", quote_plus),
    ("braces-missing", lambda text: text[1:-1]),
)


class Option(Protocol):
    """One way to do one step: the mistakes that it is, and whether it is likely enough to be tried with another."""

    @property
    def mistakes(self) -> tuple[str, ...]: ...

    @property
    def common(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Between:
    """White space between lexemes."""

    mistakes: tuple[str, ...]
    separators: Separators
    common: bool = False


@dataclass(frozen=True, slots=True)
class Around:
    """What is done to the finished text."""

    mistakes: tuple[str, ...]
    do: Callable[[str], str]
    common: bool = False


@dataclass(frozen=True, slots=True)
class Charset:
    """How characters become bytes."""

    mistakes: tuple[str, ...]
    name: str
    common: bool = True


# fmt: off
BETWEEN: Final[tuple[Between, ...]] = (
    Between((), COMPACT, common=True),
    Between(("spaces",), Separators(", ", ": "), common=True),           # Python's json.dumps
    Between(("spaces",), Separators(",", ": ", "    "), common=True),    # PHP's JSON_PRETTY_PRINT
    Between(("spaces",), Separators(",", ": ", "  "), common=True),      # .NET, Node with 2
    Between(("spaces",), Separators(",", ": ")),
    Between(("spaces",), Separators(", ", ":")),
    Between(("spaces",), Separators(",", " : ", "  ")),                  # Jackson's pretty printer
    Between(("spaces",), Separators(",", ": ", "\t")),
)
AROUND: Final[tuple[Around, ...]] = (
    Around((), str, common=True),
    Around(("trailing-newline",), lambda text: text + "\n", common=True),
    Around(("bom",), lambda text: "\ufeff" + text, common=True),
    Around(("trailing-newline",), lambda text: text + "\r\n", common=True),
    Around(("data-as-string",), literal),
    Around(("data-as-string",), lambda text: literal(text).replace("/", "\\/")),
    Around(("spaces",), lambda text: text + " "),
    *(Around(("html-entities",), change) for change in ENTITIES),
)
CHARSETS: Final[tuple[Charset, ...]] = (
    Charset((), "utf-8"),
    Charset(("charset-gbk",), "gb18030"),
)
# fmt: on

Choice = tuple[int, int, int, int, int, int, int]
"""One option for each step, in the order arrangement, members, numbers, escapes, between, around, charset."""

RIGHT: Final[Choice] = (0, 0, 0, 0, 0, 0, 0)

SEARCHABLE: Final = 64 * 1024
"""Longer texts are not searched: writing one anew takes longer than the whole search of a usual one."""


@dataclass(frozen=True, slots=True)
class Match:
    """The text that was signed."""

    text: str
    mistakes: tuple[str, ...]
    note: str = ""


class Search:
    """The candidates of one request. Parts that were written once are not written again."""

    def __init__(
        self,
        received: Received,
        names: Sequence[str],
        optional: Sequence[str],
        is_signed: Callable[[bytes], bool],
        budget: Budget,
    ) -> None:
        self._received, self._names, self._optional = received, names, optional
        self._is_signed = is_signed
        self._tried: set[bytes] = set()
        self._budget = budget
        self._lexemes = sum(1 for _ in leaves(received.envelope))
        self.left_out = ""
        """The id of the remark that says why not everything was tried."""
        self._roots: dict[tuple[int, int, int], Root] = {}
        self._texts: dict[tuple[int, ...], str] = {}

    def found(self) -> Match | None:
        """The simplest text that was signed, `None` if it is not among the candidates."""
        if len(self._received.data_text) > SEARCHABLE:
            self.left_out = "too-long"
            return None
        try:
            return self._as_string() or self._searched()
        except Spent:
            self.left_out = "unfinished"
            return None

    def _searched(self) -> Match | None:
        return (
            self._first(self._one_step())
            or self._first(self._classics())
            or self._as_sent()
            or self._first(self._two_steps())
            or self._permuted()
            or self._first(self._core())
            or self._odd()
        )

    # --- the options of each step ------------------------------------------------------------------------------

    @cached_property
    def _arrangements(self) -> list[Arrangement]:
        return arrangements(self._received, self._names)

    @cached_property
    def _members(self) -> list[Changed]:
        data = self._received.data
        return [_UNCHANGED, *values.kept(data), *values.dropped(data, self._optional)]

    @cached_property
    def _numbers(self) -> list[Changed]:
        return [_UNCHANGED, *values.changes(self._received.data)]

    @cached_property
    def _escapes(self) -> list[Escaping]:
        return escapings(self._received.data if self._received.as_string else self._received.envelope.without("sign"))

    @cached_property
    def _charsets(self) -> tuple[Charset, ...]:
        return CHARSETS[:1] if self._received.data_text.isascii() and len(self._escapes) == 1 else CHARSETS

    @cached_property
    def _steps(self) -> tuple[Sequence[Option], ...]:
        return (
            self._arrangements,
            self._members,
            self._numbers,
            self._escapes,
            BETWEEN,
            AROUND,
            self._charsets,
        )

    # --- which are tried, and in which order ---------------------------------------------------------------------

    def _one_step(self) -> Iterator[Choice]:
        yield RIGHT
        for step, options in enumerate(self._steps):
            for option in range(1, len(options)):
                yield _with(RIGHT, step, option)

    def _classics(self) -> Iterator[Choice]:
        """`json.dumps(body)`, `json_encode($data)`: an arrangement, escapes and white space by default."""
        arranged = [i for i, option in enumerate(self._arrangements) if option.common][:6]
        escaped = [i for i, option in enumerate(self._escapes) if option.common][:6]
        yield from ((i, 0, 0, escape, 1, 0, 0) for i, escape in product(arranged, escaped))
        yield from ((i, 0, 0, escape, 0, 0, 0) for i, escape in product(arranged, escaped))
        yield from ((0, 0, 0, escape, 0, 1, 0) for escape in escaped)

    def _two_steps(self) -> Iterator[Choice]:
        common = [[i for i, option in enumerate(options) if i and option.common] for options in self._steps]
        for one, two in combinations(range(len(common)), 2):
            for first, second in product(common[one], common[two]):
                yield _with(_with(RIGHT, one, first), two, second)

    def _core(self) -> Iterator[Choice]:
        """Several steps at once."""
        arranged = [i for i, option in enumerate(self._arrangements) if option.common][:5]
        escaped = [i for i, option in enumerate(self._escapes) if option.common][:6]
        emptied = [0, *[i for i, option in enumerate(self._members) if i and option.common][:1]]
        rows = product(arranged, emptied, escaped, range(2), range(2), range(len(self._charsets)))
        for arrangement, member, escape, between, around, charset in rows:
            yield arrangement, member, 0, escape, between, around, charset

    def _as_string(self) -> Match | None:
        """The string itself, if `data` was sent as one."""
        return self._as_sent() if self._received.as_string else None

    def _as_sent(self) -> Match | None:
        """`data` exactly as on the wire, white space and all."""
        data, text = self._received.data, self._received.data_text
        mistakes: list[str] = []
        if isinstance(data, Obj) and not self._received.as_string:
            compact = write(data, _same)
            mistakes = [
                *(["unsorted"] if write(data.sorted(), _same) != compact else []),
                *(["spaces"] if text != compact else []),
            ]
        for around, charset in product(AROUND[:4], self._charsets):
            if self._fits(around.do(text).encode(charset.name, "replace")):
                return Match(around.do(text), (*mistakes, *around.mistakes, *charset.mistakes))
        return None

    def _permuted(self) -> Match | None:
        """Any other order of the members, as long as there are few."""
        data, is_signed = self._received.data, self._is_signed
        # who sends its members unsorted has usually signed that order: then fewer are tried
        if not isinstance(data, Obj) or not 1 < len(data.pairs) <= (6 if data.is_sorted else 5):
            return None
        written = [
            canonical.shortest(name) + ":" + write(value, canonical.shortest) for name, value in data.sorted().pairs
        ]
        for order in permutations(written):
            self._budget.write(len(order))
            text = "{" + ",".join(order) + "}"
            if is_signed(text.encode()):
                return Match(text, ("unsorted",))
        return None

    def _odd(self) -> Match | None:
        for text, note in oddities(self._received):
            if self._fits(text.encode()):
                return Match(text, ("unknown",), note)
        return None

    # --- one text ----------------------------------------------------------------------------------------------

    def _first(self, choices: Iterator[Choice]) -> Match | None:
        charsets = self._charsets
        for choice in choices:
            text = self._text(choice)
            if choice[5]:
                text = AROUND[choice[5]].do(text)
            if self._fits(text.encode(charsets[choice[6]].name, "replace")):
                chosen = (options[i] for options, i in zip(self._steps, choice, strict=True))
                return Match(text, tuple(id_ for option in chosen for id_ in option.mistakes))
        return None

    def _fits(self, text: bytes) -> bool:
        if text in self._tried:
            return False
        self._tried.add(text)
        self._budget.hash(len(text))
        return self._is_signed(text)

    def _text(self, choice: Choice) -> str:
        key = choice[:5]
        if (text := self._texts.get(key)) is None:
            self._budget.write(self._lexemes)
            escape = self._escapes[choice[3]].write
            between = BETWEEN[choice[4]].separators
            text = self._texts[key] = _written(self._root(choice), escape, between)
        return text

    def _root(self, choice: Choice) -> Root:
        arrangement, member, number = key = choice[:3]
        if (root := self._roots.get(key)) is None:
            data = self._numbers[number].do(self._members[member].do(self._received.data))
            root = self._roots[key] = self._arrangements[arrangement].build(data)
        return root


_UNCHANGED: Final = Changed((), same, common=True)


def _same(token: str) -> str:
    return token


def _with(choice: Choice, step: int, option: int) -> Choice:
    changed = list(choice)
    changed[step] = option
    return tuple(changed)  # type: ignore[return-value] # as long as before


def _written(root: Root, escape: Callable[[str], str], between: Separators) -> str:
    if not isinstance(root, Query):
        return write(root, escape, between)
    pairs = ((plain(name), _bare(write(value, escape, between))) for name, value in root.root.pairs)
    return "&".join(f"{name}={root.quote(value)}" for name, value in pairs)


def _bare(text: str) -> str:
    return plain(text) if text[:1] == '"' else text
