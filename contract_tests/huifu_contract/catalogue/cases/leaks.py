"""security/no-key-leak: what is secret stays with the merchant."""

from __future__ import annotations

import re

from huifu_contract.catalogue.cases.security import GRADE
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
    says="No part of the private key or the webhook key is in a request, a header, the claim or stderr.",
    rev=2,
)
def no_key_leak(harness: Harness, _: Example) -> None:
    mark = harness.driver.mark()
    calls = [
        harness.twin(),
        harness.close(None, answer("98888888", times=ALWAYS)),
        *(  # of a closequery that fails too another place may tell
            harness.close(None, fault(name, endpoint=None, times=2))
            for name in ("html", "sign-foreign", "reset-after-commit")
        ),
        harness.close(params=harness.unknown_order(org_req_seq_id=None)),
    ]
    said = [harness.driver.stderr(mark)]
    for e in calls:
        said += [repr(e.outcome), *(one.body.decode("utf-8", "replace") for one in e.sent)]
        said += [value for one in e.sent for _, value in one.headers]
    leaks = leaked("\n".join(said), [harness.tenant.merchant_private_key, harness.tenant.webhook_key])
    harness.judge(calls[0], also=[Broken("C", "a secret key was given away")] if leaks else [])


def leaked(said: str, secrets: list[str]) -> bool:
    """Whole keys and fragments of 48 characters, whatever white space is in between."""
    bare = re.sub(r"\s|\\n", "", said)
    for secret in secrets:
        key = re.sub(r"\s", "", secret)
        step = range(0, max(1, len(key) - FRAGMENT + 1), 8)
        if any(key[at : at + FRAGMENT] in bare for at in step):
            return True
    return False
