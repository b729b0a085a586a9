"""The cases as pytest items: controls run once for each client, known failures are strict xfails.

`pytest_plugin` registers options and fixtures and imports this when they are used, so that a pytest start that uses
none of it costs nothing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from huifu_contract.catalogue.record import RANK, Level, Record
from huifu_contract.catalogue.registry import catalogue, select
from huifu_contract.drivers.driver import Driver
from huifu_contract.drivers.in_process import LocalDriver
from huifu_contract.drivers.kinds import driver as chosen
from huifu_contract.failures import SetupTrouble
from huifu_contract.grading import known_failures as known_file
from huifu_contract.grading.known_failures import KnownFailure
from huifu_contract.grading.options import Options
from huifu_contract.grading.profiles import PROFILES, case_seed
from huifu_contract.grading.profiles import parse as parse_budget
from huifu_contract.grading.results import OK, CaseResult, RunResult, Verdict, merged
from huifu_contract.grading.results import parse as parse_run
from huifu_contract.grading.runner import Runner
from huifu_contract.outcome import GRADES
from huifu_contract.pytest_stash import KNOWN, runs_key, settings_key
from huifu_contract.pytest_words import refuse, say
from huifu_contract.reports import failures, quotes, words
from huifu_mock import Server
from huifu_mock._language import language
from huifu_mock.state.clock import Clock


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
    properties: int = 0
    """How many property-based cases there are for this process."""
    documents: list[str] = field(default_factory=list)
    results: list[CaseResult] = field(default_factory=list)
    _server: Server | None = None
    _runner: Runner | None = None
    _key: int = 0

    @classmethod
    def of(cls, config: pytest.Config, items: Sequence[pytest.Item]) -> Session:
        """From the command line, the ini file and the settings file. Raises `pytest.UsageError`."""
        names = [name for item in items if (name := _case_of(item)) is not None]
        workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
        try:
            return cls(_options(config), -(-sum(catalogue()[name].draw is not None for name in names) // workers))
        except SetupTrouble as trouble:
            raise pytest.UsageError(refuse(trouble)) from None

    def grade(self, record: Record, client: Any, spec: str | None) -> CaseResult:
        """One case; a client that is new here is started and its controls are run first."""
        if self._runner is None or self._key != id(client):
            self.close()
            self._server = Server(port=0, orders=[]).start()
            make: Callable[[], Driver] = (lambda: chosen(spec)) if spec else (lambda: LocalDriver(client))
            self._runner = Runner(make, self.options, spec or "pytest:close_client", server=self._server)
            self._key = id(client)
            self._runner.begin(self.properties)
        result = self._runner.single(record)
        self.results.append(result)
        return result

    def close(self) -> None:
        """Ends the client and keeps what was found."""
        if self._runner is not None:
            self.documents.append(json.dumps(self._runner.end().document()))
            self._runner = None
        if self._server is not None:
            self._server.stop()
            self._server = None


@dataclass(frozen=True, slots=True)
class Named:
    """A client named by option, by ini key or in the settings file: the latter gives way to a fixture of the team."""

    spec: str
    gives_way: bool = False


def named_client(config: pytest.Config) -> Named | None:
    """None: the team's own `close_client` says what is graded. Raises `pytest.UsageError`."""
    spec = config.getoption("huifu_client") or config.getini("huifu_client")
    if spec:
        return Named(spec)
    file = config.stash[settings_key]
    if len(file.client) > 1:
        raise pytest.UsageError(
            refuse(f"{file.place} names {len(file.client)} clients; choose one with --huifu-client")
        )
    return Named(file.client[0], gives_way=True) if file.client else None


@dataclass(frozen=True, slots=True)
class Case:
    """What the fixture `conformance_case` gives: `check(close_client)` passes, fails, skips or xfails."""

    record: Record
    session: Session
    named: Named | None
    record_property: Callable[[str, object], None]

    def check(self, client: Any) -> None:
        """Grades the client on this case."""
        __tracebackhide__ = True
        named = self.named
        spec = None if named is None or (named.gives_way and client is not None) else named.spec
        try:
            result = self.session.grade(self.record, client, spec)
        except SetupTrouble as trouble:
            why = refuse(f"the client could not be started: {trouble}")
            pytest.fail(f"{why}\n{trouble.stderr}", pytrace=False)
        for name in ("level", "basis", "verdict", "seconds", "examples"):
            self.record_property(name, str(getattr(result, name)))
        if result.verdict is Verdict.SKIP:
            pytest.skip(failures.told(language(), result.root))
        if result.verdict is Verdict.KNOWN:
            pytest.xfail(f"{result.root}: {failures.told(language(), result.signature)}")
        if result.verdict not in OK:
            pytest.fail(told(result), pytrace=False)


