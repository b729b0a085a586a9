"""`make bench`: every measure as a ratio to a yardstick of the same run, with its gate and its aim."""

import os
import platform
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median, quantiles
from typing import Final

import closes
import contract_kit
import event_streams
import explaining
import first_view as first_view_of_many
import measures
import peers
import plugin
import worst
from closes import Round
from load import Load, load, load_each
from postgresql_server import NotInstalled, PostgreSql

LONG = 100_000
STORED = 6_000
TENANTS = 16


class Table:
    """The measured ratios, printed as they come."""

    def __init__(self) -> None:
        self.missed: list[str] = []
        print(f"{'what':<76}{'measured':>8}{'gate':>8}{'aim':>6}  half of the rounds", flush=True)

    def row(
        self, what: str, value: float | Sequence[float], gate: float, aim: float | None, *, most: bool = False
    ) -> None:
        """One line; `most` where the gate is the largest value allowed. Of several values the median counts."""
        value, spread = _middle(value)
        met = value <= gate if most else value >= gate
        bound = f"{'≤' if most else '≥'}{gate:g}"
        wish = "" if aim is None else f"{aim:g}"
        print(f"{what:<76}{value:>8.3f}{bound:>8}{wish:>6}{spread}{'' if met else '  missed'}", flush=True)
        if not met:
            self.missed.append(what)

    def told(self, what: str, value: float | Sequence[float]) -> None:
        """One line without a gate."""
        value, spread = _middle(value)
        print(f"{what:<76}{value:>8.3f}{'':>14}{spread}", flush=True)


def _middle(values: float | Sequence[float]) -> tuple[float, str]:
    """The median, and between what the middle half lies."""
    if not isinstance(values, Sequence):
        return values, ""
    low, middle, high = quantiles(values, n=4)
    return middle, f"  {low:.3f}–{high:.3f}"


def show(what: str, *runs: Load) -> None:
    """The plain numbers behind the ratios: the medians of some runs."""
    rate = median(run.rate for run in runs)
    p50, p99 = (median(run.percentile(share) * 1000 for run in runs) for share in (0.5, 0.99))
    print(f"  {what:<52}{rate:>8.0f} a second   p50 {p50:.2f} ms   p99 {p99:.2f} ms", flush=True)


LOADS: Final = {
    "bare aiohttp, 1 connection": "echo_single",
    "bare aiohttp that signs, 1 connection": "signing_single",
    "fresh closes, 1 connection": "single",
    "bare aiohttp, 16 connections": "echo",
    "replays, 16 connections": "again",
    "bare aiohttp that signs in threads, 16 connections": "threads",
    "fresh closes, 16 connections": "fresh",
    "bare aiohttp that signs in threads, 256 connections": "threads_wide",
    "fresh closes, 256 connections": "wide",
}


def throughput(table: Table) -> None:
    """Fresh closes at 1, 16 and 256 connections, and replays at 16."""
    if hasattr(os, "getloadavg"):
        print(
            f"  load average before: {os.getloadavg()[0]:.1f}; above 1.5 the rows below tell of the other programs too"
        )
    limit = measures.openssl_signs(2)
    rounds = [*closes.rounds()]

    def each(ratio: Callable[[Round], float]) -> list[float]:
        return [*map(ratio, rounds)]

    parts = (each(lambda it: it.sign), each(lambda it: it.verify), each(lambda it: it.echo.cpu or 0))
    sign, verify, echo = (median(part) * 1000 for part in parts)
    print(f"  floor of a close: sign {sign:.3f} + verify {verify:.3f} + bare aiohttp {echo:.3f} ms of CPU")
    print(f"  openssl: {limit:.0f} signatures a second on 2 cores")
    for what, name in LOADS.items():
        show(what, *(getattr(it, name).load for it in rounds))
    fresh, single, bare = "fresh closes/s at 16 connections", "p50 at 1 connection", "bare aiohttp that signs"
    table.row(f"{fresh} ÷ floor", each(lambda it: it.fresh.rate / it.floor_rate), 0.75, 0.9)
    table.row(
        f"{single} ÷ (signature + bare round trip)",
        each(lambda it: it.single.p50 / (it.sign + it.echo_single.p50)),
        1.2,
        1.1,
        most=True,
    )
    table.row("replays/s ÷ bare aiohttp", each(lambda it: it.again.rate / it.echo.rate), 0.6, 0.8)
    table.row("p99 ÷ p50 at 16 connections", each(lambda it: it.fresh.tail), 2, 1.5, most=True)
    table.row("p99 ÷ p50 at 256 connections", each(lambda it: it.wide.tail), 2, 1.5, most=True)
    if rounds[0].fresh.cpu is not None:
        cpu_of_closes(table, each)
    # what of these is the machine and the library
    table.told(f"{fresh} ÷ {bare} in threads", each(lambda it: it.fresh.rate / it.threads.rate))
    table.told(f"{single} ÷ {bare}", each(lambda it: it.single.p50 / it.signing_single.p50))
    table.told(
        f"{bare}: {single} ÷ (signature + bare round trip)",
        each(lambda it: it.signing_single.p50 / (it.sign + it.echo_single.p50)),
    )
    table.told("p99 ÷ p50 at 1 connection", each(lambda it: it.single.tail))
    table.told(f"{bare}: p99 ÷ p50 at 1 connection", each(lambda it: it.signing_single.tail))
    table.told(f"{bare} in threads: p99 ÷ p50 at 16 connections", each(lambda it: it.threads.tail))
    table.told(f"{bare} in threads: p99 ÷ p50 at 256 connections", each(lambda it: it.threads_wide.tail))
    table.told("bare aiohttp: p99 ÷ p50 at 16 connections", each(lambda it: it.echo.tail))
    # older yardsticks
    table.told(f"{fresh} ÷ openssl on 2 cores", each(lambda it: it.fresh.rate / limit))
    table.told(f"{single} ÷ one openssl signature", each(lambda it: it.single.p50 / it.sign))
    table.told("replays/s ÷ fresh closes/s", each(lambda it: it.again.rate / it.fresh.rate))


