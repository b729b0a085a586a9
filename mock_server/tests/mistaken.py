"""Clients that sign wrongly, one for each mistake; most are the code that one really meets."""

import base64
import hashlib
import html
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, quote_plus

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from huifu_mock import signing
from huifu_mock.gateway.tenant import DEFAULT_SYS_ID
from huifu_mock.keys import published

KEY = published("merchant")
Data = dict[str, Any]

DATA: Data = {
    "req_seq_id": "close-1",
    "req_date": "20260101",
    "huifu_id": "6666000000000000",
    "org_req_date": "20260101",
    "org_req_seq_id": "order-open",
}
"""As a client writes it down: not in the order of the names."""

RICH: Data = {**DATA, "remark": "关单/测试<b>&'x'"}
NESTED: Data = {**DATA, "extra": {"b": "1", "a": "2"}}


def compact(value: Any, **options: Any) -> str:
    return json.dumps(value, **{"ensure_ascii": False, "separators": (",", ":"), **options})


def in_order(data: Data) -> Data:
    return dict(sorted(data.items()))


def right(data: Data) -> str:
    return compact(in_order(data))


def rsa(text: str | bytes, key: RSAPrivateKey = KEY, algorithm: hashes.HashAlgorithm | None = None) -> bytes:
    raw = text.encode() if isinstance(text, str) else text
    return key.sign(raw, padding.PKCS1v15(), algorithm or hashes.SHA256())


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def envelope(data: Any, sign: Any, **more: Any) -> bytes:
    return compact({"sys_id": DEFAULT_SYS_ID, "product_id": "MCS", "data": data, "sign": sign, **more}).encode()


def signs(text: Callable[[Data], str | bytes]) -> Callable[[Data], bytes]:
    """A client that signs this text of the data that it sends."""
    return lambda data: envelope(data, b64(rsa(text(data))))


def sends(sign: Callable[[Data], Any]) -> Callable[[Data], bytes]:
    """A client that sends this as its signature."""
    return lambda data: envelope(data, sign(data))


def head(data: Any) -> dict[str, Any]:
    return {"sys_id": DEFAULT_SYS_ID, "product_id": "MCS", "data": data}


def php(data: Data) -> str:
    """json_encode without options."""
    return compact(data, ensure_ascii=True).replace("/", "\\/")


def go(data: Data) -> str:
    """json.Marshal of a map, which is sorted."""
    return right(data).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def pss(data: Data) -> str:
    scheme = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.MAX_LENGTH)
    return b64(KEY.sign(right(data).encode(), scheme, hashes.SHA256()))


def pss_of_java(data: Data) -> str:
    scheme = padding.PSS(padding.MGF1(hashes.SHA1()), 20)
    return b64(KEY.sign(right(data).encode(), scheme, hashes.SHA256()))


def sm2(data: Data) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.sign(right(data).encode(), ec.ECDSA(hashes.SHA256())).hex()


def drops(data: Data) -> Data:
    return {name: value for name, value in data.items() if value not in (None, "")}


@dataclass(frozen=True)
class Client:
    """What a client gets wrong, and how it writes its request."""

    mistakes: str
    request: Callable[[Data], bytes]
    data: Data = None  # type: ignore[assignment] # DATA unless given

    def body(self) -> bytes:
        return self.request(DATA if self.data is None else self.data)


EMPTIES: Data = {**DATA, "org_hf_seq_id": "", "merge_flag": ""}
NULLS: Data = {**DATA, "org_hf_seq_id": None}
AMOUNT = compact(head({**DATA, "amount": 1.5})).replace("1.5", "1.00")

