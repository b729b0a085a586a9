"""The JSON schemas: sound, portable, and true to the specification. Judged by `jsonschema`, the reference."""

import base64
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag, urljoin

import jsonschema_rs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from huifu_mock.codes import LEGACY, Reason

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"
CAPTURES = Path(__file__).resolve().parent / "captures"
BASE = "https://huifu-mock.invalid/schemas/"
NAMES = sorted(path.relative_to(SCHEMAS).as_posix() for path in SCHEMAS.rglob("*.json"))

# What a server validates, and so has to load at start.
BODIES = [n for n in NAMES if re.search(r"(request|-create|-patch|-put|-advance|-send)\.json$", n)]


@cache
def document(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((SCHEMAS / name).read_text(encoding="utf-8"))
    return loaded


@cache
def registry() -> Registry[Any]:
    documents = map(document, NAMES)
    return Registry[Any]().with_resources((each["$id"], Resource.from_contents(each)) for each in documents).crawl()


@cache
def validator(name: str) -> Draft202012Validator:
    """The validator of a file, or of a part of it: `common.json#/$defs/date`."""
    formats = Draft202012Validator.FORMAT_CHECKER
    return Draft202012Validator({"$ref": BASE + name}, registry=registry(), format_checker=formats)


def accepts(name: str, instance: Any) -> bool:
    return validator(name).is_valid(instance)


def walk(node: Any) -> Iterator[dict[str, Any]]:
    """Every object in a schema."""
    if isinstance(node, dict):
        yield node
        for inner in node.values():
            yield from walk(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from walk(inner)


def patterns(name: str) -> list[str]:
    return [node["pattern"] for node in walk(document(name)) if isinstance(node.get("pattern"), str)]


ALL_PATTERNS = sorted({pattern for name in NAMES for pattern in patterns(name)})


# Sound


DIALECT = Draft202012Validator(Draft202012Validator.META_SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)


def complaints(name: str) -> list[str]:
    """What is wrong with a file as a schema."""
    schema = document(name)
    right = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": BASE + name}
    return [
        *(f"{key} is {schema.get(key)!r}" for key in right if schema.get(key) != right[key]),
        *(f"no {key}" for key in ("title", "description") if not schema.get(key, "").strip()),
        *(error.message for error in DIALECT.iter_errors(schema)),
    ]


def test_every_file_is_a_schema_of_draft_2020_12_that_says_what_it_is() -> None:
    assert {name: wrong for name in NAMES if (wrong := complaints(name))} == {}


def leads_somewhere(name: str, reference: str) -> bool:
    url, pointer = urldefrag(urljoin(BASE + name, reference))
    try:
        target: Any = document(url.removeprefix(BASE))
        for step in pointer.split("/")[1:]:
            target = target[step]
    except (OSError, LookupError, TypeError):
        return False
    return isinstance(target, dict)


def test_every_reference_leads_somewhere() -> None:
    references = [(name, node["$ref"]) for name in NAMES for node in walk(document(name)) if "$ref" in node]
    named = [(name, reference) for name, reference in references if isinstance(reference, str)]
    assert [pair for pair in named if not leads_somewhere(*pair)] == []


def test_every_example_is_valid() -> None:
    parts = {name: document(name) for name in NAMES}
    parts |= {f"{n}#/$defs/{part}": found for n in NAMES for part, found in document(n).get("$defs", {}).items()}
    examples = [(part, example) for part, schema in parts.items() for example in schema.get("examples", [])]
    assert [(part, example) for part, example in examples if not accepts(part, example)] == []


@pytest.mark.parametrize("name", BODIES)
def test_what_a_server_validates_needs_no_file_but_common(name: str) -> None:
    common = document("common.json")
    alone = jsonschema_rs.Registry([(common["$id"], common)])
    jsonschema_rs.Draft202012Validator(document(name), registry=alone)


@pytest.mark.parametrize("name", [n for n in BODIES if n.startswith("control/")])
def test_a_body_of_the_control_plane_takes_no_unknown_field_and_describes_each_known_one(name: str) -> None:
    schema = document(name)
    assert schema["additionalProperties"] is False
    assert not accepts(name, {"nonsense": 1})
    for field in schema["properties"].values():
        definition = field.get("$ref", "").rpartition("/")[2]
        assert {**document("common.json")["$defs"].get(definition, {}), **field}["description"]


def test_the_codes_of_a_close_are_those_of_the_program() -> None:
    listed = {reason.resp_code for reason in Reason} | {wording.resp_code for wording in LEGACY.values()}
    assert set(document("close/response.json")["properties"]["resp_code"]["enum"]) == listed


# Portable


def test_patterns_use_only_what_every_engine_reads_alike() -> None:
    for pattern in ALL_PATTERNS:
        re.compile(pattern)
        assert not re.search(r"\(\?[^:]|\\[^x.]", pattern), pattern


@pytest.mark.parametrize("engine", [jsonschema_rs.RegexOptions(), jsonschema_rs.FancyRegexOptions()])
def test_patterns_compile_in_both_engines_of_jsonschema_rs(engine: Any) -> None:
    for pattern in ALL_PATTERNS:
        jsonschema_rs.Draft202012Validator({"pattern": pattern}, pattern_options=engine)


SAMPLES = [
    "", "0", "1.00", "0.01", "0.00", "01.00", "1.0", "99999999999.99", "20240229", "20230229", "00000229", "00010101",
    "20000229", "19000229", "04000229", "20241301", "20240229235959", "20240229240000", "235959", "２０２４０２２９",
    "2024-02-29T12:00:00+08:00", "2023-02-29T12:00:00", "2400-02-29T00:00Z", "2100-02-29T00:00Z", "MCS", "中文", "😀",
    "<&>", "a/b", "a b", "a\tb", "a\x7fb", "a\x85b", "a\u2028b", "a\u2029b", "a\xa0b", "http://127.0.0.1:9000/x?y=1",
    "https://例.cn/", "98888888", "20000001.TOO_YOUNG", "QUJD", "QUI=", "QQ==", "Q===", "QQ", "0" * 64,
]  # fmt: skip


def test_patterns_say_the_same_in_node_as_in_python() -> None:
    if (node := shutil.which("node")) is None:
        pytest.skip("node is not installed: the patterns were not tried in JavaScript")
    program = """
        const {patterns, samples} = JSON.parse(require("fs").readFileSync(0, "utf8"));
        const judge = (p) => { const r = new RegExp(p, "u"); return samples.map((s) => r.test(s)); };
        console.log(JSON.stringify(patterns.map(judge)));
    """
    told = json.dumps({"patterns": ALL_PATTERNS, "samples": SAMPLES})
    done = subprocess.run([node, "-e", program], input=told, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [[bool(re.search(p, s)) for s in SAMPLES] for p in ALL_PATTERNS]


def definitions() -> list[str]:
    return [
        name for name, schema in document("common.json")["$defs"].items() if schema.get("pattern", "").endswith("$")
    ]


@pytest.mark.parametrize("name", definitions())
def test_a_last_line_feed_is_refused_by_more_than_the_end_of_a_pattern(name: str) -> None:
    """`$` matches before a last line feed in Python, PHP, Java and .NET."""
    schema = document("common.json")["$defs"][name]
    base = document("common.json")["$defs"].get(schema.get("$ref", "").rpartition("/")[2], {})
    assert "not" in base or schema["minLength"] == schema["maxLength"]


# Real calendar days


def is_day(text: str) -> bool:
    try:
        date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return False
    return True


@given(st.dates())
@example(date(4, 2, 29))
@example(date(1, 1, 1))
@example(date(9999, 12, 31))
def test_every_day_of_the_calendar_is_a_date(day: date) -> None:
    text = f"{day.year:04}{day.month:02}{day.day:02}"
    assert accepts("common.json#/$defs/date", text)
    assert accepts("common.json#/$defs/time", text + "235959")
    if day.year // 1000 == 2:
        assert accepts("common.json#/$defs/instant", f"{day.isoformat()}T00:00:00+08:00")


@given(st.integers(0, 9999), st.integers(0, 13), st.integers(0, 32))
@example(0, 1, 1)
@example(0, 2, 29)
@example(1900, 2, 29)
@example(2000, 2, 29)
def test_eight_digits_are_a_date_exactly_if_the_calendar_has_them(year: int, month: int, day: int) -> None:
    text = f"{year:04}{month:02}{day:02}"
    assert accepts("common.json#/$defs/date", text) == is_day(text)
    assert accepts("common.json#/$defs/time", text + "000000") == is_day(text)
    if year // 1000 == 2:
        assert accepts("common.json#/$defs/instant", f"{year:04}-{month:02}-{day:02}T00:00") == is_day(text)


def test_each_year_has_its_own_february() -> None:
    for year in range(10000):
        assert accepts("common.json#/$defs/date", f"{year:04}0229") == is_day(f"{year:04}0229")


@pytest.mark.parametrize(
    "text", ["", "2024040", "202404055", "2024-04-05", " 20240405", "20240405\n", "２０２４０４０５", "2024040a"]
)
def test_what_is_not_eight_digits_is_no_date(text: str) -> None:
    assert not accepts("common.json#/$defs/date", text)


# The specification's own examples

SPEC_REQUEST = {
    "sys_id": "6666000108840829",
    "product_id": "YYZY",
    "data": {
        "req_date": "20240425",
        "req_seq_id": "20240425105638838efkflqyi00ond6",
        "huifu_id": "6666000000000001",
        "org_req_date": "20240405",
        "org_req_seq_id": "2021091895616****",
    },
    "sign": "ilDS3LYVqlJYS+q1F/MhiFfVZOyHngNAg3i0XvnqqHv2guQXyfcIOVp4us9WCaqF...",
}
SPEC_RESPONSE = {
    "data": {
        "resp_code": "10000016",
        "resp_desc": "原订单已为终态,请发起查询交易获取",
        "huifu_id": "6666000018328947",
        "req_date": "20210919",
        "req_seq_id": "2021091981146428003",
        "org_req_date": "20210918",
        "org_req_seq_id": "202109187312431237001",
        "trans_stat": "F",
    },
    "sign": "JooKBwoym+a4qA5xnSawA4NSAK/sPtxKR7vtErxeKAXJklD4WtbN8hjd2tUIgmOwH9g25HEtitn22xK2T+73u+xsQX31X/rtuY8/zWhr8/"
    "Jn0GF/hh1QbOxdYZybM2z4m/oqi6H0SZAajgKzQcrfNHdhvFCD2GP+cVI2rQEm/lMXYkzW7ik4AWicJSA429g7O+rQf+TSMA+qgefkhsMZ3xZeCl0sVD"
    "CqkyRfAc7m28cYKQZdFQY0aOsMMgUF7Wsq78R+McYmseASoDZv8dI1//Jl5+uKFYrMRq1ADt8s01pPGILjWSJPkj6cAcMd7pqRa4k8No7+Cv5MunFP3W"
    "whhg==",
}
CLOSE: dict[str, Any] = SPEC_REQUEST["data"]  # type: ignore[assignment] # an object, as one sees above
CLOSED: dict[str, Any] = SPEC_RESPONSE["data"]  # type: ignore[assignment] # an object, as one sees above


def test_the_request_example_is_valid() -> None:
    validator("envelope/request.json").validate(SPEC_REQUEST)
    validator("close/request.json").validate(CLOSE)


def test_the_response_example_is_valid() -> None:
    validator("envelope/response.json").validate(SPEC_RESPONSE)
    validator("close/response.json").validate(CLOSED)


@pytest.mark.parametrize(
    "changes",
    [
        {"org_req_seq_id": "20211021001210****"},
        {"org_req_seq_id": None, "org_hf_seq_id": "0030default220825182711P099ac1f343f*****"},
        {"req_seq_id": "rQ2021121311173944134649875651"},
        {"req_seq_id": "CLOSE_202404051200001234"},
        {"req_date": "20220905", "org_req_date": "20220905"},
        {"huifu_id": "6666000108854952"},
    ],
)
def test_the_examples_of_the_field_table_are_valid(changes: dict[str, Any]) -> None:
    validator("close/request.json").validate({**CLOSE, **changes})


# A close: what is asked for


@pytest.mark.parametrize("field", ["req_date", "req_seq_id", "huifu_id", "org_req_date"])
@pytest.mark.parametrize("schema", ["close/request.json", "closequery/request.json"])
def test_a_mandatory_field_cannot_be_missing_null_empty_or_a_number(schema: str, field: str) -> None:
    assert not accepts(schema, {name: value for name, value in CLOSE.items() if name != field})
    for value in (None, "", 20240405, ["20240405"], {"a": 1}, True):
        assert not accepts(schema, {**CLOSE, field: value})


@pytest.mark.parametrize("field", ["org_req_seq_id", "org_hf_seq_id"])
def test_an_original_number_may_be_missing_null_or_empty_but_no_number(field: str) -> None:
    assert accepts("close/request.json", {**CLOSE, field: None})
    assert accepts("close/request.json", {**CLOSE, field: ""})
    assert accepts("close/request.json", {n: v for n, v in CLOSE.items() if not n.startswith("org_req_seq")})
    for value in (5, False, ["1"], {"a": 1}):
        assert not accepts("close/request.json", {**CLOSE, field: value})


@pytest.mark.parametrize("value", [1, 1.5, None, True, [], {}, {"a": [None]}, "\x00\u2028", "x" * 100_000])
def test_members_that_are_not_named_may_be_anything(value: Any) -> None:
    assert accepts("close/request.json", {**CLOSE, "x": value})
    assert accepts("envelope/request.json", {**SPEC_REQUEST, "x": value})


@pytest.mark.parametrize("value", ["", "?", 5, None, {}, []])
def test_a_bad_signature_is_no_matter_of_shape(value: Any) -> None:
    assert accepts("envelope/request.json", {**SPEC_REQUEST, "sign": value})
    assert accepts("envelope/request.json", {n: v for n, v in SPEC_REQUEST.items() if n != "sign"})


@pytest.mark.parametrize("value", [None, "", "{}", [], 5, True])
def test_data_is_an_object(value: Any) -> None:
    assert not accepts("envelope/request.json", {**SPEC_REQUEST, "data": value})


LENGTHS = [
    ("envelope/request.json", SPEC_REQUEST, "sys_id", 32),
    ("envelope/request.json", SPEC_REQUEST, "product_id", 32),
    ("close/request.json", CLOSE, "req_seq_id", 128),
    ("close/request.json", CLOSE, "huifu_id", 32),
    ("close/request.json", CLOSE, "org_req_seq_id", 128),
    ("close/request.json", CLOSE, "org_hf_seq_id", 128),
    ("close/request.json", CLOSE, "merge_flag", 2),
    ("close/response.json", CLOSED, "resp_desc", 512),
    ("close/response.json", CLOSED, "huifu_id", 32),
    ("close/response.json", CLOSED, "req_seq_id", 128),
    ("close/response.json", CLOSED, "org_req_seq_id", 128),
    ("close/response.json", CLOSED, "org_hf_seq_id", 128),
    *[
        (f"create/{name}-request.json", document(f"create/{name}-request.json")["examples"][0], field, limit)
        for name, goods in {"jspay-v2": 127, "jspay-v3": 127, "create-v4": 128, "micropay": 127}.items()
        for field, limit in {
            "req_seq_id": 128, "huifu_id": 32, "goods_desc": goods, "acct_id": 9, "remark": 255, "limit_pay_type": 128,
            "channel_no": 32, "pay_scene": 2, "fq_mer_discount_flag": 1, "notify_url": 504,
        }.items()
    ],
    *[
        (f"query/{name}-request.json", {"huifu_id": "1"}, field, limit)
        for name, prefix in {"v2": "org_", "v3": "org_", "v4": ""}.items()
        for field, limit in {
            "huifu_id": 32, "out_ord_id": 32, f"{prefix}hf_seq_id": 128, f"{prefix}req_seq_id": 128,
        }.items()
    ],
]  # fmt: skip


@pytest.mark.parametrize("character", ["a", "中", "😀", "é"])
def test_a_length_is_the_specifications_and_counts_code_points(character: str) -> None:
    wrong = []
    for schema, valid, field, limit in LENGTHS:
        if not accepts(schema, {**valid, field: character * limit}):
            wrong.append(f"{schema}: {field} of {limit} is refused")
        if accepts(schema, {**valid, field: character * (limit + 1)}):
            wrong.append(f"{schema}: {field} of {limit + 1} is taken")
    assert wrong == []


FORBIDDEN = [chr(c) for c in [*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029]]
TEXTS = {
    "close/request.json": (CLOSE, ["req_seq_id", "huifu_id", "org_req_seq_id", "org_hf_seq_id"]),
    "envelope/request.json": (SPEC_REQUEST, ["sys_id", "product_id"]),
}


@pytest.mark.parametrize("schema", TEXTS)
def test_control_characters_and_line_separators_are_refused_wherever_they_stand(schema: str) -> None:
    valid, fields = TEXTS[schema]
    for field in fields:
        for character in FORBIDDEN:
            for text in (character, f"a{character}", f"{character}a", f"a{character}b"):
                assert not accepts(schema, {**valid, field: text}), (field, text)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters=FORBIDDEN), min_size=1, max_size=32))
