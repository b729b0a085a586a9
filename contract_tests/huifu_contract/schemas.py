"""The JSON schemas that the kit ships, compiled once, with refusals worded for people."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import jsonschema_rs

from huifu_contract.data import path


@cache
def document(name: str) -> dict[str, Any]:
    """The schema `schemas/<name>.json` as data."""
    loaded = json.loads(path(f"schemas/{name}.json").read_text(encoding="utf-8"))
    if not isinstance(loaded, dict):
        raise TypeError(f"schemas/{name}.json is no JSON object")
    return loaded


@cache
def _validator(name: str, part: str | None) -> jsonschema_rs.Draft202012Validator:
    schema = document(name)
    if part is not None:
        schema = {"$schema": schema["$schema"], "$ref": f"#/$defs/{part}", "$defs": schema["$defs"]}
    return jsonschema_rs.Draft202012Validator(schema)


def complaint(name: str, value: Any, part: str | None = None) -> str | None:
    """What is wrong with `value` by `schemas/<name>.json` (or one of its `$defs`); None if nothing is."""
    check = _validator(name, part)
    if check.is_valid(value):
        return None
    first = next(iter(check.iter_errors(value)))
    where = "/".join(str(step) for step in first.instance_path)
    return f"{where or 'message'}: {first.message}"
