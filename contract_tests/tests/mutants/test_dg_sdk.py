"""dg-sdk 2.0.28, with the specification's example and with a correct decision: known failures and golden summary."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from huifu_contract.catalogue.registry import catalogue
from huifu_contract.drivers.kinds import driver
from huifu_contract.grading import known_failures
from huifu_contract.grading.options import Options
from huifu_contract.grading.profiles import Profile
from huifu_contract.grading.runner import Runner
from huifu_mock.state.clock import Clock

HERE = Path(__file__).parent / "dg_sdk"
GOLDEN: dict[str, Any] = json.loads((HERE / "golden.json").read_text(encoding="utf-8"))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sample", "correct"])
def test_what_the_sdk_does_is_what_was_written_down(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(HERE), *sys.path]))
    spec = f"py:dg_clients:{name}"
    witnesses = HERE / "replays" / name
    if witnesses.exists():  # a copy: a run writes what fails, and the checkout stays as it is
        shutil.copytree(witnesses, tmp_path, dirs_exist_ok=True)
    entries = known_failures.read(HERE / f"known-{name}.toml", list(catalogue().values()), Clock().now().date())
    options = Options(Profile("golden", 0, 0), workers=4, known=entries, folder=tmp_path, reruns=0, key_bits=1024)
    run = Runner(lambda: driver(spec), options, spec).run()
    seen = {
        case.id: f"{case.verdict}: {case.signature}" if case.verdict in ("note", "known") else case.verdict.value
        for case in run.cases
    }
    assert seen == GOLDEN[f"dg-sdk-{name}"]["cases"]
    assert run.exit == 0