@example("中文")
@example("😀")
@example("<&>\"'\\/ a/b\xa0\ufeff")
def test_every_other_character_is_welcome(text: str) -> None:
    for schema, (valid, fields) in TEXTS.items():
        for field in fields:
            assert accepts(schema, {**valid, field: text})


# A close: what is answered


@pytest.mark.parametrize(
    "field", ["resp_code", "resp_desc", "huifu_id", "req_date", "req_seq_id", "org_req_date", "trans_stat"]
)
def test_a_mandatory_field_of_an_answer_is_there(field: str) -> None:
    assert not accepts("close/response.json", {name: value for name, value in CLOSED.items() if name != field})


def test_what_could_not_be_read_is_echoed_as_empty() -> None:
    unread = {"huifu_id": "", "req_date": "", "req_seq_id": "", "org_req_date": ""}
    assert accepts("close/response.json", {**CLOSED, **unread})


def test_an_accepted_close_may_name_itself() -> None:
    accepted = {"resp_code": "00000000", "trans_stat": "P", "sub_resp_code": "00000100", "hf_seq_id": "0029mockup"}
    assert accepts("close/response.json", {**CLOSED, **accepted})


@pytest.mark.parametrize(
    "changes",
    [
        {"resp_code": "12345678"}, {"resp_code": 0}, {"resp_desc": ""}, {"trans_stat": ""}, {"trans_stat": "I"},
        {"org_trans_stat": ""}, {"req_date": "20230229"}, {"req_date": "\n"}, {"req_date": None}, {"x": 1}, {"x": None},
        {"x": {}}, {"x": "a\u2028b"}, {"resp_desc": "a\x7f"},
    ],
)  # fmt: skip
def test_an_answer_is_flat_listed_and_all_strings(changes: dict[str, Any]) -> None:
    assert not accepts("close/response.json", {**CLOSED, **changes})


