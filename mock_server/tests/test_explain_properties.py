"""What holds for every request: the mistake that was made is told, and no bytes make the explainer fail."""

import json
import string
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives import hashes
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from mistaken import DATA, KEY, RICH, b64, compact, envelope, in_order, php, right, rsa, signs

from huifu_mock import explain
from huifu_mock.explain.lexer import parse, write
from huifu_mock.explain.nearest_order import _one_apart

PUBLIC = KEY.public_key()

# Names as Huifu writes them, values that people write; no control characters, which every client escapes differently.
NAMES = st.text(string.ascii_lowercase + "_", min_size=1, max_size=12)
TEXTS = st.text(
    st.one_of(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), st.sampled_from("/<>&'中文\"\\")),
    min_size=1,
    max_size=20,
)
EXTRAS = st.dictionaries(NAMES.filter(lambda name: name not in DATA), TEXTS, max_size=3)


def rich(extra: dict[str, str]) -> dict[str, Any]:
    return {**DATA, **extra}


Signed = Callable[[dict[str, Any]], str | bytes]
TEXT_MISTAKES: tuple[tuple[str, Signed], ...] = (
    ("unsorted", compact),
    ("spaces", lambda d: compact(in_order(d), separators=(", ", ": "))),
    ("unicode-escaped", lambda d: compact(in_order(d), ensure_ascii=True)),
    ("slash-escaped", lambda d: right(d).replace("/", "\\/")),
    ("html-escaped", lambda d: right(d).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")),
    ("query-string", lambda d: "&".join(f"{k}={v}" for k, v in sorted(d.items()))),
    ("envelope-signed", lambda d: compact({"sys_id": "6666000108854952", "product_id": "MCS", "data": d})),
    ("trailing-newline", lambda d: right(d) + "\n"),
    ("bom", lambda d: "\ufeff" + right(d)),
    ("data-as-string", lambda d: compact(right(d))),
    ("unsorted spaces unicode-escaped", json.dumps),
    ("unsorted slash-escaped unicode-escaped", php),
    ("unsorted spaces", lambda d: json.dumps(d, ensure_ascii=False)),
)


@settings(max_examples=60)
@given(extra=EXTRAS, mistake=st.sampled_from(TEXT_MISTAKES))
@example(extra={"remark": "关单/测试<b>&'"}, mistake=TEXT_MISTAKES[-3])
def test_the_mistake_that_was_made_is_the_mistake_that_is_told(
    extra: dict[str, str], mistake: tuple[str, Signed]
) -> None:
    ids, text = mistake
    data = rich(extra)
    signed = text(data)
    assume(signed != right(data))
    found = explain.explain_request(envelope(data, b64(rsa(signed))), (), PUBLIC)
    assert "unknown" not in found.mistakes
    assert found.signed_text == signed
    # a mistake that the data give no occasion for, such as `/` in data without one, cannot be told
    assert found.mistakes
    assert set(found.mistakes) <= set(ids.split())


@settings(max_examples=40)
@given(
    extra=EXTRAS,
    mistake=st.sampled_from(TEXT_MISTAKES[:9]),
    algorithm=st.sampled_from([("sha1", hashes.SHA1()), ("md5", hashes.MD5()), ("sha512", hashes.SHA512())]),
)
def test_a_wrong_hash_and_a_wrong_text_are_both_told(
    extra: dict[str, str], mistake: tuple[str, Signed], algorithm: tuple[str, hashes.HashAlgorithm]
) -> None:
    data = rich(extra)
    signed = mistake[1](data)
    assume(signed != right(data))
    found = explain.explain_request(envelope(data, b64(rsa(signed, algorithm=algorithm[1]))), (), PUBLIC)
    assert algorithm[0] in found.mistakes
    assert found.signed_text == signed


@settings(max_examples=60)
@given(extra=EXTRAS)
def test_a_correct_request_is_never_called_mistaken(extra: dict[str, str]) -> None:
    data = rich(extra)
    found = explain.explain_request(signs(right)(data), (), PUBLIC)
    assert found.mistakes == ()
    assert found.signed_text == found.expected_text == right(data)


@settings(max_examples=150)
@given(body=st.binary(max_size=400))
def test_no_bytes_make_the_explainer_fail(body: bytes) -> None:
    json.dumps(explain.explain_request(body, (), PUBLIC).as_json(), allow_nan=False).encode()
    json.dumps(explain.explain_reply(body).as_json(), allow_nan=False).encode()
    json.dumps(explain.explain_webhook(body, "0" * 32, "key").as_json(), allow_nan=False).encode()


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=80)
@given(data=JSON, sign=JSON, dump=st.sampled_from([json.dumps, compact]))
def test_no_json_makes_the_explainer_fail(data: Any, sign: Any, dump: Callable[[Any], str]) -> None:
    body = dump({"sys_id": "6666000108854952", "product_id": "MCS", "data": data, "sign": sign})
    told = explain.explain_request(body.encode("utf-8", "surrogatepass"), (), PUBLIC).as_json()
    json.dumps(told, ensure_ascii=False, allow_nan=False).encode()


@settings(max_examples=60)
@given(data=JSON, dump=st.sampled_from([json.dumps, compact]))
def test_no_signed_json_makes_the_search_fail(data: Any, dump: Callable[[Any], str]) -> None:
    text = dump(data).encode("utf-8", "surrogatepass")
    body = b'{"sys_id":"1","product_id":"MCS","data":' + text + b',"sign":"' + b64(rsa("x")).encode() + b'"}'
    explain.explain_request(body, (), PUBLIC)


@settings(max_examples=60)
@given(at=st.integers(0, 10_000), byte=st.integers(0, 255))
def test_no_spoilt_byte_of_a_request_makes_the_explainer_fail(at: int, byte: int) -> None:
    body = bytearray(signs(right)(RICH))
    body[at % len(body)] = byte
    explain.explain_request(bytes(body), (), PUBLIC)


@given(JSON, st.sampled_from([json.dumps, compact, lambda value: json.dumps(value, indent=2)]))
def test_taking_json_apart_and_writing_it_loses_nothing_but_white_space(value: Any, dump: Callable[[Any], str]) -> None:
    text = dump(value)
    written = write(parse(text), str)
    assert json.loads(written) == json.loads(text)
    assert written == dump(value) or dump is not compact


@given(st.text("ab1", max_size=8), st.text("ab1", max_size=8))
def test_one_apart_is_one_edit(one: str, other: str) -> None:
    edits = {one[:i] + c + one[i + 1 :] for i in range(len(one)) for c in "ab1"}
    edits |= {one[:i] + c + one[i:] for i in range(len(one) + 1) for c in "ab1"}
    edits |= {one[:i] + one[i + 1 :] for i in range(len(one))}
    edits |= {one[:i] + one[i + 1] + one[i] + one[i + 2 :] for i in range(len(one) - 1)}
    if one != other:
        assert _one_apart(one, other) == (other in edits)
