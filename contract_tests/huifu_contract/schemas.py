"""The JSON schemas that the kit ships, compiled once, with refusals worded for people."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

from huifu_contract.failures import SetupTrouble
from huifu_mock.schemas import schema


@cache
def _part(name: str, part: str) -> jsonschema_rs.Draft202012Validator:
    whole = schema(name).contents
    return jsonschema_rs.Draft202012Validator(
        {"$schema": whole["$schema"], "$ref": f"#/$defs/{part}", "$defs": whole["$defs"]}
    )


def complaint(name: str, value: Any, part: str | None = None) -> str | None:
    """What is wrong with `value` by `schemas/<name>.json` (or one of its `$defs`); None if nothing is."""
    if part is None:
        problem = next(schema(name).problems(value), None)
        return None if problem is None else str(problem)
    if _part(name, part).is_valid(value):
        return None
    first = next(iter(_part(name, part).iter_errors(value)))
    where = "/".join(str(step) for step in first.instance_path)
    return f"{where or 'message'}: {first.message}"


def read_file(name: str, path: Path, kind: str, exact: str | None = None) -> Any:
    """The JSON of a file that fits `schemas/<name>.json`; raises SetupTrouble that says what is wrong with it.

    `kind` says what sort of file it should be, `exact` which one, where there are several of the sort.
    """
    try:
        loaded = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SetupTrouble(f"{path}: {error.strerror}") from None
    except ValueError:
        raise SetupTrouble(f"{path} is not JSON, so it is no {kind}") from None
    wrong = complaint(name, loaded)
    if wrong is not None:
        raise SetupTrouble(f"{path} is no {exact or kind}: {wrong}")
    return loaded
