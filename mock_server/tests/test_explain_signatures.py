"""Clients that sign wrongly, and what they are told: each mistake by its id, and correct clients never."""

import base64
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from mistaken import (
    CLIENTS,
    DATA,
    KEY,
    NESTED,
    RICH,
    Client,
    b64,
    compact,
    envelope,
    pss_of_java,
    right,
    rsa,
    signs,
)

from huifu_mock import explain, signing
from huifu_mock.explain import sign_field
from huifu_mock.explain.advice import LANGUAGES, NOTES
from huifu_mock.explain.budget import Budget
from huifu_mock.explain.candidates import Search, oddities
from huifu_mock.explain.lexer import receive
from huifu_mock.explain.report import first_difference, marked
from huifu_mock.explain.signature import Earlier

PUBLIC = KEY.public_key()
CAPTURES = Path(__file__).parent / "captures"


def name(client: Client) -> str:
    return client.mistakes.replace(" ", "+")


@pytest.mark.parametrize("client", CLIENTS, ids=name)
def test_each_mistake_is_called_by_its_id(client: Client) -> None:
    found = explain.explain_request(client.body(), (), PUBLIC)
    assert found.mistakes == tuple(id_ for id_ in explain.MISTAKES if id_ in client.mistakes.split())


@pytest.mark.parametrize("client", CLIENTS, ids=name)
def test_the_text_that_was_signed_is_the_one_that_the_signature_fits(client: Client) -> None:
    """What is shown as signed really is: hashing it gives the signature."""
    found = explain.explain_request(client.body(), (), PUBLIC)
    if found.signed_text is None:
        assert {"unknown", "foreign-key", "sign-empty", "sign-is-digest", "sign-is-text", "sm2"} & set(found.mistakes)
        return
    sign = json.loads(client.body().decode(errors="ignore").lstrip("\ufeff"))["sign"]
    plain = {"sha1", "md5", "sha512", "pss", "huifu-key", "foreign-key", "charset-gbk"}.isdisjoint(found.mistakes)
    if plain and signing.unbase64(sign) and "base64-hex" not in found.mistakes:
        assert signing.verify(PUBLIC, found.signed_text.encode(), sign)


@pytest.mark.parametrize("client", CLIENTS, ids=name)
def test_each_mistake_is_told_in_both_languages_with_what_would_be_right(client: Client) -> None:
    told = explain.explain_request(client.body(), (), PUBLIC).as_json()
    json.dumps(told, ensure_ascii=False, allow_nan=False).encode()
    assert [fix["id"] for fix in told["fixes"]] == told["mistakes"]
    for language in ("en", "zh"):
        text = told["text"][language]
        assert all(id_ in text for id_ in told["mistakes"])
        assert all(fix["fix"][language] in text for fix in told["fixes"])


def test_every_id_has_a_client_that_makes_the_mistake() -> None:
    made = {id_ for client in CLIENTS for id_ in client.mistakes.split()}
    # these two need more than one request or tenant, and have tests of their own
    assert made | {"stale-signature", "other-tenant-key"} == set(explain.MISTAKES)


def test_every_mistake_has_a_meaning_a_remedy_and_code_of_known_languages() -> None:
    for mistake in explain.ADVICE.values():
        assert all((mistake.en, mistake.zh, mistake.fix_en, mistake.fix_zh)), mistake.id
        assert set(mistake.code) <= set(LANGUAGES), mistake.id
        assert mistake.en.isascii(), mistake.id


def test_a_correct_request_has_no_mistakes() -> None:
    found = explain.explain_request(signs(right)(RICH), (), PUBLIC)
    assert found.mistakes == ()
    assert found.reason is None
    assert found.signed_text == found.expected_text == right(RICH)
    assert found.warnings == ()


def captured() -> list[tuple[str, dict[str, object]]]:
    lines = [
        (file.stem, json.loads(line))
        for file in sorted(CAPTURES.glob("*.ndjson"))
        for line in file.read_text("utf-8").splitlines()
    ]
    return [(f"{client}-{case['case']}", case) for client, case in lines if case["case"] != "lit_u003c"]


@pytest.mark.parametrize("case", [case for _, case in captured()], ids=[name for name, _ in captured()])
def test_no_request_of_a_vendors_client_is_ever_called_mistaken(case: dict[str, str]) -> None:
    key = load_pem_public_key((CAPTURES / "merchant_public.pem").read_bytes())
    found = explain.explain_request(base64.b64decode(case["body_b64"]), (), key)  # type: ignore[arg-type] # an RSA key
    assert found.mistakes == ()
    assert found.signed_text == case["signed"]


# more than one request, more than one key


def test_the_signature_of_an_earlier_request_is_recognised_by_name() -> None:
    first = signs(right)(DATA)
    sign = json.loads(first)["sign"]
    second = envelope({**DATA, "req_seq_id": "close-2"}, sign)
    earlier = [Earlier("call-7", first), Earlier("call-6", signs(right)({**DATA, "req_seq_id": "close-0"}))]
    found = explain.explain_request(second, (), PUBLIC, earlier=earlier)
    assert found.mistakes == ("stale-signature",)
    assert "call-7" in found.text["en"]


