"""`make mutate`: cosmic-ray changes the reference client's own source; each mutant is graded until a case fails.

It takes an hour, so it may be broken off and goes on from its file: each mutant is a line there. What survives must be
argued in EQUIVALENT.md. A mutant is a process of its own: it may loop, crash or hang.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from difflib import unified_diff
from hashlib import sha256
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import find_spec, spec_from_file_location
from itertools import count
from pathlib import Path
from threading import Lock
from types import CodeType
from typing import Any

from huifu_contract.mutants.operators.equivalent import source_reason

REFERENCE = Path(__file__).parents[1] / "huifu_contract" / "reference"
MODULES = ("decide", "wire", "client", "app")
PACKAGE = "huifu_contract.reference"
FIRST = ("control/accepts-honest-success", "control/reports-honest-failure")


LIKELY = ("transport/status-codes", "request/date-format", "security/foreign-reply", "security/sign-wrong-key",
          "transport/lost-after-close", "response/stat-p-pending", "webhook/valid-acknowledged",
          "query/names-the-order", "request/neither-id", "request/over-length", "transport/stale-keep-alive",
          "concurrency/conflict-retried", "webhook/bad-or-missing-sign", "transport/gives-up")  # fmt: skip
"""What kills most, before that is known."""


@dataclass(frozen=True, slots=True)
class SourceMutant:
    """One change of one module. `name` is the changed lines, which stay the same when others move."""

    module: str
    operator: str
    source: str
    name: str


@dataclass(frozen=True, slots=True)
class Death:
    """How it ended: the case that failed and what it said; empty for a survivor."""

    name: str
    operator: str
    case: str = ""
    said: str = ""
    seconds: float = 0.0
    whole: bool = True
    """Whether a survivor has been through all cases."""


UNKNOWN = Death("", "", whole=False)


# -- made --------------------------------------------------------------------------------------------------------------


def made(module: str) -> Iterator[SourceMutant]:
    """Every change of a module that cosmic-ray knows, once; not those that nothing runs: annotations, docstrings."""
    import parso
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator, operator_names

    source = (REFERENCE / f"{module}.py").read_text(encoding="utf-8")
    nodes = list(_nodes(parso.parse(source)))
    seen = {what_runs(source)}
    names: Counter[str] = Counter()
    for name in operator_names():
        operator = get_operator(name)
        if operator.arguments() or not any(list(operator().mutation_positions(node)) for node in nodes):
            continue  # it wants to be told names of variables, or has nothing to change
        for occurrence in count():
            try:
                changed = mutate_code(source, operator(), occurrence)
            except AttributeError:  # it takes every exception for a plain name
                continue
            if changed is None:
                break
            runs = what_runs(changed)
            if runs and runs not in seen:
                seen.add(runs)
                called = name_of(module, source, changed)
                names[called] += 1
                nth = f" ({names[called]})" if names[called] > 1 else ""
                yield SourceMutant(module, name, changed, called + nth)


def kept(module: str, folder: Path) -> list[SourceMutant]:
    """The same, from the file that an earlier start left: making them takes half a minute."""
    source = (REFERENCE / f"{module}.py").read_bytes()
    file = folder / f"source-mutants-{module}-{sha256(source).hexdigest()[:12]}.json"
    if not file.exists():
        file.write_text(json.dumps([asdict(one) for one in made(module)]), encoding="utf-8")
    return [SourceMutant(**one) for one in json.loads(file.read_text(encoding="utf-8"))]


def _nodes(node: Any) -> Iterator[Any]:
    yield node
    for child in getattr(node, "children", ()):
        yield from _nodes(child)


def what_runs(source: str) -> str:
    """What is run of a source, empty if nothing can be."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return ""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        if isinstance(node, ast.arg):
            node.annotation = None
        if isinstance(node, ast.AnnAssign):
            node.annotation = ast.Constant(None)
    return ast.dump(tree)


