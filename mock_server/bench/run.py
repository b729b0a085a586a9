"""`make bench`: every measure as a ratio to a yardstick of the same run, with its gate and its aim."""

import platform
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

import contract_kit
import event_streams
import explaining
import first_view as first_view_of_many
import measures
import peers
import plugin
import worst
from floor import Floor, floor
from load import Load, load, load_each
from postgresql_server import NotInstalled, PostgreSql

FRESH = 13_000
WARM = 1_000
ROUNDS = 4
LONG = 100_000
STORED = 6_000
TENANTS = 16


class Table:
    """The measured ratios, printed as they come."""

    def __init__(self) -> None:
        self.missed: list[str] = []
        print(f"{'what':<58}{'measured':>10}{'gate':>9}{'aim':>8}", flush=True)

    def row(self, what: str, value: float, gate: float, aim: float | None, *, most: bool = False) -> None:
        """One line; `most` where the gate is the largest value allowed."""
        met = value <= gate if most else value >= gate
        bound = f"{'≤' if most else '≥'}{gate:g}"
        wish = "" if aim is None else f"{aim:g}"
        print(f"{what:<58}{value:>10.3f}{bound:>9}{wish:>8}{'' if met else '  missed'}", flush=True)
        if not met:
            self.missed.append(what)

    def told(self, what: str, value: float) -> None:
        """One line without a gate."""
        print(f"{what:<58}{value:>10.3f}", flush=True)


def show(what: str, run: Load) -> None:
    """The plain numbers behind the ratios."""
    p50, p99 = run.percentile(0.5) * 1000, run.percentile(0.99) * 1000
    print(f"  {what:<40}{run.rate:>8.0f} a second   p50 {p50:.2f} ms   p99 {p99:.2f} ms", flush=True)


@dataclass(frozen=True, slots=True)
class Round:
    """The closes of one server, and beside them what they cannot cost less than."""

    least: Floor
    fresh: Load
    """16 connections, like `again`."""
    wide: Load
    """256 connections."""
    single: Load
    """One connection."""
    again: Load
    """Replays."""
    cpu: float | None
    """Seconds of CPU time for one of the fresh closes."""


def throughput(table: Table) -> None:
    """Fresh closes at 1, 16 and 256 connections, and replays at 16.

    A shared machine changes its speed within seconds: each round measures its own floor, and a row is the median.
    """
    limit, one = measures.openssl_signs(2), measures.openssl_signs(1)
    print(f"  openssl: {limit:.0f} signatures a second on 2 cores, {one:.0f} on one")
    signed = measures.bodies(FRESH)
    with measures.serving(FRESH) as (base_url, pid):
        ready = measures.requests(base_url, signed)
        resident = measures.resident_mb(pid)
        load(base_url, ready[:WARM], 16, b'"00000000"')
        measures.wait_until_at_rest(pid)
        each = (FRESH - WARM) // ROUNDS
        rounds = [_round(base_url, pid, ready[at : at + each]) for at in range(WARM, FRESH - each + 1, each)]
        grown = measures.resident_mb(pid)
    print(f"  resident: {resident or 0:.0f} MB with {FRESH:,} orders seeded, {grown or 0:.0f} MB after the load")

    def of_rounds(ratio: Callable[[Round], float]) -> float:
        return median(map(ratio, rounds))

    fresh = "fresh closes/s at 16 connections"
    table.row(f"{fresh} ÷ floor", of_rounds(lambda it: it.fresh.rate / it.least.rate), 0.75, 0.9)
    table.row(
        "p50 at 1 connection ÷ (signature + bare round trip)",
        of_rounds(lambda it: it.single.percentile(0.5) / (it.least.sign + it.least.round_trip)),
        1.2,
        1.1,
        most=True,
    )
    table.row("replays/s ÷ bare aiohttp", of_rounds(lambda it: it.again.rate / it.least.echo_load.rate), 0.6, 0.8)
    table.row("p99 ÷ p50 at 16 connections", of_rounds(lambda it: tail(it.fresh)), 2, 1.5, most=True)
    table.row("p99 ÷ p50 at 256 connections", of_rounds(lambda it: tail(it.wide)), 2, 1.5, most=True)
    table.told(f"{fresh} ÷ openssl on 2 cores", of_rounds(lambda it: it.fresh.rate) / limit)
    table.told("p50 at 1 connection ÷ one openssl signature", of_rounds(lambda it: it.single.percentile(0.5)) * one)
    table.told("replays/s ÷ fresh closes/s", of_rounds(lambda it: it.again.rate / it.fresh.rate))
    if (cpu := median(it.cpu or 0.0 for it in rounds)) > 0:
        table.row(
            "server CPU per close ÷ floor",
            of_rounds(lambda it: (it.cpu or 0.0) / it.least.cpu),
            1.25,
            1.1,
            most=True,
        )
        table.told("server CPU per close ÷ one openssl signature", cpu * one)
        table.row("shape checks ÷ server CPU per close", measures.shape_check_seconds() / cpu, 0.02, None, most=True)
    beside_a_server_that_signs(table, rounds)


