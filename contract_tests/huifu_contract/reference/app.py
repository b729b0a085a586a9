"""An application around the reference client: what the adapter of a real one would call.

The reference client as an application would run it, with webhooks and a memory of what it believes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hmac import compare_digest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from huifu_contract.drivers.in_process import describes
from huifu_contract.outcome import Outcome
from huifu_contract.reference.client import Client, Config
from huifu_contract.reference.wire import webhook_sign

TIMEOUT_S = 2.0
ATTEMPT_S = 0.4
STATS = {"S": "closed", "F": "not_closed", "P": "pending"}
Named = tuple[str, ...]
"""The merchant, the day and the number of an order: a number is unique on its day and for its merchant alone."""
RANK = {"unknown": 0, "pending": 1, "not_closed": 2, "closed": 3}


class App:
    """What `py:huifu_contract.reference.app:make_client` gives.

    `client` is the class that does the closing.
    """

    client: type[Client] = Client
    name = "reference"
    timeout_s = TIMEOUT_S
    attempt_s = ATTEMPT_S

    def __init__(self) -> None:
        self.config: Config | None = None
        self.beliefs: dict[Named, str] = {}
        self.lock = Lock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True

    @property
    def webhook_url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/webhook"

    def start(self, config: Mapping[str, str]) -> None:
        self.config = Config.of(config)
        Thread(target=self.server.serve_forever, args=(0.05,), daemon=True, name="reference-webhooks").start()

    def stop(self) -> None:
        if self.config is not None:
            self.server.shutdown()
        self.server.server_close()

    def close(self, config: Mapping[str, str], base_url: str, params: Mapping[str, str]) -> Outcome:
        client = self.client(base_url, Config.of(config), timeout_s=self.timeout_s, attempt_s=self.attempt_s)
        self.begin(params)
        outcome = client.close(**params)
        self.believe(params, outcome.verdict)
        return outcome

    def order(self, refs: Mapping[str, str]) -> Outcome:
        return Outcome(self.beliefs.get(self.named(refs), "unknown"))

    def named(self, refs: Mapping[str, Any]) -> Named:
        """Which order a close, an event or a question names."""
        merchant = "" if self.config is None else self.config.huifu_id
        return tuple(
            str(refs.get(name, default))
            for name, default in (("huifu_id", merchant), ("org_req_date", ""), ("org_req_seq_id", ""))
        )

    def begin(self, refs: Mapping[str, Any]) -> None:
        """A close is under way: that an earlier one failed says nothing of this one."""
        order = self.named(refs)
        with self.lock:
            if self.beliefs.get(order) == "not_closed":
                self.beliefs[order] = "unknown"

    def believe(self, refs: Mapping[str, Any], claim: str) -> None:
        """A later word never takes back a better one: closed stays closed whatever comes late."""
        order = self.named(refs)
        with self.lock:
            if RANK.get(claim, 0) > RANK[self.beliefs.get(order, "unknown")]:
                self.beliefs[order] = claim

    def webhook(self, raw: bytes, sign: str) -> int:
        """The HTTP status of the answer. The signature covers the bytes as received, upper or lower case."""
        key = "" if self.config is None else self.config.webhook_key
        wanted = webhook_sign(raw, key).lower()
        if not compare_digest(wanted.encode(), sign.lower().encode("utf-8", "replace")):
            return 403
        try:
            event = json.loads(raw)
            known = event["event_define_no"] == "trans.close"
            self.believe(event, STATS.get(event["trans_stat"], "unknown") if known else "unknown")
        except (ValueError, KeyError, TypeError):
            return 400
        return 200

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        app = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:  # the name that http.server calls
                raw = self.received()
                sign = parse_qs(urlsplit(self.path).query).get("sign", [""])[0]
                self.answer(app.webhook(raw, sign))

            def received(self) -> bytes:
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))

            def answer(self, status: int, text: str = "") -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, format: str, *args: Any) -> None: ...  # noqa: A002  # http.server's name

        return Handler


def make_client() -> App:
    """A fresh application; its webhook address is known once it exists, so it is described here."""
    return described(App())


def described(app: App, **more: Any) -> App:
    about = describes(
        name=app.name,
        version="1",
        language="python",
        profiles=["wire", "decision", "hook"],
        claims=["query", "retry", "generates-seq", "generates-date", "parallel", "webhook", "order"],
        timeout_s=app.timeout_s,
        max_attempts=5,
        max_parallel=8,
        webhook_url=app.webhook_url,
        **more,
    )
    return about(app)
