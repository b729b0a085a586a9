"""Verdicts of cases, and the exit code they add up to: pytest's numbers, so that both front ends agree."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum, StrEnum


class Verdict(StrEnum):
    PASS = "pass"  # a verdict, no password
    FAIL = "fail"
    NOTE = "note"
    """A recorder's finding, or a broken SHOULD under `--level must`."""
    BLOCKED = "blocked"
    """Not exercised: a control or the request itself was wrong."""
    SKIP = "skip"
    """The client does not make a claim that the case needs."""
    KNOWN = "known"
    FIXED = "fixed"
    """Listed as known, but it passes: the entry must go."""
    FLAKY = "flaky"
    NOT_RUN = "not-run"
    KIT_ERROR = "kit-error"
    ADAPTER_ERROR = "adapter-error"


OK = frozenset({Verdict.PASS, Verdict.NOTE, Verdict.SKIP, Verdict.KNOWN})
ERRORS = frozenset({Verdict.KIT_ERROR, Verdict.ADAPTER_ERROR})
APPLICABLE = frozenset(Verdict) - {Verdict.SKIP, Verdict.NOTE}


class Exit(IntEnum):
    OK = 0
    NOT_OK = 1
    INTERRUPTED = 2
    INTERNAL = 3
    """The kit's fault, or a breach of the adapter protocol."""
    USAGE = 4
    """A wrong option or file, or a client that could not be started."""
    NOTHING = 5
    """No case was selected, or none ran."""


def exit_code(verdicts: Iterable[Verdict]) -> Exit:
    found = set(verdicts)
    if not found - {Verdict.SKIP}:
        return Exit.NOTHING
    if found & ERRORS:
        return Exit.INTERNAL
    return Exit.NOT_OK if found - OK else Exit.OK
