"""The matrix: cases by clients in one HTML file that needs neither a network nor a server.

The page's parts lie in `matrix/`. Data goes in as JSON only, and the page may load and run nothing that is not in it.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from huifu_contract.reports.merge import document
from huifu_contract.results import RunResult

PARTS = Path(__file__).parent / "matrix"
SCRIPTS = ("words.js", "dom.js", "state.js", "table.js", "filters.js", "detail.js", "paper.js", "keys.js", "start.js")
UNSAFE_IN_SCRIPT = re.compile("[<>&\u2028\u2029\ud800-\udfff]")
HOLE = re.compile(r"\{\{(\w+)\}\}")


def render(runs: Sequence[RunResult]) -> str:
    """One column a run, in the order given; runs of one client stand side by side."""
    data = document(runs)
    style = _part("style.css")
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
