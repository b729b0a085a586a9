"""The matrix: several runs as one HTML file."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import huifu_mock
from huifu_contract.catalogue.registry import GROUPS
from huifu_contract.catalogue.translations import in_chinese
from huifu_contract.grading.results import OK, CaseResult, RunResult, Verdict
from huifu_contract.harness.laws import TITLES
from huifu_contract.reports import failures, quotes
from huifu_contract.reports.again import again
from huifu_contract.reports.not_asked import not_asked
from huifu_contract.reports.words import say

STEP = re.compile(r" *(?P<at>[+-]\d+\.\d+s)  client -> (?P<op>\S+) +(?P<sent>.*?)  \|  (?P<heard>.*)")
NOT_AUTHENTIC = " (not authentic)"
INVISIBLE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
ABOUT = ("id", "level", "basis", "kind", "says", "quote")


def document(runs: Sequence[RunResult]) -> dict[str, Any]:
    """Plain JSON: cases in the order of the catalogue, runs with a cell for each case that they graded."""
    columns = _side_by_side(runs)
    titles = _titles(columns)
    return {
        "groups": list(_ordered({case.group for run in columns for case in run.cases})),
        "cases": _cases(columns),
        "runs": [_run(run, title) for run, title in zip(columns, titles, strict=True)],
        "laws": {language: {law: say(language, law) for law in TITLES} for language in ("en", "zh")},
        "verdicts": [{"name": verdict.value, "ok": verdict in OK} for verdict in Verdict],
    }


def _side_by_side(runs: Sequence[RunResult]) -> list[RunResult]:
    """Runs of one client next to each other, else as given."""
    names = list(dict.fromkeys(run.client["name"] for run in runs))
    return sorted(runs, key=lambda run: names.index(run.client["name"]))


def _titles(runs: Sequence[RunResult]) -> list[str]:
    """Distinct names: client and version; what was graded where these are alike; a count where that is too."""
    plain = [clean(" ".join(filter(None, (run.client["name"], run.client["version"])))) for run in runs]
    specs: dict[str, set[str]] = {}
    for run, bare in zip(runs, plain, strict=True):
        specs.setdefault(bare, set()).add(run.client["spec"])
    found: list[str] = []
    for run, bare in zip(runs, plain, strict=True):
        title = f"{bare} ({clean(run.client['spec'])})" if len(specs[bare]) > 1 else bare
        same = sum(other == title or other.startswith(f"{title} #") for other in found)
        found.append(f"{title} #{same + 1}" if same else title)
    return found


def _cases(runs: Iterable[RunResult]) -> list[dict[str, Any]]:
    """Every case of any run; its words come from the run with the newest revision of it."""
    newest: dict[str, CaseResult] = {}
    for case in (case for run in runs for case in run.cases):
        if case.id not in newest or newest[case.id].rev < case.rev:
            newest[case.id] = case
    places = {group: place for place, group in enumerate(_ordered({case.group for case in newest.values()}))}
    ordered = sorted(newest.values(), key=lambda case: places[case.group])
    return [
        {
            **{name: clean(getattr(case, name)) for name in ABOUT},
            "zh": in_chinese(case.says),
            "quoteZh": quotes.in_chinese(clean(case.quote)),
            "rev": case.rev,
        }
        for case in ordered
    ]


def _ordered(groups: set[str]) -> list[str]:
    return [group for group in GROUPS if group in groups] + sorted(groups - set(GROUPS))


def _run(run: RunResult, title: str) -> dict[str, Any]:
    client = run.client
    return {
        "title": title,
        "name": clean(client["name"]),
        "version": clean(client["version"]) if "(" not in title else title.removeprefix(f"{clean(client['name'])} "),
        "language": clean(client["language"]),
        "spec": clean(client["spec"]),
        "offers": ", ".join((*client["profiles"], *client["claims"])),
        "restarts": client["restarts"],
        "kit": run.kit,
        "hypothesis": run.hypothesis,
        "python": run.python,
        "profile": run.profile,
        "seed": run.seed,
        "started": run.started,
        "seconds": run.seconds,
        "interrupted": run.interrupted,
        "exit": int(run.exit),
        "score": run.score(),
        "notAsked": [{**asdict(kind), "cases": kind.cases} for kind in not_asked(run)],
        "cells": {case.id: _cell(run, case) for case in run.cases},
    }


def _cell(run: RunResult, case: CaseResult) -> dict[str, Any]:
    """Without the empty members: most cells are passes."""
    cell = {
        "verdict": case.verdict.value,
        "rev": case.rev,
        "seconds": round(case.seconds, 3),
        "examples": case.examples,
        "broken": [clean(part) for part in failures.each_law(case.signature) if part],
        "claim": clean(case.claim),
        "truth": clean(case.truth),
        "root": clean(case.root),
        "trouble": case.trouble,
        "detail": clean(case.detail),
        "differs": [{name: clean(text) for name, text in one.items()} for one in case.differs],
        "steps": [step(line) for line in case.traffic],
        "stderr": clean(case.stderr),
        "console": clean(case.console),
        "again": clean(again(run, case)),
    }
    told = {name: value for name, value in cell.items() if value not in ("", [], 0)}
    chinese = {name: text for name, text in _in_chinese(case).items() if text and text != told.get(name)}
    return {**told, "zh": chinese} if chinese else told


def _in_chinese(case: CaseResult) -> dict[str, Any]:
    """Of the members of a cell those that are sentences; names, values and what a client printed stay."""
    detail = "\n".join(map(failures.in_chinese, (case.detail_zh or case.detail).split("\n")))
    return {
        "broken": [clean(failures.in_chinese(part)) for part in failures.each_law(case.signature) if part],
        "truth": clean(failures.in_chinese(case.truth)),
        "root": clean(failures.in_chinese(case.root)),
        "detail": clean(detail),
    }


def step(line: str) -> dict[str, Any]:
    """One line of the traffic, taken apart as far as it is understood."""
    found = STEP.fullmatch(line)
    if found is None:
        return {"text": clean(line.strip())}
    heard = found["heard"]
    return {
        "at": found["at"],
        "op": clean(found["op"]),
        "sent": clean(found["sent"]),
        "heard": clean(heard.removesuffix(NOT_AUTHENTIC)),
        "authentic": not heard.endswith(NOT_AUTHENTIC),
    }


def clean(text: str) -> str:
    """Characters that cannot be seen, or that turn the text around them, as escapes."""
    return INVISIBLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text.replace("\r\n", "\n").replace("\t", "    "))


PARTS = Path(__file__).parent / "matrix"
BASE = Path(huifu_mock.__file__).parent / "console" / "base.css"
"""Colours and fonts are those of the console, where a kept call is looked at."""
SCRIPTS = ("words.js", "dom.js", "state.js", "table.js", "filters.js", "detail.js", "paper.js", "keys.js", "start.js")
UNSAFE_IN_SCRIPT = re.compile("[<>&\u2028\u2029\ud800-\udfff]")
HOLE = re.compile(r"\{\{(\w+)\}\}")


def render(runs: Sequence[RunResult]) -> str:
    """One column a run, in the order given; runs of one client stand side by side."""
    data = document(runs)
    style = BASE.read_text(encoding="utf-8") + _part("style.css")
    script = '(() => {\n"use strict";\n' + "\n".join(map(_part, SCRIPTS)) + "})();\n"
    filled = {
        "policy": f"default-src 'none'; img-src data:; style-src {_hash(style)}; script-src {_hash(script)}",
        "style": style,
        "plain": _plain(data),
        "data": embedded(data),
        "script": script,
    }
    return HOLE.sub(lambda hole: filled[hole[1]], _part("page.html"))


def embedded(data: Any) -> str:
    """JSON that no text in it can end, whatever a client has put into its name or its errors."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return UNSAFE_IN_SCRIPT.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _plain(data: dict[str, Any]) -> str:
    """The verdicts as a bare table, for viewers that run no scripts."""
    heads = "".join(f"<th>{_text(run['title'])}</th>" for run in data["runs"])
    rows = []
    for case in data["cases"]:
        cells = (run["cells"].get(case["id"], {}).get("verdict", "") for run in data["runs"])
        rows.append(f"<tr><th>{_text(case['id'])}</th>" + "".join(f"<td>{_text(cell)}</td>" for cell in cells))
    return f"<table><tr><th></th>{heads}</tr>\n" + "\n".join(f"{row}</tr>" for row in rows) + "</table>"


def _text(text: str) -> str:
    return html.escape(text.encode("utf-8", "replace").decode())


def _hash(source: str) -> str:
    digest = hashlib.sha256(source.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _part(name: str) -> str:
    return (PARTS / name).read_text(encoding="utf-8")
