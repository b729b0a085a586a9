"""`jsonschema` and `jsonschema-rs` accept and refuse the same documents, for every schema that is shipped.

The gateway checks with the second, because it is fast; the contract kit judges with the first, the reference
implementation. Documents are drawn from the schema itself, then changed in one to three places.
"""

import base64
import copy
import json
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from random import Random
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_schemas import BASE, CAPTURES, NAMES, document, validator, walk

Json = Any
Path = tuple[str | int, ...]

FAST_REGISTRY = jsonschema_rs.Registry([(document(name)["$id"], document(name)) for name in NAMES])
TARGETS = [*NAMES, *(f"{n}#/$defs/{part}" for n in NAMES for part in document(n).get("$defs", {}))]
"""Every file, and every definition in one: some files are nothing but definitions."""


@cache
def judges(target: str) -> tuple[Callable[[Json], bool], Callable[[Json], bool]]:
    """The reference implementation and the fast one."""
    fast = jsonschema_rs.Draft202012Validator({"$ref": BASE + target}, registry=FAST_REGISTRY, validate_formats=True)
    return validator(target).is_valid, fast.is_valid


def verdict(target: str, instance: Json) -> bool:
    """What both say; fails if they differ."""
    reference, fast = (judge(instance) for judge in judges(target))
    assert reference == fast, f"{target}: jsonschema says {reference}, jsonschema-rs {fast} of {instance!r}"
    return reference


# Documents that are nearly valid

ODD_TEXTS = (
    "", "\n", "a\n", "20240405\n", "20230229", "20240229", "19000229", "20240405", "20240405235959", "20240405240000",
    "２０２４０４０５", "2024-02-30", "2024-04-05", "2024-04-05T00:00:00+08:00", "2024-04-05T00:00\n", "0.00", "1.00",
    "1.00\n", "a\x00b", "a\x1f", "a\x7f", "a\x85", "a\u2028b", "a\u2029", "a\xa0b", "\ufeff", "e\u0301", "中文", "😀",
    "a\rb", "\r", "http://127.0.0.1:1/x", "http://127.0.0.1\n", "HTTP://x", "\nhttp://x", "QUJD", "QUJD\n", "QQ==",
    "a/b", "a/b\n", "A" * 32, "0" * 64, "S", "P", "F", "S\n", "null", "{}", "98888888", "98888888\n",
    "20000001.TOO_YOUNG", "K", "ſ", "İ",
)  # fmt: skip
ODD_VALUES = (
    None, True, False, 0, 1, -1, 0.0, 1.0, -0.0, 1.5, 0.1, 1e-9, 1e300, 59.999999, 60, 600, 601, 10**18, 10**30,
    -(10**30), [], {}, [None], [[]], [{}], {"a": {"b": [1]}}, [1, 1], [1, 1.0], [0, False], [1, True], ["1", 1],
    [{}, {}], {"": ""},
)  # fmt: skip
ODD_CHARACTERS = "\n\r\t\x00\x1f\x7f\x85\xa0\u2028\u2029\ufeff٣é中😀 /<0aZ"


@cache
def resolved(reference: str, base: str) -> tuple[dict[str, Any], str]:
    """The schema that a `$ref` in the file `base` leads to, and its file."""
    name, _, pointer = reference.partition("#")
    file = base if not name else "/".join(_joined(base, name))
    found: Any = document(file)
    for step in pointer.split("/")[1:]:
        found = found[step]
    return found, file


def _joined(base: str, name: str) -> list[str]:
    parts = base.split("/")[:-1]
    for step in name.removeprefix(BASE).split("/"):
        parts = parts[:-1] if step == ".." else [*parts, step]
    return parts


