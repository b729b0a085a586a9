"""The Chinese of what the control API says of a wrong call: no sentence of the code is without its own."""

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

from huifu_mock import schemas
from huifu_mock._chinese import Sentences
from huifu_mock.http.control import router
from huifu_mock.schemas import PROBLEMS, schema

ROOT = Path(__file__).parents[2]
KNOWN: dict[str, str] = tomllib.loads(PROBLEMS.read_text("utf-8"))
CHINESE = Sentences((PROBLEMS,))
WORDS = re.compile(r"[A-Za-z]+,? [a-z]+")
"""What a sentence has, and a name or an address has not."""

SAID_BY = (
    "mock_server/huifu_mock/faults/catalogue.py",
    "mock_server/huifu_mock/faults/kind.py",
    "mock_server/huifu_mock/faults/prepared.py",
    "mock_server/huifu_mock/gateway/lifecycle.py",
    "mock_server/huifu_mock/gateway/magic_numbers.py",
    "mock_server/huifu_mock/gateway/mock.py",
    "mock_server/huifu_mock/http/bodies.py",
    *(f"mock_server/huifu_mock/http/control/{file.name}" for file in Path(router.__file__).parent.glob("*.py")),
    "mock_server/huifu_mock/http/control_api.py",
    "mock_server/huifu_mock/http/server.py",
    "mock_server/huifu_mock/http/unmatched.py",
    "mock_server/huifu_mock/json_limits.py",
    "mock_server/huifu_mock/request.py",
    "mock_server/huifu_mock/schemas.py",
    "mock_server/huifu_mock/signing.py",
    "mock_server/huifu_mock/state/clock.py",
    "mock_server/huifu_mock/state/orders.py",
    "mock_server/huifu_mock/store/capsule.py",
    "contract_tests/huifu_contract/passive/control_api.py",
)
"""Where the problems of calls come from, those of the control API and those of Huifu's endpoints."""
MAKERS = re.compile(r"(\w+\.)?(Problem|_problem|TooMuch|BadFault|Taken|NotAllowed|MovedBack|BadKey)|no_more")
HOLDERS = {"said", "wanted", "wrong", "right", "asked", "_WORDS", "FLAT", "REAL", "_ENVELOPE"}
"""Names of variables that hold sentences."""


def texts(node: ast.AST) -> Iterator[str]:
    """The texts in an expression, with `{}` for each value."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                yield from texts(part.value)
    else:
        for child in ast.iter_child_nodes(node):
            yield from texts(child)


def sentences(code: str) -> set[str]:
    """What a module says of problems, each sentence as the file of the Chinese ones would have it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call) and MAKERS.fullmatch(ast.unparse(node.func)):
            for argument in node.args:
                found.update(texts(argument))
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if HOLDERS & {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}:
                found.update(texts(node.value))
    whole = {each for text in found for each in COMPOSED.get(text, (text,))}
    glued = {re.sub(r"^\{\}(?=\w)", "", text) for text in whole}  # a sentence of its own stands before it
    return {re.sub(r"(?<=[?;] )$", "{}", text) for text in glued if WORDS.search(text)}


COMPOSED = {
    "the order {} was {}{}": tuple(
        f"the order {{}} was {how}{when}" for how in ("paid", "failed", "closed") for when in (" at {}", "")
    ),
    "did not arrive within {} s: {} of {} bytes came": (
        "did not arrive within {} s: {} of an unknown number of bytes came",
        "did not arrive within {} s: {} of {} bytes came",
    ),
    "broke off: {} of {} bytes came, then the client hung up": (
        "broke off: {} of an unknown number of bytes came, then the client hung up",
        "broke off: {} of {} bytes came, then the client hung up",
    ),
    "is not JSON: {} at position {}, near {}": tuple(
        f"is not JSON: {{}} at position {{}}, near {{}}{go}{form}"
        for go in ("", r"; the official Go SDK writes \u003c, \u003e and \u0026 inside a value so: avoid them there")
        for form in ("", "; it looks like a form, k=v&k=v")
    ),
    "this is not a PKCS8 private key{}: {}": (
        "this is not a PKCS8 private key but a public key: {}",
        "this is not a PKCS8 private key: {}",
    ),
    "this is not an X.509 public key{}: {}": (
        "this is not an X.509 public key but a private key: {}",
        "this is not an X.509 public key: {}",
    ),
}
"""Sentences with a part that is no value, each way that it may be."""


