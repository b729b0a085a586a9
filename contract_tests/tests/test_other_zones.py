"""What is told of a client that takes the day of the machine for that of Beijing, in a zone where the two differ."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from huifu_contract.cli.main import main

LOCAL_DAYS = """
from datetime import datetime

from huifu_contract.reference import app
from huifu_contract.reference.client import Client


class LocalDays(Client):
    def {method}(self, given):
        made = super().{method}(given)
        asked_for = "{method}" == "data" and "req_date" in given
        return made if asked_for else {{**made, "req_date": f"{{datetime.now():%Y%m%d}}"}}


def make_client():
    made = app.App()
    made.client = LocalDays
    return app.described(made)
"""
WORDS = {"data": "req_date is the local day", "query": "req_date of a closequery is the local day"}


@pytest.mark.parametrize("method", WORDS)
def test_a_local_day_of_a_close_or_of_a_closequery_is_recorded(
    method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "shop.py").write_text(LOCAL_DAYS.format(method=method))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(tmp_path), *sys.path)))
    case = ["--case", "request/date-in-china-time", "--seed", "0", "-n", "1"]
    assert main(["client", "--client", "py:shop:make_client", *case]) == 0
    [note] = [line for line in capsys.readouterr().out.splitlines() if "request/date-in-china-time" in line]
    assert [words for words in WORDS.values() if words in note] == [WORDS[method]]
