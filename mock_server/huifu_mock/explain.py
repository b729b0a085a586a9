"""Why a call was answered as it was, in words: which rule, which field, and what would have been right."""

import re
from typing import Any, Final

from huifu_mock import signing
from huifu_mock.journal import Entry
from huifu_mock.wire import Call


def explained(entry: Entry, call: Call) -> dict[str, Any]:
    """The explanation of a journal entry."""
    if entry.facts is None:
        return _told(entry, "the call was carried out", "请求已执行")
    rule = entry.facts.rule
    if call.problem is not None:
        return _told(entry, f"rule {rule.row}: {call.problem}", f"规则 {rule.row}：{call.problem}")
    if rule.row == "2":
        en, zh = _signature(call)
        return _told(entry, f"rule 2: {en}", f"规则 2：{zh}")
    return _told(entry, f"rule {rule.row}: {rule.when}", f"规则 {rule.row}：{rule.when_zh}")


def hint(entry: Entry, call: Call) -> str:
    """One printable ASCII line for the reply's header; what was sent may be quoted in it."""
    text: str = explained(entry, call)["text"]["en"]
    return _UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode(), " ".join(text.split()))[:400]


_UNPRINTABLE: Final = re.compile("[^ -~]")


def _signature(call: Call) -> tuple[str, str]:
    if not call.sign:
        return "`sign` is empty: your private key did not load", "`sign` 为空：私钥没有加载成功"
    if signing.unbase64(call.sign) is None:
        return (
            "`sign` is not Base64: it may be the text of an exception, your private key did not load",
            "`sign` 不是 Base64：可能是异常文本，私钥没有加载成功",
        )
    return "the signature does not verify", "验签失败"


def _told(entry: Entry, en: str, zh: str) -> dict[str, Any]:
    return {
        "reason": entry.reason.name if entry.reason else None,
        "mistakes": [],
        "signed_text": None,
        "expected_text": None,
        "text": {"en": en, "zh": zh},
    }