def test_an_earlier_signature_is_recognised_however_json_wrote_its_slashes() -> None:
    first = signs(right)(DATA)
    sign = json.loads(first)["sign"]
    escaped = first.replace(b"/", b"\\/")
    found = explain.explain_request(
        envelope({**DATA, "x": "1"}, sign), (), PUBLIC, earlier=[Earlier("call-1", escaped)]
    )
    # the member that was added is a simpler explanation, so it is told first
    assert found.mistakes == ("unknown",)
    changed = envelope({**DATA, "req_seq_id": "x"}, sign)
    assert explain.explain_request(changed, (), PUBLIC, earlier=[Earlier("call-1", escaped)]).mistakes == (
        "stale-signature",
    )


def test_repeating_a_wrong_request_is_the_same_mistake_again_and_not_a_stale_signature() -> None:
    body = envelope(DATA, b64(rsa("something else")))
    assert explain.explain_request(body, (), PUBLIC, earlier=[Earlier("call-1", body)]).mistakes == ("unknown",)


def test_another_tenants_key_is_told_without_its_name() -> None:
    other = signing.generate(2048)
    body = envelope(DATA, b64(rsa(right(DATA), other)))
    found = explain.explain_request(body, (), PUBLIC, others=[signing.generate(2048).public_key(), other.public_key()])
    assert found.mistakes == ("other-tenant-key",)


def test_a_key_of_another_size_is_a_foreign_key() -> None:
    for bits in (1024, 3072):
        body = envelope(DATA, b64(rsa(right(DATA), signing.generate(bits))))
        assert explain.explain_request(body, (), PUBLIC).mistakes == ("foreign-key",)


def test_keys_of_every_size_are_opened() -> None:
    for bits in (1024, 4096):
        key = signing.generate(bits)
        body = envelope(DATA, b64(rsa(compact(DATA), key)))
        assert explain.explain_request(body, (), key.public_key()).mistakes == ("unsorted",)


# what has no id


def test_every_remark_about_the_text_is_found() -> None:
    received = receive(envelope(DATA, ""))
    assert received is not None
    remarks = dict(reversed([(note, text) for text, note in oddities(received)]))
    assert set(remarks) <= set(NOTES)
    for note, text in remarks.items():
        match = Search(received, (), (), lambda raw, text=text: raw == text.encode(), Budget()).found()
        assert match is not None
        assert match.note == note


@pytest.mark.parametrize(
    ("sign", "note"),
    [
        (lambda raw: base64.b64encode(base64.b64encode(raw)).decode(), "base64-twice"),
        (lambda raw: b64(raw).rstrip("="), "padding-lost"),
        (lambda raw: b64(raw[:200]), "sign-length"),
        (lambda raw: raw[:100].hex(), "hex-length"),
    ],
    ids=["base64-twice", "padding-lost", "sign-length", "hex-length"],
)
def test_odd_ways_to_write_a_signature_are_told(sign: object, note: str) -> None:
    body = envelope(DATA, sign(rsa(right(DATA))))  # type: ignore[operator] # a function
    found = explain.explain_request(body, (), PUBLIC)
    assert found.mistakes == ("unknown",)
    assert NOTES[note][0] in found.text["en"]
    assert NOTES[note][1] in found.text["zh"]


def test_a_text_encrypted_with_the_private_key_is_recognised() -> None:
    """`openssl_private_encrypt` pads the text itself instead of a digest."""
    numbers = KEY.private_numbers()
    text = b"sha256 of something, in words"
    n, d = numbers.public_numbers.n, numbers.d
    padded = b"\x00\x01" + b"\xff" * (256 - 3 - len(text)) + b"\x00" + text
    raw = pow(int.from_bytes(padded, "big"), d, n).to_bytes(256, "big")
    found = explain.explain_request(envelope(DATA, b64(raw)), (), PUBLIC)
    assert found.mistakes == ("unknown",)
    assert NOTES["no-digest-info"][0] in found.text["en"]


def test_pss_is_told_also_where_other_hashes_seem_to_fit_by_chance() -> None:
    def seem_to_fit(sign: str) -> bool:
        (first, *_) = sign_field._open_pss(base64.b64decode(sign), sign_field.Key("own", PUBLIC))
        return not first.certain

    signed = (pss_of_java(DATA) for _ in range(5000))
    by_chance = next(filter(seem_to_fit, signed))  # one in 128
    assert explain.explain_request(envelope(DATA, by_chance), (), PUBLIC).mistakes == ("pss",)


def test_what_looks_like_pss_by_chance_is_a_foreign_key() -> None:
    for _ in range(20):
        body = envelope(DATA, b64(rsa(right(DATA), signing.generate(1024))))
        assert explain.explain_request(body, (), signing.generate(1024).public_key()).mistakes == ("foreign-key",)


