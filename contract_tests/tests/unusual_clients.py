"""Right clients that do what few do: each is the reference with one habit of its own."""

from __future__ import annotations

import contextlib
import http.client
import json
import select
import socket
import time
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.client import HTTPConnection, HTTPResponse
from threading import Event, Timer
from typing import Any
from urllib.parse import urlsplit

from huifu_contract.drivers.in_process import describes
from huifu_contract.harness.differences import CONTROL
from huifu_contract.outcome import Outcome
from huifu_contract.reference import decide
from huifu_contract.reference.app import App
from huifu_contract.reference.client import Client, Config, Refused
from huifu_contract.reference.wire import JSON, NoReply, webhook_sign

CLAIMS = ("query", "retry", "generates-seq", "generates-date", "parallel", "webhook", "order")


class OwnTransport(Client):
    """Leaves it to `request` how a request is written and a reply is read; hangs up when the whole time is over."""

    def post(self, url: str, body: bytes, timeout_s: float) -> tuple[int, bytes]:
        line = self.line(urlsplit(url).netloc, timeout_s)
        end = Timer(timeout_s, self.hang_up, [line])
        end.daemon = True
        end.start()
        try:
            response = self.request(line, urlsplit(url).path, body)
            received = response.read()
        except (OSError, http.client.HTTPException, ValueError, AttributeError) as error:
            line.close()
            raise NoReply(str(error)) from error
        finally:
            end.cancel()
        if response.length not in (None, 0):
            line.close()
            raise NoReply("the reply was cut off")
        self.done(line)
        return response.status, received

    def line(self, where: str, timeout_s: float) -> HTTPConnection:
        return HTTPConnection(where, timeout=timeout_s)

    def hang_up(self, line: HTTPConnection) -> None:
        with contextlib.suppress(OSError, AttributeError):
            line.sock.shutdown(socket.SHUT_RDWR)

    def request(self, line: HTTPConnection, path: str, body: bytes) -> HTTPResponse:
        line.request("POST", path, body, {"Content-Type": JSON})
        return line.getresponse()

    def done(self, line: HTTPConnection) -> None:
        line.close()


class Http10(OwnTransport):
    """Speaks HTTP/1.0: names no host, and reads a reply only by its length."""

    def request(self, line: HTTPConnection, path: str, body: bytes) -> HTTPResponse:
        line.connect()
        head = f"POST {path} HTTP/1.0\r\nContent-Type: {JSON}\r\nContent-Length: {len(body)}\r\n\r\n"
        line.sock.sendall(head.encode() + body)
        response = HTTPResponse(line.sock, method="POST")
        response.begin()
        if response.length is None:
            raise ValueError("a reply without its length")
        return response


class KeepsConnections(OwnTransport):
    """Uses a connection again for the next call; one that the other side has closed is noticed before."""

    pool: list[HTTPConnection]

    def line(self, where: str, timeout_s: float) -> HTTPConnection:
        while self.pool:
            line = self.pool.pop()
            if line.sock is not None and not select.select([line.sock], [], [], 0)[0]:
                return line
            line.close()
        return super().line(where, timeout_s)

    def done(self, line: HTTPConnection) -> None:
        self.pool.append(line)


class Keeping(App):
    """Has a pool of its own, and closes what is in it at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.pool: list[HTTPConnection] = []
        self.client = type("Kept", (KeepsConnections,), {"pool": self.pool})

    def stop(self) -> None:
        super().stop()
        for line in self.pool:
            line.close()


class InPieces(OwnTransport):
    """Sends the body in chunks, without its length."""

    def request(self, line: HTTPConnection, path: str, body: bytes) -> HTTPResponse:
        pieces = (body[at : at + 64] for at in range(0, len(body), 64))
        line.request("POST", path, pieces, {"Content-Type": JSON}, encode_chunked=True)
        return line.getresponse()


class OwnOrder(Client):
    """Members in another order than anybody, everything but ASCII escaped, over several lines."""

    content_type = "application/json"

    def envelope(self, data: Mapping[str, Any], signed: bytes) -> bytes:
        usual = json.loads(super().envelope(data, signed))
        members = {name: usual[name] for name in ("data", "sign", "product_id", "sys_id")}
        members["data"] = dict(reversed(data.items()))
        return json.dumps(members, ensure_ascii=True, indent=1).encode()


class OwnHeaders(OwnTransport):
    """Header names in lower case, headers of its own, and an Expect that it does not wait for."""

    def request(self, line: HTTPConnection, path: str, body: bytes) -> HTTPResponse:
        line.putrequest("POST", path, skip_accept_encoding=True)
        for name, value in {**OWN_HEADERS, "content-length": str(len(body))}.items():
            line.putheader(name, value)
        line.endheaders()
        line.sock.sendall(body)
        return line.getresponse()


OWN_HEADERS = {
    "content-type": "application/json;charset=utf-8",
    "expect": "100-continue",
    "content-encoding": "UTF-8",
    "user-agent": "shop",
    "x-request-id": "1",
}
"""As the vendor's SDKs for Java and C# send them."""


