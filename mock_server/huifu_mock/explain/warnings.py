"""What verifies here and would probably be refused by the vendor's own gateway, or by some of its SDKs.

Everything in here is assumed: it follows from how the vendor's SDKs write and read, not from the gateway itself.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from huifu_mock.explain.tree import Arr, Node, Obj, leaves, plain


@dataclass(frozen=True, slots=True)
class Warned:
    """One doubtful thing, where it is, and why."""

    id: str
    member: str
    en: str
    zh: str

    def told(self) -> dict[str, Any]:
        return {"id": self.id, "member": self.member, "en": self.en, "zh": self.zh}


_Test = Callable[[Node], bool]


def _has_character(node: Node, low: int, high: int) -> bool:
    return any(low <= ord(c) <= high for token in leaves(node) for c in plain(token))


# fmt: off
_ROWS: Final[tuple[tuple[str, _Test, str, str], ...]] = (
    ("nested", lambda node: isinstance(node, Obj | Arr),
     "is a nested value; SDKs write and sort these differently, send it as a string that holds JSON",
     "是嵌套值，各 SDK 的写法与排序不同，应以 JSON 字符串发送"),
    ("null", lambda node: any(token == "null" for token in leaves(node)),
     "is or holds null; the Java, PHP, Python and Go SDKs leave null members out, leave it out too",
     "为 null 或含 null；Java、PHP、Python、Go SDK 会去掉 null，应不发送该字段"),
    ("control-characters", lambda node: _has_character(node, 0, 0x1F) or _has_character(node, 0x7F, 0x9F),
     "has control characters; SDKs escape them differently, so a re-written text differs, leave them out",
     "含控制字符，各 SDK 转义不同，应去掉"),
    ("line-separators", lambda node: _has_character(node, 0x2028, 0x2029),
     "has U+2028 or U+2029; no way of writing them satisfies all SDKs, leave them out",
     "含 U+2028 或 U+2029，没有一种写法能被所有 SDK 接受，应去掉"),
    ("number", lambda node: isinstance(node, str) and node[0] in "-0123456789tf",
     "is a number or boolean; Huifu's fields are strings, and 1.00 may be re-written as 1.0",
     "是数字或布尔值；汇付字段均为字符串，1.00 可能被改写为 1.0"),
)
# fmt: on


def warnings(data: Node) -> Iterator[Warned]:
    """Everything doubtful about a request whose signature verifies."""
    if not isinstance(data, Obj):
        return
    for name, value in data.pairs:
        for id_, test, en, zh in _ROWS:
            if test(value):
                member = plain(name)
                yield Warned(id_, member, f"`{member}` {en} (assumed)", f"`{member}` {zh}（推测）")
