"""Whether a receiver acknowledged a push, by the rule of its channel; if not, why, and what would be right."""

from collections.abc import Callable
from typing import Final

from huifu_mock.push import evidence, retry_schedule
from huifu_mock.push.message import Channel, Message, ReceiverResponse, Trouble

_NO_ANSWER: Final[dict[Trouble, str]] = {
    "refused": "not sent: {detail}",
    "queue": "not sent: {detail}",
    "url": "not sent: {url} is not a URL that can be called ({detail}); http://127.0.0.1:9000/webhook is one",
    "timeout": "timeout: no complete answer within {detail} s; answer first and do the work afterwards",
    "unknown-host": "the host name of {url} cannot be resolved ({detail})",
    "unreachable": "connection refused: nothing listens at {url} ({detail})",
    "disconnected": "the receiver closed the connection without an answer ({detail})",
    "tls": "TLS failed: {detail}; is it an http:// URL?",
    "http": "what came back is not HTTP: {detail}",
}


def webhook(message: Message, answered: ReceiverResponse) -> str:
    """A webhook is acknowledged by any 2xx; the body does not matter."""
    if answered.status is not None and 200 <= answered.status < 300:
        return ""
    return _no_answer(message, answered) or _status(message, answered, "any 2xx")


def notify(message: Message, answered: ReceiverResponse) -> str:
    """A notify is acknowledged by HTTP 200 and nothing but `RECV_ORD_ID_` with the `req_seq_id` in `resp_data`."""
    if answered.status != 200:
        return _no_answer(message, answered) or _status(message, answered, "HTTP 200")
    got, want = answered.text or "", message.expected
    if got == want:
        return ""
    why = next((said for applies, said in _WRONG_BODY if applies(got, want)), "")
    return f'HTTP 200, but the body is "{_short(got)}" and must be exactly "{want}"' + (why and f": {why}")


_WRONG_BODY: Final[tuple[tuple[Callable[[str, str], bool], str], ...]] = (
    (lambda got, _: not got, "it is empty"),
    (lambda got, want: got.strip() == want, "there is white space around it, perhaps a line feed at its end"),
    (lambda got, want: got.strip("\ufeff") == want, "it begins with a byte order mark"),
    (lambda got, want: got.strip().strip("\"'") == want, "it is in quotes; send plain text, not JSON"),
    (lambda got, want: got.lower() == want.lower(), "upper and lower case matter"),
    (lambda got, _: got == "RECV_ORD_ID_", "the number is missing: take req_seq_id out of resp_data"),
    (lambda got, _: got.startswith("RECV_ORD_ID_"), "that is another number: take req_seq_id out of resp_data"),
    (lambda got, want: want in got, "there is more than that in it"),
    (lambda got, _: got.strip().lower() in ("success", "ok", "true"), "that is how other gateways are acknowledged"),
    (lambda got, _: got.lstrip()[:1] == "<", "it is a web page"),
    (lambda got, _: got.lstrip()[:1] in ("{", "["), "it is JSON; send plain text"),
)


def _no_answer(message: Message, answered: ReceiverResponse) -> str:
    if not answered.trouble:
        return ""
    return _NO_ANSWER[answered.trouble].format(url=message.receiver, detail=answered.detail)


def _status(message: Message, answered: ReceiverResponse, wanted: str) -> str:
    said = f"HTTP {answered.status} is no acknowledgement, {wanted} is"
    if answered.evidence:
        return f"{said}: {answered.evidence}"
    why = next((why for applies, why in _WRONG_STATUS if applies(message, answered)), "")
    return f"{said}: {why.format(location=answered.location)}" if why else said


def _is_form(message: Message) -> bool:
    return message.channel.content_type.startswith("application/x-www-form")


def _wants_json(answered: ReceiverResponse) -> bool:
    said = (answered.text or "").lower()
    return answered.status in (400, 415, 422) and ("json" in said or answered.status == 415)


_WRONG_STATUS: Final[tuple[tuple[Callable[[Message, ReceiverResponse], bool], str], ...]] = (
    (lambda _, a: 300 <= (a.status or 0) < 400, "redirects are not followed (Location: {location})"),
    (lambda m, a: _is_form(m) and _wants_json(a),
     "the receiver wants JSON, but a notify is a form (application/x-www-form-urlencoded)"),
    (lambda m, a: not _is_form(m) and a.status == 415,
     "the receiver does not take application/json, which is what a webhook is"),
    (lambda _, a: a.status == 404, "nothing is served at this path"),
    (lambda _, a: a.status == 405, "the receiver does not take POST here"),
    (lambda m, a: not _is_form(m) and evidence.is_about_the_sign(a),
     "the receiver refused the signature; let it answer the MD5 that it computed, and its mistake is named here"),
    (lambda _, a: a.status in (401, 403), "the receiver refused it: the signature, or missing credentials"),
    (lambda m, a: _is_form(m) and 200 < (a.status or 0) < 300, "a notify wants exactly 200"),
    (lambda _, a: (a.status or 0) >= 500, "the receiver failed"),
)  # fmt: skip


def _short(text: str) -> str:
    return text if len(text) <= 120 else f"{text[:117]}…"


WEBHOOK: Final = Channel("application/json;charset=UTF-8", webhook, retry_schedule.webhook)
NOTIFY: Final = Channel("application/x-www-form-urlencoded", notify, retry_schedule.notify)
