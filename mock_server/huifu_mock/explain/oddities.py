"""Signed texts that have no id of their own, but that a remark can tell."""

import base64
import hashlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final
from urllib.parse import quote, quote_plus

from huifu_mock import canonical
from huifu_mock.explain.received import Received
from huifu_mock.explain.tree import Obj, is_string, plain, write


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