def cpu_of_closes(table: Table, each: Callable[[Callable[[Round], float]], list[float]]) -> None:
    """What one close costs the server's cores."""
    what, bare = "server CPU per close", "bare aiohttp that signs"
    table.row(f"{what} ÷ floor", each(lambda it: (it.fresh.cpu or 0) / it.floor), 1.25, 1.1, most=True)
    table.told(f"{what} at 1 connection ÷ floor", each(lambda it: (it.single.cpu or 0) / it.floor))
    table.told(f"{bare}: CPU ÷ floor", each(lambda it: (it.signing.cpu or 0) / it.floor))
    table.told(f"{bare}: CPU at 1 connection ÷ floor", each(lambda it: (it.signing_single.cpu or 0) / it.floor))
    table.told(f"{bare} in threads: CPU ÷ floor", each(lambda it: (it.threads.cpu or 0) / it.floor))
    table.told(f"{what} ÷ one openssl signature", each(lambda it: (it.fresh.cpu or 0) / it.sign))
    cpu = median(each(lambda it: it.fresh.cpu or 0))
    table.row("shape checks ÷ server CPU per close", measures.shape_check_seconds() / cpu, 0.02, None, most=True)


def rate(what: str, signed: list[bytes], store: str, workers: int = 1) -> float:
    """Fresh closes a second, 16 connections."""
    with measures.serving(STORED, store, workers) as (base_url, pid):
        ready = measures.requests(base_url, signed)
        load(base_url, ready[:500], 16, b'"00000000"')
        measures.wait_until_at_rest(pid)
        run = load(base_url, ready[500:], 16, b'"00000000"')
    show(f"fresh closes, 16 connections, {what}", run)
    return run.rate


