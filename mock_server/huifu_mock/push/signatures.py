"""Signatures of pushes: made for webhook and notify, and checked as a receiver would."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urldefrag, urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from huifu_mock import signing
from huifu_mock.keys import published
from huifu_mock.push import acknowledgement, events
from huifu_mock.push.faults import PushFaults
from huifu_mock.push.message import Message
from huifu_mock.schemas import schema
from huifu_mock.state.orders import Order


def sign_webhook(order: Order, event: str, body: bytes, url: str, *, key: str, faults: PushFaults) -> Message:
    """A webhook: `sign` goes into the URL's query behind what stands there. Without a key there is no `sign`."""
    signed_url = urldefrag(url).url
    if key:
        signed_with = old_key(key) if faults.key_old else key
        sign = signing.webhook_sign(body + b" " if faults.sign_bad else body, signed_with)
        signed_url += f"{'&' if '?' in signed_url else '?'}sign={sign}"
    return Message(acknowledgement.WEBHOOK, event, order.key, url, signed_url, lambda: body)


def sign_notify(
    order: Order, event: str, resp_data: Mapping[str, Any], *, key: RSAPrivateKey, faults: PushFaults
) -> Message:
    """A notify: RSA over the raw text of `resp_data`, acknowledged with the `req_seq_id` that stands in it."""
    body = NotifyBody(events.text_of(resp_data), key, sign_bad=faults.sign_bad, key_old=faults.key_old)
    return Message(
        acknowledgement.NOTIFY,
        event,
        order.key,
        order.notify_url,
        urldefrag(order.notify_url).url,
        body,
        expected=f"RECV_ORD_ID_{resp_data['req_seq_id']}",
        headers=(("charset", "UTF-8"),),
    )


class NotifyBody:
    """The body of a notify. It is signed when it is asked for first, not when the notify is made."""

    def __init__(self, text: str, key: RSAPrivateKey, *, sign_bad: bool, key_old: bool) -> None:
        self.text, self.sign_bad, self.key_old = text, sign_bad, key_old
        self._key = published("foreign") if key_old else key
        self._signed: bytes | None = None

    def __call__(self) -> bytes:
        """The same bytes whenever it is asked."""
        if self._signed is None:
            sign = signing.sign(self._key, (self.text + " " if self.sign_bad else self.text).encode())
            self._signed = events.form(json.loads(self.text), self.text, sign)
        return self._signed


def old_key(key: str) -> str:
    """The endpoint's key before it was changed: its characters backwards, so that a test can know it."""
    return key[::-1]


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
        return verify_notify(body, public_key)
    return verify_webhook(target, body, key)


def verify_webhook(target: str, body: bytes, key: str) -> Checked:
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


def verify_notify(body: bytes, public_key: RSAPublicKey) -> Checked:
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
