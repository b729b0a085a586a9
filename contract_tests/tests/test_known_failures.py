"""The known-failures file: every rule of it, and that a wrong file is a usage error."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from huifu_contract.catalogue.registry import catalogue
from huifu_contract.failures import SetupTrouble
from huifu_contract.grading.case import Grader
from huifu_contract.grading.known_failures import KnownFailure, in_range, printed, read
from huifu_contract.grading.profiles import Profile
from huifu_contract.grading.results import Verdict
from huifu_contract.harness.harness import Harness
from huifu_contract.mutants import selftest
from huifu_mock import Server

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


def test_an_entry_that_has_run_out_counts_no_more_and_is_told(tmp_path: Path) -> None:
    file, told = tmp_path / "known.toml", list[str]()
    for until, count in (("2025-12-31", 0), ("2026-01-01", 1)):
        file.write_text(entry("security/sign-missing") + f"until = {until}\n", encoding="utf-8")
        assert len(read(file, RECORDS, TODAY, told.append)) == count
    (line,) = told
    assert "the entry for security/sign-missing ran out on 2025-12-31" in line


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (entry("security/no-such"), "no case is called"),
        (entry("*/*"), "case"),
        (entry("request/*"), "at most [0-9]+ in one entry"),
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
    text = printed("security/sign-missing", "shop", 'L1: says "closed" \\ 关', "accepted")
    assert loaded(tmp_path, text)[0].match == 'L1: says "closed" \\ 关'


WRONG = ("no-verify", "no-echo-check", "timeout-is-failure", "timeout-is-success", "int-ids", "truncates-128")
"""Clients that fail many examples of a case, each with other words."""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(port=0, orders=[]) as running:
        yield running


@pytest.mark.parametrize("mutant", WRONG)
def test_a_printed_entry_matches_whichever_example_fails_first(mutant: str, tmp_path: Path, server: Server) -> None:
    driver = selftest.driver(mutant)
    harness = Harness(driver, server.tenant(key_bits=1024), 0, elsewhere=server.default)
    driver.start(harness.config)
    several = 0
    try:
        for name in sorted(selftest.wanted()[mutant].fails):
            record, entries = catalogue()[name], []
            if record.alone or not record.needs <= harness.hello.claims:
                continue
            failed = []
            for example in record.fixed:
                result = Grader(Profile("fixed", 0, 0), reruns=0, only=example).grade(record, harness)
                if result.verdict is Verdict.FAIL:
                    assert result.match
                    failed.append(result)
                    entries += loaded(tmp_path, printed(name, mutant, result.match, "accepted"))
            several += len({result.signature for result in failed}) > 1
            unmatched = [(e.match, r.signature) for e in entries for r in failed if (e.match or "") not in r.signature]
            assert not unmatched
            if failed:
                known = Grader(Profile("fixed", 0, 0), reruns=0, known=(entries[-1],)).grade(record, harness)
                assert known.verdict is Verdict.KNOWN or record.draw is not None
    finally:
        driver.stop()
    assert several, "no case of this client fails in more than one wording"
