"""`huifu-mock serve`: starts the gateway; `--orders` reads a file of orders to begin with."""

import argparse
import asyncio
import contextlib
import gc
import json
import logging
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

from huifu_mock import _data
from huifu_mock._language import language
from huifu_mock._version import VERSION
from huifu_mock.cli import intercept, workers
from huifu_mock.cli.main import Failure
from huifu_mock.cli.orders_file import BadOrdersFile, load
from huifu_mock.cli.welcome import ORDERS, welcome
from huifu_mock.client.environment import TOKEN_VARIABLE
from huifu_mock.gateway.mock import Mock
from huifu_mock.gateway.store import BadStore
from huifu_mock.http.address import CannotIntercept, CannotListen, base_url
from huifu_mock.http.server import HttpServer, Limits
from huifu_mock.push.http import BadTarget
from huifu_mock.state import clock
from huifu_mock.state.journal import SERVER_BYTES, TENANT_BYTES, Room
from huifu_mock.state.work import Unkept
from huifu_mock.store.opening import opened

if TYPE_CHECKING:
    from huifu_mock.http.intercept.listener import InterceptOptions, Interceptor

EXAMPLES = """\
examples:
  huifu-mock serve
  huifu-mock serve --port 0 --ready-json          a free port, named in one JSON line once it answers
  huifu-mock serve --orders my-orders.json        begin with orders of your own
  huifu-mock serve --intercept                    answer clients that call https://api.huifu.com, too
  huifu-mock serve --log json 2>calls.jsonl       one JSON object for each call (-q: none)
  huifu-mock serve --host 0.0.0.0 --control-token SECRET
"""


def add_parser(commands: Any) -> None:
    """The options of `serve`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "serve",
        help="start the fake gateway",
        description="Start the fake gateway; it runs until Ctrl-C or SIGTERM.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--port", type=intercept.port, default=8080, help="port, 0 for a free one (default: %(default)s)"
    )
    parser.add_argument(
        "--orders",
        metavar="FILE",
        help="JSON list of orders to begin with, instead of the sample orders",
    )
    parser.add_argument(
        "--store",
        metavar="URL",
        default="memory:",
        help="where everything is kept: memory: (the default), sqlite:PATH, a file that survives a restart, or "
        "postgresql://USER:PASSWORD@HOST/DATABASE",
    )
    parser.add_argument(
        "--workers",
        metavar="N",
        type=_workers,
        default=1,
        help="how many processes serve the port together, with --store postgresql://… (default: %(default)s)",
    )
    parser.add_argument(
        "--keep-journal",
        metavar="N[,SIZE]",
        type=_room,
        default=Room(),
        help="how many calls the journal of a tenant keeps, and how many megabytes of them (default: 10000,32MB)",
    )
    parser.add_argument(
        "--keep-orders",
        metavar="N",
        type=_orders,
        help="how many orders that are paid, failed or closed a tenant keeps, with their closes (default: all)",
    )
    parser.add_argument(
        "--control-token",
        metavar="SECRET",
        default=os.environ.get(TOKEN_VARIABLE) or None,
        help="bearer token that the control API asks for; needed with a --host that is not loopback "
        f"(default: the variable {TOKEN_VARIABLE})",
    )
    parser.add_argument(
        "--push-allow",
        metavar="TARGET",
        action="append",
        default=[],
        help="let webhooks and notifies go to HOST[:PORT], an address or a network, beside this machine; repeatable",
    )
    parser.add_argument(
        "--now",
        metavar="TIME",
        type=_time,
        help="the time at which every tenant begins, ISO 8601, Beijing time without an offset",
    )
    parser.add_argument(
        "--max-connections",
        metavar="N",
        type=_count,
        default=Limits().connections,
        help="how many clients may be connected at once (default: %(default)s)",
    )
    lines = parser.add_mutually_exclusive_group()
    lines.add_argument("-q", "--quiet", action="store_true", help="print no line for each call")
    lines.add_argument("-v", "--verbose", action="store_true", help="print the headers of each call as well")
    parser.add_argument(
        "--log",
        choices=("text", "json"),
        help="what is printed on standard error for each call: a line of text (the default), or one JSON object",
    )
    intercept.add_options(parser, intercept.PORT)
    parser.add_argument("--ready-json", action="store_true", help="print one JSON line when it answers, nothing else")
    parser.add_argument(
        "--until-eof",
        action="store_true",
        help="stop when standard input ends: for a program that starts the gateway and must never leave it behind",
    )


def run(args: argparse.Namespace) -> int:
    """Serve until a signal comes."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.WARNING)
    options = intercept.options(args, args.host)
    if args.workers > 1:
        workers.check(args.workers, args.store, intercepts=options is not None)
    try:
        cast = load(Path(args.orders)) if args.orders else None
        if args.workers > 1:
            return _serve_together(args, cast)
        return _serve_alone(args, cast, args.port, options)
    except (BadOrdersFile, CannotListen) as error:
        raise Failure(str(error)) from error


