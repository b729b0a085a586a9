"""Where the data files lie: beside the code in an installed wheel, at the top of the tree in a checkout."""

import json
from pathlib import Path, PurePosixPath
from typing import Any

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parent.parent
_IN_WHEEL = (_PACKAGE / "schemas").is_dir()
ROOT = _PACKAGE if _IN_WHEEL else _CHECKOUT


def path(relative: str) -> Path:
    """The file or folder that a checkout has at `relative`, such as "schemas/close/request.json"."""
    parts = PurePosixPath(relative)
    if parts.is_absolute() or ".." in parts.parts:
        raise ValueError(f'{relative!r} leaves the data folder; name a file in it, as "fixtures/orders.json"')
    found = ROOT / parts
    if not found.exists():
        raise FileNotFoundError(
            f"huifu-mock's data file {relative} is missing: it should lie at {found}. "
            "The installation is incomplete; install huifu-mock again, or run it from a whole checkout."
        )
    return found


def read_text(relative: str) -> str:
    """The text of a data file, which is always UTF-8."""
    return path(relative).read_text(encoding="utf-8")


def read_json(relative: str) -> Any:
    """The parsed JSON of a data file."""
    return json.loads(read_text(relative))
