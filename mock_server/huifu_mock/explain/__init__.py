"""Why a signature does not verify, and why a call was answered as it was: what the client really signed, in words.

The library: `explain_request`, `explain_reply`, `explain_webhook`. Each answers an `Explanation` and never raises,
whatever the bytes are. Nothing is loaded before it is used: most servers never refuse a call.
"""

import threading
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from huifu_mock.explain.advice import ADVICE, Mistake
    from huifu_mock.explain.budget import Budget, untried
    from huifu_mock.explain.content_type import doubtful_type, given_type
    from huifu_mock.explain.days import own_date
    from huifu_mock.explain.escapes import needless, needless_escapes
    from huifu_mock.explain.journal_entry import earlier, examined, explained
    from huifu_mock.explain.nearest_order import nearest
    from huifu_mock.explain.refusal import SENTENCES, TenantFacts, ascii_line, hint, remedy
    from huifu_mock.explain.report import Explanation
    from huifu_mock.explain.signature import MISTAKES, Earlier, explain_reply, explain_request
    from huifu_mock.explain.webhook import WEBHOOK_MISTAKES, explain_webhook

__all__ = [
    "ADVICE",
    "MISTAKES",
    "SENTENCES",
    "WEBHOOK_MISTAKES",
    "Budget",
    "Earlier",
    "Explanation",
    "Mistake",
    "TenantFacts",
    "ascii_line",
    "doubtful_type",
    "earlier",
    "examined",
    "explain_reply",
    "explain_request",
    "explain_webhook",
    "explained",
    "given_type",
    "hint",
    "is_loaded",
    "load",
    "nearest",
    "needless",
    "needless_escapes",
    "own_date",
    "remedy",
    "untried",
]

_WHERE: Final = {
    "advice": (
        "ADVICE",
        "Mistake",
    ),
    "journal_entry": (
        "earlier",
        "examined",
        "explained",
    ),
    "budget": (
        "Budget",
        "untried",
    ),
    "content_type": (
        "doubtful_type",
        "given_type",
    ),
    "days": ("own_date",),
    "escapes": (
        "needless",
        "needless_escapes",
    ),
    "nearest_order": ("nearest",),
    "refusal": (
        "SENTENCES",
        "TenantFacts",
        "ascii_line",
        "hint",
        "remedy",
    ),
    "report": ("Explanation",),
    "signature": (
        "Earlier",
        "MISTAKES",
        "explain_reply",
        "explain_request",
    ),
    "webhook": (
        "WEBHOOK_MISTAKES",
        "explain_webhook",
    ),
}


_LOADED: Final = threading.Event()


def load() -> None:
    """Import all of it, so that nobody has to wait for that later."""
    for module in _WHERE:
        import_module(f"{__name__}.{module}")
    _LOADED.set()


def is_loaded() -> bool:
    """Whether nothing is left to be imported."""
    return _LOADED.is_set()


def __getattr__(name: str) -> Any:
    module = next((module for module, names in _WHERE.items() if name in names), None)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(f"{__name__}.{module}"), name)
    return found
