"""What the pytest plugin of the contract kit keeps in the configuration of pytest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from huifu_contract.settings_file import Settings

KNOWN = "huifu-contract-known.toml"

settings_key: pytest.StashKey[Settings] = pytest.StashKey()
runs_key: pytest.StashKey[list[str]] = pytest.StashKey()
"""The result documents of this process as JSON; with xdist those of all its workers."""
