"""What a receiver's answer tells of the signature that it computed for a webhook, where the answer holds one.

A receiver that refuses a webhook may answer the MD5 that it computed, as `sign mismatch: got 9F86…, computed 3C59…`.
From that the mistake is found: the key appended twice, the body written anew, upper and lower case compared.
"""

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import parse_qs, urlsplit

from huifu_mock import explain, signing
from huifu_mock.push.message import Message, ReceiverResponse

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
    return 400 <= (answered.status or 0) < 500 and any(word in said for word in ("sign", "md5", "签"))


def told(message: Message, keys: Iterable[str], answered: ReceiverResponse) -> str:
    """What is wrong with a digest in the answer; empty if there is none of which that can be said.

    `keys` are those of the endpoints at that URL. Takes some milliseconds, so it is called in a thread.
    """
    sent = (parse_qs(urlsplit(message.url).query).get("sign") or [""])[-1]
    computed = [digest for digest in digests(answered) if digest != sent]
    for digest in computed:
        if digest.lower() == sent.lower():
            return f"its {digest[:8]}… is right, in lower case: compare without regard to case"
        for key in list(keys)[:MOST]:
            if said := _mistake(message.body(), digest, key):
                return f"its {digest[:8]}… {said}"
    if computed and is_about_the_sign(answered):
        return f"its {computed[0][:8]}… is not made of this body and the endpoint's key in any known way: another key?"
    return ""


def _mistake(body: bytes, digest: str, key: str) -> str:
    if digest.lower() == signing.webhook_sign(body, key).lower():
        return "is right, and the sign that was sent is not: a prepared fault made that one"
    found = explain.explain_webhook(body, digest, key)
    if "unknown" in found.mistakes:
        return ""
    fixes = "; ".join(f"{fix.en}; {fix.fix_en}" for fix in found.fixes)
    return f"is wrong ({', '.join(found.mistakes)}): {fixes}"
