"""A receiver of pushes, written twice on purpose: it judges `huifu_mock.push` and `huifu_mock.testing.receiver`.

It keeps what arrives and answers as the test says. It uses nothing of the code that sends: MD5 and RSA are done anew.
"""

import base64
import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from threading import Event, Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key


@dataclass(frozen=True)
class Push:
    """One POST that arrived."""

    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def query(self) -> list[tuple[str, str]]:
        return parse_qsl(urlsplit(self.target).query)

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True, strict_parsing=True))

    @property
    def event(self) -> dict[str, Any]:
        """The webhook's body, or a notify's `resp_data`."""
        is_form = "urlencoded" in self.headers["content-type"]
        return json.loads(self.form["resp_data"] if is_form else self.body)  # type: ignore[no-any-return] # an object

    def webhook_ok(self, key: str) -> bool:
        """MD5 of the raw body and the key, compared without regard to case."""
        sign = dict(self.query).get("sign", "")
        return hashlib.md5(self.body + key.encode()).hexdigest() == sign.lower()

    def notify_ok(self, huifu_public_key: str) -> bool:
        """SHA-256 with RSA over the raw text of `resp_data`."""
        key = load_der_public_key(base64.b64decode(huifu_public_key))
        try:
            key.verify(  # type: ignore[call-arg, union-attr] # an RSA key has this
                base64.b64decode(self.form["sign"]), self.form["resp_data"].encode(), PKCS1v15(), SHA256()
            )
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True)
class Said:
    """What the mailbox answers."""

    status: int = 200
    body: bytes | None = None
    """`None` acknowledges."""
    headers: tuple[tuple[str, str], ...] = ()
    hang: bool = False
    hang_up: bool = False


Answer = Callable[[Push], Said]


class Mailbox:
    """Listens on 127.0.0.1 while it is a context. `pushes` is what arrived, `next()` waits for the next one."""

    def __init__(self, answer: Answer = lambda _: Said()) -> None:
        self.answer = answer
        self.pushes: list[Push] = []
        self._news: Queue[Push] = Queue()
        self._over = Event()
        mailbox = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                mailbox.take(self, Push(self.path, headers, body))

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        self.address = f"http://127.0.0.1:{self._http.server_port}"
        self.hook, self.notify = f"{self.address}/hook", f"{self.address}/notify"

    def take(self, handler: BaseHTTPRequestHandler, push: Push) -> None:
        said = self.answer(push)
        self.pushes.append(push)
        self._news.put(push)
        if said.hang:
            self._over.wait(60)
        if said.hang or said.hang_up:
            handler.close_connection = True
            return
        with suppress(OSError):  # the sender may have had enough
            self._send(handler, said, push)

    @staticmethod
    def _send(handler: BaseHTTPRequestHandler, said: Said, push: Push) -> None:
        ack = f"RECV_ORD_ID_{push.event['req_seq_id']}".encode() if push.target.startswith("/notify") else b"ok"
        body = ack if said.body is None else said.body
        handler.send_response(said.status)
        for name, value in said.headers:
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def next(self, timeout: float = 20) -> Push:
        """The next push that nobody asked for yet."""
        return self._news.get(timeout=timeout)

    def refuse(self, times: int, status: int = 500) -> None:
        """Answer the first `times` pushes with `status`."""
        self.answer = lambda _: Said(status if len(self.pushes) < times else 200)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        self._over.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()
