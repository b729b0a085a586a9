"""Why a receiver's MD5 of a webhook is not the one that was sent: the body was re-encoded, or the key is wrong."""

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import product
from typing import Final

from huifu_mock import canonical
from huifu_mock.explain.advice import ADVICE, Mistake
from huifu_mock.explain.budget import Budget, Spent
from huifu_mock.explain.candidates import BETWEEN
from huifu_mock.explain.layout import escapings, in_order, same
from huifu_mock.explain.lexer import Node, leaves, parse, sorted_deep, write
from huifu_mock.explain.report import Explanation, Words, first_difference, marked
from huifu_mock.explain.values import Changed, changes
from huifu_mock.signing import webhook_sign

Digest = Callable[[bytes, bytes], str]
"""From body and key to hexadecimal digits."""

# fmt: off
_RAW: Final = {
    "python": "body = request.get_data()  # Flask; request.body in Django, await request.read() in aiohttp",
    "php": "$body = file_get_contents('php://input');",
    "java": "@RequestBody String body // or byte[]; not a mapped object",
    "go": "body, err := io.ReadAll(r.Body)",
    "csharp": "var body = await new StreamReader(Request.Body).ReadToEndAsync();",
    "node": 'app.post(path, express.raw({ type: "*/*" }), handler) // req.body is the Buffer',
}
_MD5: Final = {
    "python": "hashlib.md5(body + key.encode()).hexdigest()",
    "php": "md5($body . $key)",
    "java": "DigestUtils.md5Hex(body + key)",
    "go": "md5.Sum(append(body, key...))",
    "csharp": "Convert.ToHexString(MD5.HashData(Encoding.UTF8.GetBytes(body + key)))",
    "node": 'crypto.createHash("md5").update(body).update(key).digest("hex")',
}
_ROWS: Final = (
    Mistake("body-reencoded", "the body was parsed and written anew before it was hashed",
            "报文被解析后重新序列化再做摘要",
            "hash the raw bytes of the body", "对收到的原始报文字节做摘要", _RAW),
    Mistake("key-missing", "the endpoint's key is missing behind the body", "报文之后没有拼接密钥",
            "hash the body followed by the endpoint's key", "对「报文 + 密钥」做摘要", _MD5),
    Mistake("key-first", "the key was put before the body", "密钥拼在了报文之前",
            "put the key behind the body", "密钥拼在报文之后", _MD5),
    Mistake("key-joined", "something stands between body and key, as `&key=`", "报文与密钥之间多了内容（如 `&key=`）",
            "put the key directly behind the body", "密钥直接拼在报文之后", _MD5),
    Mistake("key-twice", "the key was appended twice", "密钥拼接了两次",
            "put the key behind the body once", "密钥只在报文之后拼接一次", _MD5),
    Mistake("key-altered", "the key was used in another form: letters or white space differ",
            "密钥大小写或首尾空白不同",
            "use the key exactly as the console shows it", "密钥须与控制台显示完全一致", _MD5),
    Mistake("not-md5", "another hash than MD5 was used", "使用了 MD5 以外的摘要算法",
            "use MD5 of body and key", "用 MD5 对报文与密钥做摘要", _MD5),
)
# fmt: on
_ADVICE: Final = {row.id: row for row in (*_ROWS, ADVICE["sign-empty"], ADVICE["sign-is-text"], ADVICE["unknown"])}
WEBHOOK_MISTAKES: Final = tuple(_ADVICE)
"""Ids for webhooks. With `body-reencoded` come the ids that say how: `unicode-escaped`, `spaces`, `unsorted` …"""

BODIES: Final = 400
"""How many ways to re-encode a body are tried."""


@dataclass(frozen=True, slots=True)
class _Found:
    mistakes: tuple[str, ...]
    text: str


def explain_webhook(body: bytes, sign: str, key: str) -> Explanation:
    """Why `sign`, as a receiver computed it, is not that of the webhook; upper or lower case is fine.

    `body` is the raw body as it was received, `key` the endpoint's key. Never raises, whatever the bytes are.
    """
    text = body.decode(errors="replace")
    wanted = re.sub(r"[\s:]", "", sign).lower()
    if wanted == webhook_sign(body, key).lower():
        said = {"en": "The signature is right: MD5 of the body and the key.", "zh": "签名正确：MD5(报文 + 密钥)。"}
        return Explanation(None, (), text, text, said)
    found = _nothing_to_compare(wanted) or _found(body, wanted, key)
    words = Words()
    words.add(f"The signature is wrong: {', '.join(found.mistakes)}.", f"签名有误：{', '.join(found.mistakes)}。")
    fixes = tuple(_ADVICE.get(id_) or ADVICE[id_] for id_ in found.mistakes)
    for mistake in fixes:
        words.add(f"- {mistake.en}; {mistake.fix_en}", f"- {mistake.zh}；{mistake.fix_zh}")
    if found.text and (at := first_difference(found.text, text)) is not None:
        words.add(
            marked(found.text, text, ("hashed:", "received:"), f"first difference, character {at}"),
            marked(found.text, text, ("实际摘要:", "收到报文:"), f"第一处不同，第 {at} 个字符"),
        )
    shown = [mistake for mistake in fixes if mistake.id in _ADVICE]
    for mistake in shown:
        for name, code in mistake.code.items():
            words.add(f"    {name}: {code}", f"    {name}: {code}")
    return Explanation("BAD_SIGNATURE", found.mistakes, found.text or None, text, words.text(), fixes)