def name_of(module: str, source: str, changed: str) -> str:
    """Where it is and what became of what: it stays the same when other lines move."""
    lines = list(unified_diff(source.splitlines(), changed.splitlines(), n=0, lineterm=""))[2:]
    at = int(re.findall(r"^@@ -(\d+)", lines[0])[0])
    old = [line[1:].strip() for line in lines if line.startswith("-")]
    new = [line[1:].strip() for line in lines if line.startswith("+")]
    return f"{'.'.join([module, *_within(source, at)])}: {' '.join(old)} -> {' '.join(filter(None, new))}"


def _within(source: str, line: int) -> list[str]:
    """The classes and functions around a line, outermost first."""
    named = (ast.FunctionDef, ast.ClassDef)
    around = [node for node in ast.walk(ast.parse(source)) if isinstance(node, named) and _first(node) <= line]
    return [node.name for node in around if line <= (node.end_lineno or 0)]


def _first(node: ast.FunctionDef | ast.ClassDef) -> int:
    return min(one.lineno for one in (node, *node.decorator_list))


# -- run ---------------------------------------------------------------------------------------------------------------


class Changed(SourceFileLoader):
    """Loads a module from other text than its file has."""

    text = ""

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.text, self.path, "exec")


@dataclass(slots=True)
class Finder:
    """Finds one module as it was changed."""

    name: str
    text: str

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name != self.name:
            return None
        file = str(REFERENCE / f"{name.rpartition('.')[2]}.py")
        loader = Changed(name, file)
        loader.text = self.text
        return spec_from_file_location(name, file, loader=loader)


def host(module: str, file: str) -> int:
    """The child: the reference application with one module changed, behind the adapter protocol."""
    if f"{PACKAGE}.{module}" in sys.modules:
        raise RuntimeError(f"{module} is loaded already, so a change of it would not be seen")
    sys.meta_path.insert(0, Finder(f"{PACKAGE}.{module}", Path(file).read_text(encoding="utf-8")))  # type: ignore[arg-type]  # it has all that is asked for
    from huifu_contract.drivers.host import main as serve  # now, so that it loads the changed module

    return serve(f"{PACKAGE}.app:make_client")


class Killer:
    """Grades one mutant after another, several side by side, each with a tenant of its own."""

    def __init__(self, server: Any, folder: Path) -> None:
        self.server, self.folder = server, folder
        self.kills: Counter[str] = Counter()
        self.lock = Lock()

    def kill(self, mutant: SourceMutant, *, everything: bool = True) -> Death:
        """By the cases that kill most, or by all of them."""
        from huifu_contract.drivers.subprocess import RemoteDriver
        from huifu_contract.failures import Trouble
        from huifu_contract.harness.harness import Harness

        began = time.monotonic()
        file = self.folder / f"{abs(hash(mutant.name))}.py"
        file.write_text(mutant.source, encoding="utf-8")
        driver = RemoteDriver([sys.executable, __file__, "--host", mutant.module, str(file)], start_s=60.0)
        tenant = self.server.tenant(key_bits=1024)
        harness = Harness(driver, tenant, 0, elsewhere=self.server.default)
        try:
            harness.driver.start(harness.config)
        except Trouble as trouble:
            return Death(mutant.name, mutant.operator, "start", str(trouble)[:200], time.monotonic() - began)
        try:
            case, said = self._graded(harness, everything=everything)
        finally:
            try:
                driver.stop()
            finally:
                tenant.drop()
        with self.lock:
            self.kills[case] += bool(case)
        took = round(time.monotonic() - began, 1)
        return Death(mutant.name, mutant.operator, case, said[:200], took, whole=everything or bool(case))

    def _graded(self, harness: Any, *, everything: bool) -> tuple[str, str]:
        """The first case that fails, and again when run again; or nothing."""
        from huifu_contract.grading.case import Grader
        from huifu_contract.grading.profiles import Profile
        from huifu_contract.grading.results import Verdict

        grader = Grader(Profile("source", examples=0, steps=0), reruns=1)
        for record in self._order(everything=everything):
            if not record.needs <= harness.hello.claims:
                continue
            found = grader.grade(record, harness)
            if found.verdict is Verdict.KIT_ERROR and found.trouble != "set-up":
                raise RuntimeError(f"{record.id}: {found.signature} {found.detail}")
            # a second process of it that cannot be started is its own fault: the first one was
            if found.verdict in (Verdict.FAIL, Verdict.ADAPTER_ERROR, Verdict.NOT_RUN, Verdict.KIT_ERROR):
                return record.id, found.signature or found.root
        return "", ""

    def _order(self, *, everything: bool) -> list[Any]:
        """The controls, then what has killed most so far, then with `everything` the rest, the quick ones first."""
        from huifu_contract.catalogue.registry import catalogue
        from huifu_contract.grading.plan import seconds

        records = {name: record for name, record in catalogue().items() if not record.recorder and record.fixed}
        with self.lock:
            often = [name for name, _ in self.kills.most_common() if name in records]
        rest = sorted(records, key=lambda name: seconds(records[name], 0)) if everything else LIKELY
        often = often if everything else often[:20]
        return [replace(records[name], draw=None, kind="S") for name in dict.fromkeys((*FIRST, *often, *rest))]


