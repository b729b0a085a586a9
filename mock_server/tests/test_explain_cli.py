"""`huifu-mock explain`: captured messages from files and standard input."""

import base64
import io
import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from mistaken import DATA, KEY, RICH, b64, compact, envelope, right, rsa, signs

from huifu_mock import explain, signing
from huifu_mock.cli.main import main
from huifu_mock.keys import published

ESCAPED = signs(lambda data: compact(dict(sorted(data.items())), ensure_ascii=True))(RICH)


@pytest.fixture
def said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run the command on a captured message: exit code, standard output and standard error."""

    def run(captured: bytes, *options: str) -> tuple[int, str, str]:
        file = tmp_path / "captured"
        file.write_bytes(captured)
        code = main(["explain", str(file), *options])
        out = capsys.readouterr()
        return code, out.out, out.err

    return run


def test_a_mistaken_request_is_explained_in_both_languages(said: Any) -> None:
    code, out, _ = said(ESCAPED, "--lang", "both")
    assert code == 1
    assert "The signature is wrong: unicode-escaped." in out
    assert "签名有误：unicode-escaped。" in out
    assert out.count("ensure_ascii=False") == 2
    assert "ensure_ascii=False" in said(ESCAPED, "--lang", "zh")[1]


def test_one_language_can_be_chosen(said: Any) -> None:
    assert "签名" not in said(ESCAPED, "--lang", "en")[1]
    assert "The signature" not in said(ESCAPED, "--lang", "zh")[1]


def test_the_code_of_one_language_can_be_chosen(said: Any) -> None:
    out = said(ESCAPED, "--lang", "both", "--code", "php")[1]
    assert out.count("    PHP: ") == 2
    assert "ensure_ascii" not in out
    assert "    Node: " not in out


def test_a_correct_request_ends_with_exit_code_0(said: Any) -> None:
    assert said(signs(right)(DATA))[0] == 0


def test_json_is_what_the_library_tells(said: Any) -> None:
    code, out, _ = said(ESCAPED, "--json")
    assert code == 1
    assert json.loads(out) == explain.explain_request(ESCAPED, (), KEY.public_key()).as_json()


def test_a_whole_http_message_gives_the_clients_language_away(said: Any) -> None:
    for newline in (b"\r\n", b"\n"):
        head = newline.join(
            [b"POST /s/abc/v2/trade/payment/scanpay/close HTTP/1.1", b"User-Agent: Go-http-client/1.1", b"", b""]
        )
        code, out, _ = said(head + ESCAPED, "--lang", "en")
        assert code == 1
        assert "Go: " in out
        assert "Python: " not in out


def test_the_path_tells_which_members_are_known(said: Any) -> None:
    """`remark` is an optional member of create and not of close."""
    data = {"req_seq_id": "1", "huifu_id": "6666000000000000", "trans_amt": "1.00", "goods_desc": "x"}
    body = envelope(data, b64(rsa(right({**data, "remark": ""}))))
    for path, ids in (("/v3/trade/payment/jspay", ["empty-dropped"]), ("/v2/trade/payment/scanpay/close", ["unknown"])):
        out = said(f"POST {path} HTTP/1.1\r\n\r\n".encode() + body, "--json")[1]
        assert json.loads(out)["mistakes"] == ids


def test_keys_are_taken_as_files_and_as_text(said: Any, tmp_path: Path) -> None:
    key = signing.generate(1024)
    body = envelope(DATA, b64(rsa(compact(DATA), key)))
    pem = tmp_path / "key.pem"
    pem.write_text(signing.public_pem(key.public_key()))
    for given in (str(pem), signing.public_text(key.public_key()), signing.public_pem(key.public_key())):
        assert json.loads(said(body, "--public-key", given, "--json")[1])["mistakes"] == ["unsorted"]
    assert json.loads(said(body, "--json")[1])["mistakes"] == ["foreign-key"]
    assert json.loads(said(body, "--huifu-key", str(pem), "--json")[1])["mistakes"] == ["unsorted", "huifu-key"]


def test_a_reply_is_known_by_itself_or_by_the_option(said: Any) -> None:
    data = {"resp_code": "00000000", "resp_desc": "交易成功"}
    good = compact({"data": data, "sign": b64(rsa(right(data), published("huifu")))}).encode()
    assert said(good)[0] == 0
    assert said(good, "--huifu")[0] == 0
    assert said(b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\n" + good)[0] == 0
    bad = good.replace("交易成功".encode(), "交易失败".encode())
    assert json.loads(said(bad, "--json")[1])["mistakes"] == ["unknown"]


def test_an_earlier_request_makes_a_stale_signature_known(said: Any, tmp_path: Path) -> None:
    first = signs(right)(DATA)
    (tmp_path / "first.json").write_bytes(first)
    second = envelope({**DATA, "req_seq_id": "2"}, json.loads(first)["sign"])
    told = json.loads(said(second, "--earlier", str(tmp_path / "first.json"), "--json")[1])
    assert told["mistakes"] == ["stale-signature"]


def test_a_webhook_is_explained_with_its_key(said: Any) -> None:
    body, key = b'{"trans_stat":"S"}', "k" * 32
    right_sign = signing.webhook_sign(body, key)
    assert said(body, "--webhook", "--key", key, "--sign", right_sign)[0] == 0
    assert said(f"POST /hook?sign={right_sign} HTTP/1.1\r\n\r\n".encode() + body, "--webhook", "--key", key)[0] == 0
    told = json.loads(said(body, "--webhook", "--key", key, "--sign", signing.webhook_sign(body, ""), "--json")[1])
    assert told["mistakes"] == ["key-missing"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--webhook"], "needs --key"),
        (["--webhook", "--key", "k"], "needs --sign"),
        (["--public-key", "/no/such/file"], "cannot read the key file"),
        (["--public-key", "A" * 300], "--public-key: "),
    ],
)
def test_a_command_that_cannot_do_its_work_says_what_is_missing(options: list[str], says: str, said: Any) -> None:
    code, out, err = said(ESCAPED, *options)
    assert code == 2
    assert out == ""
    assert says in err


def test_a_message_comes_from_standard_input_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(ESCAPED)))
    assert main(["explain", "-", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["mistakes"] == ["unicode-escaped"]


HEADERS = [["Content-Type", "application/json"], ["User-Agent", "GuzzleHttp/7"]]
CURL = "curl -s https://api.huifu.com/v2/trade/payment/scanpay/close -H 'Content-Type: application/json' "


def in_har(body: bytes) -> str:
    """As a browser saves it, between other requests."""
    url = "https://api.huifu.com/v2/trade/payment/scanpay/close"
    named = [{"name": name, "value": value} for name, value in HEADERS]
    posted = {"method": "POST", "url": url, "headers": named, "postData": {"text": body.decode()}}
    other = {"method": "POST", "url": "https://example.test/", "headers": [], "postData": {"text": "{}"}}
    return json.dumps({"log": {"entries": [{"request": one} for one in (other, posted, {"method": "GET"}, other)]}})


def in_journal(body: bytes) -> dict[str, Any]:
    return {
        "id": "call-1",
        "path": "/v2/trade/payment/scanpay/close",
        "headers": HEADERS,
        "body_base64": base64.b64encode(body).decode(),
        "data": {"what": "is shown"},
    }


FORMS: dict[str, Any] = {
    "a journal entry": lambda body: json.dumps(in_journal(body)),
    "a list of the journal": lambda body: json.dumps({"items": [in_journal(b"{}"), in_journal(body)], "dropped": 0}),
    "a copied curl command": lambda body: CURL + "-d '" + body.decode().replace("'", "'\\''") + "'",
    "a curl command over several lines": lambda body: "$ " + CURL + "\\\n  --data-raw " + shlex.quote(body.decode()),
    "a curl command from Chrome": lambda body: CURL + "--data-raw $'" + chrome(body.decode()) + "'",
    "the output of curl -v": lambda body: f"> POST /v2/x HTTP/1.1\n> Host: h\n> \n{body.decode()}\n< HTTP/1.1 200 OK\n",
    "a HAR file": in_har,
    "a log line": lambda body: f"2026-03-01 12:00:00 INFO huifu: request {{id=7}} {body.decode()} took 12 ms",
    "a log line in JSON": lambda body: json.dumps({"level": "info", "context": {"body": body.decode()}}),
}


def chrome(text: str) -> str:
    """As Chrome quotes what is not ASCII."""
    quoted = text.replace("\\", "\\\\").replace("'", "\\'")
    return "".join(c if c.isascii() else f"\\u{ord(c):04x}" for c in quoted)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_the_request_is_found_in_what_people_have_at_hand(form: Any, said: Any) -> None:
    code, out, _ = said(form(ESCAPED).encode(), "--json")
    assert (code, json.loads(out)["mistakes"]) == (1, ["unicode-escaped"])
    good = envelope(DATA, b64(rsa(right(DATA))))
    assert said(form(good).encode())[0] == 0


@pytest.mark.parametrize(
    "captured",
    [
        b"curl",
        b"curl 'never ends",
        b"curl x -d @file",
        b'{"log":{"entries":[{}]}}',
        b'{"items":[]}',
        b"{" * 2000,
        b"> \n{",
    ],
)
def test_what_holds_no_request_is_told_as_before(captured: bytes, said: Any) -> None:
    code, out, err = said(captured)
    assert code == 1
    assert "The request cannot be taken" in out
    assert err == ""