class Escaped(Client):
    """Escapes / and everything but ASCII, on the wire as in what it signs, as PHP's json_encode without options."""

    def canon(self, data: Mapping[str, Any]) -> bytes:
        return self.written(dict(sorted(data.items())))

    def envelope(self, data: Mapping[str, Any], signed: bytes) -> bytes:
        return self.written(json.loads(super().envelope(data, signed)))

    def written(self, value: Any) -> bytes:
        return json.dumps(value, separators=(",", ":")).replace("/", r"\/").encode()


class Digits(Client):
    """Numbers of digits alone, as long as they may be."""

    def seq(self) -> str:
        return str(uuid.uuid4().int).rjust(128, "7")


class Careful(Client):
    """Refuses numbers with control characters."""

    def data(self, params: Mapping[str, str]) -> dict[str, str]:
        if CONTROL.search("".join(params.values())):
            raise Refused("a control character in a number")
        return super().data(params)


class Unsure(Client):
    """Says `unknown` of everything that is not certain: also of a close in progress and of an order too young."""

    def close(self, **params: str) -> Any:
        outcome = super().close(**params)
        return outcome if outcome.verdict != "pending" else type(outcome)("unknown", outcome.seen)


class AsksNobody(Client):
    """Has no closequery: what a close itself does not settle stays in doubt."""

    def exchange(self, op: str, data: Mapping[str, str], until: float) -> Mapping[str, Any] | None:
        return super().exchange(op, data, until) if op == "close" else None


class AsksOnce(Client):
    """Sends a close once and never again; what that leaves open it learns by one closequery or not at all."""

    def close(self, **params: str) -> Any:
        self.max_attempts = 2
        return super().close(**params)

    def decide(self, reply: Mapping[str, Any] | None) -> str:
        standing = super().decide(reply)
        return "doubt" if standing == "busy" else standing

    def resolve(self, reply: Mapping[str, Any] | None, standing: str) -> str:
        found = super().resolve(reply, standing)
        return "doubt" if found == "resend" else found


class AsksFirst(Client):
    """Asks closequery before it closes, and sends no close where one has succeeded."""

    def close(self, **params: str) -> Any:
        began = time.monotonic()
        try:
            reply = self.exchange("closequery", self.data(params), began + 1.0)
        except Refused:
            reply = None
        if decide.query(reply, "doubt") == "closed":
            return Outcome("closed", reply, attempts=1)
        self.timeout_s -= time.monotonic() - began
        self.max_attempts -= 1
        outcome = super().close(**params)
        return replace(outcome, attempts=(outcome.attempts or 0) + 1)


class KnowsWhatWasSent(Client):
    """Says `not_closed` where every connection was refused: then no close was sent; if one may have been, not."""

    sent = False

    def post(self, url: str, body: bytes, timeout_s: float) -> tuple[int, bytes]:
        try:
            answer = super().post(url, body, timeout_s)
        except NoReply as error:
            self.sent |= not isinstance(error.__cause__, ConnectionRefusedError)
            raise
        self.sent = True
        return answer

    def close(self, **params: str) -> Any:
        outcome = super().close(**params)
        unsent = outcome.verdict == "unknown" and not self.sent
        return replace(outcome, verdict="not_closed") if unsent else outcome


class RemembersWhatIsClosed(App):
    """Sends no close of an order that is closed, as a reply or a genuine webhook told: it answers from memory."""

    def close(self, config: Mapping[str, str], base_url: str, params: Mapping[str, str]) -> Outcome:
        if params.get("org_req_seq_id") and self.beliefs.get(self.named(params)) == "closed":
            return Outcome("closed", attempts=0)
        return super().close(config, base_url, params)


