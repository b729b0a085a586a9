"""Where the files shipped beside the code lie: the folder of a checkout, or the inside of a wheel."""

from __future__ import annotations

from pathlib import Path


def path(name: str) -> Path:
    """`schemas/result.json` -> the file. huifu_mock knows the two places; it is imported only when asked."""
    from huifu_mock import _data

    return Path(_data.path(name))
