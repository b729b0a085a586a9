"""security/no-key-leak: what is secret stays with the merchant."""

from __future__ import annotations

import re

from huifu_contract.catalogue.cases.pushes import genuine, push, right
from huifu_contract.catalogue.cases.security import GRADE
from huifu_contract.catalogue.cases.webhook import compact, event
from huifu_contract.catalogue.record import Basis, Example, Level
from huifu_contract.catalogue.registry import case
from huifu_contract.harness.harness import Harness
from huifu_contract.harness.laws import Broken
from huifu_contract.harness.prepared_answers import ALWAYS, answer, fault

FRAGMENT = 48


@case(
    "security/no-key-leak",
    Level.MUST,
    Basis.SAFETY,
    grade=GRADE,
    quote="The merchant's private key never leaves the merchant.",
    says="No part of the private key or the webhook key is in a request, a header, the claim, the answer to a webhook "
    "or stderr. Recorded: whether the answer to a forged webhook tells the right signature.",
    rev=3,
)
def no_key_leak(harness: Harness, _: Example) -> None:
    mark = harness.driver.mark()
    usual = harness.twin()
    answers, told = _answered(harness) if "webhook" in harness.hello.claims else ([], False)
    calls = [
        usual,
        harness.close(None, answer("98888888", times=ALWAYS)),
        *(  # of a closequery that fails too another place may tell
            harness.close(None, fault(name, endpoint=None, times=2))
            for name in ("html", "sign-foreign", "reset-after-commit")
        ),
        harness.close(params=harness.unknown_order(org_req_seq_id=None)),
    ]
    said = [("a request", one.body.decode("utf-8", "replace")) for e in calls for one in e.sent]
    said += [("a header", value) for e in calls for one in e.sent for _, value in one.headers]
    said += [("what it claims", repr(e.outcome)) for e in calls]
    said += [("the answer to a webhook", text) for text in answers]
    said.append(("stderr", harness.driver.stderr(mark)))
    secrets = {
        "the private key": harness.tenant.merchant_private_key,
        "the webhook key": harness.tenant.webhook_key,
    }
    given = [f"{name}, in {place}" for place, text in said for name, key in secrets.items() if leaked(text, key)]
    found = [Broken("C", f"{GIVEN_AWAY}: {given[0]}", stable=GIVEN_AWAY)] if given else []
    harness.judge(usual, also=found)
    if told:
        harness.note(TOLD)


GIVEN_AWAY = "a secret key was given away"
TOLD = (
    "the answer to a forged webhook tells the right signature, which helps while a receiver is built and a forger later"
)


def _answered(harness: Harness) -> tuple[list[str], bool]:
    """What is answered to webhooks, forged and unreadable ones among them; and whether it tells the right signature."""
    raw = compact(event(harness.order()))
    forged = [push(harness, raw, signature).text for signature in (None, right(harness, raw + b" "))]
    told = any(right(harness, raw).lower() in text.lower() for text in forged)
    return [*forged, *(genuine(harness, one).text for one in (raw, raw[:-1]))], told


def leaked(said: str, secret: str) -> bool:
    """A whole key, or a fragment of it of 48 characters, whatever white space is in between."""
    bare = re.sub(r"\s|\\n", "", said)
    key = re.sub(r"\s", "", secret)
    step = range(0, max(1, len(key) - FRAGMENT + 1), 8)
    return any(key[at : at + FRAGMENT] in bare for at in step)
