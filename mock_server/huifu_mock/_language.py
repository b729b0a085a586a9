"""The language of the terminal."""

import os
import sys
from typing import Literal

Language = Literal["zh", "en"]


def language() -> Language:
    """The language of whoever sits at the terminal, of those that explanations are in: `zh` or `en`."""
    wanted = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    try:
        "中".encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except UnicodeEncodeError:  # a pipe without a charset
        return "en"
    return "zh" if wanted.startswith("zh") else "en"
