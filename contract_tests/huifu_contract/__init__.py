"""huifu_contract: grades any client of the close endpoint against the contract.

Importing this costs nothing: each public name is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from huifu_contract.drivers.in_process import describes
    from huifu_contract.outcome import Outcome
    from huifu_contract.pytest_cases import conformance_cases

_HOMES = {
    "Outcome": "outcome",
    "conformance_cases": "pytest_cases",
    "describes": "drivers.in_process",
}

__version__ = "1.0.0"
__all__ = ["Outcome", "__version__", "conformance_cases", "describes"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"huifu_contract.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'huifu_contract' has no attribute {name!r}")
