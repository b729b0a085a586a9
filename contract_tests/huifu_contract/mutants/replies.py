"""Mutants that read a reply wrongly: what it means, and whether it is genuine."""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Mapping
from typing import Any, ClassVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from huifu_contract.mutants.registry import Reply, mutant
from huifu_contract.reference import decide, wire
from huifu_contract.reference.client import Client
from huifu_contract.reference.wire import Envelope


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
        own = wire.private(self.config.merchant_private_key).public_key()
        return super().check_sign(envelope) or wire.verifies(own, envelope.raw.encode(), envelope.sign)


@mutant("signature-of-anything")
class SignatureOfAnything(Client):
    """Sees that Huifu's key made the signature, and not over what."""

    def check_sign(self, envelope: Envelope) -> bool:
        try:
            raw = base64.b64decode(envelope.sign, validate=True)
            public = wire.public(self.config.huifu_public_key)
            return bool(public.recover_data_from_signature(raw, PKCS1v15(), SHA256()))
        except (InvalidSignature, binascii.Error, ValueError):
            return False


@mutant("no-echo-check")
class NoEchoCheck(Client):
    def check_echo(self, sent: Mapping[str, str], data: Mapping[str, Any]) -> bool:  # noqa: ARG002  # the mutation
        return True
