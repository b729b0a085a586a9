"""security/no-key-leak: what is secret stays with the merchant."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from urllib.parse import unquote

from huifu_contract.catalogue.cases.pushes import genuine, push, right
from huifu_contract.catalogue.cases.security import GRADE
from huifu_contract.catalogue.cases.webhook import compact, event
from huifu_contract.catalogue.record import Basis, Example, Level
from huifu_contract.catalogue.registry import case
from huifu_contract.harness.harness import Harness
from huifu_contract.harness.laws import Broken
from huifu_contract.harness.prepared_answers import ALWAYS, answer, fault
from huifu_contract.reference.wire import private

FRAGMENT = 48


@case(
    "security/no-key-leak",
    Level.MUST,
    Basis.SAFETY,
    grade=GRADE,
    quote="The merchant's private key never leaves the merchant.",
    says="No part of the private key, as Base64, bytes or numbers, or of the webhook key is in a request, its address, "
    "a header, the claim, the answer to a webhook or stderr. Recorded: whether the answer to a forged webhook tells "
    "the right signature.",
    rev=5,
    seconds=1.0,
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
        harness.close(None, fault("hang")),
        harness.close(params=harness.unknown_order(org_req_seq_id=None)),
    ]
    sent = [one for e in calls for one in e.sent]
    said = {
        "a request": [one.body.decode("utf-8", "replace") for one in sent],
        "an address": [one.path for one in sent],
        "a header": [value for one in sent for _, value in one.headers],
        "what it claims": [repr(e.outcome) for e in calls],
        "the answer to a webhook": answers,
        "stderr": [harness.driver.stderr(mark)],
    }
    secrets = {
        "the private key": harness.tenant.merchant_private_key,
        "the webhook key": harness.tenant.webhook_key,
    }
    given = [
        f"{name}, in {place}"
        for place, texts in said.items()
        for name, key in secrets.items()
        if leaked("|".join(texts), key)
    ]
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
    """A whole key, or 48 characters of it in a row, in any writing and whatever white space is in between."""
    texts = [_bare(said), _bare(unquote(said)).translate(FROM_URL_SAFE)]
    texts.append(re.sub(r"0x|[:,]", "", texts[0].lower()))
    return any(part in text for written, text in _writings(secret, *texts) for part in _parts(written))


FROM_URL_SAFE = str.maketrans("-_", "+/")


def _writings(secret: str, as_said: str, as_base64: str, as_digits: str) -> Iterator[tuple[str, str]]:
    """Each way in which a key is written, and what was said in the form in which it is found there."""
    yield _bare(secret), as_base64
    if len(secret) <= FRAGMENT:
        return
    numbers = private(secret).private_numbers()
    der = base64.b64decode(secret)
    half = numbers.d.to_bytes((numbers.d.bit_length() + 7) // 8, "big")
    bare = der[der.index(half) :]  # what stands before is in the public key too
    for shift in range(3):  # PKCS8, PKCS1, and a number alone begin at different places
        yield base64.b64encode(bare[shift:]).decode("ascii").rstrip("="), as_base64
    yield bare.hex(), as_digits
    yield _bare(repr(bare)[2:-1]), as_said
    yield ",".join(str(byte) for byte in bare), as_said
    yield ",".join(str(byte - 256 if byte > 127 else byte) for byte in bare), as_said
    for number in (numbers.d, numbers.p, numbers.q):
        yield str(number), as_said


def _bare(text: str) -> str:
    """Without white space, and whatever escapes were put around it on its way into a log."""
    return re.sub(r"\s|\\+[nr]|[\\'\"]", "", text)


def _parts(written: str) -> Iterator[str]:
    return (written[at : at + FRAGMENT] for at in range(0, max(1, len(written) - FRAGMENT + 1), 8))
