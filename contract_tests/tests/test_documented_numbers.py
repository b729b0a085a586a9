"""The numbers and tables of the kit's README, compared with the catalogue and with what was recorded of dg-sdk."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from huifu_contract import outcome
from huifu_contract.catalogue import registry
from huifu_contract.drivers import protocol

ROOT = Path(__file__).parents[2]
CASES = list(registry.catalogue().values())
PAGES = ("README.md", "README.zh-CN.md")


def page(name: str) -> str:
    return (ROOT / "contract_tests" / name).read_text("utf-8")


def rows(text: str, head: str) -> dict[str, str]:
    """The first column of a table, in backquotes, and its last column."""
    table = text.split(head)[1].split("\n\n", maxsplit=1)[0]
    return dict(re.findall(r"^\| `([\w-]+)` \|.* \| ([^|]*?) ?\|$", table, re.MULTILINE))


@pytest.mark.parametrize("name", PAGES)
def test_the_number_of_cases_and_of_those_that_only_clients_with_webhooks_get(name: str) -> None:
    hooked = [case for case in CASES if case.grades == {"hook"}]
    others = len(CASES) - len(hooked)
    [sentence] = [one for one in page(name).split("\n\n") if re.search(rf"`hook`.*{others}", one, re.DOTALL)]
    assert [int(one) for one in re.findall(r"\d+", sentence)[:3]] == [len(CASES), len(hooked), others]
    assert re.search(rf"\b{len(CASES)} (cases|个用例)", (ROOT / name).read_text("utf-8"))


@pytest.mark.parametrize("name", PAGES)
def test_every_claim_is_listed_with_the_number_of_cases_that_need_it(name: str) -> None:
    needed = Counter(need for case in CASES for need in case.needs)
    listed = rows(page(name), {"README.md": "| claim |", "README.zh-CN.md": "| 能力 |"}[name])
    assert {claim: int(re.findall(r"\d+", told)[0]) for claim, told in listed.items()} == needed
    assert set(listed) == set(outcome.CLAIMS)


@pytest.mark.parametrize("name", PAGES)
def test_every_message_is_listed(name: str) -> None:
    assert tuple(rows(page(name), {"README.md": "| message |", "README.zh-CN.md": "| 消息 |"}[name])) == protocol.OPS


@pytest.mark.parametrize("name", PAGES)
def test_the_scores_of_dg_sdk_are_those_that_were_recorded(name: str) -> None:
    recorded = json.loads((ROOT / "contract_tests/tests/mutants/dg_sdk/golden.json").read_text("utf-8"))
    levels = {case.id: case.level for case in CASES if not case.id.startswith("control/")}
    scores = []
    for level in ("MUST", "SHOULD"):
        for client in ("dg-sdk-sample", "dg-sdk-correct"):
            told = [said for case, said in recorded[client]["cases"].items() if levels.get(case) == level]
            asked = [said for said in told if said != "skip"]
            scores.append({asked.count("pass"), len(asked)})
    table = page(name).split("| MUST | SHOULD |")[1].split("\n\n")[0]
    shown = [re.findall(r"\d+", cell) for line in table.splitlines()[2:] for cell in line.split("|")[2:4]]
    found = [{int(number) for number in numbers} for numbers in shown]
    assert [found[0], found[2], found[1], found[3]] == scores
