"""huifu_contract: grades any client of the close endpoint against the contract.

Importing this costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from huifu_contract.calling import describes
from huifu_contract.outcome import Outcome

if TYPE_CHECKING:
    from huifu_contract.pytest_front import conformance_cases

__version__ = "1.0.0"
__all__ = ["Outcome", "__version__", "conformance_cases", "describes"]


def __getattr__(name: str) -> Any:
    if name == "conformance_cases":
        from huifu_contract.pytest_front import conformance_cases

        return conformance_cases
    raise AttributeError(f"module 'huifu_contract' has no attribute {name!r}")
