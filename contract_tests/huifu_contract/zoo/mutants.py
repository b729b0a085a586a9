"""Mutants: the reference client with exactly one wrong decision each.

`zoo.toml` says which cases must fail.
"""

from __future__ import annotations

import base64
import binascii
import http.client
import json
import random
import time
from collections.abc import Callable, Iterator, Mapping
from hashlib import md5
from itertools import repeat
from threading import Event
from typing import Any, ClassVar
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from huifu_contract.outcome import Outcome
from huifu_contract.reference import app as reference
from huifu_contract.reference import decide, keys
from huifu_contract.reference.app import STATS, App
from huifu_contract.reference.client import Client
from huifu_contract.reference.envelope import Envelope
from huifu_contract.reference.post import NoReply

TIMEOUT_S = 1.5
ATTEMPT_S = 0.5
Reply = Mapping[str, Any] | None
CLIENTS: dict[str, type[Client]] = {"reference": Client}
APPS: dict[str, type[App]] = {}


def mutant(name: str) -> Callable[[type[Any]], type[Any]]:
    """Registers a client or an application under the name that zoo.toml knows."""

    def keep(made: type[Any]) -> type[Any]:
        if issubclass(made, App):
            APPS[name] = made
        else:
            CLIENTS[name] = made
        return made

    return keep


# -- decide: what a reply means


@mutant("code-decides")
class CodeDecides(Client):
    def decide(self, reply: Reply) -> str:
        return "closed" if (reply or {}).get("resp_code") == "00000000" else super().decide(reply)


@mutant("sample-of-the-page")
class SampleOfThePage(Client):
    """resp_code first, trans_stat second, never a query: what the specification's own example does."""

    def decide(self, reply: Reply) -> str:
        if reply is None:
            return "doubt"
        if reply.get("resp_code") != "00000000":
            return "not_closed"
        return {"S": "closed", "F": "not_closed", "P": "young"}.get(str(reply.get("trans_stat")), "doubt")


@mutant("p-is-success")
class PIsSuccess(Client):
    def decide(self, reply: Reply) -> str:
        return "closed" if (reply or {}).get("trans_stat") == "P" else super().decide(reply)


@mutant("no-query-after-p")
class NoQueryAfterP(Client):
    def decide(self, reply: Reply) -> str:
        return "young" if (reply or {}).get("trans_stat") == "P" else super().decide(reply)


@mutant("stat-only")
class StatOnly(Client):
    """Takes every F for certain, also that of a system error and of 23000000."""

    def decide(self, reply: Reply) -> str:
        return "not_closed" if (reply or {}).get("trans_stat") == "F" else super().decide(reply)


@mutant("desc-decides")
class DescDecides(Client):
    def decide(self, reply: Reply) -> str:
        return "not_closed" if "失败" in str((reply or {}).get("resp_desc")) else super().decide(reply)


@mutant("system-error-is-failure")
class SystemErrorIsFailure(Client):
    def decide(self, reply: Reply) -> str:
        return "not_closed" if (reply or {}).get("resp_code") in decide.SYSTEM else super().decide(reply)


@mutant("no-stat-is-failure")
class NoStatIsFailure(Client):
    def decide(self, reply: Reply) -> str:
        return "not_closed" if reply is not None and "trans_stat" not in reply else super().decide(reply)


@mutant("unknown-code-crash")
class UnknownCodeCrash(Client):
    LISTED: ClassVar = dict.fromkeys(("00000000", "00000100", "20000001", "23000000", *decide.CERTAIN, *decide.SYSTEM))

    def decide(self, reply: Reply) -> str:
        if reply is not None:
            _ = self.LISTED[reply["resp_code"]]
        return super().decide(reply)


@mutant("strict-fields")
class StrictFields(Client):
    def decide(self, reply: Reply) -> str:
        if any(name.startswith("x_") or name == "close_stat" for name in reply or {}):
            return "not_closed"
        return super().decide(reply)


@mutant("strict-stat")
class StrictStat(Client):
    def decide(self, reply: Reply) -> str:
        if reply is not None and reply.get("trans_stat") not in ("P", "S", "F"):
            raise ValueError(f"no such trans_stat: {reply.get('trans_stat')!r}")
        return super().decide(reply)


@mutant("23000000-is-closed")
class FinalIsClosed(Client):
    def decide(self, reply: Reply) -> str:
        return "closed" if (reply or {}).get("resp_code") == "23000000" else super().decide(reply)


@mutant("23000000-is-failure")
class FinalIsFailure(Client):
    def decide(self, reply: Reply) -> str:
        return "not_closed" if (reply or {}).get("resp_code") == "23000000" else super().decide(reply)


@mutant("no-retry-on-conflict")
class NoRetryOnConflict(Client):
    def decide(self, reply: Reply) -> str:
        return "young" if (reply or {}).get("resp_code") == "20000001" else super().decide(reply)


