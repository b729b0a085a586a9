"""Bytes to `Call`: what a client sent, read once, checked against its schema, never re-encoded."""

import hashlib
import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final, Generic, TypeVar

from huifu_mock import canonical, json_limits
from huifu_mock.schemas import Problem, schema


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One of Huifu's paths, and the schemas of what goes in and out."""

    name: str
    path: str
    request: str
    response: str

    def is_called(self, name: str) -> bool:
        """Whether a person who writes `name` means this endpoint: its name, its path or the end of its path."""
        return name in (self.name, self.path) or self.path.endswith("/" + name.lstrip("/"))


CLOSE: Final = Endpoint("close", "/v2/trade/payment/scanpay/close", "close/request", "close/response")
NO_ENDPOINT: Final = Endpoint("", "", "", "")
"""For a call that reached none."""

KEPT: Final = 64 * 1024
"""So many bytes of a body are kept for the journal."""


@dataclass(slots=True)
class ReceivedBytes:
    """What came over the wire, before anybody read it."""

    body: bytes
    headers: bytes = b""
    """Raw header lines, `Name: value`, separated by CRLF."""
    session: str = ""
    peer: tuple[str | None, int] | None = None
    """The client's address and port, a proxy's if one is in between; `None` for a call without a socket.

    Of a call that an earlier version kept the port alone is known.
    """
    whole: tuple[int, str] | None = None
    """Length and SHA-256 of the body as it came, where `body` is only its beginning; no SHA-256 if it was not read."""
    http_1_0: bool = False
    """Whether it was sent by HTTP/1.0, which knows neither chunks nor interim responses (RFC 9112, 9110)."""

    @property
    def length(self) -> int:
        """How many bytes the body had that came."""
        return self.whole[0] if self.whole else len(self.body)

    @property
    def sha256(self) -> str:
        """The SHA-256 of the body that came, in hexadecimal."""
        return self.whole[1] if self.whole else hashlib.sha256(self.body).hexdigest()

    def cut(self) -> "ReceivedBytes":
        """The same with the beginning of a long body in place of the whole."""
        if len(self.body) <= KEPT:
            return self
        return replace(self, body=self.body[:KEPT], whole=(self.length, self.sha256))

    def header(self, name: str) -> str:
        """The first value of a header, empty if it was not sent."""
        wanted = name.lower()
        for line in self.headers.decode("latin-1").split("\r\n"):
            key, _, value = line.partition(":")
            if key.lower() == wanted:
                return value.strip()
        return ""


Value = TypeVar("Value")


class once(Generic[Value]):  # noqa: N801  # it is used as a decorator
    """A property that is worked out when it is first asked for.

    `functools.cached_property` takes a lock for each in Python 3.11, which cost a close 4 µs.
    """

    def __init__(self, work_out: Callable[[Any], Value]) -> None:
        self.work_out = work_out
        self.__doc__ = work_out.__doc__

    def __set_name__(self, _: type, name: str) -> None:
        self.name = name

    def __get__(self, owner: Any, _: type) -> Value:
        value = owner.__dict__[self.name] = self.work_out(owner)
        return value


