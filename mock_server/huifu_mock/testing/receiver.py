"""A receiver of webhooks and notifications in a thread: it records, checks signatures, and answers as it is told."""

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Event, Thread
from types import TracebackType
from typing import Any, Final, Literal, Self
from urllib.parse import parse_qsl, urlsplit

from huifu_mock import signing
from huifu_mock._nearest import did_you_mean
from huifu_mock.client.assertions import say

Answer = int | Literal["wrong-ack", "hang", "hang-up"]
ANSWERS: Final = ("wrong-ack", "hang", "hang-up")
PATIENCE: Final = 60.0
"""Real seconds after which a hanging answer is given up, so that nothing outlives a test run for long."""


@dataclass(frozen=True, slots=True)
class Received:
    """One push as it arrived."""

    kind: Literal["webhook", "notify"]
    """`webhook` is signed JSON for the endpoint, `notify` a form for an order's `notify_url`."""
    event: dict[str, Any]
    """The members of the webhook's body, or of the notify's `resp_data`; empty if they cannot be read."""
    signature_ok: bool
    target: str = field(repr=False)
    """Path and query."""
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    answered: Answer

    @property
    def sign(self) -> str:
        """The signature: `sign` in the query of a webhook, in the form of a notify; empty if there is none."""
        form = urlsplit(self.target).query if self.kind == "webhook" else self.body.decode(errors="replace")
        return dict(parse_qsl(form)).get("sign", "")


class Receiver:
    """`url` is for webhooks, `notify_url` for orders. As a context manager it listens until the end."""

    def __init__(self, webhook_key: str, huifu_public_key: str) -> None:
        self._webhook_key, self._public_key = webhook_key, signing.load_public_key(huifu_public_key)
        self._news = Condition()
        self._received: list[Received] = []
        self._answers: list[Answer] = [200]
        self._over = Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = False  # closing waits for them, so nothing outlives the test
        self._thread = Thread(target=self._http.serve_forever, args=(0.02,), name="huifu-receiver", daemon=True)
        host, port = self._http.server_address[:2]
        self.url = f"http://{host!s}:{port}/webhook"
        self.notify_url = f"http://{host!s}:{port}/notify"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        self._over.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def answer(self, *answers: Answer) -> None:
        """Answer the next pushes so, one after another; the last answer stays.

        An HTTP status, with the right acknowledgement in its body; "wrong-ack" (200 with another body, which
        acknowledges a webhook but no notify); "hang" (nothing until the end of the test); "hang-up".
        """
        for answer in answers:
            fits = answer in ANSWERS or (isinstance(answer, int) and 200 <= answer < 600)
            if not fits:
                wanted = f"{answer!r} is no answer; it is an HTTP status from 200 up, or {', '.join(ANSWERS)}"
                raise ValueError(say(wanted))
        if not answers:
            raise ValueError(say(f"answer with what? An HTTP status, or {', '.join(ANSWERS)}"))
        with self._news:
            self._answers = list(answers)

    @property
    def received(self) -> list[Received]:
        """The pushes so far, in the order of their arrival."""
        with self._news:
            return list(self._received)

    def find(self, kind: str | None = None, **members: str) -> list[Received]:
        """The pushes of that kind whose event has these members."""
        return [push for push in self.received if _fits(push, kind, members)]

    def wait_for(self, count: int = 1, *, kind: str | None = None, timeout: float = 5, **members: str) -> Received:
        """The `count`-th push that fits, waiting for it for at most `timeout` real seconds. Raises `TimeoutError`.

        In an async test: `await asyncio.to_thread(receiver.wait_for, …)`.
        """
        with self._news:
            if self._news.wait_for(lambda: len(self._fitting(kind, members)) >= count, timeout):
                return self._fitting(kind, members)[count - 1]
            came = "; ".join(f"{push.kind} {push.event}" for push in self._received) or "nothing at all"
            known = {name for push in self._received for name in push.event}
        wanted = " ".join([kind or "push", *(f"{name}={value}" for name, value in members.items())])
        strange = "".join(_not_a_member(name, known) for name in members if known and name not in known)
        late = say(f"{count} × {wanted} did not come within {timeout:g} s")
        raise TimeoutError(f"{late}; {strange}{say(f'what came: {came}')}")

    def clear(self) -> None:
        """Forget what was received."""
        with self._news:
            self._received.clear()

    def take(self, target: str, headers: dict[str, str], body: bytes) -> tuple[Received, bytes]:
        """Record a push; with it, the body that acknowledges it."""
        read = self._notify if urlsplit(target).path.startswith("/notify") else self._webhook
        kind, event, signature_ok, acknowledgement = read(target, body)
        with self._news:
            answer = self._answers[0] if len(self._answers) == 1 else self._answers.pop(0)
            push = Received(kind, event, signature_ok, target, headers, body, answer)
            self._received.append(push)
            self._news.notify_all()
        return push, acknowledgement

    def hang(self) -> None:
        """Return when the test is over."""
        self._over.wait(PATIENCE)

    def _webhook(self, target: str, body: bytes) -> tuple[Literal["webhook"], dict[str, Any], bool, bytes]:
        sent = dict(parse_qsl(urlsplit(target).query)).get("sign", "")
        right = signing.webhook_sign(body, self._webhook_key)
        return "webhook", _object(body), sent.lower() == right.lower(), b""

    def _notify(self, _: str, body: bytes) -> tuple[Literal["notify"], dict[str, Any], bool, bytes]:
        form = dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
        text = form.get("resp_data", "").encode()
        event, signature_ok = _object(text), signing.verify(self._public_key, text, form.get("sign", ""))
        return "notify", event, signature_ok, f"RECV_ORD_ID_{event.get('req_seq_id', '')}".encode()

    def _fitting(self, kind: str | None, members: dict[str, str]) -> list[Received]:
        return [push for push in self._received if _fits(push, kind, members)]


def _fits(push: Received, kind: str | None, members: dict[str, str]) -> bool:
    return kind in (None, push.kind) and members.items() <= push.event.items()


def _not_a_member(name: str, known: Iterable[str]) -> str:
    return f"{say(f'nothing that came has a member {name}')}; {say(did_you_mean(name, known))}"


def _object(text: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(text)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _answered(push: Received, acknowledgement: bytes) -> Iterator[bytes]:
    """The bytes of the answer; none for one that never comes."""
    if isinstance(push.answered, int) or push.answered == "wrong-ack":
        status = 200 if push.answered == "wrong-ack" else push.answered
        body = b"success" if push.answered == "wrong-ack" else acknowledgement
        yield f"HTTP/1.1 {status} Told\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 5

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            push, acknowledgement = receiver.take(self.path, dict(self.headers), body)
            if push.answered == "hang":
                receiver.hang()
            with suppress(OSError):  # the sender had enough of waiting
                self.wfile.write(b"".join(_answered(push, acknowledgement)))
            self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None: ...  # noqa: A002  # http.server's name

    return Handler
