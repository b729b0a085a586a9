"""Why the signature of a request or reply does not verify: from the received bytes to named mistakes."""

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from huifu_mock import canonical, keys, request
from huifu_mock.explain.advice import ADVICE, language
from huifu_mock.explain.budget import Budget, Spent
from huifu_mock.explain.candidates import Search
from huifu_mock.explain.lexer import Received, receive, write
from huifu_mock.explain.report import Explanation, Words, add_finding, add_warnings, escaped, fixes, warnings
from huifu_mock.explain.sign_field import SIZES, Decoded, Key, decode, open_signature
from huifu_mock.schemas import schema
from huifu_mock.state.journal import Finding

MISTAKES: Final = tuple(ADVICE)
"""Every id, in the order in which several are listed."""

READING: Final = 100
"""Reading an earlier request costs so many times what looking for a signature in it costs."""
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
    budget: Budget | None = None,
) -> Finding:
    """Every mistake of a signature; `names` and `optional` are the members of `data` that the endpoint knows."""
    budget = budget or Budget()
    decoded = decode(received.sign, sign_type)
    if decoded.raw is None:
        return _finding(received, decoded)
    opened = open_signature(decoded.raw, keys)
    search = Search(received, names, optional, opened.is_of, budget) if opened is not None else None
    match = search.found() if search is not None else None
    if search is None or opened is None or (match is None and not opened.certain):
        return _by_somebody_else(received, decoded, _stale(received, earlier, budget))
    made = [opened.algorithm.mistake if opened.algorithm else "unknown", "pss" if opened.pss else ""]
    notes = [decoded.note, "hash-unlisted" if opened.algorithm and opened.algorithm.mistake == "unknown" else ""]
    if opened.algorithm is None:
        notes.append("no-digest-info")
    found = _finding(received, decoded, [*made, _WHOSE[opened.whose]], notes)
    algorithm = opened.algorithm.name if opened.algorithm else ""
    if match is not None:
        mistakes, notes = [*found.mistakes, *match.mistakes], [*found.notes, match.note]
        return Finding(_ranked(mistakes), match.text, _kept(notes), algorithm, opened.whose)
    stale = _stale(received, earlier, budget)
    last = "stale-signature" if stale else "unknown"
    text = None
    if opened.payload and opened.payload.isascii() and len(opened.payload) > 64:
        text = opened.payload.decode()
    notes = [*found.notes, "" if stale else search.left_out]
    return Finding(_ranked([*found.mistakes, last]), text, _kept(notes), algorithm, opened.whose, stale)


def _by_somebody_else(received: Received, decoded: Decoded, stale: str) -> Finding:
    """No key that is known opens it."""
    if stale:
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


def _stale(received: Received, earlier: Iterable[Earlier], budget: Budget) -> str:
    """The id of an earlier request that carries the same signature for other data."""
    sign = received.sign
    if not isinstance(sign, str):
        return ""
    # JSON may write `/` and `+` of Base64 in other ways, letters and digits never
    part = max(re.findall("[0-9A-Za-z]+", sign), key=len, default="").encode()
    if len(part) < 12:
        return ""
    text = received.expected
    with suppress(Spent):
        return _first_stale(sign, text, part, earlier, budget)
    return ""


def _first_stale(sign: str, text: str, part: bytes, earlier: Iterable[Earlier], budget: Budget) -> str:
    for id_, body in earlier:
        budget.compare(len(body))
        if part in body:
            budget.compare(READING * len(body))
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


Headers = Mapping[str, str] | Iterable[tuple[str, str]] | bytes | str


