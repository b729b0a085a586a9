"""Mutants that take silence, repetition or a shared connection wrongly."""

from __future__ import annotations

import http.client
from collections.abc import Iterator, Mapping
from itertools import repeat
from threading import Event
from typing import Any, ClassVar
from urllib.parse import urlsplit

from huifu_contract.mutants.registry import Reply, mutant
from huifu_contract.outcome import Outcome
from huifu_contract.reference.client import Client
from huifu_contract.reference.wire import NoReply


def _pretended(stat: str, code: str) -> Mapping[str, Any]:
    return {"trans_stat": stat, "resp_code": code}


@mutant("timeout-is-failure")
class TimeoutIsFailure(Client):
    def on_transport(self, error: NoReply) -> Reply:  # noqa: ARG002  # that is the mutation
        return _pretended("F", "23000004")


@mutant("timeout-is-success")
class TimeoutIsSuccess(Client):
    def on_transport(self, error: NoReply) -> Reply:  # noqa: ARG002  # that is the mutation
        return _pretended("S", "00000000")


@mutant("status-is-failure")
class StatusIsFailure(Client):
    def on_transport(self, error: NoReply) -> Reply:
        return _pretended("F", "23000004") if str(error).startswith("HTTP") else None


@mutant("broken-body-crash")
class BrokenBodyCrash(Client):
    def on_transport(self, error: NoReply) -> Reply:
        if str(error).startswith("not readable"):
            raise ValueError(str(error))
        return None


@mutant("no-timeout")
class NoTimeout(Client):
    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **{**more, "attempt_s": 30.0, "timeout_s": 30.0})


@mutant("timeout-per-byte")
class TimeoutPerByte(Client):
    watchdog = False


@mutant("infinite-retry")
class InfiniteRetry(Client):
    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **{**more, "max_attempts": 10_000})

    def pauses(self) -> Iterator[float]:
        return repeat(0.05)


@mutant("new-seq-on-retry")
class NewSeqOnRetry(Client):
    def exchange(self, op: str, data: Mapping[str, str], until: float) -> Reply:
        fresh = op == "close" and getattr(self, "again", False)
        self.again = True
        return super().exchange(op, {**data, "req_seq_id": self.seq()} if fresh else data, until)


@mutant("shared-state")
class SharedState(Client):
    """Keeps the request of the moment on the class, as an SDK with static fields does."""

    order: ClassVar[dict[str, str]] = {}

    def exchange(self, op: str, data: Mapping[str, str], until: float) -> Reply:
        mine = {name: value for name, value in data.items() if name.startswith("org_")}
        type(self).order = mine
        Event().wait(0.02)  # a wide window: the race must be lost every time
        other = type(self).order
        kept = {name: value for name, value in data.items() if not name.startswith("org_")}
        return super().exchange(op, {**kept, **other}, until)


@mutant("repeat-is-duplicate")
class RepeatIsDuplicate(Client):
    sent_before: ClassVar[set[frozenset[tuple[str, str]]]] = set()

    def close(self, **params: str) -> Outcome:
        this = frozenset(params.items())
        if "req_seq_id" in params and this in self.sent_before:
            return Outcome("unknown", error={"kind": "Duplicate"})
        self.sent_before.add(this)
        return super().close(**params)


@mutant("once-only")
class OnceOnly(Client):
    successes: ClassVar[int] = 0

    def decide(self, reply: Reply) -> str:
        if (reply or {}).get("trans_stat") == "S":
            type(self).successes += 1
        return "young" if self.successes > 1 else super().decide(reply)


@mutant("failure-is-unknown")
class FailureIsUnknown(Client):
    def decide(self, reply: Reply) -> str:
        standing = super().decide(reply)
        return "young" if standing == "not_closed" else standing


@mutant("stale-connection-is-failure")
class StaleConnectionIsFailure(Client):
    """Keeps one connection open, and takes its end for the end of the matter."""

    kept: ClassVar[list[http.client.HTTPConnection]] = []

    def post(self, url: str, body: bytes, timeout_s: float) -> tuple[int, bytes]:
        parts = urlsplit(url)
        reused = bool(self.kept)
        line = self.kept.pop() if reused else http.client.HTTPConnection(parts.netloc, timeout=timeout_s)
        try:
            line.request("POST", parts.path, body, {"Content-Type": self.content_type})
            response = line.getresponse()
            received = response.read()
        except (OSError, http.client.HTTPException) as error:
            line.close()
            gone = reused and not isinstance(error, TimeoutError)
            raise NoReply("gone" if gone else "no reply") from error
        if response.will_close or self.kept:
            line.close()
        else:
            self.kept.append(line)
        return response.status, received

    def on_transport(self, error: NoReply) -> Reply:
        return _pretended("F", "23000004") if str(error) == "gone" else None
