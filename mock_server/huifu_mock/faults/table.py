"""All faults by their ids: the one source for validation, `/_mock/about` and the README."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from huifu_mock.faults.kind import Kind, Setting
from huifu_mock.faults.push_faults import PUSH
from huifu_mock.faults.races import POINTS, RACES
from huifu_mock.faults.signed_faults import SIGNED
from huifu_mock.faults.wire_faults import WIRE

ALL: Final[tuple[Kind[Any], ...]] = (*WIRE, *SIGNED, *PUSH)
JOINTS: Final = {"en": "; ", "zh": "；"}
KINDS: Final[dict[str, Kind[Any]]] = {kind.id: kind for kind in ALL}


def told() -> list[dict[str, Any]]:
    """The table as `GET /_mock/about` shows it."""
    return [
        {
            "fault": kind.id,
            "layer": kind.layer,
            "settings": {setting.name: setting.default for setting in kind.settings},
            "en": kind.en,
            "zh": kind.zh,
        }
        for kind in ALL
    ]


def races() -> dict[str, list[dict[str, str]]]:
    """Races and points as `GET /_mock/about` shows them."""
    return {
        "races": [{"race": row.id, "en": row.en, "zh": row.zh} for row in RACES],
        "points": [{"at": row.id, "en": row.en, "zh": row.zh} for row in POINTS],
    }


def readme(language: str = "en") -> str:
    """The table of the faults for the README, in Markdown; `language` is en or zh."""
    head = {
        "en": ("fault", "settings and their defaults", "what the client sees"),
        "zh": ("故障", "设置及默认值", "客户端看到的现象"),
    }[language]
    rows = [
        (
            f"`{kind.id}`",
            JOINTS[language].join(_setting(setting, language) for setting in kind.settings),
            getattr(kind, language),
        )
        for kind in ALL
    ]
    return _markdown(head, rows)


def readme_races(language: str = "en") -> str:
    """The tables of the races and of their points for the README, in Markdown."""
    heads = {"en": (("race", "what comes"), ("at", "when")), "zh": (("竞态", "发生的事"), ("时点", "含义"))}[language]
    parts = (RACES, POINTS)
    tables = (
        _markdown(head, [(f"`{row.id}`", getattr(row, language)) for row in rows])
        for head, rows in zip(heads, parts, strict=True)
    )
    return "\n".join(tables)


def _markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "".join(f"| {' | '.join(row)} |\n" for row in (head, ("---",) * len(head), *rows))


def _setting(setting: Setting, language: str) -> str:
    default = (
        ""
        if setting.default in (None, "")
        else f"={setting.default:g}"
        if _number(setting.default)
        else f"={setting.default}"
    )
    return f"`{setting.name}{default}` {getattr(setting, language)}"


def _number(value: Any) -> bool:
    return isinstance(value, int | float)