# Real clients


def captures() -> list[tuple[str, bytes]]:
    return [
        (f"{path.stem}/{record['case']}", base64.b64decode(record["body_b64"]))
        for path in sorted(CAPTURES.glob("*.ndjson"))
        for record in map(json.loads, path.read_text(encoding="utf-8").splitlines())
    ]


def test_every_captured_request_that_is_json_is_valid() -> None:
    seen, broken = 0, []
    for name, body in captures():
        try:
            request = json.loads(body)
        except ValueError:
            broken.append(name)
            continue
        validator("envelope/request.json").validate(request)
        validator("close/request.json").validate(request["data"])
        seen += 1
    assert (seen, broken) == (105, ["go-official-go1.27/lit_u003c"])


# Neighbours


@pytest.mark.parametrize("amount", ["0.01", "1.00", "0.10", "99999999999.99"])
def test_an_amount_has_two_decimals(amount: str) -> None:
    assert accepts("common.json#/$defs/amount", amount)


@pytest.mark.parametrize(
    "amount", ["0.00", "1", "1.0", "1.000", ".01", "01.00", "-1.00", "1,00", "1.00\n", "999999999999.99", "", 1]
)
def test_anything_else_is_no_amount(amount: Any) -> None:
    assert not accepts("common.json#/$defs/amount", amount)


