"""A badge: the score of one run in a few characters, for shields.io or as an SVG of our own."""

from __future__ import annotations

from html import escape
from typing import Any

from huifu_contract.catalogue.record import Level
from huifu_contract.grading.results import Exit, RunResult, Verdict

LABEL = "close contract"
COLOURS = {
    "brightgreen": "#2f8f4e",
    "green":       "#5c8a2d",
    "yellow":      "#a06b00",
    "red":         "#c42532",
    "lightgrey":   "#6b7280",
}  # fmt: skip
"""shields' names and our own shades: white text is readable on each of them."""
NARROW, WIDE = "!'()*,-./:;I[]fijlrt| ", "mwMW%@"
HEIGHT, PAD = 20, 7


def message(run: RunResult) -> str:
    """Passed of applicable, over all levels that are enforced; or why there is no score."""
    if run.interrupted:
        return "interrupted"
    passed, applicable = _score(run)
    return f"{passed}/{applicable}" if applicable else "nothing graded"


def colour(run: RunResult) -> str:
    """Red as soon as a MUST is not ok.

    Yellow if only a SHOULD is; green with known failures; grey without a score.
    """
    passed, applicable = _score(run)
    if run.interrupted or not applicable:
        return "lightgrey"
    if run.exit is Exit.OK:
        return "brightgreen" if passed == applicable else "green"
    return "red" if _broken_must(run) else "yellow"


def endpoint(run: RunResult, label: str = LABEL) -> dict[str, Any]:
    """The document that shields.io's endpoint badge reads."""
    found = {"schemaVersion": 1, "label": label, "message": message(run), "color": colour(run)}
    return {**found, "isError": True} if run.exit is Exit.INTERNAL else found


def svg(run: RunResult, label: str = LABEL) -> str:
    """Looks the same everywhere: `textLength` makes the font fit, whichever it is."""
    said = message(run)
    left, right = _width(label), _width(said)
    first, second = left + 2 * PAD, right + 2 * PAD
    words = escape(f"{label}: {said}")
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" width="{first + second}" height="{HEIGHT}" role="img" aria-label="{words}">
  <title>{words}</title>
  <clipPath id="round"><rect width="{first + second}" height="{HEIGHT}" rx="4"/></clipPath>
  <g clip-path="url(#round)">
    <path fill="#3f4650" d="M0 0h{first}v{HEIGHT}H0z"/>
    <path fill="{COLOURS[colour(run)]}" d="M{first} 0h{second}v{HEIGHT}H{first}z"/>
  </g>
  <g fill="#fff" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11" aria-hidden="true">
    <text x="{PAD}" y="14" textLength="{left}">{escape(label)}</text>
    <text x="{first + PAD}" y="14" textLength="{right}">{escape(said)}</text>
  </g>
</svg>
"""


def _score(run: RunResult) -> tuple[int, int]:
    table = run.score()
    wanted = (Level.MUST,) if run.level == "must" else (Level.MUST, Level.SHOULD)
    rows = [table.get(level.value, (0, 0)) for level in wanted]
    return sum(passed for passed, _ in rows), sum(applicable for _, applicable in rows)


def _broken_must(run: RunResult) -> bool:
    fine = (Verdict.PASS, Verdict.NOTE, Verdict.SKIP, Verdict.KNOWN)
    return any(case.level == Level.MUST and case.verdict not in fine for case in run.cases)


def _width(text: str) -> int:
    """About the width in 11 px Verdana."""
    return round(sum(map(_character, text)))


def _character(char: str) -> float:
    if ord(char) > 0x2E7F:
        return 11.5
    return 4.4 if char in NARROW else 9.8 if char in WIDE else 7.0
