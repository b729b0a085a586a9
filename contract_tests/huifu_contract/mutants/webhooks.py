"""Mutants that take a webhook wrongly."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import md5
from typing import ClassVar

from huifu_contract.mutants.registry import mutant
from huifu_contract.outcome import Outcome
from huifu_contract.reference.app import STATS, App, Named


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
            self.beliefs[self.named(event)] = STATS[event["trans_stat"]]
        return status


@mutant("webhook-refuses-repeats")
class WebhookRefusesRepeats(App):
    def webhook(self, raw: bytes, sign: str) -> int:
        seen = self.beliefs.get(self.named(json.loads(raw)))
        return 409 if seen == "closed" else super().webhook(raw, sign)


@mutant("webhook-ignores")
class WebhookIgnores(App):
    def webhook(self, raw: bytes, sign: str) -> int:  # noqa: ARG002  # that is the mutation
        return 200


@mutant("webhook-kept-late")
class WebhookKeptLate(App):
    """What a later process finds was written at the end of a close; a webhook waits for the next one."""

    kept: ClassVar[dict[Named, str]] = {}

    def start(self, config: Mapping[str, str]) -> None:
        super().start(config)
        self.beliefs.update(self.kept)

    def close(self, config: Mapping[str, str], base_url: str, params: Mapping[str, str]) -> Outcome:
        outcome = super().close(config, base_url, params)
        self.kept.update(self.beliefs)
        return outcome