@pytest.mark.parametrize("name", ["jspay-v2", "jspay-v3", "create-v4", "micropay"])
def test_an_order_needs_its_mandatory_fields_and_takes_null_for_the_others(name: str) -> None:
    schema = document(f"create/{name}-request.json")
    valid = schema["examples"][0]
    required = set(schema["required"])
    for field in required:
        assert not accepts(f"create/{name}-request.json", {n: v for n, v in valid.items() if n != field})
        assert not accepts(f"create/{name}-request.json", {**valid, field: None})
    for field in set(schema["properties"]) - required:
        for value in (None, ""):
            assert accepts(f"create/{name}-request.json", {**valid, field: value}), field


@pytest.mark.parametrize(
    ("name", "mandatory"),
    [
        ("jspay-v2", {"req_date", "req_seq_id", "huifu_id", "trade_type", "trans_amt", "goods_desc"}),
        ("jspay-v3", {"req_date", "req_seq_id", "huifu_id", "trade_type", "trans_amt", "goods_desc"}),
        ("create-v4", {"req_seq_id", "huifu_id", "trade_type", "trans_amt", "goods_desc"}),
        ("micropay", {"req_date", "req_seq_id", "huifu_id", "trans_amt", "goods_desc", "auth_code", "risk_check_data"}),
    ],
)
def test_the_mandatory_fields_of_an_order_are_those_of_its_version(name: str, mandatory: set[str]) -> None:
    assert set(document(f"create/{name}-request.json")["required"]) == mandatory