def _serve_alone(
    args: argparse.Namespace,
    cast: list[dict[str, Any]] | None,
    port: int,
    options: "InterceptOptions | None" = None,
    ready: Callable[[], None] | None = None,
) -> int:
    """In this process; `ready` is called in place of printing that it answers, and others listen on the port too."""
    try:
        limits = Limits(connections=args.max_connections)
        bounds = {"room": args.keep_journal, "keep_orders": args.keep_orders}
        with told_when_slow(args.store, sys.stderr):
            mock = Mock(cast, args.push_allow, now=args.now, store=opened(args.store), **bounds)
        server = HttpServer(mock, args.host, port, args.control_token, limits, reuse_port=ready is not None)
        interceptor = intercept.interceptor(server, options) if options else None

        def tell() -> None:
            if args.ready_json:
                print(_ready_json(server), flush=True)
            else:
                default = mock.gateway.tenant(mock.gateway.default)
                numbers = (
                    None if default is None else [one.req_seq_id for one in islice(default.orders.orders(), ORDERS + 1)]
                )
                guarded = bool(args.control_token)
                print(welcome(server.base_url, numbers, mock.interception, guarded, args.host), flush=True)

        with _call_log(args, server):
            asyncio.run(_serve(server, interceptor, ready or tell, args.until_eof and ready is None))
    except (CannotListen, CannotIntercept, BadTarget, BadStore, Unkept) as error:
        raise Failure(str(error)) from error
    return 0


def _serve_together(args: argparse.Namespace, cast: list[dict[str, Any]] | None) -> int:
    def work(port: int, ready: Callable[[], None]) -> int:
        return _serve_alone(args, cast, port, ready=ready)

    def tell(port: int) -> None:
        url = base_url(args.host, port)
        seeded = _data.read_json("fixtures/orders.json") if cast is None else cast
        if args.ready_json:
            print(_ready(url, args.host, port, None), flush=True)
        else:
            numbers = [order["req_seq_id"] for order in seeded if "req_seq_id" in order]
            print(welcome(url, numbers, None, bool(args.control_token), args.host), flush=True)
        if args.until_eof:
            threading.Thread(target=_at_eof, args=(partial(os.kill, os.getpid(), signal.SIGTERM),), daemon=True).start()

    return workers.run(args.workers, args.host, args.port, work, tell)


def _time(text: str) -> datetime:
    try:
        return clock.parse(text)
    except ValueError as error:
        wanted = "ISO 8601 is needed, such as 2026-03-01T00:00:30"
        raise argparse.ArgumentTypeError(f'"{text}" is not a time: {error}; {wanted}') from error


