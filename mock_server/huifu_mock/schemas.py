"""The JSON schemas as the gateway applies them, with `jsonschema-rs`, and the words for what they refuse."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import jsonschema_rs

from huifu_mock import _data
from huifu_mock._nearest import nearest


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with an input: where, what, and what would be right."""

    field: str
    problem: str
    expected: str

    def __str__(self) -> str:
        return f"{self.field}: {self.problem}; {self.expected}"

    @property
    def english(self) -> str:
        return f"{self.field}: {self.problem}; {_apart(self.expected)[1] or self.expected}"

    @property
    def chinese(self) -> str:
        """The same in Chinese; what no file of ours knows, such as the words of a database, stays as it is."""
        told = self.in_chinese()
        return f"{in_chinese(self.field)}：{told.problem}；{told.expected}"

    def in_chinese(self) -> "Problem":
        """The same with what is wrong and what would be right in Chinese."""
        return Problem(self.field, in_chinese(self.problem), _apart(self.expected)[0] or in_chinese(self.expected))


PROBLEMS: Final = Path(__file__).with_name("problems.zh.toml")
"""What problems say, in Chinese under each English sentence."""


def in_chinese(english: str) -> str:
    """One of the sentences that are said of problems, in Chinese; as it is where it is none."""
    from huifu_mock._chinese import sentences  # most servers are asked for none

    return sentences((PROBLEMS,)).say(english)


_WHOLE = "the body"


class Schema:
    """A compiled schema of the folder `schemas/`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.contents: dict[str, Any] = _data.read_json(f"schemas/{name}.json")
        self._validator = jsonschema_rs.Draft202012Validator(self.contents, registry=_registry())
        self.accepts: Callable[[Any], bool] = self._validator.is_valid

    def problems(self, instance: Any, prefix: str = "") -> Iterator[Problem]:
        """What is wrong with each member, told once; nothing if `instance` is valid."""
        told: set[str] = set()
        for error in self._validator.iter_errors(instance):
            for problem in self._problems(error, prefix):
                if problem.field not in told:
                    told.add(problem.field)
                    yield problem

    def complaints(self, instance: Any) -> Iterator[tuple[str, str, Any]]:
        """The same as facts: the member it is about (empty for the whole), the keyword that failed, its value."""
        for error in self._validator.iter_errors(instance):
            path = [str(part) for part in error.instance_path]
            named = [*path, error.kind.value] if error.kind.name == "required" else path
            yield ".".join(named), error.kind.name, error.kind.value

    def _problems(self, error: Any, prefix: str) -> Iterator[Problem]:
        kind, value = error.kind.name, error.kind.value
        path = [str(part) for part in error.instance_path]
        if kind == "required":
            path.append(value)
            yield Problem(_field(prefix, path), "is missing", self._described(path) or "it is required")
            return
        if kind == "additionalProperties":
            known = [*self._at(path).get("properties", {})]
            for name in value:
                above = [field for field in known if name in self._at([*path, field]).get("properties", {})]
                asked = f"it stands in {above[0]}; " if above else _meant(name, known)
                wanted = f"{asked}known fields: {', '.join(known)}"
                yield Problem(_field(prefix, [*path, name]), "is not a field here", wanted)
            return
        if kind in ("oneOf", "anyOf") and (closest := _nearest(error)) is not None:
            yield from self._problems(closest, prefix)
            return
        said, wanted = _WORDS[kind](value, error.instance) if kind in _WORDS else (error.message, "")
        described = "" if kind in _EXACT else self._described(path)
        yield Problem(_field(prefix, path), said, described or wanted or "see the schema")

    def _described(self, path: list[str]) -> str:
        """What the schema says of the value at `path`: a sentence tells more than a pattern."""
        return str(self._at(path).get("description", "")) if path else ""

    def _at(self, path: list[str]) -> dict[str, Any]:
        """The part of the schema for the value at `path`; empty where it has none."""
        found = self.contents
        for name in path:
            found = _resolved(found).get("properties", {}).get(name, {})
        return {**_resolved(found), **found}


_BOTH = re.compile(r"(.*[\u3400-\u9fff].*?) ?\((?!\d+\))([^()]*)\)", re.DOTALL)
"""The number in `String(128)` is none."""


def _apart(description: str) -> tuple[str, str]:
    """The Chinese of a description and its English, which stands in brackets behind it; empty if it has one alone."""
    found = _BOTH.fullmatch(description)
    return (found[1], found[2]) if found else ("", "")


def _resolved(part: dict[str, Any]) -> dict[str, Any]:
    """A subschema behind its `$ref`, if it is one to `common.json`."""
    name = part.get("$ref", "").rpartition("#/$defs/")[2]
    found: dict[str, Any] = _common()["$defs"].get(name, part) if name else part
    return found


@cache
def schema(name: str) -> Schema:
    """The schema of `schemas/<name>.json`, compiled once."""
    return Schema(name)


@cache
def _common() -> Any:
    return _data.read_json("schemas/common.json")


@cache
def _registry() -> Any:
    return jsonschema_rs.Registry([(_common()["$id"], _common())])


def _nearest(error: Any) -> Any:
    """Of the branches of a oneOf or anyOf, the complaint that went deepest into the instance."""
    deepest = max((e for branch in error.kind.context for e in branch), key=lambda e: len(e.instance_path))
    return deepest if len(deepest.instance_path) > len(error.instance_path) else None


def _field(prefix: str, path: list[str]) -> str:
    return ".".join([prefix, *path] if prefix else path) or _WHOLE


def _shown(value: Any) -> str:
    text = f'"{value}"' if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else f"{text[:36]}…"


def _number(value: Any) -> str:
    """A number as people write it: a whole one without a fraction, whatever its JSON was."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() and abs(value) < 1e16 else str(value)


