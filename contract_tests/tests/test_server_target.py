"""target.toml: what it may say, what it must, and which hosts are contacted at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from huifu_contract.failures import SetupTrouble
from huifu_contract.server import target
from huifu_contract.server.grade import Options, grade
from huifu_mock._data import path, read_text

EXAMPLE = Path(__file__).parent.parent / "examples" / "target.toml"
KEYS = f"""
sys_id = "1"
product_id = "MCS"
huifu_id = "2"
merchant_private_key_file = "{path("fixtures/keys/merchant_private_key.pem")}"
huifu_public_key = "{read_text("fixtures/keys/huifu_public_key.txt").strip()}"
"""


def written(tmp_path: Path, text: str) -> target.Target:
    place = tmp_path / "target.toml"
    place.write_text(text, encoding="utf-8")
    return target.made(target.read(place), None, tmp_path)


def test_the_example_is_a_target_once_its_keys_are_there(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    for name in ("merchant_private_key.txt", "huifu_public_key.txt"):
        (tmp_path / "keys" / name).write_text(read_text(f"fixtures/keys/{name}"))
    found = written(tmp_path, EXAMPLE.read_text(encoding="utf-8"))
    assert found.hosts == {"sandbox.example.com", "sandbox2.example.com"}
    assert [order.state for order in found.orders] == ["open", "paid", "open"]
    assert found.orders[2].created_at is not None
    assert found.config is not None
    assert found.config.huifu_id == "6666000000000000"


def test_keys_may_be_pem_or_one_line(tmp_path: Path) -> None:
    found = written(tmp_path, f'base_url = "http://127.0.0.1:1"\n{KEYS}')
    assert found.config is not None
    assert found.config.merchant_private_key == read_text("fixtures/keys/merchant_private_key.txt").strip()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("= 1", "not TOML"),
        ('bas_url = "x"', "bas_url"),
        ("rate = 0", "rate"),
        ('base_url = "http://h"\nsys_id = "1"', "lacks product_id, huifu_id"),
        ('base_url = "http://h"\n' + KEYS.replace('huifu_public_key = "M', 'huifu_public_key = "X'), "no RSA key"),
        ('[[orders]]\nstate = "opne"\norg_req_date = "20260131"\norg_req_seq_id = "1"', "state"),
        ('[[orders]]\nstate = "open"\norg_req_date = "20260131"', "orders"),
        ('[[orders]]\nstate = "open"\norg_req_date = "1.1.26"\norg_req_seq_id = "1"', "org_req_date"),
        ("[hook]\ntimeout_s = 3", "command"),
        ("rate = 2", "--base-url"),
        ('base_url = "ftp://h"', "no address"),
        ('base_url = "http://h"\nhuifu_public_key_file = "nowhere"', "cannot be read"),
    ],
)
def test_a_wrong_file_is_told_what_is_wrong(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(SetupTrouble, match=complaint):
        written(tmp_path, text)


def test_a_time_without_an_offset_is_beijing_time() -> None:
    assert target.moment("2026-01-31T12:00:00").isoformat() == "2026-01-31T12:00:00+08:00"


def test_this_machine_has_no_limit_and_others_get_two_requests_a_second() -> None:
    assert target.Target("http://127.0.0.1:1").pace is None
    assert target.Target("https://sandbox.example.com").pace == 2
    assert target.Target("https://sandbox.example.com", rate=0.5).pace == 0.5
    assert target.Target("http://localhost", rate=1).pace == 1


@pytest.mark.parametrize("address", ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:1/prefix"])
def test_this_machine_is_always_allowed(address: str) -> None:
    target.check_host(address, frozenset(), allow_vendor=False)


def test_a_host_that_the_file_does_not_name_is_refused() -> None:
    with pytest.raises(SetupTrouble, match="not named in the target file"):
        target.check_host("https://sandbox.example.com", frozenset({"example.com"}), allow_vendor=True)
    target.check_host("https://Sandbox.Example.com./x", frozenset({"sandbox.example.com"}), allow_vendor=False)


@pytest.mark.parametrize(
    "address",
    [
        "https://api.huifu.com",
        "https://API.huifu.com.:443/",
        "http://api.huifu.com@huifu.com",
        "https://opps-stbmertest.testpnr.com",
        "https://spin-test.cloudpnr.com",
        "https://other.cloudpnr.com",
    ],
)
def test_the_vendors_hosts_need_a_flag_and_a_name(address: str) -> None:
    name = "huifu.com" if "@" in address else target.host(address)
    with pytest.raises(SetupTrouble):
        target.check_host(address, frozenset(), allow_vendor=True)
    with pytest.raises(SetupTrouble, match=r"--allow-vendor-host|take the rest away"):
        target.check_host(address, frozenset({name}), allow_vendor=False)
    if "@" not in address:
        target.check_host(address, frozenset({name}), allow_vendor=True)


def test_a_name_that_only_looks_like_the_vendors_is_not() -> None:
    assert target.vendor("nothuifu.com") is None
    assert target.vendor("huifu.com.example.org") is None


def test_grading_asks_the_guard_before_anything_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(*_: object, **__: object) -> None:
        raise AssertionError("something was sent")

    monkeypatch.setattr("socket.create_connection", nothing)
    aim = target.Target("https://api.huifu.com", hosts=frozenset({"api.huifu.com"}))
    with pytest.raises(SetupTrouble, match="real gateway"):
        grade(aim, Options())
