"""The JSON schemas as the contract kit applies them: with `jsonschema`, the reference implementation.

The gateway applies the same files with `jsonschema-rs`, which is faster; `test_schema_judges.py` shows that both agree.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import best_match
from referencing import Registry, Resource

from huifu_contract.failures import SetupTrouble
from huifu_mock.schemas import schema


@cache
def validator(name: str, part: str | None = None) -> Draft202012Validator:
    """The compiled `schemas/<name>.json`, or one of its `$defs`."""
    documents = [schema(one).contents for one in ("common", name)]
    registry: Registry[Any] = Registry().with_resources((one["$id"], Resource.from_contents(one)) for one in documents)
    wanted = documents[-1] if part is None else {"$ref": f"{documents[-1]['$id']}#/$defs/{part}"}
    return Draft202012Validator(wanted, registry=registry.crawl(), format_checker=FormatChecker())


def complaint(name: str, value: Any, part: str | None = None) -> str | None:
    """What is wrong with `value` by `schemas/<name>.json` (or one of its `$defs`); None if nothing is."""
    if (error := best_match(validator(name, part).iter_errors(value))) is None:
        return None
    where = "/".join(str(step) for step in error.absolute_path)
    return f"{where or 'message'}: {error.message}"


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
