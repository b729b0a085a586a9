"""An explanation as everybody gets it: the journal, the library, `huifu-mock explain --json`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from huifu_mock.explain.advice import ADVICE, LANGUAGES, NOTES, Mistake
from huifu_mock.explain.diff import first_difference, marked
from huifu_mock.explain.warnings import Warned
from huifu_mock.journal import Finding


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a call was answered as it was; `told()` is its JSON."""

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
            "fixes": [fix.told() for fix in self.fixes],
            "warnings": [warned.told() for warned in self.warnings],
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


def tell_finding(words: Words, finding: Finding, expected: str | None, language: str) -> None:
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
            f"Opened with the public key: made by {en}{f', {hash_}' if hash_ else ''}.",
            f"用公钥打开：由{zh}生成{f'，{hash_}' if hash_ else ''}。",
        )
    if finding.signed_text is not None and expected is not None and finding.signed_text != expected:
        at = first_difference(finding.signed_text, expected)
        words.add(
            marked(finding.signed_text, expected, ("signed:", "expected:"), f"first difference, character {at}"),
            marked(finding.signed_text, expected, ("实际加签:", "应当加签:"), f"第一处不同，第 {at} 个字符"),
        )
    elif finding.signed_text is None and expected is not None:
        words.add(f"expected: {_cut(expected)}", f"应当加签: {_cut(expected)}")
    _tell_fixes(words, fixes(finding), language)


def _tell_fixes(words: Words, mistakes: Sequence[Mistake], language: str) -> None:
    words.add("To put it right:", "改正方法：")
    seen: set[tuple[str, str]] = set()
    for mistake in mistakes:
        words.add(f"- {mistake.fix_en}", f"- {mistake.fix_zh}")
        for name, code in mistake.code.items():
            if (not language or name == language) and (name, code) not in seen:
                seen.add((name, code))
                line = f"    {LANGUAGES[name]}: {code}"
                words.add(line, line)


def tell_warnings(words: Words, warnings: Sequence[Warned]) -> None:
    """What verifies here and may not elsewhere."""
    for warned in warnings:
        words.add(f"Warning: {warned.en}", f"警告：{warned.zh}")


def _cut(text: str, longest: int = 2000) -> str:
    return text if len(text) <= longest else text[:longest] + "…"