def rate_of_many(what: str, store: str, workers: int = 1) -> float:
    """Fresh closes a second of many tenants, one connection each."""
    with measures.serving(0, store, workers) as (base_url, pid):
        ready = measures.requests_of_tenants(base_url, TENANTS, STORED // TENANTS)
        load_each(base_url, [one[:20] for one in ready], b'"00000000"')
        measures.wait_until_at_rest(pid)
        run = load_each(base_url, [one[20:] for one in ready], b'"00000000"')
    show(f"fresh closes, {TENANTS} tenants, {what}", run)
    return run.rate


def stores(table: Table) -> None:
    """What it costs that everything is kept before the reply leaves, and how soon a restart answers."""
    signed = measures.bodies(STORED)
    with tempfile.TemporaryDirectory() as folder:
        rates = {what: rate(what, signed, store) for what, store in
                 (("memory", "memory:"), ("sqlite", f"sqlite:{folder}/mock.db"))}  # fmt: skip
        size = Path(folder, "mock.db").stat().st_size
        print(f"  {size / STORED:.0f} bytes in the file for each order with its close and its call")
        table.row("closes/s with sqlite ÷ memory", rates["sqlite"] / rates["memory"], 0.2, 0.8)
        with measures.serving(LONG, f"sqlite:{folder}/large.db"):
            pass
        table.row(
            "restart with 100,000 orders, s", measures.restart_seconds(f"sqlite:{folder}/large.db"), 4, 2, most=True
        )
    try:
        postgresql = PostgreSql(settings=())
    except NotInstalled as missing:
        print(f"  {missing}")
        return
    try:
        for workers, gate, aim in ((1, 0.15, 0.5), (2, 0.08, 0.9)):
            store = postgresql.fresh()
            found = rate(f"postgresql, {workers} workers", signed, store, workers)
            table.row(f"closes/s with postgresql, {workers} workers ÷ memory", found / rates["memory"], gate, aim)
        size = postgresql.size(store)
        print(f"  {size / STORED:.0f} bytes in PostgreSQL for each order with its close and its call")
        memory = rate_of_many("memory", "memory:")
        for workers, gate, aim in ((1, 0.15, 0.5), (2, 0.05, 0.9)):
            found = rate_of_many(f"postgresql, {workers} workers", postgresql.fresh(), workers)
            what = f"closes/s of {TENANTS} tenants, {workers} workers ÷ memory"
            table.row(what, found / memory, gate, aim)
    finally:
        postgresql.remove()


def start_up(table: Table) -> None:
    """How long one waits for the first answer, and for the command line."""
    python = sys.executable
    starts, versions = list[float](), list[float]()
    for _ in range(15):  # each beside its yardstick: the speed of a shared machine changes within seconds
        starts.append(measures.first_answer_seconds() / measures.seconds([python, "-c", "import aiohttp"]))
        version = measures.seconds([python, "-m", "huifu_mock", "--version"])
        versions.append(version / measures.seconds([python, "-c", "pass"]))
    table.row("start to first signed answer ÷ import aiohttp", median(starts), 1.25, 1.1, most=True)
    table.row("huifu-mock --version ÷ python -c pass", median(versions), 3, 2, most=True)


def explanations(table: Table) -> None:
    """The explanation of a wrong signature; 3 ms are 15 signatures of 0.2 ms."""
    for name, ratio in explaining.ratios().items():
        table.row(f"explaining a signature ({name}) ÷ one signature", ratio, 15, None, most=True)


def memory(table: Table) -> None:
    """What an order, a close and a journal entry hold."""
    table.row("memory per open order, KB", measures.order_bytes() / 1024, 0.6, None, most=True)
    journal, close = measures.close_bytes()
    table.row("memory per finished close beside its order, KB", close / 1024, 1.2, None, most=True)
    table.row("memory per call kept in the journal, KB", journal / 1024, 1.2, None, most=True)
    table.row("a copy of a tenant with 1,000 orders, ms", measures.fork_seconds() * 1000, 5, 2, most=True)
    extra, one = measures.tenant_seconds()
    print(
        f"  a tenant made, used for one close and dropped: {extra * 1000:.2f} ms beside a close of {one * 1000:.2f} ms"
    )


def open_pages(table: Table) -> None:
    """What it costs that many follow the events."""
    if (kept := event_streams.kept()) is not None:
        table.row(f"closes per CPU second, {event_streams.READERS} event streams ÷ none", kept, 0.95, 0.98)


def first_view(table: Table) -> None:
    """How soon who opens the console sees the first call."""
    if (found := first_view_of_many.measured()) is not None:
        console, bare = found
        table.row("first view of the console with 10,000 calls, ms", console * 1000, 400, 200, most=True)
        print(f"  a page that holds the same picture: {bare * 1000:.0f} ms", flush=True)
        table.told("first view of the console ÷ a page that holds the same picture", console / bare)


def neighbours(table: Table) -> None:
    """What a healthy client feels of one that sends the worst bodies of each kind."""
    alone, found, memory = worst.waits()
    for name, p99 in found.items():
        table.row(f"p99 beside {name} ÷ (50 ms + 3 × alone)", p99 / (0.05 + 3 * alone), 1, None, most=True)
    table.row("memory beside the worst bodies, MB", memory, 400, None, most=True)


def endurance(table: Table) -> None:
    """Whether the last of many closes is as fast as the first."""
    signed = measures.bodies(LONG)
    with measures.serving(LONG) as (base_url, pid):
        run = load(base_url, measures.requests(base_url, signed), 16, b'"00000000"')
        resident = measures.resident_mb(pid)
    first, last = run.finished[9_999], run.finished[-1] - run.finished[-10_000]
    print(f"  resident after {LONG:,} closes: {resident or 0:.0f} MB")
    table.row("closes/s of the last 10,000 of 100,000 ÷ the first 10,000", first / last, 0.95, 1)


def plugin_costs(_: Table) -> None:
    """What the pytest plugin costs a test run."""
    plugin.main()


def contract(table: Table) -> None:
    """How long the contract kit takes for a right client."""
    for what, value, limit in contract_kit.measures():
        table.row(what, value, limit, None, most=True)


def compared(_: Table) -> None:
    """Other mock servers under the same load."""
    peers.main()


QUICK: Final = (start_up, throughput, stores, explanations, memory, plugin_costs)
LONGER: Final = (first_view, open_pages, neighbours, endurance, contract)
PARTS: Final[dict[str, Callable[[Table], None]]] = {part.__name__: part for part in (*QUICK, *LONGER)}


def options() -> Namespace:
    """The command line."""
    parser = ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"measure these alone: {', '.join(PARTS)}")
    parser.add_argument("--quick", action="store_true", help="leave out what takes minutes")
    parser.add_argument("--peers", action="store_true", help="other mock servers under the same load, and nothing else")
    told = parser.parse_args()
    if unknown := [part for part in told.parts if part not in PARTS]:
        parser.error(f"there is no part {unknown[0]!r}; there are {', '.join(PARTS)}")
    return told


def main() -> int:
    """Run what was asked for; exit code 1 if a gate was missed."""
    told = options()
    chosen = [PARTS[part] for part in told.parts] or [*QUICK, *(() if told.quick else LONGER)]
    print(f"huifu-mock {measures.VERSION}, Python {platform.python_version()}, {platform.machine()}")
    table = Table()
    for part in [compared] if told.peers else chosen:
        part(table)
    if table.missed:
        print("gates missed: " + "; ".join(table.missed))
    return 1 if table.missed else 0


if __name__ == "__main__":
    sys.exit(main())
