"""The terminal report, word for word, for a run that has every verdict.

`python contract_tests/tests/test_terminal.py` writes the golden file anew.
"""

from __future__ import annotations

import io
from pathlib import Path

import made_results
from rich.console import Console

from huifu_contract.reports import terminal

GOLDEN = Path(__file__).parent / "golden" / "terminal.txt"


def shown() -> str:
    """What a pipe gets: no colours, no progress, 100 columns."""
    out = io.StringIO()
    console = Console(file=out, width=100, highlight=False, force_terminal=False, color_system=None)
    broken = {"request/sign-key-order": "L3: the signature does not verify", "response/p-then-query": made_results.L5}
    terminal.show(console, made_results.run("php", broken, made_results.MIXED, ("webhook",), language="php", known=1))
    return out.getvalue()


def test_the_report_reads_as_it_was_written_down() -> None:
    assert shown() == GOLDEN.read_text("utf-8")


if __name__ == "__main__":
    GOLDEN.write_text(shown(), "utf-8")