@cache
def all_sentences() -> list[str]:
    """What all of them say; found when a test asks for it, not in each process that collects the tests."""
    return sorted(set().union(*(sentences((ROOT / file).read_text("utf-8")) for file in SAID_BY)))


def filled(text: str) -> str:
    """A sentence with values that are no words."""
    numbers = iter("12345678")
    return re.sub(r"\{\}", lambda _: f"«{next(numbers)}»", text)


def complaint(text: str) -> str:
    """Why a sentence has no Chinese one of its own; empty if it has."""
    if text not in KNOWN:
        return "there is none"
    told = CHINESE.say(filled(text))
    if sorted(re.findall("«.»", told)) != re.findall("«.»", filled(text)):
        return f"other values: {told}"
    own = re.sub("«.»", "{}", told) == re.sub(r"\{\d?…?\}", "{}", KNOWN[text])
    return "" if own else f"an earlier sentence fits it too: {told}"


def test_every_sentence_has_its_own_chinese_one() -> None:
    assert len(all_sentences()) > 100
    assert {text: wrong for text in all_sentences() if (wrong := complaint(text))} == {}


def described(part: Any, *, inside: bool = False) -> Iterator[str]:
    """What a schema says of each value in it, which a problem quotes."""
    if isinstance(part, list):
        for one in part:
            yield from described(one, inside=inside)
    if not isinstance(part, dict):
        return
    part = {**schemas._resolved(part), **part}
    if inside and isinstance(part.get("description"), str):
        yield part["description"]
    for name, value in part.items():
        if name == "properties":
            for one in value.values():
                yield from described(one, inside=True)
        elif name in ("oneOf", "anyOf", "allOf", "items", "if", "then", "else", "additionalProperties"):
            yield from described(value, inside=inside)


BODIES = sorted({f"control/{path.stem}" for path in (ROOT / "schemas/control").glob("*.json")} & {
    name for route in router.ROUTES for name in (route.body, route.or_body) if name
})  # fmt: skip
DESCRIPTIONS = {text for name in BODIES for text in described(schema(name).contents)}


def test_every_description_that_a_problem_quotes_has_its_chinese_one() -> None:
    assert len(DESCRIPTIONS) > 60
    assert {text for text in DESCRIPTIONS if re.search("[A-Za-z]+,? [a-z]+ ", text)} - set(KNOWN) == set()


def test_every_title_has_its_chinese_one() -> None:
    written = " ".join((ROOT / file).read_text("utf-8") for file in SAID_BY)
    statuses = {
        int(number) for number in re.findall(r"\b(?:Refused|problem|Unread)\((?:\s*\"\w+\",)?\s*([45]\d\d)", written)
    }
    assert {401, 404, 408, 409, 413, 422, 429, 503} < statuses
    assert [status for status in statuses if f"{status} {HTTPStatus(status).phrase}" not in KNOWN] == []


TYPES = {
    schemas._types(json.loads(found))
    for file in (ROOT / "schemas").rglob("*.json")
    for found in re.findall(r'"type": (\[[^]]*\]|"[a-z]+")', file.read_text("utf-8"))
}


def test_every_type_has_its_chinese_name() -> None:
    assert sorted(TYPES - set(KNOWN) - {"null"}) == []


def test_no_chinese_sentence_is_left_of_one_that_nobody_says() -> None:
    written = re.sub(r'"\s+f?"', "", " ".join(file.read_text("utf-8") for file in MODULES))
    left = [
        text
        for text in KNOWN
        if text not in all_sentences()
        and text not in {*DESCRIPTIONS, *TYPES, "is null, not {}"}
        and not text[:3].isdigit()
        and not all(part in written for part in text.split("{}"))
    ]
    assert left == []


MODULES = [
    *(ROOT / "mock_server/huifu_mock").rglob("*.py"),
    *(ROOT / "contract_tests/huifu_contract/passive").glob("*.py"),
]
