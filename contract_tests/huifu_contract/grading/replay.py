"""Replay files: one failing example as data, to be run again anywhere. They hold no key and no signature."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from huifu_contract import schemas
from huifu_contract.catalogue.record import Record
from huifu_contract.catalogue.registry import catalogue
from huifu_contract.failures import SetupTrouble

FOLDER = Path("huifu-replays")


@dataclass(frozen=True, slots=True)
class Replay:
    case: str
    rev: int
    example: Mapping[str, Any]
    signature: str
    """What was broken, in words that stay the same from run to run."""
    kit: str
    hypothesis: str
    sequence: tuple[str, ...] = ()
    format: int = 1

    def text(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=True, indent=1, sort_keys=True) + "\n"

    @property
    def name(self) -> str:
        plain = json.dumps([self.case, self.rev, dict(self.example)], ensure_ascii=True, sort_keys=True)
        return hashlib.sha256(plain.encode()).hexdigest()[:8] + ".json"

    def write(self, folder: Path) -> Path:
        """`<folder>/<case>/<hash>.json`; the same example gives the same file.

        A committed file stays as it is while the same is broken: traffic alone differs from run to run.
        """
        place = folder / self.case / self.name
        if not (place.exists() and read(place).signature == self.signature):
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(self.text(), encoding="utf-8")
        return place

    def fresh(self, record: Record) -> bool:
        """False if the case has changed since: the example may mean something else now."""
        return self.case == record.id and self.rev == record.rev


def read(path: Path) -> Replay:
    loaded = schemas.read_file("replay", path, "replay file")
    return Replay(**{**loaded, "sequence": tuple(loaded["sequence"])})


def of_case(folder: Path, case: str) -> Iterator[tuple[Path, Replay]]:
    """The stored examples of a case, in a fixed order."""
    for path in sorted((folder / case).glob("*.json")):
        yield path, read(path)


def check_witnesses(folder: Path | None, known: Collection[str]) -> None:
    """Raises SetupTrouble for a property that is listed as known, by its id or its group, without a stored example."""
    for record in catalogue().values():
        if record.draw is None or record.recorder or not {record.id, f"{record.group}/*"} & set(known):
            continue
        if folder is None or not any(True for _ in of_case(folder, record.id)):
            raise SetupTrouble(
                f"{record.id} is property-based: list it as known with a witness, a replay file in "
                f"{(folder or FOLDER) / record.id}/ (the failing run wrote one)"
            )