def test_a_nested_value_is_sent_as_json_text() -> None:
    valid = document("create/jspay-v3-request.json")["examples"][0]
    assert accepts("create/jspay-v3-request.json", {**valid, "wx_data": '{\n  "sub_appid": "x"\n}'})
    assert not accepts("create/jspay-v3-request.json", {**valid, "wx_data": {"sub_appid": "x"}})


@pytest.mark.parametrize(("name", "date_field"), [("v2", "org_req_date"), ("v3", "org_req_date"), ("v4", "req_date")])
def test_a_refused_query_has_its_mandatory_members_empty(name: str, date_field: str) -> None:
    schema = document(f"query/{name}-response.json")
    assert date_field in schema["required"]
    empty = dict.fromkeys(schema["required"], "")
    assert accepts(f"query/{name}-response.json", {**empty, "resp_code": "23000001", "resp_desc": "交易不存在"})


def test_the_webhook_of_a_close_has_nine_members_in_the_order_they_are_sent() -> None:
    schema = document("webhook/trans.close.json")
    assert schema["required"] == list(schema["properties"]) == list(schema["examples"][0])
    assert len(schema["required"]) == 9
    for member in schema["required"]:
        assert not accepts("webhook/trans.close.json", {n: v for n, v in schema["examples"][0].items() if n != member})