def explain_request(
    body: bytes,
    headers: Headers = (),
    public_key: RSAPublicKey | None = None,
    *,
    huifu_key: RSAPublicKey | None = None,
    others: Iterable[RSAPublicKey] = (),
    earlier: Iterable[Earlier] = (),
    endpoint: request.Endpoint = request.CLOSE,
) -> Explanation:
    """Why a captured request does not verify: what its client really signed. Never raises, whatever the bytes are.

    `public_key` is the merchant's (the published test key if it is not given), `huifu_key` Huifu's, `others` are
    public keys of other merchants, `earlier` are requests that came before this one.
    """
    lines = header_lines(headers)
    received = receive(body)
    call = request.read(endpoint, request.ReceivedBytes(body))
    owned = public_key or keys.published("merchant").public_key()
    ring = known_keys(owned, huifu_key, others)
    finding = None if received is None else examine(received, ring, lines, endpoint, earlier)
    return _explained(received, finding, (call.problem.english, call.problem.chinese) if call.problem else None, lines)


def explain_reply(body: bytes, huifu_key: RSAPublicKey | None = None) -> Explanation:
    """Why a captured reply of Huifu does not verify. `huifu_key` is Huifu's public key (the test key if not given)."""
    received = receive(body)
    owned = huifu_key or keys.published("huifu").public_key()
    ring = [Key("own", owned), *(Key("foreign", keys.published(name).public_key()) for name in ("merchant", "foreign"))]
    finding = None
    if received is not None:
        right = verified_text(received, ring)
        finding = Finding((), right) if right is not None else find(received, ring)
    problem = None if received is not None else _NO_REPLY
    return _explained(received, finding, problem, "")


_NO_REPLY: Final = ("the body is no JSON object that has a member `data`", "正文不是带有 `data` 的 JSON 对象")


def known_keys(own: RSAPublicKey, huifu: RSAPublicKey | None, others: Iterable[RSAPublicKey] = ()) -> list[Key]:
    """The keys that may have made a request's signature, the likeliest first."""
    return [
        Key("own", own),
        Key("huifu", huifu or keys.published("huifu").public_key()),
        *(Key("other", other) for other in others),
        Key("foreign", keys.published("foreign").public_key()),
        Key("foreign", keys.published("merchant").public_key()),
    ]


def examine(
    received: Received,
    ring: Sequence[Key],
    headers: str,
    endpoint: request.Endpoint,
    earlier: Iterable[Earlier] = (),
    *,
    budget: Budget | None = None,
) -> Finding:
    """What is wrong with a request's signature; no mistakes if nothing is."""
    right = verified_text(received, ring)
    if right is not None:
        return Finding(received.wrong, right)
    contents = schema(endpoint.request).contents
    names = list(contents.get("properties", {}))
    required = set(contents.get("required", ()))
    return find(
        received,
        ring,
        sign_type=_header(headers, "signtype"),
        names=names,
        optional=[name for name in names if name not in required],
        earlier=earlier,
        budget=budget,
    )


def _explained(
    received: Received | None, finding: Finding | None, problem: tuple[str, str] | None, headers: str
) -> Explanation:
    words = Words()
    if problem:
        words.add(f"The request cannot be taken: {problem[0]}.", f"请求不符合接口要求：{problem[1]}。")
    if finding is None or received is None:
        words.add("There is no signature to examine.", "没有可检查的签名。")
        return Explanation("BAD_PARAMETERS", (), None, None, words.text())
    expected = received.expected
    doubtful = () if finding.mistakes else (*escaped(finding.signed_text), *warnings(received.data))
    if finding.mistakes:
        add_finding(words, finding, expected, language(headers))
    else:
        words.add("The signature is right.", "签名正确。")
    add_warnings(words, doubtful)
    reason = "BAD_PARAMETERS" if problem or finding.mistakes else None
    return Explanation(reason, finding.mistakes, finding.signed_text, expected, words.text(), fixes(finding), doubtful)


def header_lines(headers: Headers) -> str:
    """Header lines `Name: value` from whatever form they come in."""
    if isinstance(headers, bytes):
        return headers.decode("latin-1")
    if isinstance(headers, str):
        return headers
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return "\r\n".join(f"{name}: {value}" for name, value in pairs)


def _header(lines: str, name: str) -> str:
    for line in lines.splitlines():
        key, _, value = line.partition(":")
        if key.strip().lower() == name:
            return value.strip()
    return ""
