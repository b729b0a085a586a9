"""A team's settings: `huifu-contract.toml`, or `[tool.huifu-contract]` in `pyproject.toml`.

Import-light: pytest reads it at its start. The command line always wins over it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from huifu_contract.failures import SetupTrouble

OWN = "huifu-contract.toml"
SHARED = "pyproject.toml"
TABLE = "huifu-contract"
ONE_OF = {
    "profile": ("quick", "ci", "deep"),
    "level": ("must", "should"),
    "grades": ("wire", "decision", "hook"),
}
TEXTS = ("client", "grades")
"""One text, or a list of them."""
PATHS = ("known", "replays", "report", "junit", "md", "html")
NUMBERS = {"seed": 0, "workers": 1}
"""The least that each may be."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the file says; paths are as seen from its folder. None or empty: it says nothing about that."""

    client: tuple[str, ...] = ()
    grades: tuple[str, ...] = ()
    profile: str | None = None
    level: str | None = None
    budget: str | None = None
    seed: int | None = None
    workers: int | None = None
    known: Path | None = None
    replays: Path | None = None
    report: Path | None = None
    junit: Path | None = None
    md: Path | None = None
    html: Path | None = None
    place: Path | None = None
    """The file that was read."""


KEYS = tuple(field.name for field in fields(Settings) if field.name != "place")


def find(folder: Path) -> Settings:
    """The settings of a folder, all empty if it has none. Raises SetupTrouble that says what would be right."""
    own, shared = folder / OWN, folder / SHARED
    table = _shared(shared)
    if own.is_file():
        if table is not None:
            raise SetupTrouble(f"both {OWN} and [tool.{TABLE}] in {SHARED} hold settings; keep one of them")
        return _settings(own, OWN, _loaded(own))
    return Settings() if table is None else _settings(shared, f"{SHARED}, [tool.{TABLE}]", table)


def _shared(path: Path) -> Mapping[str, Any] | None:
    """Our table of a pyproject.toml; one that does not name us is not even parsed."""
    try:
        if TABLE.encode() not in path.read_bytes():
            return None
    except OSError:
        return None
    table = _loaded(path).get("tool", {}).get(TABLE)
    if table is None or isinstance(table, dict):
        return table
    raise SetupTrouble(f"{SHARED}: tool.{TABLE} is a table; write [tool.{TABLE}] and keys below it")


def _loaded(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SetupTrouble(f"{path.name}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SetupTrouble(f"{path.name} is not TOML: {error}") from None


def _settings(path: Path, where: str, table: Mapping[str, Any]) -> Settings:
    unknown = [name for name in table if name not in KEYS]
    if unknown:
        raise SetupTrouble(f"{where}: no key is called {unknown[0]!r}; there are {', '.join(sorted(KEYS))}")
    return Settings(**{name: _value(where, name, value, path.parent) for name, value in table.items()}, place=path)


def _value(where: str, name: str, value: Any, folder: Path) -> Any:
    if name in NUMBERS:
        if isinstance(value, bool) or not isinstance(value, int) or value < NUMBERS[name]:
            raise SetupTrouble(f"{where}: {name} is a whole number of at least {NUMBERS[name]}, not {value!r}")
        return value
    many = name in TEXTS
    texts = value if many and isinstance(value, list) else [value]
    if not texts or not all(isinstance(text, str) and text.strip() for text in texts):
        raise SetupTrouble(
            f"{where}: {name} is a text or a list of texts, not {value!r}"
            if many
            else f"{where}: {name} is a text, not {value!r}"
        )
    allowed = ONE_OF.get(name)
    wrong = [text for text in texts if allowed is not None and text not in allowed]
    if wrong and allowed is not None:
        raise SetupTrouble(f"{where}: {name} is one of {', '.join(allowed)}, not {wrong[0]!r}")
    if name in PATHS:
        return folder / value
    return tuple(texts) if many else value
