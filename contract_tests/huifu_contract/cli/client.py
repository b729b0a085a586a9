"""`huifu-contract client`: grades one or several clients."""

from __future__ import annotations

import argparse
import gc
import os
import secrets
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

from huifu_contract.cli.parser import tell
from huifu_contract.failures import SetupTrouble
from huifu_contract.grading.results import Exit, RunResult
from huifu_contract.outcome import GRADES

EPILOG = "What is not given is taken from huifu-contract.toml, or [tool.huifu-contract] in pyproject.toml, if there."
KNOWN = Path("huifu-contract-known.toml")
WORKERS, MOST_WORKERS = 4, 16
HERE = "this run's own server"
WORST = (Exit.INTERRUPTED, Exit.INTERNAL, Exit.USAGE, Exit.NOT_OK, Exit.NOTHING, Exit.OK)


def add(commands: Any) -> None:
    made = commands.add_parser("client", help="grade a client", description=__doc__, epilog=EPILOG)
    made.add_argument(
        "--client",
        action="append",
        default=[],
        metavar="KIND:WHAT",
        help="repeatable: py:shop.pay:make_client, cmd:php close_adapter.php, http://127.0.0.1:8080/_contract",
    )
    made.add_argument("--case", action="append", default=[], metavar="GLOB", help="repeatable; controls always run")
    made.add_argument(
        "--profile",
        choices=["quick", "ci", "deep"],
        default=None,
        help="how many examples (default: ci with CI set, else quick)",
    )
    made.add_argument(
        "--grade",
        action="append",
        choices=GRADES,
        default=[],
        help="repeatable: which cases (default: all that the client offers)",
    )
    made.add_argument("--level", choices=["must", "should"], default=None, help="what is enforced (default: should)")
    made.add_argument("--seed", type=int, default=None, help="default: 0 with CI set, else random and printed")
    made.add_argument("--known", type=Path, default=None, help=f"known failures (default: {KNOWN} if it is there)")
    made.add_argument(
        "--replays", type=Path, default=None, help="where failing examples are kept (default: huifu-replays)"
    )
    made.add_argument("--replay", type=Path, default=None, metavar="FILE", help="run this example alone")
    made.add_argument(
        "--budget",
        default=None,
        metavar="90s",
        help="after this time no other case begins; those that run go on to their end",
    )
    made.add_argument(
        "-n",
        "--workers",
        type=int,
        default=None,
        help="processes of the client at once (default: 4, up to 16 while the machine has time)",
    )
    made.add_argument(
        "--resume",
        type=Path,
        default=None,
        metavar="FILE.jsonl",
        help="keep each finished case in FILE, and take over what an earlier start of the same run finished there",
    )
    made.add_argument(
        "-v", "--verbose", action="store_true", help="tell every half minute how far the run is, also to a pipe or file"
    )
    made.add_argument("--report", type=Path, default=None, metavar="FILE.json")
    made.add_argument("--junit", type=Path, default=None, metavar="FILE.xml")
    made.add_argument("--md", type=Path, default=None, metavar="FILE.md")
    made.add_argument("--html", type=Path, default=None, metavar="FILE.html", help="the matrix: one column a client")
    made.add_argument(
        "--keep",
        nargs="?",
        const=HERE,
        default=None,
        metavar="URL",
        help="leave the tenants of failing cases on the huifu-mock at URL (as http://127.0.0.1:8080), to be looked at "
        "in its console; without a URL this run's own server goes on until Ctrl-C",
    )
    made.add_argument("--reveal-case", action="store_true", help="tell the client which case runs, for debugging")
    made.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from huifu_contract.cli.output import write
    from huifu_contract.grading import replay
    from huifu_contract.grading.generate import portable
    from huifu_contract.grading.options import Options
    from huifu_contract.grading.profiles import PROFILES
    from huifu_contract.reports import github

    _settle(options)
    ci = bool(os.environ.get("CI"))
    if options.workers is not None and options.workers < 1:
        raise SetupTrouble("-n is a number of at least 1")
    if options.resume is not None:
        _resumable(options)
    only = None
    if options.replay is not None:
        stored = replay.read(options.replay)
        _fresh(options.replay, stored)
        only = (stored.case, stored.example)
    made = Options(
        profile=PROFILES[options.profile or ("ci" if ci else "quick")],
        grades=frozenset(options.grade or GRADES),
        cases=tuple(options.case),
        level=options.level or "should",
        portable_seed=portable(),
        seed=_seed(options, ci=ci),
        known=_known(options.known),
        folder=options.replays or replay.FOLDER,
        only=only,
        budget_s=_budget(options.budget),
        workers=options.workers or WORKERS,
        most_workers=options.workers or MOST_WORKERS,
        reveal=options.reveal_case,
        keep=options.keep is not None,
    )
    with _server(options.keep) as server:
        runs = [_one(spec, made, server, options) for spec in options.client]
        write(runs, options.report, options.junit, options.md, options.html)
        github.tell(runs, os.environ, print)
        if options.keep == HERE:
            keep_open(server.base_url, runs)
    return _worst([found.exit for found in runs])