def nearly(schema: Any, base: str, depth: int = 0) -> st.SearchStrategy[Json]:
    """Documents that keep to most of `schema`: enough to reach what lies below, and never to be relied on."""
    if not isinstance(schema, dict) or depth > 6:
        return st.sampled_from(ODD_VALUES)
    if "$ref" in schema:
        target, file = resolved(schema["$ref"], base)
        return nearly({**target, **{n: v for n, v in schema.items() if n != "$ref"}}, file, depth + 1)
    for keyword in ("oneOf", "anyOf"):
        if keyword in schema:
            whole = {name: value for name, value in schema.items() if name != keyword}
            branches = [{**whole, **b, **_both(whole, b)} for b in schema[keyword]]
            return st.one_of([nearly(branch, base, depth + 1) for branch in branches])
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    types = schema.get("type", "object" if "properties" in schema else "string")
    return st.one_of([_of_type(one, schema, base, depth) for one in ([types] if isinstance(types, str) else types)])


def _both(whole: dict[str, Any], branch: dict[str, Any]) -> dict[str, Any]:
    """The keywords that a schema and a branch of it state together."""
    required = [*whole.get("required", []), *branch.get("required", [])]
    properties = {**whole.get("properties", {}), **branch.get("properties", {})}
    return {name: value for name, value in (("required", required), ("properties", properties)) if value}