# replies


def reply(data: object, sign: str) -> bytes:
    return compact({"data": data, "sign": sign}).encode()


def test_replies_are_explained_with_huifus_key() -> None:
    from huifu_mock.keys import published

    huifu = published("huifu")
    data = {"resp_code": "00000000", "resp_desc": "交易成功"}
    good = reply(data, b64(rsa(right(data), huifu)))
    assert explain.explain_reply(good).mistakes == ()
    assert explain.explain_reply(good, PUBLIC).mistakes == ("foreign-key",)
    assert explain.explain_reply(reply({**data, "resp_code": "1"}, b64(rsa(right(data), huifu)))).mistakes == (
        "unknown",
    )
    escaped = reply(data, b64(rsa(compact(data, ensure_ascii=True), huifu)))
    assert explain.explain_reply(escaped).mistakes == ("unicode-escaped",)
    assert explain.explain_reply(reply(data, "")).mistakes == ("sign-empty",)
    assert explain.explain_reply(reply(data, b64(rsa(right(data))))).mistakes == ("foreign-key",)
    assert explain.explain_reply(b"<html>").mistakes == ()


# what verifies, and the vendor may refuse all the same


@pytest.mark.parametrize(
    ("data", "ids"),
    [
        (NESTED, ["nested"]),
        ({**DATA, "org_hf_seq_id": None}, ["null"]),
        ({**DATA, "remark": "a\tb"}, ["control-characters"]),
        ({**DATA, "remark": "a\u2028b"}, ["line-separators"]),
        ({**DATA, "fee": 1}, ["number"]),
        ({**DATA, "extra": [None]}, ["nested", "null"]),
    ],
)
def test_a_request_that_may_be_refused_elsewhere_carries_a_warning(data: dict[str, object], ids: list[str]) -> None:
    found = explain.explain_request(signs(right)(data), (), PUBLIC)
    assert found.mistakes == ()
    assert found.reason is None
    assert [warned.id for warned in found.warnings] == ids
    assert all("assumed" in warned.en for warned in found.warnings)


# how it is told


@pytest.mark.parametrize(
    ("headers", "language"),
    [
        ({"User-Agent": "python-requests/2.34"}, "Python"),
        ({"sdk_version": "php_v2.0.29"}, "PHP"),
        ({"User-Agent": "Apache-HttpClient/4.5", "sdk_version": "javaSDK_3.0.40"}, "Java"),
        ({"User-Agent": "Go-http-client/1.1"}, "Go"),
        ([("sdk_version", "C#SDK_1.0.23")], "C#"),
        (b"User-Agent: node", "Node"),
    ],
)
def test_the_line_of_code_is_in_the_clients_own_language(headers: object, language: str) -> None:
    text = explain.explain_request(signs(compact)(DATA), headers, PUBLIC).text["en"]  # type: ignore[arg-type] # a table
    assert f"    {language}: " in text
    assert sum(f"    {other}: " in text for other in LANGUAGES.values()) == 1


def test_a_client_that_hides_its_language_gets_all_of_them() -> None:
    text = explain.explain_request(signs(compact)(DATA), (), PUBLIC).text["en"]
    assert all(f"    {language}: " in text for language in LANGUAGES.values())


def test_the_first_difference_is_marked_under_both_texts() -> None:
    shown = marked('{"a":"\\u4e2d"}', '{"a":"中"}', ("signed:", "expected:"), "here")
    assert shown.splitlines() == [
        'signed:    {"a":"\\u4e2d"}',
        'expected:  {"a":"中"}',
        "                 ^ here",
    ]
    assert first_difference("abc", "ab") == 2
    assert first_difference("abc", "abc") is None
    assert "⟨end⟩" in marked("ab", "abc", ("1", "2"), "x")
    assert "⟨U+FEFF⟩" in marked("\ufeff{}", "{}", ("1", "2"), "x")
    assert "␊" in marked("{}\n", "{}", ("1", "2"), "x")


def test_chinese_before_the_difference_takes_two_columns() -> None:
    shown = marked("中文x", "中文y", ("signed:", "expected:"), "").splitlines()
    assert shown[2].index("^") == len("expected:") + 2 + 4


def test_nothing_is_looked_for_where_there_is_no_signature() -> None:
    for body in (b"", b"{}", b"[]", b'{"data":null,"sign":"x"}', b"\xff\xfe", b'{"data":1}'):
        found = explain.explain_request(body, (), PUBLIC)
        assert found.reason == "BAD_PARAMETERS"
        assert found.text["en"]
        assert found.text["zh"]


def test_the_old_name_of_as_json_still_works_and_says_so() -> None:
    found = explain.explain_request(CLIENTS[0].body(), (), PUBLIC)
    with pytest.warns(DeprecationWarning, match="as_json"):
        assert found.told() == found.as_json()