def _one_of(given: Any, known: Sequence[Any]) -> str:
    """The values that there are; of many the one alone that was probably meant."""
    meant = _meant(given, known)
    if meant and len(known) > _MANY:
        return meant.strip()
    return f"{meant}it must be one of {', '.join(map(_shown, known))}"


_MANY = 10


def _meant(given: Any, known: Sequence[Any]) -> str:
    """A question for the word that was probably meant; empty if none is like it."""
    if not isinstance(given, str):
        return ""
    words = {word.replace("_", "-").lower(): word for word in known if isinstance(word, str) and word}
    bare = given[:100].replace("_", "-").lower()
    begun = [word for word in words if word.startswith(f"{bare}-")]
    near = begun[0] if len(begun) == 1 else nearest(bare, words, 0.7)
    return f"did you mean {words[near]}? " if near else ""


_JSON_TYPES = {str: "a string", dict: "an object", list: "an array", bool: "a boolean", type(None): "null"}
_ARTICLES = {"object": "an object", "array": "an array", "integer": "an integer", "null": "null"}


def _types(value: Any) -> str:
    names = [value] if isinstance(value, str) else [str(name) for name in value]
    return " or ".join(_ARTICLES.get(name, f"a {name}") for name in names)


def _not(value: Any, instance: Any) -> tuple[str, str]:
    if isinstance(value, dict) and "pattern" in value:
        return f"{_shown(instance)} has characters that are not allowed there", _says(value)
    return f"{_shown(instance)} is not allowed", _says(value)


def _says(value: Any) -> str:
    """What a schema says of itself, for those that carry a `$comment`."""
    text = value.get("$comment", "") if isinstance(value, dict) else ""
    return text or "control characters, U+2028 and U+2029 are not"


_EXACT = frozenset({"enum", "const"})
"""What these want is said best by themselves; for the others the schema has a sentence."""

_Words = Callable[[Any, Any], tuple[str, str]]
_WORDS: dict[str, _Words] = {
    "type": lambda v, i: (f"is {_JSON_TYPES.get(type(i), 'a number')}, not {_types(v)}", f"send {_types(v)}"),
    "maxLength": lambda v, i: (f"has {len(i)} characters", f"at most {v} are allowed"),
    "minLength": lambda v, i: (
        "is empty" if not i else f"has {len(i)} characters",
        "it must not be empty" if v == 1 else f"at least {v} are needed",
    ),
    "pattern": lambda v, i: (f"{_shown(i)} does not have the right form", f"it must match {v}"),
    "enum": lambda v, i: (f"is {_shown(i)}", _one_of(i, v)),
    "const": lambda v, i: (f"is {_shown(i)}", f"it must be {_shown(v)}"),
    "minimum": lambda v, i: (f"is {_number(i)}", f"it must be at least {_number(v)}"),
    "maximum": lambda v, i: (f"is {_number(i)}", f"it must be at most {_number(v)}"),
    "exclusiveMinimum": lambda v, i: (f"is {_number(i)}", f"it must be more than {_number(v)}"),
    "minItems": lambda v, i: (f"has {len(i)} items", f"it needs at least {v}"),
    "maxItems": lambda v, i: (f"has {len(i)} items", f"it may have at most {v}"),
    "minProperties": lambda v, _: ("is empty", f"it needs at least {v} of its fields"),
    "format": lambda v, i: (f"{_shown(i)} is not a {v}", f"it must be a {v}"),
    "not": _not,
}