def _nothing_to_compare(wanted: str) -> _Found | None:
    if not wanted:
        return _Found(("sign-empty",), "")
    return None if re.fullmatch("[0-9a-f]{32,128}", wanted) else _Found(("sign-is-text",), "")


def _found(body: bytes, wanted: str, key: str) -> _Found:
    text = body.decode(errors="replace")
    hashes = _HASHES.get(len(wanted), ())
    for again, how in (((), text), *_reencoded(text)):
        raw = how.encode(errors="replace") if again else body
        for (ids, join), (other, digest) in product(_KEYS, hashes):
            if digest(*join(raw, key)) == wanted:
                reencoded = ("body-reencoded", *again) if again else ()
                return _Found(tuple(dict.fromkeys((*reencoded, *ids, *other))), how)
    return _Found(("unknown",), "")


def _reencoded(text: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """The body written anew, and the mistakes that tell how; an empty string stands for no separate mistake."""
    try:
        json.loads(text)
        tree = None if canonical.too_deep(text) else parse(text)
    except ValueError:
        tree = None
    if tree is None or len(text) > 64 * 1024:
        return
    seen = {text}
    with suppress(Spent):
        for ids, again in _written(tree, Budget()):
            if again not in seen:
                seen.add(again)
                yield ids or ("spaces",), again
            if len(seen) > BODIES:
                return


def _written(tree: Node, budget: Budget) -> Iterator[tuple[tuple[str, ...], str]]:
    numbers = [Changed((), same), *changes(tree)[:8]]
    orders = (Changed((), same), Changed(("unsorted",), in_order), Changed(("sorted-deep",), sorted_deep))
    escapes = [escaping for escaping in escapings(tree) if len(escaping.mistakes) < 3]
    rows = product(numbers, orders, escapes, BETWEEN)
    ranked = sorted(rows, key=lambda row: sum(len(option.mistakes) for option in row))
    lexemes = sum(1 for _ in leaves(tree))
    for number, order, escaping, between in ranked[:4000]:
        budget.write(lexemes)
        ids = (*order.mistakes, *between.mistakes, *escaping.mistakes, *number.mistakes)
        yield ids, write(order.do(number.do(tree)), escaping.write, between.separators)


_Join = Callable[[bytes, str], tuple[bytes, bytes]]


def _behind(body: bytes, key: str) -> tuple[bytes, bytes]:
    return body, key.encode()


_KEYS: Final[tuple[tuple[tuple[str, ...], _Join], ...]] = (
    ((), _behind),
    (("key-missing",), lambda body, _: (body, b"")),
    (("key-first",), lambda body, key: (key.encode(), body)),
    (("key-joined",), lambda body, key: (body, b"&key=" + key.encode())),
    (("key-joined",), lambda body, key: (body, b"&" + key.encode())),
    (("key-joined",), lambda body, key: (body + b"\n", key.encode())),
    (("key-twice",), lambda body, key: (body, 2 * key.encode())),
    (("key-altered",), lambda body, key: (body, key.strip().encode())),
    (("key-altered",), lambda body, key: (body, key.upper().encode())),
    (("key-altered",), lambda body, key: (body, key.lower().encode())),
    (("key-altered",), lambda body, key: (body, key.encode() + b"\n")),
)


def _plain(name: str) -> Digest:
    return lambda body, key: hashlib.new(name, body + key, usedforsecurity=False).hexdigest()


def _hmac(name: str) -> Digest:
    return lambda body, key: hmac.new(key, body, name).hexdigest()


_HASHES: Final[dict[int, tuple[tuple[tuple[str, ...], Digest], ...]]] = {
    32: (((), _plain("md5")), (("not-md5",), _hmac("md5"))),
    40: ((("not-md5",), _plain("sha1")), (("not-md5",), _hmac("sha1"))),
    64: ((("not-md5",), _plain("sha256")), (("not-md5",), _hmac("sha256"))),
    128: ((("not-md5",), _plain("sha512")), (("not-md5",), _hmac("sha512"))),
}
"""By the number of digits."""
