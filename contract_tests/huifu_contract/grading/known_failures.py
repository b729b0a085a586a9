"""The known-failures file: what a team has accepted for now.

Every entry must still be true, or the run is not ok.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Any

from huifu_contract import schemas
from huifu_contract.catalogue.record import Record
from huifu_contract.failures import SetupTrouble

SHARE = 5
"""One `group/*` entry may stand for one in so many cases: a group grows with the catalogue, and so does the limit."""


@dataclass(frozen=True, slots=True)
class KnownFailure:
    case: str
    reason: str
    client: str | None = None
    issue: str | None = None
    match: str | None = None
    until: date | None = None
    flaky: bool = False

    def told(self) -> dict[str, Any]:
        """As JSON."""
        return {**asdict(self), "until": None if self.until is None else self.until.isoformat()}

    def about(self, name: str, version: str) -> bool:
        """Whether the entry speaks of that client."""
        if self.client is None:
            return True
        wanted, _, versions = self.client.partition("@")
        return wanted == name and (not versions or in_range(version, versions))


def read(
    path: Path, records: Sequence[Record], today: date, tell: Callable[[str], None] = lambda _: None
) -> tuple[KnownFailure, ...]:
    """Checked entries that have not run out; `tell` hears of each that has, since what it lists fails again.

    Raises SetupTrouble that names the entry and what would be right.
    """
    try:
        loaded = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SetupTrouble(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SetupTrouble(f"{path} is not TOML: {error}") from None
    wrong = schemas.complaint("known", _plain(loaded))
    if wrong is not None:
        raise SetupTrouble(f"{path}: {wrong}; see schemas/known.json")
    entries = tuple(KnownFailure(**entry) for entry in loaded.get("known", []))
    for entry in entries:
        _check(path, entry, records)
    _distinct(path, entries, records)
    over = [entry for entry in entries if entry.until is not None and today > entry.until]
    for entry in over:
        tell(f"{path}: the entry for {entry.case} ran out on {entry.until}: its failure counts again")
    return tuple(entry for entry in entries if entry not in over)


def matching(entry: KnownFailure, records: Sequence[Record]) -> list[Record]:
    if entry.case.endswith("/*"):
        return [record for record in records if record.group == entry.case[:-2]]
    return [record for record in records if entry.case == record.id or entry.case in record.aliases]


def _check(path: Path, entry: KnownFailure, records: Sequence[Record]) -> None:
    found = matching(entry, records)
    if not found:
        raise SetupTrouble(f"{path}: no case is called {entry.case!r}; take an id, or one whole group as in security/*")
    most = len(records) // SHARE
    if len(found) > max(1, most):
        raise SetupTrouble(
            f"{path}: {entry.case!r} stands for {len(found)} of {len(records)} cases; at most {most} in one entry"
        )
    if not entry.reason.strip():
        raise SetupTrouble(f"{path}: the entry for {entry.case} gives no reason")
    if entry.client is not None:
        in_range("1", entry.client.partition("@")[2] or ">=0")


def _distinct(path: Path, entries: Sequence[KnownFailure], records: Sequence[Record]) -> None:
    for one, other in combinations(entries, 2):
        both = {record.id for record in matching(one, records)} & {record.id for record in matching(other, records)}
        if both and (one.client is None or other.client is None or one.client == other.client):
            raise SetupTrouble(f"{path}: two entries speak of {min(both)}: {one.case} and {other.case}")


COMPARE: dict[str, Any] = {
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
    "==": lambda a, b: a == b,
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
}


def in_range(version: str, wanted: str) -> bool:
    """`2.0.28` is in `2.0.28`, in `>=2.0,<3` and in `==2.0.28`."""
    for part in wanted.split(","):
        found = re.fullmatch(r"\s*(>=|<=|==|>|<)?\s*([0-9]+(?:\.[0-9]+)*)\s*", part)
        if found is None:
            raise SetupTrouble(f"{wanted!r} is no range of versions; write for instance dg-sdk@>=2.0,<3")
        if not COMPARE[found[1] or "=="](_numbers(version), _numbers(found[2])):
            return False
    return True


def _numbers(version: str) -> tuple[int, ...]:
    numbers = [int(number) for number in re.findall(r"[0-9]+", version)]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def _plain(value: Any) -> Any:
    """TOML's dates as text, which is what a JSON schema can describe."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def printed(case: str, client: str, match: str, reason: str) -> str:
    """An entry to paste; the kit never rewrites the file itself. `reason` says what to write in its place."""
    quoted = json.dumps(match, ensure_ascii=False)  # a JSON string is a TOML string too
    return f'[[known]]\ncase   = "{case}"\nclient = "{client}"\nreason = "{reason}"\nmatch  = {quoted}\n'