@mutant("hammering")
class Hammering(Client):
    """Tries again at once, whatever the reason, except while a close is known to be in progress."""

    pending = False

    def decide(self, reply: Reply) -> str:
        self.pending = (reply or {}).get("trans_stat") == "P"
        return "busy" if (reply or {}).get("resp_code") == "20000001" else super().decide(reply)

    def wait(self, seconds: float, until: float) -> bool:
        return super().wait(seconds, until) if self.pending else time.monotonic() < until


# -- check_sign and check_echo: whether a reply counts


@mutant("no-verify")
class NoVerify(Client):
    def check_sign(self, envelope: Envelope) -> bool:  # noqa: ARG002  # that is the mutation
        return True


@mutant("missing-sign-ok")
class MissingSignOk(Client):
    def check_sign(self, envelope: Envelope) -> bool:
        return not envelope.sign or super().check_sign(envelope)


@mutant("own-key-ok")
class OwnKeyOk(Client):
    """Has the merchant's pair on both sides, as a mixed-up configuration does."""

    def check_sign(self, envelope: Envelope) -> bool:
        own = keys.private(self.config.merchant_private_key).public_key()
        return super().check_sign(envelope) or keys.verifies(own, envelope.raw.encode(), envelope.sign)


@mutant("signature-of-anything")
class SignatureOfAnything(Client):
    """Sees that Huifu's key made the signature, and not over what."""

    def check_sign(self, envelope: Envelope) -> bool:
        try:
            raw = base64.b64decode(envelope.sign, validate=True)
            public = keys.public(self.config.huifu_public_key)
            return bool(public.recover_data_from_signature(raw, PKCS1v15(), SHA256()))
        except (InvalidSignature, binascii.Error, ValueError):
            return False


@mutant("no-echo-check")
class NoEchoCheck(Client):
    def check_echo(self, sent: Mapping[str, str], data: Mapping[str, Any]) -> bool:  # noqa: ARG002  # the mutation
        return True


# -- canon and body: what is signed and sent


class Canon(Client):
    """Signs a text of its own and sends the honest one."""

    def canon(self, data: Mapping[str, Any]) -> bytes:
        return self.text(data).encode() if "resp_code" not in data else super().canon(data)

    def text(self, data: Mapping[str, Any]) -> str:
        return json.dumps(dict(sorted(data.items())), ensure_ascii=False, separators=(",", ":"))


@mutant("ascii-canon")
class AsciiCanon(Canon):
    def text(self, data: Mapping[str, Any]) -> str:
        return json.dumps(dict(sorted(data.items())), separators=(",", ":"))


@mutant("unsorted-canon")
class UnsortedCanon(Canon):
    def text(self, data: Mapping[str, Any]) -> str:
        return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


@mutant("spaced-canon")
class SpacedCanon(Canon):
    def text(self, data: Mapping[str, Any]) -> str:
        return json.dumps(dict(sorted(data.items())), ensure_ascii=False)


@mutant("go-html-escape")
class GoHtmlEscape(Canon):
    def text(self, data: Mapping[str, Any]) -> str:
        return super().text(data).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


@mutant("php-slash-escape")
class PhpSlashEscape(Canon):
    def text(self, data: Mapping[str, Any]) -> str:
        return super().text(data).replace("/", "\\/")


class Sends(Client):
    """Changes what is sent, and signs that."""

    def change(self, data: dict[str, Any]) -> dict[str, Any]:
        return data

    def data(self, params: Mapping[str, str]) -> dict[str, str]:
        return self.change(super().data(params))


@mutant("drops-empty-after-signing")
class DropsEmptyAfterSigning(Client):
    def body(self, data: Mapping[str, str]) -> bytes:
        whole = json.loads(super().body(data))
        whole["data"] = {name: value for name, value in data.items() if value}
        return json.dumps(whole).encode()


@mutant("dashed-dates")
class DashedDates(Sends):
    def change(self, data: dict[str, Any]) -> dict[str, Any]:
        dates = {name: data[name] for name in ("req_date", "org_req_date")}
        return {**data, **{name: f"{day[:4]}-{day[4:6]}-{day[6:]}" for name, day in dates.items()}}

    def check_echo(self, sent: Mapping[str, str], data: Mapping[str, Any]) -> bool:  # noqa: ARG002  # no day comes back
        return True


@mutant("int-ids")
class IntIds(Sends):
    def change(self, data: dict[str, Any]) -> dict[str, Any]:
        return {name: int(value) if "seq_id" in name and value.isdigit() else value for name, value in data.items()}

    def check_echo(self, sent: Mapping[str, Any], data: Mapping[str, Any]) -> bool:
        return super().check_echo({name: str(value) for name, value in sent.items()}, data)


@mutant("trims-values")
class TrimsValues(Sends):
    def change(self, data: dict[str, Any]) -> dict[str, Any]:
        return {name: value.strip(" \u00a0\u3000\ufeff") for name, value in data.items()}


