"""`--resume FILE`: what a run has finished, kept so that a run that was broken off goes on.

JSON lines. The first says what is graded and how, one how many examples a property gets, and each finished case has its
own, which is on the disk before the next begins. What a kill left of a line is dropped.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, BinaryIO

import hypothesis

from huifu_contract import __version__, schemas
from huifu_contract.catalogue.registry import catalogue
from huifu_contract.failures import SetupTrouble
from huifu_contract.grading.results import CaseResult, Verdict, parse_case

if TYPE_CHECKING:
    from huifu_contract.grading.known_failures import KnownFailure
    from huifu_contract.grading.options import Options
    from huifu_contract.outcome import Hello

FORMAT = 1
BEGINNING = b'{"checkpoint": '
PARTS = {"checkpoint": "heading", "examples": "examples", "case": "finished"}
"""By the first member of a line: what it is called in the schema."""


@dataclass(frozen=True, slots=True)
class SoFar:
    """What a run has used up until now. `failures` is the state of its failure budget."""

    seconds: float = 0.0
    restarts: int = 0
    call_ms: float = 0.0
    failures: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Checkpoint:
    """Without a path nothing is taken over, and nothing kept."""

    path: Path | None = None
    started: str = ""
    """When the run began first."""
    finished: dict[str, CaseResult] = field(default_factory=dict)
    examples: int | None = None
    """How many a property gets; None: the run has not come so far."""
    so_far: SoFar = field(default_factory=SoFar)
    lost: str = ""
    """Why nothing is kept any more, if so."""
    _file: BinaryIO | None = None
    _lock: Lock = field(default_factory=Lock)

    def open(self, run: Mapping[str, Any], started: str) -> None:
        """Takes over what is finished, or begins the file.

        Raises SetupTrouble for the file of another run, or for a file of another kind; both stay as they are.
        """
        self.started = started
        if self.path is None:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("a+b")
            _alone(self._file, self.path)
            lines, end = _read(self._file, self.path)
            if lines:
                _same(self.path, lines[0]["run"], run)
            if any("examples" in line for line in lines):
                self._take(lines)
            else:  # broken off in the controls, which are soon run again
                end = 0
            self._file.truncate(end)
        except OSError as error:
            self.close()
            raise SetupTrouble(f"{self.path}: {error.strerror}") from None
        except SetupTrouble:
            self.close()
            raise
        if not end:
            self._write({"checkpoint": FORMAT, "started": started, "run": run})

    def plan(self, examples: int) -> None:
        """So many examples a property gets, also when the run goes on."""
        self.examples = examples
        self._write({"examples": examples})

    def keep(self, result: CaseResult, so_far: SoFar) -> None:
        """A case that was not run is not finished."""
        if result.verdict is not Verdict.NOT_RUN:
            self._write({"case": asdict(result), **asdict(so_far)})

    def close(self) -> None:
        with self._lock:
            if self._file is not None:
                self._file.close()
            self._file = None

    def _take(self, lines: Sequence[Mapping[str, Any]]) -> None:
        self.started = lines[0]["started"]
        for line in lines[1:]:
            if "examples" in line:
                self.examples = line["examples"]
                continue
            case = parse_case(line["case"])
            record = catalogue().get(case.id)
            if record is None or record.rev != case.rev:
                now = "there is no such case" if record is None else f"it is at {record.rev}"
                raise SetupTrouble(
                    f"{self.path}: {case.id} was run at revision {case.rev}, now {now}; begin another file"
                )
            self.finished[case.id] = case
            self.so_far = SoFar(**{name: line[name] for name in SoFar.__dataclass_fields__})

    def _write(self, line: Mapping[str, Any]) -> None:
        """A disk that is full ends the file, not the run."""
        with self._lock:
            if self._file is None:
                return
            try:
                self._file.write(json.dumps(line).encode() + b"\n")
                self._file.flush()
                os.fsync(self._file.fileno())
            except OSError as error:
                self.lost = f"{self.path}: {error.strerror}; what was finished after that is not kept in it"
                full, self._file = self._file, None
                with suppress(OSError):
                    full.close()


def run_of(
    options: Options, spec: str, hello: Hello, *, grades: Iterable[str], known: Iterable[KnownFailure]
) -> dict[str, Any]:
    """What must be the same for a run to go on: all that a result depends on."""
    return {
        "kit": __version__,
        "hypothesis": hypothesis.__version__,
        "python": platform.python_version(),
        "client": spec,
        "name": hello.name,
        "version": hello.version,
        "language": hello.language,
        "claims": sorted(hello.claims),
        "profile": options.profile.name,
        "grades": sorted(grades),
        "level": options.level,
        "seed": options.seed,
        "portable_seed": options.portable_seed,
        "cases": list(options.cases),
        "known": [entry.told() for entry in known],
    }


def heading(path: Path) -> Mapping[str, Any] | None:
    """What the file says about its run; None where nothing was kept. Raises SetupTrouble."""
    try:
        with path.open("rb") as file:
            lines, _ = _read(file, path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SetupTrouble(f"{path}: {error.strerror}") from None
    return lines[0]["run"] if lines else None


def _read(file: BinaryIO, path: Path) -> tuple[list[dict[str, Any]], int]:
    """The whole lines, and where they end."""
    file.seek(0)
    data = file.read()
    end = data.rfind(b"\n") + 1
    if not data[: len(BEGINNING)] == BEGINNING[: len(data)]:
        raise SetupTrouble(f"{path} is no file of --resume; name one that is not there yet, it is made")
    return [_line(path, number, text) for number, text in enumerate(data[:end].splitlines(), 1)], end


def _line(path: Path, number: int, text: bytes) -> dict[str, Any]:
    try:
        line = json.loads(text)
        part = PARTS[next(iter(line))] if number > 1 else "heading"
        wrong = schemas.complaint("checkpoint", line, part)
    except (ValueError, TypeError, KeyError, StopIteration):
        wrong = f"{text[:60].decode('utf-8', 'replace')!r} is none"
    if wrong is not None:
        raise SetupTrouble(f"{path}, line {number} is no line of a file of --resume: {wrong}")
    return dict(line)


def _same(path: Path, there: Mapping[str, Any], here: Mapping[str, Any]) -> None:
    """Raises SetupTrouble that says what differs."""
    differs = [name for name in here if there.get(name) != here[name]]
    if differs:
        told = "; ".join(f"{name} {_told(there.get(name))} there, {_told(here[name])} here" for name in differs)
        raise SetupTrouble(f"{path} is of another run: {told}; give what is there, or name another file")


def _told(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _alone(file: BinaryIO, path: Path) -> None:
    """Raises SetupTrouble if another run writes the file. The lock ends with the process, however that ends."""
    if sys.platform == "win32":
        return
    from fcntl import LOCK_EX, LOCK_NB, flock

    try:
        flock(file, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        raise SetupTrouble(
            f"{path} is being written by a run that still goes on; wait for it, or name another file"
        ) from None
