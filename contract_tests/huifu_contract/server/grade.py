"""Grades one server: guards, probes, runs the cases one after another, and keeps what was answered."""

from __future__ import annotations

import time as real
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace

import hypothesis

import huifu_mock
from huifu_contract import __version__
from huifu_contract.catalogue.record import Level
from huifu_contract.failures import ForeignServer, SetupTrouble, Trouble
from huifu_contract.grading.exchanges import redact
from huifu_contract.grading.profiles import PROFILES
from huifu_contract.grading.results import Verdict
from huifu_contract.harness.laws import Blocked, Skipped
from huifu_contract.server import answers
from huifu_contract.server import preconditions as control
from huifu_contract.server.client import Asker, Pace, RealTime, Reply, Time
from huifu_contract.server.harness import NUMBERS, ServerHarness
from huifu_contract.server.preconditions import Preconditions
from huifu_contract.server.registry import ServerCase, select
from huifu_contract.server.results import ServerResult, ServerRun, words
from huifu_contract.server.target import Target, check_host, host

CONTROL = "server/signed-reply"


@dataclass(frozen=True, slots=True)
class Options:
    """How to grade. The defaults are those of the command line."""

    cases: tuple[str, ...] = ()
    level: str = "should"
    profile: str = "quick"
    seed: int = 0
    allow_wait: float = 0.0
    allow_vendor: bool = False


def grade(
    target: Target,
    options: Options | None = None,
    *,
    time: Time | None = None,
    connection: huifu_mock.Connection | None = None,
    began: Callable[[ServerCase], None] = lambda _case: None,
) -> ServerRun:
    """Raises SetupTrouble if the server may not be contacted, cannot be, or is not described.

    Raises ForeignServer if it answers everything alike.
    """
    options = options or Options()
    assert options.profile in PROFILES
    clock = time or RealTime()
    check_host(target.base_url, target.hosts, allow_vendor=options.allow_vendor)
    records = select(options.cases)
    started, since = clock.now().isoformat(timespec="seconds"), real.monotonic()
    results: dict[str, ServerResult] = {}
    interrupted = False
    with ExitStack() as leaving:
        harness = _harness(target, options, clock, connection)
        if harness.admin is not None:
            leaving.callback(harness.admin.leave)
        try:
            root = _contact(harness)
            for record in records:
                began(record)
                results[record.id] = _one(record, harness, root, options)
        except KeyboardInterrupt:
            interrupted = True
            for record in records:
                results.setdefault(record.id, replace(_blank(record), verdict=Verdict.NOT_RUN, root="interrupted"))
    return ServerRun(
        kit=__version__,
        hypothesis=hypothesis.__version__,
        started=started,
        seconds=round(real.monotonic() - since, 3),
        server=_who(target, harness),
        level=options.level,
        profile=options.profile,
        seed=options.seed,
        cases=tuple(results.values()),
        interrupted=interrupted,
    )


def _harness(target: Target, options: Options, clock: Time, connection: huifu_mock.Connection | None) -> ServerHarness:
    admin = control.find(target, connection)
    config = admin.config if admin is not None else target.config
    if config is None:
        raise SetupTrouble("the merchant's numbers and keys are missing; write them into a target file: --target")
    asker = Asker(target.base_url, config, Pace(target.pace, clock))
    needs = Preconditions(target, config.huifu_id, clock, admin, options.allow_wait, list(target.orders))
    return ServerHarness(target, asker, needs, clock, admin, options.seed, options.profile)


def _contact(harness: ServerHarness) -> str:
    """Why nothing can be learnt from this server, or nothing. Raises SetupTrouble if no one is there."""
    reply = harness.asker.close(harness.request())
    if not reply.status:
        raise SetupTrouble(f"no server answers at {harness.target.base_url}: {reply.unreadable}")
    if reply.business and not answers.UNKNOWN.fits(reply.said):
        _same_for_all(harness, reply)
    return "" if reply.business else f"the close of an unknown order is answered {reply}"