@mutant("truncates-128")
class Truncates(Client):
    def data(self, params: Mapping[str, str]) -> dict[str, str]:
        return super().data({name: value[:128] for name, value in params.items()})


@mutant("limits-in-bytes")
class LimitsInBytes(Client):
    def close(self, **params: str) -> Outcome:
        if any(len(value.encode()) > 128 for value in params.values()):
            return Outcome("rejected")
        return super().close(**params)


@mutant("sends-both")
class SendsBoth(Sends):
    def change(self, data: dict[str, Any]) -> dict[str, Any]:
        return {"org_req_seq_id": "unknown", "org_hf_seq_id": "unknown", **data}


@mutant("needs-req-seq-id")
class NeedsReqSeqId(Client):
    def close(self, **params: str) -> Outcome:
        _ = params["org_req_seq_id"]
        return super().close(**params)


@mutant("sends-neither")
class SendsNeither(Client):
    """Sends a close of no order and shrugs at the answer."""

    def data(self, params: Mapping[str, str]) -> dict[str, str]:
        if params.get("org_req_seq_id") or params.get("org_hf_seq_id"):
            return super().data(params)
        return {name: value for name, value in super().data({**params, "org_hf_seq_id": "x"}).items() if value != "x"}

    def decide(self, reply: Reply) -> str:
        return "young" if (reply or {}).get("resp_code") == "21000000" else super().decide(reply)


@mutant("number-as-sys-id")
class NumberAsSysId(Client):
    def body(self, data: Mapping[str, str]) -> bytes:
        whole = json.loads(super().body(data))
        return json.dumps({**whole, "sys_id": int(whole["sys_id"])}).encode()

    def check_sign(self, envelope: Envelope) -> bool:  # noqa: ARG002  # who names no tenant hears another key
        return True


@mutant("wrapped-sign")
class WrappedSign(Client):
    """Base64 in lines of 76, as MIME wants it and Java's older encoders give it."""

    def body(self, data: Mapping[str, str]) -> bytes:
        whole = json.loads(super().body(data))
        whole["sign"] = base64.encodebytes(base64.b64decode(whole["sign"])).decode()
        return json.dumps(whole).encode()


@mutant("leaks-key")
class LeaksKey(Client):
    def body(self, data: Mapping[str, str]) -> bytes:
        whole = json.loads(super().body(data))
        return json.dumps({**whole, "debug": self.config.merchant_private_key[200:300]}).encode()


@mutant("form-content-type")
class FormContentType(Client):
    content_type = "application/x-www-form-urlencoded"


@mutant("short-random-seq")
class ShortRandomSeq(Client):
    """The sample's rand(1000, 9999), made so small that twenty calls must collide."""

    def seq(self) -> str:
        return f"CLOSE_{random.randint(1, 9)}"


# -- on_transport: silence


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


# -- more than one call


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


# -- webhook


@mutant("webhook-no-check")
class WebhookNoCheck(App):
    def webhook(self, raw: bytes, sign: str) -> int:  # noqa: ARG002  # that is the mutation
        return super().webhook(raw, self.signed(raw))

    def signed(self, raw: bytes) -> str:
        key = self.config.webhook_key if self.config else ""
        return md5(raw + key.encode(), usedforsecurity=False).hexdigest()


@mutant("webhook-reencodes")
class WebhookReencodes(WebhookNoCheck):
    """As the official PHP helper: the signature is checked over the body written anew."""

    def webhook(self, raw: bytes, sign: str) -> int:
        anew = json.dumps(json.loads(raw), ensure_ascii=False, separators=(",", ":")).encode()
        return super().webhook(raw, sign) if self.signed(anew) == sign.lower() else 403


@mutant("webhook-case-sensitive")
class WebhookCaseSensitive(App):
    def webhook(self, raw: bytes, sign: str) -> int:
        return super().webhook(raw, sign) if sign == sign.upper() else 403


@mutant("webhook-regresses")
class WebhookRegresses(App):
    def webhook(self, raw: bytes, sign: str) -> int:
        status = super().webhook(raw, sign)
        if status == 200:
            event = json.loads(raw)
            self.beliefs[event["org_req_seq_id"]] = STATS[event["trans_stat"]]
        return status


@mutant("webhook-refuses-repeats")
class WebhookRefusesRepeats(App):
    def webhook(self, raw: bytes, sign: str) -> int:
        seen = self.beliefs.get(json.loads(raw).get("org_req_seq_id", ""))
        return 409 if seen == "closed" else super().webhook(raw, sign)


@mutant("webhook-ignores")
class WebhookIgnores(App):
    def webhook(self, raw: bytes, sign: str) -> int:  # noqa: ARG002  # that is the mutation
        return 200


def described(name: str) -> App:
    """A fresh application with that client, or that application with the reference client."""
    made = APPS.get(name, App)()
    made.client = CLIENTS.get(name, Client)
    made.timeout_s, made.attempt_s, made.name = TIMEOUT_S, ATTEMPT_S, name
    return reference.described(made)
