"""Judges documents by the shipped JSON schemas, on purpose not with `huifu_mock.schemas`.

`jsonschema-rs` says whether a document is valid; `jsonschema`, the reference implementation, takes a hundred times as
long and words what is wrong. mock_server/tests/test_schema_judges.py shows that both agree on every schema.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from huifu_contract.failures import SetupTrouble
from huifu_mock import _data

if TYPE_CHECKING:  # imported where it is used: with rfc3987-syntax installed, `import jsonschema` takes 0.8 s
    from jsonschema import Draft202012Validator, ValidationError
    from referencing import Registry

MOST = 200
"""Characters of a message: jsonschema quotes the whole value, which may be very long."""


@cache
def _all() -> list[Any]:
    folder = _data.path("schemas")
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.json"))]


@cache
def _registry() -> Registry[Any]:
    from referencing import Registry, Resource

    registry: Registry[Any] = Registry()
    return registry.with_resources((each["$id"], Resource.from_contents(each)) for each in _all()).crawl()


def _schema(name: str, part: str | None) -> Any:
    whole = _data.read_json(f"schemas/{name}.json")
    return whole if part is None else {"$ref": f"{whole['$id']}#/$defs/{part}"}


@cache
def validator(name: str, part: str | None = None) -> Draft202012Validator:
    """The validator of `schemas/<name>.json`, or of one of its `$defs`."""
    from jsonschema import Draft202012Validator

    checker = Draft202012Validator.FORMAT_CHECKER
    return Draft202012Validator(_schema(name, part), registry=_registry(), format_checker=checker)


@cache
def _fast_registry() -> Any:
    from jsonschema_rs import Registry

    return Registry([(each["$id"], each) for each in _all()])


@cache
def _accepts(name: str, part: str | None) -> Callable[[Any], bool]:
    from jsonschema_rs import Draft202012Validator

    return Draft202012Validator(_schema(name, part), registry=_fast_registry(), validate_formats=True).is_valid


def complaint(name: str, value: Any, part: str | None = None) -> str | None:
    """What is wrong with `value` by `schemas/<name>.json` (or one of its `$defs`); None if nothing is."""
    from jsonschema.exceptions import best_match

    with suppress(UnicodeEncodeError):  # half of a surrogate pair, which the fast judge cannot read
        if _accepts(name, part)(value):
            return None
    error = best_match(validator(name, part).iter_errors(value))
    return None if error is None else _worded(error)


def _worded(error: ValidationError) -> str:
    where = ".".join(map(str, error.absolute_path))
    message = _message(error)
    if len(message) > MOST:
        message = f"{message[: MOST // 2]}…{message[-MOST // 2 :]}"
    described = error.schema.get("description") if isinstance(error.schema, dict) and error.path else None
    told = f"{where}: {message}" if where else message
    return f"{told} ({described.rstrip('.')})" if described else told


def _message(error: ValidationError) -> str:
    """jsonschema's own words, but with values as JSON has them: who wrote `null` in PHP looks for no `None`."""
    value, wanted = _as_json(error.instance), cast("Any", error.validator_value)
    match error.validator:
        case "pattern" | "not":  # their messages quote a regular expression of a line or more
            return f"{value} does not have the right form"
        case "required":
            return error.message.replace("is a required property", "is missing")
        case "enum":
            return f"{value} is not one of {', '.join(map(_as_json, wanted))}"
        case "const":
            return f"{value} where {_as_json(wanted)} is expected"
        case "type":
            return f"{value} is not of type {wanted if isinstance(wanted, str) else ' or '.join(wanted)}"
    own = repr(error.instance)
    return value + error.message.removeprefix(own) if error.message.startswith(own) else error.message


def _as_json(value: Any) -> str:
    """JSON on one line, with everything that cannot be seen escaped."""
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in json.dumps(value, ensure_ascii=False))


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