def _of_type(kind: str, schema: dict[str, Any], base: str, depth: int) -> st.SearchStrategy[Json]:
    match kind:
        case "object":
            return _objects(schema, base, depth)
        case "array":
            least = schema.get("minItems", 0)
            return st.lists(nearly(schema.get("items", {}), base, depth + 1), min_size=least, max_size=least + 2)
        case "string":
            return _texts(schema)
        case "integer" | "number":
            low, high = schema.get("minimum", schema.get("exclusiveMinimum", 0)), schema.get("maximum", 1000)
            return st.sampled_from([low, low + 1, high, high - 1, (low + high) // 2, float(low + 1), low + 0.5])
        case _:
            return st.booleans() if kind == "boolean" else st.none()


def _objects(schema: dict[str, Any], base: str, depth: int) -> st.SearchStrategy[Json]:
    drawn = {name: nearly(part, base, depth + 1) for name, part in schema.get("properties", {}).items()}
    fixed = {name: drawn.get(name, st.sampled_from(ODD_TEXTS)) for name in schema.get("required", [])}
    known = st.fixed_dictionaries(fixed, optional={name: s for name, s in drawn.items() if name not in fixed})
    other = schema.get("additionalProperties")
    if not isinstance(other, dict):
        return known
    more = st.dictionaries(st.sampled_from(ODD_TEXTS), nearly(other, base, depth + 1), max_size=2)
    return st.builds(lambda members, added: {**added, **members}, known, more)


@cache
def _matching(pattern: str) -> st.SearchStrategy[str]:
    alphabet = st.characters(codec="utf-8")
    return st.from_regex(pattern, alphabet=alphabet) | st.from_regex(pattern, fullmatch=True, alphabet=alphabet)


def _texts(schema: dict[str, Any]) -> st.SearchStrategy[str]:
    limits = [schema[name] for name in ("minLength", "maxLength") if name in schema]
    lengths = [size + more for size in limits for more in (-1, 0, 1) if 0 <= size + more <= 600]
    sized = [character * size for size in lengths for character in ("a", "中", "😀")]
    given_there = [*schema.get("examples", []), *sized, *ODD_TEXTS]
    texts = st.sampled_from(given_there)
    return _matching(schema["pattern"]) | texts if "pattern" in schema else texts


# Changes


def places(instance: Json, at: Path = ()) -> list[Path]:
    found = [at]
    inner = (
        instance.items() if isinstance(instance, dict) else enumerate(instance) if isinstance(instance, list) else ()
    )
    for key, value in inner:
        found += places(value, (*at, key))
    return found


def replaced(instance: Json, at: Path, change: Callable[[Json], Json]) -> Json:
    if not at:
        return change(instance)
    changed = copy.copy(instance)
    changed[at[0]] = replaced(instance[at[0]], at[1:], change)
    return changed


def mutated(instance: Json, random: Random) -> Json:
    """`instance` with one to three changes: dropped, added, of another type, longer, with an odd character, nested.

    Chosen without hypothesis, to which a choice is a thousand times as much work; it draws the seed.
    """
    for _ in range(random.randint(1, 3)):
        at = random.choice(places(instance))
        instance = replaced(instance, at, lambda value: _changed(value, random))
    return instance


def _changed(value: Json, random: Random) -> Json:
    changes = [random.choice(ODD_VALUES), random.choice(ODD_TEXTS), [value], {"a": value}]
    if isinstance(value, str):
        odd, at = random.choice(ODD_CHARACTERS), random.randint(0, len(value))
        changes += [value + odd, odd + value, value[:at] + odd + value[at + 1 :], value[:-1], value + value[-1:] * 128]
    elif isinstance(value, dict):
        if value:
            dropped = random.choice(sorted(value))
            changes.append({name: inner for name, inner in value.items() if name != dropped})
        changes.append({**value, random.choice(ODD_TEXTS): random.choice(ODD_VALUES)})
    elif isinstance(value, list):
        changes += [value + value, value[1:], [*value, None]]
    elif isinstance(value, int | float) and not isinstance(value, bool):
        changes += [-value, value * 1000, value + 0.5, str(value)]
    return random.choice(changes)


@pytest.mark.parametrize("target", TARGETS)
def test_both_judges_say_the_same_of_documents_drawn_from_the_schema(target: str) -> None:
    file, _, pointer = target.partition("#")
    schema, _ = resolved("#" + pointer, file)
    base = st.sampled_from(schema["examples"]) | nearly(schema, file) if "examples" in schema else nearly(schema, file)

    @settings(max_examples=4 if pointer else 12, database=None, derandomize=True, deadline=None,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(base, st.integers(0, 2**32))
    def agree(instance: Json, seed: int) -> None:
        verdict(target, instance)
        random = Random(seed)
        for _ in range(8):  # to draw a document is several times as much work as to change and judge it
            verdict(target, mutated(instance, random))

    agree()


def pointers(node: Json, at: str) -> list[str]:
    """Where a schema states a pattern for the whole of a text."""
    found = [at] if isinstance(node, dict) and str(node.get("pattern", "")).endswith("$") else []
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return found + [one for key, value in inner if key != "examples" for one in pointers(value, f"{at}/{key}")]


ANCHORED = [pointer for name in NAMES for pointer in pointers(document(name), f"{name}#")]


@pytest.mark.parametrize("target", ANCHORED)
def test_a_pattern_for_a_whole_text_means_the_same_to_both(target: str) -> None:
    """Python's `$` matches before a last line feed, Rust's and JavaScript's do not."""
    file, _, pointer = target.partition("#")
    pattern = resolved("#" + pointer, file)[0]["pattern"]

    @settings(max_examples=10, database=None, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.from_regex(pattern, fullmatch=True, alphabet=st.characters(codec="utf-8")))
    def agree(text: str) -> None:
        verdict(target, text)
        assert not verdict(target, text + "\n")

    agree()


def test_no_schema_asks_for_a_format_or_for_a_dialect_of_regular_expressions() -> None:
    """A format is an annotation to one library and a rule to another, and its rules differ: patterns say it instead."""
    assert {
        node["format"] for name in NAMES for node in walk(document(name)) if isinstance(node.get("format"), str)
    } == set()


def captured() -> list[Json]:
    found = []
    for path in sorted(CAPTURES.glob("*.ndjson")):
        for line in path.read_text(encoding="utf-8").splitlines():
            with suppress(ValueError):  # one client sends what is no JSON
                found.append(json.loads(base64.b64decode(json.loads(line)["body_b64"])))
    return found


def test_both_judges_say_the_same_of_what_real_clients_send() -> None:
    for body in captured():
        assert verdict("envelope/request.json", body)
        assert verdict("close/request.json", body["data"])
