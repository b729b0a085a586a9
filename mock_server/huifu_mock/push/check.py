"""Checking a push as its receiver should: which of the two channels it is, whether it is genuine, what is wrong."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from huifu_mock import signing
from huifu_mock.schemas import schema


@dataclass(frozen=True, slots=True)
class Checked:
    """A received push. `wrong` is empty for a genuine one; `answer` is the body that acknowledges it."""

    channel: str
    event: str
    data: dict[str, Any]
    wrong: tuple[str, ...] = ()
    answer: str = "OK"


def check(target: str, content_type: str, body: bytes, *, key: str, public_key: RSAPublicKey) -> Checked:
    """Check a POST to `target` (path and query) with the endpoint's `key` and Huifu's `public_key`."""
    if content_type.lower().startswith("application/x-www-form-urlencoded"):
        return notify(body, public_key)
    return webhook(target, body, key)


def webhook(target: str, body: bytes, key: str) -> Checked:
    """A webhook: MD5 over the raw body and the key, in the query's `sign`; upper or lower case."""
    data, wrong = _object(body.decode(errors="replace"), "the body")
    event = str(data.get("event_define_no", "?"))
    if not wrong and event == "trans.close":
        wrong += [str(problem) for problem in schema("webhook/trans.close").problems(data)]
    sign = parse_qs(urlsplit(target).query).get("sign", [""])[-1]
    if not sign:
        wrong.append("there is no sign in the URL's query: the endpoint has no key, or a proxy cut the query off")
    elif sign.upper() != signing.webhook_sign(body, key):
        wrong.append(_why(sign.upper(), body, key))
    return Checked("webhook", event, data, tuple(wrong))


def notify(body: bytes, public_key: RSAPublicKey) -> Checked:
    """A notify: RSA over the raw decoded `resp_data`, never over a form that was parsed and written again."""
    fields = dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
    text = fields.get("resp_data", "")
    data, wrong = _object(text, "resp_data")
    wrong += [str(problem) for problem in schema("notify/form").problems(fields)]
    if fields.get("sign") and not signing.verify(public_key, text.encode(), fields["sign"]):
        wrong.append("sign does not verify: it is not Huifu's signature of this resp_data")
    event = "notify.close" if "close_stat" in data else "notify"
    return Checked("notify", event, data, tuple(wrong), f"RECV_ORD_ID_{data.get('req_seq_id', '')}")


def _object(text: str, name: str) -> tuple[dict[str, Any], list[str]]:
    try:
        data = json.loads(text)
    except ValueError as error:
        return {}, [f"{name} is not JSON: {error}"]
    return (data, []) if isinstance(data, dict) else ({}, [f"{name} is not a JSON object"])


def _why(sign: str, body: bytes, key: str) -> str:
    if sign == signing.webhook_sign(body, key[::-1]):
        return "sign was made with the old key of this endpoint"
    if sign == signing.webhook_sign(body, ""):
        return "sign was made without the key: it is the MD5 of the body alone"
    return "sign does not fit: it is the MD5 of another body, or was made with another key"
