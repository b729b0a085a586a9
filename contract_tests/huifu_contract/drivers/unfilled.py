"""An adapter as `init adapter` wrote it, whose one place still holds the line that says what to put there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from huifu_contract.failures import AdapterTrouble
from huifu_contract.outcome import Outcome

LINE = "put the call of your application here"
"""Stands in each template, and in the error of each close that such an adapter answers."""
SUFFIXES = (".py", ".php", ".mjs", ".go", ".java", ".cs")


def filled(outcome: Outcome, argv: Sequence[str]) -> Outcome:
    """The outcome itself. Raises AdapterTrouble, with the file and the line to edit, where there is no call yet."""
    if outcome.verdict == "crashed" and (outcome.error or {}).get("message") == LINE:
        where = _place(argv) or "between `>>> your application` and `<<< end`"
        raise AdapterTrouble(f"the adapter calls no application yet: {LINE}: {where}")
    return outcome


def _place(argv: Sequence[str]) -> str:
    """`file:line`, or nothing: what is run may be made of a file that bears its name, here or beside it."""
    for argument in map(Path, argv):
        for folder in (argument.parent, Path()):
            for file in (folder / f"{argument.stem}{suffix}" for suffix in SUFFIXES):
                if file.is_file():
                    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
                    found = next((number for number, line in enumerate(lines, 1) if LINE in line), 0)
                    if found:
                        return f"{file}:{found}"
    return ""
