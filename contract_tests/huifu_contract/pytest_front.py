"""The pytest front end: every case is a test item, controls run once per client, known failures are strict xfails.

`pytest_plugin` registers options and fixtures and imports this when they are used, so that a pytest start that uses
none of it costs nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from huifu_contract import known as known_file
from huifu_contract.drivers.base import Driver
from huifu_contract.drivers.choose import driver as chosen
from huifu_contract.drivers.local import LocalDriver
from huifu_contract.failures import SetupTrouble
from huifu_contract.known import Known
from huifu_contract.laws.broken import TITLES
from huifu_contract.profiles import PROFILES
from huifu_contract.records import RANK, Level, Record
from huifu_contract.registry import catalogue, select
from huifu_contract.results import CaseResult, RunResult
from huifu_contract.runner import Options, Runner
from huifu_contract.verdicts import OK, Verdict
from huifu_mock import Server
from huifu_mock.clock import Clock

KNOWN = "huifu-contract-known.toml"


def conformance_cases(
    profiles: Iterable[str] = ("wire", "decision", "hook"), cases: Iterable[str] = (), level: str = "may"
) -> Any:
    """Parametrises a test with `conformance_case`: one item per case of these grades, globs and least level."""
    grades = frozenset(profiles)
    wanted = [
        record
        for record in select(tuple(cases))
        if record.grades & grades and RANK[record.level] >= RANK[Level[level.upper()]]
    ]
    ids = [record.id for record in wanted]
    return pytest.mark.parametrize("conformance_case", ids, ids=ids, indirect=True)


@dataclass(slots=True)
class Session:
    """One client's grading in one pytest process: the gateway, the client and the controls are shared by all items."""

    options: Options
    report: Path | None = None
    results: list[CaseResult] = field(default_factory=list)
    _server: Server | None = None
    _runner: Runner | None = None
    _key: int = 0

    @classmethod
    def of(cls, config: pytest.Config) -> Session:
        """From the command line and the ini file. Raises `pytest.UsageError`."""
        option = config.option
        try:
            return cls(_options(config), option.huifu_report)
        except SetupTrouble as trouble:
            raise pytest.UsageError(str(trouble)) from None

    def grade(self, record: Record, client: Any, spec: str | None) -> CaseResult:
        """One case; a client that is new here is started and its controls are run first."""
        if self._runner is None or self._key != id(client):
            self.close()
            self._server = Server(port=0, orders=[]).start()
            make: Callable[[], Driver] = (lambda: chosen(spec)) if spec else (lambda: LocalDriver(client))
            self._runner = Runner(make, self.options, spec or "pytest:close_client", server=self._server)
            self._key = id(client)
            self._runner.begin()
        result = self._runner.single(record)
        self.results.append(result)
        return result

    def close(self) -> None:
        if self._runner is not None:
            run = self._runner.end()
            if self.report is not None:
                self._write(run, self.report)
            self._runner = None
        if self._server is not None:
            self._server.stop()
            self._server = None

    def _write(self, run: RunResult, report: Path) -> None:
        worker = os.environ.get("PYTEST_XDIST_WORKER")
        run.write(report.with_stem(f"{report.stem}-{worker}") if worker else report)


@dataclass(frozen=True, slots=True)
class Case:
    """What the fixture `conformance_case` gives: `check(close_client)` passes, fails, skips or xfails."""

    record: Record
    session: Session
    spec: str | None
    record_property: Callable[[str, object], None]

    def check(self, client: Any) -> None:
        """Grades the client on this case."""
        __tracebackhide__ = True
        try:
            result = self.session.grade(self.record, client, self.spec)
        except SetupTrouble as trouble:
            pytest.fail(f"the client could not be started: {trouble}\n{trouble.stderr}", pytrace=False)
        for name in ("level", "basis", "verdict", "seconds", "examples"):
            self.record_property(name, str(getattr(result, name)))
        if result.verdict is Verdict.SKIP:
            pytest.skip(result.root)
        if result.verdict is Verdict.KNOWN:
            pytest.xfail(f"{result.root}: {result.signature}")
        if result.verdict not in OK:
            pytest.fail(told(result), pytrace=False)


def told(result: CaseResult) -> str:
    """A failing case for pytest's report."""
    lines = [f"{result.verdict.value.upper()} {result.level} {result.id}: {result.signature or result.root}"]
    lines += [f"passes when: {result.says}", f"stands on:   {result.quote}"]
    lines += [f"law {law}:      {TITLES[law]}" for law in result.laws]
    lines += [f"detail:      {result.detail}"] if result.detail else []
    lines += [f"claim:       {result.claim}   truth: {result.truth}", *result.traffic] if result.claim else []
    lines += [f"again:       pytest --huifu-replay {result.replay} --huifu-case {result.id}"] if result.replay else []
    return "\n".join(lines)


def _options(config: pytest.Config) -> Options:
    from huifu_contract import replay

    option, root = config.option, config.rootpath
    path = option.huifu_known or (root / KNOWN if (root / KNOWN).exists() else None)
    entries: tuple[Known, ...] = ()
    if path is not None:
        entries = known_file.read(path, list(catalogue().values()), Clock().now().date())
    only = None
    if option.huifu_replay is not None:
        stored = replay.read(option.huifu_replay)
        record = catalogue().get(stored.case)
        if record is None or not stored.fresh(record):
            raise SetupTrouble(f"stale replay {option.huifu_replay}: {stored.case} at revision {stored.rev}")
        only = (stored.case, stored.example)
    select(tuple(option.huifu_case))
    seed = option.huifu_seed if option.huifu_seed is not None else getattr(option, "hypothesis_seed", None)
    profile = option.huifu_profile or ("ci" if os.environ.get("CI") else "quick")
    return Options(
        profile=PROFILES[profile],
        cases=tuple(option.huifu_case),
        level=option.huifu_level,
        seed=int(str(seed)) if str(seed or "").isdigit() else 0,
        portable_seed=False,
        known=entries,
        folder=root / replay.FOLDER,
        only=only,
    )


def deselect(config: pytest.Config, items: list[pytest.Item]) -> None:
    """For `pytest_collection_modifyitems`: `--huifu-case` and `--huifu-replay` keep only what they name."""
    session_options = config.option
    globs = list(session_options.huifu_case)
    if session_options.huifu_replay is not None:
        from huifu_contract import replay

        globs = [replay.read(session_options.huifu_replay).case]
    if not globs:
        return
    kept = {record.id for record in select(tuple(globs))}
    gone = [item for item in items if (name := _case_of(item)) is not None and name not in kept]
    if gone:
        config.hook.pytest_deselected(items=gone)
        items[:] = [item for item in items if item not in gone]


def _case_of(item: pytest.Item) -> str | None:
    spec = getattr(item, "callspec", None)
    name = None if spec is None else spec.params.get("conformance_case")
    return name if isinstance(name, str) else None
