"""Sealing a push: the signature of each channel, and the wrong ones that a test may ask for."""

from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import urldefrag

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from huifu_mock import signing
from huifu_mock.keys import published
from huifu_mock.orders import Order
from huifu_mock.push import channels, events
from huifu_mock.push.message import Message
from huifu_mock.push.spoil import Spoil


def webhook(order: Order, event: str, body: bytes, url: str, *, key: str, spoil: Spoil) -> Message:
    """A webhook: `sign` goes into the URL's query behind what stands there. Without a key there is no `sign`."""
    signed_url = urldefrag(url).url
    if key:
        signed_with = old_key(key) if spoil.key_old else key
        sign = signing.webhook_sign(body + b" " if spoil.sign_bad else body, signed_with)
        signed_url += f"{'&' if '?' in signed_url else '?'}sign={sign}"
    return Message(channels.WEBHOOK, event, order.key, url, signed_url, lambda: body)


def notify(order: Order, event: str, resp_data: Mapping[str, Any], *, key: RSAPrivateKey, spoil: Spoil) -> Message:
    """A notify: RSA over the raw text of `resp_data`, acknowledged with the `req_seq_id` that stands in it."""
    text = events.text_of(resp_data)
    signing_key = published("foreign") if spoil.key_old else key

    @cache
    def body() -> bytes:
        sign = signing.sign(signing_key, (text + " " if spoil.sign_bad else text).encode())
        return events.form(resp_data, text, sign)

    return Message(
        channels.NOTIFY,
        event,
        order.key,
        order.notify_url,
        urldefrag(order.notify_url).url,
        body,
        expected=f"RECV_ORD_ID_{resp_data['req_seq_id']}",
        headers=(("charset", "UTF-8"),),
    )


def old_key(key: str) -> str:
    """The endpoint's key before it was changed: its characters backwards, so that a test can know it."""
    return key[::-1]
