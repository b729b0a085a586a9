"""Writes the result files that the options name."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from huifu_contract.failures import SetupTrouble
from huifu_contract.grading.results import RunResult
from huifu_contract.reports import html, junit, markdown


def write(runs: Sequence[RunResult], report: Path | None, xml: Path | None, md: Path | None, page: Path | None) -> None:
    """One JSON file per run: with several clients their names are put before the suffix."""
    try:
        if report is not None:
            for run in runs:
                place = report if len(runs) == 1 else report.with_stem(f"{report.stem}-{_plain(run)}")
                run.write(place)
        for path, render in ((xml, junit.render), (md, markdown.render), (page, html.render)):
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(render(runs), encoding="utf-8")
    except OSError as error:
        raise SetupTrouble(f"cannot write {error.filename}: {error.strerror}") from None


def _plain(run: RunResult) -> str:
    name = json.dumps(f"{run.client['name']}-{run.client['version']}")
    return "".join(char if char.isalnum() or char in ".-_" else "-" for char in name.strip('"'))