@dataclass
class Call:
    """A request to one of Huifu's endpoints, as far as it could be read."""

    endpoint: Endpoint
    sent: ReceivedBytes
    envelope: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    problem: Problem | None = None
    """The first thing that is wrong with the request's shape."""
    tokens: list[str] | None = None
    """The lexemes of a long body, which was taken apart already; `None` for any other."""
    verified_digest: bytes | None = None
    """The SHA-256 of the text that the signature is right for; `None` until one is found."""

    def forget_texts(self) -> None:
        """Let go of what can be worked out again and takes several times the room of the body."""
        self.tokens = None
        self.__dict__.pop("text", None)
        self.__dict__.pop("members", None)

    @property
    def is_signable(self) -> bool:
        """Whether there is a `data` that can be signed."""
        return isinstance(self.envelope.get("data"), dict)

    @property
    def sys_id(self) -> str:
        return _text(self.envelope.get("sys_id"))

    @property
    def product_id(self) -> str:
        return _text(self.envelope.get("product_id"))

    @property
    def sign(self) -> str:
        return _text(self.envelope.get("sign"))

    @once
    def strings(self) -> dict[str, str]:
        """The members of `data` that are strings: `data` itself, where all are, as in every real close."""
        if {str}.issuperset(map(type, self.data.values())):
            return self.data
        return {name: value for name, value in self.data.items() if type(value) is str}

    def value(self, name: str) -> str:
        """A member of `data` if it is a string, else empty."""
        return self.strings.get(name, "")

    @once
    def key(self) -> tuple[str, str, str]:
        """What names the call: (huifu_id, req_date, req_seq_id), each empty if it was not sent."""
        return self.value("huifu_id"), self.value("req_date"), self.value("req_seq_id")

    @once
    def kept(self) -> ReceivedBytes:
        """What the journal keeps of the bytes."""
        return self.sent.cut()

    @once
    def text(self) -> str:
        """The canonical text of `data` (P1)."""
        if self.strings is self.data:  # no need for lexemes
            return canonical.p1_flat(self.data)
        return canonical.p1(self.members or [])

    @once
    def members(self) -> canonical.Members | None:
        """`data` with the lexemes it was written with; `None` unless it is an object."""
        if not self.is_signable:
            return None
        found = canonical.members_of(self.tokens or canonical.tokens(self.sent.body.decode()))
        return canonical.inner(next(value for name, _, value in reversed(found) if name == "data"))

    @once
    def digest(self) -> bytes:
        """The SHA-256 of the canonical text, which also tells a repeat from a re-used number."""
        return hashlib.sha256(self.text.encode()).digest()

    @once
    def other_digests(self) -> tuple[bytes, ...]:
        """The SHA-256 of each other text that a correct client may have signed."""
        texts = canonical.forms(self.members or [], self.text)
        return tuple(hashlib.sha256(text.encode()).digest() for text in texts if text != self.text)


class _Unreadable(Exception):
    def __init__(self, problem: Problem, *, too_much: bool = False) -> None:
        self.problem, self.too_much = problem, too_much


def read(endpoint: Endpoint, sent: ReceivedBytes) -> Call:
    """Read a body. Whatever is wrong with it is told in `problem`; nothing raises."""
    call = Call(endpoint, sent)
    try:
        text = _decoded(sent.body)
        parsed, repeated = _long_parsed(call, text) if json_limits.may_be_too_much(text) else _parsed(text)
        if not isinstance(parsed, dict):
            raise _Unreadable(_problem(f"is JSON but not an object: {_kind(parsed)}", _ENVELOPE))
        call.envelope = parsed
        if isinstance(data := parsed.get("data"), dict):
            call.data = data
    except _Unreadable as unreadable:
        call.problem = unreadable.problem
        if unreadable.too_much:  # nothing is done with it, but it is kept where it belongs
            call.envelope = {"sys_id": named(sent.body)}
        return call
    if repeated:
        call.problem = Problem(repeated, "stands twice in one object", "each member may stand once")
    elif not schema("envelope/request").accepts(parsed):
        call.problem = next(schema("envelope/request").problems(parsed))
    elif not schema(endpoint.request).accepts(call.data):
        call.problem = next(schema(endpoint.request).problems(call.data, "data"))
    return call


def prepare(endpoint: Endpoint, sent: ReceivedBytes) -> Call:
    """Read a long body, and work out everything about it that takes long: for a thread beside the event loop."""
    call = read(endpoint, sent)
    _ = call.kept
    if call.is_signable:
        _ = call.digest, call.other_digests
        call.forget_texts()
    return call


_ENVELOPE = 'send {"sys_id":…,"product_id":…,"sign":…,"data":{…}}'


def _problem(said: str, wanted: str) -> Problem:
    return Problem("the body", said, wanted)


def _decoded(body: bytes) -> str:
    if not body.strip():
        raise _Unreadable(_problem("is empty", _ENVELOPE))
    if body.startswith(b"\xef\xbb\xbf"):
        raise _Unreadable(_problem("begins with a byte order mark", "send UTF-8 without a BOM"))
    if body.startswith(b"\x1f\x8b"):
        raise _Unreadable(_problem("is compressed with gzip", "send it as it is"))
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        said = f"is not UTF-8: byte 0x{body[error.start]:02x} at position {error.start}"
        raise _Unreadable(_problem(said, "send UTF-8, not GBK or another charset")) from None


class _Repeated(ValueError):
    """A name stands twice in one object."""


