"""Why a signature does not verify, and why a call was answered as it was: what the client really signed, in words.

The library: `explain_request`, `explain_reply`, `explain_webhook`. Each answers an `Explanation` and never raises,
whatever the bytes are.
"""

from huifu_mock.explain.advice import ADVICE, Mistake
from huifu_mock.explain.entries import examined, explained, named
from huifu_mock.explain.explanation import Explanation
from huifu_mock.explain.finding import MISTAKES, Earlier
from huifu_mock.explain.hint import ascii_line, hint
from huifu_mock.explain.nearest import nearest
from huifu_mock.explain.refusals import Scene
from huifu_mock.explain.requests import explain_reply, explain_request
from huifu_mock.explain.webhook import WEBHOOK_MISTAKES, explain_webhook

__all__ = [
    "ADVICE",
    "MISTAKES",
    "WEBHOOK_MISTAKES",
    "Earlier",
    "Explanation",
    "Mistake",
    "Scene",
    "ascii_line",
    "examined",
    "explain_reply",
    "explain_request",
    "explain_webhook",
    "explained",
    "hint",
    "named",
    "nearest",
]
