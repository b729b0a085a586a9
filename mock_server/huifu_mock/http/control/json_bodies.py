"""Bodies of the control API: how much they may hold; long ones are read and written with turns for everybody else."""

import json
import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

from huifu_mock.gateway.mock import Refused
from huifu_mock.http.control.route import Route, unhurried
from huifu_mock.json_limits import PatientDecoder
from huifu_mock.schemas import Problem

SHORT: Final = 64 * 1024
"""A body up to here is read in one go: that takes a few milliseconds."""
FEW: Final = 200
"""A list of so many items is written in one go."""

Run = Callable[[Callable[[], Any]], Awaitable[Any]]
"""Does something in a thread."""


async def read(route: Route, body: bytes, in_a_thread: Run) -> Any:
    """The JSON value of a body. Raises `Refused` with 422 for what is no JSON, or holds too much for its route."""
    if body.count(b",") >= route.values:
        said = f"holds more than {route.values:,} values (commas are counted)"
        raise Refused(422, Problem("the body", said, "send it in parts"))
    try:
        return _at_once(body) if len(body) <= SHORT else await in_a_thread(partial(_in_turns, body))
    except (ValueError, RecursionError) as error:
        raise Refused(422, not_json(body, error, f"see schemas/{route.body}.json")) from error


_BARE_NAME: Final = re.compile(rb"[{,]\s*['A-Za-z_]")
"""A name that does not begin with a double quote."""


def not_json(body: bytes, error: Exception, wanted: str) -> Problem:
    """What is wrong with a text that is no JSON: from where on, and near what."""
    if not isinstance(error, json.JSONDecodeError):
        return Problem("the body", f"is not JSON: {error}", wanted)
    near = error.doc[max(error.pos - 15, 0) : error.pos + 15]
    if body.lstrip()[:1] == b"'" or _BARE_NAME.search(body[:200]):
        # cmd and older PowerShells take the quotes away that a shell of Unix would pass on
        wanted = r'names and texts stand in double quotes; in cmd of Windows write -d "{\"name\": \"text\"}"; ' + wanted
    return Problem("the body", f"is not JSON from position {error.pos} on, near {near!r}", wanted)


def _at_once(body: bytes) -> Any:
    parsed = json.loads(body)
    if b"\\u" in body:
        json.dumps(parsed, ensure_ascii=False).encode()  # half of a surrogate pair is no character
    return parsed


def _in_turns(body: bytes) -> Any:
    text = body.decode(json.detect_encoding(body))
    return PatientDecoder(str.encode, object_pairs_hook=_members).decode(text)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    for name, _ in pairs:
        name.encode()  # as each value is: half of a surrogate pair is no character
    return dict(pairs)


LEVELS: Final = 2
"""How deep a long list may lie: `items`, or a capsule's `tenant.orders`."""


async def written(value: Any) -> bytes:
    """A value as JSON text; a long list is written item by item."""
    parts: list[bytes] = []
    await _write(value, parts, LEVELS)
    return b"".join(parts)


async def _write(value: Any, parts: list[bytes], levels: int) -> None:
    if isinstance(value, list) and len(value) > FEW:
        before = b"["
        async for item in unhurried(value):
            parts += (before, _text(item))
            before = b", "
        parts.append(b"]" if value else b"[]")
    elif isinstance(value, dict) and value and levels:
        before = b"{"
        for name, one in value.items():
            parts += (before, _text(name), b": ")
            await _write(one, parts, levels - 1)
            before = b", "
        parts.append(b"}")
    else:
        parts.append(_text(value))


def _text(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode(errors="replace")