def test_a_notify_has_four_fields() -> None:
    form = {"resp_desc": "交易成功[000]", "resp_code": "00000000", "sign": "QUJD", "resp_data": '{"a":{}}'}
    assert list(form) == document("notify/form.json")["required"]
    assert accepts("notify/form.json", form)
    assert not accepts("notify/form.json", {**form, "resp_data": {"a": {}}})


# The control API

GOOD = [
    ("tenant-create", {}),
    ("tenant-create", {"sys_id": "a-b_c.1", "product_ids": {"A": "active", "B": "suspended"}, "huifu_ids": ["1", "2"]}),
    ("tenant-create", {"settle": "accepted", "settle_seconds": 0.5, "legacy_codes": True, "bad_signature": "http-922"}),
    ("tenant-create", {"key_bits": 3072, "webhook_key": "k" * 32}),
    ("tenant-patch", {"product_ids": {"MCS": "suspended"}}),
    ("order-create", {}),
    ("order-create", {"age_seconds": 59.9, "trade_type": "D_NATIVE", "trans_stat": "S", "trans_amt": "1.00"}),
    ("order-create", {"req_seq_id": "a/中😀", "notify_url": "http://127.0.0.1:9000", "time_expire": "20240229235959"}),
    ("order-patch", {"trans_stat": "S"}),
    ("order-patch", {"close_stat": "S"}),
    ("order-patch", {"time_expire": "20240229235959"}),
    ("sign", {"data": {"a": 1}}),
    ("sign", {"data": {}, "text": ""}),
    ("clock-put", {"now": "2024-02-29T23:59:59.5"}),
    ("clock-put", {"now": "2024-02-29T15:59Z", "mode": "frozen"}),
    ("clock-advance", {"seconds": 0}),
    ("clock-advance", {"seconds": 61.000001}),
    ("fault-create", {"do": {"answer": "20000001.TOO_YOUNG", "when": "after"}, "times": 3}),
    ("fault-create", {"do": {"answer": "LS000001", "resp_desc": "新", "trans_stat": "P"}}),
    ("fault-create", {"do": {"fault": "drip", "bytes": 1, "seconds": 0.01}, "match": {"endpoint": "close", "nth": 2}}),
    ("fault-create", {"do": {"fault": "status", "status": 922, "body": "json"}, "probability": 0.5, "seed": 7}),
    ("fault-create", {"do": {"race": "advance", "at": "after_validate", "seconds": 60}}),
    ("webhook-create", {"url": "http://127.0.0.1:1/?a=b", "events": ["trans.close"], "key": "0" * 32}),
    ("event-send", {"req_seq_id": "1", "do": {"fault": "push-delay", "seconds": 1}}),
]
BAD = [
    ("tenant-create", {"sys_id": "a/b"}),
    ("tenant-create", {"sys_id": "a\n"}),
    ("tenant-create", {"product_ids": {}}),
    ("tenant-create", {"product_ids": {"MCS": "on"}}),
    ("tenant-create", {"huifu_ids": []}),
    ("tenant-create", {"huifu_ids": ["1", "1"]}),
    ("tenant-create", {"key_bits": 4096}),
    ("tenant-create", {"legacy_codes": 1}),
    ("tenant-create", {"webhook_key": "k" * 31}),
    ("tenant-patch", {"sys_id": "1"}),
    ("order-create", {"age_seconds": -1}),
    ("order-create", {"age_seconds": "5"}),
    ("order-create", {"age_seconds": 315576001}),
    ("order-create", {"trade_type": "T_MAGIC"}),
    ("order-create", {"trans_stat": "I"}),
    ("order-create", {"notify_url": "ftp://x"}),
    ("order-create", {"req_date": "20230229"}),
    ("order-create", {"close_stat": "S"}),
    ("order-patch", {}),
    ("order-patch", {"trans_stat": "P"}),
    ("order-patch", {"close_stat": "F"}),
    ("order-patch", {"close_stat": "S", "trans_stat": "S"}),
    ("order-patch", {"time_expire": "20230229235959"}),
    ("sign", {}),
    ("sign", {"data": "{}"}),
    ("sign", {"data": {}, "text": None}),
    ("clock-put", {}),
    ("clock-put", {"now": "2023-02-29T00:00:00"}),
    ("clock-put", {"now": "tomorrow"}),
    ("clock-put", {"mode": "slow"}),
    ("clock-advance", {}),
    ("clock-advance", {"seconds": -1}),
    ("clock-advance", {"seconds": "61"}),
    ("clock-advance", {"seconds": float("inf")}),
    ("fault-create", {}),
    ("fault-create", {"do": {}}),
    ("fault-create", {"do": {"seconds": 1}}),
    ("fault-create", {"do": {"fault": "droped"}}),
    ("fault-create", {"do": {"fault": "delay", "answer": "98888888"}}),
    ("fault-create", {"do": {"fault": "delay", "race": "pay"}}),
    ("fault-create", {"do": {"answer": "98888888", "race": "pay"}}),
    ("fault-create", {"do": {"answer": "988888889"}}),
    ("fault-create", {"do": {"fault": "delay"}, "times": 0}),
    ("fault-create", {"do": {"fault": "delay"}, "probability": 1.1}),
    ("fault-create", {"do": {"fault": "delay"}, "match": {"order": "1"}}),
    ("webhook-create", {}),
    ("webhook-create", {"url": "http://x", "events": []}),
    ("webhook-create", {"url": "http://x", "events": ["close"]}),
    ("event-send", {"req_seq_id": "1", "do": {"fault": "delay"}}),
]


def test_a_good_body_of_the_control_plane_is_taken() -> None:
    assert [(name, body) for name, body in GOOD if not accepts(f"control/{name}.json", body)] == []


def test_a_bad_body_of_the_control_plane_is_refused() -> None:
    assert [(name, body) for name, body in BAD if accepts(f"control/{name}.json", body)] == []


def test_a_field_keeps_its_shape_from_seeding_to_reading() -> None:
    """What can be asked for in an order or a tenant is told of it again; its time is told by GET …/clock."""
    for made, told in (("order-create", "order"), ("tenant-create", "tenant")):
        asked = set(document(f"control/{made}.json")["properties"]) - {"key_bits", "clock"}
        assert asked <= set(document(f"control/{told}.json")["properties"])
