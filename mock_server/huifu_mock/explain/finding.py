"""From a signature that does not verify to the mistakes that made it so."""

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from huifu_mock import canonical
from huifu_mock.explain.advice import ADVICE
from huifu_mock.explain.candidates import Search
from huifu_mock.explain.encodings import SIZES, Decoded, decode
from huifu_mock.explain.received import Received, receive
from huifu_mock.explain.recovered import Key, open_signature
from huifu_mock.explain.tree import write
from huifu_mock.journal import Finding

MISTAKES: Final = tuple(ADVICE)
"""Every id, in the order in which several are told."""

_RANK: Final = {id_: rank for rank, id_ in enumerate(MISTAKES)}
_WHOSE: Final = {"own": "", "huifu": "huifu-key", "other": "other-tenant-key", "foreign": "foreign-key"}


class Earlier(NamedTuple):
    """A request that came before: its name, for instance the journal's id, and its body."""

    id: str
    body: bytes


def find(
    received: Received,
    keys: Sequence[Key],
    *,
    sign_type: str = "",
    names: Sequence[str] = (),
    optional: Sequence[str] = (),
    earlier: Iterable[Earlier] = (),
) -> Finding:
    """Every mistake of a signature; `names` and `optional` are the members of `data` that the endpoint knows."""
    decoded = decode(received.sign, sign_type)
    if decoded.raw is None:
        return _finding(received, decoded)
    opened = open_signature(decoded.raw, keys)
    match = Search(received, names, optional, opened.is_of).found() if opened is not None else None
    if opened is None or (match is None and not opened.certain):
        return _by_somebody_else(received, decoded, earlier)
    made = [opened.algorithm.mistake if opened.algorithm else "unknown", "pss" if opened.pss else ""]
    notes = [decoded.note, "hash-unlisted" if opened.algorithm and opened.algorithm.mistake == "unknown" else ""]
    if opened.algorithm is None:
        notes.append("no-digest-info")
    found = _finding(received, decoded, [*made, _WHOSE[opened.whose]], notes)
    algorithm = opened.algorithm.name if opened.algorithm else ""
    if match is not None:
        mistakes, notes = [*found.mistakes, *match.mistakes], [*found.notes, match.note]
        return Finding(_ranked(mistakes), match.text, _kept(notes), algorithm, opened.whose)
    stale = _stale(received, earlier)
    last = "stale-signature" if stale else "unknown"
    text = None
    if opened.payload and opened.payload.isascii() and len(opened.payload) > 64:
        text = opened.payload.decode()
    return Finding(_ranked([*found.mistakes, last]), text, found.notes, algorithm, opened.whose, stale)


def _by_somebody_else(received: Received, decoded: Decoded, earlier: Iterable[Earlier]) -> Finding:
    """No key that is known opens it."""
    if stale := _stale(received, earlier):
        return _replaced(_finding(received, decoded, ["stale-signature"]), stale)
    assert decoded.raw is not None
    guess = "foreign-key" if len(decoded.raw) in SIZES else "unknown"
    return _finding(received, decoded, [guess])


def _replaced(found: Finding, earlier: str) -> Finding:
    return Finding(found.mistakes, found.signed_text, found.notes, earlier=earlier)


def _finding(
    received: Received, decoded: Decoded, more: Iterable[str] = (), notes: Iterable[str] | None = None
) -> Finding:
    mistakes = [*received.wrong, *decoded.mistakes, *more]
    return Finding(_ranked(mistakes), notes=_kept([decoded.note] if notes is None else notes))


def _ranked(mistakes: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({id_ for id_ in mistakes if id_}, key=_RANK.__getitem__))


def _kept(notes: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(note for note in notes if note))


def _stale(received: Received, earlier: Iterable[Earlier]) -> str:
    """The id of an earlier request that carries the same signature for other data."""
    sign = received.sign
    if not isinstance(sign, str):
        return ""
    # JSON may write `/` and `+` of Base64 in other ways, letters and digits never
    part = max(re.findall("[0-9A-Za-z]+", sign), key=len, default="").encode()
    if len(part) < 12:
        return ""
    text = received.expected
    for id_, body in earlier:
        if part in body and (before := receive(body)) is not None and before.sign == sign and before.expected != text:
            return id_
    return ""


def verified_text(received: Received, keys: Sequence[Key]) -> str | None:
    """The form of `data` that the signature verifies for, if one does: what a correct client signs."""
    decoded = decode(received.sign)
    if decoded.raw is None or decoded.mistakes:
        return None
    opened = open_signature(decoded.raw, keys[:1])
    if opened is None or opened.pss or opened.algorithm is None or opened.algorithm.mistake:
        return None
    return next((text for text in _right(received) if opened.is_of(text.encode())), None)


def _right(received: Received) -> Iterable[str]:
    data = received.data
    if received.as_string or isinstance(data, str) or not hasattr(data, "sorted"):
        return []
    root = data.sorted()
    plain = write(root, canonical.shortest)
    return [plain, canonical.separators_escaped(plain), write(root, str)]