CLIENTS = (
    Client("envelope-signed", signs(lambda d: compact(head(d)))),
    Client("envelope-signed", signs(lambda d: compact(head(in_order(d)), sort_keys=True))),
    Client("envelope-signed", signs(lambda d: compact({"data": in_order(d), **head(d)}))),
    Client("envelope-signed", signs(lambda d: compact({**head(d), "sign": ""}))),
    Client("unsorted", signs(compact)),
    Client("unsorted", lambda d: envelope(in_order(d), b64(rsa(compact(d))))),
    Client("sorted-deep", signs(lambda d: compact(d, sort_keys=True)), NESTED),
    Client("spaces", signs(lambda d: compact(d, sort_keys=True, separators=(", ", ": ")))),
    Client("spaces", signs(lambda d: json.dumps(in_order(d), indent=4, ensure_ascii=False))),
    Client("spaces", signs(lambda d: json.dumps(in_order(d), indent="\t", ensure_ascii=False)), RICH),
    Client("unicode-escaped", signs(lambda d: compact(in_order(d), ensure_ascii=True)), RICH),
    Client("slash-escaped", signs(lambda d: right(d).replace("/", "\\/")), RICH),
    Client("html-escaped", signs(go), RICH),
    Client(
        "html-escaped",
        signs(lambda d: go(d).replace("'", "\\u0027").replace("=", "\\u003d")),
        RICH,
    ),
    Client("html-entities", signs(lambda d: right({k: html.escape(v) for k, v in d.items()})), RICH),
    Client("html-entities", signs(lambda d: html.escape(right(d))), RICH),
    Client("html-entities", signs(lambda d: right(d).replace('"', "&quot;"))),
    Client("query-string", signs(lambda d: "&".join(f"{k}={v}" for k, v in sorted(d.items())))),
    Client("query-string", signs(lambda d: "&".join(f"{k}={quote_plus(v)}" for k, v in d.items())), RICH),
    Client("query-string", signs(lambda d: "&".join(f"{k}={quote(v, safe='')}" for k, v in sorted(d.items()))), RICH),
    Client(
        "query-string",
        signs(lambda d: f"data={right(d)}&product_id=MCS&sys_id={DEFAULT_SYS_ID}"),
    ),
    Client("empty-kept", signs(lambda d: right(drops(d))), EMPTIES),
    Client("empty-kept", signs(lambda d: right(drops(d))), NULLS),
    Client("empty-dropped", lambda d: envelope(drops(d), b64(rsa(right(d)))), EMPTIES),
    Client("empty-dropped", lambda d: envelope(drops(d), b64(rsa(right(d)))), NULLS),
    Client("data-as-string", lambda d: envelope(right(d), b64(rsa(right(d))))),
    Client("data-as-string", lambda d: envelope(compact(d), b64(rsa(compact(d))))),
    Client("data-as-string", lambda d: envelope(compact(d), b64(rsa(right(d))))),
    Client("data-as-string", signs(lambda d: compact(right(d)))),
    Client(
        "number-reformatted",
        lambda d: AMOUNT[:-1].encode() + b',"sign":"' + b64(rsa(right({**d, "amount": 1.0}))).encode() + b'"}',
    ),
    Client("number-reformatted", signs(lambda d: right({**d, "amount": "1.5"})), {**DATA, "amount": 1.5}),
    Client("number-reformatted", signs(lambda d: right({**d, "req_date": 20260101}))),
    Client("charset-gbk", signs(lambda d: right(d).encode("gbk")), RICH),
    Client("charset-gbk", lambda d: signs(lambda d: right(d).encode("gbk"))(d).decode().encode("gbk"), RICH),
    Client("charset-gbk", lambda d: signs(right)(d).decode().encode("gbk"), RICH),
    Client("bom", signs(lambda d: "\ufeff" + right(d))),
    Client("bom", lambda d: b"\xef\xbb\xbf" + signs(right)(d)),
    Client("trailing-newline", signs(lambda d: right(d) + "\n")),
    Client("trailing-newline", signs(lambda d: right(d) + "\r\n")),
    Client("sha1", sends(lambda d: b64(rsa(right(d), algorithm=hashes.SHA1())))),
    Client("md5", sends(lambda d: b64(rsa(right(d), algorithm=hashes.MD5())))),
    Client("sha512", sends(lambda d: b64(rsa(right(d), algorithm=hashes.SHA512())))),
    Client("pss", sends(pss)),
    Client("pss", sends(pss_of_java)),
    Client("huifu-key", sends(lambda d: b64(rsa(right(d), published("huifu"))))),
    Client("foreign-key", sends(lambda d: b64(rsa(right(d), published("foreign"))))),
    Client("foreign-key", sends(lambda d: b64(rsa(right(d), signing.generate(2048))))),
    Client("foreign-key", sends(lambda d: b64(rsa(right(d), signing.generate(1024))))),
    Client("base64-urlsafe", sends(lambda d: base64.urlsafe_b64encode(rsa(right(d))).decode())),
    Client("base64-urlsafe", sends(lambda d: base64.urlsafe_b64encode(rsa(right(d))).decode().rstrip("="))),
    Client("base64-hex", sends(lambda d: rsa(right(d)).hex())),
    Client("base64-hex", sends(lambda d: rsa(right(d)).hex().upper())),
    Client("base64-wrapped", sends(lambda d: base64.encodebytes(rsa(right(d))).decode())),
    Client("base64-wrapped", sends(lambda d: "\r\n".join(b64(rsa(right(d)))[i : i + 64] for i in range(0, 344, 64)))),
    Client("base64-plus-lost", sends(lambda d: b64(rsa(right(d))).replace("+", " "))),
    Client("base64-percent-encoded", sends(lambda d: quote(b64(rsa(right(d))), safe=""))),
    Client("base64-percent-encoded unsorted", sends(lambda d: quote(b64(rsa(compact(d)))))),
    Client("sign-is-digest", sends(lambda d: hashlib.sha256(right(d).encode()).hexdigest())),
    Client("sign-is-digest", sends(lambda d: hashlib.sha256(right(d).encode()).hexdigest().upper())),
    Client("sign-is-digest", sends(lambda d: base64.b64encode(hashlib.sha256(right(d).encode()).digest()).decode())),
    Client("sign-is-digest", sends(lambda d: hashlib.md5(right(d).encode(), usedforsecurity=False).hexdigest())),
    Client("sign-empty", sends(lambda d: "")),
    Client("sign-empty", sends(lambda d: None)),
    Client("sign-empty", lambda d: compact(head(d)).encode()),
    Client("sign-is-text", sends(lambda d: "RSA key format is not supported")),
    Client("sign-is-text", sends(lambda d: "error")),
    Client("sign-is-text", sends(lambda d: "test")),
    Client("sm2", sends(sm2)),
    Client("unknown", signs(lambda d: right({**d, "req_seq_id": "something else"}))),
    Client("unknown", signs(lambda d: hashlib.sha256(right(d).encode()).hexdigest())),
    # two at once
    Client("unsorted spaces", signs(json.dumps)),
    Client("unsorted unicode-escaped", signs(lambda d: compact(d, ensure_ascii=True)), RICH),
    Client("unsorted slash-escaped unicode-escaped", signs(php), RICH),
    Client("spaces unicode-escaped", signs(lambda d: json.dumps(d, sort_keys=True)), RICH),
    Client("unsorted spaces unicode-escaped", signs(json.dumps), RICH),
    Client("envelope-signed spaces", signs(lambda d: json.dumps(head(d)))),
    Client("envelope-signed spaces unicode-escaped", signs(lambda d: json.dumps(head(d))), RICH),
    Client("envelope-signed slash-escaped unicode-escaped", signs(lambda d: php(head(d))), RICH),
    Client("envelope-signed html-escaped", signs(lambda d: go(head(in_order(d)))), RICH),
    Client("html-escaped trailing-newline", signs(lambda d: go(d) + "\n"), RICH),
    Client("unsorted trailing-newline", signs(lambda d: compact(d) + "\n")),
    Client("unsorted empty-kept", signs(lambda d: compact(drops(d))), EMPTIES),
    Client("unsorted empty-dropped", lambda d: envelope(drops(d), b64(rsa(compact(d)))), EMPTIES),
    Client(
        "query-string empty-kept", signs(lambda d: "&".join(f"{k}={v}" for k, v in sorted(drops(d).items()))), EMPTIES
    ),
    Client("spaces sha1", sends(lambda d: b64(rsa(json.dumps(in_order(d)), algorithm=hashes.SHA1())))),
    Client("unsorted huifu-key", sends(lambda d: b64(rsa(compact(d), published("huifu"))))),
    Client("sha1 base64-hex", sends(lambda d: rsa(right(d), algorithm=hashes.SHA1()).hex())),
    Client("unsorted base64-urlsafe", sends(lambda d: base64.urlsafe_b64encode(rsa(compact(d))).decode())),
    Client("sorted-deep spaces", signs(lambda d: json.dumps(d, sort_keys=True)), NESTED),
    Client("base64-wrapped base64-urlsafe", sends(
        lambda d: "\n".join(base64.urlsafe_b64encode(rsa(right(d))).decode()[i : i + 76] for i in range(0, 344, 76)))),
    Client("sha1 unknown", sends(lambda d: b64(rsa("something else", algorithm=hashes.SHA1())))),
)  # fmt: skip
