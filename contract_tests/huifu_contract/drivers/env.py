"""The environment of a client's process: nothing of the machine's clock, language or proxies gets in."""

from __future__ import annotations

import os
from collections.abc import Mapping

PROXIES = ("http_proxy", "https_proxy", "all_proxy", "ftp_proxy", "no_proxy")
LOCALE = ("LANG", "LANGUAGE")


def clean(extra: Mapping[str, str] | None = None, base: Mapping[str, str] | None = None) -> dict[str, str]:
    """A copy of the environment with TZ and locale fixed and no proxy; `extra` wins."""
    given = os.environ if base is None else base
    kept = {
        name: value
        for name, value in given.items()
        if name.lower() not in PROXIES and name not in LOCALE and not name.startswith("LC_")
    }
    fixed = {
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }
    return {**kept, **fixed, **(extra or {})}