def run(mutants: Sequence[SourceMutant], file: Path, until: float, workers: int) -> dict[str, Death]:
    """By name, what is known of them: what the file tells, and what there is time to find out.

    First the cases that kill most for each mutant, then all cases for those that live.
    """
    from huifu_mock import Server

    told = [Death(**json.loads(line)) for line in file.read_text().splitlines()] if file.exists() else []
    known = {death.name: death for death in told}
    lock = Lock()
    with Server(port=0, orders=[]) as server, tempfile.TemporaryDirectory() as folder, file.open("a") as out:
        killer = Killer(server, Path(folder))
        killer.kills.update(death.case for death in told if death.case)

        def one(mutant: SourceMutant, *, everything: bool) -> None:
            if time.monotonic() >= until:
                return
            death = killer.kill(mutant, everything=everything)
            with lock:
                known[death.name] = death
                out.write(json.dumps(asdict(death), ensure_ascii=False) + "\n")
                out.flush()

        with ThreadPoolExecutor(workers) as pool:
            new = [mutant for mutant in mutants if mutant.name not in known]
            list(pool.map(lambda mutant: one(mutant, everything=False), new))
            alive = [mutant for mutant in mutants if not known.get(mutant.name, UNKNOWN).whole]
            list(pool.map(lambda mutant: one(mutant, everything=True), alive))
    return known


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=Path(".huifu-contract/source-mutants.jsonl"))
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no mutant after so long")
    parser.add_argument("-n", "--workers", type=int, default=4)
    parser.add_argument("--module", choices=MODULES, action="append", help="repeatable (default: all)")
    options = parser.parse_args(argv)
    if find_spec("cosmic_ray") is None:
        sys.exit("cosmic-ray is not installed: pip install cosmic-ray")
    began = time.monotonic()
    options.results.parent.mkdir(parents=True, exist_ok=True)
    mutants = [mutant for module in options.module or MODULES for mutant in kept(module, options.results.parent)]
    return tell(mutants, run(mutants, options.results, began + options.seconds, options.workers))


def tell(mutants: Sequence[SourceMutant], found: dict[str, Death]) -> int:
    """Prints what was killed and what was not; 0 if all is known and every survivor is argued."""
    here = [found[mutant.name] for mutant in mutants if found.get(mutant.name, UNKNOWN).whole]
    alive = [death for death in here if not death.case]
    argued = [death for death in alive if source_reason(death.name)]
    stale = [death for death in here if death.case and source_reason(death.name)]
    for death in alive:
        if death not in argued:
            print(f"SURVIVES {death.name}  ({death.operator})")
    for death in stale:
        print(f"WRONG {death.name} is argued, but {death.case} kills it: {death.said}")
    killed = len(here) - len(alive)
    print(f"{killed} of {len(mutants)} mutants killed, {len(argued)} argued, {len(alive) - len(argued)} not,", end=" ")
    print(f"{len(mutants) - len(here)} not graded yet")
    return int(len(here) < len(mutants) or len(argued) < len(alive) or bool(stale))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--host"]:
        sys.exit(host(*sys.argv[2:4]))
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.exit(main(sys.argv[1:]))
