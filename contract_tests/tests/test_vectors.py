"""The vectors of the kit: made anew they are the published ones, and every language reads them alike."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from huifu_contract import schemas, vectors
from huifu_contract.cli.main import main
from huifu_contract.grading.results import Exit
from huifu_contract.reference import Client, Config, wire
from huifu_contract.reference.app import App
from huifu_contract.reference.wire import NotReadable, read
from huifu_mock import _data, canonical, signing

FILE: dict[str, Any] = _data.read_json(vectors.SHIPPED)
CHECKS: list[dict[str, Any]] = FILE["checks"]
KEYS = {name: _data.read_text(f"fixtures/keys/{name}_public_key.txt").strip() for name in ("merchant", "huifu")}
CONFIG = Config("6666000108854952", "MCS", "6666000000000001", "", KEYS["huifu"], vectors.WEBHOOK_KEY)
CLIENT = Client("http://127.0.0.1:1", CONFIG)
ASKED = sum(check["kind"] in ("reply-sign", "webhook-sign") and check["result"] != "disputed" for check in CHECKS)
COMMANDS = {
    "Python": ([sys.executable, "vectors_test.py"], "vectors_test.py"),
    "Node": (["node", "vectors_test.mjs"], "vectors_test.mjs"),
    "PHP": (["php", "vectors_test.php"], "vectors_test.php"),
    "Go": (["go", "run", "vectors_test_main.go"], "vectors_test_main.go"),
}


def of(kind: str) -> Any:
    found = [check for check in CHECKS if check["kind"] == kind and check["result"] != "disputed"]
    return pytest.mark.parametrize("check", found, ids=lambda check: f"{check['id']}: {check['note']}")


def test_made_anew_the_vectors_are_the_published_ones() -> None:
    assert vectors.text() == _data.read_text(vectors.SHIPPED), (
        "run: huifu-contract vectors > fixtures/vectors/close.json"
    )


def test_the_vectors_keep_to_their_schema() -> None:
    assert schemas.complaint("vectors", FILE) is None
    assert len({check["id"] for check in CHECKS}) == len(CHECKS)


def test_every_kind_has_what_must_be_accepted_and_what_must_be_refused() -> None:
    found = Counter((check["kind"], check["result"]) for check in CHECKS)
    kinds = {check["kind"] for check in CHECKS}
    assert {(kind, result) for kind in kinds for result in ("valid", "invalid")} <= set(found)
    assert found["reply-sign", "disputed"] >= 3


@of("canonical")
def test_a_canonical_text_is_what_both_sides_sign(check: dict[str, Any]) -> None:
    data = json.loads(check["data"])
    right = {CLIENT.canon(data).decode(), signing.canonical(data).decode()}
    assert (right == {check["text"]}) == (check["result"] == "valid")


def test_a_disputed_text_is_one_of_those_that_the_gateway_accepts() -> None:
    for check in CHECKS:
        if check["kind"] == "canonical" and check["result"] == "disputed" and "empty" not in check["note"]:
            forms = set(canonical.forms(canonical.members(check["data"])))
            escaped = "\\u007F" in check["text"]  # only where it is sent in capitals too
            assert escaped or check["text"] in forms, check["note"]


@of("request-sign")
def test_a_signature_of_a_request_is_the_merchants_or_not(check: dict[str, Any]) -> None:
    verifies = wire.verifies(wire.public(KEYS["merchant"]), check["text"].encode(), check["sign"])
    assert verifies == signing.verify(signing.load_public_key(KEYS["merchant"]), check["text"].encode(), check["sign"])
    assert verifies == (check["result"] == "valid")


@of("reply-sign")
def test_a_reply_is_genuine_for_the_reference_or_not(check: dict[str, Any]) -> None:
    try:
        envelope = read(check["body"].encode())
        genuine = CLIENT.check_sign(envelope) and CLIENT.check_echo(check["sent"], envelope.data)
    except NotReadable:
        genuine = False
    assert genuine == (check["result"] == "valid")


@of("webhook-sign")
def test_a_webhook_is_believed_by_the_reference_or_not(check: dict[str, Any]) -> None:
    app = App()
    app.config = CONFIG
    assert (app.webhook(check["body"].encode(), check["sign"]) == 200) == (check["result"] == "valid")
    app.server.server_close()
    wanted = signing.webhook_sign(check["body"].encode(), FILE["webhook_key"])
    assert (wanted == check["sign"]) == (check["result"] == "valid")


def test_the_command_prints_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["vectors"]) == 0
    assert json.loads(capsys.readouterr().out) == FILE


def test_the_command_writes_a_folder_that_stands_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "deep" / "vectors"
    assert main(["vectors", "--out", str(folder)]) == 0
    assert main(["vectors", "--out", str(folder)]) == 0, "again over the old ones"
    assert json.loads((folder / "close.json").read_text(encoding="utf-8")) == FILE
    for owner in FILE["keys"].values():
        assert (folder / owner).exists()
    about = (folder / "README.md").read_text(encoding="utf-8")
    assert "../" not in about
    for key in (folder / "keys").glob("*.txt"):
        assert "-----BEGIN" in key.with_suffix(".pem").read_text("ascii"), "what openssl reads"
    assert "close.json" in capsys.readouterr().out
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert main(["vectors", "--out", str(blocked)]) == Exit.USAGE


@pytest.mark.parametrize("language", COMMANDS)
def test_the_unit_test_of_the_readme_runs_and_asks_everything(language: str, tmp_path: Path) -> None:
    argv, name = COMMANDS[language]
    if shutil.which(argv[0]) is None:
        pytest.skip(f"{argv[0]} is not on this machine, so the README's {language} test is not run")
    vectors.write(tmp_path)
    (tmp_path / name).write_text(block(language), encoding="utf-8")
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"{ASKED} checks\n"), done.stderr


@pytest.mark.parametrize("language", COMMANDS)
def test_the_unit_test_of_the_readme_fails_where_it_must(language: str, tmp_path: Path) -> None:
    argv, name = COMMANDS[language]
    if shutil.which(argv[0]) is None:
        pytest.skip(f"{argv[0]} is not on this machine, so the README's {language} test is not run")
    vectors.write(tmp_path)
    (tmp_path / name).write_text(block(language), encoding="utf-8")
    file = tmp_path / "close.json"
    spoilt = file.read_text(encoding="utf-8").replace('"result": "invalid"', '"result": "valid"')
    file.write_text(spoilt, encoding="utf-8")
    assert subprocess.run(argv, cwd=tmp_path, capture_output=True, check=False).returncode != 0


def block(language: str) -> str:
    readme = _data.read_text("fixtures/vectors/README.md")
    found = re.search(rf"### {language}[^\n]*\n\n```\w+\n(.*?)```", readme, re.DOTALL)
    assert found is not None
    return found[1]