def told(result: CaseResult) -> str:
    """A failing case for pytest's report, in the language of the terminal."""
    spoken, broken = language(), result.signature or result.root
    found = failures.each_law(broken)
    first, *more = said = [failures.told(spoken, law) for law in found]
    verdict = words.say(spoken, result.verdict).upper()
    lines = [f"{verdict} {result.level} {result.id}: {first}", *(f"{'':{words.WIDTH}}{law}" for law in more)]
    if said != found:
        lines.append(f"{words.heading(spoken, 'in English')}{broken}")  # which is what `match` of a known failure has
    says, quote = quotes.in_words(spoken, result.says, result.quote)
    lines += [f"{words.heading(spoken, 'passes when')}{says}", f"{words.heading(spoken, 'stands on')}{quote}"]
    lines += [f"{words.heading(spoken, 'law', law=law)}{words.say(spoken, law)}" for law in result.laws]
    if detail := (spoken == "zh" and result.detail_zh) or result.detail:
        lines.append(f"{words.heading(spoken, 'detail')}{failures.told(spoken, detail)}")
    if result.claim:
        truth = words.say(spoken, "truth", truth=failures.told(spoken, result.truth))
        lines.append(f"{words.heading(spoken, 'claim')}{result.claim}   {truth}")
        lines += (failures.told(spoken, line) for line in result.traffic)
    if result.replay:
        again = f"pytest --huifu-replay {result.replay} --huifu-case {result.id}"
        lines.append(f"{words.heading(spoken, 'again')}{again}")
    return "\n".join(lines)


def _options(config: pytest.Config) -> Options:
    from huifu_contract.grading import replay

    option, root, file = config.option, config.rootpath, config.stash[settings_key]
    listed = config.getini("huifu_known")
    beside = root / KNOWN if (root / KNOWN).exists() else None
    path = option.huifu_known or (root / listed if listed else None) or file.known or beside
    entries: tuple[KnownFailure, ...] = ()
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
    budget = option.huifu_budget or file.budget
    profile = option.huifu_profile or config.getini("huifu_profile") or file.profile
    return Options(
        profile=PROFILES[profile or ("ci" if os.environ.get("CI") else "quick")],
        grades=frozenset(file.grades or GRADES),
        cases=tuple(option.huifu_case),
        level=option.huifu_level or file.level or "should",
        seed=_seed(option.huifu_seed, getattr(option, "hypothesis_seed", None), file.seed),
        portable_seed=False,
        known=entries,
        folder=file.replays or root / replay.FOLDER,
        only=only,
        budget_s=None if budget is None else parse_budget(budget),
    )


def _seed(*given: int | str | None) -> int:
    """The first that was given. Hypothesis takes any text for a seed; one that is no number is made one."""
    first = next((one for one in given if one is not None), 0)
    try:
        return int(first)
    except ValueError:
        return case_seed(0, str(first), 0)


def _runs(config: pytest.Config) -> list[RunResult]:
    return merged([parse_run(json.loads(document)) for document in config.stash[runs_key]])


def write(config: pytest.Config) -> None:
    """The files that were asked for, from the results of all workers."""
    from huifu_contract.cli import output

    option, file = config.option, config.stash[settings_key]
    try:
        output.write(_runs(config), option.huifu_report or file.report, None, None, option.huifu_html or file.html)
    except SetupTrouble as trouble:
        raise pytest.UsageError(refuse(trouble)) from None


def summary(config: pytest.Config) -> Iterator[str]:
    """Of every client the counts per grade, controls left out; a case of two grades counts in both."""
    spoken = language()
    for run in _runs(config):
        name, version = run.client["name"], run.client["version"]
        yield say(f"client {name} {version}: profile {run.profile}, level {run.level}")
        for grade in GRADES:
            graded = {name for name, record in catalogue().items() if grade in record.grades and not record.control}
            found = [case for case in run.cases if case.id in graded]
            counts = {verdict: sum(case.verdict is verdict for case in found) for verdict in Verdict}
            told = ", ".join(f"{count} {words.say(spoken, verdict)}" for verdict, count in counts.items() if count)
            nothing = "no case ran" if grade in run.grades else "not offered by the client"
            yield f"  {grade:<9} {told or say(nothing)}"
        yield f"  {say(f'seed {run.seed} (not portable, use the replay)')}"
    written = (config.option.huifu_report, config.option.huifu_html)
    yield from (f"  {say(f'wrote {path}')}" for path in written if path is not None)


def deselect(config: pytest.Config, items: list[pytest.Item]) -> None:
    """For `pytest_collection_modifyitems`: `--huifu-case` and `--huifu-replay` keep only what they name."""
    session_options = config.option
    globs = list(session_options.huifu_case)
    if session_options.huifu_replay is not None:
        from huifu_contract.grading import replay

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
