"""The reference client: closes an order and reports only what is certain."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from itertools import chain, repeat
from threading import Event
from typing import Any

from huifu_contract.outcome import Outcome
from huifu_contract.reference import decide, wire
from huifu_contract.reference.wire import JSON, Envelope, NoReply, NotReadable, post, read

PATH = "/v2/trade/payment/scanpay/"
ECHOED = ("huifu_id", "req_date", "req_seq_id", "org_req_date", "org_req_seq_id", "org_hf_seq_id")
LIMITS = {"req_seq_id": 128, "huifu_id": 32, "org_req_seq_id": 128, "org_hf_seq_id": 128}
PAUSES = (0.03, 0.12, 0.3, 0.6)
RETRY_PAUSE = 0.12
BEIJING = timezone(timedelta(hours=8))


def beijing() -> datetime:
    """Huifu's days begin at midnight in Beijing, wherever this runs."""
    return datetime.now(BEIJING)  # noqa: TID251  # a client's time is the wall's, and the gateway's clock is not its own


@dataclass(frozen=True, slots=True)
class Config:
    """Keys are one line of Base64: PKCS8 for the private one, X.509 for the public one."""

    sys_id: str
    product_id: str
    huifu_id: str
    merchant_private_key: str = field(repr=False)
    huifu_public_key: str
    webhook_key: str = field(default="", repr=False)

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Config:
        return cls(**{name: given[name] for name in cls.__dataclass_fields__ if name in given})


class Refused(ValueError):
    """The parameters cannot be sent; nothing was."""


class Client:
    """`close` takes the members of `data`; req_date, req_seq_id and huifu_id are filled in where missing."""

    content_type = JSON
    watchdog = True
    """Whether a deadline holds for the whole exchange and not only between two bytes."""

    def __init__(
        self,
        base_url: str,
        config: Config,
        *,
        timeout_s: float = 15.0,
        attempt_s: float = 5.0,
        max_attempts: int = 5,
        now: Callable[[], datetime] = beijing,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.config = config
        self.timeout_s = timeout_s
        self.attempt_s = attempt_s
        self.max_attempts = max_attempts
        self.now = now

    def close(self, **params: str) -> Outcome:
        """closed, not_closed, pending, unknown or rejected; the first two are certain."""
        try:
            data = self.data(params)
        except Refused as refused:
            return Outcome("rejected", error={"kind": "Refused", "message": str(refused)}, attempts=0)
        until = time.monotonic() + self.timeout_s
        standing, op, seen, attempt = "doubt", "close", None, 0
        for attempt, pause in enumerate(self.pauses(), 1):
            reply = self.exchange(op, data, until)
            standing = self.decide(reply) if op == "close" else self.resolve(reply, standing)
            seen = reply or seen
            if standing in decide.FINAL or attempt >= min(
                self.max_attempts, decide.PATIENCE.get(standing, attempt + 1)
            ):
                break
            op = decide.NEXT[standing]
            if not self.wait(max(pause, RETRY_PAUSE) if standing == "busy" else pause, until):
                break
        return Outcome(decide.FINAL.get(standing) or decide.MEANWHILE[standing], seen, attempts=attempt)

    # -- one exchange ---------------------------------------------------------------------------------------------

    def exchange(self, op: str, data: Mapping[str, str], until: float) -> Mapping[str, Any] | None:
        """The data of an authentic reply to this very request, or None: then nothing is known."""
        sent = dict(data) if op == "close" else self.query(data)
        body = self.body(sent)
        try:
            left = max(0.001, min(self.attempt_s, until - time.monotonic()))
            status, received = self.post(self.base_url + PATH + op, body, left)
        except NoReply as error:
            return self.on_transport(error)
        if not self.check_status(status):
            return self.on_transport(NoReply(f"HTTP {status}"))
        try:
            envelope = self.read(received)
        except NotReadable as error:
            return self.on_transport(NoReply(f"not readable: {error}"))
        return envelope.data if self.check_sign(envelope) and self.check_echo(sent, envelope.data) else None

    def post(self, url: str, body: bytes, timeout_s: float) -> tuple[int, bytes]:
        return post(url, body, timeout_s, content_type=self.content_type, whole_time=self.watchdog)

    def data(self, params: Mapping[str, str]) -> dict[str, str]:
        """What is sent; raises Refused for what the specification rules out."""
        data = dict(params)
        data.setdefault("req_date", self.fmt_date(self.now()))
        data.setdefault("req_seq_id", self.seq())
        data.setdefault("huifu_id", self.config.huifu_id)
        if not data.get("org_req_seq_id") and not data.get("org_hf_seq_id"):
            raise Refused("org_req_seq_id or org_hf_seq_id is needed to name the order")
        for name, most in LIMITS.items():
            if len(data.get(name, "")) > most:
                raise Refused(f"{name} has {len(data[name])} characters; at most {most} are allowed")
        return data

    def query(self, data: Mapping[str, str]) -> dict[str, str]:
        kept = {name: data[name] for name in ECHOED if name in data}
        return {**kept, "req_date": self.fmt_date(self.now()), "req_seq_id": self.seq()}

    def body(self, data: Mapping[str, str]) -> bytes:
        return self.envelope(data, self.canon(data))

    def envelope(self, data: Mapping[str, Any], signed: bytes) -> bytes:
        envelope = {
            "sys_id": self.config.sys_id,
            "product_id": self.config.product_id,
            "sign": wire.sign(wire.private(self.config.merchant_private_key), signed),
            "data": data,
        }
        return json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode("utf-8")

    def pauses(self) -> Iterator[float]:
        return chain(PAUSES, repeat(PAUSES[-1]))

    def wait(self, seconds: float, until: float) -> bool:
        """False if there is no time left for another attempt after that pause."""
        if time.monotonic() + seconds >= until:
            return False
        Event().wait(seconds)
        return True

    # -- the seams: each is one decision, and a mutant overrides exactly one ---------------------------------------

    def canon(self, data: Mapping[str, Any]) -> bytes:
        """What is signed: top-level names in order, compact, nothing escaped that need not be."""
        return wire.canonical(data).encode("utf-8")

    def seq(self) -> str:
        return uuid.uuid4().hex

    def fmt_date(self, now: datetime) -> str:
        return now.strftime("%Y%m%d")

    def check_status(self, status: int) -> bool:
        """With any other status the gateway, or something before it, says that the call failed."""
        return status == 200

    def read(self, received: bytes) -> Envelope:
        return read(received)

    def check_sign(self, envelope: Envelope) -> bool:
        """Over the text received, or over its canonical form: the gateway sends these as one."""
        public = wire.public(self.config.huifu_public_key)
        if wire.verifies(public, envelope.raw.encode("utf-8", "surrogatepass"), envelope.sign):
            return True
        try:
            return wire.verifies(public, self.canon(envelope.data), envelope.sign)
        except UnicodeEncodeError:
            return False

    def check_echo(self, sent: Mapping[str, str], data: Mapping[str, Any]) -> bool:
        """A genuine reply to another request is no reply to this one."""
        return all(data.get(name) in (sent[name], None) for name in ECHOED if name in sent) and all(
            data.get(name) == sent[name] for name in ("req_seq_id", "req_date", "huifu_id")
        )

    def on_transport(self, error: NoReply) -> Mapping[str, Any] | None:  # noqa: ARG002  # a mutant looks at it
        """No whole reply: nothing is known."""
        return None

    def decide(self, reply: Mapping[str, Any] | None) -> str:
        return decide.close(reply)

    def resolve(self, reply: Mapping[str, Any] | None, standing: str) -> str:
        return decide.query(reply, standing)
