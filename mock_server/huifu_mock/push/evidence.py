"""What a receiver's answer tells of the signature that it computed for a webhook, where the answer holds one.

A receiver that refuses a webhook may answer the MD5 that it computed, as `sign mismatch: got 9F86…, computed 3C59…`.
From that the mistake is found: the key appended twice, the body written anew, upper and lower case compared.
"""

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import parse_qs, urlsplit

from huifu_mock import explain, signing
from huifu_mock.push.message import Bilingual, Message, ReceiverResponse

MOST: Final = 4
"""So many digests of an answer are looked into, and so many keys are tried."""
_DIGEST: Final = re.compile(r"(?<![0-9A-Za-z])(?:[0-9A-Fa-f]{32}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})(?![0-9A-Za-z])")


def digests(answered: ReceiverResponse) -> list[str]:
    """What looks like a digest in an answer that acknowledges nothing."""
    if answered.status is None or 200 <= answered.status < 300:
        return []
    return list(dict.fromkeys(_DIGEST.findall(answered.text or "")))[:MOST]


def is_about_the_sign(answered: ReceiverResponse) -> bool:
    """Whether a refusal speaks of the signature."""
    said = (answered.text or "").lower()
    return 400 <= (answered.status or 0) < 500 and any(word in said for word in ("sign", "md5", "computed", "签"))


def told(message: Message, keys: Iterable[str], answered: ReceiverResponse) -> Bilingual | None:
    """What is wrong with a digest in the answer; `None` if there is none of which that can be said.

    `keys` are those of the endpoints at that URL. Takes some milliseconds, so it is called in a thread.
    """
    sent = (parse_qs(urlsplit(message.url).query).get("sign") or [""])[-1]
    computed = [digest for digest in digests(answered) if digest != sent]
    for digest in computed:
        if digest.lower() == sent.lower():
            return (
                f"its {digest[:8]}… is right, in lower case: compare without regard to case",
                f"它算出的 {digest[:8]}… 正确，只是小写：比较时应忽略大小写",
            )
        for key in list(keys)[:MOST]:
            if (said := _mistake(message.body(), digest, key)) is not None:
                return f"its {digest[:8]}… {said[0]}", f"它算出的 {digest[:8]}… {said[1]}"
    if computed and is_about_the_sign(answered):
        return (
            f"its {computed[0][:8]}… is not made of this body and the endpoint's key in any known way: another key?",
            f"它算出的 {computed[0][:8]}… 不是由该内容与该端点的密钥以任何已知方式得出的：是否用了别的密钥？",
        )
    return None


def _mistake(body: bytes, digest: str, key: str) -> Bilingual | None:
    if digest.lower() == signing.webhook_sign(body, key).lower():
        return (
            "is right, and the sign that was sent is not: a prepared fault made that one",
            "正确，错的是发送的 sign：它由预置的故障产生",
        )
    found = explain.explain_webhook(body, digest, key)
    if "unknown" in found.mistakes:
        return None
    names = ", ".join(found.mistakes)
    return (
        f"is wrong ({names}): " + "; ".join(f"{fix.en}; {fix.fix_en}" for fix in found.fixes),
        f"错误（{names}）：" + "；".join(f"{fix.zh}；{fix.fix_zh}" for fix in found.fixes),
    )