class QueuesNews(App):
    """Acknowledges a webhook before it looks at it."""

    def __init__(self) -> None:
        super().__init__()
        self.behind = ThreadPoolExecutor(1)

    def webhook(self, raw: bytes, sign: str) -> int:
        self.behind.submit(super().webhook, raw, sign)
        return 202

    def stop(self) -> None:
        super().stop()
        self.behind.shutdown()


class TakesNewsOfItsOwn(App):
    """Looks up an order among those that it closed, and ignores news of any other."""

    def close(self, config: Mapping[str, str], base_url: str, params: Mapping[str, str]) -> Outcome:
        self.beliefs.setdefault(self.named(params), "unknown")
        return super().close(config, base_url, params)

    def believe(self, refs: Mapping[str, Any], claim: str) -> None:
        if self.named(refs) in self.beliefs:
            super().believe(refs, claim)


class TellsWhatItComputed(App):
    """Answers a webhook with a wrong signature as the page of the gateway advises while a receiver is built."""

    def _handler(self) -> type[Any]:
        app, usual = self, super()._handler()

        class Telling(usual):  # type: ignore[misc, valid-type]  # the class of this application
            raw = b""

            def received(self) -> bytes:
                self.raw = super().received()
                return self.raw

            def answer(self, status: int, text: str = "") -> None:
                key = app.config.webhook_key if app.config else ""
                super().answer(status, f"computed {webhook_sign(self.raw, key)}" if status == 403 else text)

        return Telling


class AsksWhenAsked(App):
    """What it does not know of an order for certain it asks closequery when somebody wants to know it."""

    at: tuple[str, Config] | None = None

    def close(self, config: Mapping[str, str], base_url: str, params: Mapping[str, str]) -> Outcome:
        self.at = base_url, Config.of(config)
        return super().close(config, base_url, params)

    def order(self, refs: Mapping[str, str]) -> Outcome:
        known = super().order(refs)
        if known.definite or self.at is None:
            return known
        client = self.client(*self.at, timeout_s=1.0, attempt_s=0.5)
        found = decide.query(client.exchange("closequery", client.data(refs), time.monotonic() + 0.5), "doubt")
        return Outcome(found) if found in ("closed", "not_closed") else known


class Slow(Client):
    """Takes its time over every answer."""

    seconds = 2.0

    def close(self, **params: str) -> Any:
        outcome = super().close(**params)
        Event().wait(self.seconds)
        return outcome


UNUSUAL: dict[str, tuple[type[Client] | type[App], frozenset[str]]] = {
    "http-1.0": (Http10, frozenset()),
    "keeps-connections": (Keeping, frozenset()),
    "in-pieces": (InPieces, frozenset()),
    "own-order": (OwnOrder, frozenset()),
    "own-headers": (OwnHeaders, frozenset()),
    "escaped": (Escaped, frozenset()),
    "digits": (Digits, frozenset()),
    "careful": (Careful, frozenset()),
    "unsure": (Unsure, frozenset()),
    "asks-nobody": (AsksNobody, frozenset({"query"})),
    "asks-once": (AsksOnce, frozenset({"retry"})),
    "asks-first": (AsksFirst, frozenset()),
    "knows-what-was-sent": (KnowsWhatWasSent, frozenset()),
    "remembers-what-is-closed": (RemembersWhatIsClosed, frozenset()),
    "queues-news": (QueuesNews, frozenset()),
    "takes-news-of-its-own": (TakesNewsOfItsOwn, frozenset()),
    "tells-what-it-computed": (TellsWhatItComputed, frozenset()),
    "asks-when-asked": (AsksWhenAsked, frozenset()),
    "slow": (Slow, frozenset()),
}
"""By name: the client, and the claims that it does not make."""


def made(name: str) -> App:
    client, without = UNUSUAL[name]
    app = client() if issubclass(client, App) else App()
    app.name = name
    if issubclass(client, Client):
        app.client = client
    app.timeout_s, app.attempt_s = 4.0, 1.0
    return describes(
        name=name,
        version="1",
        profiles=["wire", "decision", "hook"],
        claims=[claim for claim in CLAIMS if claim not in without],
        timeout_s=app.timeout_s + (Slow.seconds if client is Slow else 0.0),
        max_parallel=8,
        webhook_url=app.webhook_url,
    )(app)