def _count(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 100_000:
        raise argparse.ArgumentTypeError(f'"{text}" is not a number of connections; use 1 to 100000')
    return int(text)


def _workers(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 64:
        raise argparse.ArgumentTypeError(f'"{text}" is not a number of workers; use 1 to 64')
    return int(text)


def _orders(text: str) -> int:
    if not re.fullmatch(r"[1-9]\d{0,8}", text):
        raise argparse.ArgumentTypeError(f'"{text}" is not a number of orders; use 1 or more, such as 100000')
    return int(text)


def _room(text: str) -> Room:
    found = re.fullmatch(r"([1-9]\d{0,7})(?:,([1-9]\d{0,4})MB)?", text)
    if found is None:
        wanted = "use calls and megabytes, such as 50000,128MB"
        raise argparse.ArgumentTypeError(f'"{text}" is no bound of a journal; {wanted}')
    bound = int(found[2]) << 20 if found[2] else TENANT_BYTES
    return Room(max(SERVER_BYTES, bound), entries=int(found[1]), tenant_limit=bound)


@contextlib.contextmanager
def _call_log(args: argparse.Namespace, server: HttpServer) -> Iterator[None]:
    """Have each call told on standard error; a program that starts the gateway gets no lines unless it asks."""
    if args.quiet or (args.until_eof and not args.verbose and args.log is None):
        yield
        return
    from huifu_mock.cli.call_log import CallLog  # with how the control API tells a call

    colour = sys.stderr.isatty() and "NO_COLOR" not in os.environ
    log = CallLog(sys.stderr, as_json=args.log == "json", colour=colour, verbose=args.verbose)
    server.watchers.append(log.see)
    try:
        yield
    finally:
        log.close()


SLOW: Final = 1.0
"""Real seconds after which a start is told what it waits for."""


@contextlib.contextmanager
def told_when_slow(store: str, out: TextIO) -> Iterator[None]:
    """Say what is waited for if it takes long to open a store or to make the orders: a million take half a minute."""
    if store == "memory:":
        zh, en = "正在生成订单，完成后开始应答", "making the orders; it answers after that"
    else:
        shown = store if store.startswith("sqlite:") else f"{store.partition(':')[0]}:…"  # a password may be in it
        zh, en = f"正在读取存储 {shown}，读完后开始应答", f"reading the store {shown}; it answers after that"
    timer = threading.Timer(SLOW, lambda: print(zh if language() == "zh" else en, file=out, flush=True))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


async def _serve(
    server: HttpServer, interceptor: "Interceptor | None", ready: Callable[[], None], until_eof: bool
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await server.start()
    if interceptor is not None:
        try:
            await interceptor.start()
        except (CannotListen, CannotIntercept):
            await server.stop()
            raise
    if until_eof:
        threading.Thread(target=_at_eof, args=(partial(loop.call_soon_threadsafe, stop.set),), daemon=True).start()
    gc.freeze()  # what was loaded and seeded stays: the collector need not look at it again and again
    gc.set_threshold(20_000, 20, 50)
    sys.setswitchinterval(0.0005)  # a signer that is done need not wait 5 ms until the loop lets go
    ready()
    try:
        await stop.wait()
    finally:
        await server.stop()


def _at_eof(stop: Callable[[], object]) -> None:
    """Stop when whoever started us has closed our standard input, or has ended by whatever cause."""
    with contextlib.suppress(OSError):  # without a standard input there is nothing to wait for
        while os.read(0, 4096):
            pass
    with contextlib.suppress(RuntimeError):  # a signal was faster, and the loop is closed
        stop()


def _ready_json(server: HttpServer) -> str:
    return _ready(server.base_url, server.host, server.port, server.mock.interception)


def _ready(url: str, host: str, port: int, interception: dict[str, Any] | None) -> str:
    ready = {
        "base_url": url,
        "control_url": f"{url}/_mock",
        "console_url": f"{url}/_mock/",
        "host": host,
        "port": port,
        "pid": os.getpid(),
        "version": VERSION,
        "interception": interception,
    }
    return json.dumps(ready)
