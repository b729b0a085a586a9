"""References in other languages: small correct clients that lie beside the tests of a checkout.

They are graded where their interpreter is on the machine; the compiled ones are in the tests alone.
"""

from __future__ import annotations

import shutil
from pathlib import Path

CLIENTS = Path(__file__).parents[2] / "tests" / "clients"
SCRIPTS = {"node": "node/close_adapter.mjs", "php": "php/close_adapter.php"}


def argv(name: str) -> list[str]:
    """How to run it; the interpreter has the reference's name."""
    return [name, str(CLIENTS / SCRIPTS[name])]


def here() -> tuple[str, ...]:
    """Those that can run: an installed wheel has none, and an interpreter may be missing."""
    return tuple(name for name, file in SCRIPTS.items() if (CLIENTS / file).exists() and shutil.which(name))