def beside_a_server_that_signs(table: Table, rounds: list[Round]) -> None:
    """What of the rows above is the machine, which gives a server less than it gave `openssl speed`.

    For several connections the server beside ours signs in threads, for one and for the CPU time in its event loop.
    """

    def told(what: str, ratio: Callable[[Round], float]) -> None:
        table.told(what, median(map(ratio, rounds)))

    bare = "bare aiohttp that signs"
    told(f"fresh closes/s at 16 connections ÷ {bare}", lambda it: it.fresh.rate / it.least.signing_load.rate)
    told(
        f"p50 at 1 connection ÷ {bare}",
        lambda it: it.single.percentile(0.5) / it.least.signing_single.percentile(0.5),
    )
    told(f"p99 ÷ p50 of {bare} at 16 connections", lambda it: tail(it.least.signing_load))
    told(f"p99 ÷ p50 of {bare} at 256 connections", lambda it: tail(it.least.signing_wide))
    told("p99 ÷ p50 of bare aiohttp at 16 connections", lambda it: tail(it.least.echo_load))
    told(f"CPU of {bare} ÷ floor", lambda it: it.least.signing / it.least.cpu)
    if all(it.cpu for it in rounds):
        told(f"server CPU per close ÷ {bare}", lambda it: (it.cpu or 0.0) / it.least.signing)


def tail(run: Load) -> float:
    """How much longer than most the slowest of a hundred take."""
    return run.percentile(0.99) / run.percentile(0.5)


def _round(base_url: str, pid: int, ready: list[bytes]) -> Round:
    """One server's closes after the floor of the same moment."""
    least = floor()
    many, few = int(len(ready) * 0.6), int(len(ready) * 0.15)
    before = measures.cpu_seconds(pid)
    fresh = load(base_url, ready[:many], 16, b'"00000000"')
    after = measures.cpu_seconds(pid)
    wide = load(base_url, ready[many:-few], 256, b'"00000000"')
    single = load(base_url, ready[-few:], 1, b'"00000000"')
    again = load(base_url, ready, 16, b'"00000000"')
    cpu = None if before is None or after is None else (after - before) / many
    print(
        f"  floor of a close: sign {least.sign * 1000:.3f} + verify {least.verify * 1000:.3f} + bare aiohttp "
        f"{least.echo * 1000:.3f} = {least.cpu * 1000:.3f} ms of CPU, {least.rate:.0f} closes a second on 2 cores"
    )
    for what, run in {
        "bare aiohttp, 16 connections": least.echo_load,
        "bare aiohttp that signs, 1 connection": least.signing_single,
        "bare aiohttp that signs, 16 connections": least.signing_load,
        "bare aiohttp that signs, 256 connections": least.signing_wide,
        "fresh closes, 16 connections": fresh,
        "fresh closes, 256 connections": wide,
        "fresh closes, 1 connection": single,
        "replays, 16 connections": again,
    }.items():
        show(what, run)
    return Round(least, fresh, wide, single, again, cpu)


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
    order = measures.order_bytes()
    table.row("memory per open order, KB", order / 1024, 0.6, None, most=True)
    journal, close = measures.close_bytes()
    table.row("memory per finished close beside its order, KB", (close - order) / 1024, 1.2, None, most=True)
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