def _parsed(text: str) -> tuple[Any, str]:
    """The decoded body, and the first name that stands twice in one object."""
    if canonical.too_deep(text):
        raise _Unreadable(_problem(*json_limits.FLAT))
    repeated = ""
    try:
        try:
            parsed = _STRICT.decode(text)
        except _Repeated as error:
            repeated = str(error)
            parsed = _LENIENT.decode(text)
    except json_limits.TooMuch as error:
        raise _Unreadable(_problem(error.problem, error.expected), too_much=True) from None
    except ValueError as error:
        raise _Unreadable(_not_json(text, error)) from None
    if "\\" in text and _SURROGATE.search(text):
        _refuse_lone_surrogates(text)
    return parsed, repeated


def _long_parsed(call: Call, text: str) -> tuple[Any, str]:
    """The same for a text that is long or has many members: first a look at how large it is."""
    repeated: list[str] = []

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        try:
            return _once(pairs)
        except _Repeated as error:
            repeated.append(str(error))
            return dict(pairs)

    try:
        call.tokens = json_limits.Scan(text).tokens
        decoder = json_limits.PatientDecoder(_whole_characters, object_pairs_hook=once, **_NUMBERS)
        return decoder.decode(text), (repeated or [""])[0]
    except json_limits.TooMuch as error:
        raise _Unreadable(_problem(error.problem, error.expected), too_much=True) from None
    except ValueError as error:
        raise _Unreadable(_not_json(text, error)) from None


def named(body: bytes) -> str:
    """The `sys_id` near the beginning or the end of a body that is no proper request, or is too large to be read."""
    found = _SYS_ID.search(body, 0, KEPT) or _SYS_ID.search(body, max(0, len(body) - KEPT))
    return found[1].decode() if found else ""


def _whole_characters(value: str) -> None:
    """Raises `_Unreadable` for half of a surrogate pair."""
    if _HALF.search(value):
        raise _Unreadable(_half(value))


def _half(text: str) -> Problem:
    half = _HALF.search(text)
    said = f"has half of a surrogate pair, \\u{ord(half[0]):04x}" if half else "has half of a surrogate pair"
    return _problem(said, "a character beyond U+FFFF is written as a pair")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > json_limits.MEMBERS:
        raise json_limits.too_many_members()
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise _Repeated(name)
            seen.add(name)
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _integer(lexeme: str) -> int | float:
    """An integer of any size without the cost of a huge one."""
    return int(lexeme) if len(lexeme) <= 300 else _finite(lexeme)


def _finite(lexeme: str) -> float:
    """The nearest number that JSON can say again: `1e999` is no infinity."""
    return max(-sys.float_info.max, min(float(lexeme), sys.float_info.max))


# numbers stay text in the signature, so these values are only looked at and shown
_NUMBERS: Final[dict[str, Any]] = {"parse_int": _integer, "parse_float": _finite, "parse_constant": _no_constant}
_STRICT: Final = json.JSONDecoder(object_pairs_hook=_once, **_NUMBERS)
_LENIENT: Final = json.JSONDecoder(**_NUMBERS)
_PAIRS: Final = json.JSONDecoder(object_pairs_hook=list, **_NUMBERS)
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")
_HALF: Final = re.compile("[\ud800-\udfff]")
_SYS_ID: Final = re.compile(rb'"sys_id"\s*:\s*"([0-9A-Za-z_-]{1,64})"')


def _refuse_lone_surrogates(text: str) -> None:
    """Look at every name and value, those that a repeated name hides too."""
    try:
        json.dumps(_PAIRS.decode(text), ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise _Unreadable(_half(error.object)) from None


def _not_json(text: str, error: ValueError) -> Problem:
    if not isinstance(error, json.JSONDecodeError):
        return _problem(f"is not JSON: {error}", _ENVELOPE)
    near = text[max(error.pos - 15, 0) : error.pos + 15]
    said = f"is not JSON: {error.msg} at position {error.pos}, near {near!r}"
    if "\\<" in near or "\\>" in near or "\\&" in near:
        said += r"; the official Go SDK writes \u003c, \u003e and \u0026 inside a value so: avoid them there"
    if text.lstrip()[:1] != "{" and "=" in text[:200]:
        said += "; it looks like a form, k=v&k=v"
    return _problem(said, _ENVELOPE)


def _kind(value: Any) -> str:
    return {list: "an array", str: "a string", type(None): "null"}.get(type(value), "a number or boolean")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