def _same_for_all(harness: ServerHarness, first: Reply) -> None:
    """Raises ForeignServer if quite different requests get one answer: no case could learn anything there."""
    data = harness.request()
    asked = (
        {name: value for name, value in data.items() if name not in NUMBERS},
        {**data, "org_req_date": "no date"},
        harness.request(org_req_seq_id="9" * 129),
    )
    replies = [harness.asker.close(each) for each in asked]
    code, text, _ = first.said
    if code and {reply.said.resp_code for reply in replies} == {code}:
        raise ForeignServer(
            f"{harness.target.base_url} answers every request with {code} {text!r}, whatever is right or wrong with "
            "it: it serves no close as Huifu specifies it, or not to this merchant with these keys. Nothing was graded"
        )


def _one(record: ServerCase, harness: ServerHarness, root: str, options: Options) -> ServerResult:
    """Never raises: what goes wrong here is a verdict too. Starts as a failure."""
    since = real.monotonic()
    blank = _blank(record)
    if root:
        if record.id == CONTROL:
            return replace(blank, signature=root)
        return replace(blank, verdict=Verdict.BLOCKED, root=root)
    harness.begin()
    try:
        record.run(harness)
        result = _judged(record, harness, blank, options.level)
    except Blocked as blocked:
        result = replace(blank, verdict=Verdict.BLOCKED, root=str(blocked))
        if harness.wrong:  # what was seen before the obstacle counts
            result = _judged(record, harness, blank, options.level)
    except Skipped as skipped:
        result = replace(blank, verdict=Verdict.SKIP, root=str(skipped))
    except SetupTrouble:
        raise
    except (Trouble, huifu_mock.ControlError, OSError) as trouble:
        result = replace(blank, verdict=Verdict.KIT_ERROR, signature=redact(str(trouble)))
    except Exception as error:  # a bug of ours must never look like the server's failure
        detail = redact("".join(traceback.format_exception(error)[-6:]))
        signature = f"the kit raised {type(error).__name__}: {error}"
        result = replace(blank, verdict=Verdict.KIT_ERROR, signature=redact(signature), steps=(detail,))
    seconds = round(real.monotonic() - since, 4)
    return replace(
        result,
        seconds=seconds,
        observed=tuple(harness.observed),
        steps=result.steps or tuple(map(redact, harness.steps)),
    )


def _judged(record: ServerCase, harness: ServerHarness, blank: ServerResult, level: str) -> ServerResult:
    if record.level is Level.MAY:
        told = "; ".join(f"{seen.label}: {words(seen)}" for seen in harness.observed)
        return replace(blank, verdict=Verdict.NOTE, signature=told or "nothing to record")
    if not harness.judged:
        return replace(blank, verdict=Verdict.KIT_ERROR, signature=f"{record.id} judged nothing")
    if not harness.wrong:
        return replace(blank, verdict=Verdict.PASS)
    weight = {wrong.level or record.level for wrong in harness.wrong}
    verdict = Verdict.FAIL if Level.MUST in weight or level == "should" else Verdict.NOTE
    return replace(blank, verdict=verdict, signature="; ".join(dict.fromkeys(map(str, harness.wrong))))


def _blank(record: ServerCase) -> ServerResult:
    return ServerResult(
        id=record.id,
        verdict=Verdict.FAIL,
        level=record.level.value,
        basis=record.basis.value,
        kind=record.kind,
        rev=record.rev,
        quote=record.quote,
        says=record.says,
        needs=record.needs,
    )


def _who(target: Target, harness: ServerHarness) -> dict[str, object]:
    """What the result says of the server; nothing secret."""
    name = target.name or ("huifu-mock" if harness.admin else host(target.base_url))
    return {
        "base_url": target.base_url,
        "name": name,
        "version": "",
        "target": target.source,
        "admin": harness.admin is not None,
    }
