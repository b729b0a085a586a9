"""The texts that clients sign: P1, P1+ls and LEX, from the received text alone."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huifu_mock import canonical, signing
from huifu_mock.keys import published

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(names, values, max_size=6)


def _php(data: Any) -> str:
    return json.dumps(data, separators=(",", ":")).replace("/", "\\/")


def _upper_case_escapes(data: Any) -> str:
    return re.sub(r"(?<!\\)((?:\\\\)*\\u)([0-9a-f]{4})", lambda m: m[1] + m[2].upper(), json.dumps(data))


def _backwards(data: dict[str, Any]) -> str:
    return json.dumps(dict(reversed(data.items())), ensure_ascii=False, separators=(",", ":"))


DIALECTS: dict[str, Callable[[Any], str]] = {
    "python": json.dumps,
    "raw": lambda data: json.dumps(data, ensure_ascii=False),
    "compact": lambda data: json.dumps(data, separators=(",", ":")),
    "indented": lambda data: json.dumps(data, indent=2),
    "tabs and line ends": lambda data: json.dumps(data, indent="\t").replace("\n", "\r\n"),
    "php": _php,
    "upper-case escapes": _upper_case_escapes,
    "backwards": _backwards,
}


def p1(text: str) -> str:
    return canonical.p1(canonical.members(text))


def lex(text: str) -> str:
    return canonical.lex(canonical.members(text))


@pytest.mark.parametrize("dialect", DIALECTS)
@settings(max_examples=40)
@given(data=objects)
def test_every_dialect_of_one_object_has_one_p1(dialect: str, data: dict[str, Any]) -> None:
    written = DIALECTS[dialect](data)
    assert json.loads(written) == data
    assert p1(written).encode() == signing.canonical(data)


@given(objects)
def test_p1_says_the_same_as_what_was_written(data: dict[str, Any]) -> None:
    text = p1(json.dumps(data))
    assert json.loads(text) == data
    assert list(json.loads(text)) == sorted(data)


@given(objects)
def test_p1_of_a_p1_is_itself(data: dict[str, Any]) -> None:
    assert p1(p1(json.dumps(data))) == p1(json.dumps(data))


@given(objects)
def test_p1_of_flat_strings_is_what_the_gateway_itself_sends(data: dict[str, Any]) -> None:
    flat = {name: value for name, value in data.items() if isinstance(value, str)}
    assert p1(json.dumps(flat)).encode() == canonical.dump(flat)


@given(objects, st.sampled_from([*DIALECTS]))
def test_lex_keeps_every_lexeme(data: dict[str, Any], dialect: str) -> None:
    written = DIALECTS[dialect](data)
    token = re.compile(r'"(?:[^"\\]|\\.)*"|[-+.0-9eE]+|[a-z]+|[{}\[\],:]')
    assert sorted(token.findall(lex(written))) == sorted(token.findall(written))
    assert json.loads(lex(written)) == data


@given(objects)
def test_lex_of_a_lex_is_itself(data: dict[str, Any]) -> None:
    once = lex(json.dumps(data, indent=1))
    assert lex(once) == once


@given(objects)
def test_separators_escaped_changes_two_characters_and_nothing_else(data: dict[str, Any]) -> None:
    plain = p1(json.dumps(data))
    escaped = canonical.separators_escaped(plain)
    assert "\u2028" not in escaped
    assert "\u2029" not in escaped
    assert json.loads(escaped) == data
    assert (escaped == plain) == ("\u2028" not in plain and "\u2029" not in plain)


@given(objects)
def test_the_forms_of_a_text_differ_from_each_other(data: dict[str, Any]) -> None:
    forms = list(canonical.forms(canonical.members(json.dumps(data, ensure_ascii=False))))
    assert len(forms) == len(set(forms))


@pytest.mark.parametrize(
    "number", ["1.00", "1.0", "0.10", "100", "1e2", "1E+25", "-0", "-0.0", "12345678901234567890", "0.1000000000000001"]
)
def test_a_number_is_never_re_encoded(number: str) -> None:
    written = f'{{ "x" : {number} , "a" : [ {number} , {{ "n" : {number} }} ] }}'
    expected = f'{{"a":[{number},{{"n":{number}}}],"x":{number}}}'
    assert p1(written) == expected
    assert lex(written) == expected


@pytest.mark.parametrize(
    ("written", "shortest"),
    [
        (r'"\/"', '"/"'),
        (r'"\u4e2d\u6587"', '"中文"'),
        (r'"\u4E2D"', '"中"'),
        (r'"\ud83d\ude00"', '"😀"'),
        (r'"\u0041\u0022\u005c"', r'"A\"\\"'),
        (r'"\u0009\u000a\u000d\u0008\u000C"', r'"\t\n\r\b\f"'),
        (r'"\u0001\u000B\u001F"', r'"\u0001\u000b\u001f"'),
        (r'"\u003c\u003e\u0026"', '"<>&"'),
        (r'"\u007f\u0085\ufeff"', '"\x7f\x85\ufeff"'),
        (r'"\u2028\u2029"', '"\u2028\u2029"'),
        (r'"\\u003c"', r'"\\u003c"'),
        ('"plain / <&> 中"', '"plain / <&> 中"'),
    ],
)
def test_p1_writes_a_string_with_the_shortest_escapes_and_lex_as_it_came(written: str, shortest: str) -> None:
    assert p1(f'{{"x": {written}}}') == f'{{"x":{shortest}}}'
    assert lex(f'{{"x": {written}}}') == f'{{"x":{written}}}'
    assert p1(f"{{{written}: 1}}") == f"{{{shortest}:1}}"


def test_only_the_first_level_is_sorted() -> None:
    written = '{"b":{"z":1,"a":2},"a":[{"y":1,"x":2}]}'
    assert p1(written) == lex(written) == '{"a":[{"y":1,"x":2}],"b":{"z":1,"a":2}}'


def test_names_are_sorted_by_what_they_mean_not_by_how_they_are_written() -> None:
    assert lex(r'{"\u0062":1,"a":2}') == r'{"a":2,"\u0062":1}'
    assert p1(r'{"\u0062":1,"a":2}') == '{"a":2,"b":1}'


def test_names_are_sorted_by_code_point() -> None:
    names = ["_z", "10", "9", "B", "a", "a1", "aB", "a_b", "é", "～", "😀"]
    assert [name for name, _, _ in canonical.members(p1(json.dumps(dict.fromkeys(reversed(names), 1))))] == sorted(
        names
    )


def test_a_repeated_name_stays_in_its_order() -> None:
    assert lex('{"b":1,"a":2,"b":3}') == '{"a":2,"b":1,"b":3}'


@pytest.mark.parametrize("written", ["{}", " { } ", "{\n}"])
def test_an_empty_object_is_an_empty_object(written: str) -> None:
    assert p1(written) == lex(written) == "{}"


@pytest.mark.parametrize(
    ("written", "deep"),
    [
        ("[" * 100 + "]" * 100, False),
        ("[" * 101, True),
        ('{"a":' * 101, True),
        ("[" * 10_000 + "]" * 10_000, True),
        ("[],{}," * 500, False),
        (json.dumps("[{" * 500), False),
        (json.dumps('\\"[[[[' * 500), False),
        ('"' + "[" * 500, False),
    ],
)
def test_depth_counts_brackets_outside_strings(written: str, deep: bool) -> None:
    assert canonical.too_deep(written) is deep


def test_a_string_that_never_ends_is_read_once() -> None:
    """Trying every quote in it as a beginning would take hours."""
    assert not canonical.too_deep("[]" * 101 + '"' + '\\"[' * 500_000)


@given(objects)
def test_an_envelope_carries_the_signature_of_its_own_data(data: dict[str, Any]) -> None:
    key = published("merchant")
    body = signing.envelope("66", "MCS", data, key).decode()
    inner = next(value for name, _, value in canonical.members(body) if name == "data")
    assert signing.verify(key.public_key(), inner.lexemes().encode(), json.loads(body)["sign"])
    assert json.loads(body) == {"sys_id": "66", "product_id": "MCS", "data": data, "sign": json.loads(body)["sign"]}
