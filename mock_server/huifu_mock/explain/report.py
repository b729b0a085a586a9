"""The words of an explanation: what differs, the mistakes, the warnings, how to correct them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any, Final
from warnings import warn

from huifu_mock._columns import columns
from huifu_mock.explain.advice import ADVICE, LANGUAGES, NOTES, Mistake
from huifu_mock.explain.escapes import needless, needless_escapes
from huifu_mock.explain.lexer import Arr, Node, Obj, leaves, plain
from huifu_mock.state.journal import Finding

BEFORE: Final = 32
AFTER: Final = 40


def first_difference(one: str, other: str) -> int | None:
    """The index of the first character that differs, `None` if the texts are equal."""
    if one == other:
        return None
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def shown(text: str) -> str:
    """A text on one line, what cannot be seen made visible."""
    visible = text.replace("\r", "␍").replace("\n", "␊").replace("\t", "␉")
    return "".join(c if c.isprintable() else f"⟨U+{ord(c):04X}⟩" for c in visible)


def marked(one: str, other: str, labels: tuple[str, str], here: str) -> str:
    """Three lines: the two texts around the first difference, and a mark below it with the words `here`."""
    at = first_difference(one, other)
    width = max(map(columns, labels)) + 2
    lines = [label + " " * (width - columns(label)) for label in labels]
    if at is None:
        return "\n".join(line + _window(text, 0)[0] for line, text in zip(lines, (one, other), strict=True))
    head, mark = _window(one, at)
    below, _ = _window(other, at)
    return f"{lines[0]}{head}\n{lines[1]}{below}\n{' ' * (width + mark)}^ {here}"


def _window(text: str, at: int) -> tuple[str, int]:
    """The part of `text` around `at`, and the column where `at` stands in it."""
    start = max(at - BEFORE, 0)
    before = ("…" if start else "") + shown(text[start:at])
    after = shown(text[at : at + AFTER]) + ("…" if len(text) > at + AFTER else "")
    return before + (after or "⟨end⟩"), columns(before)


@dataclass(frozen=True, slots=True)
class Warned:
    """One doubtful thing, where it is, and why."""

    id: str
    member: str
    en: str
    zh: str

    def as_json(self) -> dict[str, Any]:
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


def escaped(signed: str | None) -> Iterator[Warned]:
    """The warning about escapes in a signed text that verifies."""
    if found := needless(signed or ""):
        yield Warned("escapes", next(iter(found.values())), *needless_escapes(found))


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a call was answered as it was; `as_json()` gives its JSON."""

    reason: str | None
    """The name of the answer, such as TOO_YOUNG."""
    mistakes: tuple[str, ...]
    """Ids of signing mistakes; none for a correct signature."""
    signed_text: str | None
    """What was really signed, where it could be found."""
    expected_text: str | None
    """What should have been signed."""
    text: dict[str, str]
    """In words, `en` and `zh`."""
    fixes: tuple[Mistake, ...] = ()
    warnings: tuple[Warned, ...] = ()
    refusal: dict[str, Any] | None = None
    """The rules, the order and the clock, for a refusal."""

    def told(self) -> dict[str, Any]:
        """The old name of `as_json`; it goes with the next release."""
        warn("Explanation.told() is now Explanation.as_json()", DeprecationWarning, stacklevel=2)
        return self.as_json()

    def as_json(self) -> dict[str, Any]:
        """As JSON."""
        at = None
        if self.signed_text is not None and self.expected_text is not None:
            at = first_difference(self.signed_text, self.expected_text)
        return {
            "reason": self.reason,
            "mistakes": list(self.mistakes),
            "signed_text": self.signed_text,
            "expected_text": self.expected_text,
            "differs_at": at,
            "text": self.text,
            "fixes": [fix.as_json() for fix in self.fixes],
            "warnings": [warned.as_json() for warned in self.warnings],
            "refusal": self.refusal,
        }


@dataclass(slots=True)
class Words:
    """Lines in both languages, put together piece by piece."""

    en: list[str] = field(default_factory=list)
    zh: list[str] = field(default_factory=list)

    def add(self, en: str, zh: str) -> None:
        self.en.append(en)
        self.zh.append(zh)

    def text(self) -> dict[str, str]:
        return {"en": "\n".join(self.en), "zh": "\n".join(self.zh)}


_WHOSE: Final = {
    "own": ("the right private key", "正确的私钥"),
    "huifu": ("Huifu's private key", "汇付的私钥"),
    "other": ("another tenant's private key", "另一个租户的私钥"),
    "foreign": ("a published test key that is not this merchant's", "一把公开的、不属于该商户的测试私钥"),
}


def fixes(finding: Finding) -> tuple[Mistake, ...]:
    return tuple(ADVICE[id_] for id_ in finding.mistakes)


def add_finding(words: Words, finding: Finding, expected: str | None, language: str) -> None:
    """A signature's mistakes in words: what was signed, where it differs, how to put it right."""
    ids = ", ".join(finding.mistakes)
    words.add(f"The signature is wrong: {ids}.", f"签名有误：{ids}。")
    for mistake in fixes(finding):
        words.add(f"- {mistake.en}", f"- {mistake.zh}")
    for note in finding.notes:
        words.add(f"- {NOTES[note][0]}", f"- {NOTES[note][1]}")
    if finding.earlier:
        words.add(f"- it is the signature of {finding.earlier}", f"- 它是 {finding.earlier} 的签名")
    if finding.whose:
        en, zh = _WHOSE[finding.whose]
        hash_ = finding.algorithm
        words.add(
            f"Decrypted with the public key: made by {en}{f', {hash_}' if hash_ else ''}.",
            f"用公钥解开签名：由{zh}生成{f'，{hash_}' if hash_ else ''}。",
        )
    if finding.signed_text is not None and expected is not None and finding.signed_text != expected:
        at = first_difference(finding.signed_text, expected)
        words.add(
            marked(finding.signed_text, expected, ("signed:", "expected:"), f"first difference, character {at}"),
            marked(finding.signed_text, expected, ("实际加签:", "应当加签:"), f"第一处不同，第 {at} 个字符"),
        )
    elif finding.signed_text is None and expected is not None:
        words.add(f"expected: {_cut(expected)}", f"应当加签: {_cut(expected)}")
    _add_fixes(words, fixes(finding), language)


def _add_fixes(words: Words, mistakes: Sequence[Mistake], language: str) -> None:
    words.add("To put it right:", "改正方法：")
    seen: set[tuple[str, str]] = set()
    for mistake in mistakes:
        words.add(f"- {mistake.fix_en}", f"- {mistake.fix_zh}")
        for name, code in mistake.code.items():
            if (not language or name == language) and (name, code) not in seen:
                seen.add((name, code))
                line = f"    {LANGUAGES[name]}: {code}"
                words.add(line, line)


def add_warnings(words: Words, warnings: Sequence[Warned]) -> None:
    """What verifies here and may not elsewhere."""
    for warned in warnings:
        words.add(f"Warning: {warned.en}", f"警告：{warned.zh}")


def _cut(text: str, longest: int = 2000) -> str:
    return text if len(text) <= longest else text[:longest] + "…"
