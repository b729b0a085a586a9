"""Answers and faults that a case prepares for the calls of the client."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PreparedAnswer = Mapping[str, Any]
ALWAYS = 1000
"""More often than any client tries."""
NEVER = 3600
"""Seconds that no client waits: what settles after them settles never."""


def answer(
    code: str,
    stat: str | None = None,
    desc: str | None = None,
    *,
    after: bool = False,
    times: int = 1,
    endpoint: str = "close",
) -> PreparedAnswer:
    """The call is answered with that code, truly signed; `after` it was really carried out."""
    do: dict[str, Any] = {"answer": code, "when": "after" if after else "before"}
    if stat is not None:
        do["trans_stat"] = stat
    if desc is not None:
        do["resp_desc"] = desc
    return {"match": {"endpoint": endpoint}, "do": do, "times": times}


def fault(
    name: str, *, endpoint: str | None = "close", nth: int | None = None, times: int = 1, **settings: Any
) -> PreparedAnswer:
    """A fault by its id, on closes alone unless told otherwise."""
    match: dict[str, Any] = {} if endpoint is None else {"endpoint": endpoint}
    if nth is not None:
        match["nth"] = nth
    return {"match": match, "do": {"fault": name, **settings}, "times": times}


def of(do: Mapping[str, Any], times: int = 1, endpoint: str = "close") -> PreparedAnswer:
    """A drawn `do`, for closes unless told otherwise."""
    return {"match": {"endpoint": endpoint}, "do": dict(do), "times": times}
