"""Mutants that sign or send a wrong request."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Mapping
from typing import Any, ClassVar

from huifu_contract.mutants.registry import Reply, mutant
from huifu_contract.outcome import Outcome
from huifu_contract.reference.client import Client
from huifu_contract.reference.wire import Envelope


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


@mutant("four-digits-of-a-second")
class FourDigitsOfASecond(Client):
    """The sample's date('YmdHis') . rand(1000, 9999), of which this process draws none twice."""

    left: ClassVar[list[int]] = random.sample(range(1000, 10_000), 9000)

    def seq(self) -> str:
        return f"CLOSE_{self.now():%Y%m%d%H%M%S}{self.left.pop()}"


@mutant("short-random-seq")
class ShortRandomSeq(Client):
    """The sample's rand(1000, 9999), made so small that twenty calls must collide."""

    def seq(self) -> str:
        return f"CLOSE_{random.randint(1, 9)}"
