"""`jsonschema`, the reference implementation, and `jsonschema-rs`, which the gateway uses, judge every document alike.

The schemas are for any language, so they must not hang on what one implementation thinks of a pattern or a format.
"""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / "schemas"
SHIPPED = {"vectors": [json.loads((ROOT / "fixtures" / "vectors" / "close.json").read_text("utf-8"))]}
"""Documents of ours, for a schema whose conditions are too many to be met by chance."""
DOCUMENTS = {
    file.relative_to(SCHEMAS).with_suffix("").as_posix(): json.loads(file.read_text("utf-8"))
    for file in sorted(SCHEMAS.rglob("*.json"))
    if "$schema" in file.read_text("utf-8")
}
BY_ID = {document["$id"]: document for document in DOCUMENTS.values()}
MEANT = Registry().with_resources((id_, Resource.from_contents(document)) for id_, document in BY_ID.items())
FAST = jsonschema_rs.Registry(list(BY_ID.items()))


@cache
def judges(name: str) -> tuple[Callable[[Any], bool], Callable[[Any], bool]]:
    """The reference implementation's verdict on a document, and the fast one's."""
    checker = FormatChecker()
    reference = Draft202012Validator(DOCUMENTS[name], registry=MEANT, format_checker=checker)
    fast = jsonschema_rs.Draft202012Validator(DOCUMENTS[name], registry=FAST, validate_formats=True)
    return reference.is_valid, fast.is_valid


def referenced(ref: str, document: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a `$ref` leads to, and the document in which that stands."""
    file, _, place = ref.partition("#")
    home = (
        next(other for id_, other in BY_ID.items() if id_.endswith("/" + file.rpartition("/")[2])) if file else document
    )
    found: Any = home
    for part in filter(None, place.split("/")):
        found = found[part]
    return found, home


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=3,
)
TEXTS = st.sampled_from(["", " ", "\n", "\u2028", "\x00", "٣", "é", "20260230", "x" * 200, "http://", "1.0", "²"])


def text_of(part: dict[str, Any]) -> st.SearchStrategy[str]:
    if "pattern" in part:
        return st.from_regex(part["pattern"])  # Python's reading of it: `$` also stands before a last line break
    return st.text(min_size=part.get("minLength", 0), max_size=min(part.get("maxLength", 20), 200)) | TEXTS


def made(part: Any, document: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Documents that mostly fit a part of a schema."""
    part = part if isinstance(part, dict) else {}
    if "$ref" in part:
        found, home = referenced(part["$ref"], document)
        return st.deferred(lambda: made({**found, **{k: v for k, v in part.items() if k != "$ref"}}, home))
    if values := part.get("enum", [part["const"]] if "const" in part else []):
        return st.sampled_from(values)
    if branching := next((name for name in ("oneOf", "anyOf") if name in part), ""):
        rest = {key: value for key, value in part.items() if key != branching}
        return st.one_of([made({**rest, **branch}, document) for branch in part[branching]])
    kinds = part.get("type", "object" if "properties" in part else ["string"] if "pattern" in part else [])
    choices = [typed(kind, part, document) for kind in ([kinds] if isinstance(kinds, str) else kinds)]
    return st.one_of(choices) if choices else ANYTHING


def typed(kind: str, part: dict[str, Any], document: dict[str, Any]) -> st.SearchStrategy[Any]:  # noqa: PLR0911 - a row a type
    match kind:
        case "string":
            return text_of(part)
        case "integer":
            return st.integers(part.get("minimum", -3), part.get("maximum", 10**6))
        case "number":
            return st.integers(-3, 100) | st.floats(-3, 100)
        case "boolean":
            return st.booleans()
        case "null":
            return st.none()
        case "array":
            return st.lists(made(part.get("items"), document), min_size=part.get("minItems", 0), max_size=3)
        case _:
            fields = {name: made(inner, document) for name, inner in part.get("properties", {}).items()}
            other = made(part.get("additionalProperties"), document)
            needed = {name: fields.pop(name, other) for name in part.get("required", ())}
            if needed or fields:
                return st.fixed_dictionaries(needed, optional=fields)
            return st.dictionaries(
                st.text(min_size=1, max_size=4), other, min_size=part.get("minProperties", 0), max_size=2
            )


@st.composite
def spoilt(draw: st.DrawFn, whole: st.SearchStrategy[Any]) -> Any:
    """A document with up to two changes: a member dropped, added, of another type, emptied, lengthened."""
    document = json.loads(json.dumps(draw(whole)))
    for _ in range(draw(st.integers(0, 2))):
        places = [place for place in objects(document) if place]
        if not places:
            return draw(ANYTHING)
        place = draw(st.sampled_from(places))
        name = draw(st.sampled_from(sorted(place)))
        match draw(st.sampled_from(("drop", "add", "replace", "line break", "lengthen", "text"))):
            case "drop":
                del place[name]
            case "add":
                place[draw(st.text(max_size=4))] = draw(ANYTHING)
            case "replace":
                place[name] = draw(ANYTHING)
            case "text":
                place[name] = draw(TEXTS)
            case change if isinstance(place[name], str):
                place[name] += "\n" if change == "line break" else "0" * draw(st.integers(1, 150))
    return document


def objects(value: Any) -> list[dict[str, Any]]:
    """Every object in a document."""
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    found = [found for one in inner for found in objects(one)]
    return [value, *found] if isinstance(value, dict) else found


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if name != "common"])
def test_both_implementations_say_the_same(name: str) -> None:
    reference, fast = judges(name)
    accepted = 0

    @settings(max_examples=80, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(spoilt(st.sampled_from(SHIPPED[name]) if name in SHIPPED else made(DOCUMENTS[name], DOCUMENTS[name])))
    def agree(document: Any) -> None:
        nonlocal accepted
        verdict = reference(document)
        accepted += verdict
        assert fast(document) == verdict, "jsonschema accepts it" if verdict else "jsonschema refuses it"

    agree()
    assert accepted, "no document of these was valid, so that little was shown"


def patterns(part: Any) -> list[dict[str, Any]]:
    """Every part of a schema with a pattern that is anchored at its end."""
    inner = list(part.values()) if isinstance(part, dict) else part if isinstance(part, list) else []
    found = [found for one in inner for found in patterns(one)]
    return [part, *found] if isinstance(part, dict) and str(part.get("pattern")).endswith("$") else found


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if patterns(DOCUMENTS[name])])
@settings(max_examples=30, deadline=None, database=None)
@given(data=st.data())
def test_a_line_break_at_the_end_never_passes_for_a_pattern(name: str, data: st.DataObject) -> None:
    part = data.draw(st.sampled_from(patterns(DOCUMENTS[name])))
    text = data.draw(st.from_regex(part["pattern"], fullmatch=True)).rstrip("\n") + "\n"
    alone = {"$id": DOCUMENTS[name]["$id"], "$defs": DOCUMENTS[name].get("$defs", {}), **part}
    assert not Draft202012Validator(alone, registry=MEANT).is_valid(text), part["pattern"]