def _server(keep: str | None) -> Any:
    """A context with the server whose tenants are kept; with None where none are. Raises SetupTrouble."""
    from huifu_mock import Server, connect
    from huifu_mock.client.environment import TOKEN_VARIABLE
    from huifu_mock.client.transport import Unreachable

    if keep is None:
        return nullcontext()
    if keep == HERE:
        return Server(port=0, orders=[])
    try:
        return nullcontext(connect(keep, os.environ.get(TOKEN_VARIABLE)))
    except (Unreachable, ValueError) as error:
        raise SetupTrouble(f"--keep {keep}: {error}") from None


def keep_open(base_url: str, runs: Sequence[RunResult]) -> None:
    """Return when nobody looks at the failing calls any more; at once where there are none."""
    from huifu_contract.reports.words import say
    from huifu_mock._language import language

    if any(case.console for found in runs for case in found.cases):
        print(f"\n{say(language(), 'kept', base=base_url)}", flush=True)
        hold()


def hold() -> None:
    """Return at Ctrl-C."""
    with suppress(KeyboardInterrupt):
        Event().wait()


def _settle(options: argparse.Namespace) -> None:
    """What the command line leaves open, as the settings file has it. Raises SetupTrouble."""
    from huifu_contract import settings_file

    file = settings_file.find(Path())
    options.client = options.client or list(file.client)
    options.grade = options.grade or list(file.grades)
    for name in ("profile", "level", "seed", "budget", "workers", "known", "replays", "report", "junit", "md", "html"):
        if getattr(options, name) is None:
            setattr(options, name, getattr(file, name))
    if not options.client:
        raise SetupTrouble(f"no client is named: give --client KIND:WHAT, or `client` in {settings_file.OWN}")


def _resumable(options: argparse.Namespace) -> None:
    """Raises SetupTrouble for what does not go with --resume."""
    if len(options.client) > 1:
        raise SetupTrouble(
            f"--resume keeps one client in a file, and {len(options.client)} are named; give one --client"
        )
    for option, given in (("--budget", options.budget), ("--replay", options.replay)):
        if given is not None:
            raise SetupTrouble(f"--resume goes on until every case is finished, {option} ends sooner; give one of them")
    if options.keep == HERE:
        raise SetupTrouble("--keep without a URL keeps the calls of one start; give --keep URL with --resume")


def _seed(options: argparse.Namespace, *, ci: bool) -> int:
    """What is given, else that of the run that goes on."""
    from huifu_contract.grading import checkpoint

    if options.seed is not None:
        return int(options.seed)
    before = None if options.resume is None else checkpoint.heading(options.resume)
    if before is not None:
        return int(before["seed"])
    return 0 if ci else secrets.randbelow(2**31)


def _one(spec: str, made: Any, server: Any, options: argparse.Namespace) -> Any:
    from huifu_contract.catalogue.registry import select
    from huifu_contract.drivers.kinds import apart, driver
    from huifu_contract.grading.checkpoint import Checkpoint
    from huifu_contract.grading.runner import Runner
    from huifu_contract.reports import progress, terminal

    driver(spec)  # a wrong spec is told before anything starts
    select(made.cases)
    checkpoint = Checkpoint(options.resume)
    gc.freeze()  # what was loaded stays: hypothesis has all that is not frozen looked through for each worker
    with progress.shown(spec, verbose=options.verbose) as shown:
        made = replace(made, processes=processors() if apart(spec) else 1)
        runner = Runner(lambda: driver(spec), made, spec, shown, server, checkpoint)
        found = runner.run()
    terminal.show(terminal.console(), found, options.resume)
    for lost in (*runner.lost, checkpoint.lost):
        if lost:
            tell(lost)
    return found


def processors() -> int:
    """How many this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # where the system does not tell, all of them
        return os.cpu_count() or 1


def _known(path: Path | None) -> Any:
    from huifu_contract.catalogue.registry import catalogue
    from huifu_contract.grading import known_failures
    from huifu_mock.state.clock import Clock

    if path is None and not KNOWN.exists():
        return ()
    return known_failures.read(path or KNOWN, list(catalogue().values()), Clock().now().date(), tell)


def _fresh(path: Path, stored: Any) -> None:
    from huifu_contract.catalogue.registry import catalogue

    record = catalogue().get(stored.case)
    if record is None:
        raise SetupTrouble(f"{path}: no case is called {stored.case}")
    if not stored.fresh(record):
        raise SetupTrouble(f"stale replay {path}: made for revision {stored.rev}, {stored.case} is at {record.rev}")


def _budget(text: str | None) -> float | None:
    from huifu_contract.grading.profiles import parse

    return None if text is None else parse(text)


def _worst(exits: Sequence[Exit]) -> int:
    """Of several clients the ending that must not be overlooked."""
    return int(next(code for code in WORST if code in exits))
