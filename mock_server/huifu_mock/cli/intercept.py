"""The options by which `serve` and `exec` intercept clients that call Huifu's real hosts.

What intercepts is loaded when that is asked for.
"""

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from huifu_mock.cli.main import Failure

if TYPE_CHECKING:
    from huifu_mock.http.intercept.listener import InterceptOptions, Interceptor
    from huifu_mock.http.server import HttpServer

PORT: Final = 8443
"""Of `serve --intercept` without a number, so that one can write the variables down."""


def add_options(parser: argparse.ArgumentParser, usual_port: int) -> None:
    """`--intercept` and what goes with it."""
    group = parser.add_argument_group("clients that call Huifu's real hosts, unchanged (extra: intercept)")
    free = "a free one" if usual_port == 0 else str(usual_port)
    group.add_argument(
        "--intercept",
        metavar="PORT",
        type=port,
        nargs="?",
        const=usual_port,
        help=f"listen for them on PORT ({free} if none is given): as an HTTP proxy, SOCKS5 proxy, and for TLS by SNI",
    )
    group.add_argument(
        "--tls-port",
        metavar="PORT",
        type=port,
        help="listen for direct TLS, such as on 443 where a hosts file or a network alias leads here; "
        "with or without --intercept",
    )
    group.add_argument(
        "--intercept-others",
        choices=("refuse", "tunnel"),
        default="refuse",
        help="what happens to calls to other hosts; tunnel lets them through (default: %(default)s)",
    )
    group.add_argument(
        "--ca-dir", metavar="DIR", help="keep the CA there, to trust it once (default: a new one each run)"
    )
    group.add_argument("--ca-cert", metavar="FILE", help="write the CA's certificate there for clients; never its key")


def port(text: str) -> int:
    """For argparse."""
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f'"{text}" is not a port; use 0 to 65535')
    return int(text)


def options(args: argparse.Namespace, host: str) -> "InterceptOptions | None":
    """What was asked for; `None` where nothing is to be intercepted. A proxy that is set already is mentioned."""
    if args.intercept is None and args.tls_port is None:
        for option, given in (("--ca-dir", args.ca_dir), ("--ca-cert", args.ca_cert)):
            if given:
                raise Failure(f"{option} is for a gateway that intercepts; give --intercept or --tls-port, too")
        return None
    from huifu_mock.http.intercept.listener import InterceptOptions

    tunnel, proxy = args.intercept_others == "tunnel", proxy_of(os.environ)
    if proxy is not None and args.intercept is not None:
        name, url = proxy
        happens = f"go on to {_bare(url)}" if tunnel else "are refused; --intercept-others tunnel passes them on to it"
        remark(f"{name} is set: calls to Huifu's hosts are answered here, and those to other hosts {happens}")
    return InterceptOptions(
        host=host,
        port=args.intercept,
        tls_port=args.tls_port,
        ca_dir=Path(args.ca_dir) if args.ca_dir else None,
        ca_cert=Path(args.ca_cert) if args.ca_cert else None,
        tunnel=tunnel,
        proxy=proxy[1] if proxy is not None and tunnel else None,
    )


def interceptor(server: "HttpServer", options: "InterceptOptions") -> "Interceptor":
    """What listens beside the server. Raises `CannotIntercept`."""
    from huifu_mock.http.intercept.listener import Interceptor

    return Interceptor(server, options)


def proxy_of(given: Mapping[str, str]) -> tuple[str, str] | None:
    """The proxy that the environment names for https, and the variable that does."""
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        if url := given.get(name):
            return name, url
    return None


def remark(said: str) -> None:
    """One line for a person, beside what the command prints."""
    print(f"huifu-mock: {said}", file=sys.stderr)


def _bare(url: str) -> str:
    """A proxy's address without the user and password that it may hold."""
    return url.rpartition("@")[2] if "@" in url else url
