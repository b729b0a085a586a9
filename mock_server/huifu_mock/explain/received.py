"""A captured body, taken apart as far as it goes: nothing here raises, whatever the bytes are."""

import json
from dataclasses import dataclass
from typing import Any, Final

from huifu_mock import canonical
from huifu_mock.explain.tree import Node, Obj, parse, write

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
