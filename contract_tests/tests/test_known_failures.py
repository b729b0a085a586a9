"""The known-failures file: every rule of it, and that a wrong file is a usage error."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from huifu_contract.catalogue.registry import catalogue
from huifu_contract.failures import SetupTrouble
from huifu_contract.grading.known_failures import KnownFailure, in_range, printed, read

RECORDS = list(catalogue().values())
TODAY = date(2026, 1, 1)


def loaded(tmp_path: Path, text: str) -> tuple[KnownFailure, ...]:
    file = tmp_path / "known.toml"
    file.write_text(text, encoding="utf-8")
    return read(file, RECORDS, TODAY)


def entry(case: str, **more: str) -> str:
    return f'[[known]]\ncase = "{case}"\nreason = "r"\n' + "".join(f'{n} = "{v}"\n' for n, v in more.items())


def test_a_file_is_read(tmp_path: Path) -> None:
    text = entry("security/sign-missing", client="dg-sdk@>=2,<3", match="trusted") + "until = 2027-03-31\n"
    (one,) = loaded(tmp_path, text)
    assert one.about("dg-sdk", "2.0.28")
    assert not one.about("dg-sdk", "3.0")
    assert not one.about("other", "2.0.28")


def test_an_entry_that_has_run_out_counts_no_more(tmp_path: Path) -> None:
    assert loaded(tmp_path, entry("security/sign-missing") + "until = 2025-12-31\n") == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (entry("security/no-such"), "no case is called"),
        (entry("*/*"), "case"),
        (entry("request/*"), "at most 19"),
        ('[[known]]\ncase = "security/sign-missing"\n', "reason"),
        ('[[known]]\ncase = "security/sign-missing"\nreason = " "\n', "gives no reason"),
        (entry("security/sign-missing") * 2, "two entries"),
        (entry("security/*") + entry("security/sign-missing"), "two entries"),
        (entry("security/*") + entry("security/sign-missing", client="a"), "two entries"),
        (entry("security/sign-missing", client="a@x"), "no range of versions"),
        (entry("security/sign-missing", colour="red"), "colour"),
        ("known = 7", "known"),
        ("[[known", "not TOML"),
    ],
)
def test_a_wrong_file_is_told(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(SetupTrouble, match=says):
        loaded(tmp_path, text)


def test_entries_of_different_clients_may_stand_side_by_side(tmp_path: Path) -> None:
    both = entry("security/sign-missing", client="a") + entry("security/sign-missing", client="b")
    assert len(loaded(tmp_path, both)) == 2


def test_versions_are_compared_as_numbers() -> None:
    assert in_range("2.0.28", ">=2.0.9")
    assert in_range("2.0", "==2.0.0")
    assert not in_range("2.0.28", "<2.0.9")


def test_a_printed_entry_can_be_read_again(tmp_path: Path) -> None:
    text = printed("security/sign-missing", "shop", 'L1: says "closed" \\ 关')
    assert loaded(tmp_path, text)[0].match == 'L1: says "closed" \\ 关'
